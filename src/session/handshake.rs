//! The requests by which client and server find a common version, and what the responses say
//! ([2026-07-28, "Versioning"](https://modelcontextprotocol.io/specification/2026-07-28/basic/versioning)).

use std::sync::Arc;

use crate::base::call::Call;
use crate::base::error::Error;
use crate::base::text;
use crate::json::Value;
use crate::protocol::discover::{self, DISCOVER};
use crate::protocol::initialize::{self, INITIALIZE};
use crate::protocol::jsonrpc::{self, HEADER_MISMATCH, MISSING_CAPABILITY, UNSUPPORTED_VERSION};
use crate::protocol::meta::Meta;
use crate::protocol::server_info::ServerInfo;
use crate::protocol::version::Version;
use crate::session::Session;
use crate::session::config::SessionConfig;
use crate::session::shared::Shared;

/// The client's side of an attempt to connect.
pub(super) struct Handshake<'a> {
    pub(super) call: &'a Call,
    pub(super) shared: &'a Shared,
    pub(super) config: Arc<SessionConfig>,
}

/// The era of a server.
pub(super) enum Era {
    Modern(Version, ServerInfo),
    /// The newest version that the server is known to speak, if it said so.
    Legacy(Option<Version>),
}

/// What an error in response to `server/discover` says.
pub(super) enum Verdict {
    Is(Era),
    /// The server speaks another version of the newer era.
    AskAgain(Version),
}

impl<'a> Handshake<'a> {
    pub(super) fn new(call: &'a Call, shared: &'a Shared) -> Handshake<'a> {
        Handshake { call, shared, config: shared.settings.session.load_full() }
    }

    /// `server/discover`, and its id.
    pub(super) fn discover_request(&self, version: Version) -> (u64, Vec<u8>) {
        let capabilities = self.shared.capabilities(version);
        let modern = Some((version, &self.config.client_info, capabilities.as_str()));
        let params = Meta { modern, log_level: None, progress_token: None, added: None }.alone();
        let id = self.shared.next_id();
        (id, jsonrpc::request(id, DISCOVER, params.as_deref()))
    }

    /// `initialize`, and its id.
    pub(super) fn initialize_request(&self, version: Version) -> (u64, Vec<u8>) {
        let capabilities = self.shared.capabilities(version);
        let params = initialize::params(version, &self.config.client_info, &capabilities);
        let id = self.shared.next_id();
        (id, jsonrpc::request(id, INITIALIZE, Some(&params)))
    }

    /// Fails when a version is pinned and the server has chosen another one.
    pub(super) fn check_pinned(&self, chosen: Version) -> Result<(), Error> {
        match self.config.version {
            Some(pinned) if pinned != chosen => Err(Error::Unsupported(format!(
                "the server speaks protocol version {}, not {} as was set",
                chosen.as_str(),
                pinned.as_str()
            ))),
            _ => Ok(()),
        }
    }

    /// Restores the log level: it is per session up to 2025-11-25.
    pub(super) fn restore_log_level(&self, session: &Session) -> Result<(), Error> {
        match &self.config.log_level {
            Some(level) if session.require("logging").is_ok() => session.set_log_level(self.call, level),
            _ => Ok(()),
        }
    }
}

/// The era of a server that has responded to `server/discover` with a result.
pub(super) fn read_era(result: &Value) -> Result<Era, Error> {
    let Some(offered) = discover::offered(result) else { return Ok(Era::Legacy(None)) };
    match discover::newest_common(&offered) {
        Some(version) if version.is_modern() => Ok(Era::Modern(version, ServerInfo::from_discover(result))),
        Some(version) => Ok(Era::Legacy(Some(version))),
        None => Err(nothing_in_common(&offered)),
    }
}

/// The era of a server that has responded with an error. `repeated`: the question was for a version that the server has
/// named.
pub(super) fn judge(error: Error, repeated: bool) -> Result<Verdict, Error> {
    if error.rpc_code() == Some(UNSUPPORTED_VERSION) {
        let supported = discover::supported_by_error(error.rpc_data());
        match discover::newest_common(&supported) {
            Some(common) if common.is_modern() && !repeated => return Ok(Verdict::AskAgain(common)),
            Some(common) if !common.is_modern() => return Ok(Verdict::Is(Era::Legacy(Some(common)))),
            None if !supported.is_empty() => return Err(nothing_in_common(&supported)),
            _ => {}
        }
    }
    if is_of_older_era(&error) { Ok(Verdict::Is(Era::Legacy(None))) } else { Err(error) }
}

/// Errors of `server/discover` that only a server of the older era gives, or an intermediary in front of it.
fn is_of_older_era(error: &Error) -> bool {
    match error {
        Error::Rpc(rpc) => !matches!(rpc.code, HEADER_MISMATCH | MISSING_CAPABILITY),
        // 4xx without an error of the newer era is the older one (2026-07-28, "Versioning"), except what is about the
        // credentials or says "not now".
        Error::Http(response) => {
            matches!(response.http_status, 400..=501)
                && !matches!(response.http_status, 401 | 403 | 407 | 408 | 425 | 429)
        }
        _ => false,
    }
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

    fn rpc(code: i32, data: Option<&str>) -> Error {
        let data = data.map(str::to_owned);
        Error::Rpc(Box::new(RpcError { code, message: String::new(), data, http_status: 400 }))
    }

    #[test]
    fn errors_of_the_older_era() {
        for status in [400, 404, 405, 406, 409, 410, 412, 413, 415, 417, 422, 500, 501] {
            assert!(is_of_older_era(&http(status)), "{status}");
        }
        for status in [302, 407, 408, 425, 429, 502, 503, 504] {
            assert!(!is_of_older_era(&http(status)), "{status}");
        }
        for code in [-32601, -32600, -32000] {
            assert!(is_of_older_era(&rpc(code, None)), "{code}");
        }
        assert!(!is_of_older_era(&rpc(HEADER_MISMATCH, None)) && !is_of_older_era(&rpc(MISSING_CAPABILITY, None)));
        assert!(!is_of_older_era(&Error::network("")) && !is_of_older_era(&Error::Cancelled));
    }

    #[test]
    fn a_server_names_the_versions_that_it_speaks() {
        let unsupported = |data| rpc(UNSUPPORTED_VERSION, Some(data));
        let newer = judge(unsupported(r#"{"supported":["2026-07-28"]}"#), false);
        assert!(matches!(newer, Ok(Verdict::AskAgain(Version::V2026_07_28))));
        let older = judge(unsupported(r#"{"supported":["2025-06-18","2025-03-26"]}"#), false);
        assert!(matches!(older, Ok(Verdict::Is(Era::Legacy(Some(Version::V2025_06_18))))));
        let none = judge(unsupported(r#"{"supported":["1999-01-01"]}"#), false);
        assert!(matches!(none, Err(Error::Unsupported(reason)) if reason.contains("1999-01-01")));
        let silent = judge(rpc(UNSUPPORTED_VERSION, None), false);
        assert!(matches!(silent, Ok(Verdict::Is(Era::Legacy(None)))));
    }
}
