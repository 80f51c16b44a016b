//! Negotiates transport, version and session with a server over HTTP
//! ([2026-07-28, "Versioning"](https://modelcontextprotocol.io/specification/2026-07-28/basic/versioning)).

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use crate::base::call::Call;
use crate::base::error::Error;
use crate::base::threads::Threads;
use crate::http::client::HttpClient;
use crate::http::endpoint::{self, Endpoint};
use crate::protocol::discover::DISCOVER;
use crate::protocol::headers;
use crate::protocol::initialize::{self, INITIALIZED};
use crate::protocol::jsonrpc;
use crate::protocol::server_info::ServerInfo;
use crate::protocol::transport_kind::TransportKind;
use crate::protocol::version::Version;
use crate::session::Session;
use crate::session::handshake::{Era, Handshake, Verdict, judge, read_era};
use crate::session::shared::Shared;
use crate::transport::Transport;
use crate::transport::http_sse::{HttpSse, OpenError};
use crate::transport::message::Request as Message;
use crate::transport::streamable_http::{NoResponse, Received, StreamableHttp};

/// How long the request that deletes a half-open session may take.
const DELETE_TIMEOUT: Duration = Duration::from_millis(500);

/// One attempt to connect.
pub(crate) struct Negotiation<'a> {
    handshake: Handshake<'a>,
    client: HttpClient,
    threads: &'a Arc<Threads>,
    /// Whether the server has responded to `initialize`: a later error says nothing about the transport.
    initialized: Cell<bool>,
}

impl<'a> Negotiation<'a> {
    pub(crate) fn new(
        call: &'a Call,
        shared: &'a Shared,
        client: HttpClient,
        threads: &'a Arc<Threads>,
    ) -> Negotiation<'a> {
        Negotiation { handshake: Handshake::new(call, shared), client, threads, initialized: Cell::default() }
    }

    /// Connects over the transport that is set, or detects it.
    pub(crate) fn connect(&self) -> Result<Session, Error> {
        let session = self.negotiate()?;
        match self.handshake.restore_log_level(&session) {
            Err(error) if error.ends_call() => {
                self.end_in_background(session);
                Err(error)
            }
            _ => Ok(session),
        }
    }

    /// Deletes a half-open session in the background. Without a thread, the server's own timeout ends it.
    fn end_in_background(&self, session: Session) {
        let _ = self.threads.spawn("end", move || session.end(DELETE_TIMEOUT));
    }

    fn negotiate(&self) -> Result<Session, Error> {
        let url = self.client.http().origin().clone();
        match self.handshake.config.transport {
            TransportKind::Sse => self.over_sse(&url),
            TransportKind::StreamableHttp => self.over_streamable_http(&url),
            TransportKind::Auto if endpoint::names_sse(url.url()) => self.over_sse_first(&url),
            // stdio cannot be set for a URL.
            TransportKind::Auto | TransportKind::Stdio => match self.over_streamable_http(&url) {
                Err(error) if speaks_older_transport(&error) && self.may_fall_back() => self.over_sse_or(&url, error),
                result => result,
            },
        }
    }

    fn may_fall_back(&self) -> bool {
        !self.initialized.get() && !self.handshake.config.pins_modern()
    }

    fn over_streamable_http(&self, url: &Endpoint) -> Result<Session, Error> {
        let endpoint = StreamableHttp::new(self.client.clone(), url.clone());
        match self.handshake.config.version {
            Some(version) if version.is_modern() => Ok(self.modern(&endpoint, version, ServerInfo::default())),
            Some(version) => self.initialize(&endpoint, version),
            None => match self.detect_era(&endpoint)? {
                Era::Modern(version, server) => Ok(self.modern(&endpoint, version, server)),
                Era::Legacy(version) => self.initialize(&endpoint, version.unwrap_or(Version::LEGACY)),
            },
        }
    }

    fn modern(&self, endpoint: &StreamableHttp, version: Version, server: ServerInfo) -> Session {
        self.session(version, Transport::StreamableHttp(endpoint.negotiated(version, None)), server)
    }

    fn session(&self, version: Version, transport: Transport, server: ServerInfo) -> Session {
        Session::new(version, transport, server, self.handshake.shared.clone())
    }

    /// Sends `server/discover`. Every response that is not one of the newer era is one of the older.
    fn detect_era(&self, endpoint: &StreamableHttp) -> Result<Era, Error> {
        let mut version = Version::MODERN;
        let mut repeated = false;
        loop {
            let error = match self.discover(endpoint, version) {
                Ok(Ok(received)) => return read_era(&received.response),
                // Some servers of the older era accept an unknown request, and send no response or no JSON-RPC.
                Ok(Err(_)) => return Ok(Era::Legacy(None)),
                Err(error) => error,
            };
            match judge(error, repeated)? {
                Verdict::Is(era) => return Ok(era),
                Verdict::AskAgain(common) => (version, repeated) = (common, true),
            }
        }
    }

    fn discover(&self, endpoint: &StreamableHttp, version: Version) -> Result<Result<Received, NoResponse>, Error> {
        let (id, message) = self.handshake.discover_request(version);
        let headers = headers::for_request(DISCOVER, None)?;
        let message = Message { id, message: &message, headers: &headers, idempotent: true };
        endpoint.negotiated(version, None).try_request(self.handshake.call, &message, self.handshake.shared)
    }

    /// The `initialize` handshake, without the headers of `server/discover`.
    fn initialize(&self, endpoint: &StreamableHttp, version: Version) -> Result<Session, Error> {
        let (id, message) = self.handshake.initialize_request(version);
        let message = Message { id, message: &message, headers: &[], idempotent: true };
        let Received { response, session_id } =
            endpoint.request(self.handshake.call, &message, self.handshake.shared)?;
        self.initialized.set(true);
        let read = initialize::read(&response);
        let chosen = read.as_ref().map_or(version, |(_, chosen)| *chosen);
        let server =
            read.as_ref().map_or_else(|_| ServerInfo::default(), |(result, _)| ServerInfo::from_initialize(result));
        let session = self.session(chosen, Transport::StreamableHttp(endpoint.negotiated(chosen, session_id)), server);
        let agreed = read
            .and_then(|_| self.handshake.check_pinned(chosen))
            .and_then(|()| session.notify(self.handshake.call, INITIALIZED, None));
        match agreed {
            Ok(()) => Ok(session),
            Err(error) => {
                self.end_in_background(session);
                Err(error)
            }
        }
    }

    fn over_sse(&self, url: &Endpoint) -> Result<Session, Error> {
        self.initialize_over_sse(self.open_sse(self.handshake.call, url)?)
    }

    fn open_sse(&self, call: &Call, url: &Endpoint) -> Result<HttpSse, OpenError> {
        if self.handshake.config.pins_modern() {
            let version = Version::MODERN.as_str();
            return Err(OpenError::Failed(Error::Unsupported(format!(
                "HTTP+SSE does not carry protocol version {version}"
            ))));
        }
        HttpSse::open(call, self.client.clone(), url, Arc::new(self.handshake.shared.clone()), self.threads)
    }

    fn initialize_over_sse(&self, sse: HttpSse) -> Result<Session, Error> {
        match self.sse_handshake(&sse) {
            Ok((version, server)) => Ok(self.session(version, Transport::HttpSse(sse), server)),
            Err(error) => {
                sse.end();
                Err(error)
            }
        }
    }

    fn sse_handshake(&self, sse: &HttpSse) -> Result<(Version, ServerInfo), Error> {
        let (id, message) = self.handshake.initialize_request(self.handshake.config.version.unwrap_or(Version::LEGACY));
        let response =
            sse.request(self.handshake.call, &Message { id, message: &message, headers: &[], idempotent: true })?;
        let (result, chosen) = initialize::read(&response)?;
        self.handshake.check_pinned(chosen)?;
        sse.notify(self.handshake.call, &jsonrpc::notification(INITIALIZED, None))?;
        Ok((chosen, ServerInfo::from_initialize(&result)))
    }

    /// For a URL that names the older transport. Servers also speak the newer one there; when that fails too, the first error
    /// is returned.
    fn over_sse_first(&self, url: &Endpoint) -> Result<Session, Error> {
        let opening = self.handshake.call.at_most(self.client.config().limits.connect_timeout);
        let error = match self.open_sse(&opening, url) {
            Ok(sse) => return self.initialize_over_sse(sse),
            Err(OpenError::Failed(error)) => return Err(error),
            Err(OpenError::OtherTransport(error)) => error,
        };
        self.handshake.call.remaining()?;
        match self.over_streamable_http(url) {
            Err(other) if !other.ends_call() && !self.initialized.get() => Err(error),
            result => result,
        }
    }

    /// The fallback to HTTP+SSE that the specification describes. When it fails too, the first error is returned, which
    /// says more.
    fn over_sse_or(&self, url: &Endpoint, first: Error) -> Result<Session, Error> {
        let opening = self.handshake.call.at_most(self.client.config().limits.connect_timeout);
        let sse = match self.open_sse(&opening, url).map_err(Error::from) {
            Err(Error::Http(_) | Error::Protocol(_) | Error::Network(_) | Error::Timeout(_)) => {
                self.handshake.call.remaining()?;
                return Err(first);
            }
            opened => opened?,
        };
        match self.initialize_over_sse(sse) {
            Err(Error::Http(_) | Error::Protocol(_) | Error::Network(_)) => Err(first),
            result => result,
        }
    }
}

/// Responses to a POST from a server of 2024-11-05.
fn speaks_older_transport(error: &Error) -> bool {
    matches!(error, Error::Http(response) if matches!(response.http_status, 400 | 404 | 405))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::error::{ErrorResponse, RpcError};

    fn http(status: u16) -> Error {
        let response = ErrorResponse {
            message: String::new(),
            reason: String::new(),
            http_status: status,
            www_authenticate: None,
            challenge_parameters: vec![],
        };
        Error::Http(Box::new(response))
    }

    fn rpc(code: i32) -> Error {
        Error::Rpc(Box::new(RpcError { code, message: String::new(), data: None, http_status: 400 }))
    }

    #[test]
    fn errors_of_the_older_transport() {
        assert!([400, 404, 405].into_iter().all(|status| speaks_older_transport(&http(status))));
        assert!(![401, 403, 406, 500, 503].into_iter().any(|status| speaks_older_transport(&http(status))));
        assert!(!speaks_older_transport(&rpc(-32601)));
    }
}
