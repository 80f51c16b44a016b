//! What a program takes from a queue.

use std::fmt;
use std::sync::{Arc, Condvar, Mutex};

use crate::base::call::Call;
use crate::base::cancel::Wake;
use crate::base::error::Error;
use crate::base::lock::{Guard, lock, wait};
use crate::json::Value;
use crate::session::callbacks::Reply;

/// One thing that happened.
#[derive(Debug)]
pub struct Event {
    /// What the program gave when it started the operation or asked for notifications or requests.
    pub user_data: usize,
    /// What happened.
    pub kind: EventKind,
}

/// What happened.
#[derive(Debug)]
pub enum EventKind {
    /// An operation ended.
    Done {
        /// The number that starting it gave.
        operation: u64,
        /// Its result, if it has one.
        result: Result<Option<Value>, Error>,
    },
    /// The server sent a notification.
    Notification {
        /// Such as `notifications/message`.
        method: String,
        /// An object, empty when it has none.
        params: Value,
    },
    /// The server sent a request. It waits for the reply.
    Request {
        /// Such as `elicitation/create`.
        method: String,
        /// An object, empty when it has none.
        params: Value,
        /// Where the program leaves the response.
        reply: DeferredReply,
    },
}

/// The reply to a request of the server, given later and on any thread. Dropped without one, the server gets an error.
pub struct DeferredReply {
    reply: Reply,
    slot: Arc<ReplySlot>,
}

impl fmt::Debug for DeferredReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeferredReply").finish_non_exhaustive()
    }
}

impl DeferredReply {
    /// The reply to fill in. It is sent by [`DeferredReply::send`], or when this is dropped.
    pub fn reply(&mut self) -> &mut Reply {
        &mut self.reply
    }

    /// Sends what the reply holds now.
    pub fn send(&mut self) {
        self.slot.fill(std::mem::take(&mut self.reply));
    }
}

impl Drop for DeferredReply {
    fn drop(&mut self) {
        self.send();
    }
}

/// Where the thread that received the request waits for the reply.
#[derive(Default)]
pub(super) struct ReplySlot {
    reply: Mutex<Option<Reply>>,
    filled: Condvar,
}

impl ReplySlot {
    pub(super) fn new() -> Arc<ReplySlot> {
        Arc::default()
    }

    pub(super) fn deferred(self: &Arc<ReplySlot>) -> DeferredReply {
        DeferredReply { reply: Reply::default(), slot: self.clone() }
    }

    /// The first reply counts.
    fn fill(&self, reply: Reply) {
        self.lock().get_or_insert(reply);
        self.filled.notify_all();
    }

    /// Waits until the reply was given or the call ended; then there is none.
    pub(super) fn wait(self: Arc<ReplySlot>, call: &Call) -> Reply {
        let _woken = call.wake_when_cancelled(self.clone());
        let mut reply = self.lock();
        loop {
            if let Some(given) = reply.take() {
                return given;
            }
            if call.is_cancelled() {
                return Reply::default();
            }
            reply = wait(&self.filled, reply);
        }
    }

    fn lock(&self) -> Guard<'_, Option<Reply>> {
        lock(&self.reply)
    }
}

impl Wake for ReplySlot {
    fn wake(&self) {
        drop(self.lock());
        self.filled.notify_all();
    }
}
