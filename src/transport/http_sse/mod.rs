//! HTTP+SSE, the transport of 2024-11-05: one long GET stream that brings every answer, and an endpoint for POSTs.

use std::sync::Arc;

use crate::base::call::{Call, Cancellations};
use crate::base::error::Error;
use crate::base::resources;
use crate::base::threads::Threads;
use crate::http::client::{Endpoint, HttpClient, Outgoing};
use crate::http::{Method, endpoint};
use crate::protocol::jsonrpc::Answer;
use crate::transport::ACCEPT_BOTH;
use crate::transport::EVENT_STREAM;
use crate::transport::MessageHandler;
use crate::transport::Outbound;
use crate::transport::channel::{self, Inbox};
use crate::transport::event_stream::EventStream;
use crate::transport::pending::{End, Key, Pending};

/// A connected stream with its endpoint.
pub(crate) struct HttpSse {
    poster: MessageSender,
    pending: Arc<Pending>,
    /// Ends the reading of the stream.
    stop: Arc<Cancellations>,
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
        let pending = Arc::new(Pending::default());
        let poster = MessageSender { exchange, endpoint };
        let respond = {
            let poster = poster.clone();
            move |call: &Call, response: Vec<u8>| poster.respond(call, &response)
        };
        let inbox = Inbox::new(peer, Call::new(None, &stop), respond, threads);
        let mut reader = Reader { pending: pending.clone(), inbox };
        threads.spawn("sse", move || reader.run(stream)).map_err(|error| resources::no_thread(&error))?;
        Ok(HttpSse { poster, pending, stop })
    }

    /// Whether the stream is still there.
    pub(crate) fn is_open(&self) -> bool {
        self.pending.is_open()
    }

    pub(crate) fn request(&self, call: &Call, outbound: &Outbound<'_>) -> Result<Answer, Error> {
        self.pending.expect(Key::Response(outbound.id))?;
        let answer = self.poster.send(call, outbound).and_then(|()| self.pending.wait(call, outbound.id));
        self.pending.forget(Key::Response(outbound.id));
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
        self.pending.end(End::Network("the client was closed".to_owned()));
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

    /// Sends the response to a request of the server. Best effort: without it, the server's own time limit ends its wait.
    fn respond(&self, call: &Call, response: &[u8]) {
        let call = call.within(self.exchange.settings().timeout);
        let _ = self.send(&call, &Outbound { id: 0, message: response, headers: &[], repeatable: true });
    }
}

/// Reads the stream.
struct Reader {
    pending: Arc<Pending>,
    inbox: Inbox,
}

impl Drop for Reader {
    /// However the reading ends, no caller waits for more.
    fn drop(&mut self) {
        self.pending.end(End::Network("the event stream is no longer read".to_owned()));
    }
}

impl Reader {
    fn run(&mut self, mut stream: EventStream) {
        let end = loop {
            match stream.next() {
                Ok(Some(event)) if event.event == "message" && !event.data.is_empty() => {
                    match channel::dispatch(event.data, &self.pending) {
                        Ok(others) => others.into_iter().for_each(|message| self.inbox.accept(message)),
                        Err(error) => break End::Protocol(error.to_string()),
                    }
                }
                Ok(Some(_)) => {}
                Ok(None) => break End::Network("the server closed the event stream".to_owned()),
                Err(error @ Error::Protocol(_)) => break End::Protocol(error.to_string()),
                Err(error) => break End::Network(format!("the event stream broke: {error}")),
            }
        };
        stream.body.discard();
        self.pending.end(end);
    }
}
