//! Work that one thread does while the others that need its outcome wait.

use std::sync::{Arc, OnceLock};
use std::thread::{self, ThreadId};

use arc_swap::ArcSwapOption;

use crate::base::call::{CANCEL_POLL, Call};
use crate::base::error::Error;
use crate::base::platform::ForkMark;

/// The work that is being done, if any. It is read without a lock that a fork could orphan.
pub(super) struct SingleFlight<T>(ArcSwapOption<Flight<T>>);

struct Flight<T> {
    mark: ForkMark,
    thread: ThreadId,
    /// `None`: the work ended without an outcome that others can use.
    outcome: OnceLock<Option<T>>,
}

/// What a thread has to do.
pub(super) enum Turn<'a, T> {
    /// The work.
    Lead(Lead<'a, T>),
    /// Nothing more: another thread did the work.
    Follow(Option<T>),
}

impl<T> Default for SingleFlight<T> {
    fn default() -> SingleFlight<T> {
        SingleFlight(ArcSwapOption::empty())
    }
}

impl<T: Clone> SingleFlight<T> {
    /// Takes the lead, or waits for the thread that has it. A callback that gets here again from within its own work is
    /// refused.
    pub(super) fn join(&self, call: &Call) -> Result<Turn<'_, T>, Error> {
        loop {
            let before = self.0.load_full();
            // What a parent process began before a fork is not finished in its child.
            if let Some(flight) = before.as_ref().filter(|flight| flight.mark.is_own()) {
                return flight.wait(call).map(Turn::Follow);
            }
            let (mark, thread) = (ForkMark::new(), thread::current().id());
            let own = Arc::new(Flight { mark, thread, outcome: OnceLock::new() });
            let found = self.0.compare_and_swap(&before, Some(own.clone()));
            if found.as_ref().map(Arc::as_ptr) == before.as_ref().map(Arc::as_ptr) {
                return Ok(Turn::Lead(Lead { flights: self, own }));
            }
        }
    }
}

impl<T: Clone> Flight<T> {
    fn wait(&self, call: &Call) -> Result<Option<T>, Error> {
        if self.thread == thread::current().id() {
            let reason = "the callback uses a client that needs the credentials which it is asked for";
            return Err(Error::InvalidState(reason.to_owned()));
        }
        loop {
            match self.outcome.get() {
                Some(outcome) => return Ok(outcome.clone()),
                None => call.sleep(CANCEL_POLL)?,
            }
        }
    }
}

/// The lead of the thread that does the work; it ends however the work does.
pub(super) struct Lead<'a, T> {
    flights: &'a SingleFlight<T>,
    own: Arc<Flight<T>>,
}

impl<T> Lead<'_, T> {
    /// Tells the waiting threads.
    pub(super) fn finish(self, outcome: T) {
        let _ = self.own.outcome.set(Some(outcome));
    }
}

impl<T> Drop for Lead<'_, T> {
    fn drop(&mut self) {
        // Unless the work was given up, the outcome is there already.
        let _ = self.own.outcome.set(None);
        self.flights.0.compare_and_swap(&Some(self.own.clone()), None);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn call(ms: u64) -> Call {
        Call::with_timeout(Duration::from_millis(ms))
    }

    #[test]
    fn the_others_get_the_outcome_of_the_one_that_leads() {
        let flights = SingleFlight::default();
        let Turn::Lead(lead) = flights.join(&call(5000)).unwrap() else { panic!("no lead") };
        thread::scope(|scope| {
            let followers: Vec<_> = (0..8).map(|_| scope.spawn(|| flights.join(&call(5000)))).collect();
            thread::sleep(Duration::from_millis(50));
            lead.finish(7);
            for follower in followers {
                assert!(matches!(follower.join().unwrap().unwrap(), Turn::Follow(Some(7)) | Turn::Lead(_)));
            }
        });
    }

    #[test]
    fn work_that_is_given_up_leaves_the_lead_to_others() {
        let flights = SingleFlight::<u8>::default();
        let lead = flights.join(&call(5000)).unwrap();
        thread::scope(|scope| {
            let follower = scope.spawn(|| matches!(flights.join(&call(5000)), Ok(Turn::Follow(None) | Turn::Lead(_))));
            thread::sleep(Duration::from_millis(50));
            drop(lead);
            assert!(follower.join().unwrap());
        });
        assert!(matches!(flights.join(&call(5000)), Ok(Turn::Lead(_))));
    }

    #[test]
    fn waiting_ends_with_the_call_and_never_begins_within_the_work() {
        let flights = SingleFlight::<u8>::default();
        let _lead = flights.join(&call(5000)).unwrap();
        assert!(matches!(flights.join(&call(5000)), Err(Error::InvalidState(_))));
        thread::scope(|scope| {
            let waiting = scope.spawn(|| matches!(flights.join(&call(50)), Err(Error::Timeout(_))));
            assert!(waiting.join().unwrap());
        });
    }
}
