//! The thread that reads the stream, and opens it again when it breaks.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::thread;
use std::time::{Duration, Instant};

use crate::base::call::Call;
use crate::base::error::Error;
use crate::client::listener::Shared;
use crate::client::listener::State;
use crate::client::sessions::SessionManager;
use crate::protocol::jsonrpc::JsonObject;
use crate::session::callbacks::Dispatcher;
use crate::session::subscriptions;
use crate::session::{Session, Stream, Transport};
use crate::transport::EventStream;
use crate::transport::streamable_http::StreamableHttp;

/// The first wait before a broken stream is opened again; it doubles up to the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// A stream that lived as long as this did not fail, whether it brought anything or not.
const LASTING: Duration = Duration::from_secs(10);
/// How long a server gets to notice the end of the stream before, and how often it is asked.
const LONGEST_CONFLICT: Duration = Duration::from_secs(2);
const CONFLICT_PAUSE: Duration = Duration::from_millis(50);
/// How often somebody looks whether a session over HTTP+SSE is still there.
const WATCH_PAUSE: Duration = Duration::from_millis(100);

/// Opens the stream, from `last_event_id` on when the server can do that; `None` over HTTP+SSE, whose one stream brings
/// everything anyway.
pub(super) fn open(
    session: &Session,
    call: &Call,
    filter: Option<&JsonObject>,
    last_event_id: Option<&str>,
) -> Result<Option<Stream>, Error> {
    if session.version.is_modern() {
        return session.open_subscription(call, filter).map(Some);
    }
    match &session.wire {
        Transport::HttpSse(_) => Ok(None),
        Transport::StreamableHttp(http) => match open_when_free(http, call, last_event_id)? {
            Some(events) => Ok(Some(Stream { id: None, events })),
            None => Err(Error::Unsupported("the server offers no stream of its own (HTTP 405)".to_owned())),
        },
    }
}

/// A server takes a moment to notice that the stream before has ended, and has no place for another until then (HTTP 409).
fn open_when_free(
    http: &StreamableHttp,
    call: &Call,
    last_event_id: Option<&str>,
) -> Result<Option<EventStream>, Error> {
    let patience = Instant::now() + LONGEST_CONFLICT;
    loop {
        match http.open_stream(call, last_event_id) {
            Err(error) if error.http_status() == Some(409) && Instant::now() < patience => {
                call.sleep(CONFLICT_PAUSE)?
            }
            result => return result,
        }
    }
}

/// Whether the same may well succeed later.
fn is_transient(error: &Error) -> bool {
    match error {
        Error::Network(_) | Error::Timeout(_) => true,
        error => matches!(error.http_status(), Some(408 | 409 | 429 | 500 | 502..=504)),
    }
}

/// Where a stream goes on, and when: kept from stream to stream.
#[derive(Default)]
struct Position {
    last_event_id: Option<String>,
    /// How long the server wants to be left alone between two streams.
    retry: Option<Duration>,
    /// How long the client waits of its own accord; grows while nothing comes of it.
    backoff: Duration,
}

impl Position {
    fn pause(&self) -> Duration {
        self.retry.unwrap_or_default().max(self.backoff)
    }

    fn grow(&mut self) {
        self.backoff = (self.backoff * 2).clamp(FIRST_PAUSE, LONGEST_PAUSE);
    }

    /// Learns from a stream that has ended.
    fn learn(&mut self, events: &EventStream, lived: Duration) {
        if let Some(id) = events.last_event_id().filter(|id| !id.is_empty()) {
            self.last_event_id = Some(id.to_owned());
        }
        self.retry = events.retry().or(self.retry);
        match events.brought_any() || lived >= LASTING {
            // A server that says when to come again may mean sooner than the client would.
            true => self.backoff = if self.retry.is_some() { Duration::ZERO } else { FIRST_PAUSE },
            false => self.grow(),
        }
    }
}

/// The thread's side.
pub(super) struct StreamReader {
    pub(super) process: Weak<SessionManager>,
    pub(super) dispatcher: Dispatcher,
    /// Over when nobody listens any more.
    pub(super) call: Call,
    pub(super) shared: Arc<Shared>,
}

impl Drop for StreamReader {
    /// However the thread ends, nobody takes the stream for an open one.
    fn drop(&mut self) {
        self.shared.set(State::Ended);
    }
}

impl StreamReader {
    /// Opens the stream, and reads it if there is one.
    pub(super) fn run_aside(&self) {
        let mut position = Position::default();
        if let Some(stream) = self.open_again(&mut position) {
            self.read_all(stream, position);
        }
    }

    /// Reads what comes, as long as anybody listens. Without a stream that is its own it watches the session's.
    pub(super) fn run(&self, stream: Option<Stream>) {
        self.read_all(stream, Position::default());
    }

    fn read_all(&self, mut stream: Option<Stream>, mut position: Position) {
        loop {
            self.shared.set(State::Open);
            match stream {
                Some(stream) => self.read(stream, &mut position),
                None => self.watch(&mut position),
            }
            // One that comes back soon is waited for, and goes on where it was.
            self.shared.set(if position.pause() <= FIRST_PAUSE { State::Opening } else { State::Broken });
            match self.open_again(&mut position) {
                Some(next) => stream = next,
                None => return,
            }
        }
    }

    /// Reads a stream to its end.
    fn read(&self, mut stream: Stream, position: &mut Position) {
        let start = Instant::now();
        stream.events.body.continue_for(self.call.clone());
        self.shared.session.load_full().read_stream(&self.call, &mut stream);
        position.learn(&stream.events, start.elapsed());
        stream.events.body.discard();
    }

    /// Over HTTP+SSE another thread reads the session's one stream: waits for the session to end.
    fn watch(&self, position: &mut Position) {
        let session = self.shared.session.load_full();
        while session.is_open() && !self.call.is_cancelled() {
            thread::sleep(WATCH_PAUSE);
        }
        position.backoff = FIRST_PAUSE;
    }

    /// Opens the stream, on a new session if need be, until it works; `None` when nobody listens any more, or nothing
    /// but handlers would and there is no such stream.
    fn open_again(&self, position: &mut Position) -> Option<Option<Stream>> {
        loop {
            self.call.sleep(position.pause()).ok()?;
            match self.open_once(&self.process.upgrade()?, position) {
                Ok(stream) => return Some(stream),
                Err(Error::Cancelled) => return None,
                Err(error) if is_transient(&error) => {}
                // A server that does not know the event may open a stream that begins now.
                Err(_) if position.last_event_id.is_some() => position.last_event_id = None,
                Err(_) if self.shared.explicit.load(Ordering::SeqCst) => {}
                Err(_) => {
                    self.shared.session.load().set_streamless();
                    return None;
                }
            }
            self.shared.set(State::Broken);
            position.grow();
        }
    }

    fn open_once(&self, process: &Arc<SessionManager>, position: &mut Position) -> Result<Option<Stream>, Error> {
        let settings = self.dispatcher.settings.load_full();
        let call = self.call.within(settings.timeout).connecting_within(settings.connect_timeout);
        let present = process.session(&call, &self.dispatcher)?.session;
        match self.open_on(&present, &call, position) {
            Err(error) if present.is_gone(&error) => {
                let renewed = process.renew(&call, &present, &self.dispatcher)?;
                self.open_on(&renewed, &call, position)
            }
            result => result,
        }
    }

    fn open_on(&self, session: &Arc<Session>, call: &Call, position: &mut Position) -> Result<Option<Stream>, Error> {
        let filter = self.shared.filter.load_full();
        if !Arc::ptr_eq(&self.shared.session.load(), session) {
            // What another session has sent last says nothing about this one, nor does what it was subscribed to.
            position.last_event_id = None;
            if !session.version.is_modern() {
                subscriptions::subscribe_again(session, call, &subscriptions::uris(filter.as_deref())?)?;
            }
            self.shared.session.store(session.clone());
        }
        open(session, call, filter.as_deref(), position.last_event_id.as_deref())
    }
}
