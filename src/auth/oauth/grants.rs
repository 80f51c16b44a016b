//! New grants: one way for each kind of credentials.

use std::sync::Arc;
use std::time::Instant;

use url::Url;

use super::client::{Client, Proof};
use super::discovery::{self, Discovered, Known};
use super::flow::Flow;
use super::form::Form;
use super::kind::{Kind, LoginCallback};
use super::login::{Login, Pending};
use super::record::{Grant, Registration};
use super::scopes::{OFFLINE_ACCESS, Scopes};
use super::token_response::unauthorized;
use super::{pkce, registration};
use crate::auth::authorization::Identity;
use crate::auth::secret::Secret;
use crate::base::error::Error;
use crate::base::foreign;

const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ID_JAG: &str = "urn:ietf:params:oauth:token-type:id-jag";
const ID_TOKEN: &str = "urn:ietf:params:oauth:token-type:id_token";

impl Flow<'_> {
    pub(super) fn grant_anew(&self, found: &Discovered, scopes: Scopes) -> Result<(), Error> {
        let made = match self.kind {
            Kind::ClientCredentials => self.client_credentials(found, scopes),
            Kind::Workload(identity) => self.workload(found, scopes, &**identity),
            Kind::Enterprise { issuer, client, identity } => {
                self.enterprise(found, scopes, issuer, client, &**identity)
            }
            Kind::Login(callback) => self.login(found, scopes, callback),
        }?;
        let _lock = self.config.store.as_ref().map(|store| store.lock(self.context.call)).transpose()?;
        self.server.keep(&self.config, made)
    }

    /// The token that a form gets, as a grant.
    fn exchange(
        &self,
        found: &Discovered,
        client: &Client,
        scopes: Scopes,
        form: impl Fn() -> Form,
        what: &str,
    ) -> Result<Grant, Error> {
        let resource = self.resource(&found.resource);
        let dpop_key = self.dpop_key(&found.metadata)?;
        let form = || form().with_optional("resource", resource.as_deref());
        let response = self.endpoint(&found.metadata, client, dpop_key.as_ref()).request(form, what)?;
        let access = self.access(&response, dpop_key.is_some())?;
        Ok(Grant {
            issuer: found.metadata.issuer.clone(),
            registration: None,
            dpop_key: dpop_key.filter(|_| access.token.is_dpop()),
            access: Some(access),
            refresh_token: response.refresh_token,
            granted: response.scopes.unwrap_or_else(|| scopes.clone()),
            asked: scopes,
            resource,
        })
    }

    fn client_credentials(&self, found: &Discovered, scopes: Scopes) -> Result<Grant, Error> {
        let client = self.config.client().ok_or_else(|| unauthorized("no client is set"))?;
        self.config.bind_issuer(&found.metadata.issuer);
        let scope = scope_parameter(&scopes);
        let form = || Form::default().with("grant_type", "client_credentials").with_optional("scope", scope.as_deref());
        self.exchange(found, &client, scopes, form, "the client credentials")
    }

    fn workload(&self, found: &Discovered, scopes: Scopes, identity: &dyn Identity) -> Result<Grant, Error> {
        let client = self.config.client().unwrap_or(Client { id: None, proof: Proof::Public });
        self.config.bind_issuer(&found.metadata.issuer);
        let assertion = identity.identity_token(self.context.call, Some(&found.metadata.issuer))?;
        let issuer = &found.metadata.issuer;
        if self.server.refuses_assertion(&assertion) {
            return Err(unauthorized(format!("{issuer} has refused this token of the workload before")));
        }
        let scope = scope_parameter(&scopes);
        let form = || {
            let form = Form::default().with("grant_type", JWT_BEARER).with("assertion", assertion.expose());
            form.with_optional("scope", scope.as_deref())
        };
        let outcome = self.exchange(found, &client, scopes, form, "the token of the workload");
        if matches!(outcome, Err(Error::Unauthorized(_))) {
            self.server.note_refused_assertion(&assertion);
        }
        outcome
    }

    /// The identity provider gives an assertion for the authorization server, which gives the token for it.
    fn enterprise(
        &self,
        found: &Discovered,
        scopes: Scopes,
        provider: &str,
        provider_client: &Client,
        identity: &dyn Identity,
    ) -> Result<Grant, Error> {
        let client = self.known_client(&found.metadata);
        let client = client.ok_or_else(|| unauthorized("no client is set for the authorization server"))?;
        if self.config.registered.is_some() {
            self.config.bind_issuer(&found.metadata.issuer);
        }
        let metadata = discovery::of_issuer(self.context, provider, &Known::default())?;
        let id_token = identity.identity_token(self.context.call, None)?;
        let resource = self.resource(&found.resource);
        let scope = scope_parameter(&scopes);
        let exchange = || {
            Form::default()
                .with("grant_type", TOKEN_EXCHANGE)
                .with("requested_token_type", ID_JAG)
                .with("audience", &found.metadata.issuer)
                .with_optional("resource", resource.as_deref())
                .with_optional("scope", scope.as_deref())
                .with("subject_token", id_token.expose())
                .with("subject_token_type", ID_TOKEN)
        };
        let endpoint = self.endpoint(&metadata, provider_client, None);
        let response = endpoint.request(exchange, "the user's identity token")?;
        if response.issued_token_type.as_deref() != Some(ID_JAG) {
            return Err(Error::Protocol(format!("{} gave another type of token than id-jag", metadata.issuer)));
        }
        let form = || {
            let form = Form::default().with("grant_type", JWT_BEARER);
            form.with("assertion", response.access_token.expose()).with_optional("scope", scope.as_deref())
        };
        self.exchange(found, &client, scopes, form, "the assertion of the identity provider")
    }

    fn login(&self, found: &Discovered, scopes: Scopes, callback: &LoginCallback) -> Result<Grant, Error> {
        let metadata = &found.metadata;
        let issuer = &metadata.issuer;
        let lacks = |what: &str| Error::Protocol(format!("the metadata of {issuer} lacks {what}"));
        let endpoint = metadata.authorization_endpoint.as_ref().ok_or_else(|| lacks("an authorization_endpoint"))?;
        if !metadata.has_s256 {
            return Err(lacks("S256 in code_challenge_methods_supported, without which no login is safe"));
        }
        let earlier = self.earlier_registration(metadata);
        let mut listener = self.config.listen(earlier.as_ref().map(|earlier| earlier.redirect_url.as_str()))?;
        let redirect = listener.as_ref().map_or(&self.config.redirect_url, |listener| listener.url()).clone();
        let (client, registration) = self.client_for_login(found, &redirect, earlier, &scopes)?;
        let registered = registration.as_ref().and_then(|registration| Url::parse(&registration.redirect_url).ok());
        let redirect = registered.unwrap_or(redirect);

        let pending = Arc::new(Pending::new(&redirect)?);
        let verifier = pkce::verifier()?;
        let url = self.authorization_url(endpoint, &client, found, &scopes, &pending, &redirect, &verifier);
        self.logins.add(&pending);
        let started = Instant::now();
        let login = Login::new(&url, self.context.server, &pending);
        foreign::run(|| callback(&login));
        let person = self.context.call.for_at_most(self.config.login_timeout);
        let response = pending.wait(&person, listener.as_mut()).map_err(|error| match error {
            Error::Timeout(_) => {
                let limit = self.config.login_timeout.as_millis();
                Error::Timeout(format!("the login was not finished within {limit} ms"))
            }
            other => other,
        })?;
        drop(listener);
        self.context.call.add_pause(started.elapsed());
        let code = response.code(metadata)?;
        let form = || {
            Form::default()
                .with("grant_type", "authorization_code")
                .with("code", code.expose())
                .with("redirect_uri", redirect.as_str())
                .with("code_verifier", verifier.expose())
        };
        let grant = self.exchange(found, &client, scopes, form, "the login")?;
        self.owner.store(Arc::default());
        Ok(Grant { registration, ..grant })
    }

    fn client_for_login(
        &self,
        found: &Discovered,
        redirect: &Url,
        earlier: Option<Registration>,
        scopes: &Scopes,
    ) -> Result<(Client, Option<Registration>), Error> {
        let metadata = &found.metadata;
        if let Some(client) = self.known_client(metadata) {
            if self.config.registered.is_some() {
                self.config.bind_issuer(&metadata.issuer);
            }
            return Ok((client, None));
        }
        let registration = match (earlier, &metadata.registration_endpoint) {
            (Some(earlier), _) if leads_to(&earlier.redirect_url, redirect) => earlier,
            (_, Some(endpoint)) => {
                let all = scopes.union(&found.resource_scopes);
                registration::register(self.context, metadata, endpoint, redirect, &all)?
            }
            (_, None) => {
                let issuer = &metadata.issuer;
                return Err(unauthorized(format!("{issuer} registers no clients: a client must be set for it")));
            }
        };
        Ok((Client::registered(&registration), Some(registration)))
    }

    #[allow(clippy::too_many_arguments)] // the parts of one URL
    fn authorization_url(
        &self,
        endpoint: &Url,
        client: &Client,
        found: &Discovered,
        scopes: &Scopes,
        pending: &Pending,
        redirect: &Url,
        verifier: &Secret,
    ) -> Url {
        let mut url = endpoint.clone();
        {
            let mut query = url.query_pairs_mut();
            query.append_pair("response_type", "code");
            query.append_pair("client_id", client.id.as_deref().unwrap_or_default());
            query.append_pair("redirect_uri", redirect.as_str());
            query.append_pair("state", pending.state().expose());
            query.append_pair("code_challenge", &pkce::challenge(verifier));
            query.append_pair("code_challenge_method", "S256");
            if let Some(scope) = scope_parameter(scopes) {
                query.append_pair("scope", &scope);
            }
            if let Some(resource) = self.resource(&found.resource) {
                query.append_pair("resource", &resource);
            }
            let prompts = self.config.parameters.iter().any(|(name, _)| name == "prompt");
            // OpenID Connect Core, section 11: without consent the scope is to be ignored.
            if self.config.scopes.is_none() && scopes.has(OFFLINE_ACCESS) && !prompts {
                query.append_pair("prompt", "consent");
            }
            for (name, value) in &self.config.parameters {
                query.append_pair(name, value);
            }
        }
        url
    }
}

fn scope_parameter(scopes: &Scopes) -> Option<String> {
    (!scopes.is_empty()).then(|| scopes.to_string())
}

/// Whether a registered redirect URL leads to this one: the same, or `localhost` for 127.0.0.1.
fn leads_to(registered: &str, redirect: &Url) -> bool {
    let Ok(mut registered) = Url::parse(registered) else { return false };
    if registered.host_str() == Some("localhost") && redirect.host_str() == Some("127.0.0.1") {
        return registered.set_host(Some("127.0.0.1")).is_ok() && registered == *redirect;
    }
    registered == *redirect
}
