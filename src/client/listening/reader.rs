//! The thread that reads a stream, and opens it again when it breaks.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::base::call::Call;
use crate::base::error::Error;
use crate::client::listening::state::{Shared, State};
use crate::client::sessions::{Connected, SessionManager};
use crate::protocol::jsonrpc::JsonObject;
use crate::protocol::subscriptions::uris;
use crate::session::subscriptions;
use crate::session::{Session, Stream};
use crate::transport::Transport;
use crate::transport::event_stream::EventStream;
use crate::transport::session_loss::SessionLoss;
use crate::transport::streamable_http::StreamableHttp;
use crate::transport::streamable_http::resume::ResumePoint;

/// The first wait before a broken stream is opened again; it doubles up to the longest.
const FIRST_BACKOFF: Duration = Duration::from_secs(1);
const MAX_BACKOFF: Duration = Duration::from_secs(30);
/// A stream that was open this long is opened again at once: proxies end idle streams.
const STABLE_AFTER: Duration = Duration::from_secs(1);
/// How long opening is repeated while the server still has the previous stream open (HTTP 409), and how often.
const MAX_CONFLICT: Duration = Duration::from_secs(2);
const CONFLICT_PAUSE: Duration = Duration::from_millis(50);

/// Opens the stream, from `last_event_id` on if the server can resume; `None` where one channel carries
/// everything: over HTTP+SSE and stdio.
pub(super) fn open(
    session: &Session,
    call: &Call,
    filter: Option<&JsonObject>,
    last_event_id: Option<&str>,
) -> Result<Option<Stream>, Error> {
    if session.version.is_modern() {
        return session.open_subscription(call, filter).map(Some);
    }
    match &session.transport {
        Transport::HttpSse(_) | Transport::Stdio(_) => Ok(None),
        Transport::StreamableHttp(http) => match open_get_stream(http, call, last_event_id)? {
            Some(events) => Ok(Some(Stream { id: None, events: Some(events) })),
            None => Err(Error::Unsupported("the server has no stream of its own (HTTP 405 to GET)".to_owned())),
        },
    }
}

/// A server needs a moment to notice the end of the previous stream, and refuses another one until then (HTTP 409).
fn open_get_stream(
    http: &StreamableHttp,
    call: &Call,
    last_event_id: Option<&str>,
) -> Result<Option<EventStream>, Error> {
    let end = Instant::now() + MAX_CONFLICT;
    loop {
        match http.open_stream(call, last_event_id) {
            Err(error) if error.http_status() == Some(409) && Instant::now() < end => call.sleep(CONFLICT_PAUSE)?,
            result => return result,
        }
    }
}

/// Whether a later attempt may succeed.
fn is_transient(error: &Error) -> bool {
    match error {
        Error::Network(_) | Error::Timeout(_) => true,
        error => matches!(error.http_status(), Some(408 | 409 | 429 | 500 | 502..=504)),
    }
}

/// Where and when the stream is opened again.
#[derive(Default)]
struct Progress {
    point: ResumePoint,
    /// The client's own wait, which grows while streams bring no events.
    backoff: Duration,
}

impl Progress {
    fn pause(&self) -> Duration {
        self.point.retry.unwrap_or_default().max(self.backoff)
    }

    fn back_off(&mut self) {
        self.backoff = (self.backoff * 2).clamp(FIRST_BACKOFF, MAX_BACKOFF);
    }

    /// Updates from a stream that has ended after `open_for`.
    fn update(&mut self, events: &EventStream, open_for: Duration) {
        self.point.update(events);
        match (open_for >= STABLE_AFTER, events.had_event()) {
            (true, _) => self.backoff = Duration::ZERO,
            // The server's own `retry` may be shorter than the backoff.
            (false, true) => self.backoff = if self.point.retry.is_some() { Duration::ZERO } else { FIRST_BACKOFF },
            (false, false) => self.back_off(),
        }
    }
}

/// The thread's side of a listener.
pub(super) struct StreamReader {
    pub(super) sessions: Arc<SessionManager>,
    /// The thread connects for this generation only.
    pub(super) generation: u64,
    /// Ends when the listener is stopped.
    pub(super) call: Call,
    pub(super) shared: Arc<Shared>,
}

impl Drop for StreamReader {
    fn drop(&mut self) {
        self.shared.set(State::Ended);
    }
}

impl StreamReader {
    /// Opens the stream, and reads it.
    pub(super) fn open_and_run(&self) {
        let mut progress = Progress::default();
        if self.shared.is_by_caller() {
            match self.open_once(&mut progress).map_err(|error| self.shared.fail_opening(error)) {
                Ok(stream) => return self.read_all(stream, progress),
                Err(Ok(())) => return, // the call that waits has got the error
                Err(Err(_)) => progress.back_off(),
            }
        }
        if let Some(stream) = self.reopen(&mut progress) {
            self.read_all(stream, progress);
        }
    }

    /// Reads an open stream until the listener is stopped; without a stream of its own it watches the session's.
    pub(super) fn run(&self, stream: Option<Stream>) {
        self.read_all(stream, Progress::default());
    }

    fn read_all(&self, mut stream: Option<Stream>, mut progress: Progress) {
        loop {
            self.shared.set(State::Open);
            match stream {
                Some(stream) => self.read(stream, &mut progress),
                None => self.watch(&mut progress),
            }
            // Calls wait for a stream that is opened again soon.
            self.shared.set(if progress.pause() <= FIRST_BACKOFF { State::Opening } else { State::Broken });
            match self.reopen(&mut progress) {
                Some(next) => stream = next,
                None => return,
            }
        }
    }

    /// Reads a stream to its end.
    fn read(&self, mut stream: Stream, progress: &mut Progress) {
        let start = Instant::now();
        if let Some(events) = &mut stream.events {
            events.body.continue_for(self.call.clone());
        }
        self.shared.session.load_full().read_stream(&self.call, &mut stream);
        match &mut stream.events {
            Some(events) => {
                progress.update(events, start.elapsed());
                events.body.discard();
            }
            None => progress.backoff = FIRST_BACKOFF,
        }
    }

    /// Waits for the end of a session whose one channel another thread reads.
    fn watch(&self, progress: &mut Progress) {
        self.shared.session.load_full().transport.wait_for_end(&self.call);
        progress.backoff = FIRST_BACKOFF;
    }

    /// Opens the stream, on a new session if needed, until that succeeds. `None` when the listener is stopped, or when it
    /// serves handlers only and the server has no such stream.
    fn reopen(&self, progress: &mut Progress) -> Option<Option<Stream>> {
        loop {
            self.call.sleep(progress.pause()).ok()?;
            match self.open_once(progress) {
                Ok(stream) => return Some(stream),
                Err(Error::Cancelled) => return None,
                Err(error) if is_transient(&error) => {}
                // A server that does not know the event may still open a stream without it.
                Err(_) if progress.point.last_event_id.is_some() => progress.point.last_event_id = None,
                Err(_) if self.shared.is_by_caller() => {}
                Err(_) => {
                    self.shared.session.load().set_no_get_stream();
                    return None;
                }
            }
            self.shared.set(State::Broken);
            progress.back_off();
        }
    }

    fn open_once(&self, progress: &mut Progress) -> Result<Option<Stream>, Error> {
        let call = self.call.within(self.sessions.shared().settings.request.load().limits);
        let connected = self.sessions.session_in(&call, self.generation)?;
        match self.open_on(&connected, &call, progress) {
            Err(error) if self.is_session_lost(&call, &connected, &error) => {
                self.sessions.forget(&connected);
                let renewed = self.sessions.session_in(&call, self.generation)?;
                self.open_on(&renewed, &call, progress)
            }
            result => result,
        }
    }

    fn is_session_lost(&self, call: &Call, connected: &Connected, error: &Error) -> bool {
        match connected.session.loss(error) {
            SessionLoss::None => false,
            SessionLoss::Suspected => connected.session.is_lost(call),
            SessionLoss::Lost | SessionLoss::LostBefore => true,
        }
    }

    fn open_on(&self, connected: &Connected, call: &Call, progress: &mut Progress) -> Result<Option<Stream>, Error> {
        let session = &connected.session;
        let filter = self.shared.filter.load_full();
        if !Arc::ptr_eq(&self.shared.session.load(), session) {
            // Event ids and subscriptions belong to the previous session.
            progress.point.last_event_id = None;
            if !session.version.is_modern() {
                subscriptions::subscribe_again(session, call, &uris(filter.as_deref())?)?;
            }
            self.shared.session.store(session.clone());
        }
        open(session, call, filter.as_deref(), progress.point.last_event_id.as_deref())
    }
}
