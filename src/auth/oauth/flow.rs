//! Obtaining a token: discovery, then a refresh, or a new grant (`grants`).

use std::sync::Arc;

use arc_swap::ArcSwap;

use super::client::Client;
use super::config::{Config, Dpop, Resource};
use super::discovery::{self, Discovered, Known};
use super::form::Form;
use super::identifiers::same_issuer;
use super::jws;
use super::key::Key;
use super::kind::Kind;
use super::login::Logins;
use super::metadata::ServerMetadata;
use super::record::{Access, Grant, Registration};
use super::scopes::{OFFLINE_ACCESS, Scopes};
use super::server::ServerGrants;
use super::token_endpoint::{Nonces, TokenEndpoint};
use super::token_response::{TokenResponse, unauthorized};
use crate::auth::fetch::GrantContext;
use crate::auth::secret::Secret;
use crate::auth::token::Token;
use crate::base::error::Error;

/// How a token came to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Obtained {
    /// Another thread or process got it, and it may be an old one.
    Adopted,
    Refreshed,
    Granted,
}

/// Which ways to a token are left to a request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ways {
    pub(super) adopt: bool,
    pub(super) refresh: bool,
}

/// One thread's work on the grant for one MCP server.
pub(super) struct Flow<'a> {
    pub(super) kind: &'a Kind,
    pub(super) config: Arc<Config>,
    pub(super) server: &'a ServerGrants,
    pub(super) context: &'a GrantContext<'a>,
    pub(super) nonces: &'a Nonces,
    pub(super) logins: &'a Logins,
    /// Replaced when another person may have logged in.
    pub(super) owner: &'a ArcSwap<()>,
    /// `resource_metadata` of the challenge.
    pub(super) resource_metadata: Option<&'a str>,
    /// `scope` of the challenge.
    pub(super) scopes: Option<Scopes>,
}

impl Flow<'_> {
    /// Another token in place of one that was refused or is missing.
    pub(super) fn replace(&self, ways: Ways) -> Result<Obtained, Error> {
        let grant = self.server.current(&self.config)?;
        let found = self.discover(grant.as_deref())?;
        let refreshable = grant.filter(|grant| {
            ways.refresh && grant.refresh_token.is_some() && same_issuer(&grant.issuer, &found.metadata.issuer)
        });
        if let Some(grant) = refreshable
            && let Some(obtained) = self.refresh(&grant, &found.metadata, self.resource(&found.resource), ways.adopt)?
        {
            return Ok(obtained);
        }
        let scopes = self.scopes_to_ask(&found);
        self.grant_anew(&found, scopes)?;
        Ok(Obtained::Granted)
    }

    /// A new token before the old one ends. Without a refresh token, only credentials that need no person can do that.
    pub(super) fn renew(&self, grant: &Grant) -> Result<(), Error> {
        let metadata = discovery::of_issuer(self.context, &grant.issuer, &self.known(Some(grant)))?;
        if grant.refresh_token.is_some() && self.refresh(grant, &metadata, grant.resource.clone(), true)?.is_some() {
            return Ok(());
        }
        if self.kind.is_login() {
            return Err(unauthorized(format!("{} gives no new token without a login", grant.issuer)));
        }
        let resource = grant.resource.clone().unwrap_or_default();
        let found = Discovered { resource, resource_scopes: Scopes::default(), metadata };
        self.grant_anew(&found, grant.asked.clone())
    }

    /// A grant with the scopes that a request lacked; `false` when asking would lead nowhere.
    pub(super) fn step_up(&self) -> Result<bool, Error> {
        let Some(grant) = self.server.current(&self.config)? else { return Ok(false) };
        let found = self.discover(Some(&grant))?;
        let missing = self.scopes.clone().unwrap_or_else(|| found.resource_scopes.clone());
        if grant.granted.contains(&missing) {
            return Ok(false);
        }
        let before = same_issuer(&grant.issuer, &found.metadata.issuer).then_some(&grant.asked);
        let wanted = before.cloned().unwrap_or_default().union(&missing);
        if self.server.has_stepped_up(&wanted) {
            return Ok(false);
        }
        self.grant_anew(&found, self.with_offline_access(wanted, &found.metadata))?;
        Ok(true)
    }

    fn known<'b>(&'b self, grant: Option<&'b Grant>) -> Known<'b> {
        Known {
            set_issuer: self.config.known_issuer(),
            granted_issuer: grant.map(|grant| grant.issuer.as_str()),
            set_metadata: self.config.metadata.as_deref(),
        }
    }

    fn discover(&self, grant: Option<&Grant>) -> Result<Discovered, Error> {
        discovery::discover(self.context, self.resource_metadata, &self.known(grant))
    }

    pub(super) fn resource(&self, discovered: &str) -> Option<String> {
        match &self.config.resource {
            Resource::AsDiscovered => Some(discovered.to_owned()).filter(|resource| !resource.is_empty()),
            Resource::Omitted => None,
            Resource::Fixed(resource) => Some(resource.clone()),
        }
    }

    fn scopes_to_ask(&self, found: &Discovered) -> Scopes {
        if let Some(set) = &self.config.scopes {
            return set.clone();
        }
        let scopes = self.scopes.clone().unwrap_or_else(|| found.resource_scopes.clone());
        self.with_offline_access(scopes, &found.metadata)
    }

    /// A login asks for refresh tokens where the authorization server knows the scope for that.
    fn with_offline_access(&self, mut scopes: Scopes, metadata: &ServerMetadata) -> Scopes {
        if self.kind.is_login() && metadata.scopes.has(OFFLINE_ACCESS) {
            scopes.add(OFFLINE_ACCESS);
        }
        scopes
    }

    /// The key for DPoP: that of the earlier grant, or a new one.
    pub(super) fn dpop_key(&self, metadata: &ServerMetadata) -> Result<Option<Key>, Error> {
        let wanted = match self.config.dpop {
            Dpop::Never => false,
            Dpop::IfOffered => metadata.has_dpop,
            Dpop::Always => true,
        };
        let known = self.server.grant().and_then(|grant| grant.dpop_key.clone());
        match (wanted, known) {
            (false, _) => Ok(None),
            (true, Some(key)) => Ok(Some(key)),
            (true, None) => Key::generate().map(Some),
        }
    }

    /// The registration of an earlier grant that this authorization server still knows.
    pub(super) fn earlier_registration(&self, metadata: &ServerMetadata) -> Option<Registration> {
        let grant = self.server.grant()?;
        let registration = grant.registration.clone().filter(|_| same_issuer(&grant.issuer, &metadata.issuer))?;
        registration.expires_at.is_none_or(|at| jws::now() < at).then_some(registration)
    }

    /// The client that needs no registration here: set by the program, or described by its metadata document.
    pub(super) fn known_client(&self, metadata: &ServerMetadata) -> Option<Client> {
        self.config.client().or_else(|| self.config.described_client().filter(|_| metadata.has_client_id_metadata))
    }

    /// `None`: the refresh token is worth nothing any more, and forgotten.
    fn refresh(
        &self,
        grant: &Grant,
        metadata: &ServerMetadata,
        resource: Option<String>,
        may_adopt: bool,
    ) -> Result<Option<Obtained>, Error> {
        let _lock = self.config.store.as_ref().map(|store| store.lock(self.context.call)).transpose()?;
        let mut current = grant.clone();
        if let Some(stored) = self.changed_in_store(&current)? {
            self.adopt(stored.clone());
            // Another process was faster.
            if may_adopt && stored.access.as_ref().is_some_and(|access| !access.is_due()) {
                return Ok(Some(Obtained::Adopted));
            }
            current = stored;
        }
        match self.refresh_once(&current, metadata, resource.clone()) {
            Err(error) if is_gone(&error, &current) => {
                // A store of the program's own has no lock: another process may have been faster after all.
                if let Some(stored) = self.changed_in_store(&current)? {
                    self.adopt(stored);
                    return Ok(Some(Obtained::Adopted));
                }
                let registration = current.registration.clone().filter(|_| !is_unknown_client(&error));
                let spent = Grant { registration, access: None, refresh_token: None, ..current };
                self.server.keep(&self.config, spent)?;
                Ok(None)
            }
            outcome => outcome.map(|()| Some(Obtained::Refreshed)),
        }
    }

    /// Uses what another process has stored, which another person may have logged in for.
    fn adopt(&self, stored: Grant) {
        self.owner.store(Arc::default());
        self.server.adopt(stored);
    }

    /// The stored grant if another process has replaced this one.
    fn changed_in_store(&self, grant: &Grant) -> Result<Option<Grant>, Error> {
        let Some(store) = &self.config.store else { return Ok(None) };
        let stored = self.server.stored(&self.config, &**store)?;
        Ok(stored.filter(|stored| stored.refresh_token.is_some() && stored.refresh_token != grant.refresh_token))
    }

    fn refresh_once(&self, grant: &Grant, metadata: &ServerMetadata, resource: Option<String>) -> Result<(), Error> {
        let registered = grant.registration.as_ref().map(Client::registered);
        let client = self.known_client(metadata).or(registered);
        let client = client.ok_or_else(|| unauthorized("the client that the grant was made for is not known"))?;
        let refresh_token = grant.refresh_token.as_ref().map(Secret::expose).unwrap_or_default();
        let form = || {
            let form = Form::default().with("grant_type", "refresh_token").with("refresh_token", refresh_token);
            form.with_optional("resource", resource.as_deref())
        };
        let endpoint = self.endpoint(metadata, &client, grant.dpop_key.as_ref());
        let response = endpoint.request(form, "to refresh the token")?;
        let access = self.access(&response, grant.dpop_key.is_some())?;
        let granted = response.scopes.clone().unwrap_or_else(|| grant.granted.clone());
        let refresh_token = response.refresh_token.or_else(|| grant.refresh_token.clone());
        let refreshed = Grant { access: Some(access), refresh_token, granted, resource, ..grant.clone() };
        // Saved before the access token is used: the old refresh token may be worth nothing now.
        self.server.keep(&self.config, refreshed)
    }

    pub(super) fn endpoint<'b>(
        &'b self,
        metadata: &'b ServerMetadata,
        client: &'b Client,
        dpop: Option<&'b Key>,
    ) -> TokenEndpoint<'b> {
        TokenEndpoint { context: self.context, metadata, client, dpop, nonces: self.nonces }
    }

    pub(super) fn access(&self, response: &TokenResponse, sent_proof: bool) -> Result<Access, Error> {
        let of_type = |name: &str| response.token_type.eq_ignore_ascii_case(name);
        let text = response.access_token.expose();
        let token = match () {
            () if of_type("dpop") && sent_proof => Token::dpop(text),
            () if of_type("bearer") && self.config.dpop != Dpop::Always => Token::new(text),
            () => Err("it has a token_type that was not asked for".to_owned()),
        };
        let token = token.map_err(|reason| Error::Protocol(format!("the access token cannot be used: {reason}")))?;
        let expires_at = response.expires_in.map(|seconds| jws::now().saturating_add(seconds));
        Ok(Access { token: Arc::new(token), expires_at, lifetime: response.expires_in })
    }
}

/// Whether a refresh can never succeed.
fn is_gone(error: &Error, grant: &Grant) -> bool {
    let lost = error.challenge_parameter("error") == Some("invalid_grant");
    lost || (grant.registration.is_some() && is_unknown_client(error))
}

/// Whether the authorization server no longer knows the client that was registered there.
fn is_unknown_client(error: &Error) -> bool {
    matches!(error.challenge_parameter("error"), Some("invalid_client" | "unauthorized_client"))
}
