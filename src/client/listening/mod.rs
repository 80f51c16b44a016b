//! Streams of notifications outside calls: at most one at a time, for the caller or for handlers.

mod listener;
mod reader;
mod state;

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::base::call::{CANCEL_POLL, Call};
use crate::base::cancel::CancelEpoch;
use crate::base::error::Error;
use crate::base::lock::{Guard, lock};
use crate::base::wait_group::WaitGroup;
use crate::client::listening::listener::{Listener, Prepared};
use crate::client::sessions::{Connected, SessionManager};
use crate::protocol::jsonrpc::JsonObject;

/// How long ending the subscriptions after a stop may take.
const UNSUBSCRIBE_TIMEOUT: Duration = Duration::from_secs(5);

/// The listener of a client, if there is one.
pub(crate) struct Listening {
    sessions: Arc<SessionManager>,
    current: Mutex<Option<Arc<Listener>>>,
    /// Ends the unsubscribing after a stop.
    unsubscribe_stop: Arc<CancelEpoch>,
    /// The threads that unsubscribe.
    unsubscribing: WaitGroup,
}

impl Listening {
    pub(crate) fn new(sessions: Arc<SessionManager>) -> Listening {
        Listening {
            sessions,
            current: Mutex::default(),
            unsubscribe_stop: Arc::default(),
            unsubscribing: WaitGroup::default(),
        }
    }

    fn current(&self) -> Guard<'_, Option<Arc<Listener>>> {
        lock(&self.current)
    }

    fn listener(&self) -> Option<Arc<Listener>> {
        self.current().clone()
    }

    fn is_listening(&self) -> bool {
        self.current().as_ref().is_some_and(|listener| !listener.has_ended())
    }

    fn has_handlers(&self) -> bool {
        !self.sessions.shared().handlers.load().is_empty()
    }

    /// Opens the server's own stream if handlers are set that messages on it would reach, and it is not open yet. Errors
    /// are ignored: a server without such a stream can be used without it.
    pub(crate) fn open_for_handlers(&self, call: &Call, connected: &Connected) {
        if !self.has_handlers() || !connected.session.may_have_get_stream() || self.is_listening() {
            return;
        }
        let prepared = Listener::for_handlers(&self.sessions, connected);
        let listener = prepared.listener.clone();
        if self.add(&listener, connected.generation) && prepared.start(&self.sessions).is_ok() {
            // Only requests of the server may be part of the call.
            if self.sessions.shared().handlers.load().has_request_handlers() {
                listener.wait_for_grace(call);
            }
        }
    }

    /// Listens with this filter, in place of the previous one.
    pub(crate) fn listen(&self, call: &Call, connected: &Connected, filter: Option<&JsonObject>) -> Result<(), Error> {
        let session = &connected.session;
        self.wait_for_unsubscribing(call)?;
        if let Some(present) = self.listener() {
            if present.change(call, session, filter)? {
                return Ok(());
            }
            // A listener that tries to open its stream again would conflict with the new one.
            if !present.is_open(call)? {
                self.remove(&present);
                present.unsubscribe(call, session)?;
            }
        }
        let prepared = Listener::open(&self.sessions, call, connected, filter)?;
        // Known before its thread starts, so that a close meanwhile stops it.
        if !self.replace(&prepared, connected.generation) {
            return Err(Error::InvalidState("the client was closed while the stream was being opened".to_owned()));
        }
        let listener = prepared.listener.clone();
        prepared.start(&self.sessions)?;
        listener.wait_for_opening(call).map_err(|error| {
            self.remove(&listener);
            match error {
                Error::Cancelled if !call.is_cancelled() => {
                    Error::InvalidState("the client was closed while the stream was being opened".to_owned())
                }
                error => error,
            }
        })
    }

    /// Keeps a listener unless there is one already, or the client has been closed since `generation`.
    fn add(&self, listener: &Arc<Listener>, generation: u64) -> bool {
        {
            let mut current = self.current();
            if current.as_ref().is_some_and(|present| !present.has_ended()) {
                return false;
            }
            *current = Some(listener.clone());
        }
        self.confirm(listener, generation)
    }

    /// Keeps a listener in place of the present one, unless the client has been closed since `generation`.
    fn replace(&self, prepared: &Prepared, generation: u64) -> bool {
        let before = self.current().replace(prepared.listener.clone());
        if let Some(before) = before {
            before.stop();
        }
        self.confirm(&prepared.listener, generation)
    }

    /// Removes a listener again if the client has been closed since: `close` begins a new generation, and stops the
    /// listener that it finds afterwards.
    fn confirm(&self, listener: &Arc<Listener>, generation: u64) -> bool {
        let is_current = self.sessions.is_current(generation);
        if !is_current {
            self.remove(listener);
        }
        is_current
    }

    /// Stops this listener, and removes it unless another one has taken its place.
    fn remove(&self, listener: &Arc<Listener>) {
        self.current().take_if(|present| Arc::ptr_eq(present, listener));
        listener.stop();
    }

    /// Ends the caller's listening. Where the protocol has a stream for handlers, it stays open for them: the server may
    /// send requests on it.
    pub(crate) fn stop_listening(&self) {
        let session = self.sessions.connected();
        let keep = self.has_handlers() && session.is_some_and(|session| session.may_have_get_stream());
        let Some(listener) = self.listener().filter(|listener| listener.is_by_caller()) else { return };
        match keep {
            true => listener.keep_for_handlers(),
            false => self.remove(&listener),
        }
        let call = Call::until_cancelled(&self.unsubscribe_stop).at_most(Some(UNSUBSCRIBE_TIMEOUT));
        listener.unsubscribe_in_background(&self.sessions, call, self.unsubscribing.begin());
    }

    /// Stops everything, for the end of a session.
    pub(crate) fn stop(&self) {
        let listener = self.current().take();
        if let Some(listener) = listener {
            listener.stop();
        }
        self.unsubscribe_stop.cancel_all();
    }

    /// Waits until subscriptions that are ending have ended: otherwise a resource that is subscribed to now could be
    /// unsubscribed afterwards.
    fn wait_for_unsubscribing(&self, call: &Call) -> Result<(), Error> {
        let end = Instant::now() + UNSUBSCRIBE_TIMEOUT;
        while !self.unsubscribing.wait(CANCEL_POLL) && Instant::now() < end {
            call.remaining()?;
        }
        Ok(())
    }
}
