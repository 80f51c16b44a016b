//! The threads of a queue: some run operations, one ends those that wait too long.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::base::error::Error;
use crate::base::lock::wait_timeout;
use crate::client::queue::shared::Shared;
use crate::client::queue::state::Job;

/// A thread without work ends after this time.
const IDLE_LIMIT: Duration = Duration::from_secs(10);

/// Starts a thread if the jobs that wait want one. Fails only when no thread is left to run them.
pub(super) fn ensure_threads(shared: &Arc<Shared>) -> io::Result<()> {
    let wants_thread = {
        let mut state = shared.lock();
        let wants_thread = state.wants_thread();
        state.threads += usize::from(wants_thread);
        wants_thread
    };
    shared.work.notify_one();
    if wants_thread {
        let own = shared.clone();
        if let Err(error) = shared.threads.spawn("queue", move || run_jobs(&own)) {
            let mut state = shared.lock();
            state.threads -= 1;
            if state.threads == 0 {
                return Err(error);
            }
        }
    }
    ensure_timer(shared);
    Ok(())
}

/// Operations that wait for a thread must not outlive their time limit.
fn ensure_timer(shared: &Arc<Shared>) {
    {
        let mut state = shared.lock();
        let is_needed = state.next_deadline().is_some() && state.idle == 0;
        if !is_needed || state.is_timer_running {
            drop(state);
            shared.timer.notify_one();
            return;
        }
        state.is_timer_running = true;
    }
    let own = shared.clone();
    if shared.threads.spawn("queue-timer", move || expire_jobs(&own)).is_err() {
        // Without it, an operation ends when a thread takes it.
        shared.lock().is_timer_running = false;
    }
}

fn run_jobs(shared: &Arc<Shared>) {
    while let Some(job) = take(shared) {
        run(shared, job);
    }
}

/// The next operation; `None`: the thread ends.
fn take(shared: &Shared) -> Option<Job> {
    let mut state = shared.lock();
    let end = Instant::now() + IDLE_LIMIT;
    loop {
        let left = end.saturating_duration_since(Instant::now());
        if state.is_closed || left.is_zero() || state.threads > state.threads_limit {
            state.threads -= 1;
            return None;
        }
        if let Some(job) = state.take_waiting() {
            return Some(job);
        }
        state.idle += 1;
        state = wait_timeout(&shared.work, state, left);
        state.idle -= 1;
    }
}

fn run(shared: &Shared, job: Job) {
    let Job { number, user_data, client, operation, work, wake_guard, cancels: _ } = job;
    drop(wake_guard);
    let result = operation.call.remaining().and_then(|_| {
        catch_unwind(AssertUnwindSafe(|| work(&operation)))
            .unwrap_or_else(|_| Err(Error::Internal("the operation panicked".to_owned())))
    });
    let result = operation.finish(result);
    drop(operation);
    shared.change(|state| state.finish(number, user_data, result));
    // The last handle on a client closes it, which may take a second: the event does not wait for that.
    drop(client);
}

fn expire_jobs(shared: &Shared) {
    let mut state = shared.lock();
    loop {
        let Some(deadline) = state.next_deadline().filter(|_| !state.is_closed) else {
            state.is_timer_running = false;
            return;
        };
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            drop(state);
            shared.finish_ended();
            state = shared.lock();
            continue;
        }
        state = wait_timeout(&shared.timer, state, left);
    }
}
