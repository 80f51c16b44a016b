//! What client and server have agreed on: transport, version, session.

pub(crate) mod callbacks;
pub(crate) mod config;
pub(crate) mod list_cache;
pub(crate) mod negotiation;
pub(crate) mod subscriptions;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use crate::base::call::Call;
use crate::base::error::Error;
use crate::base::text;
use crate::client::tools::ToolHeaderTable;
use crate::http::{HeaderName, HeaderValue};
use crate::json::{Node, Value};
use crate::protocol::jsonrpc::{self, Answer, JsonObject, UNSUPPORTED_VERSION};
use crate::protocol::meta::{self, Meta};
use crate::protocol::server_info::ServerInfo;
use crate::protocol::{Version, discover, headers};
use crate::session::callbacks::{Dispatcher, PROGRESS};
use crate::session::config::TransportKind;
use crate::transport::http_sse::HttpSse;
use crate::transport::streamable_http::StreamableHttp;
use crate::transport::{EventStream, Outbound};

/// How long the server gets to hear that a call is over.
const MOST_PARTING: Duration = Duration::from_millis(500);

/// How the messages of a session travel.
pub(crate) enum Transport {
    StreamableHttp(StreamableHttp),
    HttpSse(HttpSse),
}

/// A connection to a server in the sense of MCP.
pub(crate) struct Session {
    pub(crate) version: Version,
    pub(crate) wire: Transport,
    pub(crate) server: ServerInfo,
    pub(crate) dispatcher: Dispatcher,
    pub(crate) ids: Arc<AtomicU64>,
    pub(crate) tool_headers: ToolHeaderTable,
    /// Whether the server has said that it has no stream of its own.
    pub(crate) streamless: AtomicBool,
}

/// A stream outside any call.
pub(crate) struct Stream {
    /// The id of the request that it answers, if it does.
    pub(crate) id: Option<u64>,
    pub(crate) events: EventStream,
}

/// A request of MCP.
pub(crate) struct Ask<'a> {
    pub(crate) method: &'a str,
    pub(crate) params: Option<JsonObject>,
    /// Headers that mirror parameters (`Mcp-Param-*`).
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
}

impl<'a> Ask<'a> {
    pub(crate) fn new(method: &'a str) -> Ask<'a> {
        Ask { method, params: None, headers: Vec::new() }
    }

    pub(crate) fn with(method: &'a str, params: JsonObject) -> Ask<'a> {
        Ask { params: Some(params), ..Ask::new(method) }
    }

    /// Whether the server may get the request twice: a tool may do something, anything else reads, or says what holds
    /// from now on.
    fn is_repeatable(&self) -> bool {
        let reads = ["ping", discover::METHOD, "initialize", "resources/read", "prompts/get", "completion/complete"];
        let sets = ["logging/setLevel", "resources/subscribe", "resources/unsubscribe"];
        reads.contains(&self.method) || sets.contains(&self.method) || self.method.ends_with("/list")
    }
}

impl Session {
    pub(crate) fn transport(&self) -> TransportKind {
        match self.wire {
            Transport::StreamableHttp(_) => TransportKind::StreamableHttp,
            Transport::HttpSse(_) => TransportKind::Sse,
        }
    }

    /// Whether the session can still be used.
    pub(crate) fn is_open(&self) -> bool {
        match &self.wire {
            Transport::StreamableHttp(_) => true,
            Transport::HttpSse(sse) => sse.is_open(),
        }
    }

    /// Whether an error means that the agreement no longer holds, and that the request may be sent on another session: the
    /// server has dropped this one, its stream ended before the request was sent, or it speaks other versions than before.
    pub(crate) fn is_gone(&self, error: &Error) -> bool {
        match &self.wire {
            Transport::StreamableHttp(http) => {
                http.is_session_gone(error)
                    || (self.version.is_modern() && error.rpc_code() == Some(UNSUPPORTED_VERSION))
            }
            Transport::HttpSse(_) => error.http_status() == Some(404) || matches!(error, Error::Unsent(_)),
        }
    }

    /// Sends a request and waits for its answer.
    pub(crate) fn request(&self, call: &Call, ask: &Ask<'_>) -> Result<Answer, Error> {
        let id = self.ids.fetch_add(1, Ordering::Relaxed);
        let message = jsonrpc::request(id, ask.method, self.params(id, ask)?.as_deref());
        let mut headers = self.method_headers(ask)?;
        headers.extend(ask.headers.iter().cloned());
        let outbound = Outbound { id, message: &message, headers: &headers, repeatable: ask.is_repeatable() };
        let result = match &self.wire {
            Transport::StreamableHttp(http) => {
                http.request(call, &outbound, &self.dispatcher).map(|answered| answered.answer)
            }
            Transport::HttpSse(sse) => sse.request(call, &outbound),
        };
        if matches!(result, Err(Error::Cancelled | Error::Timeout(_))) {
            self.tell_cancelled(id, ask.method);
        }
        result
    }

    fn params(&self, id: u64, ask: &Ask<'_>) -> Result<Option<String>, Error> {
        let settings = self.dispatcher.settings.load();
        let capabilities = match self.version.is_modern() {
            true => self.dispatcher.capabilities(self.version),
            false => String::new(),
        };
        let hears_progress = ask.method != "ping" && self.dispatcher.handlers.load().hears(PROGRESS);
        let meta = Meta {
            modern: self.version.is_modern().then_some((self.version, &settings.identity, capabilities.as_str())),
            log_level: settings.log_level.as_deref(),
            progress_token: hears_progress.then_some(id),
        };
        match &ask.params {
            None => Ok(meta.alone()),
            Some(params) => {
                let mut params = params.clone();
                meta.add_to(&mut params)?;
                meta::object(&params).map(Some)
            }
        }
    }

    fn method_headers(&self, ask: &Ask<'_>) -> Result<Vec<(HeaderName, HeaderValue)>, Error> {
        if self.version.is_modern() { headers::for_request(ask.method, ask.params.as_ref()) } else { Ok(Vec::new()) }
    }

    /// Tells a server of the older era that nobody waits for an answer any more; in the newer one the closed stream says
    /// it. It is told from a thread, since the call must end at once.
    fn tell_cancelled(&self, id: u64, method: &str) {
        if self.version.is_modern() || matches!(method, "ping" | "initialize") {
            return;
        }
        let message = jsonrpc::notification("notifications/cancelled", Some(&format!("{{\"requestId\":{id}}}")));
        let call = Call::new(Some(MOST_PARTING), &Arc::default());
        let (threads, tell): (_, Box<dyn FnOnce() + Send>) = match &self.wire {
            Transport::StreamableHttp(http) => {
                let own = http.clone();
                (http.threads(), Box::new(move || drop(own.notify(&call, &message, &[]))))
            }
            Transport::HttpSse(sse) => {
                let post = sse.poster();
                let outbound = move || {
                    drop(post.send(&call, &Outbound { id: 0, message: &message, headers: &[], repeatable: true }))
                };
                (sse.threads(), Box::new(outbound))
            }
        };
        // Without a thread the server finds out by itself.
        let _ = threads.spawn("cancel", tell);
    }

    /// Opens a subscription (2026-07-28) to what the filter says and waits for the server's acknowledgment.
    pub(crate) fn open_subscription(&self, call: &Call, filter: Option<&JsonObject>) -> Result<Stream, Error> {
        let notifications = meta::raw(filter.map_or(Ok("{}".to_owned()), meta::object)?)?;
        let ask = &Ask::with(subscriptions::LISTEN, JsonObject::from([("notifications".to_owned(), notifications)]));
        let Transport::StreamableHttp(http) = &self.wire else {
            return Err(Error::Unsupported("HTTP+SSE has no subscriptions of this kind".to_owned()));
        };
        let id = self.ids.fetch_add(1, Ordering::Relaxed);
        let message = jsonrpc::request(id, ask.method, self.params(id, ask)?.as_deref());
        let headers = self.method_headers(ask)?;
        let outbound = Outbound { id, message: &message, headers: &headers, repeatable: true };
        let (mut events, agreed) = http.subscribe(call, &outbound, &self.dispatcher)?;
        if let Err(error) = subscriptions::check_acknowledged(filter, agreed.as_deref()) {
            events.body.discard();
            return Err(error);
        }
        Ok(Stream { id: Some(id), events })
    }

    /// Reads a stream to its end, handing over what comes.
    pub(crate) fn read_stream(&self, call: &Call, stream: &mut Stream) {
        if let Transport::StreamableHttp(http) = &self.wire {
            http.read_to_end(call, stream.id, &mut stream.events, &self.dispatcher);
        }
    }

    /// Sends a notification.
    pub(crate) fn notify(&self, call: &Call, method: &str, params: Option<&str>) -> Result<(), Error> {
        let message = jsonrpc::notification(method, params);
        match &self.wire {
            Transport::StreamableHttp(http) => {
                let headers = self.method_headers(&Ask::new(method))?;
                http.notify(call, &message, &headers)
            }
            Transport::HttpSse(sse) => sse.notify(call, &message),
        }
    }

    /// Asks the server whether it is there: by `ping`, or by `server/discover` where that is gone.
    pub(crate) fn ping(&self, call: &Call) -> Result<(), Error> {
        let method = if self.version.is_modern() { discover::METHOD } else { "ping" };
        let answer = self.request(call, &Ask::new(method))?;
        if answer.result() == b"{}" {
            return Ok(());
        }
        let value = Value::from_slice_of(answer.message, answer.result)
            .map_err(|reason| Error::Protocol(format!("the answer to {method} is not valid JSON: {reason}")))?;
        match value.root() {
            Node::Object(_) => Ok(()),
            _ => Err(Error::Protocol(format!("the answer to {method} is not an object"))),
        }
    }

    /// Asks for log messages, where that is a request; the newer era says it with each.
    pub(crate) fn set_log_level(&self, call: &Call, level: &str) -> Result<(), Error> {
        if !self.version.is_modern() {
            let params = JsonObject::from([("level".to_owned(), meta::raw(text::quoted(level))?)]);
            self.request(call, &Ask::with("logging/setLevel", params))?;
        }
        Ok(())
    }

    /// Whether the server may have a stream of its own that nobody asks for: only a session of Streamable HTTP has one.
    pub(crate) fn may_have_stream(&self) -> bool {
        !self.version.is_modern()
            && self.transport() == TransportKind::StreamableHttp
            && !self.streamless.load(Ordering::Relaxed)
    }

    /// The server has no stream of its own, and need not be asked again in this session.
    pub(crate) fn set_streamless(&self) {
        self.streamless.store(true, Ordering::Relaxed);
    }

    /// Ends the session, at the server too; never waits for it longer than `limit`.
    pub(crate) fn end(&self, limit: Duration) {
        match &self.wire {
            Transport::StreamableHttp(http) => http.end(limit),
            Transport::HttpSse(sse) => sse.end(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_sent_twice() {
        for method in ["ping", "tools/list", "logging/setLevel", "resources/subscribe", "completion/complete"] {
            assert!(Ask::new(method).is_repeatable(), "{method}");
        }
        assert!(!Ask::new("tools/call").is_repeatable() && !Ask::new("x/unknown").is_repeatable());
    }
}
