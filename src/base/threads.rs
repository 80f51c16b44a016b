//! The threads that the library starts: named, deaf to signals, joined in the end.

use std::io;
use std::sync::{Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use nix::sys::signal::{SigSet, SigmaskHow};

/// The threads of one client.
#[derive(Debug, Default)]
pub(crate) struct Threads(Mutex<Vec<JoinHandle<()>>>);

impl Threads {
    /// Starts a thread named `mcpclient-<name>` that handles no signal: those are the host's.
    pub(crate) fn spawn(&self, name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
        // The mask is inherited, so that there is no moment in which the new thread could take a signal.
        let before = SigSet::all().thread_swap_mask(SigmaskHow::SIG_SETMASK)?;
        let started = thread::Builder::new().name(format!("mcpclient-{name}")).spawn(work);
        before.thread_set_mask()?;
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
    fn threads_block_every_signal_and_the_caller_is_left_as_it_was() {
        let before = SigSet::thread_get_mask().unwrap();
        let threads = Threads::default();
        let (sender, receiver) = mpsc::channel();
        threads.spawn("test", move || sender.send(SigSet::thread_get_mask().unwrap()).unwrap()).unwrap();
        let mask = receiver.recv().unwrap();
        for signal in [nix::sys::signal::SIGALRM, nix::sys::signal::SIGTERM, nix::sys::signal::SIGUSR1] {
            assert!(mask.contains(signal));
        }
        assert_eq!(SigSet::thread_get_mask().unwrap(), before);
        threads.join(Duration::from_secs(1));
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
