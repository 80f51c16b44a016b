//! A channel that carries all messages of a server: responses go to the callers that wait for them, the others to
//! handlers.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::base::call::Call;
use crate::base::error::Error;
use crate::base::threads::Threads;
use crate::protocol::jsonrpc::{self, Incoming, Response};
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
pub(crate) fn dispatch(message: Vec<u8>, pending: &Pending) -> Result<Vec<ServerMessage>, Error> {
    let mut responses = Vec::new();
    let mut others = Vec::new();
    jsonrpc::read(&message, |incoming| match incoming {
        Incoming::Response { id, outcome } => {
            let id = match id {
                "null" if outcome.is_err() => pending.only_awaited(),
                id => id.parse().ok(),
            };
            responses.extend(id.zip(Some(outcome.map(|result| jsonrpc::range_in(&message, result)))));
        }
        other => others.extend(ServerMessage::from_incoming(other)),
    })?;
    responses.retain(|(id, _)| pending.is_awaited(Key::Response(*id)));
    let last = responses.pop();
    for (id, range) in responses {
        let part = |result: Range<usize>| Response { result: 0..result.len(), message: message[result].to_vec() };
        pending.put(Key::Response(id), range.map(part));
    }
    // The usual message holds one response, which keeps its buffer.
    if let Some((id, range)) = last {
        pending.put(Key::Response(id), range.map(|result| Response { message, result }));
    }
    others.iter().for_each(|other| dispatch_subscription(other, pending));
    Ok(others)
}

/// Subscriptions that share a channel are told apart by the id of the request that opened them.
fn dispatch_subscription(message: &ServerMessage, pending: &Pending) {
    let ServerMessage::Notification { method, params: Some(params) } = message else { return };
    let response = || Response { message: params.get().as_bytes().to_vec(), result: 0..params.get().len() };
    match method.as_str() {
        ACKNOWLEDGED => {
            if let Some(id) = subscription_of(params) {
                pending.put(Key::Acknowledgment(id), Ok(response()));
            }
        }
        CANCELLED => {
            let id = serde_json::from_str::<Cancelled>(params.get()).ok().map(|cancelled| cancelled.request_id);
            if let Some(id) = id.filter(|id| pending.is_awaited(Key::Acknowledgment(*id))) {
                pending.put(Key::Response(id), Ok(response()));
            }
        }
        _ => {}
    }
}

#[derive(Deserialize)]
struct Cancelled {
    #[serde(rename = "requestId")]
    request_id: u64,
}

/// The id of the subscription that a notification belongs to.
fn subscription_of(params: &RawValue) -> Option<u64> {
    #[derive(Deserialize)]
    struct Params {
        #[serde(rename = "_meta")]
        meta: Meta,
    }
    #[derive(Deserialize)]
    struct Meta {
        #[serde(rename = "io.modelcontextprotocol/subscriptionId")]
        id: u64,
    }
    serde_json::from_str::<Params>(params.get()).ok().map(|params| params.meta.id)
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
