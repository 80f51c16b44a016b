//! HTTP with SSE, the transport of 2024-11-05: one GET stream that brings every response, and an endpoint for POSTs
//! ([2024-11-05, "Transports"](https://modelcontextprotocol.io/specification/2024-11-05/basic/transports#http-with-sse)).

mod sender;

use std::sync::Arc;

use ::http::Method;

use crate::base::call::Call;
use crate::base::cancel::CancelEpoch;
use crate::base::error::Error;
use crate::base::resources;
use crate::base::threads::Threads;
use crate::http::client::HttpClient;
use crate::http::endpoint::{self, Endpoint};
use crate::http::request::Request as HttpRequest;
use crate::json::{Limits, Value};
use crate::protocol::jsonrpc::MessageError;
use crate::transport::channel::{self, Inbox};
use crate::transport::event_stream::EventStream;
use crate::transport::http_sse::sender::MessageSender;
use crate::transport::invalid::Excerpt;
use crate::transport::media_type::EVENT_STREAM;
use crate::transport::message::{MessageHandler, Request};
use crate::transport::pending::{End, Key, Pending};

/// Why no session could be opened.
#[derive(Debug)]
pub(crate) enum OpenError {
    /// The server does not speak this transport: it refused GET, or opened a stream that names no endpoint.
    OtherTransport(Error),
    Failed(Error),
}

impl From<OpenError> for Error {
    fn from(error: OpenError) -> Error {
        let (OpenError::OtherTransport(error) | OpenError::Failed(error)) = error;
        error
    }
}

/// An open stream with its endpoint.
pub(crate) struct HttpSse {
    sender: MessageSender,
    pending: Arc<Pending>,
    /// Ends the reading of the stream.
    stop: Arc<CancelEpoch>,
}

impl HttpSse {
    /// Opens the stream and waits for the endpoint.
    ///
    /// # Errors
    /// Those of [`HttpClient::send`]; [`Error::Protocol`] when the response is not an event stream that begins with a
    /// usable endpoint; [`Error::NoResources`] when no thread can be started.
    pub(crate) fn open(
        call: &Call,
        client: HttpClient,
        url: &Endpoint,
        handler: Arc<dyn MessageHandler>,
        threads: &Arc<Threads>,
    ) -> Result<HttpSse, OpenError> {
        let mut stream = open_stream(call, &client, url)?;
        let endpoint = read_endpoint(&mut stream, url).inspect_err(|_| stream.body.discard())?;
        let stop = Arc::new(CancelEpoch::default());
        stream.body.continue_for(Call::until_cancelled(&stop));
        let pending = Arc::new(Pending::default());
        let sender = MessageSender { client: client.clone(), endpoint };
        let responder = sender.clone();
        let respond = move |call: &Call, response: Vec<u8>| responder.respond(call, &response);
        let inbox = Inbox::new(handler, Call::until_cancelled(&stop), respond, threads);
        let mut reader = Reader { pending: pending.clone(), inbox, call: Call::until_cancelled(&stop), client };
        threads
            .spawn("sse", move || reader.run(stream))
            .map_err(|error| OpenError::Failed(resources::no_thread(&error)))?;
        Ok(HttpSse { sender, pending, stop })
    }

    /// Whether the stream is still open.
    pub(crate) fn is_open(&self) -> bool {
        self.pending.is_open()
    }

    /// Sends a request and waits for its response.
    pub(crate) fn request(&self, call: &Call, request: &Request<'_>) -> Result<Value, Error> {
        self.pending.expect(Key::Response(request.id))?;
        let invalid_before = self.pending.invalid();
        let response = self.sender.send(call, request).and_then(|()| self.pending.wait(call, request.id));
        self.pending.forget(Key::Response(request.id));
        let response = response.map_err(|error| self.pending.invalid().since(&invalid_before).explain(error));
        response?.map_err(|error| self.sender.client.rpc_error(error, None))
    }

    /// Sends a notification.
    pub(crate) fn notify(&self, call: &Call, message: &[u8]) -> Result<(), Error> {
        self.sender.notify(call, message)
    }

    /// Sends messages to the endpoint of this session.
    pub(crate) fn sender(&self) -> MessageSender {
        self.sender.clone()
    }

    pub(crate) fn threads(&self) -> &Threads {
        self.sender.client.http().threads()
    }

    /// Waits for the end of the stream, or of the call.
    pub(crate) fn wait_for_end(&self, call: &Call) {
        let _ = self.pending.wait_any(call, &[]);
    }

    /// Ends the stream, and with it the session.
    pub(crate) fn end(&self) {
        self.end_for(End::Network("the client was closed".to_owned()));
    }

    /// Ends the stream of a session that the server has dropped. Calls that wait for responses learn the reason.
    pub(crate) fn end_lost(&self) {
        self.end_for(End::SessionLost);
    }

    fn end_for(&self, end: End) {
        // The reason comes first: the reader that is interrupted next would give another one.
        self.pending.end(end);
        self.stop.cancel_all();
        self.sender.client.http().active().interrupt_cancelled();
    }
}

fn open_stream(call: &Call, client: &HttpClient, url: &Endpoint) -> Result<EventStream, OpenError> {
    let request = HttpRequest {
        method: Method::GET,
        endpoint: url,
        headers: &[],
        accept: EVENT_STREAM,
        body: None,
        idempotent: true,
    };
    let mut response = client.send(call, &request).map_err(OpenError::Failed)?;
    if !response.is_success() {
        let may_speak_other = matches!(response.status, 400 | 404 | 405 | 406);
        let error = client.error_response(url, response);
        return Err(if may_speak_other { OpenError::OtherTransport(error) } else { OpenError::Failed(error) });
    }
    if response.media_type().as_deref() != Some(EVENT_STREAM) {
        return Err(OpenError::OtherTransport(Error::Protocol(
            "the server did not answer GET with an event stream".to_owned(),
        )));
    }
    response.body.without_limit();
    Ok(EventStream::new(response.body, call.max_response_bytes()))
}

/// Reads the first event, which names the endpoint. It must have the same origin, since credentials are sent there.
fn read_endpoint(stream: &mut EventStream, url: &Endpoint) -> Result<Endpoint, OpenError> {
    loop {
        let event = match stream.next() {
            Ok(Some(event)) => event,
            Ok(None) => {
                return Err(OpenError::OtherTransport(Error::Protocol(
                    "the event stream ended before it named an endpoint".to_owned(),
                )));
            }
            Err(error @ Error::Timeout(_)) => return Err(OpenError::OtherTransport(error)),
            Err(error) => return Err(OpenError::Failed(error)),
        };
        if event.event == "endpoint" {
            return resolve_endpoint(&String::from_utf8_lossy(&event.data), url).map_err(OpenError::Failed);
        }
    }
}

fn resolve_endpoint(reference: &str, url: &Endpoint) -> Result<Endpoint, Error> {
    let named = endpoint::resolve(url.url(), reference.trim())
        .map_err(|reason| Error::Protocol(format!("the endpoint that the server names is unusable: {reason}")))?;
    if !endpoint::same_origin(url.url(), &named) {
        let shown = endpoint::display(&named);
        return Err(Error::Protocol(format!(
            "the server names an endpoint of another origin, where the credentials must not be sent: {shown}"
        )));
    }
    Endpoint::new(named).map_err(|_| Error::Protocol("the endpoint that the server names is unusable".to_owned()))
}

/// Reads the stream, on a thread of its own.
struct Reader {
    pending: Arc<Pending>,
    inbox: Inbox,
    /// Ends with the session.
    call: Call,
    client: HttpClient,
}

impl Drop for Reader {
    /// However reading ends, no call waits any longer.
    fn drop(&mut self) {
        self.pending.end(End::Network("the event stream is no longer read".to_owned()));
    }
}

impl Reader {
    fn run(&mut self, mut stream: EventStream) {
        let end = self.read_to_end(&mut stream);
        stream.body.discard();
        self.pending.end(end);
    }

    fn read_to_end(&mut self, stream: &mut EventStream) -> End {
        loop {
            match stream.next() {
                Ok(Some(event)) if event.event == "message" && !event.data.is_empty() => {
                    let beginning = Excerpt::of(&event.data);
                    match channel::dispatch(event.data, &Limits::of_response(&self.call), &self.pending) {
                        Ok(others) => others.into_iter().for_each(|message| self.inbox.accept(message)),
                        Err(MessageError::Invalid(reason)) => {
                            self.pending.add_invalid(beginning.add_to(&reason, |text| self.client.redact(text)));
                        }
                        Err(MessageError::Failed(error)) => return End::Protocol(error.to_string()),
                    }
                }
                Ok(Some(_)) => {}
                Ok(None) => return End::Network("the server closed the event stream".to_owned()),
                Err(error @ Error::Protocol(_)) => return End::Protocol(error.to_string()),
                Err(error) => return End::Network(format!("the event stream broke: {error}")),
            }
        }
    }
}
