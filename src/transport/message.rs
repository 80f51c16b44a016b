//! What the transports share: a request to send, and messages that the server sends by itself.

use ::http::{HeaderName, HeaderValue};
use serde_json::value::RawValue;

use crate::protocol::jsonrpc::Incoming;

/// A JSON-RPC request, written as JSON.
pub(crate) struct Request<'a> {
    pub(crate) id: u64,
    pub(crate) message: &'a [u8],
    /// HTTP headers that belong to this message.
    pub(crate) headers: &'a [(HeaderName, HeaderValue)],
    /// Whether the server may receive it twice.
    pub(crate) idempotent: bool,
}

/// Handles messages that the server sends by itself.
pub(crate) trait MessageHandler: Send + Sync {
    fn on_notification(&self, method: &str, params: Option<&RawValue>);

    /// Handles a request; returns the whole response message.
    fn on_request(&self, id: &RawValue, method: &str, params: Option<&RawValue>) -> Vec<u8>;

    /// The most bytes of messages that wait for this handler.
    fn max_waiting_bytes(&self) -> usize;
}

/// A notification or request of the server, kept beyond the buffer that it arrived in.
pub(crate) enum ServerMessage {
    Notification { method: String, params: Option<Box<RawValue>> },
    Request { id: Box<RawValue>, method: String, params: Option<Box<RawValue>> },
}

impl ServerMessage {
    /// `None` for a response.
    pub(super) fn from_incoming(incoming: Incoming<'_>) -> Option<ServerMessage> {
        match incoming {
            Incoming::Notification { method, params } => Some(ServerMessage::Notification {
                method: method.into_owned(),
                params: params.map(RawValue::to_owned),
            }),
            Incoming::Request { id, method, params } => Some(ServerMessage::Request {
                id: id.to_owned(),
                method: method.into_owned(),
                params: params.map(RawValue::to_owned),
            }),
            Incoming::Response { .. } => None,
        }
    }

    /// Its approximate size in memory, in bytes.
    pub(super) fn size(&self) -> usize {
        let (ServerMessage::Notification { method, params } | ServerMessage::Request { method, params, .. }) = self;
        size_of::<ServerMessage>() + method.len() + params.as_ref().map_or(0, |params| params.get().len())
    }

    /// Passes the message to the handler; the response to a request is to be sent.
    pub(super) fn deliver(&self, handler: &dyn MessageHandler) -> Option<Vec<u8>> {
        match self {
            ServerMessage::Notification { method, params } => {
                handler.on_notification(method, params.as_deref());
                None
            }
            ServerMessage::Request { id, method, params } => Some(handler.on_request(id, method, params.as_deref())),
        }
    }
}
