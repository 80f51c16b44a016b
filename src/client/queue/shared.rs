//! The queue of one process: its state, its lock, its descriptor, its threads.

use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use crate::base::cancel::Wake;
use crate::base::error::Error;
use crate::base::lock::{Guard, lock, wait, wait_timeout};
use crate::base::threads::Threads;
use crate::client::fork::ProcessState;
use crate::client::queue::descriptor::Descriptor;
use crate::client::queue::event::Event;
use crate::client::queue::state::State;

/// How long freeing a queue waits for its threads.
const JOIN_TIMEOUT: Duration = Duration::from_millis(900);

/// No I/O and no code of the program ever runs under `state`.
pub(super) struct Shared {
    state: Mutex<State>,
    /// Signalled when an operation waits, or the queue closes.
    pub(super) work: Condvar,
    /// Signalled when an event can be taken.
    ready: Condvar,
    /// Signalled when the operation that expires next is another one.
    pub(super) timer: Condvar,
    descriptor: Option<Descriptor>,
    pub(super) threads: Threads,
}

impl Shared {
    pub(super) fn new() -> Result<Shared, Error> {
        let descriptor =
            Descriptor::new().map_err(|error| Error::Internal(format!("the queue has no descriptor: {error}")))?;
        Ok(Shared::with(Some(descriptor)))
    }

    /// In a forked child. Without a descriptor, events can still be waited for.
    pub(super) fn of_child() -> Shared {
        Shared::with(Descriptor::new().ok())
    }

    fn with(descriptor: Option<Descriptor>) -> Shared {
        Shared {
            state: Mutex::new(State::new()),
            work: Condvar::new(),
            ready: Condvar::new(),
            timer: Condvar::new(),
            descriptor,
            threads: Threads::default(),
        }
    }

    pub(super) fn lock(&self) -> Guard<'_, State> {
        lock(&self.state)
    }

    /// Changes the state; the descriptor and the threads that wait for events follow.
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.lock();
        let had_events = state.has_events();
        let result = change(&mut state);
        let has_events = state.has_events();
        if let (Some(descriptor), true) = (&self.descriptor, had_events != has_events) {
            match has_events {
                true => descriptor.raise(),
                false => descriptor.lower(),
            }
        }
        drop(state);
        if has_events {
            self.ready.notify_all();
        }
        result
    }

    pub(super) fn set_threads(&self, most: usize) {
        self.lock().threads_limit = most;
    }

    pub(super) fn set_limit(&self, most: usize) {
        self.lock().operations_limit = most;
    }

    pub(super) fn descriptor(&self) -> i32 {
        self.descriptor.as_ref().map_or(-1, Descriptor::number)
    }

    pub(super) fn pending(&self) -> usize {
        self.lock().pending
    }

    pub(super) fn lost(&self) -> u64 {
        self.lock().lost
    }

    /// The next event; waits until `end`, `None`: without limit.
    pub(super) fn next(&self, end: Option<Instant>) -> Option<Event> {
        loop {
            if let Some(event) = self.change(State::take_event) {
                return Some(event);
            }
            let state = self.lock();
            if state.is_closed {
                return None;
            }
            if state.has_events() {
                continue;
            }
            match end.map(|end| end.saturating_duration_since(Instant::now())) {
                None => drop(wait(&self.ready, state)),
                Some(Duration::ZERO) => return None,
                Some(left) => drop(wait_timeout(&self.ready, state, left)),
            }
        }
    }

    pub(super) fn cancel(&self, operation: u64) {
        let clients = self.lock().cancel(operation);
        clients.iter().for_each(|client| client.wake_cancelled());
        self.finish_ended();
    }

    /// Ends what waits and whose call has ended.
    pub(super) fn finish_ended(&self) {
        let ended = self.change(State::finish_ended);
        drop(ended);
    }

    /// Cancels everything and waits for the threads, a second at most.
    pub(super) fn close(&self) {
        self.lock().is_closed = true;
        self.cancel(0);
        self.work.notify_all();
        self.ready.notify_all();
        self.timer.notify_all();
        self.threads.join(JOIN_TIMEOUT);
        let left = self.lock().clear();
        drop(left);
    }
}

impl ProcessState for Shared {
    /// The parent's operations and descriptor stay the parent's.
    fn abandon(&self) {}
}

/// What the cancellation of a client wakes: its operations that wait end at once.
pub(super) struct WakeQueue(pub(super) std::sync::Weak<Shared>);

impl Wake for WakeQueue {
    fn wake(&self) {
        if let Some(shared) = self.0.upgrade() {
            shared.finish_ended();
        }
    }
}

pub(super) fn wake_of(shared: &Arc<Shared>) -> Arc<dyn Wake> {
    Arc::new(WakeQueue(Arc::downgrade(shared)))
}
