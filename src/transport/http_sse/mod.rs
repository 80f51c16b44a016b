//! HTTP+SSE, the transport of 2024-11-05: one long GET stream that brings every answer, and an endpoint for POSTs.

mod queue;

use std::collections::HashMap;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::base::call::{CANCEL_POLL, Call, Cancellations};
use crate::base::error::{Error, RpcError};
use crate::base::threads::Threads;
use crate::http::client::{Endpoint, HttpClient, Outgoing};
use crate::http::{Method, endpoint};
use crate::protocol::jsonrpc::{self, Answer, Incoming};
use crate::transport::ACCEPT_BOTH;
use crate::transport::EVENT_STREAM;
use crate::transport::MessageHandler;
use crate::transport::Outbound;
use crate::transport::ServerMessage;
use crate::transport::event_stream::EventStream;
use queue::WorkQueue;

/// How many messages of the server may wait for their handler; more are dropped rather than stopping the answers.
const MOST_UNASKED: usize = 1024;
/// How many pings may wait for their answer.
const MOST_PINGS: usize = 16;
/// How many requests of the server are handled at once.
const MOST_NESTED: usize = 4;

/// A connected stream with its endpoint.
pub(crate) struct HttpSse {
    poster: MessageSender,
    answers: Arc<Answers>,
    /// Ends the reading of the stream.
    stop: Arc<Cancellations>,
}

/// The answers that calls wait for.
#[derive(Default)]
struct Answers {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// By request id; `None` while the answer is awaited.
    waiting: HashMap<u64, Option<Result<Answer, RpcError>>>,
    /// Why no more answers will come.
    ended: Option<End>,
}

#[derive(Clone)]
enum End {
    Network(String),
    Protocol(String),
}

impl End {
    fn reason(&self) -> &str {
        let (End::Network(reason) | End::Protocol(reason)) = self;
        reason
    }

    fn error(&self) -> Error {
        match self {
            End::Network(reason) => Error::Network(reason.clone()),
            End::Protocol(reason) => Error::Protocol(reason.clone()),
        }
    }
}

impl Answers {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn end(&self, end: End) {
        self.state().ended.get_or_insert(end);
        self.changed.notify_all();
    }

    /// Begins to wait, unless nothing will come any more.
    fn expect(&self, id: u64) -> Result<(), Error> {
        let mut state = self.state();
        match &state.ended {
            Some(end) => Err(Error::Unsent(end.reason().to_owned())),
            None => {
                state.waiting.insert(id, None);
                Ok(())
            }
        }
    }

    /// The request that an error without an id must be about: the only one whose answer is awaited.
    fn only_awaited(&self) -> Option<u64> {
        let state = self.state();
        let mut awaited = state.waiting.iter().filter(|(_, answer)| answer.is_none()).map(|(id, _)| *id);
        awaited.next().filter(|_| awaited.next().is_none())
    }

    fn is_awaited(&self, id: u64) -> bool {
        self.state().waiting.contains_key(&id)
    }

    fn put(&self, id: u64, answer: Result<Answer, RpcError>) {
        if let Some(slot) = self.state().waiting.get_mut(&id) {
            *slot = Some(answer);
            self.changed.notify_all();
        }
    }

    fn wait(&self, call: &Call, id: u64) -> Result<Result<Answer, RpcError>, Error> {
        let mut state = self.state();
        loop {
            if let Some(answer) = state.waiting.get_mut(&id).and_then(Option::take) {
                return Ok(answer);
            }
            let left = call.remaining()?;
            if let Some(end) = &state.ended {
                return Err(end.error());
            }
            let waited = self.changed.wait_timeout(state, left.map_or(CANCEL_POLL, |left| left.min(CANCEL_POLL)));
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl HttpSse {
    /// Opens the stream and waits for the endpoint.
    pub(crate) fn open(
        call: &Call,
        exchange: HttpClient,
        target: &Endpoint,
        peer: Arc<dyn MessageHandler>,
        threads: &Arc<Threads>,
    ) -> Result<HttpSse, Error> {
        let mut stream = open_stream(call, &exchange, target)?;
        let endpoint = read_endpoint(&mut stream, target).inspect_err(|_| stream.body.discard())?;
        let stop = Arc::new(Cancellations::default());
        stream.body.continue_for(Call::new(None, &stop));
        let answers = Arc::new(Answers::default());
        let poster = MessageSender { exchange, endpoint };
        let call = Call::new(None, &stop);
        let inbox = Delivery { poster: poster.clone(), peer, call, queued: Arc::default() };
        let mut reader = Reader { answers: answers.clone(), inbox, lanes: Lanes::new(), threads: threads.clone() };
        threads
            .spawn("sse", move || reader.run(stream))
            .map_err(|error| Error::Internal(format!("no thread could be started: {error}")))?;
        Ok(HttpSse { poster, answers, stop })
    }

    /// Whether the stream is still there.
    pub(crate) fn is_open(&self) -> bool {
        self.answers.state().ended.is_none()
    }

    pub(crate) fn request(&self, call: &Call, outbound: &Outbound<'_>) -> Result<Answer, Error> {
        self.answers.expect(outbound.id)?;
        let answer = self.poster.send(call, outbound).and_then(|()| self.answers.wait(call, outbound.id));
        self.answers.state().waiting.remove(&outbound.id);
        answer?.map_err(|error| self.poster.exchange.settings().credentials.redact_rpc(error, None))
    }

    pub(crate) fn notify(&self, call: &Call, message: &[u8]) -> Result<(), Error> {
        self.poster.send(call, &Outbound { id: 0, message, headers: &[], repeatable: true })
    }

    /// What sends messages to this endpoint.
    pub(crate) fn poster(&self) -> MessageSender {
        self.poster.clone()
    }

    pub(crate) fn threads(&self) -> &Threads {
        self.poster.exchange.http.threads()
    }

    /// Ends the stream: that is how this transport's session ends.
    pub(crate) fn end(&self) {
        self.stop.cancel_all();
        self.poster.exchange.http.busy().interrupt_cancelled();
        self.answers.end(End::Network("the client was closed".to_owned()));
    }
}

fn open_stream(call: &Call, exchange: &HttpClient, target: &Endpoint) -> Result<EventStream, Error> {
    let outgoing =
        Outgoing { method: Method::GET, target, headers: &[], accept: EVENT_STREAM, body: None, repeatable: true };
    let mut response = exchange.send(call, &outgoing)?;
    if !(200..300).contains(&response.status) {
        return Err(exchange.refuse(target, response));
    }
    if response.media_type().as_deref() != Some(EVENT_STREAM) {
        return Err(Error::Protocol("the server answered GET with something else than an event stream".to_owned()));
    }
    response.body.without_limit();
    Ok(EventStream::new(response.body, exchange.settings().max_response_bytes))
}

/// The first event names the endpoint; it must be of the same origin, since credentials go there.
fn read_endpoint(stream: &mut EventStream, target: &Endpoint) -> Result<Endpoint, Error> {
    loop {
        let Some(event) = stream.next()? else {
            return Err(Error::Protocol("the event stream ended before it named an endpoint".to_owned()));
        };
        if event.event != "endpoint" {
            continue;
        }
        let reference = String::from_utf8_lossy(&event.data);
        let url = endpoint::resolve(&target.url, reference.trim())
            .map_err(|reason| Error::Protocol(format!("the endpoint that the server names is unusable: {reason}")))?;
        if !endpoint::same(&target.url, &url) {
            let shown = endpoint::display(&url);
            return Err(Error::Protocol(format!(
                "the server names an endpoint of another origin, where the credentials must not go: {shown}"
            )));
        }
        return Endpoint::new(url)
            .map_err(|_| Error::Protocol("the endpoint that the server names is unusable".to_owned()));
    }
}

/// Sends messages to the endpoint.
#[derive(Clone)]
pub(crate) struct MessageSender {
    exchange: HttpClient,
    endpoint: Endpoint,
}

impl MessageSender {
    pub(crate) fn send(&self, call: &Call, outbound: &Outbound<'_>) -> Result<(), Error> {
        let target = &self.endpoint;
        let outgoing = Outgoing {
            method: Method::POST,
            target,
            headers: &[outbound.headers],
            accept: ACCEPT_BOTH,
            body: Some(outbound.message),
            repeatable: outbound.repeatable,
        };
        let response = self.exchange.send(call, &outgoing)?;
        match response.status {
            200..300 => Ok(()),
            _ => Err(self.exchange.refuse(target, response)),
        }
    }
}

/// Handles what the server sends on its own, on a thread of its own: a handler may call the client, whose answer the
/// reader must be free to read.
#[derive(Clone)]
struct Delivery {
    poster: MessageSender,
    peer: Arc<dyn MessageHandler>,
    /// Over when the session is.
    call: Call,
    /// The bytes of the messages that wait.
    queued: Arc<AtomicUsize>,
}

impl Delivery {
    /// Whether a message of this size finds room beside those that wait.
    fn admits(&self, size: usize) -> bool {
        let limit = usize::try_from(self.poster.exchange.settings().max_response_bytes).unwrap_or(usize::MAX);
        self.queued.load(Ordering::Relaxed).saturating_add(size) <= limit
    }

    fn is_open(&self) -> bool {
        !self.call.is_cancelled()
    }

    /// Hands a message to its handler, and sends the response.
    fn handle(&self, unasked: &ServerMessage) {
        self.queued.fetch_sub(unasked.size(), Ordering::Relaxed);
        if let Some(response) = unasked.deliver(&*self.peer) {
            let call = self.call.within(self.poster.exchange.settings().timeout);
            let outbound = Outbound { id: 0, message: &response, headers: &[], repeatable: true };
            // If the response does not get through, the server's own deadline ends its waiting.
            let _ = self.poster.send(&call, &outbound);
        }
    }
}

struct Reader {
    answers: Arc<Answers>,
    inbox: Delivery,
    lanes: Lanes,
    threads: Arc<Threads>,
}

/// What waits for its turn. No callback keeps a `ping` waiting, and one that calls the client does not keep the server
/// from asking within that call; notifications stay in order.
struct Lanes {
    notifications: WorkQueue,
    requests: WorkQueue,
    pings: WorkQueue,
}

impl Lanes {
    fn new() -> Lanes {
        Lanes {
            notifications: WorkQueue::new("events", MOST_UNASKED, 1),
            requests: WorkQueue::new("requests", MOST_UNASKED, MOST_NESTED),
            pings: WorkQueue::new("pings", MOST_PINGS, 1),
        }
    }

    fn of(&mut self, unasked: &ServerMessage) -> &mut WorkQueue {
        match unasked {
            ServerMessage::Notification { .. } => &mut self.notifications,
            ServerMessage::Request { method, .. } if method == "ping" => &mut self.pings,
            ServerMessage::Request { .. } => &mut self.requests,
        }
    }
}

impl Drop for Reader {
    /// However the reading ends, nobody waits for more.
    fn drop(&mut self) {
        self.answers.end(End::Network("the event stream is no longer read".to_owned()));
    }
}

impl Reader {
    fn run(&mut self, mut stream: EventStream) {
        let end = loop {
            match stream.next() {
                Ok(Some(event)) if event.event == "message" && !event.data.is_empty() => {
                    if let Err(error) = self.read(event.data) {
                        break End::Protocol(error.to_string());
                    }
                }
                Ok(Some(_)) => {}
                Ok(None) => break End::Network("the server closed the event stream".to_owned()),
                Err(error @ Error::Protocol(_)) => break End::Protocol(error.to_string()),
                Err(error) => break End::Network(format!("the event stream broke: {error}")),
            }
        };
        stream.body.discard();
        self.answers.end(end);
    }

    fn read(&mut self, message: Vec<u8>) -> Result<(), Error> {
        let mut responses = Vec::new();
        let mut unasked = Vec::new();
        jsonrpc::read(&message, |incoming| match incoming {
            Incoming::Response { id, outcome } => {
                let id = match id {
                    "null" if outcome.is_err() => self.answers.only_awaited(),
                    id => id.parse().ok(),
                };
                responses.extend(id.zip(Some(outcome.map(|result| jsonrpc::range_in(&message, result)))));
            }
            other => unasked.extend(ServerMessage::of(other)),
        })?;
        responses.retain(|(id, _)| self.answers.is_awaited(*id));
        let last = responses.pop();
        for (id, range) in responses {
            let part = |result: Range<usize>| Answer { result: 0..result.len(), message: message[result].to_vec() };
            self.answers.put(id, range.map(part));
        }
        // The usual message holds one response, which keeps its buffer.
        if let Some((id, range)) = last {
            self.answers.put(id, range.map(|result| Answer { message, result }));
        }
        unasked.into_iter().for_each(|one| self.hand_over(one));
        Ok(())
    }

    fn hand_over(&mut self, unasked: ServerMessage) {
        // When too many wait, or no thread is to be had, what comes too fast is dropped.
        let size = unasked.size();
        if self.inbox.admits(size) {
            self.inbox.queued.fetch_add(size, Ordering::Relaxed);
            if self.lanes.of(&unasked).push(unasked, &self.inbox, &self.threads).is_err() {
                self.inbox.queued.fetch_sub(size, Ordering::Relaxed);
            }
        }
    }
}
