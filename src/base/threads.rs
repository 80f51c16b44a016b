//! The threads that the library starts: named, without signals of the host, joined in the end.

use std::io;
use std::sync::{Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::base::platform::{self, Uncancellable};

/// Callbacks run on these threads. Set here, since std reads RUST_MIN_STACK otherwise.
const STACK_BYTES: usize = 2 * 1024 * 1024;

/// The threads of one client.
#[derive(Debug, Default)]
pub(crate) struct Threads(Mutex<Vec<JoinHandle<()>>>);

impl Threads {
    /// Starts a thread named `mcpclient-<name>`. It takes no signal that is sent to the process: those are the host's.
    pub(crate) fn spawn(&self, name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
        let work = move || {
            let _uncancellable = Uncancellable::begin();
            work();
        };
        let thread = thread::Builder::new().name(format!("mcpclient-{name}")).stack_size(STACK_BYTES);
        let started = platform::with_signals_blocked(|| thread.spawn(work))?;
        let mut threads = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        threads.retain(|thread| !thread.is_finished());
        threads.push(started?);
        Ok(())
    }

    /// Waits for the threads to end, no longer than `limit`: a name service that does not answer holds its thread.
    pub(crate) fn join(&self, limit: Duration) {
        let end = Instant::now() + limit;
        let threads = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            if thread.thread().id() == thread::current().id() {
                continue; // closed from a callback on this very thread
            }
            while !thread.is_finished() && Instant::now() < end {
                thread::sleep(Duration::from_millis(1));
            }
            if thread.is_finished() {
                // A panic there was reported by the panic hook; there is nobody to tell here.
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
