//! One API call: on the session, again on a renewed one, with further rounds while the server requests input.

use std::sync::Arc;

use serde_json::value::RawValue;

use crate::base::call::Call;
use crate::base::cancel::CancelCount;
use crate::base::error::Error;
use crate::base::text;
use crate::client::input_requests;
use crate::client::process::Process;
use crate::client::sessions::Connected;
use crate::json::{Kind, Value};
use crate::protocol::discover::DISCOVER;
use crate::protocol::jsonrpc::JsonObject;
use crate::protocol::meta::{object, raw};
use crate::protocol::server_info::ServerInfo;
use crate::protocol::subscriptions::LISTEN;
use crate::protocol::tool_headers::TOOLS_CALL;
use crate::session::shared::Shared;
use crate::session::{Request, SET_LEVEL, Session, is_idempotent};
use crate::transport::session_loss::SessionLoss;

/// How often a request is sent again because the server requests input
/// ([2026-07-28, "Multi Round-Trip Requests"](https://modelcontextprotocol.io/specification/2026-07-28/basic/utilities/mrtr)).
const MAX_ROUNDS: usize = 10;

/// The most sessions that one call makes in place of lost ones.
const MAX_RENEWALS: usize = 3;

/// An API call in progress.
pub(crate) struct Operation {
    pub(crate) shared: Shared,
    pub(super) process: Arc<Process>,
    pub(crate) call: Call,
}

/// The session that an operation uses at present.
pub(crate) struct Attempt<'a> {
    operation: &'a Operation,
    connected: Connected,
    renewals: usize,
}

impl Attempt<'_> {
    pub(crate) fn session(&self) -> &Arc<Session> {
        &self.connected.session
    }

    /// After the error of a request: continues on a new session if the server has dropped this one and the request may be
    /// repeated; otherwise returns the error.
    pub(crate) fn renew(&mut self, error: Error, method: &str) -> Result<(), Error> {
        let Operation { process, call, .. } = self.operation;
        let loss = self.session().loss(&error);
        let is_lost = match loss {
            SessionLoss::None => false,
            // A new session that is refused too was not the reason.
            SessionLoss::Suspected => self.renewals == 0 && self.session().is_lost(call),
            SessionLoss::Lost | SessionLoss::LostBefore => true,
        };
        if !is_lost {
            return Err(error);
        }
        process.sessions.forget(&self.connected);
        let may_repeat = loss == SessionLoss::LostBefore || is_idempotent(method);
        if !may_repeat || self.renewals == MAX_RENEWALS {
            return Err(error);
        }
        self.renewals += 1;
        match process.sessions.session(call) {
            Ok(connected) => self.connected = connected,
            // Then it was not the session that the server refused.
            Err(other) if loss == SessionLoss::Suspected && !other.ends_call() => return Err(error),
            Err(other) => return Err(other),
        }
        Ok(())
    }
}

impl Operation {
    /// An operation that begins now.
    pub(crate) fn new(process: Arc<Process>, call: Call) -> Operation {
        Operation { shared: process.sessions.shared().clone(), process, call }
    }

    /// The same operation, which `cancels` ends too.
    pub(super) fn cancelled_by(self, cancels: &Arc<CancelCount>) -> Operation {
        Operation { call: self.call.of_operation(cancels), ..self }
    }

    /// Redacts the error of a finished operation.
    pub(crate) fn finish<T>(&self, result: Result<T, Error>) -> Result<T, Error> {
        result.map_err(|error| {
            let config = self.shared.settings.request.load();
            error.redacted(|text| config.credentials.redact(text, None))
        })
    }

    /// The session, made if there is none.
    fn connected(&self) -> Result<Connected, Error> {
        self.process.sessions.session(&self.call)
    }

    /// Begins on a session.
    fn attempt(&self, connected: Connected) -> Attempt<'_> {
        Attempt { operation: self, connected, renewals: 0 }
    }

    /// Begins on a session, with the stream that handlers need.
    pub(crate) fn begin(&self) -> Result<Attempt<'_>, Error> {
        let connected = self.connected()?;
        self.process.listening.open_for_handlers(&self.call, &connected);
        Ok(self.attempt(connected))
    }

    pub(crate) fn connect(&self) -> Result<(), Error> {
        self.begin().map(drop)
    }

    pub(crate) fn ping(&self) -> Result<(), Error> {
        let connected = self.connected()?;
        // `server/discover` is the ping of this era, and the server has just responded to it.
        if connected.fresh && connected.session.version.is_modern() && connected.session.server.is_known() {
            return Ok(());
        }
        self.process.listening.open_for_handlers(&self.call, &connected);
        let mut attempt = self.attempt(connected);
        loop {
            match attempt.session().ping(&self.call) {
                Ok(()) => return Ok(()),
                Err(error) => attempt.renew(error, "ping")?,
            }
        }
    }

    pub(crate) fn notify(&self, method: &str, params: Option<&str>) -> Result<(), Error> {
        let mut attempt = self.begin()?;
        loop {
            match attempt.session().notify(&self.call, method, params) {
                Ok(()) => return Ok(()),
                Err(error) => attempt.renew(error, method)?,
            }
        }
    }

    /// Sends a request for which the server must declare the capability.
    pub(crate) fn request(&self, capability: Option<&str>, request: &Request<'_>) -> Result<Value, Error> {
        let mut attempt = self.begin()?;
        loop {
            if let Some(capability) = capability {
                attempt.session().require(capability)?;
            }
            match self.rounds(attempt.session(), request) {
                Ok(value) => return Ok(value),
                Err(error) => attempt.renew(error, request.method)?,
            }
        }
    }

    /// Sends any request. A tool is called with the headers that its schema asks for.
    pub(super) fn any_request(&self, method: &str, params: Option<JsonObject>) -> Result<Value, Error> {
        match (method, params) {
            ("tools/call", Some(params)) => self.call_tool(params),
            (_, params) => self.request(None, &Request { params, ..Request::new(method) }),
        }
    }

    /// Ends the session of the client.
    pub(super) fn close(&self) {
        self.process.close();
    }

    pub(crate) fn set_log_level(&self, level: &str) -> Result<(), Error> {
        let mut attempt = self.begin()?;
        loop {
            attempt.session().require("logging")?;
            match attempt.session().set_log_level(&self.call, level) {
                Ok(()) => return Ok(()),
                Err(error) => attempt.renew(error, SET_LEVEL)?,
            }
        }
    }

    /// The server's description as JSON text.
    pub(crate) fn server_info(&self) -> Result<String, Error> {
        let mut attempt = self.begin()?;
        loop {
            let session = attempt.session();
            if session.server.is_known() {
                return Ok(session.server.describe(session.version));
            }
            match session.request(&self.call, &Request::new(DISCOVER)) {
                Ok(response) => return Ok(ServerInfo::from_discover(&response).describe(session.version)),
                Err(error) => attempt.renew(error, DISCOVER)?,
            }
        }
    }

    pub(crate) fn listen(&self, filter: Option<&JsonObject>) -> Result<(), Error> {
        let mut attempt = self.attempt(self.connected()?);
        loop {
            match self.process.listening.listen(&self.call, &attempt.connected, filter) {
                Ok(()) => return Ok(()),
                Err(error) => attempt.renew(error, LISTEN)?,
            }
        }
    }

    /// Sends a request, and again with the input that the server requests.
    pub(super) fn rounds(&self, session: &Session, request: &Request<'_>) -> Result<Value, Error> {
        let mut value = self.send(session, request)?;
        for _ in 0..MAX_ROUNDS {
            if !requests_input(session, request.method, &value)? {
                return Ok(value);
            }
            let params = input_requests::next_params(&self.call, request.params.as_ref(), &value, &self.shared)?;
            value = self.send(session, &Request { params: Some(params), ..request.clone() })?;
        }
        match requests_input(session, request.method, &value)? {
            false => Ok(value),
            true => Err(Error::Protocol(format!("the server still requests input after {MAX_ROUNDS} rounds"))),
        }
    }

    /// Sends a request; its result must be an object.
    pub(super) fn send(&self, session: &Session, request: &Request<'_>) -> Result<Value, Error> {
        let value = session.request(&self.call, request)?;
        match value.kind() == Kind::Object {
            true => Ok(value),
            false => Err(Error::Protocol(format!("the result of {} is not an object", text::one_line(request.method)))),
        }
    }
}

/// Whether a result is an interim one, in which the server requests input (since 2026-07-28).
pub(super) fn requests_input(session: &Session, method: &str, value: &Value) -> Result<bool, Error> {
    match value.string("/resultType").filter(|_| session.version.is_modern()) {
        None | Some("complete") => Ok(false),
        Some("input_required") => Ok(true),
        // A tool may go on as a task; no other request may.
        Some("task") if method == TOOLS_CALL => Ok(false),
        Some(other) => {
            let other = text::one_line(other);
            Err(Error::Protocol(format!("the result is of the unknown type {other}")))
        }
    }
}

/// Parses JSON text of an object; `what` is for the message.
pub(super) fn parse_object(what: &str, json: Option<&str>) -> Result<Option<JsonObject>, Error> {
    let Some(json) = json else { return Ok(None) };
    let valid: &RawValue = serde_json::from_str(json)
        .map_err(|error| Error::InvalidArgument(format!("the {what} are not valid JSON: {error}")))?;
    serde_json::from_str(valid.get())
        .map(Some)
        .map_err(|_| Error::InvalidArgument(format!("the {what} are not a JSON object")))
}

/// The parameters of any request or notification.
pub(super) fn message_params(method: &str, params: Option<&str>) -> Result<Option<JsonObject>, Error> {
    if method.is_empty() {
        return Err(Error::InvalidArgument("the method is empty".to_owned()));
    }
    parse_object("parameters", params)
}

/// Parameters with a name or URI, and with arguments if there are any.
pub(super) fn named_params(name: &str, value: &str, arguments: Option<&str>) -> Result<JsonObject, Error> {
    let mut params = JsonObject::new();
    params.insert(name.to_owned(), raw(text::quoted(value))?);
    if let Some(arguments) = parse_object("arguments", arguments)? {
        params.insert("arguments".to_owned(), raw(object(&arguments)?)?);
    }
    Ok(params)
}
