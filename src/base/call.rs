//! The context of one API call: its limits, and whether it has been cancelled.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::base::error::Error;

/// How often a wait that cannot be interrupted checks for cancellation.
pub(crate) const CANCEL_POLL: Duration = Duration::from_millis(20);

/// Something that a thread waits on, which a cancellation must interrupt.
pub(crate) trait Wake: Send + Sync {
    /// Makes each waiting thread check its call again.
    fn wake(&self);
}

/// Counts cancellations. A call is cancelled when the count has changed since the call began.
#[derive(Default)]
pub(crate) struct CancelEpoch {
    count: AtomicU64,
    /// What the threads of its calls wait on now, one entry for each thread.
    waits: Mutex<Vec<Arc<dyn Wake>>>,
}

impl CancelEpoch {
    pub(crate) fn cancel_all(&self) {
        self.count.fetch_add(1, Ordering::SeqCst);
        let waits = self.waits().clone();
        waits.iter().for_each(|wait| wait.wake());
    }

    fn waits(&self) -> MutexGuard<'_, Vec<Arc<dyn Wake>>> {
        self.waits.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for CancelEpoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CancelEpoch").field(&self.count).finish()
    }
}

/// Held by a thread while it waits on something that a cancellation interrupts.
pub(crate) struct WakeGuard {
    cancellation: Arc<CancelEpoch>,
    wait: Arc<dyn Wake>,
}

impl Drop for WakeGuard {
    fn drop(&mut self) {
        let mut waits = self.cancellation.waits();
        if let Some(own) = waits.iter().position(|wait| Arc::ptr_eq(wait, &self.wait)) {
            waits.swap_remove(own);
        }
    }
}

/// The limits that a caller sets for its calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    /// For the whole call; `None`: no limit.
    pub(crate) timeout: Option<Duration>,
    /// For opening one connection; `None`: as long as the call.
    pub(crate) connect_timeout: Option<Duration>,
    /// Decoded bytes of one response.
    pub(crate) max_response_bytes: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            timeout: Some(Duration::from_secs(30)),
            connect_timeout: Some(Duration::from_secs(10)),
            max_response_bytes: 64 * 1024 * 1024,
        }
    }
}

/// The context of a call: its deadline, its limits and its cancellation. Passed to everything that the call does.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    limits: Limits,
    deadline: Option<Instant>,
    /// When the connection that is being opened must be open.
    open_by: Option<Instant>,
    cancellation: Arc<CancelEpoch>,
    /// The count of `cancellation` when the call began.
    begun_at: u64,
}

impl Call {
    /// A call that begins now.
    pub(crate) fn new(limits: Limits, cancellation: &Arc<CancelEpoch>) -> Call {
        Call {
            limits,
            deadline: deadline(limits.timeout),
            open_by: None,
            cancellation: cancellation.clone(),
            begun_at: cancellation.count.load(Ordering::SeqCst),
        }
    }

    /// A call of the library's own that only its deadline ends.
    pub(crate) fn with_timeout(timeout: Duration) -> Call {
        Call::new(Limits { timeout: Some(timeout), ..Limits::default() }, &Arc::default())
    }

    /// A call without deadline and limits that `cancellation` ends.
    pub(crate) fn until_cancelled(cancellation: &Arc<CancelEpoch>) -> Call {
        let limits = Limits { timeout: None, connect_timeout: None, ..Limits::default() };
        Call::new(limits, cancellation)
    }

    /// The same call while it opens a connection, which has a time limit of its own.
    pub(crate) fn opening(&self) -> Call {
        Call { open_by: deadline(self.limits.connect_timeout), ..self.clone() }
    }

    /// The same call once the connection is open.
    pub(crate) fn opened(&self) -> Call {
        Call { open_by: None, ..self.clone() }
    }

    /// A call with limits of its own, which begin now, that is cancelled when this one is.
    pub(crate) fn within(&self, limits: Limits) -> Call {
        Call { limits, deadline: deadline(limits.timeout), ..self.clone() }
    }

    /// The same call for a step that may take at most `limit`.
    pub(crate) fn at_most(&self, limit: Option<Duration>) -> Call {
        match (deadline(limit), self.deadline) {
            (Some(end), own) if own.is_none_or(|own| end < own) => {
                self.within(Limits { timeout: limit, ..self.limits })
            }
            _ => self.clone(),
        }
    }

    pub(crate) fn has_deadline(&self) -> bool {
        self.deadline.is_some()
    }

    /// The most decoded bytes that one response may have.
    pub(crate) fn max_response_bytes(&self) -> u64 {
        self.limits.max_response_bytes
    }

    /// Wakes `wait` when the call is cancelled, until the result is dropped. Call it before checking whether the call has
    /// ended.
    pub(crate) fn wake_when_cancelled(&self, wait: Arc<dyn Wake>) -> WakeGuard {
        self.cancellation.waits().push(wait.clone());
        WakeGuard { cancellation: self.cancellation.clone(), wait }
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancellation.count.load(Ordering::SeqCst) != self.begun_at
    }

    /// The time left, `None` when there is no deadline; an error when the call has ended.
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

    /// Waits; an error when the call ends before.
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
        let limit = self.limits.connect_timeout.unwrap_or_default().as_millis();
        Error::Timeout(format!("no connection was made within {limit} ms"))
    }

    /// The error of a call whose deadline has passed.
    pub(crate) fn timed_out(&self) -> Error {
        Error::Timeout(match self.limits.timeout {
            Some(timeout) => format!("no complete response within {} ms", timeout.as_millis()),
            None => "no complete response in time".to_owned(),
        })
    }
}

fn deadline(timeout: Option<Duration>) -> Option<Instant> {
    timeout.and_then(|timeout| Instant::now().checked_add(timeout))
}

/// The time until `end`, never zero; an error when it has passed.
fn time_left(end: Option<Instant>) -> Result<Option<Duration>, ()> {
    let Some(end) = end else { return Ok(None) };
    let left = end.saturating_duration_since(Instant::now());
    if left.is_zero() { Err(()) } else { Ok(Some(left)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn cancelling_ends_calls_that_began_before() {
        let epoch = Arc::new(CancelEpoch::default());
        let before = Call::until_cancelled(&epoch);
        epoch.cancel_all();
        let after = Call::until_cancelled(&epoch);
        assert!(matches!(before.remaining(), Err(Error::Cancelled)));
        assert!(after.remaining().is_ok());
    }

    #[test]
    fn a_part_of_a_call_is_cancelled_with_it() {
        let epoch = Arc::new(CancelEpoch::default());
        let whole = Call::until_cancelled(&epoch);
        epoch.cancel_all();
        assert!(matches!(whole.within(Limits::default()).remaining(), Err(Error::Cancelled)));
    }

    #[test]
    fn a_step_of_a_call_ends_with_it_or_before() {
        let call = Call::with_timeout(60 * SECOND);
        assert!(call.at_most(Some(SECOND)).remaining().unwrap() <= Some(SECOND));
        assert!(call.at_most(Some(90 * SECOND)).remaining().unwrap() <= Some(60 * SECOND));
        assert!(call.at_most(None).remaining().unwrap() <= Some(60 * SECOND));
    }

    #[test]
    fn a_passed_deadline_is_a_timeout() {
        assert!(matches!(Call::with_timeout(Duration::ZERO).remaining(), Err(Error::Timeout(_))));
    }

    #[test]
    fn opening_a_connection_has_a_limit_of_its_own() {
        let opening_within = |connect_timeout| {
            let limits = Limits { connect_timeout: Some(connect_timeout), ..Limits::default() };
            Call::new(limits, &Arc::default()).opening()
        };
        let opening = opening_within(Duration::ZERO);
        assert!(matches!(opening.remaining(), Err(Error::Timeout(reason)) if reason.contains("no connection")));
        assert!(opening.opened().remaining().is_ok());
        assert!(opening_within(5 * SECOND).remaining().unwrap().unwrap() <= 5 * SECOND);
    }
}
