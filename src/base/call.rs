//! One call of the API: its deadline, and whether somebody has cancelled it.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::base::error::Error;

/// How often a wait that nothing can interrupt looks whether its call was cancelled.
pub(crate) const CANCEL_POLL: Duration = Duration::from_millis(20);

/// What a thread waits on, and a cancellation must interrupt.
pub(crate) trait Wake: Send + Sync {
    /// Makes each thread that waits look at its call again.
    fn wake(&self);
}

/// Counts the cancellations of a client: a call is cancelled when the count has moved since it began.
#[derive(Default)]
pub(crate) struct Cancellations {
    count: AtomicU64,
    /// What the threads of its calls wait on now, one entry for each thread.
    waits: Mutex<Vec<Arc<dyn Wake>>>,
}

impl Cancellations {
    pub(crate) fn cancel_all(&self) {
        self.count.fetch_add(1, Ordering::SeqCst);
        let waits = self.waits().clone();
        waits.iter().for_each(|wait| wait.wake());
    }

    fn waits(&self) -> MutexGuard<'_, Vec<Arc<dyn Wake>>> {
        self.waits.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Cancellations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Cancellations").field(&self.count).finish()
    }
}

/// Held by a thread that waits on something a cancellation interrupts.
pub(crate) struct Woken {
    cancellations: Arc<Cancellations>,
    wait: Arc<dyn Wake>,
}

impl Drop for Woken {
    fn drop(&mut self) {
        let mut waits = self.cancellations.waits();
        if let Some(own) = waits.iter().position(|wait| Arc::ptr_eq(wait, &self.wait)) {
            waits.swap_remove(own);
        }
    }
}

/// The limits of one call, carried through everything that it does.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    deadline: Option<Instant>,
    timeout: Option<Duration>,
    connect_timeout: Option<Duration>,
    /// When the connection that is being opened must be there.
    open_by: Option<Instant>,
    cancellations: Arc<Cancellations>,
    seen: u64,
}

impl Call {
    pub(crate) fn new(timeout: Option<Duration>, cancellations: &Arc<Cancellations>) -> Call {
        Call {
            deadline: timeout.and_then(|timeout| Instant::now().checked_add(timeout)),
            timeout,
            connect_timeout: None,
            open_by: None,
            cancellations: cancellations.clone(),
            seen: cancellations.count.load(Ordering::SeqCst),
        }
    }

    /// The same call with a limit for making a connection.
    pub(crate) fn connecting_within(self, connect_timeout: Option<Duration>) -> Call {
        Call { connect_timeout, ..self }
    }

    /// The same call while it opens a connection, which has a limit of its own.
    pub(crate) fn opening(&self) -> Call {
        let open_by = self.connect_timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        Call { open_by, ..self.clone() }
    }

    /// The same call once the connection is there.
    pub(crate) fn opened(&self) -> Call {
        Call { open_by: None, ..self.clone() }
    }

    /// A call with a deadline of its own that is cancelled when this one is.
    pub(crate) fn within(&self, timeout: Option<Duration>) -> Call {
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        Call { deadline, timeout, ..self.clone() }
    }

    /// The same call for a step of it that may take no longer than this.
    pub(crate) fn at_most(&self, limit: Option<Duration>) -> Call {
        let end = limit.and_then(|limit| Instant::now().checked_add(limit));
        match (end, self.deadline) {
            (Some(end), deadline) if deadline.is_none_or(|deadline| end < deadline) => self.within(limit),
            _ => self.clone(),
        }
    }

    pub(crate) fn has_deadline(&self) -> bool {
        self.deadline.is_some()
    }

    /// Has `wait` woken when the call is cancelled, until the result is dropped. To be called before looking whether the
    /// call is over.
    pub(crate) fn wake_when_cancelled(&self, wait: Arc<dyn Wake>) -> Woken {
        self.cancellations.waits().push(wait.clone());
        Woken { cancellations: self.cancellations.clone(), wait }
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancellations.count.load(Ordering::SeqCst) != self.seen
    }

    /// The time left, `None` when there is no deadline; an error when the call is over.
    pub(crate) fn remaining(&self) -> Result<Option<Duration>, Error> {
        if self.is_cancelled() {
            return Err(Error::Cancelled);
        }
        let left = time_left(self.deadline).map_err(|()| self.timed_out())?;
        match time_left(self.open_by) {
            Ok(None) => Ok(left),
            Ok(Some(sooner)) => Ok(Some(left.map_or(sooner, |left| left.min(sooner)))),
            Err(()) => Err(self.not_opened()),
        }
    }

    /// Waits, unless the call ends before.
    pub(crate) fn sleep(&self, duration: Duration) -> Result<(), Error> {
        let end = Instant::now() + duration;
        loop {
            let left = self.remaining()?.unwrap_or(duration);
            let pause = end.saturating_duration_since(Instant::now()).min(left).min(CANCEL_POLL);
            if pause.is_zero() {
                return Ok(());
            }
            std::thread::sleep(pause);
        }
    }

    fn not_opened(&self) -> Error {
        let limit = self.connect_timeout.unwrap_or_default().as_millis();
        Error::Timeout(format!("no connection was made within {limit} ms"))
    }

    /// The error of a call whose deadline has passed.
    pub(crate) fn timed_out(&self) -> Error {
        Error::Timeout(match self.timeout {
            Some(timeout) => format!("no complete answer within {} ms", timeout.as_millis()),
            None => "no complete answer in time".to_owned(),
        })
    }
}

/// The time until then, which is never zero; an error when it has come.
fn time_left(end: Option<Instant>) -> Result<Option<Duration>, ()> {
    let Some(end) = end else { return Ok(None) };
    let left = end.saturating_duration_since(Instant::now());
    if left.is_zero() { Err(()) } else { Ok(Some(left)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cancelling_ends_calls_that_began_before() {
        let cancellations = Arc::new(Cancellations::default());
        let before = Call::new(None, &cancellations);
        cancellations.cancel_all();
        let after = Call::new(None, &cancellations);
        assert!(matches!(before.remaining(), Err(Error::Cancelled)));
        assert!(after.remaining().is_ok());
    }

    #[test]
    fn a_part_of_a_call_is_cancelled_with_it() {
        let cancellations = Arc::new(Cancellations::default());
        let whole = Call::new(None, &cancellations);
        cancellations.cancel_all();
        assert!(matches!(whole.within(Some(Duration::from_secs(1))).remaining(), Err(Error::Cancelled)));
    }

    #[test]
    fn a_step_of_a_call_ends_with_it_or_before() {
        let call = Call::new(Some(Duration::from_secs(60)), &Arc::default());
        assert!(call.at_most(Some(Duration::from_secs(1))).remaining().unwrap() <= Some(Duration::from_secs(1)));
        assert!(call.at_most(Some(Duration::from_secs(90))).remaining().unwrap() <= Some(Duration::from_secs(60)));
        assert!(call.at_most(None).remaining().unwrap() <= Some(Duration::from_secs(60)));
    }

    #[test]
    fn a_passed_deadline_is_a_timeout() {
        let call = Call::new(Some(Duration::ZERO), &Arc::default());
        assert!(matches!(call.remaining(), Err(Error::Timeout(_))));
    }

    #[test]
    fn opening_a_connection_has_a_limit_of_its_own() {
        let call = Call::new(Some(Duration::from_secs(60)), &Arc::default());
        let call = call.connecting_within(Some(Duration::ZERO));
        assert!(call.remaining().is_ok());
        let opening = call.opening();
        assert!(matches!(opening.remaining(), Err(Error::Timeout(reason)) if reason.contains("no connection")));
        assert!(opening.opened().remaining().is_ok());
        let later = call.connecting_within(Some(Duration::from_secs(5))).opening();
        assert!(later.remaining().unwrap().unwrap() <= Duration::from_secs(5));
    }
}
