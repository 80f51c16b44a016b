//! The threads that the library starts: named, without signals of the host, joined in the end.

use std::io;
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::base::foreign::Gate;
use crate::base::lock::{Guard, lock};
use crate::base::platform::{self, Uncancellable};

/// Callbacks run on these threads. Set here, since std reads RUST_MIN_STACK otherwise.
const STACK_BYTES: usize = 2 * 1024 * 1024;

/// The threads of one client.
#[derive(Debug, Default)]
pub(crate) struct Threads {
    state: Mutex<State>,
    /// For the handlers that run on them.
    handlers: Arc<Gate>,
}

#[derive(Debug, Default)]
struct State {
    started: Vec<Started>,
    next: u64,
}

#[derive(Debug)]
struct Started {
    number: u64,
    handle: JoinHandle<()>,
}

impl Threads {
    /// Starts a thread named `mcpclient-<name>`. It takes no signal that is sent to the process: those are the host's.
    pub(crate) fn spawn(&self, name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
        let handlers = self.handlers.clone();
        let work = move || {
            handlers.adopt_thread();
            let _uncancellable = Uncancellable::begin();
            work();
        };
        let thread = thread::Builder::new().name(format!("mcpclient-{name}")).stack_size(STACK_BYTES);
        // With the lock, so that the thread finds itself in the list.
        let mut state = self.state();
        let handle = platform::with_signals_blocked(|| thread.spawn(work))??;
        state.started.retain(|started| !started.handle.is_finished());
        let number = state.next;
        state.next += 1;
        state.started.push(Started { number, handle });
        Ok(())
    }

    fn state(&self) -> Guard<'_, State> {
        lock(&self.state)
    }

    /// How many threads have been started so far.
    pub(crate) fn count(&self) -> u64 {
        self.state().next
    }

    /// Whether this thread is one of them, and was started when there had been that many.
    pub(crate) fn has_started_since(&self, count: u64) -> bool {
        let own = thread::current().id();
        self.state().started.iter().any(|started| started.number >= count && started.handle.thread().id() == own)
    }

    /// Lets no handler begin on a thread of this client any more, and waits until the running ones have returned.
    pub(crate) fn end_handlers(&self) {
        self.handlers.close();
    }

    /// Whether the present thread is one of this client's.
    pub(crate) fn has_this_thread(&self) -> bool {
        self.handlers.has_this_thread()
    }

    /// Waits for the threads to end, no longer than `limit`: a name service that does not answer holds its thread.
    pub(crate) fn join(&self, limit: Duration) {
        let end = Instant::now() + limit;
        let started = std::mem::take(&mut self.state().started);
        for thread in started.into_iter().map(|started| started.handle) {
            if thread.thread().id() == thread::current().id() {
                continue; // closed from a callback on this very thread
            }
            while !thread.is_finished() && Instant::now() < end {
                thread::sleep(Duration::from_millis(1));
            }
            if thread.is_finished() {
                // A panic there was reported by the panic hook; it cannot be returned from here.
                let _ = thread.join();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn a_thread_knows_when_it_was_started() {
        let threads = std::sync::Arc::new(Threads::default());
        assert!(!threads.has_started_since(0), "this is not one of them");
        for number in 0..3 {
            assert_eq!(threads.count(), number);
            let (sender, receiver) = mpsc::channel();
            let own = threads.clone();
            threads
                .spawn("test", move || {
                    sender.send([0, number, number + 1].map(|count| own.has_started_since(count))).unwrap()
                })
                .unwrap();
            assert_eq!(receiver.recv().unwrap(), [true, true, false]);
        }
    }

    #[test]
    fn joining_is_bounded() {
        let threads = Threads::default();
        let (sender, receiver) = mpsc::channel::<()>();
        threads
            .spawn("test", move || {
                let _ = receiver.recv();
            })
            .unwrap();
        let start = Instant::now();
        threads.join(Duration::from_millis(30));
        assert!(start.elapsed() < Duration::from_millis(500));
        drop(sender);
    }
}
