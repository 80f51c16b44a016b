//! What is sent with every request of a client: an auth object or custom headers.

use ::http::{HeaderName, HeaderValue, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::auth::redact::{redact, redact_json};
use crate::auth::secret::Secret;
use crate::auth::token;
use crate::auth::{Auth, Owner};
use crate::base::error::{Error, RpcError};
use crate::base::text;

/// A longer header value is a secret as a whole only.
const MAX_HEADER_WITH_PARTS: usize = 64 * 1024;
/// The most custom headers of a client: servers accept about a hundred fields.
const MAX_HEADERS: usize = 100;
/// The most bytes of an error's message that are looked at: 300 characters of it are shown.
const MAX_ERROR_MESSAGE: usize = 64 * 1024;
/// The most bytes of an error's `data`, which is left out when it is larger.
const MAX_ERROR_DATA: usize = 1024 * 1024;

/// The credentials of a client. Clones share the secrets, which are wiped with the last one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Credentials {
    auth: Option<Auth>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Credentials {
    pub(crate) fn auth(&self) -> Option<&Auth> {
        self.auth.as_ref()
    }

    /// Whether requests go without any.
    pub(crate) fn is_empty(&self) -> bool {
        self.auth.is_none() && self.headers.is_empty()
    }

    /// The custom headers.
    pub(crate) fn headers(&self) -> &[(HeaderName, HeaderValue)] {
        &self.headers
    }

    /// The authorization context of the requests, to which a private response belongs.
    pub(crate) fn context(&self) -> AuthContext {
        AuthContext { auth: self.auth.as_ref().map(Auth::owner), headers: self.headers.clone() }
    }

    /// A server's text without the credentials that it may repeat: the present ones, and the `Authorization` that was
    /// sent.
    pub(crate) fn redact(&self, text: &str, sent: Option<&HeaderValue>) -> String {
        self.fold_secrets(text, sent, redact)
    }

    fn fold_secrets(&self, text: &str, sent: Option<&HeaderValue>, replace: fn(&str, &str) -> String) -> String {
        let own = self.auth.as_ref().map(Auth::secrets).unwrap_or_default();
        let secrets = own.iter().map(Secret::expose).chain(sent.and_then(token::bare));
        let text = secrets.fold(text.to_owned(), |text, secret| replace(&text, secret));
        self.headers
            .iter()
            .fold(text, |text, (_, value)| secrets_of(value).iter().fold(text, |text, secret| replace(&text, secret)))
    }

    /// A server's error without the credentials that it may repeat, its message made one line.
    pub(crate) fn redact_rpc(&self, error: RpcError, sent: Option<&HeaderValue>) -> Error {
        let message = text::one_line(&self.redact(text::beginning(&error.message, MAX_ERROR_MESSAGE), sent));
        let data = error.data.filter(|data| data.len() <= MAX_ERROR_DATA);
        let data = data.map(|data| self.fold_secrets(&data, sent, redact_json));
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
        if value.is_some() && self.headers.len() == MAX_HEADERS {
            return Err(Error::InvalidState(format!("{MAX_HEADERS} headers are set, and there is room for no more")));
        }
        self.headers.extend(value.map(|value| (name, value)));
        Ok(())
    }
}

/// What a server may repeat of a header's value: all of it, the part after the scheme, the values of cookies and
/// parameters, and the user and password of Basic (RFC 7617).
fn secrets_of(value: &HeaderValue) -> Vec<Zeroizing<String>> {
    let Ok(whole) = std::str::from_utf8(value.as_bytes()) else { return Vec::new() };
    let mut secrets = vec![whole.to_owned()];
    if whole.len() > MAX_HEADER_WITH_PARTS {
        return secrets.into_iter().map(Zeroizing::new).collect();
    }
    if let Some((_, part)) = whole.split_once([' ', '=']) {
        secrets.push(part.to_owned());
    }
    for pair in whole.split([';', ',']).filter_map(|pair| pair.split_once('=')) {
        secrets.push(pair.1.trim().trim_matches('"').to_owned());
    }
    if let Some((scheme, pair)) = whole.split_once(' ')
        && scheme.eq_ignore_ascii_case("Basic")
        && let Some(pair) = STANDARD.decode(pair.trim()).ok().and_then(|pair| String::from_utf8(pair).ok())
    {
        secrets.extend(pair.split_once(':').map(|(_, password)| password.to_owned()));
        secrets.push(pair);
    }
    secrets.into_iter().map(Zeroizing::new).collect()
}

/// The authorization context of a response. It does not keep a replaced token in memory.
#[derive(Debug, Clone)]
pub(crate) struct AuthContext {
    auth: Option<Owner>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl AuthContext {
    /// Whether these credentials are the context's.
    pub(crate) fn matches(&self, credentials: &Credentials) -> bool {
        let same_auth = match (&self.auth, &credentials.auth) {
            (None, None) => true,
            (Some(own), Some(auth)) => own.is(&auth.owner()),
            _ => false,
        };
        same_auth && self.headers == credentials.headers
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::token::Token;

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
    fn the_number_of_headers_has_a_bound() {
        let mut credentials = Credentials::default();
        let value = || Some(HeaderValue::from_static("v"));
        let name = |number: usize| HeaderName::from_bytes(format!("x-{number}").as_bytes()).unwrap();
        (0..MAX_HEADERS).for_each(|number| credentials.set_header(name(number), value()).unwrap());
        assert!(matches!(credentials.set_header(name(MAX_HEADERS), value()), Err(Error::InvalidState(_))));
        credentials.set_header(name(5), value()).unwrap();
        assert_eq!(credentials.headers().len(), MAX_HEADERS);
        credentials.set_header(name(5), None).unwrap();
        credentials.set_header(name(MAX_HEADERS), value()).unwrap();
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
    fn the_parts_of_a_header_are_secrets_too() {
        for (value, secrets) in [
            ("Basic dXNlcjpwYXNzd29yZC0xMjM=", &["dXNlcjpwYXNzd29yZC0xMjM=", "user:password-123", "password-123"][..]),
            ("basic dXNlcjpwYXNzd29yZC0xMjM=", &["password-123"]),
            ("ApiKey k3y-of-the-house", &["ApiKey k3y-of-the-house", "k3y-of-the-house"]),
            ("theme=dark; session=\"s3ssion-value\"; a=b=c", &["s3ssion-value"]),
            ("Custom Credential=one-key, Signature=other-key", &["one-key", "other-key"]),
        ] {
            let secrets_found = secrets_of(&HeaderValue::from_static(value));
            for secret in secrets {
                assert!(secrets_found.iter().any(|found| found.as_str() == *secret), "{value}: {secret}");
            }
        }
    }

    #[test]
    fn large_error_data_is_left_out_and_a_large_message_is_looked_at_in_part() {
        let credentials = Credentials::default();
        let (message, data) = ("word ".repeat(1 << 20), Some(format!("\"{}\"", "x".repeat(MAX_ERROR_DATA))));
        let error = credentials.redact_rpc(RpcError { code: 1, message, data, http_status: 0 }, None);
        assert!(error.rpc_data().is_none() && error.to_string().len() < 2000);
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
}
