//! Who may ask: a bearer token (RFC 6750) or an API key.
//!
//! The rules followed:
//!
//! - A 401 carries `WWW-Authenticate` (RFC 9110, section 15.5.2).
//! - Its `error` and `error_description` say what is wrong with the credentials; a request without any credentials gets
//!   neither (RFC 6750, section 3.1).
//! - The scheme's name is compared without case (RFC 9110, section 11.1).
//! - Every request is checked, also those of a session (MCP, Authorization).

use serde_json::json;

use crate::http::Request;
use crate::options::Options;
use crate::response::Response;

/// `Err` is the answer to a request that is not allowed.
pub fn check(request: &Request, options: &Options) -> Result<(), Response> {
    let token = request.header("authorization").and_then(bearer_token);
    let api_key = request.header("x-api-key");
    if is_any_of(token, &options.tokens) || is_any_of(api_key, &options.api_keys) {
        return Ok(());
    }
    Err(match (token, api_key) {
        (Some(_), _) => refuse(Some("The access token is unknown or has expired")),
        (None, Some(_)) => refuse(Some("The API key is unknown")),
        (None, None) => refuse(None),
    })
}

fn bearer_token(authorization: &str) -> Option<&str> {
    let (scheme, token) = authorization.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim_start_matches(' '))
}

fn is_any_of(given: Option<&str>, accepted: &[String]) -> bool {
    given.is_some_and(|given| accepted.iter().any(|accepted| equal_in_constant_time(given, accepted)))
}

/// Takes as long for a wrong secret as for a right one, so that its bytes cannot be guessed one by one.
fn equal_in_constant_time(a: &str, b: &str) -> bool {
    a.len() == b.len() && a.bytes().zip(b.bytes()).fold(0, |difference, (a, b)| difference | (a ^ b)) == 0
}

fn refuse(description: Option<&str>) -> Response {
    let (challenge, body) = match description {
        Some(description) => (
            format!(r#"Bearer realm="demo", error="invalid_token", error_description="{description}""#),
            json!({"error": "invalid_token", "error_description": description}),
        ),
        None => (
            r#"Bearer realm="demo""#.to_owned(),
            json!({"error": "unauthorized", "error_description": "Send a bearer token or an X-API-Key"}),
        ),
    };
    Response::json(401, &body).header("WWW-Authenticate", challenge)
}
