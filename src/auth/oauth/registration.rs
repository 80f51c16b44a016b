//! Dynamic client registration (RFC 7591) as a native or web application.

use ::http::Method;
use serde_json::json;
use url::Url;

use super::client::method_to_register;
use super::identifiers::is_loopback;
use super::metadata::ServerMetadata;
use super::record::Registration;
use super::scopes::Scopes;
use super::token_response::{OAuthError, RegistrationResponse};
use crate::auth::fetch::{FetchRequest, GrantContext};
use crate::base::error::Error;

/// Registers the client at `endpoint` for logins that end at `redirect`. `scopes` are those that may be asked for.
///
/// Some authorization servers know `localhost` alone as a loopback host: a refusal of the redirect URL is answered with
/// that name, once.
pub(super) fn register(
    context: &GrantContext<'_>,
    metadata: &ServerMetadata,
    endpoint: &Url,
    redirect: &Url,
    scopes: &Scopes,
) -> Result<Registration, Error> {
    match try_register(context, metadata, endpoint, redirect, scopes) {
        Err(error) if refuses_redirect(&error) && redirect.host_str() == Some("127.0.0.1") => {
            let mut named = redirect.clone();
            if named.set_host(Some("localhost")).is_err() {
                return Err(error);
            }
            try_register(context, metadata, endpoint, &named, scopes)
        }
        outcome => outcome,
    }
}

fn refuses_redirect(error: &Error) -> bool {
    let says = |name: &str, part: &str| error.challenge_parameter(name).is_some_and(|value| value.contains(part));
    says("error", "invalid_redirect_uri")
        || (says("error", "invalid_client_metadata") && says("error_description", "redirect"))
}

fn try_register(
    context: &GrantContext<'_>,
    metadata: &ServerMetadata,
    endpoint: &Url,
    redirect: &Url,
    scopes: &Scopes,
) -> Result<Registration, Error> {
    let method = method_to_register(metadata);
    let is_native = !matches!(redirect.scheme(), "http" | "https") || is_loopback(redirect);
    let mut document = json!({
        "client_name": context.client_name,
        "redirect_uris": [redirect.as_str()],
        "application_type": if is_native { "native" } else { "web" },
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": method,
    });
    if !scopes.is_empty() {
        document["scope"] = scopes.to_string().into();
    }
    let body = document.to_string();
    let body = Some(("application/json", body.as_bytes()));
    let request = FetchRequest { method: Method::POST, url: endpoint, secrets: Vec::new(), body };
    let fetched = context.fetch.fetch(context.call, &request)?;
    if !matches!(fetched.status, 200..=299) {
        let error = OAuthError::from_json(&fetched.body);
        return Err(error.into_error(&metadata.issuer, "to register the client", fetched.status, []));
    }
    let answer = RegistrationResponse::parse(&fetched.body)?;
    Ok(Registration {
        client_id: answer.client_id,
        auth_method: answer.auth_method.unwrap_or_else(|| match &answer.client_secret {
            Some(_) => method.to_owned(),
            None => "none".to_owned(),
        }),
        client_secret: answer.client_secret,
        expires_at: answer.expires_at,
        redirect_url: redirect.as_str().to_owned(),
    })
}
