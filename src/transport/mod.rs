//! How messages travel: Streamable HTTP, and the HTTP+SSE of 2024-11-05.

mod channel;
mod event_stream;
pub(crate) mod http_sse;
pub(crate) mod pending;
mod queue;
pub(crate) mod sse;
pub(crate) mod streamable_http;

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::http::{HeaderName, HeaderValue};
use crate::protocol::jsonrpc::Incoming;
pub(crate) use event_stream::EventStream;

pub(crate) const JSON: &str = "application/json";
pub(crate) const EVENT_STREAM: &str = "text/event-stream";
/// What a POST accepts: the order of preference is the server's.
pub(crate) const ACCEPT_BOTH: &str = "application/json, text/event-stream";

/// A request on its way.
pub(crate) struct Outbound<'a> {
    pub(crate) id: u64,
    pub(crate) message: &'a [u8],
    /// Headers that belong to this message.
    pub(crate) headers: &'a [(HeaderName, HeaderValue)],
    /// Whether the server may safely get it twice.
    pub(crate) repeatable: bool,
}

/// Receives what the server sends on its own.
pub(crate) trait MessageHandler: Send + Sync {
    fn notified(&self, method: &str, params: Option<&RawValue>);

    /// Answers a request: the whole response message.
    fn asked(&self, id: &RawValue, method: &str, params: Option<&RawValue>) -> Vec<u8>;

    /// How many bytes of messages may wait for this handler.
    fn max_waiting_bytes(&self) -> usize;
}

/// Something of the server's own, kept beyond the buffer that it came in.
pub(crate) enum ServerMessage {
    Notification { method: String, params: Option<Box<RawValue>> },
    Request { id: Box<RawValue>, method: String, params: Option<Box<RawValue>> },
}

impl ServerMessage {
    fn of(incoming: Incoming<'_>) -> Option<ServerMessage> {
        let owned = |method: Cow<'_, str>| method.into_owned();
        match incoming {
            Incoming::Notification { method, params } => {
                Some(ServerMessage::Notification { method: owned(method), params: params.map(RawValue::to_owned) })
            }
            Incoming::Request { id, method, params } => Some(ServerMessage::Request {
                id: id.to_owned(),
                method: owned(method),
                params: params.map(RawValue::to_owned),
            }),
            Incoming::Response { .. } => None,
        }
    }

    /// About how many bytes it takes.
    fn size(&self) -> usize {
        let (ServerMessage::Notification { method, params } | ServerMessage::Request { method, params, .. }) = self;
        size_of::<ServerMessage>() + method.len() + params.as_ref().map_or(0, |params| params.get().len())
    }

    /// Hands it over; a request's response is to be sent.
    fn deliver(&self, peer: &dyn MessageHandler) -> Option<Vec<u8>> {
        match self {
            ServerMessage::Notification { method, params } => {
                peer.notified(method, params.as_deref());
                None
            }
            ServerMessage::Request { id, method, params } => Some(peer.asked(id, method, params.as_deref())),
        }
    }
}
