//! The state of a client in one process: its connections, its session, its threads.
//!
//! After a fork the child begins with a state of its own. The parent's is never locked there: another thread of the
//! parent, which the child does not have, may have held the lock.

use std::cell::Cell;
use std::fmt;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;

use crate::base::call::{Call, Cancellations};
use crate::base::error::Error;
use crate::base::platform::ForkMark;
use crate::base::threads::Threads;
use crate::client::listener::{self, Listener};
use crate::http::client::HttpClient;
use crate::http::{ActiveConnections, DnsCache, Http};
use crate::session::Session;
use crate::session::callbacks::Dispatcher;
use crate::session::config::{Settings, TransportKind};
use crate::session::negotiation::Negotiation;

/// How long `close` may take in all.
const MOST_CLOSING: Duration = Duration::from_millis(900);
/// How long a server may take to end the subscriptions that nobody wants any more.
const MOST_PARTING: Duration = Duration::from_secs(5);

/// The state in this process.
pub(crate) struct SessionManager {
    mark: ForkMark,
    cancellations: Arc<Cancellations>,
    ids: Arc<AtomicU64>,
    threads: Arc<Threads>,
    busy: Arc<ActiveConnections>,
    /// Outlives the connections: a lookup that hangs is not begun again after a `close`.
    names: Arc<DnsCache>,
    /// Ends the unsubscribing that goes on after a stop.
    partings: Arc<Cancellations>,
    /// Held by each thread that unsubscribes.
    parting: Arc<()>,
    slot: Mutex<Slot>,
    changed: Condvar,
}

#[derive(Default)]
struct Slot {
    http: Option<Arc<Http>>,
    session: Option<Arc<Session>>,
    listener: Option<Arc<Listener>>,
    /// The thread that is connecting.
    connecting: Option<ThreadId>,
}

impl Slot {
    /// Whether this is the session of the client, which has not been closed since.
    fn has(&self, session: &Arc<Session>) -> bool {
        self.session.as_ref().is_some_and(|present| Arc::ptr_eq(present, session))
    }
}

/// A session, and whether this very call has made it.
pub(crate) struct Connected {
    pub(crate) session: Arc<Session>,
    pub(crate) fresh: bool,
}

impl fmt::Debug for SessionManager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionManager").finish_non_exhaustive()
    }
}

impl SessionManager {
    pub(crate) fn new() -> SessionManager {
        let threads = Arc::new(Threads::default());
        SessionManager {
            mark: ForkMark::new(),
            cancellations: Arc::default(),
            ids: Arc::new(AtomicU64::new(1)),
            names: Arc::new(DnsCache::new(threads.clone())),
            threads,
            busy: Arc::default(),
            partings: Arc::default(),
            parting: Arc::default(),
            slot: Mutex::default(),
            changed: Condvar::new(),
        }
    }

    /// The state of this process; the one of a parent is left alone.
    pub(crate) fn current(state: &ArcSwap<SessionManager>) -> Arc<SessionManager> {
        let known = state.load();
        if known.is_own() {
            return Arc::clone(&known);
        }
        let own = Arc::new(SessionManager::new());
        let before = state.compare_and_swap(&known, own.clone());
        if !Arc::ptr_eq(&before, &known) {
            return Arc::clone(&before); // another thread of the child was faster
        }
        Arc::clone(&before).abandon();
        own
    }

    /// Leaves the state of a parent alone in its child: its resting connections are closed here, if nobody held the lock
    /// when the process forked, and the rest is never dropped, since its threads are not here to be joined.
    pub(crate) fn abandon(self: Arc<Self>) {
        if let Ok(slot) = self.slot.try_lock()
            && let Some(http) = &slot.http
        {
            http.abandon();
        }
        std::mem::forget(self);
    }

    pub(crate) fn is_own(&self) -> bool {
        self.mark.is_own()
    }

    fn slot(&self) -> MutexGuard<'_, Slot> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new call with this deadline.
    pub(crate) fn call(&self, timeout: Option<Duration>, connect_timeout: Option<Duration>) -> Call {
        Call::new(timeout, &self.cancellations).connecting_within(connect_timeout)
    }

    /// The session, made first if need be. One thread connects, the others wait for it.
    pub(crate) fn session(&self, call: &Call, dispatcher: &Dispatcher) -> Result<Connected, Error> {
        let mut slot = self.slot();
        loop {
            call.remaining()?;
            if let Some(session) = slot.session.as_ref().filter(|session| session.is_open()) {
                return Ok(Connected { session: session.clone(), fresh: false });
            }
            match slot.connecting {
                None => break,
                Some(thread) if thread == thread::current().id() => {
                    return Err(Error::InvalidState(
                        "the client is being connected by the call that this callback belongs to".to_owned(),
                    ));
                }
                Some(_) => {
                    const LONG: Duration = Duration::from_secs(3600);
                    let waited = self.changed.wait_timeout(slot, call.remaining()?.unwrap_or(LONG));
                    slot = waited.unwrap_or_else(PoisonError::into_inner).0;
                }
            }
        }
        slot.session = None;
        slot.connecting = Some(thread::current().id());
        drop(slot);
        let connecting = Connecting { process: self };
        let settings = dispatcher.settings.load_full();
        loop {
            let http = self.http(&settings)?;
            let negotiation = Negotiation {
                call,
                settings: settings.clone(),
                exchange: HttpClient::new(http.clone(), dispatcher.settings.clone()),
                dispatcher: dispatcher.clone(),
                ids: self.ids.clone(),
                threads: self.threads.clone(),
                answered: Cell::default(),
            };
            let session = Arc::new(negotiation.connect()?);
            if connecting.keep(&http, &session) {
                return Ok(Connected { session, fresh: true });
            }
            // Closed meanwhile: what was made belongs to the connections before that.
            session.end(MOST_CLOSING);
        }
    }

    /// The connections, which `close` takes away and the next call makes anew.
    fn http(&self, settings: &Settings) -> Result<Arc<Http>, Error> {
        let made = Arc::new(Http::new(settings, &self.threads, &self.busy, &self.names)?);
        Ok(self.slot().http.get_or_insert(made).clone())
    }

    /// Another session in place of one that the server no longer knows.
    pub(crate) fn renew(
        &self,
        call: &Call,
        gone: &Arc<Session>,
        dispatcher: &Dispatcher,
    ) -> Result<Arc<Session>, Error> {
        let was_current = {
            let mut slot = self.slot();
            slot.session.take_if(|session| Arc::ptr_eq(session, gone)).is_some()
        };
        // Over HTTP+SSE its stream may well go on.
        if was_current && gone.transport() == TransportKind::Sse {
            gone.end(Duration::ZERO);
        }
        self.session(call, dispatcher).map(|connected| connected.session)
    }

    /// The session, if there is one.
    pub(crate) fn connected(&self) -> Option<Arc<Session>> {
        self.slot().session.clone().filter(|session| session.is_open())
    }

    /// Runs a change of settings that is not possible while connected.
    pub(crate) fn while_disconnected<T>(
        &self,
        what: &str,
        change: impl FnOnce() -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut slot = self.slot();
        let connected = slot.session.as_ref().is_some_and(|session| session.is_open());
        if connected || slot.connecting.is_some() {
            return Err(Error::InvalidState(format!(
                "{what} cannot change while the client is connected: close it first"
            )));
        }
        let changed = change()?;
        if let Some(http) = slot.http.take() {
            http.close();
        }
        Ok(changed)
    }

    /// Ends the calls that are under way in other threads.
    pub(crate) fn cancel(&self) {
        self.cancellations.cancel_all();
        {
            let _slot = self.slot(); // nobody is between looking and waiting
            self.changed.notify_all();
        }
        self.busy.interrupt_cancelled();
    }

    /// Begins to listen, in place of whatever was listened to before; `false` when the session is no longer the client's.
    pub(crate) fn replace_listener(&self, listener: &Arc<Listener>, session: &Arc<Session>) -> bool {
        let mut slot = self.slot();
        if !slot.has(session) {
            return false;
        }
        if let Some(before) = slot.listener.replace(listener.clone()) {
            before.stop();
        }
        true
    }

    /// Keeps a listener unless there is one already, or the session is no longer the client's.
    pub(crate) fn add_listener(&self, listener: &Arc<Listener>, session: &Arc<Session>) -> bool {
        let mut slot = self.slot();
        let free = slot.listener.as_ref().is_none_or(|present| present.is_ended());
        let added = free && slot.has(session);
        if added {
            slot.listener = Some(listener.clone());
        }
        added
    }

    /// Ends this listener, unless another has taken its place.
    pub(crate) fn drop_listener(&self, listener: &Arc<Listener>) {
        let mut slot = self.slot();
        slot.listener.take_if(|present| Arc::ptr_eq(present, listener));
        listener.stop();
    }

    /// Ends what the caller listens to. The stream that handlers imply, in the eras that have it, stays: it may be the one
    /// on which the server asks.
    pub(crate) fn stop_listening(&self, has_handlers: bool) {
        let stopped = {
            let mut slot = self.slot();
            let keeps = has_handlers && slot.session.as_ref().is_some_and(|session| session.may_have_stream());
            let Some(listener) = slot.listener.clone().filter(|listener| listener.is_explicit()) else { return };
            match keeps {
                true => listener.become_automatic(),
                false => {
                    slot.listener = None;
                    listener.stop();
                }
            }
            listener
        };
        let call = Call::new(Some(MOST_PARTING), &self.partings);
        stopped.unsubscribe(self, call, self.parting.clone());
    }

    /// Waits for the unsubscribing that is under way, which would undo what is subscribed to now.
    pub(crate) fn wait_for_parting(&self, call: &Call) -> Result<(), Error> {
        listener::wait_for_parting(call, &self.parting, MOST_PARTING)
    }

    pub(crate) fn listener(&self) -> Option<Arc<Listener>> {
        self.slot().listener.clone()
    }

    pub(crate) fn is_listening(&self) -> bool {
        self.slot().listener.as_ref().is_some_and(|listener| !listener.is_ended())
    }

    /// Ends session, connections and threads, within a second.
    pub(crate) fn close(&self) {
        let end = Instant::now() + MOST_CLOSING;
        let Slot { http, session, .. } = {
            let mut slot = self.slot();
            let connecting = slot.connecting;
            // Within the lock, so that its thread does not find the client unconnected and connects again.
            if let Some(listener) = &slot.listener {
                listener.stop();
            }
            std::mem::replace(&mut *slot, Slot { connecting, ..Slot::default() })
        };
        self.partings.cancel_all();
        self.busy.interrupt_cancelled();
        self.names.clear();
        if let Some(session) = session {
            session.end(end.saturating_duration_since(Instant::now()));
        }
        if let Some(http) = http {
            http.close();
        }
        self.threads.join(end.saturating_duration_since(Instant::now()));
    }

    pub(crate) fn threads(&self) -> &Arc<Threads> {
        &self.threads
    }
}

/// Makes sure that others stop waiting, however connecting ends.
struct Connecting<'a> {
    process: &'a SessionManager,
}

impl Connecting<'_> {
    /// Makes the session the client's own, unless the connections that it is made of were closed meanwhile.
    fn keep(&self, http: &Arc<Http>, session: &Arc<Session>) -> bool {
        let mut slot = self.process.slot();
        let current = slot.http.as_ref().is_some_and(|present| Arc::ptr_eq(present, http));
        if current {
            slot.session = Some(session.clone());
        }
        current
    }
}

impl Drop for Connecting<'_> {
    fn drop(&mut self) {
        self.process.slot().connecting = None;
        self.process.changed.notify_all();
    }
}
