//! How JSON-RPC messages travel: Streamable HTTP, the HTTP with SSE of 2024-11-05, and the standard streams of a program.

#[cfg_attr(not(unix), allow(dead_code))] // only stdio uses all of it
mod channel;
pub(crate) mod event_stream;
pub(crate) mod http_sse;
mod invalid;
mod media_type;
pub(crate) mod message;
#[cfg_attr(not(unix), allow(dead_code))]
pub(crate) mod pending;
#[cfg_attr(not(unix), allow(dead_code))]
mod queue;
pub(crate) mod session_loss;
pub(crate) mod sse;
#[cfg_attr(not(unix), allow(dead_code))]
pub(crate) mod stdio;
pub(crate) mod streamable_http;

use std::time::Duration;

use ::http::{HeaderName, HeaderValue};

use crate::base::call::Call;
use crate::base::error::Error;
use crate::json::Value;
use crate::protocol::transport_kind::TransportKind;
use crate::transport::http_sse::HttpSse;
use crate::transport::message::{MessageHandler, Request};
use crate::transport::session_loss::SessionLoss;
use crate::transport::stdio::Stdio;
use crate::transport::streamable_http::StreamableHttp;

/// The transport of a session.
pub(crate) enum Transport {
    StreamableHttp(StreamableHttp),
    HttpSse(HttpSse),
    Stdio(Stdio),
}

impl Transport {
    pub(crate) fn kind(&self) -> TransportKind {
        match self {
            Transport::StreamableHttp(_) => TransportKind::StreamableHttp,
            Transport::HttpSse(_) => TransportKind::Sse,
            Transport::Stdio(_) => TransportKind::Stdio,
        }
    }

    /// Whether requests can still be sent.
    pub(crate) fn is_open(&self) -> bool {
        match self {
            Transport::StreamableHttp(_) => true,
            Transport::HttpSse(sse) => sse.is_open(),
            Transport::Stdio(stdio) => stdio.is_open(),
        }
    }

    /// What the error of a request says about the session.
    pub(crate) fn session_loss(&self, error: &Error) -> SessionLoss {
        if error.is_not_sent() {
            return SessionLoss::LostBefore;
        }
        if error.is_session_lost() {
            return SessionLoss::Lost;
        }
        match self {
            Transport::StreamableHttp(http) => http.session_loss(error),
            Transport::HttpSse(_) => SessionLoss::from_response(error),
            Transport::Stdio(_) => SessionLoss::None,
        }
    }

    /// Ends what is left of a session that the server has dropped: over HTTP+SSE the stream may still be open.
    pub(crate) fn end_lost(&self) {
        if let Transport::HttpSse(sse) = self {
            sse.end_lost();
        }
    }

    /// Sends a request and waits for its response.
    pub(crate) fn request(
        &self,
        call: &Call,
        request: &Request<'_>,
        handler: &dyn MessageHandler,
    ) -> Result<Value, Error> {
        match self {
            Transport::StreamableHttp(http) => http.request(call, request, handler).map(|received| received.response),
            Transport::HttpSse(sse) => sse.request(call, request),
            Transport::Stdio(stdio) => stdio.request(call, request),
        }
    }

    /// Sends a notification; `headers` belong to it.
    pub(crate) fn notify(
        &self,
        call: &Call,
        message: &[u8],
        headers: &[(HeaderName, HeaderValue)],
    ) -> Result<(), Error> {
        match self {
            Transport::StreamableHttp(http) => http.notify(call, message, headers),
            Transport::HttpSse(sse) => sse.notify(call, message),
            Transport::Stdio(stdio) => stdio.notify(message),
        }
    }

    /// Sends a notification from a thread, within `timeout`. Best effort: errors are ignored.
    pub(crate) fn notify_in_background(&self, message: Vec<u8>, timeout: Duration) {
        let call = Call::with_timeout(timeout);
        let _ = match self {
            Transport::StreamableHttp(http) => {
                let sender = http.clone();
                http.threads().spawn("cancel", move || drop(sender.notify(&call, &message, &[])))
            }
            Transport::HttpSse(sse) => {
                let sender = sse.sender();
                sse.threads().spawn("cancel", move || drop(sender.notify(&call, &message)))
            }
            Transport::Stdio(stdio) => {
                drop(stdio.notify(&message)); // which does not wait
                return;
            }
        };
    }

    /// Interrupts the connections whose calls are cancelled.
    pub(crate) fn interrupt_cancelled(&self) {
        if let Transport::StreamableHttp(http) = self {
            http.interrupt_cancelled();
        }
    }

    /// Waits for the end of the channel that carries all messages, or of the call. Streamable HTTP has none.
    pub(crate) fn wait_for_end(&self, call: &Call) {
        match self {
            Transport::StreamableHttp(_) => {}
            Transport::HttpSse(sse) => sse.wait_for_end(call),
            Transport::Stdio(stdio) => stdio.wait_for_end(call),
        }
    }

    /// The process id of the server, if it is a program of this process that runs; else 0.
    pub(crate) fn process_id(&self) -> i32 {
        match self {
            Transport::Stdio(stdio) => stdio.process_id(),
            Transport::StreamableHttp(_) | Transport::HttpSse(_) => 0,
        }
    }

    /// Ends the session, at the server too; waits for the server at most for `limit`.
    pub(crate) fn end(&self, limit: Duration) {
        match self {
            Transport::StreamableHttp(http) => http.end(limit),
            Transport::HttpSse(sse) => sse.end(),
            Transport::Stdio(stdio) => stdio.end(),
        }
    }
}
