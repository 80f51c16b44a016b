//! Agreeing with a server on transport and version.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use crate::base::call::Call;
use crate::base::error::Error;
use crate::base::threads::Threads;
use crate::client::tools::ToolHeaderTable;
use crate::http::client::{Endpoint, HttpClient};
use crate::http::endpoint;
use crate::protocol::jsonrpc::{self, HEADER_MISMATCH, MISSING_CAPABILITY, UNSUPPORTED_VERSION};
use crate::protocol::meta::Meta;
use crate::protocol::server_info::ServerInfo;
use crate::protocol::{Version, discover, headers, initialize};
use crate::session::callbacks::Dispatcher;
use crate::session::config::{Settings, TransportKind};
use crate::session::{Session, Transport};
use crate::transport::Outbound;
use crate::transport::http_sse::HttpSse;
use crate::transport::streamable_http::{Answered, StreamableHttp};

/// How long the server gets to hear that a session came to nothing.
const MOST_PARTING: Duration = Duration::from_millis(500);

/// All that is needed to connect.
pub(crate) struct Negotiation<'a> {
    pub(crate) call: &'a Call,
    pub(crate) settings: Arc<Settings>,
    pub(crate) exchange: HttpClient,
    pub(crate) dispatcher: Dispatcher,
    pub(crate) ids: Arc<AtomicU64>,
    pub(crate) threads: Arc<Threads>,
    /// Whether a server has answered `initialize`: what it refuses after that says nothing about the transport.
    pub(crate) answered: Cell<bool>,
}

/// What the server made of the question which era it is of.
enum Era {
    Modern(Version, ServerInfo),
    /// The newest version that the server is known to speak, if it said so.
    Legacy(Option<Version>),
}

impl Negotiation<'_> {
    /// Connects over the transport that was set, or that the server turns out to speak.
    pub(crate) fn connect(&self) -> Result<Session, Error> {
        let session = self.agree()?;
        match self.ask_for_logs(&session) {
            Err(over @ (Error::Cancelled | Error::Timeout(_))) => {
                self.end_later(session);
                Err(over)
            }
            _ => Ok(session),
        }
    }

    /// A session of the older era has a log level of its own, which another one before it may have had too.
    fn ask_for_logs(&self, session: &Session) -> Result<(), Error> {
        match &self.settings.log_level {
            Some(level) if session.server.require("logging").is_ok() => session.set_log_level(self.call, level),
            _ => Ok(()),
        }
    }

    /// Ends a session that came to nothing, without anybody who waits for it.
    fn end_later(&self, session: Session) {
        // Without a thread the server forgets it by itself.
        let _ = self.threads.spawn("end", move || session.end(MOST_PARTING));
    }

    fn agree(&self) -> Result<Session, Error> {
        let target = Endpoint::new(self.settings.url.clone())?;
        match self.settings.transport {
            TransportKind::Sse => self.over_sse(&target),
            TransportKind::Auto if endpoint::names_sse(&self.settings.url) => self.over_sse(&target),
            TransportKind::StreamableHttp => self.over_streamable_http(&target),
            TransportKind::Auto => match self.over_streamable_http(&target) {
                Err(refused) if may_be_older(&refused) && !self.answered.get() && !self.pins_modern() => {
                    self.over_sse_or(&target, refused)
                }
                result => result,
            },
        }
    }

    fn pins_modern(&self) -> bool {
        self.settings.version.is_some_and(Version::is_modern)
    }

    fn over_streamable_http(&self, target: &Endpoint) -> Result<Session, Error> {
        let endpoint = StreamableHttp::new(self.exchange.clone(), target.clone());
        match self.settings.version {
            Some(version) if version.is_modern() => Ok(self.modern(&endpoint, version, ServerInfo::default())),
            Some(version) => self.handshake(&endpoint, version),
            None => match self.ask_era(&endpoint)? {
                Era::Modern(version, server) => Ok(self.modern(&endpoint, version, server)),
                Era::Legacy(version) => self.handshake(&endpoint, version.unwrap_or(Version::LEGACY)),
            },
        }
    }

    fn modern(&self, endpoint: &StreamableHttp, version: Version, server: ServerInfo) -> Session {
        self.session(version, Transport::StreamableHttp(endpoint.agreed(version, None)), server)
    }

    fn session(&self, version: Version, wire: Transport, server: ServerInfo) -> Session {
        let (dispatcher, ids) = (self.dispatcher.clone(), self.ids.clone());
        Session {
            version,
            wire,
            server,
            dispatcher,
            ids,
            tool_headers: ToolHeaderTable::default(),
            streamless: AtomicBool::new(false),
        }
    }

    /// Asks `server/discover`; every answer that is no sign of the newer era is one of the older.
    fn ask_era(&self, endpoint: &StreamableHttp) -> Result<Era, Error> {
        let mut version = Version::MODERN;
        let mut asked_again = false;
        loop {
            let error = match self.discover(endpoint, version) {
                Ok(Some(answered)) => return read_era(answered.answer.result()),
                // Some servers of the older era swallow a question that they do not understand.
                Ok(None) => return Ok(Era::Legacy(None)),
                Err(error) => error,
            };
            if error.rpc_code() == Some(UNSUPPORTED_VERSION) {
                let supported = discover::supported_by_error(error.rpc_data());
                match discover::newest_common(&supported) {
                    Some(common) if common.is_modern() && !asked_again => {
                        (version, asked_again) = (common, true);
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

    fn discover(&self, endpoint: &StreamableHttp, version: Version) -> Result<Option<Answered>, Error> {
        let capabilities = self.dispatcher.capabilities(version);
        let modern = Some((version, &self.settings.identity, capabilities.as_str()));
        let params = Meta { modern, log_level: None, progress_token: None }.alone();
        let id = self.ids.fetch_add(1, Ordering::Relaxed);
        let message = jsonrpc::request(id, discover::METHOD, params.as_deref());
        let headers = headers::for_request(discover::METHOD, None)?;
        let outbound = Outbound { id, message: &message, headers: &headers, repeatable: true };
        endpoint.agreed(version, None).question(self.call, &outbound, &self.dispatcher)
    }

    /// The `initialize` handshake, without any header of the question before it.
    fn handshake(&self, endpoint: &StreamableHttp, version: Version) -> Result<Session, Error> {
        let (id, message) = self.initialize(version);
        let outbound = Outbound { id, message: &message, headers: &[], repeatable: true };
        let Answered { answer, session_id } = endpoint.request(self.call, &outbound, &self.dispatcher)?;
        self.answered.set(true);
        let read = initialize::read(answer.result());
        let chosen = read.as_ref().map_or(version, |(_, chosen)| *chosen);
        let server =
            read.as_ref().map_or_else(|_| ServerInfo::default(), |(result, _)| ServerInfo::from_initialize(result));
        let session = self.session(chosen, Transport::StreamableHttp(endpoint.agreed(chosen, session_id)), server);
        let agreed = read
            .and_then(|_| self.check_choice(chosen))
            .and_then(|()| session.notify(self.call, initialize::INITIALIZED, None));
        match agreed {
            Ok(()) => Ok(session),
            Err(error) => {
                self.end_later(session);
                Err(error)
            }
        }
    }

    fn initialize(&self, version: Version) -> (u64, Vec<u8>) {
        let capabilities = self.dispatcher.capabilities(version);
        let params = initialize::params(version, &self.settings.identity, &capabilities);
        let id = self.ids.fetch_add(1, Ordering::Relaxed);
        (id, jsonrpc::request(id, initialize::METHOD, Some(&params)))
    }

    /// A pinned version is the only one that will do.
    fn check_choice(&self, chosen: Version) -> Result<(), Error> {
        match self.settings.version {
            Some(pinned) if pinned != chosen => Err(Error::Unsupported(format!(
                "the server speaks protocol version {}, not {} as was set",
                chosen.as_str(),
                pinned.as_str()
            ))),
            _ => Ok(()),
        }
    }

    fn over_sse(&self, target: &Endpoint) -> Result<Session, Error> {
        self.shake_hands_over_sse(self.open_sse(self.call, target)?)
    }

    fn open_sse(&self, call: &Call, target: &Endpoint) -> Result<HttpSse, Error> {
        if self.pins_modern() {
            let version = Version::MODERN.as_str();
            return Err(Error::Unsupported(format!("HTTP+SSE does not carry protocol version {version}")));
        }
        let peer = Arc::new(self.dispatcher.clone());
        HttpSse::open(call, self.exchange.clone(), target, peer, &self.threads)
    }

    fn shake_hands_over_sse(&self, wire: HttpSse) -> Result<Session, Error> {
        let agreed = self.handshake_over_sse(&wire);
        match agreed {
            Ok((version, server)) => Ok(self.session(version, Transport::HttpSse(wire), server)),
            Err(error) => {
                wire.end();
                Err(error)
            }
        }
    }

    fn handshake_over_sse(&self, wire: &HttpSse) -> Result<(Version, ServerInfo), Error> {
        let (id, message) = self.initialize(self.settings.version.unwrap_or(Version::LEGACY));
        let outbound = Outbound { id, message: &message, headers: &[], repeatable: true };
        let answer = wire.request(self.call, &outbound)?;
        let (result, chosen) = initialize::read(answer.result())?;
        self.check_choice(chosen)?;
        wire.notify(self.call, &jsonrpc::notification(initialize::INITIALIZED, None))?;
        Ok((chosen, ServerInfo::from_initialize(&result)))
    }

    /// The specification's way back to HTTP+SSE. When that fails as well, the first refusal says more: so it does when
    /// GET opens a stream that names no endpoint.
    fn over_sse_or(&self, target: &Endpoint, refused: Error) -> Result<Session, Error> {
        let opening = self.call.at_most(self.settings.connect_timeout);
        let wire = match self.open_sse(&opening, target) {
            Err(Error::Http(_) | Error::Protocol(_) | Error::Network(_) | Error::Timeout(_)) => {
                self.call.remaining()?;
                return Err(refused);
            }
            opened => opened?,
        };
        match self.shake_hands_over_sse(wire) {
            Err(Error::Http(_) | Error::Protocol(_) | Error::Network(_) | Error::Unsent(_)) => Err(refused),
            result => result,
        }
    }
}

fn read_era(result: &[u8]) -> Result<Era, Error> {
    let Some(offered) = discover::offered(result) else { return Ok(Era::Legacy(None)) };
    match discover::newest_common(&offered) {
        Some(version) if version.is_modern() => Ok(Era::Modern(version, ServerInfo::from_discover(result))),
        Some(version) => Ok(Era::Legacy(Some(version))),
        None => Err(nothing_in_common(&offered)),
    }
}

/// Refusals of the question that only a server of the older era gives, or an intermediary in front of it.
fn is_of_older_era(error: &Error) -> bool {
    match error {
        Error::Rpc(rpc) => !matches!(rpc.code, HEADER_MISMATCH | MISSING_CAPABILITY),
        Error::Http(refusal) => matches!(refusal.http_status, 400 | 404 | 405 | 406 | 415 | 500),
        _ => false,
    }
}

/// Refusals of a POST that a server of 2024-11-05 gives: no MCP server wrote their bodies.
fn may_be_older(error: &Error) -> bool {
    matches!(error, Error::Http(refusal) if matches!(refusal.http_status, 400 | 404 | 405))
}

fn nothing_in_common(supported: &[String]) -> Error {
    let supported = crate::base::text::one_line(&supported.join(", "));
    Error::Unsupported(format!("the server speaks the protocol versions {supported}, none of which this library does"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::error::{ErrorResponse, RpcError};

    fn http(status: u16) -> Error {
        let refusal = ErrorResponse {
            message: String::new(),
            reason: String::new(),
            http_status: status,
            www_authenticate: None,
            challenges: vec![],
        };
        Error::Http(Box::new(refusal))
    }

    fn rpc(code: i32) -> Error {
        Error::Rpc(Box::new(RpcError { code, message: String::new(), data: None, http_status: 400 }))
    }

    #[test]
    fn which_refusals_speak_for_the_older_era() {
        for status in [400, 404, 405, 406, 415, 500] {
            assert!(is_of_older_era(&http(status)), "{status}");
        }
        for status in [302, 410, 429, 502, 503, 504] {
            assert!(!is_of_older_era(&http(status)), "{status}");
        }
        assert!(is_of_older_era(&rpc(-32601)) && is_of_older_era(&rpc(-32600)) && is_of_older_era(&rpc(-32000)));
        assert!(!is_of_older_era(&rpc(HEADER_MISMATCH)) && !is_of_older_era(&rpc(MISSING_CAPABILITY)));
        assert!(!is_of_older_era(&Error::Network(String::new())) && !is_of_older_era(&Error::Cancelled));
    }

    #[test]
    fn which_refusals_lead_to_the_older_transport() {
        assert!([400, 404, 405].into_iter().all(|status| may_be_older(&http(status))));
        assert!(![401, 403, 406, 500, 503].into_iter().any(|status| may_be_older(&http(status))));
        assert!(!may_be_older(&rpc(-32601)));
    }
}
