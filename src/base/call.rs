//! The context of one API call: its limits, and what cancels it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::value::RawValue;

use crate::base::alarm::Alarm;
use crate::base::cancel::{CancelCount, CancelEpoch, Wake, WakeGuard, Watched};
use crate::base::error::Error;

/// How often a wait that cannot be interrupted checks for cancellation.
pub(crate) const CANCEL_POLL: Duration = Duration::from_millis(20);

/// The limits that a caller sets for its calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    /// For the whole call; `None`: no limit.
    pub(crate) timeout: Option<Duration>,
    /// For opening one connection; `None`: as long as the call.
    pub(crate) connect_timeout: Option<Duration>,
    /// Decoded bytes of one response.
    pub(crate) max_response_bytes: u64,
    /// Whether each progress notification starts `timeout` anew.
    pub(crate) restarts_on_progress: bool,
    /// For the whole call even then; `None`: no limit.
    pub(crate) longest: Option<Duration>,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            timeout: Some(Duration::from_secs(30)),
            connect_timeout: Some(Duration::from_secs(10)),
            max_response_bytes: 64 * 1024 * 1024,
            restarts_on_progress: false,
            longest: Some(Duration::from_secs(600)),
        }
    }
}

/// Called with the progress of a call: how far it is, the total if known, and a message.
pub type ProgressHandler = Arc<dyn Fn(f64, Option<f64>, Option<&str>) + Send + Sync>;

/// What the requests of a call carry, and who receives their progress.
#[derive(Clone, Default)]
pub(crate) struct Attachments {
    pub(crate) progress: Option<ProgressHandler>,
    /// Members of `_meta`.
    pub(crate) meta: BTreeMap<String, Box<RawValue>>,
}

impl fmt::Debug for Attachments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attachments").field("meta", &self.meta.keys()).finish_non_exhaustive()
    }
}

/// The time of a call whose deadline progress moves.
#[derive(Debug)]
struct Restarts {
    begun: Instant,
    /// Milliseconds after `begun` of the latest progress.
    latest_ms: AtomicU64,
}

/// The context of a call: its deadline, its limits and its cancellation. Passed to everything that the call does.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    limits: Limits,
    deadline: Option<Instant>,
    restarts: Option<Arc<Restarts>>,
    /// When the connection that is being opened must be open.
    open_by: Option<Instant>,
    cancellation: Arc<CancelEpoch>,
    /// The count of `cancellation`.
    client: Watched,
    scope: Option<Watched>,
    operation: Option<Watched>,
    attachments: Option<Arc<Attachments>>,
    /// How many milliseconds a person was waited for, which do not count. Shared by all parts of the call; only calls
    /// that may have to wait so have it.
    paused: Option<Arc<AtomicU64>>,
    discards_result: bool,
}

impl Call {
    /// A call that begins now.
    pub(crate) fn new(limits: Limits, cancellation: &Arc<CancelEpoch>) -> Call {
        let restarts = limits
            .restarts_on_progress
            .then(|| Arc::new(Restarts { begun: Instant::now(), latest_ms: AtomicU64::new(0) }));
        Call {
            limits,
            deadline: deadline(limits.timeout),
            restarts,
            open_by: None,
            cancellation: cancellation.clone(),
            client: Watched::new(cancellation.count()),
            scope: None,
            operation: None,
            attachments: None,
            paused: None,
            discards_result: false,
        }
    }

    /// The same call when it may have to wait for a person.
    pub(crate) fn with_pauses(self) -> Call {
        Call { paused: Some(Arc::default()), ..self }
    }

    /// A person was waited for: the deadline moves.
    pub(crate) fn add_pause(&self, pause: Duration) {
        if let Some(paused) = &self.paused {
            paused.fetch_add(u64::try_from(pause.as_millis()).unwrap_or(u64::MAX), Ordering::SeqCst);
        }
    }

    fn pause(&self) -> Duration {
        self.paused.as_ref().map_or(Duration::ZERO, |paused| Duration::from_millis(paused.load(Ordering::SeqCst)))
    }

    /// A call of the library's own that only its deadline ends.
    pub(crate) fn with_timeout(timeout: Duration) -> Call {
        Call::new(Limits { timeout: Some(timeout), ..Limits::default() }, &Arc::default())
    }

    /// A call without time limits that `cancellation` ends.
    pub(crate) fn until_cancelled(cancellation: &Arc<CancelEpoch>) -> Call {
        let limits = Limits { timeout: None, connect_timeout: None, ..Limits::default() };
        Call::new(limits, cancellation)
    }

    /// The same call as one of a scope, which `count` cancels too.
    pub(crate) fn of_scope(self, count: &Arc<CancelCount>) -> Call {
        Call { scope: Some(Watched::new(count)), ..self }
    }

    /// The same call as an operation that `count` cancels too.
    pub(crate) fn of_operation(self, count: &Arc<CancelCount>) -> Call {
        Call { operation: Some(Watched::new(count)), ..self }
    }

    /// The same call with attachments for its requests.
    pub(crate) fn attaching(self, attachments: Option<Arc<Attachments>>) -> Call {
        Call { attachments, ..self }
    }

    /// The same call for a request of whose result only the kind counts: it is checked, and not kept.
    pub(crate) fn discarding_result(&self) -> Call {
        Call { discards_result: true, ..self.clone() }
    }

    pub(crate) fn discards_result(&self) -> bool {
        self.discards_result
    }

    /// The same call without attachments, for what may outlive it.
    pub(crate) fn detached(&self) -> Call {
        Call { attachments: None, ..self.clone() }
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
        // All pauses are added to a deadline, so those that have been are taken off.
        let deadline = deadline(limits.timeout).map(|end| end.checked_sub(self.pause()).unwrap_or(end));
        Call { limits, deadline, restarts: None, ..self.clone() }
    }

    /// The same call for a step that may take at most `limit`.
    pub(crate) fn at_most(&self, limit: Option<Duration>) -> Call {
        match (deadline(limit), self.deadline()) {
            (Some(end), own) if own.is_none_or(|own| end < own) => {
                self.within(Limits { timeout: limit, ..self.limits })
            }
            _ => self.clone(),
        }
    }

    /// The same call for a step that has another time limit, longer perhaps.
    pub(crate) fn for_at_most(&self, limit: Duration) -> Call {
        self.within(Limits { timeout: Some(limit), ..self.limits })
    }

    /// The same call for a response of at most that many bytes.
    pub(crate) fn with_max_response_bytes(&self, bytes: u64) -> Call {
        Call { limits: Limits { max_response_bytes: bytes, ..self.limits }, ..self.clone() }
    }

    pub(crate) fn has_deadline(&self) -> bool {
        self.deadline.is_some()
    }

    /// The most decoded bytes that one response may have.
    pub(crate) fn max_response_bytes(&self) -> u64 {
        self.limits.max_response_bytes
    }

    pub(crate) fn attachments(&self) -> Option<&Arc<Attachments>> {
        self.attachments.as_ref()
    }

    /// Whether progress of the call's requests has a receiver, or moves the deadline.
    pub(crate) fn wants_progress(&self) -> bool {
        self.restarts.is_some() || self.attachments.as_ref().is_some_and(|attached| attached.progress.is_some())
    }

    /// Starts the time limit anew, if the caller wants that, because the server reported progress.
    pub(crate) fn restart(&self) {
        if let Some(restarts) = &self.restarts {
            let elapsed = u64::try_from(restarts.begun.elapsed().as_millis()).unwrap_or(u64::MAX);
            restarts.latest_ms.fetch_max(elapsed, Ordering::SeqCst);
        }
    }

    fn deadline(&self) -> Option<Instant> {
        let end = match (&self.restarts, self.limits.timeout) {
            (Some(restarts), Some(timeout)) => {
                let latest = Duration::from_millis(restarts.latest_ms.load(Ordering::SeqCst));
                let after = latest.saturating_add(timeout);
                restarts.begun.checked_add(self.limits.longest.map_or(after, |longest| after.min(longest)))
            }
            _ => self.deadline,
        };
        end.and_then(|end| end.checked_add(self.pause()))
    }

    /// Has `wait` woken when the call is cancelled, until the result is dropped. To be called before checking whether the
    /// call has ended.
    pub(crate) fn wake_when_cancelled(&self, wait: Arc<dyn Wake>) -> WakeGuard {
        WakeGuard::new(&self.cancellation, wait)
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        let is_cancelled = |watched: &Option<Watched>| watched.as_ref().is_some_and(Watched::is_cancelled);
        self.client.is_cancelled() || is_cancelled(&self.scope) || is_cancelled(&self.operation)
    }

    /// The time left, `None` when there is no deadline; an error when the call has ended.
    pub(crate) fn remaining(&self) -> Result<Option<Duration>, Error> {
        if self.is_cancelled() {
            return Err(Error::Cancelled);
        }
        let left = time_left(self.deadline()).map_err(|()| self.timed_out())?;
        match time_left(self.open_by) {
            Ok(None) => Ok(left),
            Ok(Some(sooner)) => Ok(Some(left.map_or(sooner, |left| left.min(sooner)))),
            Err(()) => Err(self.not_opened()),
        }
    }

    /// Waits; an error when the call ends before.
    pub(crate) fn sleep(&self, duration: Duration) -> Result<(), Error> {
        let end = Instant::now() + duration;
        let alarm = Arc::new(Alarm::default());
        let _guard = self.wake_when_cancelled(alarm.clone());
        loop {
            let remaining = self.remaining()?;
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            alarm.wait(remaining.map_or(left, |remaining| remaining.min(left)));
        }
    }

    fn not_opened(&self) -> Error {
        let limit = self.limits.connect_timeout.unwrap_or_default().as_millis();
        Error::Timeout(format!("no connection was made within {limit} ms"))
    }

    /// The error of a call whose deadline has passed.
    pub(crate) fn timed_out(&self) -> Error {
        let limit = match &self.restarts {
            Some(restarts) if restarts.latest_ms.load(Ordering::SeqCst) > 0 => {
                let elapsed = restarts.begun.elapsed();
                self.limits.longest.filter(|longest| elapsed >= *longest).or(self.limits.timeout)
            }
            _ => self.limits.timeout,
        };
        Error::Timeout(match limit {
            Some(limit) => format!("no complete response within {} ms", limit.as_millis()),
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
    fn a_scope_and_an_operation_cancel_their_own_calls_alone() {
        let epoch = Arc::new(CancelEpoch::default());
        let (scope, operation) = (Arc::new(CancelCount::default()), Arc::new(CancelCount::default()));
        let plain = Call::until_cancelled(&epoch);
        let scoped = plain.clone().of_scope(&scope);
        let single = scoped.clone().of_operation(&operation);
        operation.advance();
        assert_eq!([&plain, &scoped, &single].map(Call::is_cancelled), [false, false, true]);
        scope.advance();
        assert_eq!([&plain, &scoped, &single].map(Call::is_cancelled), [false, true, true]);
        assert!(!Call::until_cancelled(&epoch).of_scope(&scope).is_cancelled());
        epoch.cancel_all();
        assert_eq!([&plain, &scoped, &single].map(Call::is_cancelled), [true, true, true]);
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
    fn progress_moves_the_deadline_up_to_the_longest_time() {
        let limits = Limits {
            timeout: Some(2 * SECOND),
            restarts_on_progress: true,
            longest: Some(3 * SECOND),
            ..Limits::default()
        };
        let call = Call::new(limits, &Arc::default());
        let part = call.clone();
        assert!(call.wants_progress());
        std::thread::sleep(Duration::from_millis(30));
        call.restart();
        assert!(part.remaining().unwrap().unwrap() > Duration::from_millis(1980));
        call.restarts.as_ref().unwrap().latest_ms.store(2900, Ordering::SeqCst);
        assert!(part.remaining().unwrap().unwrap() <= 3 * SECOND);

        let fixed = Call::with_timeout(2 * SECOND);
        std::thread::sleep(Duration::from_millis(30));
        fixed.restart();
        assert!(!fixed.wants_progress() && fixed.remaining().unwrap().unwrap() < Duration::from_millis(1980));
    }

    #[test]
    fn waiting_for_a_person_moves_the_deadline_of_all_parts() {
        let call = Call::with_timeout(5 * SECOND).with_pauses();
        let before = call.at_most(Some(SECOND));
        call.add_pause(60 * SECOND);
        let after = call.at_most(Some(SECOND));
        let left = |call: &Call| call.remaining().unwrap().unwrap();
        assert!(left(&call) > 60 * SECOND);
        assert!(left(&before) > 59 * SECOND);
        assert!(left(&after) <= SECOND);
        let other = Call::with_timeout(5 * SECOND);
        other.add_pause(60 * SECOND);
        assert!(left(&other) <= 5 * SECOND);
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
