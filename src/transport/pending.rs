//! Requests whose responses arrive on a shared channel.

use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use crate::base::call::Call;
use crate::base::cancel::Wake;
use crate::base::error::{Error, RpcError};
use crate::base::lock::{Guard, lock, wait_timeout};
use crate::json::Value;
use crate::transport::invalid::InvalidMessages;

const SESSION_LOST: &str = "the server dropped the session before the response arrived";
/// The longest wait of a call without a deadline; it then waits again.
const MAX_WAIT: Duration = Duration::from_secs(3600);

/// What a caller waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Key {
    /// The response to the request with this id.
    Response(u64),
    /// The acknowledgment of the subscription with this id (2026-07-28, "Subscriptions").
    Acknowledgment(u64),
}

impl Key {
    /// The id of the request.
    pub(crate) fn id(self) -> u64 {
        let (Key::Response(id) | Key::Acknowledgment(id)) = self;
        id
    }
}

/// What has arrived for a caller.
pub(crate) type Outcome = Result<Value, RpcError>;

/// The responses that callers wait for.
#[derive(Default)]
pub(crate) struct Pending {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// `None` until it arrives, and after it was taken.
    waiting: HashMap<Key, Option<Outcome>>,
    /// Messages that were ignored.
    invalid: InvalidMessages,
    /// Why nothing more will arrive.
    ended: Option<End>,
}

/// Why a channel has ended.
#[derive(Debug, Clone)]
pub(crate) enum End {
    Network(String),
    Protocol(String),
    /// The server has dropped the session.
    SessionLost,
}

impl End {
    fn reason(&self) -> &str {
        match self {
            End::Network(reason) | End::Protocol(reason) => reason,
            End::SessionLost => SESSION_LOST,
        }
    }

    fn error(&self) -> Error {
        match self {
            End::Network(reason) => Error::network(reason.clone()),
            End::Protocol(reason) => Error::Protocol(reason.clone()),
            End::SessionLost => Error::session_lost(SESSION_LOST),
        }
    }
}

impl Pending {
    fn state(&self) -> Guard<'_, State> {
        lock(&self.state)
    }

    /// Ends the waiting of all callers, now and later; the first reason is kept.
    pub(crate) fn end(&self, end: End) {
        self.state().ended.get_or_insert(end);
        self.changed.notify_all();
    }

    /// Counts a message that is ignored.
    pub(super) fn add_invalid(&self, reason: String) {
        self.state().invalid.add(reason);
    }

    pub(super) fn invalid(&self) -> InvalidMessages {
        self.state().invalid.clone()
    }

    pub(crate) fn is_open(&self) -> bool {
        self.state().ended.is_none()
    }

    /// Registers a request before it is sent.
    ///
    /// # Errors
    /// [`Error::Network`], marked as not sent, when the channel has ended.
    pub(crate) fn expect(&self, key: Key) -> Result<(), Error> {
        let mut state = self.state();
        match &state.ended {
            Some(end) => Err(Error::not_sent(end.reason())),
            None => {
                state.waiting.insert(key, None);
                Ok(())
            }
        }
    }

    /// Removes a request.
    pub(crate) fn forget(&self, key: Key) {
        self.state().waiting.remove(&key);
    }

    /// The request that an error without an id must belong to: the only one without a response.
    pub(crate) fn only_awaited(&self) -> Option<u64> {
        let state = self.state();
        let mut awaited = state.waiting.iter().filter_map(|(key, outcome)| match (key, outcome) {
            (Key::Response(id), None) => Some(*id),
            _ => None,
        });
        awaited.next().filter(|_| awaited.next().is_none())
    }

    pub(crate) fn is_awaited(&self, key: Key) -> bool {
        self.state().waiting.contains_key(&key)
    }

    /// Stores an outcome for its caller; without a caller it is dropped.
    pub(crate) fn put(&self, key: Key, outcome: Outcome) {
        if let Some(slot) = self.state().waiting.get_mut(&key) {
            *slot = Some(outcome);
            self.changed.notify_all();
        }
    }

    /// Waits for a response, until the call or the channel ends.
    pub(crate) fn wait(self: &Arc<Self>, call: &Call, id: u64) -> Result<Outcome, Error> {
        self.wait_any(call, &[Key::Response(id)]).map(|(_, outcome)| outcome)
    }

    /// Waits for one of these, until the call or the channel ends.
    pub(crate) fn wait_any(self: &Arc<Self>, call: &Call, keys: &[Key]) -> Result<(Key, Outcome), Error> {
        let _woken = call.wake_when_cancelled(self.clone());
        let mut state = self.state();
        loop {
            for key in keys {
                if let Some(outcome) = state.waiting.get_mut(key).and_then(Option::take) {
                    return Ok((*key, outcome));
                }
            }
            let left = call.remaining()?;
            if let Some(end) = &state.ended {
                return Err(end.error());
            }
            state = wait_timeout(&self.changed, state, left.unwrap_or(MAX_WAIT));
        }
    }
}

impl Wake for Pending {
    fn wake(&self) {
        let _state = self.state(); // so that no caller is between checking its call and waiting
        self.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::thread;
    use std::time::Instant;

    use super::*;
    use crate::base::cancel::CancelEpoch;

    fn response(text: &str) -> Outcome {
        Ok(Value::parse(&format!("\"{text}\"")).unwrap())
    }

    #[test]
    fn each_caller_gets_its_own_response() {
        let pending = Arc::new(Pending::default());
        let call = Call::with_timeout(Duration::from_secs(5));
        pending.expect(Key::Response(1)).unwrap();
        pending.expect(Key::Response(2)).unwrap();
        assert_eq!(pending.only_awaited(), None);
        pending.put(Key::Response(2), response("two"));
        pending.put(Key::Response(3), response("not awaited"));
        assert_eq!(pending.only_awaited(), Some(1));
        assert_eq!(pending.wait(&call, 2).unwrap().unwrap().string(""), Some("two"));
        pending.put(Key::Response(1), response("one"));
        let (key, outcome) = pending.wait_any(&call, &[Key::Acknowledgment(1), Key::Response(1)]).unwrap();
        assert_eq!((key, outcome.unwrap().string("")), (Key::Response(1), Some("one")));
        assert!(!pending.is_awaited(Key::Response(3)));
    }

    #[test]
    fn the_first_end_counts_and_what_arrived_before_it_is_handed_over() {
        let pending = Arc::new(Pending::default());
        let call = Call::with_timeout(Duration::from_secs(5));
        pending.expect(Key::Response(1)).unwrap();
        pending.expect(Key::Response(2)).unwrap();
        pending.put(Key::Response(1), response("one"));
        pending.end(End::Protocol("bad".to_owned()));
        pending.end(End::Network("closed".to_owned()));
        assert!(pending.wait(&call, 1).unwrap().is_ok());
        assert!(matches!(pending.wait(&call, 2), Err(Error::Protocol(reason)) if reason == "bad"));
        let refused = pending.expect(Key::Response(3)).unwrap_err();
        assert!(refused.is_not_sent() && refused.to_string() == "bad");
        assert!(!pending.is_open());
    }

    #[test]
    fn a_cancelled_call_is_woken_at_once() {
        let pending = Arc::new(Pending::default());
        let epoch = Arc::new(CancelEpoch::default());
        let call = Call::until_cancelled(&epoch);
        pending.expect(Key::Response(1)).unwrap();
        let waiting = thread::spawn({
            let pending = pending.clone();
            move || pending.wait(&call, 1)
        });
        thread::sleep(Duration::from_millis(20));
        let start = Instant::now();
        epoch.cancel_all();
        assert!(matches!(waiting.join().unwrap(), Err(Error::Cancelled)));
        assert!(start.elapsed() < Duration::from_secs(5));
    }
}
