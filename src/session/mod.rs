//! A session: what client and server have agreed on, and the requests that follow from it.

pub(crate) mod callbacks;
pub(crate) mod config;
mod dispatcher;
mod handshake;
pub(crate) mod list_cache;
pub(crate) mod negotiation;
pub(crate) mod program_negotiation;
pub(crate) mod progress;
pub(crate) mod shared;
pub(crate) mod subscriptions;
pub(crate) mod tool_headers;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ::http::{HeaderName, HeaderValue};

use crate::base::call::Call;
use crate::base::error::Error;
use crate::base::text;
use crate::json::{Kind, Value};
use crate::protocol::discover::DISCOVER;
use crate::protocol::headers;
use crate::protocol::initialize::INITIALIZE;
use crate::protocol::jsonrpc::{self, JsonObject, METHOD_NOT_FOUND, UNSUPPORTED_VERSION};
use crate::protocol::meta::{self, Meta};
use crate::protocol::server_info::ServerInfo;
use crate::protocol::subscriptions::{LISTEN, SUBSCRIBE, UNSUBSCRIBE, check_acknowledged};
use crate::protocol::tasks;
use crate::protocol::transport_kind::TransportKind;
use crate::protocol::version::Version;
use crate::session::callbacks::PROGRESS;
use crate::session::shared::Shared;
use crate::session::tool_headers::ToolHeaderTable;
use crate::transport::Transport;
use crate::transport::event_stream::EventStream;
use crate::transport::message::Request as Message;
use crate::transport::session_loss::SessionLoss;

/// Sets the log level of a session (up to 2025-11-25).
pub(crate) const SET_LEVEL: &str = "logging/setLevel";

/// How long the notification that a call was cancelled may take.
const CANCEL_NOTICE_TIMEOUT: Duration = Duration::from_millis(500);

/// A session with a server. Since 2026-07-28 the protocol has none; here it is then what was negotiated.
pub(crate) struct Session {
    pub(crate) version: Version,
    pub(crate) transport: Transport,
    pub(crate) server: ServerInfo,
    pub(crate) shared: Shared,
    pub(crate) tool_headers: ToolHeaderTable,
    /// Whether the server has refused a GET stream (HTTP 405).
    has_no_get_stream: AtomicBool,
}

/// An event stream outside calls.
pub(crate) struct Stream {
    /// The id of the subscription's request (2026-07-28).
    pub(crate) id: Option<u64>,
    /// Its events; `None` over stdio, where one channel carries all messages.
    pub(crate) events: Option<EventStream>,
}

/// A request of MCP.
#[derive(Clone)]
pub(crate) struct Request<'a> {
    pub(crate) method: &'a str,
    pub(crate) params: Option<JsonObject>,
    /// Headers that mirror parameters (`Mcp-Param-*`).
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
}

impl<'a> Request<'a> {
    pub(crate) fn new(method: &'a str) -> Request<'a> {
        Request { method, params: None, headers: Vec::new() }
    }

    pub(crate) fn with(method: &'a str, params: JsonObject) -> Request<'a> {
        Request { params: Some(params), ..Request::new(method) }
    }
}

/// Whether the server may receive a request twice. Tools may have side effects; the other requests that are known here
/// read, or set a state.
pub(crate) fn is_idempotent(method: &str) -> bool {
    let reads = ["ping", DISCOVER, INITIALIZE, "resources/read", "prompts/get", "completion/complete"];
    let sets = [SET_LEVEL, SUBSCRIBE, UNSUBSCRIBE, LISTEN];
    // A server ignores the second response to an input request, and the second cancellation.
    let of_tasks = [tasks::GET, tasks::RESULT, tasks::UPDATE, tasks::CANCEL];
    reads.contains(&method) || sets.contains(&method) || of_tasks.contains(&method) || method.ends_with("/list")
}

impl Session {
    pub(crate) fn new(version: Version, transport: Transport, server: ServerInfo, shared: Shared) -> Session {
        Session {
            version,
            transport,
            server,
            shared,
            tool_headers: ToolHeaderTable::default(),
            has_no_get_stream: AtomicBool::new(false),
        }
    }

    /// Whether the session can still be used.
    pub(crate) fn is_open(&self) -> bool {
        self.transport.is_open()
    }

    /// What the error of a request says about the session. A server that no longer speaks the negotiated version counts
    /// as one that has dropped the session.
    pub(crate) fn loss(&self, error: &Error) -> SessionLoss {
        match self.version.is_modern() && error.rpc_code() == Some(UNSUPPORTED_VERSION) {
            true => SessionLoss::LostBefore,
            false => self.transport.session_loss(error),
        }
    }

    /// Whether the server refuses a `ping` on this session too. A refusal of another request may be about that request.
    pub(crate) fn is_lost(&self, call: &Call) -> bool {
        self.ping(call).is_err_and(|error| SessionLoss::is_confirmed_by(&error))
    }

    /// Fails unless the server declares the capability, such as `resources`.
    pub(crate) fn require(&self, capability: &str) -> Result<(), Error> {
        match capability {
            "completions" if self.version < Version::V2025_03_26 => Ok(()), // the first revision did not declare it
            _ => self.server.require(capability),
        }
    }

    /// Fails unless the server declares the extension.
    pub(crate) fn require_extension(&self, identifier: &str) -> Result<(), Error> {
        self.server.require_extension(identifier)
    }

    /// Sends a request and waits for its response.
    pub(crate) fn request(&self, call: &Call, request: &Request<'_>) -> Result<Value, Error> {
        let id = self.shared.next_id();
        let message = self.write(call, id, request)?;
        let mut headers = self.method_headers(request)?;
        headers.extend(request.headers.iter().cloned());
        let message = Message { id, message: &message, headers: &headers, idempotent: is_idempotent(request.method) };
        let _reported = call.wants_progress().then(|| self.shared.progress.register(id, call));
        let result = self.transport.request(call, &message, &self.shared);
        if matches!(&result, Err(error) if error.ends_call()) {
            self.notify_cancelled(id, request.method);
        }
        result
    }

    /// The request as JSON-RPC, with its `_meta`.
    fn write(&self, call: &Call, id: u64, request: &Request<'_>) -> Result<Vec<u8>, Error> {
        let config = self.shared.settings.session.load();
        let capabilities = match self.version.is_modern() {
            true => self.shared.capabilities(self.version),
            false => String::new(),
        };
        let wants_progress = request.method != "ping"
            && (call.wants_progress() || self.shared.handlers.load().has_notification_handler(PROGRESS));
        let meta = Meta {
            modern: self.version.is_modern().then_some((self.version, &config.client_info, capabilities.as_str())),
            log_level: config.log_level.as_deref(),
            progress_token: wants_progress.then_some(id),
            added: call.attachments().map(|attachments| &attachments.meta),
        };
        let params = match &request.params {
            None => meta.alone(),
            Some(params) => {
                let mut params = params.clone();
                meta.add_to(&mut params)?;
                Some(meta::object(&params)?)
            }
        };
        Ok(jsonrpc::request(id, request.method, params.as_deref()))
    }

    fn method_headers(&self, request: &Request<'_>) -> Result<Vec<(HeaderName, HeaderValue)>, Error> {
        match self.version.is_modern() {
            true => headers::for_request(request.method, request.params.as_ref()),
            false => Ok(Vec::new()),
        }
    }

    /// Up to 2025-11-25 the server is notified that a call has ended; since then the closed stream says so, except over
    /// stdio. Sent from a thread, since the call must end at once.
    fn notify_cancelled(&self, id: u64, method: &str) {
        let is_silent = matches!(method, "ping" | INITIALIZE);
        if let Transport::Stdio(stdio) = &self.transport {
            return if is_silent { stdio.take_back(id) } else { stdio.give_up(id) };
        }
        if self.version.is_modern() || is_silent {
            return;
        }
        let message = jsonrpc::notification("notifications/cancelled", Some(&format!("{{\"requestId\":{id}}}")));
        self.transport.notify_in_background(message, CANCEL_NOTICE_TIMEOUT);
    }

    /// Opens a subscription (2026-07-28) and waits for the server's acknowledgment.
    pub(crate) fn open_subscription(&self, call: &Call, filter: Option<&JsonObject>) -> Result<Stream, Error> {
        let notifications = meta::raw(filter.map_or(Ok("{}".to_owned()), meta::object)?)?;
        let request = Request::with(LISTEN, JsonObject::from([("notifications".to_owned(), notifications)]));
        let id = self.shared.next_id();
        let message = self.write(call, id, &request)?;
        let headers = self.method_headers(&request)?;
        let message = Message { id, message: &message, headers: &headers, idempotent: true };
        let (events, agreed) = match &self.transport {
            Transport::StreamableHttp(http) => {
                let (events, agreed) = http.subscribe(call, &message, &self.shared).map_err(no_subscriptions)?;
                (Some(events), agreed)
            }
            Transport::Stdio(stdio) => (None, Some(stdio.subscribe(call, &message).map_err(no_subscriptions)?)),
            Transport::HttpSse(_) => {
                return Err(Error::Unsupported("HTTP+SSE has no subscriptions of this kind".to_owned()));
            }
        };
        let mut stream = Stream { id: Some(id), events };
        if let Err(error) = check_acknowledged(filter, agreed.as_ref()) {
            self.discard_stream(&mut stream);
            return Err(error);
        }
        Ok(stream)
    }

    /// Reads a stream to its end, and passes its messages to the handlers.
    pub(crate) fn read_stream(&self, call: &Call, stream: &mut Stream) {
        match (&self.transport, stream) {
            (Transport::StreamableHttp(http), Stream { id, events: Some(events) }) => {
                http.read_to_end(call, *id, events, &self.shared);
            }
            (Transport::Stdio(stdio), Stream { id: Some(id), .. }) => stdio.wait_for_end_of(call, *id),
            _ => {}
        }
    }

    /// Ends a stream that is not to be read.
    fn discard_stream(&self, stream: &mut Stream) {
        match (&self.transport, stream) {
            (_, Stream { events: Some(events), .. }) => events.body.discard(),
            (Transport::Stdio(stdio), Stream { id: Some(id), .. }) => stdio.give_up(*id),
            _ => {}
        }
    }

    /// Sends a notification.
    pub(crate) fn notify(&self, call: &Call, method: &str, params: Option<&str>) -> Result<(), Error> {
        let headers = self.method_headers(&Request::new(method))?;
        self.transport.notify(call, &jsonrpc::notification(method, params), &headers)
    }

    /// Checks that the server is there, by `ping`, or by `server/discover` since 2026-07-28. A server that responds that it
    /// does not know `ping` is there too.
    pub(crate) fn ping(&self, call: &Call) -> Result<(), Error> {
        let method = if self.version.is_modern() { DISCOVER } else { "ping" };
        let result = match self.request(&call.discarding_result(), &Request::new(method)) {
            Err(Error::Rpc(rpc)) if method == "ping" && rpc.code == METHOD_NOT_FOUND && rpc.http_status == 0 => {
                return Ok(());
            }
            result => result?,
        };
        match result.kind() {
            Kind::Object => Ok(()),
            _ => Err(Error::Protocol(format!("the result of {method} is not an object"))),
        }
    }

    /// Sends `logging/setLevel`; since 2026-07-28 each request carries the level.
    pub(crate) fn set_log_level(&self, call: &Call, level: &str) -> Result<(), Error> {
        if !self.version.is_modern() {
            let params = JsonObject::from([("level".to_owned(), meta::raw(text::quoted(level))?)]);
            self.request(call, &Request::with(SET_LEVEL, params))?;
        }
        Ok(())
    }

    /// Whether notifications outside calls arrive on a stream that GET opens.
    pub(crate) fn has_get_stream(&self) -> bool {
        !self.version.is_modern() && self.transport.kind() == TransportKind::StreamableHttp
    }

    /// Whether the server may have a GET stream of its own: over Streamable HTTP up to 2025-11-25.
    pub(crate) fn may_have_get_stream(&self) -> bool {
        !self.version.is_modern()
            && self.transport.kind() == TransportKind::StreamableHttp
            && !self.has_no_get_stream.load(Ordering::Relaxed)
    }

    /// Remembers that the server has no GET stream.
    pub(crate) fn set_no_get_stream(&self) {
        self.has_no_get_stream.store(true, Ordering::Relaxed);
    }

    /// Whether tool parameters are mirrored into headers: over Streamable HTTP since 2026-07-28.
    pub(crate) fn mirrors_tool_params(&self) -> bool {
        self.version.is_modern() && self.transport.kind() == TransportKind::StreamableHttp
    }

    /// Ends the session, at the server too; waits for the server at most for `limit`.
    pub(crate) fn end(&self, limit: Duration) {
        self.transport.end(limit);
    }
}

/// The error of `subscriptions/listen`, in plain words when the server does not know it.
fn no_subscriptions(error: Error) -> Error {
    match error.rpc_code() {
        Some(METHOD_NOT_FOUND) => Error::Unsupported("the server has no subscriptions".to_owned()),
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_that_may_be_sent_twice() {
        for method in ["ping", "tools/list", "logging/setLevel", "resources/subscribe", "completion/complete"] {
            assert!(is_idempotent(method), "{method}");
        }
        assert!(!is_idempotent("tools/call") && !is_idempotent("x/unknown"));
    }
}
