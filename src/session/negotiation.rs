//! Negotiates transport, version and session with a server
//! ([2026-07-28, "Versioning"](https://modelcontextprotocol.io/specification/2026-07-28/basic/versioning)).

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use crate::base::call::Call;
use crate::base::error::Error;
use crate::base::text;
use crate::base::threads::Threads;
use crate::http::client::HttpClient;
use crate::http::endpoint::{self, Endpoint};
use crate::json::Value;
use crate::protocol::discover::{self, DISCOVER};
use crate::protocol::headers;
use crate::protocol::initialize::{self, INITIALIZE, INITIALIZED};
use crate::protocol::jsonrpc::{self, HEADER_MISMATCH, MISSING_CAPABILITY, UNSUPPORTED_VERSION};
use crate::protocol::meta::Meta;
use crate::protocol::server_info::ServerInfo;
use crate::protocol::transport_kind::TransportKind;
use crate::protocol::version::Version;
use crate::session::Session;
use crate::session::config::SessionConfig;
use crate::session::shared::Shared;
use crate::transport::Transport;
use crate::transport::http_sse::HttpSse;
use crate::transport::message::Request as Message;
use crate::transport::streamable_http::{Received, StreamableHttp};

/// How long the request that deletes a half-open session may take.
const DELETE_TIMEOUT: Duration = Duration::from_millis(500);

/// One attempt to connect.
pub(crate) struct Negotiation<'a> {
    call: &'a Call,
    shared: &'a Shared,
    config: Arc<SessionConfig>,
    client: HttpClient,
    threads: &'a Arc<Threads>,
    /// Whether the server has responded to `initialize`: a later error says nothing about the transport.
    initialized: Cell<bool>,
}

/// The era of a server.
enum Era {
    Modern(Version, ServerInfo),
    /// The newest version that the server is known to speak, if it said so.
    Legacy(Option<Version>),
}

impl<'a> Negotiation<'a> {
    pub(crate) fn new(
        call: &'a Call,
        shared: &'a Shared,
        client: HttpClient,
        threads: &'a Arc<Threads>,
    ) -> Negotiation<'a> {
        let config = shared.settings.session.load_full();
        Negotiation { call, shared, config, client, threads, initialized: Cell::default() }
    }

    /// Connects over the transport that is set, or detects it.
    pub(crate) fn connect(&self) -> Result<Session, Error> {
        let session = self.negotiate()?;
        match self.restore_log_level(&session) {
            Err(error) if error.ends_call() => {
                self.end_in_background(session);
                Err(error)
            }
            _ => Ok(session),
        }
    }

    /// Restores the log level: it is per session up to 2025-11-25.
    fn restore_log_level(&self, session: &Session) -> Result<(), Error> {
        match &self.config.log_level {
            Some(level) if session.require("logging").is_ok() => session.set_log_level(self.call, level),
            _ => Ok(()),
        }
    }

    /// Deletes a half-open session in the background. Without a thread, the server's own timeout ends it.
    fn end_in_background(&self, session: Session) {
        let _ = self.threads.spawn("end", move || session.end(DELETE_TIMEOUT));
    }

    fn negotiate(&self) -> Result<Session, Error> {
        let url = self.client.http().origin().clone();
        match self.config.transport {
            TransportKind::Sse => self.over_sse(&url),
            TransportKind::Auto if endpoint::names_sse(url.url()) => self.over_sse(&url),
            TransportKind::StreamableHttp => self.over_streamable_http(&url),
            TransportKind::Auto => match self.over_streamable_http(&url) {
                Err(error) if speaks_older_transport(&error) && self.may_fall_back() => self.over_sse_or(&url, error),
                result => result,
            },
        }
    }

    fn may_fall_back(&self) -> bool {
        !self.initialized.get() && !self.config.pins_modern()
    }

    fn over_streamable_http(&self, url: &Endpoint) -> Result<Session, Error> {
        let endpoint = StreamableHttp::new(self.client.clone(), url.clone());
        match self.config.version {
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
        Session::new(version, transport, server, self.shared.clone())
    }

    /// Sends `server/discover`. Every response that is not one of the newer era is one of the older.
    fn detect_era(&self, endpoint: &StreamableHttp) -> Result<Era, Error> {
        let mut version = Version::MODERN;
        let mut repeated = false;
        loop {
            let error = match self.discover(endpoint, version) {
                Ok(Some(received)) => return read_era(&received.response),
                // Some servers of the older era accept an unknown request and send no response.
                Ok(None) => return Ok(Era::Legacy(None)),
                Err(error) => error,
            };
            if error.rpc_code() == Some(UNSUPPORTED_VERSION) {
                let supported = discover::supported_by_error(error.rpc_data());
                match discover::newest_common(&supported) {
                    Some(common) if common.is_modern() && !repeated => {
                        (version, repeated) = (common, true);
                        continue;
                    }
                    Some(common) if !common.is_modern() => return Ok(Era::Legacy(Some(common))),
                    None if !supported.is_empty() => return Err(nothing_in_common(&supported)),
                    _ => {}
                }
            }
            return if is_of_older_era(&error) { Ok(Era::Legacy(None)) } else { Err(error) };
        }
    }

    fn discover(&self, endpoint: &StreamableHttp, version: Version) -> Result<Option<Received>, Error> {
        let capabilities = self.shared.capabilities(version);
        let modern = Some((version, &self.config.client_info, capabilities.as_str()));
        let params = Meta { modern, log_level: None, progress_token: None, added: None }.alone();
        let id = self.shared.next_id();
        let message = jsonrpc::request(id, DISCOVER, params.as_deref());
        let headers = headers::for_request(DISCOVER, None)?;
        let message = Message { id, message: &message, headers: &headers, idempotent: true };
        endpoint.negotiated(version, None).try_request(self.call, &message, self.shared)
    }

    /// The `initialize` handshake, without the headers of `server/discover`.
    fn initialize(&self, endpoint: &StreamableHttp, version: Version) -> Result<Session, Error> {
        let (id, message) = self.initialize_request(version);
        let message = Message { id, message: &message, headers: &[], idempotent: true };
        let Received { response, session_id } = endpoint.request(self.call, &message, self.shared)?;
        self.initialized.set(true);
        let read = initialize::read(&response);
        let chosen = read.as_ref().map_or(version, |(_, chosen)| *chosen);
        let server =
            read.as_ref().map_or_else(|_| ServerInfo::default(), |(result, _)| ServerInfo::from_initialize(result));
        let session = self.session(chosen, Transport::StreamableHttp(endpoint.negotiated(chosen, session_id)), server);
        let agreed =
            read.and_then(|_| self.check_pinned(chosen)).and_then(|()| session.notify(self.call, INITIALIZED, None));
        match agreed {
            Ok(()) => Ok(session),
            Err(error) => {
                self.end_in_background(session);
                Err(error)
            }
        }
    }

    fn initialize_request(&self, version: Version) -> (u64, Vec<u8>) {
        let capabilities = self.shared.capabilities(version);
        let params = initialize::params(version, &self.config.client_info, &capabilities);
        let id = self.shared.next_id();
        (id, jsonrpc::request(id, INITIALIZE, Some(&params)))
    }

    /// Fails when a version is pinned and the server has chosen another one.
    fn check_pinned(&self, chosen: Version) -> Result<(), Error> {
        match self.config.version {
            Some(pinned) if pinned != chosen => Err(Error::Unsupported(format!(
                "the server speaks protocol version {}, not {} as was set",
                chosen.as_str(),
                pinned.as_str()
            ))),
            _ => Ok(()),
        }
    }

    fn over_sse(&self, url: &Endpoint) -> Result<Session, Error> {
        self.initialize_over_sse(self.open_sse(self.call, url)?)
    }

    fn open_sse(&self, call: &Call, url: &Endpoint) -> Result<HttpSse, Error> {
        if self.config.pins_modern() {
            let version = Version::MODERN.as_str();
            return Err(Error::Unsupported(format!("HTTP+SSE does not carry protocol version {version}")));
        }
        HttpSse::open(call, self.client.clone(), url, Arc::new(self.shared.clone()), self.threads)
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
        let (id, message) = self.initialize_request(self.config.version.unwrap_or(Version::LEGACY));
        let response = sse.request(self.call, &Message { id, message: &message, headers: &[], idempotent: true })?;
        let (result, chosen) = initialize::read(&response)?;
        self.check_pinned(chosen)?;
        sse.notify(self.call, &jsonrpc::notification(INITIALIZED, None))?;
        Ok((chosen, ServerInfo::from_initialize(&result)))
    }

    /// The fallback to HTTP+SSE that the specification describes. When it fails too, the first error is returned, which
    /// says more.
    fn over_sse_or(&self, url: &Endpoint, first: Error) -> Result<Session, Error> {
        let opening = self.call.at_most(self.client.config().limits.connect_timeout);
        let sse = match self.open_sse(&opening, url) {
            Err(Error::Http(_) | Error::Protocol(_) | Error::Network(_) | Error::Timeout(_)) => {
                self.call.remaining()?;
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

fn read_era(result: &Value) -> Result<Era, Error> {
    let Some(offered) = discover::offered(result) else { return Ok(Era::Legacy(None)) };
    match discover::newest_common(&offered) {
        Some(version) if version.is_modern() => Ok(Era::Modern(version, ServerInfo::from_discover(result))),
        Some(version) => Ok(Era::Legacy(Some(version))),
        None => Err(nothing_in_common(&offered)),
    }
}

/// Errors of `server/discover` that only a server of the older era gives, or an intermediary in front of it.
fn is_of_older_era(error: &Error) -> bool {
    match error {
        Error::Rpc(rpc) => !matches!(rpc.code, HEADER_MISMATCH | MISSING_CAPABILITY),
        Error::Http(response) => matches!(response.http_status, 400 | 404 | 405 | 406 | 415 | 500),
        _ => false,
    }
}

/// Responses to a POST from a server of 2024-11-05.
fn speaks_older_transport(error: &Error) -> bool {
    matches!(error, Error::Http(response) if matches!(response.http_status, 400 | 404 | 405))
}

fn nothing_in_common(supported: &[String]) -> Error {
    let supported = text::one_line(&supported.join(", "));
    Error::Unsupported(format!(
        "the server speaks the protocol versions {supported}, none of which this library speaks"
    ))
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
    fn errors_of_the_older_era() {
        for status in [400, 404, 405, 406, 415, 500] {
            assert!(is_of_older_era(&http(status)), "{status}");
        }
        for status in [302, 410, 429, 502, 503, 504] {
            assert!(!is_of_older_era(&http(status)), "{status}");
        }
        assert!(is_of_older_era(&rpc(-32601)) && is_of_older_era(&rpc(-32600)) && is_of_older_era(&rpc(-32000)));
        assert!(!is_of_older_era(&rpc(HEADER_MISMATCH)) && !is_of_older_era(&rpc(MISSING_CAPABILITY)));
        assert!(!is_of_older_era(&Error::network("")) && !is_of_older_era(&Error::Cancelled));
    }

    #[test]
    fn errors_of_the_older_transport() {
        assert!([400, 404, 405].into_iter().all(|status| speaks_older_transport(&http(status))));
        assert!(![401, 403, 406, 500, 503].into_iter().any(|status| speaks_older_transport(&http(status))));
        assert!(!speaks_older_transport(&rpc(-32601)));
    }
}
