//! What a caller may set. Calls work on an immutable snapshot, taken without a lock.

use std::sync::{Arc, Weak};
use std::time::Duration;

use url::Url;

use crate::auth::Auth;
use crate::auth::token::{self, Token};
use crate::base::error::{Error, RpcError};
use crate::base::text;
use crate::http::proxy::ProxyChoice;
use crate::http::tls::TlsSettings;
use crate::http::{HeaderName, HeaderValue, header};
use crate::protocol::Version;

/// How messages travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[repr(i32)]
pub enum TransportKind {
    /// Found out by asking the server.
    #[default]
    Auto = 0,
    /// Streamable HTTP, of 2025-03-26 and later.
    StreamableHttp = 1,
    /// HTTP+SSE, of 2024-11-05.
    Sse = 2,
}

impl TransportKind {
    /// The transport that has this number in the C API.
    pub fn from_number(number: i32) -> Option<TransportKind> {
        [TransportKind::Auto, TransportKind::StreamableHttp, TransportKind::Sse]
            .into_iter()
            .find(|known| *known as i32 == number)
    }
}

/// A snapshot of everything that was set.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) url: Url,
    pub(crate) transport: TransportKind,
    /// A pinned protocol version.
    pub(crate) version: Option<Version>,
    pub(crate) credentials: Credentials,
    pub(crate) timeout: Option<Duration>,
    pub(crate) connect_timeout: Option<Duration>,
    pub(crate) max_response_bytes: u64,
    pub(crate) tls: TlsSettings,
    pub(crate) proxy: ProxyChoice,
    pub(crate) identity: Implementation,
    /// Whether the servers' cache hints are honoured.
    pub(crate) cache: bool,
    /// What `set_server_log_level` asked for.
    pub(crate) log_level: Option<String>,
}

impl Settings {
    pub(crate) fn new(url: Url) -> Settings {
        Settings {
            url,
            transport: TransportKind::Auto,
            version: None,
            credentials: Credentials::default(),
            timeout: Some(Duration::from_secs(30)),
            connect_timeout: Some(Duration::from_secs(10)),
            max_response_bytes: 64 * 1024 * 1024,
            tls: TlsSettings::default(),
            proxy: ProxyChoice::default(),
            identity: Implementation::default(),
            cache: true,
            log_level: None,
        }
    }

    /// The same without anything secret.
    pub(crate) fn without_secrets(&self) -> Settings {
        let (credentials, tls, proxy) = Default::default();
        Settings { credentials, tls, proxy, ..self.clone() }
    }
}

/// What goes with every request: a token or headers.
#[derive(Debug, Clone, Default)]
pub(crate) struct Credentials {
    auth: Option<Auth>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Credentials {
    pub(crate) fn auth(&self) -> Option<&Auth> {
        self.auth.as_ref()
    }

    pub(crate) fn headers(&self) -> &[(HeaderName, HeaderValue)] {
        &self.headers
    }

    /// Whose requests these are: what a private answer belongs to.
    pub(crate) fn owner(&self) -> AuthContext {
        let token = self.auth.as_ref().and_then(Auth::latest);
        AuthContext { token: token.map(|token| Arc::downgrade(&token)), headers: self.headers.clone() }
    }

    /// A server's text without the credentials that it may repeat: those of now, and the `Authorization` that was sent.
    pub(crate) fn redact(&self, text: &str, sent: Option<&HeaderValue>) -> String {
        let latest = self.auth.as_ref().and_then(Auth::latest);
        let text = latest.map_or_else(|| text.to_owned(), |token| token.redact(text));
        let values = self.headers.iter().filter_map(|(_, value)| std::str::from_utf8(value.as_bytes()).ok());
        // Of another scheme's Authorization, and of a cookie, a server may repeat the part that counts.
        let parts = values.clone().filter_map(|value| value.split_once([' ', '=']).map(|(_, part)| part));
        let secrets = sent.and_then(token::bare).into_iter().chain(values).chain(parts);
        secrets.fold(text, |text, secret| token::redact(&text, secret))
    }

    /// A server's error without the credentials that it may repeat, its message made one line.
    pub(crate) fn redact_rpc(&self, error: RpcError, sent: Option<&HeaderValue>) -> Error {
        let message = text::one_line(&self.redact(&error.message, sent));
        let data = error.data.map(|data| self.redact(&data, sent));
        Error::Rpc(Box::new(RpcError { message, data, ..error }))
    }

    pub(crate) fn set_auth(&mut self, auth: Option<Auth>) -> Result<(), Error> {
        if auth.is_some() && self.headers.iter().any(|(name, _)| name == header::AUTHORIZATION) {
            return Err(Error::InvalidState(
                "the header Authorization is set: remove it before setting a token".to_owned(),
            ));
        }
        self.auth = auth;
        Ok(())
    }

    pub(crate) fn set_header(&mut self, name: HeaderName, value: Option<HeaderValue>) -> Result<(), Error> {
        if value.is_some() && name == header::AUTHORIZATION && self.auth.is_some() {
            return Err(Error::InvalidState(
                "a token is set: remove it before setting the header Authorization".to_owned(),
            ));
        }
        self.headers.retain(|(known, _)| *known != name);
        self.headers.extend(value.map(|value| (name, value)));
        Ok(())
    }
}

/// The authorization context of an answer. It does not keep a token that was replaced.
#[derive(Debug, Clone)]
pub(crate) struct AuthContext {
    token: Option<Weak<Token>>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl AuthContext {
    /// Whether these are the owner's credentials.
    pub(crate) fn has(&self, credentials: &Credentials) -> bool {
        let token = credentials.auth.as_ref().and_then(Auth::latest);
        let same_token = match (&self.token, token) {
            (None, None) => true,
            (Some(own), Some(token)) => own.upgrade().is_some_and(|own| own == token),
            _ => false,
        };
        same_token && self.headers == credentials.headers
    }
}

/// How the client introduces itself.
#[derive(Debug, Clone)]
pub(crate) struct Implementation {
    pub(crate) name: String,
    pub(crate) version: String,
    /// Replaces the capabilities that the handlers imply: JSON text of an object.
    pub(crate) capabilities: Option<String>,
}

impl Default for Implementation {
    fn default() -> Implementation {
        Implementation {
            name: "libmcpclient".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            capabilities: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(name: &'static str) -> (HeaderName, Option<HeaderValue>) {
        (HeaderName::from_static(name), Some(HeaderValue::from_static("v")))
    }

    #[test]
    fn a_token_and_an_authorization_header_exclude_each_other() {
        let mut credentials = Credentials::default();
        let (name, value) = header("authorization");
        credentials.set_header(name.clone(), value.clone()).unwrap();
        let auth = Auth::bearer("tok").unwrap();
        assert!(matches!(credentials.set_auth(Some(auth.clone())), Err(Error::InvalidState(_))));
        credentials.set_header(name.clone(), None).unwrap();
        credentials.set_auth(Some(auth)).unwrap();
        assert!(matches!(credentials.set_header(name, value), Err(Error::InvalidState(_))));
    }

    #[test]
    fn a_header_replaces_the_one_of_the_same_name() {
        let mut credentials = Credentials::default();
        for _ in 0..2 {
            let (name, value) = header("x-api-key");
            credentials.set_header(name, value).unwrap();
        }
        assert_eq!(credentials.headers().len(), 1);
    }

    #[test]
    fn texts_are_redacted_before_they_are_shortened() {
        let mut credentials = Credentials::default();
        credentials.set_auth(Some(Auth::bearer("sw0rdfish-secret").unwrap())).unwrap();
        let error = |message: String| RpcError { code: 1, message, data: None, http_status: 0 };
        let message = credentials.redact_rpc(error(format!("{}sw0rdfish-secret", "x".repeat(295))), None).to_string();
        assert!(!message.contains("sw0r"), "{message}");
    }

    #[test]
    fn what_was_sent_is_redacted_beside_what_is_set() {
        let mut credentials = Credentials::default();
        let value = crate::auth::header::parse_value("gültiger-schlüssel").unwrap();
        credentials.set_header(HeaderName::from_static("x-api-key"), Some(value)).unwrap();
        let sent = Token::new("replaced-token").unwrap().authorization();
        let text = credentials.redact("replaced-token of gültiger-schlüssel", Some(&sent));
        assert_eq!(text, "[redacted] of [redacted]");
    }

    #[test]
    fn transports_have_their_numbers() {
        assert_eq!(TransportKind::from_number(2), Some(TransportKind::Sse));
        assert_eq!(TransportKind::from_number(3), None);
        assert_eq!(TransportKind::from_number(-1), None);
    }
}
