//! What the transports share: a request to send, and messages that the server sends by itself.

use ::http::{HeaderName, HeaderValue};

use crate::json::Value;
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
    fn on_notification(&self, method: &str, params: Option<&Value>);

    /// Handles a request, whose id is JSON text; returns the whole response message.
    fn on_request(&self, id: &str, method: &str, params: Option<&Value>) -> Vec<u8>;

    /// The most bytes of messages that wait for this handler.
    fn max_waiting_bytes(&self) -> usize;
}

/// A notification or request of the server.
pub(crate) enum ServerMessage {
    Notification { method: String, params: Option<Value> },
    Request { id: String, method: String, params: Option<Value> },
}

impl ServerMessage {
    /// `None` for a response.
    pub(super) fn from_incoming(incoming: Incoming) -> Option<ServerMessage> {
        match incoming {
            Incoming::Notification { method, params } => Some(ServerMessage::Notification { method, params }),
            Incoming::Request { id, method, params } => Some(ServerMessage::Request { id, method, params }),
            Incoming::Response { .. } => None,
        }
    }

    /// Its approximate size in memory, in bytes.
    pub(super) fn size(&self) -> usize {
        let (ServerMessage::Notification { method, params } | ServerMessage::Request { method, params, .. }) = self;
        size_of::<ServerMessage>() + method.len() + params.as_ref().map_or(0, Value::size)
    }

    /// Passes the message to the handler; the response to a request is to be sent.
    pub(super) fn deliver(&self, handler: &dyn MessageHandler) -> Option<Vec<u8>> {
        match self {
            ServerMessage::Notification { method, params } => {
                handler.on_notification(method, params.as_ref());
                None
            }
            ServerMessage::Request { id, method, params } => Some(handler.on_request(id, method, params.as_ref())),
        }
    }
}
