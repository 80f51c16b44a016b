//! A completion queue: calls that run on threads of the queue, and what happened as events.
//!
//! A program with an event loop watches [`Queue::descriptor`] and takes events; it never waits for the server. Each
//! operation is a call with the time limit of its client, which begins when the operation is started.

mod descriptor;
mod event;
mod incoming;
mod shared;
mod start;
mod state;
mod worker;

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::base::error::Error;
use crate::client::fork::ForkGuard;
use crate::client::queue::shared::Shared;
pub use event::{DeferredReply, Event, EventKind};

/// The most threads that may be asked for.
const THREADS_LIMIT: u32 = 1024;

/// Calls that run without blocking the program, and their results as events. It serves any number of clients, and its
/// methods may be called from any thread.
///
/// A forked child has an empty queue with a descriptor of its own.
pub struct Queue(Arc<ForkGuard<Shared>>);

impl Queue {
    /// An empty queue of 8 threads and 1024 operations at most. No thread is started yet.
    ///
    /// # Errors
    /// [`Error::Internal`] when the process has no descriptor left.
    pub fn new() -> Result<Queue, Error> {
        Ok(Queue(Arc::new(ForkGuard::new(Shared::new()?))))
    }

    fn shared(&self) -> Arc<Shared> {
        self.0.current(Shared::of_child)
    }

    /// How many calls may run at once, 1 to 1024. Threads that are running stay.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for another number.
    pub fn set_threads(&self, most: u32) -> Result<(), Error> {
        if most == 0 || most > THREADS_LIMIT {
            return Err(Error::InvalidArgument(format!("the number of threads is not 1 to {THREADS_LIMIT}: {most}")));
        }
        self.shared().set_threads(most as usize);
        Ok(())
    }

    /// How many operations may be under way: those whose event has not been taken.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for 0.
    pub fn set_limit(&self, most: u32) -> Result<(), Error> {
        if most == 0 {
            return Err(Error::InvalidArgument("a limit of 0 operations would refuse every operation".to_owned()));
        }
        self.shared().set_limit(most as usize);
        Ok(())
    }

    /// A descriptor that is readable while there is an event: for poll and its like, never to be read, written or closed.
    /// -1 where there is none (Windows, or a forked child without a descriptor left).
    pub fn descriptor(&self) -> i32 {
        self.shared().descriptor()
    }

    /// The next event. Waits at most for `timeout`; `None`: as long as it takes.
    pub fn next(&self, timeout: Option<Duration>) -> Option<Event> {
        self.shared().next(timeout.and_then(|timeout| Instant::now().checked_add(timeout)))
    }

    /// Operations whose event has not been taken.
    pub fn pending(&self) -> usize {
        self.shared().pending()
    }

    /// Notifications that were dropped, so far, because 1024 had not been taken.
    pub fn lost(&self) -> u64 {
        self.shared().lost()
    }

    /// Ends an operation with [`Error::Cancelled`], 0: all. An unknown number is ignored. The event comes all the same.
    pub fn cancel(&self, operation: u64) {
        self.shared().cancel(operation);
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        if let Some(shared) = self.0.own() {
            shared.close();
        }
    }
}
