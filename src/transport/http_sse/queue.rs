//! Messages of the server that wait for their turn, and the threads that take them.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};

use crate::base::threads::Threads;
use crate::transport::ServerMessage;
use crate::transport::http_sse::Delivery;

/// Threads start when something comes, and another one while all are inside a callback.
pub(super) struct WorkQueue {
    name: &'static str,
    most_waiting: usize,
    most_workers: usize,
    workers: usize,
    /// Made when something comes: its room is taken at once.
    queue: Option<Queue>,
    /// How many messages wait or are being handled.
    unfinished: Arc<AtomicUsize>,
}

struct Queue {
    sender: SyncSender<ServerMessage>,
    receiver: Arc<Mutex<Receiver<ServerMessage>>>,
}

impl Queue {
    fn new(most_waiting: usize) -> Queue {
        let (sender, receiver) = mpsc::sync_channel(most_waiting);
        Queue { sender, receiver: Arc::new(Mutex::new(receiver)) }
    }
}

impl WorkQueue {
    pub(super) fn new(name: &'static str, most_waiting: usize, most_workers: usize) -> WorkQueue {
        WorkQueue { name, most_waiting, most_workers, workers: 0, queue: None, unfinished: Arc::default() }
    }

    /// Hands a message to a thread; gives up when too many wait, or no thread is to be had.
    pub(super) fn push(&mut self, unasked: ServerMessage, inbox: &Delivery, threads: &Threads) -> Result<(), ()> {
        let queue = self.queue.get_or_insert_with(|| Queue::new(self.most_waiting));
        if self.workers < self.most_workers && self.unfinished.load(Ordering::SeqCst) >= self.workers {
            let work = worker(inbox.clone(), queue.receiver.clone(), self.unfinished.clone());
            self.workers += usize::from(threads.spawn(self.name, work).is_ok());
        }
        if self.workers == 0 {
            return Err(());
        }
        self.unfinished.fetch_add(1, Ordering::SeqCst);
        queue.sender.try_send(unasked).map_err(|_| {
            self.unfinished.fetch_sub(1, Ordering::SeqCst);
        })
    }
}

fn worker(
    inbox: Delivery,
    receiver: Arc<Mutex<Receiver<ServerMessage>>>,
    unfinished: Arc<AtomicUsize>,
) -> impl FnOnce() + Send {
    move || {
        // One thread waits for the next message, the others for their turn to wait.
        let next = || receiver.lock().unwrap_or_else(PoisonError::into_inner).recv().ok();
        while let Some(unasked) = next().filter(|_| inbox.is_open()) {
            inbox.handle(&unasked);
            unfinished.fetch_sub(1, Ordering::SeqCst);
        }
    }
}
