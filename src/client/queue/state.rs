//! What a queue holds: operations that wait, operations that run, events to be taken. No I/O, no threads.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::base::cancel::{CancelCount, WakeGuard};
use crate::base::error::Error;
use crate::client::Client;
use crate::client::operation::Operation;
use crate::client::queue::event::{Event, EventKind};
use crate::json::Value;

/// Notifications that may wait to be taken.
const NOTIFICATIONS_LIMIT: usize = 1024;
/// Requests of servers that may wait to be taken.
const REQUESTS_LIMIT: usize = 64;

/// What an operation does.
pub(super) type Work = Box<dyn FnOnce(&Operation) -> Result<Option<Value>, Error> + Send>;

/// An operation that was started.
pub(super) struct Job {
    pub(super) number: u64,
    pub(super) user_data: usize,
    pub(super) client: Client,
    pub(super) operation: Operation,
    /// Cancels this operation alone.
    pub(super) cancels: Arc<CancelCount>,
    pub(super) work: Work,
    /// Has the queue check its jobs when the client's calls are cancelled.
    pub(super) wake_guard: WakeGuard,
}

/// A job that a thread is running.
struct Running {
    number: u64,
    client: Client,
    cancels: Arc<CancelCount>,
}

pub(super) struct State {
    pub(super) threads_limit: usize,
    pub(super) operations_limit: usize,
    /// Threads that are running, and those of them that wait for an operation.
    pub(super) threads: usize,
    pub(super) idle: usize,
    pub(super) is_timer_running: bool,
    pub(super) is_closed: bool,
    pub(super) pending: usize,
    pub(super) lost: u64,
    last_number: u64,
    waiting: VecDeque<Job>,
    running: Vec<Running>,
    events: VecDeque<Event>,
    notifications: usize,
    requests: usize,
}

impl State {
    pub(super) fn new() -> State {
        State {
            threads_limit: 8,
            operations_limit: 1024,
            threads: 0,
            idle: 0,
            is_timer_running: false,
            is_closed: false,
            pending: 0,
            lost: 0,
            last_number: 0,
            waiting: VecDeque::new(),
            running: Vec::new(),
            events: VecDeque::new(),
            notifications: 0,
            requests: 0,
        }
    }

    /// The number of a new operation; its place among the events is reserved.
    pub(super) fn admit(&mut self) -> Result<u64, Error> {
        if self.is_closed {
            return Err(Error::InvalidState("the queue is being freed".to_owned()));
        }
        if self.pending >= self.operations_limit {
            let pending = self.pending;
            return Err(Error::InvalidState(format!("{pending} operations are under way: take events first")));
        }
        self.pending += 1;
        self.last_number += 1;
        Ok(self.last_number)
    }

    pub(super) fn wait(&mut self, job: Job) {
        self.waiting.push_back(job);
    }

    /// Takes back a job that no thread can run.
    pub(super) fn withdraw(&mut self, number: u64) -> Option<Job> {
        let at = self.waiting.iter().position(|job| job.number == number)?;
        self.pending -= 1;
        self.waiting.remove(at)
    }

    /// Whether one more thread would find work that no idle thread takes.
    pub(super) fn wants_thread(&self) -> bool {
        self.waiting.len() > self.idle && self.threads < self.threads_limit
    }

    /// The first job that may run now. A client gets at most half of the threads while another one waits, so that a
    /// server that hangs does not stop the others.
    pub(super) fn take_waiting(&mut self) -> Option<Job> {
        let share = (self.threads_limit / 2).max(1);
        let at = (0..self.waiting.len()).find(|at| {
            let client = &self.waiting[*at].client;
            let others_wait = self.waiting.iter().any(|other| !other.client.is_same(client));
            let running = self.running.iter().filter(|running| running.client.is_same(client)).count();
            running < share || !others_wait
        })?;
        let job = self.waiting.remove(at)?;
        self.running.push(Running { number: job.number, client: job.client.share(), cancels: job.cancels.clone() });
        Some(job)
    }

    pub(super) fn finish(&mut self, number: u64, user_data: usize, result: Result<Option<Value>, Error>) {
        self.running.retain(|running| running.number != number);
        self.events.push_back(Event { user_data, kind: EventKind::Done { operation: number, result } });
    }

    /// Ends the jobs that wait and whose call has ended. They are returned to be dropped without the lock.
    pub(super) fn finish_ended(&mut self) -> Vec<Job> {
        let mut ended = Vec::new();
        let mut at = 0;
        while at < self.waiting.len() {
            match self.waiting[at].operation.call.remaining() {
                Ok(_) => at += 1,
                Err(error) => {
                    if let Some(job) = self.waiting.remove(at) {
                        self.finish(job.number, job.user_data, Err(error));
                        ended.push(job);
                    }
                }
            }
        }
        ended
    }

    /// When the next job that waits runs out of time.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        let remaining = |job: &Job| job.operation.call.remaining().unwrap_or(Some(Duration::ZERO));
        let soonest = self.waiting.iter().filter_map(remaining).min()?;
        Instant::now().checked_add(soonest)
    }

    /// Cancels an operation, 0: all; the clients whose threads must be woken.
    pub(super) fn cancel(&self, number: u64) -> Vec<Client> {
        let is_meant = |other: u64| number == 0 || number == other;
        let waiting = self.waiting.iter().filter(|job| is_meant(job.number));
        waiting.for_each(|job| job.cancels.advance());
        let running = self.running.iter().filter(|running| is_meant(running.number));
        running.inspect(|running| running.cancels.advance()).map(|running| running.client.share()).collect()
    }

    /// Without room the notification is dropped and counted.
    pub(super) fn push_notification(&mut self, event: Event) {
        if self.is_closed || self.notifications >= NOTIFICATIONS_LIMIT {
            self.lost += 1;
            return;
        }
        self.notifications += 1;
        self.events.push_back(event);
    }

    /// Gives the event back when there is no room: the server gets an error.
    pub(super) fn push_request(&mut self, event: Event) -> Result<(), Event> {
        if self.is_closed || self.requests >= REQUESTS_LIMIT {
            return Err(event);
        }
        self.requests += 1;
        self.events.push_back(event);
        Ok(())
    }

    pub(super) fn has_events(&self) -> bool {
        !self.events.is_empty()
    }

    pub(super) fn take_event(&mut self) -> Option<Event> {
        let event = self.events.pop_front()?;
        match event.kind {
            EventKind::Done { .. } => self.pending -= 1,
            EventKind::Notification { .. } => self.notifications -= 1,
            EventKind::Request { .. } => self.requests -= 1,
        }
        Some(event)
    }

    /// Everything that is left when the queue is freed, to be dropped without the lock.
    pub(super) fn clear(&mut self) -> (Vec<Job>, Vec<Event>) {
        (self.waiting.drain(..).collect(), self.events.drain(..).collect())
    }
}
