//! A channel that carries all messages of a server: responses go to the callers that wait for them, the others to
//! handlers.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::base::call::Call;
use crate::base::threads::Threads;
use crate::json::Limits;
use crate::protocol::jsonrpc::{self, Incoming, MessageError, ResponseId};
use crate::protocol::subscriptions::ACKNOWLEDGED;
use crate::transport::message::{MessageHandler, ServerMessage};
use crate::transport::pending::{Key, Pending};
use crate::transport::queue::WorkQueue;

/// The most messages of the server that wait for their handler. Further ones are dropped, so that they do not delay
/// responses.
const MAX_WAITING: usize = 1024;
/// The most pings that wait for their response.
const MAX_WAITING_PINGS: usize = 16;
/// The most requests of the server that are handled at once.
const MAX_CONCURRENT_REQUESTS: usize = 4;
/// Ends a request, or a subscription when the server sends it (2026-07-28, "Cancellation").
pub(crate) const CANCELLED: &str = "notifications/cancelled";

/// Passes responses to the callers that wait for them, and returns the other messages of a batch.
pub(crate) fn dispatch(
    message: Vec<u8>,
    limits: &Limits<'_>,
    pending: &Pending,
) -> Result<Vec<ServerMessage>, MessageError> {
    let mut others = Vec::new();
    jsonrpc::read(message, limits, |incoming| match incoming {
        Incoming::Response { id, outcome } => {
            let id = match id {
                ResponseId::Number(id) => Some(id),
                ResponseId::Null if outcome.is_err() => pending.only_awaited(),
                _ => None,
            };
            if let Some(id) = id {
                pending.put(Key::Response(id), outcome);
            }
        }
        other => others.extend(ServerMessage::from_incoming(other)),
    })?;
    others.iter().for_each(|other| dispatch_subscription(other, pending));
    Ok(others)
}

/// Subscriptions that share a channel are told apart by the id of the request that opened them.
fn dispatch_subscription(message: &ServerMessage, pending: &Pending) {
    let ServerMessage::Notification { method, params: Some(params) } = message else { return };
    let id_at = |pointer: &str| params.int64(pointer).and_then(|id| u64::try_from(id).ok());
    match method.as_str() {
        ACKNOWLEDGED => {
            if let Some(id) = id_at("/_meta/io.modelcontextprotocol~1subscriptionId") {
                pending.put(Key::Acknowledgment(id), Ok(params.clone()));
            }
        }
        CANCELLED => {
            if let Some(id) = id_at("/requestId").filter(|id| pending.is_awaited(Key::Acknowledgment(*id))) {
                pending.put(Key::Response(id), Ok(params.clone()));
            }
        }
        _ => {}
    }
}

/// Passes messages of the server to the handler on other threads: a handler may call the client, whose response the reader
/// of the channel must be free to read. A callback never delays the response to a `ping`, and one that calls the client
/// does not delay requests that the server sends within that call. Notifications stay in order.
pub(crate) struct Inbox {
    handler: Arc<dyn MessageHandler>,
    threads: Arc<Threads>,
    /// The bytes of the messages that wait.
    queued: Arc<AtomicUsize>,
    notifications: WorkQueue<ServerMessage>,
    requests: WorkQueue<ServerMessage>,
    pings: WorkQueue<ServerMessage>,
}

impl Inbox {
    /// `call` ends with the channel; `respond` sends a response.
    pub(crate) fn new(
        handler: Arc<dyn MessageHandler>,
        call: Call,
        respond: impl Fn(&Call, Vec<u8>) + Send + Sync + 'static,
        threads: &Arc<Threads>,
    ) -> Inbox {
        let queued = Arc::<AtomicUsize>::default();
        let work: Arc<dyn Fn(ServerMessage) -> bool + Send + Sync> = {
            let (handler, queued) = (handler.clone(), queued.clone());
            Arc::new(move |message| {
                if call.is_cancelled() {
                    return false;
                }
                queued.fetch_sub(message.size(), Ordering::Relaxed);
                if let Some(response) = message.deliver(&*handler) {
                    respond(&call, response);
                }
                true
            })
        };
        Inbox {
            handler,
            threads: threads.clone(),
            queued,
            notifications: WorkQueue::new("events", MAX_WAITING, 1, work.clone()),
            requests: WorkQueue::new("requests", MAX_WAITING, MAX_CONCURRENT_REQUESTS, work.clone()),
            pings: WorkQueue::new("pings", MAX_WAITING_PINGS, 1, work),
        }
    }

    /// Queues a message for the handler; drops it when too much waits, or no thread can be started.
    pub(crate) fn accept(&mut self, message: ServerMessage) {
        let size = message.size();
        if self.queued.load(Ordering::Relaxed).saturating_add(size) > self.handler.max_waiting_bytes() {
            return;
        }
        let queue = match &message {
            ServerMessage::Notification { .. } => &mut self.notifications,
            ServerMessage::Request { method, .. } if method == "ping" => &mut self.pings,
            ServerMessage::Request { .. } => &mut self.requests,
        };
        self.queued.fetch_add(size, Ordering::Relaxed);
        if queue.push(message, &self.threads).is_err() {
            self.queued.fetch_sub(size, Ordering::Relaxed);
        }
    }
}
