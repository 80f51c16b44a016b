//! Bounded queues of work, and the threads that take it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};

use crate::base::threads::Threads;

/// What is done with a piece of work; `false` when no more is to be done.
pub(crate) type Worker<T> = Arc<dyn Fn(T) -> bool + Send + Sync>;

/// Threads start when work arrives, and another one while all are busy.
pub(crate) struct WorkQueue<T> {
    name: &'static str,
    most_waiting: usize,
    most_workers: usize,
    workers: usize,
    work: Worker<T>,
    /// Made when work arrives: its room is taken at once.
    queue: Option<Queue<T>>,
    /// How many pieces of work wait or are being done.
    unfinished: Arc<AtomicUsize>,
}

struct Queue<T> {
    sender: SyncSender<T>,
    receiver: Arc<Mutex<Receiver<T>>>,
}

impl<T: Send + 'static> WorkQueue<T> {
    /// `name` is that of its threads, after `mcpclient-`.
    pub(crate) fn new(name: &'static str, most_waiting: usize, most_workers: usize, work: Worker<T>) -> WorkQueue<T> {
        WorkQueue { name, most_waiting, most_workers, workers: 0, work, queue: None, unfinished: Arc::default() }
    }

    /// Hands work to a thread. Gives it back when too much waits, or no thread can be started.
    pub(crate) fn push(&mut self, piece: T, threads: &Threads) -> Result<(), T> {
        let queue = self.queue.get_or_insert_with(|| {
            let (sender, receiver) = mpsc::sync_channel(self.most_waiting);
            Queue { sender, receiver: Arc::new(Mutex::new(receiver)) }
        });
        if self.workers < self.most_workers && self.unfinished.load(Ordering::SeqCst) >= self.workers {
            let work = worker(self.work.clone(), queue.receiver.clone(), self.unfinished.clone());
            self.workers += usize::from(threads.spawn(self.name, work).is_ok());
        }
        if self.workers == 0 {
            return Err(piece);
        }
        self.unfinished.fetch_add(1, Ordering::SeqCst);
        queue.sender.try_send(piece).map_err(|refused| {
            self.unfinished.fetch_sub(1, Ordering::SeqCst);
            let (mpsc::TrySendError::Full(piece) | mpsc::TrySendError::Disconnected(piece)) = refused;
            piece
        })
    }
}

fn worker<T: Send + 'static>(
    work: Worker<T>,
    receiver: Arc<Mutex<Receiver<T>>>,
    unfinished: Arc<AtomicUsize>,
) -> impl FnOnce() + Send {
    move || {
        // One thread waits for the next piece, the others for their turn to wait.
        let next = || receiver.lock().unwrap_or_else(PoisonError::into_inner).recv().ok();
        while let Some(piece) = next() {
            // A handler that panics ends neither the thread nor the count.
            let goes_on = catch_unwind(AssertUnwindSafe(|| work(piece))).unwrap_or(true);
            unfinished.fetch_sub(1, Ordering::SeqCst);
            if !goes_on {
                break;
            }
        }
    }
}
