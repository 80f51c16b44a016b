//! Bounded work queues with threads that start when they are needed.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::sync::{Arc, Mutex};

use crate::base::lock::lock;
use crate::base::threads::Threads;

/// Does a piece of work; returns `false` when the thread is to end.
pub(crate) type Worker<T> = Arc<dyn Fn(T) -> bool + Send + Sync>;

/// Threads start when work arrives, and another one while all are busy.
pub(crate) struct WorkQueue<T> {
    name: &'static str,
    max_waiting: usize,
    max_workers: usize,
    workers: usize,
    work: Worker<T>,
    /// Made with the first work: its memory is allocated at once.
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
    pub(crate) fn new(name: &'static str, max_waiting: usize, max_workers: usize, work: Worker<T>) -> WorkQueue<T> {
        WorkQueue { name, max_waiting, max_workers, workers: 0, work, queue: None, unfinished: Arc::default() }
    }

    /// Queues work. Returns it when too much waits, or no thread can be started.
    pub(crate) fn push(&mut self, piece: T, threads: &Threads) -> Result<(), T> {
        let queue = self.queue.get_or_insert_with(|| {
            let (sender, receiver) = mpsc::sync_channel(self.max_waiting);
            Queue { sender, receiver: Arc::new(Mutex::new(receiver)) }
        });
        if self.workers < self.max_workers && self.unfinished.load(Ordering::SeqCst) >= self.workers {
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

impl<T> WorkQueue<T> {
    /// Whether nothing waits or is being done.
    pub(crate) fn is_idle(&self) -> bool {
        self.unfinished.load(Ordering::SeqCst) == 0
    }
}

fn worker<T: Send + 'static>(
    work: Worker<T>,
    receiver: Arc<Mutex<Receiver<T>>>,
    unfinished: Arc<AtomicUsize>,
) -> impl FnOnce() + Send {
    move || {
        // One thread waits for work; the others wait for the lock.
        let next = || lock(&receiver).recv().ok();
        while let Some(piece) = next() {
            // A panic of the handler must not end the thread or break the count.
            let goes_on = catch_unwind(AssertUnwindSafe(|| work(piece))).unwrap_or(true);
            unfinished.fetch_sub(1, Ordering::SeqCst);
            if !goes_on {
                break;
            }
        }
    }
}
