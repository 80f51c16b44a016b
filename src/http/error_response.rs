//! HTTP responses outside 2xx as errors, with the server's own reason.

use std::time::Duration;

use ::http::header;
use serde_json::Value;

use crate::auth::credentials::Credentials;
use crate::base::error::{Error, ErrorResponse, RpcError};
use crate::base::text;
use crate::http::endpoint::{self, Endpoint};
use crate::http::response::Response;
use crate::json::Limits;
use crate::protocol::jsonrpc::{self, Incoming};
use crate::protocol::www_authenticate::{self, Challenge};

/// How many bytes of the body are read for the reason.
const MAX_BODY: usize = 64 * 1024;

/// How long the body may take.
const MAX_BODY_TIME: Duration = Duration::from_secs(1);

/// All `WWW-Authenticate` headers, joined as RFC 9110, section 5.3, allows.
pub(crate) fn www_authenticate(response: &Response) -> Option<String> {
    joined(&challenge_headers(response))
}

/// The parameters of the Bearer and DPoP challenges, each name once.
pub(crate) fn challenge_parameters(response: &Response) -> Vec<(String, String)> {
    let headers = challenge_headers(response);
    let challenges = www_authenticate::parse(&headers.iter().map(String::as_str).collect::<Vec<_>>());
    www_authenticate::bearer_parameters(&challenges)
}

fn challenge_headers(response: &Response) -> Vec<String> {
    let values = response.headers.get_all(header::WWW_AUTHENTICATE).iter();
    values.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).collect()
}

fn joined(values: &[String]) -> Option<String> {
    (!values.is_empty()).then(|| values.join(", "))
}

/// The error for a redirect that is not followed.
pub(crate) fn redirect(from: &Endpoint, response: &Response, why: &str) -> Error {
    let status = response.status;
    let target = match response.header(header::LOCATION) {
        None => String::new(),
        Some(location) => match endpoint::resolve(from.url(), location) {
            Ok(url) => format!(": {}", endpoint::display(&url)),
            Err(_) => format!(": {}", text::one_line(location.split(['?', '#']).next().unwrap_or_default())),
        },
    };
    let from = endpoint::display(from.url());
    Error::Http(Box::new(ErrorResponse {
        message: format!("{from} responded with a redirect (HTTP {status}) {why}{target}"),
        reason: String::new(),
        http_status: status,
        www_authenticate: None,
        challenge_parameters: Vec::new(),
    }))
}

/// The error that a response outside 2xx stands for. The server's text goes into the message, without the credentials
/// that it may repeat.
pub(crate) fn from_response(credentials: &Credentials, from: &Endpoint, response: Response) -> Error {
    try_from_response(credentials, from, response).unwrap_or_else(|cancelled| cancelled)
}

fn try_from_response(credentials: &Credentials, from: &Endpoint, mut response: Response) -> Result<Error, Error> {
    let status = response.status;
    let sent = response.sent.take();
    let redact = |text: &str| credentials.redact(text, sent.as_ref());
    let challenge_headers: Vec<String> = challenge_headers(&response).iter().map(|value| redact(value)).collect();
    // The status is known: a body that is slow, endless or broken does not change it.
    let (body, is_whole) = response.body.read_some(MAX_BODY, MAX_BODY_TIME)?;
    let is_from_mcp_server = !matches!(status, 401 | 403 | 429 | 502 | 503 | 504);
    if is_from_mcp_server && let Some(error) = rpc_error(status, &body) {
        return Ok(credentials.redact_rpc(error, sent.as_ref()));
    }
    // Each header by itself, so that a malformed one does not affect the others.
    let challenges = www_authenticate::parse(&challenge_headers.iter().map(String::as_str).collect::<Vec<_>>());
    let www_authenticate = joined(&challenge_headers);
    let reason = from_challenge(&challenges).or_else(|| from_body(&body)).unwrap_or_default();
    // Where a body was cut, its last word could be the beginning of a credential.
    let kept = if is_whole { reason.len() } else { reason.len().saturating_sub(1) };
    let reason = text::one_line(&redact(text::beginning(&reason, kept)));
    let hint = match status {
        401 if credentials.is_empty() => " (no credentials were sent)",
        404 if matches!(from.url().path(), "" | "/") => " (the path of the URL may be missing: many servers have /mcp)",
        _ if reason.is_empty() => phrase(status),
        _ => "",
    };
    let from = endpoint::display(from.url());
    let message = match reason.is_empty() {
        false => format!("{from} responded with HTTP {status}: {reason}{hint}"),
        true => format!("{from} responded with HTTP {status}{hint}"),
    };
    let challenge_parameters = www_authenticate::bearer_parameters(&challenges);
    let response =
        Box::new(ErrorResponse { message, reason, http_status: status, www_authenticate, challenge_parameters });
    Ok(match status {
        401 => Error::Unauthorized(response),
        403 => Error::Forbidden(response),
        _ => Error::Http(response),
    })
}

fn rpc_error(status: u16, body: &[u8]) -> Option<RpcError> {
    let mut found = None;
    jsonrpc::read(body.to_vec(), &Limits::NONE, |incoming| {
        if let Incoming::Response { outcome: Err(error), .. } = incoming {
            found = Some(error);
        }
    })
    .ok()?;
    found.map(|error| RpcError { http_status: status, ..error })
}

fn from_challenge(challenges: &[Challenge]) -> Option<String> {
    let get = |name| www_authenticate::bearer_parameter(challenges, name);
    match (get("error"), get("error_description")) {
        (Some(error), Some(description)) => Some(format!("{error}: {description}")),
        (one, other) => one.or(other).map(str::to_owned),
    }
}

/// The reason in the usual members of a JSON body, else the whole text.
fn from_body(body: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(body);
    let Ok(json) = serde_json::from_slice::<Value>(body) else {
        return Some(text::without_markup(&text).into_owned());
    };
    let at = |pointer: &str| json.pointer(pointer).and_then(Value::as_str);
    let description = at("/error_description").or_else(|| at("/error/message"));
    match (at("/error"), description) {
        (Some(error), Some(description)) => Some(format!("{error}: {description}")),
        (error, description) => description
            .or(error)
            .or_else(|| at("/message"))
            .or_else(|| at("/detail"))
            .or_else(|| at("/title"))
            .map(str::to_owned)
            .or_else(|| Some(text.into_owned())),
    }
}

fn phrase(status: u16) -> &'static str {
    match status {
        400 => " (bad request)",
        401 => " (the credentials were not accepted)",
        403 => " (the credentials do not allow this)",
        404 => " (not found)",
        405 => " (method not allowed)",
        429 => " (too many requests)",
        500 => " (internal server error)",
        502 => " (bad gateway)",
        503 => " (service unavailable)",
        504 => " (gateway timeout)",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_is_found_in_the_usual_members() {
        for (body, reason) in [
            (r#"{"error":"invalid_token","error_description":"expired"}"#, "invalid_token: expired"),
            (r#"{"error":{"code":-32001,"message":"no"}}"#, "no"),
            (r#"{"error":"unauthorized"}"#, "unauthorized"),
            (r#"{"detail":"Not authenticated"}"#, "Not authenticated"),
            (r#"{"x":1}"#, r#"{"x":1}"#),
            ("<html>Nope</html>", " Nope "),
        ] {
            assert_eq!(from_body(body.as_bytes()).as_deref(), Some(reason));
        }
    }

    #[test]
    fn a_challenge_gives_error_and_description() {
        let challenges =
            www_authenticate::parse(&[r#"Basic realm="x", Bearer error="invalid_token", error_description="late""#]);
        assert_eq!(from_challenge(&challenges).as_deref(), Some("invalid_token: late"));
        assert_eq!(from_challenge(&www_authenticate::parse(&["Bearer realm=x"])), None);
    }
}
