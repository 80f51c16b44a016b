//! The threads that the library starts: named, without signals of the host, joined in the end.

use std::io;
use std::sync::{Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use nix::sys::signal::{SigSet, SigmaskHow, Signal};

use crate::base::platform::Uncancellable;

/// Raised by what the running thread itself does. Blocked, they would end the process before the host's crash handler
/// runs, and a fault in a callback would leave no report.
const SYNCHRONOUS: [Signal; 6] =
    [Signal::SIGSEGV, Signal::SIGBUS, Signal::SIGFPE, Signal::SIGILL, Signal::SIGTRAP, Signal::SIGSYS];
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
        // The mask is inherited, so that there is no moment in which the new thread could take a signal.
        let before = blocked_signals().thread_swap_mask(SigmaskHow::SIG_SETMASK)?;
        let started = thread::Builder::new().name(format!("mcpclient-{name}")).stack_size(STACK_BYTES).spawn(work);
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

fn blocked_signals() -> SigSet {
    let mut signals = SigSet::all();
    SYNCHRONOUS.into_iter().for_each(|signal| signals.remove(signal));
    signals
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn threads_block_the_hosts_signals_and_the_caller_is_left_as_it_was() {
        let before = SigSet::thread_get_mask().unwrap();
        let threads = Threads::default();
        let (sender, receiver) = mpsc::channel();
        threads.spawn("test", move || sender.send(SigSet::thread_get_mask().unwrap()).unwrap()).unwrap();
        let mask = receiver.recv().unwrap();
        for signal in Signal::iterator().filter(|signal| !matches!(signal, Signal::SIGKILL | Signal::SIGSTOP)) {
            assert_eq!(mask.contains(signal), !SYNCHRONOUS.contains(&signal), "{signal}");
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
