//! Streamable HTTP, as of 2025-03-26 to 2025-11-25 with sessions, and as of 2026-07-28 without.

mod subscription;

use std::time::Duration;

use crate::base::call::Call;
use crate::base::error::{Error, RpcError};
use crate::base::text;
use crate::base::threads::Threads;
use crate::http::client::{Endpoint, HttpClient, Outgoing};
use crate::http::{ActiveConnections, HeaderName, HeaderValue, Method, Response};
use crate::protocol::Version;
use crate::protocol::jsonrpc::{self, Answer, INVALID_REQUEST, Match, SERVER_ERROR};
use crate::transport::ACCEPT_BOTH;
use crate::transport::EVENT_STREAM;
use crate::transport::JSON;
use crate::transport::MessageHandler;
use crate::transport::Outbound;
use crate::transport::ServerMessage;
use crate::transport::event_stream::EventStream;

const SESSION_ID: HeaderName = HeaderName::from_static("mcp-session-id");
const PROTOCOL_VERSION: HeaderName = HeaderName::from_static("mcp-protocol-version");
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// How long the server gets to hear that its session is over.
const MOST_PARTING: Duration = Duration::from_millis(800);
/// The wait before an interrupted stream is taken up again, unless the server says otherwise.
const RETRY: Duration = Duration::from_secs(1);
/// How often in a row a stream is taken up without an event coming of it.
const MOST_VAIN_RETRIES: usize = 5;

/// An MCP endpoint.
#[derive(Clone)]
pub(crate) struct StreamableHttp {
    exchange: HttpClient,
    target: Endpoint,
    version: Option<Version>,
    /// Headers that go with every message: the version, the session.
    headers: Vec<(HeaderName, HeaderValue)>,
}

/// An answer with the session that it opens, if it does.
pub(crate) struct Answered {
    pub(crate) answer: Answer,
    pub(crate) session_id: Option<HeaderValue>,
}

impl StreamableHttp {
    /// An endpoint before any version is agreed on.
    pub(crate) fn new(exchange: HttpClient, target: Endpoint) -> StreamableHttp {
        StreamableHttp { exchange, target, version: None, headers: Vec::new() }
    }

    /// The same endpoint, once version and session are known.
    pub(crate) fn agreed(&self, version: Version, session_id: Option<HeaderValue>) -> StreamableHttp {
        let mut headers = Vec::new();
        if version.has_version_header() {
            headers.push((PROTOCOL_VERSION, HeaderValue::from_static(version.as_str())));
        }
        headers.extend(session_id.map(|id| (SESSION_ID, id)));
        let (exchange, target) = (self.exchange.clone(), self.target.clone());
        StreamableHttp { exchange, target, version: Some(version), headers }
    }

    fn is_modern(&self) -> bool {
        self.version.is_some_and(Version::is_modern)
    }

    fn has_session(&self) -> bool {
        self.headers.iter().any(|(name, _)| *name == SESSION_ID)
    }

    /// Whether the error says that the server no longer knows the session: HTTP 404, or the 400 with a word about it
    /// that servers in the field give instead.
    pub(crate) fn is_session_gone(&self, error: &Error) -> bool {
        match error.http_status() {
            Some(404) => self.has_session(),
            Some(400) => self.has_session() && speaks_of_a_session(error),
            _ => false,
        }
    }

    fn send(
        &self,
        call: &Call,
        method: Method,
        accept: &'static str,
        outbound: Option<&Outbound<'_>>,
        more: &[(HeaderName, HeaderValue)],
    ) -> Result<Response, Error> {
        let own = outbound.map_or(&[][..], |outbound| outbound.headers);
        self.exchange.send(
            call,
            &Outgoing {
                method,
                target: &self.target,
                headers: &[&self.headers, own, more],
                accept,
                body: outbound.map(|outbound| outbound.message),
                repeatable: outbound.is_none_or(|outbound| outbound.repeatable),
            },
        )
    }

    /// Sends a request and returns its answer as soon as it is there.
    pub(crate) fn request(
        &self,
        call: &Call,
        outbound: &Outbound<'_>,
        peer: &dyn MessageHandler,
    ) -> Result<Answered, Error> {
        let nothing = || Error::Protocol("the server gave no answer to the request".to_owned());
        self.question(call, outbound, peer)?.ok_or_else(nothing)
    }

    /// Sends a request; `None` when the server took it (HTTP 2xx) but gave no answer.
    pub(crate) fn question(
        &self,
        call: &Call,
        outbound: &Outbound<'_>,
        peer: &dyn MessageHandler,
    ) -> Result<Option<Answered>, Error> {
        let mut response = self.send(call, Method::POST, ACCEPT_BOTH, Some(outbound), &[])?;
        if !(200..300).contains(&response.status) {
            return Err(self.exchange.refuse(&self.target, response));
        }
        let session_id = response.headers.remove(SESSION_ID);
        let answer = match response.media_type().as_deref() {
            Some(EVENT_STREAM) => self.read_stream(call, outbound.id, response, peer)?,
            Some(JSON) | None => self.read_json(call, outbound.id, response, peer)?,
            Some(other) => {
                let other = text::one_line(other);
                return Err(Error::Protocol(format!("the answer is of the type {other}, not JSON or an event stream")));
            }
        };
        Ok(answer.map(|answer| Answered { answer, session_id }))
    }

    fn read_json(
        &self,
        call: &Call,
        id: u64,
        mut response: Response,
        peer: &dyn MessageHandler,
    ) -> Result<Option<Answer>, Error> {
        let message = response.body.read_all()?;
        if message.iter().all(u8::is_ascii_whitespace) {
            return Ok(None);
        }
        match self.read_message(call, id, &message, peer)? {
            Match::Answered(result) => Ok(Some(Answer { message, result })),
            Match::Failed(error) => Err(self.rpc_error(error, response.sent.as_ref())),
            Match::Foreign => Err(Error::Protocol("the answer has the id of another request".to_owned())),
            Match::Nothing => Err(Error::Protocol("the answer holds no JSON-RPC response".to_owned())),
        }
    }

    fn rpc_error(&self, error: RpcError, sent: Option<&HeaderValue>) -> Error {
        self.exchange.settings().credentials.redact_rpc(error, sent)
    }

    /// Reads one message; what the server says besides the response is handed over and, if need be, answered.
    fn read_message(&self, call: &Call, id: u64, message: &[u8], peer: &dyn MessageHandler) -> Result<Match, Error> {
        let mut unasked = Vec::new();
        let verdict = jsonrpc::find_response(message, id, |incoming| unasked.extend(ServerMessage::of(incoming)))?;
        for one in unasked {
            // No callback begins once nobody listens any more.
            if call.is_cancelled() {
                return Err(Error::Cancelled);
            }
            // Since 2026-07-28 a server asks nothing on a stream, and no client sends responses.
            if self.is_modern() && matches!(one, ServerMessage::Request { .. }) {
                continue;
            }
            if let Some(response) = one.deliver(peer) {
                self.respond(call, &response)?;
            }
        }
        Ok(verdict)
    }

    /// Sends the response to a request of the server. Whether the server likes it is its own affair; that the call is
    /// over is the caller's.
    fn respond(&self, call: &Call, response: &[u8]) -> Result<(), Error> {
        let settings = self.exchange.settings();
        // A stream outside any call has no deadline; sending something has one.
        let sending = match call.has_deadline() {
            true => call.clone(),
            false => call.within(settings.timeout).connecting_within(settings.connect_timeout),
        };
        let _ = self.notify(&sending, response, &[]);
        call.remaining().map(drop)
    }

    fn read_stream(
        &self,
        call: &Call,
        id: u64,
        mut response: Response,
        peer: &dyn MessageHandler,
    ) -> Result<Option<Answer>, Error> {
        let sent = response.sent.take();
        let mut resumption = Resumption::default();
        let mut stream = self.events(response);
        loop {
            let broken = match self.read_events(call, id, &mut stream, peer, &mut resumption) {
                Ok(Some(answer)) => return answer.map(Some).map_err(|error| self.rpc_error(error, sent.as_ref())),
                Ok(None) => None,
                Err(error @ Error::Network(_)) => Some(error),
                Err(error) => {
                    stream.body.discard();
                    return Err(error);
                }
            };
            drop(stream);
            match self.resume(call, &mut resumption).map_err(not_taken_up)? {
                Some(next) => stream = next,
                None => return broken.map_or(Ok(None), Err),
            }
        }
    }

    fn events(&self, response: Response) -> EventStream {
        EventStream::new(response.body, self.exchange.settings().max_response_bytes)
    }

    fn read_events(
        &self,
        call: &Call,
        id: u64,
        stream: &mut EventStream,
        peer: &dyn MessageHandler,
        resumption: &mut Resumption,
    ) -> Result<Option<Result<Answer, RpcError>>, Error> {
        let result = loop {
            let event = match stream.next() {
                Ok(Some(event)) => event,
                Ok(None) => break Ok(None),
                Err(error) => break Err(error),
            };
            resumption.vain = 0;
            if event.event != "message" || event.data.is_empty() {
                continue; // an event without data only names a place to come back to
            }
            match self.read_message(call, id, &event.data, peer)? {
                Match::Answered(result) => {
                    return Ok(Some(Ok(Answer { message: event.data, result })));
                }
                Match::Failed(error) => return Ok(Some(Err(error))),
                Match::Foreign => return Err(Error::Protocol("the answer has the id of another request".to_owned())),
                Match::Nothing => {}
            }
        };
        resumption.learn(stream);
        result
    }

    /// Opens the stream again where it broke off (2025-11-25, "Resumability and Redelivery"); `None` when that cannot
    /// be.
    fn resume(&self, call: &Call, resumption: &mut Resumption) -> Result<Option<EventStream>, Error> {
        let Some(last_event_id) = resumption.last_event_id.clone().filter(|_| !self.is_modern()) else {
            return Ok(None);
        };
        loop {
            resumption.vain += 1;
            if resumption.vain > MOST_VAIN_RETRIES {
                return Ok(None);
            }
            call.sleep(resumption.retry.unwrap_or(RETRY))?;
            match self.open_stream(call, Some(&last_event_id)) {
                Err(Error::Network(_)) => {}
                result => return result,
            }
        }
    }

    /// Opens a stream by GET; `None` when the server offers none.
    pub(crate) fn open_stream(&self, call: &Call, last_event_id: Option<&str>) -> Result<Option<EventStream>, Error> {
        let position =
            last_event_id.and_then(|id| HeaderValue::from_bytes(id.as_bytes()).ok()).map(|id| (LAST_EVENT_ID, id));
        let position: Vec<_> = position.into_iter().collect();
        let mut response = self.send(call, Method::GET, EVENT_STREAM, None, &position)?;
        match response.status {
            200 if response.media_type().as_deref() == Some(EVENT_STREAM) => {
                response.body.without_limit();
                Ok(Some(self.events(response)))
            }
            405 => Ok(None),
            200..300 => Err(Error::Protocol("the server answered GET with something else than events".to_owned())),
            _ => Err(self.exchange.refuse(&self.target, response)),
        }
    }

    /// Reads a stream until it ends, however it does.
    pub(crate) fn read_to_end(
        &self,
        call: &Call,
        id: Option<u64>,
        stream: &mut EventStream,
        peer: &dyn MessageHandler,
    ) {
        while let Ok(Some(event)) = stream.next() {
            if event.event != "message" {
                continue;
            }
            // No request has the id 0: only a subscription's own answer ends its stream.
            match self.read_message(call, id.unwrap_or(0), &event.data, peer) {
                Ok(Match::Answered(_) | Match::Failed(_)) => return,
                Ok(_) => {}
                Err(Error::Protocol(_)) => {} // one broken message is not the end of the others
                Err(_) => return,
            }
        }
    }

    /// The connections in use.
    pub(crate) fn busy(&self) -> &ActiveConnections {
        self.exchange.http.busy()
    }

    pub(crate) fn threads(&self) -> &Threads {
        self.exchange.http.threads()
    }

    /// Sends a notification or a response.
    pub(crate) fn notify(
        &self,
        call: &Call,
        message: &[u8],
        headers: &[(HeaderName, HeaderValue)],
    ) -> Result<(), Error> {
        let outbound = Outbound { id: 0, message, headers, repeatable: true };
        let response = self.send(call, Method::POST, ACCEPT_BOTH, Some(&outbound), &[])?;
        match response.status {
            200..300 => Ok(()),
            _ => Err(self.exchange.refuse(&self.target, response)),
        }
    }

    /// Tells the server that the session is over, without caring for what it says.
    pub(crate) fn end(&self, limit: Duration) {
        if self.has_session() {
            let call = Call::new(Some(limit.min(MOST_PARTING)), &Default::default());
            // The server may refuse (405), be gone, or take too long: the session is over here all the same.
            let _ = self.send(&call, Method::DELETE, ACCEPT_BOTH, None, &[]);
        }
    }
}

/// Whether a refusal with HTTP 400 is about the session, by what the server wrote.
fn speaks_of_a_session(error: &Error) -> bool {
    let reason = match error {
        Error::Http(refusal) => &refusal.reason,
        Error::Rpc(rpc) if matches!(rpc.code, INVALID_REQUEST | SERVER_ERROR) => &rpc.message,
        _ => return false,
    };
    reason.to_ascii_lowercase().contains("session")
}

/// The error of a stream that was not taken up again. The server has accepted the request: no error may look as if the
/// request could be sent once more, on another session.
fn not_taken_up(error: Error) -> Error {
    match error {
        Error::Http(_) | Error::Rpc(_) => {
            Error::Network(format!("the stream with the answer broke, and could not be taken up again: {error}"))
        }
        error => error,
    }
}

/// Where a stream broke off.
#[derive(Default)]
struct Resumption {
    last_event_id: Option<String>,
    retry: Option<Duration>,
    vain: usize,
}

impl Resumption {
    fn learn(&mut self, stream: &EventStream) {
        if let Some(id) = stream.last_event_id() {
            self.last_event_id = Some(id.to_owned()).filter(|id| !id.is_empty());
        }
        self.retry = stream.retry().or(self.retry);
    }
}
