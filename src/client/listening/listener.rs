//! One stream outside calls: GET up to 2025-11-25, `subscriptions/listen` since 2026-07-28.

use std::sync::Arc;
use std::time::Duration;

use crate::base::call::Call;
use crate::base::cancel::CancelEpoch;
use crate::base::error::Error;
use crate::base::resources;
use crate::base::wait_group::WaitGuard;
use crate::client::listening::reader::{self, StreamReader};
use crate::client::listening::state::{Shared, State};
use crate::client::sessions::{Connected, SessionManager};
use crate::protocol::jsonrpc::JsonObject;
use crate::protocol::subscriptions::uris;
use crate::session::subscriptions;
use crate::session::{Session, Stream};

/// Grace period for opening the GET stream before the first call continues.
const AUTO_STREAM_GRACE: Duration = Duration::from_millis(300);
/// How long a call that listens waits for the response to GET, after which the stream counts as open.
const LISTEN_GRACE: Duration = Duration::from_secs(1);

/// A stream, and the thread that reads it.
pub(super) struct Listener {
    stop: Arc<CancelEpoch>,
    shared: Arc<Shared>,
}

/// A listener whose thread has not been started yet.
pub(super) struct Prepared {
    pub(super) listener: Arc<Listener>,
    reader: StreamReader,
    /// The open stream, unless the thread opens it.
    stream: Option<Option<Stream>>,
}

impl Listener {
    /// Subscribes and opens the stream within the call, for the caller.
    pub(super) fn open(
        sessions: &Arc<SessionManager>,
        call: &Call,
        connected: &Connected,
        filter: Option<&JsonObject>,
    ) -> Result<Prepared, Error> {
        let session = &connected.session;
        if !session.version.is_modern() {
            subscriptions::subscribe(session, call, &uris(filter)?)?;
        }
        if session.has_get_stream() {
            let shared = Shared::new(State::Opening, true, session, filter);
            return Ok(Listener::prepare(sessions, connected, shared));
        }
        let stream = reader::open(session, call, filter, None)?;
        let shared = Shared::new(State::Open, true, session, filter);
        Ok(Prepared { stream: Some(stream), ..Listener::prepare(sessions, connected, shared) })
    }

    /// A stream for the handlers, which the thread opens: many servers send nothing before the first event. Without such a
    /// stream (HTTP 405) the thread ends.
    pub(super) fn for_handlers(sessions: &Arc<SessionManager>, connected: &Connected) -> Prepared {
        let shared = Shared::new(State::Opening, false, &connected.session, None);
        Listener::prepare(sessions, connected, shared)
    }

    fn prepare(sessions: &Arc<SessionManager>, connected: &Connected, shared: Shared) -> Prepared {
        let stop = Arc::new(CancelEpoch::default());
        let shared = Arc::new(shared);
        let call = Call::until_cancelled(&stop);
        let (sessions, generation) = (sessions.clone(), connected.generation);
        let reader = StreamReader { sessions, generation, call, shared: shared.clone() };
        Prepared { listener: Arc::new(Listener { stop, shared }), reader, stream: None }
    }

    /// Waits until the thread has opened the stream, for a short time.
    pub(super) fn wait_for_grace(&self, call: &Call) {
        // Errors are ignored; the caller checks its deadline next.
        let _ = self.shared.wait_for_opening(call, AUTO_STREAM_GRACE);
    }

    /// Waits until the thread has opened the stream for the caller, or could not.
    pub(super) fn wait_for_opening(&self, call: &Call) -> Result<(), Error> {
        self.shared.wait_for_opening(call, LISTEN_GRACE)
    }

    /// Whether the stream is open; waits while it is being opened.
    pub(super) fn is_open(&self, call: &Call) -> Result<bool, Error> {
        self.shared.wait_for_opening(call, LISTEN_GRACE)?;
        Ok(self.shared.is(State::Open))
    }

    pub(super) fn has_ended(&self) -> bool {
        self.shared.is(State::Ended)
    }

    /// Whether the caller listens; otherwise the stream is open because handlers are set.
    pub(super) fn is_by_caller(&self) -> bool {
        self.shared.is_by_caller()
    }

    /// From now on the stream serves the handlers only.
    pub(super) fn keep_for_handlers(&self) {
        self.shared.set_by_caller(false);
    }

    fn belongs_to(&self, session: &Arc<Session>) -> bool {
        Arc::ptr_eq(&self.shared.session.load(), session)
    }

    /// Changes the filter on the same stream; `false` when that needs another stream. Up to 2025-11-25 a session has one
    /// stream that carries everything, and servers refuse a second one.
    pub(super) fn change(
        &self,
        call: &Call,
        session: &Arc<Session>,
        filter: Option<&JsonObject>,
    ) -> Result<bool, Error> {
        if session.version.is_modern() || !self.is_open(call)? || !self.belongs_to(session) {
            return Ok(false);
        }
        let wanted = uris(filter)?;
        subscriptions::subscribe(session, call, &wanted)?;
        let before = self.shared.filter.swap(filter.cloned().map(Arc::new));
        self.shared.set_by_caller(true);
        let mut dropped = uris(before.as_deref())?;
        dropped.retain(|uri| !wanted.contains(uri));
        subscriptions::unsubscribe(session, call, &dropped)?;
        // The stream may have ended meanwhile.
        Ok(self.shared.is(State::Open))
    }

    /// Ends the subscriptions that this session has, within the call.
    pub(super) fn unsubscribe(&self, call: &Call, session: &Arc<Session>) -> Result<(), Error> {
        let filter = self.shared.filter.swap(None);
        if session.version.is_modern() || !self.belongs_to(session) {
            return Ok(());
        }
        subscriptions::unsubscribe(session, call, &uris(filter.as_deref())?)
    }

    /// Ends the subscriptions from a thread, within the call; `guard` is held meanwhile. Best effort: they end with the
    /// session at the latest.
    pub(super) fn unsubscribe_in_background(&self, sessions: &SessionManager, call: Call, guard: WaitGuard) {
        let session = self.shared.session.load_full();
        let uris = uris(self.shared.filter.swap(None).as_deref()).unwrap_or_default();
        if session.version.is_modern() || uris.is_empty() {
            return;
        }
        let unsubscribe = move || {
            let _guard = guard;
            let _ = subscriptions::unsubscribe(&session, &call, &uris);
        };
        let _ = sessions.threads().spawn("unsubscribe", unsubscribe);
    }

    /// Stops reading; the thread ends by itself.
    pub(super) fn stop(&self) {
        self.stop.cancel_all();
        self.shared.session.load().transport.interrupt_cancelled();
    }
}

impl Prepared {
    /// Starts the thread.
    pub(super) fn start(self, sessions: &SessionManager) -> Result<(), Error> {
        let Prepared { reader, stream, .. } = self;
        let run = move || match stream {
            Some(stream) => reader.run(stream),
            None => reader.open_and_run(),
        };
        sessions.threads().spawn("listen", run).map_err(|error| resources::no_thread(&error))
    }
}
