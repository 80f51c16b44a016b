//! What a client asks of a server, over whatever session there is.

use std::sync::Arc;

use serde_json::value::RawValue;

use crate::base::call::Call;
use crate::base::error::Error;
use crate::base::text;
use crate::client::input_requests;
use crate::client::sessions::SessionManager;
use crate::json::{Node, Value};
use crate::protocol::jsonrpc::JsonObject;
use crate::protocol::meta::raw;
use crate::session::callbacks::Dispatcher;
use crate::session::list_cache::ListCache;
use crate::session::{Ask, Session};

/// How often a request is sent again because the server wants more input (2026-07-28, "Multi Round-Trip Requests").
const MOST_ROUNDS: usize = 10;

/// One call of the API under way.
pub(crate) struct Operation<'a> {
    pub(crate) process: &'a Arc<SessionManager>,
    pub(crate) dispatcher: &'a Dispatcher,
    pub(crate) cache: &'a ListCache,
    pub(crate) call: &'a Call,
}

impl Operation<'_> {
    /// Runs `work` on the session; once more on a new one when the server has dropped it.
    pub(crate) fn on_session<T>(&self, work: impl Fn(&Arc<Session>) -> Result<T, Error>) -> Result<T, Error> {
        let session = self.process.session(self.call, self.dispatcher)?.session;
        self.on(session, work)
    }

    /// The same on a session that is known already.
    pub(crate) fn on<T>(
        &self,
        session: Arc<Session>,
        work: impl Fn(&Arc<Session>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.open_stream(&session);
        self.renewing(session, work)
    }

    /// Runs `work`, once more on a new session when the server has dropped this one.
    pub(super) fn renewing<T>(
        &self,
        session: Arc<Session>,
        work: impl Fn(&Arc<Session>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        match work(&session) {
            Err(error) if session.is_gone(&error) => work(&self.process.renew(self.call, &session, self.dispatcher)?),
            result => result,
        }
    }

    /// Sends a request whose feature the server must advertise, and sees to it that the server gets what it asks for.
    pub(crate) fn request(&self, capability: Option<&str>, ask: &Ask<'_>) -> Result<Value, Error> {
        self.on_session(|session| {
            capability.map_or(Ok(()), |capability| session.server.require(capability))?;
            self.rounds(session, ask)
        })
    }

    pub(super) fn rounds(&self, session: &Session, ask: &Ask<'_>) -> Result<Value, Error> {
        let mut value = self.ask(session, ask)?;
        for _ in 0..MOST_ROUNDS {
            if !wants_input(session, &value)? {
                return Ok(value);
            }
            let params = input_requests::answered(self.call, ask.params.as_ref(), &value, self.dispatcher)?;
            let again = Ask { params: Some(params), headers: ask.headers.clone(), ..*ask };
            value = self.ask(session, &again)?;
        }
        match wants_input(session, &value)? {
            false => Ok(value),
            true => Err(Error::Protocol(format!("the server still wants input after {MOST_ROUNDS} rounds"))),
        }
    }

    pub(super) fn ask(&self, session: &Session, ask: &Ask<'_>) -> Result<Value, Error> {
        let answer = session.request(self.call, ask)?;
        let value = Value::from_slice_of(answer.message, answer.result)
            .map_err(|reason| Error::Protocol(format!("the result is not valid JSON: {reason}")))?;
        match matches!(value.root(), Node::Object(_)) {
            true => Ok(value),
            false => Err(Error::Protocol(format!("the result of {} is not an object", text::one_line(ask.method)))),
        }
    }
}

/// Whether a result is none yet, because the server wants input before it goes on (since 2026-07-28).
pub(super) fn wants_input(session: &Session, value: &Value) -> Result<bool, Error> {
    match value.string("/resultType").filter(|_| session.version.is_modern()) {
        None | Some("complete") => Ok(false),
        Some("input_required") => Ok(true),
        Some(other) => {
            let other = text::one_line(other);
            Err(Error::Protocol(format!("the result is of the unknown type {other}")))
        }
    }
}

/// Reads parameters given as JSON text of an object.
pub(crate) fn members(what: &str, json: Option<&str>) -> Result<Option<JsonObject>, Error> {
    let Some(json) = json else { return Ok(None) };
    let valid: &RawValue = serde_json::from_str(json)
        .map_err(|error| Error::InvalidArgument(format!("the {what} are not valid JSON: {error}")))?;
    serde_json::from_str(valid.get())
        .map(Some)
        .map_err(|_| Error::InvalidArgument(format!("the {what} are not a JSON object")))
}

/// Parameters with a name or URI, and perhaps arguments.
pub(crate) fn named(name: &str, value: &str, arguments: Option<&str>) -> Result<JsonObject, Error> {
    let mut params = JsonObject::new();
    params.insert(name.to_owned(), raw(text::quoted(value))?);
    if let Some(arguments) = members("arguments", arguments)? {
        params.insert("arguments".to_owned(), raw(crate::protocol::meta::object(&arguments)?)?);
    }
    Ok(params)
}
