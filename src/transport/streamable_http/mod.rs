//! Streamable HTTP: with sessions up to 2025-11-25
//! ([specification](https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#streamable-http)), without
//! since 2026-07-28
//! ([specification](https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http)).

pub(crate) mod resume;
mod subscription;

use std::time::Duration;

use ::http::{HeaderName, HeaderValue, Method};

use crate::base::call::Call;
use crate::base::error::{Error, RpcError};
use crate::base::text;
use crate::base::threads::Threads;
use crate::http::client::HttpClient;
use crate::http::endpoint::Endpoint;
use crate::http::request::Request as HttpRequest;
use crate::http::response::Response as HttpResponse;
use crate::json::{Limits, Value};
use crate::protocol::jsonrpc::{self, Match, MessageError};
use crate::protocol::version::Version;
use crate::transport::event_stream::EventStream;
use crate::transport::invalid::{Excerpt, InvalidMessages};
use crate::transport::media_type::{ACCEPT_BOTH, EVENT_STREAM, JSON};
use crate::transport::message::{MessageHandler, Request, ServerMessage};
use crate::transport::session_loss::SessionLoss;
use crate::transport::streamable_http::resume::Resumption;

const SESSION_ID: HeaderName = HeaderName::from_static("mcp-session-id");
const PROTOCOL_VERSION: HeaderName = HeaderName::from_static("mcp-protocol-version");
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// How long the DELETE that ends a session may take.
const DELETE_TIMEOUT: Duration = Duration::from_millis(800);

/// An MCP endpoint.
#[derive(Clone)]
pub(crate) struct StreamableHttp {
    client: HttpClient,
    endpoint: Endpoint,
    version: Option<Version>,
    /// Sent with every message: protocol version, session id.
    headers: Vec<(HeaderName, HeaderValue)>,
}

/// A response, and the id of the session that it opens, if it does.
pub(crate) struct Received {
    pub(crate) response: Value,
    pub(crate) session_id: Option<HeaderValue>,
}

/// Why there is no response to a request that the server has accepted.
#[derive(Debug)]
pub(crate) struct NoResponse(String);

impl NoResponse {
    fn nothing() -> NoResponse {
        NoResponse("the server sent no response to the request".to_owned())
    }
}

impl From<NoResponse> for Error {
    fn from(missing: NoResponse) -> Error {
        Error::Protocol(missing.0)
    }
}

/// The state of reading the streams of one response.
#[derive(Default)]
struct Reading {
    resumption: Resumption,
    invalid: InvalidMessages,
}

impl StreamableHttp {
    /// An endpoint before a version is negotiated.
    pub(crate) fn new(client: HttpClient, endpoint: Endpoint) -> StreamableHttp {
        StreamableHttp { client, endpoint, version: None, headers: Vec::new() }
    }

    /// The same endpoint with a negotiated version, and a session where the version has one.
    pub(crate) fn negotiated(&self, version: Version, session_id: Option<HeaderValue>) -> StreamableHttp {
        let mut headers = Vec::new();
        if version.has_version_header() {
            headers.push((PROTOCOL_VERSION, HeaderValue::from_static(version.as_str())));
        }
        headers.extend(session_id.map(|id| (SESSION_ID, id)));
        StreamableHttp { version: Some(version), headers, ..self.clone() }
    }

    fn is_modern(&self) -> bool {
        self.version.is_some_and(Version::is_modern)
    }

    fn has_session(&self) -> bool {
        self.headers.iter().any(|(name, _)| *name == SESSION_ID)
    }

    /// What the error says about the session.
    pub(crate) fn session_loss(&self, error: &Error) -> SessionLoss {
        if self.has_session() { SessionLoss::from_response(error) } else { SessionLoss::None }
    }

    /// Sends an HTTP request to the endpoint; `more`: headers beside those of endpoint and message.
    fn send(
        &self,
        call: &Call,
        method: Method,
        accept: &'static str,
        message: Option<&Request<'_>>,
        more: &[(HeaderName, HeaderValue)],
    ) -> Result<HttpResponse, Error> {
        let of_message = message.map_or(&[][..], |message| message.headers);
        let request = HttpRequest {
            method,
            endpoint: &self.endpoint,
            headers: &[&self.headers, of_message, more],
            accept,
            body: message.map(|message| message.message),
            idempotent: message.is_none_or(|message| message.idempotent),
        };
        self.client.send(call, &request)
    }

    fn error_response(&self, response: HttpResponse) -> Error {
        self.client.error_response(&self.endpoint, response)
    }

    /// Sends a request and waits for its response.
    pub(crate) fn request(
        &self,
        call: &Call,
        request: &Request<'_>,
        handler: &dyn MessageHandler,
    ) -> Result<Received, Error> {
        self.try_request(call, request, handler)?.map_err(Error::from)
    }

    /// Sends a request that the server may accept (HTTP 2xx) without a JSON-RPC response.
    pub(crate) fn try_request(
        &self,
        call: &Call,
        request: &Request<'_>,
        handler: &dyn MessageHandler,
    ) -> Result<Result<Received, NoResponse>, Error> {
        let mut response = self.send(call, Method::POST, ACCEPT_BOTH, Some(request), &[])?;
        if !response.is_success() {
            return Err(self.error_response(response));
        }
        let session_id = response.headers.remove(SESSION_ID);
        let received = match response.media_type().as_deref() {
            Some(EVENT_STREAM) => self.read_stream(call, request.id, response, handler)?,
            _ => self.read_json(call, request.id, response, handler)?,
        };
        Ok(received.map(|response| Received { response, session_id }))
    }

    /// Reads a body that is one message. JSON of another media type is read too.
    fn read_json(
        &self,
        call: &Call,
        id: u64,
        mut response: HttpResponse,
        handler: &dyn MessageHandler,
    ) -> Result<Result<Value, NoResponse>, Error> {
        let message = response.body.read_all()?;
        if message.iter().all(u8::is_ascii_whitespace) {
            return Ok(Err(NoResponse::nothing()));
        }
        match self.read_message(call, id, message, handler) {
            Ok(Match::Result(result)) => Ok(Ok(result)),
            Ok(Match::Error(error)) => Err(self.client.rpc_error(error, response.sent.as_ref())),
            Ok(Match::OtherId) => Err(other_id()),
            Ok(Match::None) => Ok(Err(NoResponse("the server's message is not a JSON-RPC response".to_owned()))),
            Err(MessageError::Invalid(reason)) => Ok(Err(match response.media_type().as_deref() {
                Some(JSON) | None => NoResponse(reason),
                Some(other) => NoResponse(format!("{reason} (it is of the type {})", text::one_line(other))),
            })),
            Err(MessageError::Failed(error)) => Err(error),
        }
    }

    /// Reads a message. Notifications and requests in it are passed to the handler.
    fn read_message(
        &self,
        call: &Call,
        id: u64,
        message: Vec<u8>,
        handler: &dyn MessageHandler,
    ) -> Result<Match, MessageError> {
        let (found, others) = self.split(call, id, message)?;
        self.deliver(call, others, handler)?;
        Ok(found)
    }

    /// The response to a request, and the notifications and requests in a message.
    fn split(&self, call: &Call, id: u64, message: Vec<u8>) -> Result<(Match, Vec<ServerMessage>), MessageError> {
        let beginning = Excerpt::of(&message);
        let mut others = Vec::new();
        let keep = |incoming| others.extend(ServerMessage::from_incoming(incoming));
        match jsonrpc::find_response(message, id, &Limits::of_response(call), keep) {
            Ok(found) => Ok((found, others)),
            Err(MessageError::Invalid(reason)) => {
                Err(MessageError::Invalid(beginning.add_to(&reason, |text| self.client.redact(text))))
            }
            Err(error) => Err(error),
        }
    }

    /// Passes notifications and requests to the handler, and sends the responses.
    fn deliver(&self, call: &Call, messages: Vec<ServerMessage>, handler: &dyn MessageHandler) -> Result<(), Error> {
        for other in messages {
            // No callback begins after a cancellation.
            if call.is_cancelled() {
                return Err(Error::Cancelled);
            }
            // Since 2026-07-28 servers send no requests, and clients no responses.
            if self.is_modern() && matches!(other, ServerMessage::Request { .. }) {
                continue;
            }
            if let Some(response) = other.deliver(handler) {
                self.respond(call, &response)?;
            }
        }
        Ok(())
    }

    /// Sends the response to a request of the server.
    ///
    /// # Errors
    /// When the server refuses it, since it will not respond to the call either; when the call has ended. A connection that
    /// fails is not an error: the server may have received the response.
    fn respond(&self, call: &Call, response: &[u8]) -> Result<(), Error> {
        // A stream outside calls has no deadline, but this request has one.
        let sending = match call.has_deadline() {
            true => call.clone(),
            false => call.within(self.client.config().limits),
        };
        let sent = self.notify(&sending, response, &[]);
        call.remaining()?;
        match sent {
            Err(error) if error.http_status().is_some() => {
                // Not the error itself: it must not suggest that the call can be repeated.
                Err(Error::network(format!("the server refused the response to its own request: {error}")))
            }
            _ => Ok(()),
        }
    }

    fn read_stream(
        &self,
        call: &Call,
        id: u64,
        mut response: HttpResponse,
        handler: &dyn MessageHandler,
    ) -> Result<Result<Value, NoResponse>, Error> {
        let sent = response.sent.take();
        let mut reading = Reading::default();
        let mut stream = EventStream::new(response.body, call.max_response_bytes());
        loop {
            let broken = match self.read_events(call, id, &mut stream, handler, &mut reading) {
                Ok(Some(response)) => {
                    return response.map(Ok).map_err(|error| self.client.rpc_error(error, sent.as_ref()));
                }
                Ok(None) => None,
                Err(error @ Error::Network(_)) => Some(error),
                Err(error) => {
                    stream.body.discard();
                    return Err(reading.invalid.explain(error));
                }
            };
            drop(stream);
            match self.resume(call, &mut reading.resumption).map_err(|error| reading.invalid.explain(error))? {
                Some(next) => stream = next,
                None => {
                    let missing = || Ok(Err(NoResponse(NoResponse::nothing().0 + &reading.invalid.note())));
                    return broken.map_or_else(missing, |error| Err(reading.invalid.explain(error)));
                }
            }
        }
    }

    /// Opens the stream again where it broke off; `None` when the server does not offer that, or does not respond.
    fn resume(&self, call: &Call, resumption: &mut Resumption) -> Result<Option<EventStream>, Error> {
        if self.is_modern() {
            return Ok(None);
        }
        while let Some(last_event_id) = resumption.wait(call)? {
            match self.open_stream(call, Some(last_event_id)) {
                Ok(stream) => return Ok(stream),
                Err(error) => resumption.on_failure(error)?,
            }
        }
        Ok(None)
    }

    /// Opens the server's own stream by GET, or resumes a stream; `None` when the server offers none (HTTP 405).
    pub(crate) fn open_stream(&self, call: &Call, last_event_id: Option<&str>) -> Result<Option<EventStream>, Error> {
        let last_event_id = last_event_id.and_then(|id| HeaderValue::from_bytes(id.as_bytes()).ok());
        let headers: Vec<_> = last_event_id.map(|id| (LAST_EVENT_ID, id)).into_iter().collect();
        let mut response = self.send(call, Method::GET, EVENT_STREAM, None, &headers)?;
        match response.status {
            200 if response.media_type().as_deref() == Some(EVENT_STREAM) => {
                response.body.without_limit();
                Ok(Some(EventStream::new(response.body, call.max_response_bytes())))
            }
            405 => Ok(None),
            200..300 => Err(Error::Protocol("the server did not answer GET with an event stream".to_owned())),
            _ => Err(self.error_response(response)),
        }
    }

    /// Reads a stream up to the response; `None` when the stream ends before.
    fn read_events(
        &self,
        call: &Call,
        id: u64,
        stream: &mut EventStream,
        handler: &dyn MessageHandler,
        reading: &mut Reading,
    ) -> Result<Option<Result<Value, RpcError>>, Error> {
        let end = loop {
            let event = match stream.next() {
                Ok(Some(event)) => event,
                Ok(None) => break Ok(None),
                Err(error) => break Err(error),
            };
            reading.resumption.on_event();
            if event.event != "message" || event.data.is_empty() {
                continue; // an event without data only carries an id to resume from
            }
            match self.read_message(call, id, event.data, handler) {
                Ok(Match::Result(result)) => return Ok(Some(Ok(result))),
                Ok(Match::Error(error)) => return Ok(Some(Err(error))),
                Ok(Match::OtherId) => return Err(other_id()),
                Ok(Match::None) => {}
                Err(MessageError::Invalid(reason)) => reading.invalid.add(reason),
                Err(MessageError::Failed(error)) => return Err(error),
            }
        };
        reading.resumption.on_end(stream);
        end
    }

    /// Reads a stream outside calls until it ends; `id`: the subscription's request, whose response ends it too.
    pub(crate) fn read_to_end(
        &self,
        call: &Call,
        id: Option<u64>,
        stream: &mut EventStream,
        handler: &dyn MessageHandler,
    ) {
        // No request has the id 0.
        let id = id.unwrap_or(0);
        while let Ok(Some(event)) = stream.next() {
            if event.event != "message" {
                continue;
            }
            match self.read_message(call, id, event.data, handler) {
                Ok(Match::Result(_) | Match::Error(_)) => return,
                // A bad message, or a response that the server refuses, does not end the stream.
                Ok(_)
                | Err(MessageError::Invalid(_) | MessageError::Failed(Error::Protocol(_) | Error::Network(_))) => {}
                Err(_) => return,
            }
        }
    }

    pub(crate) fn interrupt_cancelled(&self) {
        self.client.http().active().interrupt_cancelled();
    }

    pub(crate) fn threads(&self) -> &Threads {
        self.client.http().threads()
    }

    /// Sends a notification or a response.
    pub(crate) fn notify(
        &self,
        call: &Call,
        message: &[u8],
        headers: &[(HeaderName, HeaderValue)],
    ) -> Result<(), Error> {
        let request = Request { id: 0, message, headers, idempotent: true };
        let response = self.send(call, Method::POST, ACCEPT_BOTH, Some(&request), &[])?;
        match response.is_success() {
            true => Ok(()),
            false => Err(self.error_response(response)),
        }
    }

    /// Sends DELETE, which is best effort: the response is ignored.
    pub(crate) fn end(&self, limit: Duration) {
        if self.has_session() {
            let call = Call::with_timeout(limit.min(DELETE_TIMEOUT));
            let _ = self.send(&call, Method::DELETE, ACCEPT_BOTH, None, &[]);
        }
    }
}

fn other_id() -> Error {
    Error::Protocol("the response has the id of another request".to_owned())
}
