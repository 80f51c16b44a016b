//! A stream of notifications outside any call: GET up to 2025-11-25, `subscriptions/listen` since 2026-07-28.

use std::sync::mpsc;
use std::sync::{Arc, Weak};
use std::thread;
use std::time::{Duration, Instant};

use arc_swap::{ArcSwap, ArcSwapOption};

use crate::call::{Call, Cancellations};
use crate::error::Error;
use crate::handlers::Dispatcher;
use crate::process::Process;
use crate::protocol::jsonrpc::Members;
use crate::protocol::meta::{object, raw};
use crate::session::{Ask, Session, Stream, Wire};
use crate::text;
use crate::transport::EventStream;
use crate::transport::streamable_http::StreamableHttp;

const LISTEN: &str = "subscriptions/listen";
/// The first wait before a broken stream is opened again; it doubles up to the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// How long a server gets to notice the end of the stream before, and how often it is asked.
const LONGEST_CONFLICT: Duration = Duration::from_secs(2);
const CONFLICT_PAUSE: Duration = Duration::from_millis(50);
/// How often somebody looks whether a session over HTTP+SSE is still there.
const WATCH_PAUSE: Duration = Duration::from_millis(100);
/// How long a call waits for the server's own stream before it goes on without.
const LONGEST_MOMENT: Duration = Duration::from_millis(300);

/// What the caller wants to hear, as the thread needs it when it opens the stream again.
type Filter = Arc<ArcSwapOption<Members>>;
/// The session whose stream it is: another one after the server has dropped the first.
type Current = Arc<ArcSwap<Session>>;

/// A stream that is being listened to.
pub(crate) struct Listener {
    stop: Arc<Cancellations>,
    session: Current,
    filter: Filter,
}

impl Listener {
    /// Opens the stream within the call, and goes on reading it on a thread.
    pub(crate) fn start(
        process: &Arc<Process>,
        dispatcher: &Dispatcher,
        call: &Call,
        session: Arc<Session>,
        filter: Option<Members>,
    ) -> Result<Listener, Error> {
        let stream = open(&session, call, filter.as_ref(), None)?;
        let (listener, work) = Listener::prepare(process, dispatcher, session, filter);
        spawn(process, move || work.run(stream))?;
        Ok(listener)
    }

    /// Opens the stream on a thread, and waits a moment for it: a server may well send nothing before the first event.
    /// Without such a stream (HTTP 405) the thread ends.
    pub(crate) fn start_aside(
        process: &Arc<Process>,
        dispatcher: &Dispatcher,
        session: Arc<Session>,
    ) -> Result<Listener, Error> {
        let (listener, work) = Listener::prepare(process, dispatcher, session, None);
        let (sender, opened) = mpsc::sync_channel(1);
        spawn(process, move || {
            let stream = work.process.upgrade().and_then(|process| work.open_once(&process, None).ok().flatten());
            let _ = sender.send(()); // nobody waits any more when it took too long
            if stream.is_some() {
                work.run(stream);
            }
        })?;
        let _ = opened.recv_timeout(LONGEST_MOMENT);
        Ok(listener)
    }

    fn prepare(
        process: &Arc<Process>,
        dispatcher: &Dispatcher,
        session: Arc<Session>,
        filter: Option<Members>,
    ) -> (Listener, Work) {
        let stop = Arc::new(Cancellations::default());
        let filter: Filter = Arc::new(ArcSwapOption::from_pointee(filter));
        let session: Current = Arc::new(ArcSwap::new(session));
        let work = Work {
            process: Arc::downgrade(process),
            dispatcher: dispatcher.clone(),
            call: Call::new(None, &stop),
            session: session.clone(),
            filter: filter.clone(),
        };
        (Listener { stop, session, filter }, work)
    }

    /// Listens for something else on the same stream: `false` when that takes another one. Up to 2025-11-25 a session has
    /// one stream that brings everything, and servers refuse a second.
    pub(crate) fn change(&self, call: &Call, session: &Arc<Session>, filter: Option<&Members>) -> Result<bool, Error> {
        if session.version.is_modern() || !Arc::ptr_eq(&self.session.load(), session) {
            return Ok(false);
        }
        subscribe(session, call, filter)?;
        self.filter.store(filter.cloned().map(Arc::new));
        Ok(true)
    }

    /// Ends the reading; the thread ends by itself.
    pub(crate) fn stop(&self) {
        self.stop.cancel_all();
        if let Wire::StreamableHttp(http) = &self.session.load().wire {
            http.busy().interrupt_cancelled();
        }
    }
}

fn spawn(process: &Process, work: impl FnOnce() + Send + 'static) -> Result<(), Error> {
    let failed = |error| Error::Internal(format!("no thread could be started: {error}"));
    process.threads().spawn("listen", work).map_err(failed)
}

/// Opens the stream, from `last_event_id` on when the server can do that; `None` over HTTP+SSE, whose one stream brings
/// everything anyway.
fn open(
    session: &Session,
    call: &Call,
    filter: Option<&Members>,
    last_event_id: Option<&str>,
) -> Result<Option<Stream>, Error> {
    if session.version.is_modern() {
        let mut params = Members::new();
        let filter = filter.map_or(Ok("{}".to_owned()), object)?;
        params.insert("notifications".to_owned(), raw(filter)?);
        return session.open_subscription(call, &Ask::with(LISTEN, params)).map(Some);
    }
    subscribe(session, call, filter)?;
    match &session.wire {
        Wire::HttpSse(_) => Ok(None),
        Wire::StreamableHttp(http) => match open_when_free(http, call, last_event_id)? {
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

/// Up to 2025-11-25 each resource has a request of its own.
fn subscribe(session: &Session, call: &Call, filter: Option<&Members>) -> Result<(), Error> {
    let Some(uris) = filter.and_then(|filter| filter.get("resourceSubscriptions")) else {
        return Ok(());
    };
    let uris: Vec<String> = serde_json::from_str(uris.get())
        .map_err(|_| Error::InvalidArgument("resourceSubscriptions is not an array of strings".to_owned()))?;
    if !uris.is_empty() {
        session.server.require("resources.subscribe")?;
    }
    for uri in uris {
        let params = Members::from([("uri".to_owned(), raw(text::quoted(&uri))?)]);
        session.request(call, &Ask::with("resources/subscribe", params))?;
    }
    Ok(())
}

/// The thread's side.
struct Work {
    process: Weak<Process>,
    dispatcher: Dispatcher,
    /// Over when nobody listens any more.
    call: Call,
    session: Current,
    filter: Filter,
}

impl Work {
    /// Reads what comes, as long as anybody listens. Without a stream that is its own it watches the session's.
    fn run(&self, mut stream: Option<Stream>) {
        loop {
            let (last_event_id, pause) = match stream {
                Some(stream) => self.read(stream),
                None => self.watch(),
            };
            match self.open_again(last_event_id, pause) {
                Some(next) => stream = next,
                None => return,
            }
        }
    }

    /// Reads a stream to its end: where it ended, and how long the server wants to be left alone then.
    fn read(&self, mut stream: Stream) -> (Option<String>, Duration) {
        stream.events.body.continue_for(self.call.clone());
        self.session.load_full().read_stream(&self.call, &mut stream);
        let last_event_id = stream.events.last_event_id().filter(|id| !id.is_empty()).map(str::to_owned);
        let pause = stream.events.retry().unwrap_or(FIRST_PAUSE);
        stream.events.body.discard();
        (last_event_id, pause)
    }

    /// Over HTTP+SSE another thread reads the session's one stream: waits for the session to end.
    fn watch(&self) -> (Option<String>, Duration) {
        let session = self.session.load_full();
        while session.is_open() && !self.call.is_cancelled() {
            thread::sleep(WATCH_PAUSE);
        }
        (None, FIRST_PAUSE)
    }

    /// Opens the stream again, on a new session if need be, until it works; `None` when nobody listens any more.
    fn open_again(&self, mut last_event_id: Option<String>, mut pause: Duration) -> Option<Option<Stream>> {
        loop {
            self.call.sleep(pause).ok()?;
            pause = (pause * 2).clamp(FIRST_PAUSE, LONGEST_PAUSE);
            match self.open_once(&self.process.upgrade()?, last_event_id.as_deref()) {
                Ok(stream) => return Some(stream),
                Err(Error::Cancelled) => return None,
                Err(Error::Network(_) | Error::Timeout(_)) => {}
                // A server that does not know the event may open a stream that begins now.
                Err(_) => last_event_id = None,
            }
        }
    }

    fn open_once(&self, process: &Arc<Process>, last_event_id: Option<&str>) -> Result<Option<Stream>, Error> {
        let settings = self.dispatcher.settings.load_full();
        let call = self.call.within(settings.timeout).connecting_within(settings.connect_timeout);
        let filter = self.filter.load_full();
        let present = process.session(&call, &self.dispatcher)?.session;
        // What another session has sent last says nothing about this one.
        let last_event_id = last_event_id.filter(|_| Arc::ptr_eq(&self.session.load(), &present));
        self.session.store(present.clone());
        match open(&present, &call, filter.as_deref(), last_event_id) {
            Err(error) if present.is_gone(&error) => {
                let renewed = process.renew(&call, &present, &self.dispatcher)?;
                self.session.store(renewed.clone());
                open(&renewed, &call, filter.as_deref(), None)
            }
            result => result,
        }
    }
}
