//! What the reading thread of a stream shares with the calls that change and stop it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use arc_swap::{ArcSwap, ArcSwapOption};

use crate::base::call::{CANCEL_POLL, Call};
use crate::base::error::Error;
use crate::base::lock::{Guard, lock, wait_timeout};
use crate::protocol::jsonrpc::JsonObject;
use crate::session::Session;

/// The state of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// It is being opened, or will be within a second.
    Opening,
    /// The server has accepted it.
    Open,
    /// It broke, or could not be opened, and will be opened later.
    Broken,
    /// Its thread has ended.
    Ended,
}

/// The first opening of a stream that a call waits for.
enum Opening {
    Pending,
    Failed(Error),
}

/// A stream as its thread and the client's calls see it.
pub(super) struct Shared {
    state: Mutex<State>,
    /// Why the stream could not be opened, for the call that waits for it; `None` once no call waits.
    failure: Mutex<Option<Opening>>,
    changed: Condvar,
    /// Whether the caller listens; otherwise the stream is open because handlers are set.
    by_caller: AtomicBool,
    /// The session that the stream belongs to; another one after the server has dropped the first.
    pub(super) session: ArcSwap<Session>,
    /// The caller's filter, for opening the stream again.
    pub(super) filter: ArcSwapOption<JsonObject>,
}

impl Shared {
    /// `by_caller`: whether the caller listens.
    pub(super) fn new(state: State, by_caller: bool, session: &Arc<Session>, filter: Option<&JsonObject>) -> Shared {
        Shared {
            state: Mutex::new(state),
            failure: Mutex::new((by_caller && state == State::Opening).then_some(Opening::Pending)),
            changed: Condvar::new(),
            by_caller: AtomicBool::new(by_caller),
            session: ArcSwap::new(session.clone()),
            filter: ArcSwapOption::from_pointee(filter.cloned()),
        }
    }

    fn state(&self) -> Guard<'_, State> {
        lock(&self.state)
    }

    pub(super) fn set(&self, state: State) {
        *self.state() = state;
        self.changed.notify_all();
    }

    pub(super) fn is(&self, state: State) -> bool {
        *self.state() == state
    }

    /// Waits while the stream is being opened.
    pub(super) fn wait_while_opening(&self, call: &Call) -> Result<(), Error> {
        let mut state = self.state();
        while *state == State::Opening {
            let left = call.remaining()?.unwrap_or(CANCEL_POLL).min(CANCEL_POLL);
            state = wait_timeout(&self.changed, state, left);
        }
        Ok(())
    }

    /// Waits while the stream is being opened, and returns why it could not be. A server may respond to GET with its first
    /// event only, so the stream counts as open after the call's time.
    pub(super) fn wait_for_opening(&self, call: &Call, grace: Duration) -> Result<(), Error> {
        let waited = self.wait_while_opening(&call.at_most(Some(grace)));
        let failure = lock(&self.failure).take();
        if let Some(Opening::Failed(error)) = failure {
            return Err(error);
        }
        call.remaining()?;
        let mut state = self.state();
        if waited.is_err() && *state == State::Opening {
            *state = State::Open;
        }
        Ok(())
    }

    /// Whether a call waits for the opening, which gets this error then.
    pub(super) fn fail_opening(&self, error: Error) -> Result<(), Error> {
        let mut failure = lock(&self.failure);
        match &*failure {
            Some(Opening::Pending) => {
                *failure = Some(Opening::Failed(error));
                Ok(())
            }
            _ => Err(error),
        }
    }

    pub(super) fn is_by_caller(&self) -> bool {
        self.by_caller.load(Ordering::SeqCst)
    }

    pub(super) fn set_by_caller(&self, by_caller: bool) {
        self.by_caller.store(by_caller, Ordering::SeqCst);
    }
}
