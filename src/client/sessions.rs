//! The one session of a client: made when it is needed, renewed when the server has dropped it, closed.

use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, ThreadId};
use std::time::Duration;

use arc_swap::ArcSwap;

use crate::base::call::{Call, Limits};
use crate::base::cancel::CancelEpoch;
use crate::base::error::Error;
use crate::base::lock::{Guard, lock, try_lock, wait_timeout};
use crate::base::threads::Threads;
use crate::http::active_connections::ActiveConnections;
use crate::http::client::HttpClient;
use crate::http::config::ConnectConfig;
use crate::http::dns::DnsCache;
use crate::http::send::Http;
use crate::session::Session;
use crate::session::config::ServerConfig;
use crate::session::negotiation::Negotiation;
use crate::session::program_negotiation::ProgramNegotiation;
use crate::session::shared::Shared;
use crate::transport::stdio::Launcher;

/// How long a session that was closed while it was being made may take to end.
const STALE_SESSION_TIMEOUT: Duration = Duration::from_millis(900);
/// The longest wait for another thread of a call without a deadline; it then waits again.
const MAX_WAIT: Duration = Duration::from_secs(3600);

/// Makes, keeps, renews and closes the session.
pub(crate) struct SessionManager {
    shared: Shared,
    cancellation: Arc<CancelEpoch>,
    threads: Arc<Threads>,
    active: Arc<ActiveConnections>,
    /// Outlives the connections, so that a lookup that hangs is not started again after a `close`.
    names: Arc<DnsCache>,
    launcher: Arc<Launcher>,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    http: Option<Arc<Http>>,
    session: Option<Arc<Session>>,
    /// The thread that is connecting, and how many threads the client had started before.
    connecting: Option<(ThreadId, u64)>,
    /// Incremented by each close. What belongs to an older generation is stale.
    generation: u64,
}

impl State {
    fn open_session(&self) -> Option<&Arc<Session>> {
        self.session.as_ref().filter(|session| session.is_open())
    }
}

/// A session for a call.
pub(crate) struct Connected {
    pub(crate) session: Arc<Session>,
    pub(crate) generation: u64,
    /// Whether this call has made the session.
    pub(crate) fresh: bool,
}

/// What was open when the generation ended.
pub(crate) struct Closed {
    http: Option<Arc<Http>>,
    session: Option<Arc<Session>>,
    active: Arc<ActiveConnections>,
}

impl Closed {
    /// Ends the session and closes the connections; waits for the server at most for `limit`.
    pub(crate) fn end(self, limit: Duration) {
        self.active.interrupt_cancelled();
        if let Some(session) = self.session {
            session.end(limit);
        }
        if let Some(http) = self.http {
            http.close();
        }
    }
}

/// Whether a thread got a session, or its turn to connect.
enum Turn<'a> {
    Open(Connected),
    Connect(Connecting<'a>),
}

impl SessionManager {
    pub(crate) fn new(shared: Shared) -> SessionManager {
        let threads = Arc::new(Threads::default());
        SessionManager {
            shared,
            cancellation: Arc::default(),
            names: Arc::new(DnsCache::new(threads.clone())),
            threads,
            active: Arc::default(),
            launcher: Arc::default(),
            state: Mutex::default(),
            changed: Condvar::new(),
        }
    }

    fn state(&self) -> Guard<'_, State> {
        lock(&self.state)
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.shared
    }

    pub(crate) fn launcher(&self) -> &Launcher {
        &self.launcher
    }

    pub(crate) fn threads(&self) -> &Threads {
        &self.threads
    }

    /// A call that begins now.
    pub(crate) fn call(&self, limits: Limits) -> Call {
        Call::new(limits, &self.cancellation)
    }

    /// The session, made if there is none. One thread connects; the others wait for it.
    pub(crate) fn session(&self, call: &Call) -> Result<Connected, Error> {
        self.session_of(call, None)
    }

    /// The session, for a thread that works for this generation only.
    ///
    /// # Errors
    /// [`Error::Cancelled`] when the client has been closed since.
    pub(crate) fn session_in(&self, call: &Call, generation: u64) -> Result<Connected, Error> {
        self.session_of(call, Some(generation))
    }

    fn session_of(&self, call: &Call, generation: Option<u64>) -> Result<Connected, Error> {
        loop {
            let connecting = match self.wait_for_turn(call, generation)? {
                Turn::Open(connected) => return Ok(connected),
                Turn::Connect(connecting) => connecting,
            };
            if let Some(connected) = connecting.connect(call)? {
                return Ok(connected);
            }
        }
    }

    /// Waits until there is a session, or no other thread is connecting.
    fn wait_for_turn(&self, call: &Call, generation: Option<u64>) -> Result<Turn<'_>, Error> {
        let mut state = self.state();
        loop {
            let left = call.remaining()?;
            if generation.is_some_and(|generation| generation != state.generation) {
                return Err(Error::Cancelled);
            }
            if let Some(session) = state.open_session() {
                let (session, generation) = (session.clone(), state.generation);
                return Ok(Turn::Open(Connected { session, generation, fresh: false }));
            }
            match state.connecting {
                None => break,
                // The server may be waiting for what the callback answers, and the connecting call for the server.
                Some((thread, started))
                    if thread == thread::current().id() || self.threads.has_started_since(started) =>
                {
                    return Err(Error::InvalidState(
                        "the call that this callback belongs to is still connecting the client".to_owned(),
                    ));
                }
                Some(_) => {
                    state = wait_timeout(&self.changed, state, left.unwrap_or(MAX_WAIT));
                }
            }
        }
        state.session = None;
        state.connecting = Some((thread::current().id(), self.threads.count()));
        Ok(Turn::Connect(Connecting { sessions: self, generation: state.generation }))
    }

    /// The connections of this generation, made if there are none.
    fn http(&self, connect: &ArcSwap<ConnectConfig>) -> Result<Arc<Http>, Error> {
        if let Some(http) = &self.state().http {
            return Ok(http.clone());
        }
        let http = Arc::new(Http::new(&connect.load(), &self.threads, &self.active, &self.names)?);
        Ok(self.state().http.get_or_insert(http).clone())
    }

    /// Forgets a session that the server has dropped; the next call makes another one.
    pub(crate) fn forget(&self, lost: &Connected) {
        let lost = &lost.session;
        let was_current = self.state().session.take_if(|session| Arc::ptr_eq(session, lost)).is_some();
        if was_current {
            lost.transport.end_lost();
        }
    }

    /// The session, if there is one.
    pub(crate) fn connected(&self) -> Option<Arc<Session>> {
        self.state().open_session().cloned()
    }

    pub(crate) fn is_current(&self, generation: u64) -> bool {
        self.state().generation == generation
    }

    /// Keeps the client disconnected while a setting is changed that is fixed while connected.
    ///
    /// # Errors
    /// [`Error::InvalidState`] when the client is connected or connecting.
    pub(crate) fn hold_disconnected(&self, what: &str) -> Result<Disconnected<'_>, Error> {
        let state = self.state();
        if state.open_session().is_some() || state.connecting.is_some() {
            return Err(Error::InvalidState(format!(
                "{what} cannot change while the client is connected: close it first"
            )));
        }
        Ok(Disconnected(state))
    }

    /// Ends the calls in progress on other threads.
    pub(crate) fn cancel(&self) {
        self.cancellation.count().advance();
        self.wake_cancelled();
    }

    /// Ends the waiting of calls that have been cancelled, those of a scope included.
    pub(crate) fn wake_cancelled(&self) {
        self.cancellation.wake_all();
        {
            // With the lock, so that no thread is between checking its call and waiting.
            let _state = self.state();
            self.changed.notify_all();
        }
        self.active.interrupt_cancelled();
    }

    /// Begins a new generation, without session and connections.
    pub(crate) fn next_generation(&self) -> Closed {
        self.names.clear();
        let mut state = self.state();
        state.generation += 1;
        Closed { http: state.http.take(), session: state.session.take(), active: self.active.clone() }
    }

    /// In a forked child: closes the parent's idle connections, unless another thread held the lock at the fork.
    pub(crate) fn abandon(&self) {
        self.launcher.abandon();
        if let Some(state) = try_lock(&self.state)
            && let Some(http) = &state.http
        {
            http.abandon();
        }
    }
}

/// The client is disconnected while this exists. Connections are made anew afterwards.
pub(crate) struct Disconnected<'a>(Guard<'a, State>);

impl Drop for Disconnected<'_> {
    fn drop(&mut self) {
        if let Some(http) = self.0.http.take() {
            http.close();
        }
    }
}

/// The turn of the thread that connects. The others stop waiting when it is dropped.
struct Connecting<'a> {
    sessions: &'a SessionManager,
    generation: u64,
}

impl Connecting<'_> {
    /// Makes a session; `None` when the client was closed meanwhile.
    fn connect(self, call: &Call) -> Result<Option<Connected>, Error> {
        let sessions = self.sessions;
        let session = match &sessions.shared.settings.server {
            ServerConfig::Remote(connect) => {
                let client = HttpClient::new(sessions.http(connect)?, sessions.shared.settings.request.clone());
                Negotiation::new(call, &sessions.shared, client, &sessions.threads).connect()?
            }
            ServerConfig::Program(program) => {
                let (shared, launcher) = (&sessions.shared, &sessions.launcher);
                ProgramNegotiation::new(call, shared, program.load_full(), launcher, &sessions.threads).connect()?
            }
        };
        let session = Arc::new(session);
        if self.keep(&session) {
            return Ok(Some(Connected { session, generation: self.generation, fresh: true }));
        }
        // Beside the call, which has a deadline of its own. Without a thread the server finds out by itself.
        let _ = sessions.threads.spawn("end", move || session.end(STALE_SESSION_TIMEOUT));
        Ok(None)
    }

    /// Makes the session the client's, unless the client was closed since the turn began.
    fn keep(&self, session: &Arc<Session>) -> bool {
        let mut state = self.sessions.state();
        let is_current = state.generation == self.generation;
        if is_current {
            state.session = Some(session.clone());
        }
        is_current
    }
}

impl Drop for Connecting<'_> {
    fn drop(&mut self) {
        self.sessions.state().connecting = None;
        self.sessions.changed.notify_all();
    }
}
