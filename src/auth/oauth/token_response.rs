//! Responses of token and registration endpoints (RFC 6749, sections 5.1 and 5.2; RFC 7591, section 3.2).

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use super::scopes::Scopes;
use crate::auth::redact::redact;
use crate::auth::secret::Secret;
use crate::base::error::{Error, ErrorResponse};
use crate::base::text;

/// What a token endpoint gave.
#[derive(Debug)]
pub(crate) struct TokenResponse {
    pub(super) access_token: Secret,
    pub(super) token_type: String,
    pub(super) expires_in: Option<u64>,
    pub(super) refresh_token: Option<Secret>,
    /// `None`: what was asked for.
    pub(super) scopes: Option<Scopes>,
    pub(super) issued_token_type: Option<String>,
}

#[derive(Deserialize)]
struct Members<'a> {
    #[serde(borrow)]
    access_token: Option<&'a RawValue>,
    #[serde(borrow)]
    refresh_token: Option<&'a RawValue>,
    token_type: Option<Value>,
    expires_in: Option<Value>,
    scope: Option<Value>,
    issued_token_type: Option<Value>,
}

impl TokenResponse {
    pub(crate) fn parse(body: &[u8]) -> Result<TokenResponse, Error> {
        let invalid = |what: &str| Error::Protocol(format!("the token response {what}"));
        let members: Members<'_> =
            serde_json::from_slice(body).map_err(|_| invalid("is not a JSON object of tokens"))?;
        let secret = |value: Option<&RawValue>| value.and_then(|value| Secret::from_json(value.get()));
        let text = |value: &Option<Value>| value.as_ref().and_then(Value::as_str).map(str::to_owned);
        let access_token = secret(members.access_token).filter(|token| !token.expose().is_empty());
        Ok(TokenResponse {
            access_token: access_token.ok_or_else(|| invalid("has no access_token"))?,
            token_type: text(&members.token_type).ok_or_else(|| invalid("has no token_type"))?,
            // A token that has ended when it comes could never be used: servers mean that they do not say.
            expires_in: members.expires_in.as_ref().and_then(seconds).filter(|seconds| *seconds > 0),
            refresh_token: secret(members.refresh_token).filter(|token| !token.expose().is_empty()),
            scopes: text(&members.scope).map(|scopes| Scopes::lenient(&scopes)).filter(|scopes| !scopes.is_empty()),
            issued_token_type: text(&members.issued_token_type),
        })
    }
}

/// A number of seconds; some servers write it as a string.
fn seconds(value: &Value) -> Option<u64> {
    match value {
        Value::String(text) => text.trim().parse().ok(),
        // A fraction of a second is no time in which a request could be made.
        number => {
            number.as_u64().or_else(|| number.as_f64().filter(|number| *number >= 0.0).map(|number| number as u64))
        }
    }
}

/// A client registration (RFC 7591, section 3.2.1).
pub(crate) struct RegistrationResponse {
    pub(super) client_id: String,
    pub(super) client_secret: Option<Secret>,
    /// Seconds since 1970; `None`: never.
    pub(super) expires_at: Option<u64>,
    pub(super) auth_method: Option<String>,
}

#[derive(Deserialize)]
struct RegistrationMembers<'a> {
    client_id: Option<Value>,
    #[serde(borrow)]
    client_secret: Option<&'a RawValue>,
    client_secret_expires_at: Option<Value>,
    token_endpoint_auth_method: Option<Value>,
}

impl RegistrationResponse {
    pub(super) fn parse(body: &[u8]) -> Result<RegistrationResponse, Error> {
        let invalid = || Error::Protocol("the registration response has no client_id".to_owned());
        let members: RegistrationMembers<'_> = serde_json::from_slice(body).map_err(|_| invalid())?;
        let text = |value: &Option<Value>| value.as_ref().and_then(Value::as_str).map(str::to_owned);
        let secret = members.client_secret.and_then(|value| Secret::from_json(value.get()));
        Ok(RegistrationResponse {
            client_id: text(&members.client_id).filter(|id| !id.is_empty()).ok_or_else(invalid)?,
            client_secret: secret.filter(|secret| !secret.expose().is_empty()),
            expires_at: members.client_secret_expires_at.as_ref().and_then(seconds).filter(|at| *at > 0),
            auth_method: text(&members.token_endpoint_auth_method),
        })
    }
}

/// The parts of an OAuth error, whether in a JSON body or in a redirect's query.
#[derive(Debug, Default, Clone)]
pub(super) struct OAuthError {
    pub(super) error: Option<String>,
    pub(super) description: Option<String>,
    pub(super) uri: Option<String>,
}

impl OAuthError {
    pub(super) fn from_json(body: &[u8]) -> OAuthError {
        let document: Value = serde_json::from_slice(body).unwrap_or_default();
        let member = |name: &str| document.get(name).and_then(Value::as_str).map(str::to_owned);
        OAuthError { error: member("error"), description: member("error_description"), uri: member("error_uri") }
    }

    /// The error of the library. `who` refused `what`, with this HTTP status (0: none); none of the secrets is repeated.
    pub(super) fn into_error<'a>(
        self,
        who: &str,
        what: &str,
        status: u16,
        secrets: impl IntoIterator<Item = &'a Secret>,
    ) -> Error {
        let secrets: Vec<&Secret> = secrets.into_iter().collect();
        let clean = |part: Option<String>| {
            let part = Zeroizing::new(part?);
            let redacted = secrets.iter().fold(part.to_string(), |part, secret| redact(&part, secret.expose()));
            Some(text::one_line(&redacted))
        };
        let refused = matches!(status, 0 | 400..=403);
        let parameters = [
            ("error", clean(self.error)),
            ("error_description", clean(self.description)),
            ("error_uri", clean(self.uri)),
        ];
        let reason: Vec<&str> = parameters[..2].iter().filter_map(|(_, value)| value.as_deref()).collect();
        let reason = reason.join(": ");
        let message = match (reason.is_empty(), status) {
            (false, _) => format!("{who} refused {what}: {reason}"),
            (true, 0) => format!("{who} refused {what}"),
            (true, status) => format!("{who} refused {what} (HTTP {status})"),
        };
        let named = parameters.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        let response = Box::new(ErrorResponse::of_authorization_server(message, reason, status, named.collect()));
        if refused { Error::Unauthorized(response) } else { Error::Http(response) }
    }
}

/// An error of which no server has said more than this.
pub(super) fn unauthorized(message: impl Into<String>) -> Error {
    let response = ErrorResponse::of_authorization_server(message.into(), String::new(), 0, Vec::new());
    Error::Unauthorized(Box::new(response))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_response_is_read_as_servers_write_it() {
        let body = br#"{"access_token":"a\/b","token_type":"bearer","expires_in":"3600","refresh_token":"r","scope":"x y","id_token":"i"}"#;
        let read = TokenResponse::parse(body).unwrap();
        assert_eq!((read.access_token.expose(), read.token_type.as_str()), ("a/b", "bearer"));
        assert_eq!((read.expires_in, read.scopes.unwrap().to_string()), (Some(3600), "x y".to_owned()));
        assert_eq!(read.refresh_token.unwrap().expose(), "r");
        let bare =
            TokenResponse::parse(br#"{"access_token":"a","token_type":"Bearer","expires_in":1.5,"scope":""}"#).unwrap();
        assert_eq!((bare.expires_in, bare.scopes.is_none(), bare.refresh_token.is_none()), (Some(1), true, true));
        for bad in [
            "",
            "[]",
            "{}",
            r#"{"access_token":"a"}"#,
            r#"{"access_token":"","token_type":"Bearer"}"#,
            r#"{"access_token":7,"token_type":"Bearer"}"#,
        ] {
            assert!(matches!(TokenResponse::parse(bad.as_bytes()), Err(Error::Protocol(_))), "{bad}");
        }
    }

    #[test]
    fn a_registration_without_expiry_lasts() {
        let read =
            RegistrationResponse::parse(br#"{"client_id":"c","client_secret":"s","client_secret_expires_at":0}"#)
                .unwrap();
        assert_eq!((read.client_id.as_str(), read.expires_at), ("c", None));
        assert!(RegistrationResponse::parse(b"{}").is_err());
    }

    #[test]
    fn an_error_repeats_no_secret_and_has_its_parameters() {
        let body = br#"{"error":"invalid_grant","error_description":"code s3cret-code is old\n","error_uri":"https://a.example/e"}"#;
        let secret = Secret::new("s3cret-code");
        let error = OAuthError::from_json(body).into_error("https://a.example", "the code", 400, [&secret]);
        assert_eq!(error.challenge_parameter("error"), Some("invalid_grant"));
        assert_eq!(error.challenge_parameter("error_uri"), Some("https://a.example/e"));
        assert!(matches!(&error, Error::Unauthorized(_)) && !error.to_string().contains("s3cret"), "{error}");
        let broken = OAuthError::from_json(b"<html>").into_error("https://a.example", "the code", 503, []);
        assert!(matches!(&broken, Error::Http(_)) && broken.to_string().contains("503"), "{broken}");
    }
}
