//! Requests to a token endpoint: client authentication, a DPoP proof, one more try with the nonce that is asked for.

use std::collections::HashMap;
use std::sync::Arc;

use ::http::{HeaderMap, HeaderName, Method, header};
use arc_swap::ArcSwap;
use url::Url;

use super::client::Client;
use super::form::Form;
use super::jws;
use super::key::Key;
use super::metadata::ServerMetadata;
use super::token_response::{OAuthError, TokenResponse};
use crate::auth::fetch::{FetchRequest, Fetched, GrantContext};
use crate::auth::header::secret_value;
use crate::base::error::Error;

pub(super) const DPOP: HeaderName = HeaderName::from_static("dpop");
const DPOP_NONCE: &str = "dpop-nonce";
const FORM: &str = "application/x-www-form-urlencoded";

/// The nonces for DPoP proofs that servers gave last, by origin (RFC 9449, section 8).
#[derive(Debug, Default)]
pub(super) struct Nonces(ArcSwap<HashMap<String, String>>);

impl Nonces {
    pub(super) fn get(&self, url: &Url) -> Option<String> {
        self.0.load().get(&url.origin().ascii_serialization()).cloned()
    }

    /// Keeps the nonce of a response; whether there was one.
    pub(super) fn note(&self, url: &Url, headers: &HeaderMap) -> bool {
        let Some(nonce) = headers.get(DPOP_NONCE).and_then(|value| value.to_str().ok()) else { return false };
        let origin = url.origin().ascii_serialization();
        if self.0.load().get(&origin).is_none_or(|known| known != nonce) {
            self.0.rcu(|known| {
                let mut known = HashMap::clone(known);
                known.insert(origin.clone(), nonce.to_owned());
                Arc::new(known)
            });
        }
        true
    }
}

/// The token endpoint of one authorization server, as one client uses it.
pub(super) struct TokenEndpoint<'a> {
    pub(super) context: &'a GrantContext<'a>,
    pub(super) metadata: &'a ServerMetadata,
    pub(super) client: &'a Client,
    /// The key that the token will be bound to.
    pub(super) dpop: Option<&'a Key>,
    pub(super) nonces: &'a Nonces,
}

impl TokenEndpoint<'_> {
    /// Asks for a token; `what` stands in the message of a refusal.
    pub(super) fn request(&self, form: impl Fn() -> Form, what: &str) -> Result<TokenResponse, Error> {
        let url = self.metadata.token_endpoint()?;
        let mut tries = 0;
        loop {
            tries += 1;
            // Each try has an assertion and a proof of its own: both are valid once.
            let (form, fetched) = self.post(url, form())?;
            let has_nonce = self.nonces.note(url, &fetched.headers);
            if matches!(fetched.status, 200..=299) {
                return TokenResponse::parse(&fetched.body);
            }
            let error = OAuthError::from_json(&fetched.body);
            let wants_nonce = self.dpop.is_some() && error.error.as_deref() == Some("use_dpop_nonce");
            if wants_nonce && has_nonce && tries == 1 {
                continue;
            }
            let secrets = form.secrets().chain(self.client.secret());
            return Err(error.into_error(&self.metadata.issuer, what, fetched.status, secrets));
        }
    }

    fn post(&self, url: &Url, form: Form) -> Result<(Form, Fetched), Error> {
        let (form, authorization) = self.client.authenticate(form, self.metadata)?;
        let mut secrets: Vec<_> = authorization.map(|value| (header::AUTHORIZATION, value)).into_iter().collect();
        if let Some(key) = self.dpop {
            let proof = jws::dpop_proof(key, "POST", url, None, self.nonces.get(url).as_deref())?;
            secrets.push((DPOP, secret_value("", proof.expose().as_bytes())));
        }
        let body = form.encode();
        let request = FetchRequest { method: Method::POST, url, secrets, body: Some((FORM, &body)) };
        let fetched = self.context.fetch.fetch(self.context.call, &request)?;
        Ok((form, fetched))
    }
}
