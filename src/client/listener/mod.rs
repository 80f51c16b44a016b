//! A stream of notifications outside any call: GET up to 2025-11-25, `subscriptions/listen` since 2026-07-28.

mod reader;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::time::{Duration, Instant};

use arc_swap::{ArcSwap, ArcSwapOption};

use crate::base::call::{CANCEL_POLL, Call, Cancellations};
use crate::base::error::Error;
use crate::base::resources;
use crate::client::sessions::SessionManager;
use crate::protocol::jsonrpc::JsonObject;
use crate::session::callbacks::Dispatcher;
use crate::session::subscriptions;
use crate::session::{Session, Transport};
use reader::StreamReader;

/// How long a call waits for the server's own stream before it goes on without.
const LONGEST_MOMENT: Duration = Duration::from_millis(300);

/// How a stream stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum State {
    /// It is being opened, or will be in a moment.
    Opening,
    /// The server has accepted it.
    Open,
    /// It broke, or could not be opened yet, and will be opened later.
    Broken,
    /// Nobody reads it any more.
    Ended,
}

/// What the thread that reads shares with the calls that listen and stop.
struct Shared {
    state: AtomicU8,
    /// Whether the caller listens; otherwise the stream is there because handlers are.
    explicit: AtomicBool,
    /// The session whose stream it is: another one after the server has dropped the first.
    session: ArcSwap<Session>,
    /// What the caller wants to hear, as the thread needs it when it opens the stream again.
    filter: ArcSwapOption<JsonObject>,
}

impl Shared {
    fn set(&self, state: State) {
        self.state.store(state as u8, Ordering::SeqCst);
    }

    fn is(&self, state: State) -> bool {
        self.state.load(Ordering::SeqCst) == state as u8
    }
}

/// A stream that is being listened to.
pub(crate) struct Listener {
    stop: Arc<Cancellations>,
    shared: Arc<Shared>,
}

impl Listener {
    /// Opens the stream within the call, and goes on reading it on a thread.
    pub(crate) fn start(
        process: &Arc<SessionManager>,
        dispatcher: &Dispatcher,
        call: &Call,
        session: &Arc<Session>,
        filter: Option<&JsonObject>,
    ) -> Result<(), Error> {
        if !session.version.is_modern() {
            subscriptions::subscribe(session, call, &subscriptions::uris(filter)?)?;
        }
        let stream = reader::open(session, call, filter, None)?;
        let (listener, work) = Listener::prepare(process, dispatcher, session, filter, State::Open);
        // It is known before its thread starts, so that a `close` meanwhile ends it.
        if !process.replace_listener(&listener, session) {
            return Err(Error::InvalidState("the client was closed while the stream was being opened".to_owned()));
        }
        spawn(process, move || work.run(stream))
    }

    /// Opens the stream on a thread, and waits a moment for it: a server may well send nothing before the first event.
    /// Without such a stream (HTTP 405) the thread ends.
    pub(crate) fn start_aside(
        process: &Arc<SessionManager>,
        dispatcher: &Dispatcher,
        call: &Call,
        session: &Arc<Session>,
    ) {
        let (listener, work) = Listener::prepare(process, dispatcher, session, None, State::Opening);
        if process.add_listener(&listener, session) && spawn(process, move || work.run_aside()).is_ok() {
            // That the call is over is for the call itself to find out.
            let _ = listener.wait_while_opening(&call.at_most(Some(LONGEST_MOMENT)));
        }
    }

    fn prepare(
        process: &Arc<SessionManager>,
        dispatcher: &Dispatcher,
        session: &Arc<Session>,
        filter: Option<&JsonObject>,
        state: State,
    ) -> (Arc<Listener>, StreamReader) {
        let stop = Arc::new(Cancellations::default());
        let shared = Arc::new(Shared {
            state: AtomicU8::new(state as u8),
            explicit: AtomicBool::new(state == State::Open),
            session: ArcSwap::new(session.clone()),
            filter: ArcSwapOption::from_pointee(filter.cloned()),
        });
        let work = StreamReader {
            process: Arc::downgrade(process),
            dispatcher: dispatcher.clone(),
            call: Call::new(None, &stop),
            shared: shared.clone(),
        };
        (Arc::new(Listener { stop, shared }), work)
    }

    fn wait_while_opening(&self, call: &Call) -> Result<(), Error> {
        while self.shared.is(State::Opening) {
            call.remaining()?;
            std::thread::sleep(CANCEL_POLL);
        }
        Ok(())
    }

    /// Whether the stream is there, once that is known.
    pub(crate) fn is_open(&self, call: &Call) -> Result<bool, Error> {
        self.wait_while_opening(call)?;
        Ok(self.shared.is(State::Open))
    }

    pub(crate) fn is_ended(&self) -> bool {
        self.shared.is(State::Ended)
    }

    /// Whether the caller listens, rather than the handlers alone.
    pub(crate) fn is_explicit(&self) -> bool {
        self.shared.explicit.load(Ordering::SeqCst)
    }

    /// Listens for something else on the same stream: `false` when that takes another one. Up to 2025-11-25 a session has
    /// one stream that brings everything, and servers refuse a second.
    pub(crate) fn change(
        &self,
        call: &Call,
        session: &Arc<Session>,
        filter: Option<&JsonObject>,
    ) -> Result<bool, Error> {
        if session.version.is_modern() || !self.is_open(call)? || !Arc::ptr_eq(&self.shared.session.load(), session) {
            return Ok(false);
        }
        let wanted = subscriptions::uris(filter)?;
        subscriptions::subscribe(session, call, &wanted)?;
        let before = self.shared.filter.swap(filter.cloned().map(Arc::new));
        self.shared.explicit.store(true, Ordering::SeqCst);
        let mut dropped = subscriptions::uris(before.as_deref())?;
        dropped.retain(|uri| !wanted.contains(uri));
        subscriptions::unsubscribe(session, call, &dropped)?;
        // It may have ended meanwhile.
        Ok(self.shared.is(State::Open))
    }

    /// From now on the stream is there for the handlers alone.
    pub(crate) fn become_automatic(&self) {
        self.shared.explicit.store(false, Ordering::SeqCst);
    }

    /// Ends the subscriptions that this session still has.
    pub(crate) fn leave(&self, call: &Call, session: &Arc<Session>) -> Result<(), Error> {
        let filter = self.shared.filter.swap(None);
        if session.version.is_modern() || !Arc::ptr_eq(&self.shared.session.load(), session) {
            return Ok(());
        }
        subscriptions::unsubscribe(session, call, &subscriptions::uris(filter.as_deref())?)
    }

    /// Ends the subscriptions, from a thread and within the call; `parting` is held meanwhile.
    pub(crate) fn unsubscribe(&self, process: &SessionManager, call: Call, parting: Arc<()>) {
        let session = self.shared.session.load_full();
        let uris = subscriptions::uris(self.shared.filter.swap(None).as_deref()).unwrap_or_default();
        if session.version.is_modern() || uris.is_empty() {
            return;
        }
        let work = move || {
            let _parting = parting;
            // What does not get through ends with the session.
            let _ = subscriptions::unsubscribe(&session, &call, &uris);
        };
        let _ = process.threads().spawn("unsubscribe", work);
    }

    /// Ends the reading; the thread ends by itself.
    pub(crate) fn stop(&self) {
        self.stop.cancel_all();
        if let Transport::StreamableHttp(http) = &self.shared.session.load().wire {
            http.busy().interrupt_cancelled();
        }
    }
}

fn spawn(process: &SessionManager, work: impl FnOnce() + Send + 'static) -> Result<(), Error> {
    process.threads().spawn("listen", work).map_err(|error| resources::no_thread(&error))
}

/// Waits until nobody holds `parting` but its owner: a resource is not subscribed to while its subscription still ends.
pub(crate) fn wait_for_parting(call: &Call, parting: &Arc<()>, limit: Duration) -> Result<(), Error> {
    let end = Instant::now() + limit;
    while Arc::strong_count(parting) > 1 && Instant::now() < end {
        call.sleep(CANCEL_POLL)?;
    }
    Ok(())
}
