//! OAuth for MCP (the authorization section of the specification): credentials that get their own access tokens.
//!
//! The way of a token: `authorize` gives what a request carries; `after_refusal` takes a 401 or 403 and lets one thread
//! obtain a grant (`flow`): `discovery` finds the authorization server, `client` and `registration` say who the client
//! is there, `login` asks a person, `token_endpoint` gets the token, `record` is what was granted, and a `store` keeps
//! it. Requests go through [`crate::auth::fetch::Fetch`], since this layer opens no connection.

mod client;
mod config;
mod discovery;
mod flow;
mod form;
mod grants;
mod identifiers;
mod jws;
mod key;
mod kind;
pub(crate) mod listener;
pub(crate) mod login;
pub(crate) mod metadata;
mod pkce;
pub(crate) mod record;
mod registration;
mod revocation;
mod scopes;
mod server;
mod setters;
mod store;
mod store_file;
mod token_endpoint;
pub(crate) mod token_response;

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use ::http::{HeaderValue, Method};
use arc_swap::ArcSwap;
use url::Url;

use crate::auth::authorization::{Authorization, Refused};
use crate::auth::fetch::GrantContext;
use crate::auth::header::secret_value;
use crate::auth::secret::Secret;
use crate::auth::single_flight::Turn;
use crate::auth::token::Token;
use crate::base::error::Error;
use config::Config;
pub use config::Dpop;
use flow::{Flow, Obtained, Ways};
use key::Key;
use kind::Kind;
pub use login::Login;
use login::Logins;
use record::Grant;
use scopes::Scopes;
use server::ServerGrants;
pub(super) use store::CallbackStore;
pub use store::StoreRequest;
pub(super) use store_file::StoreFile;
use token_endpoint::Nonces;

/// Credentials of OAuth, with a grant for each MCP server that they are used for.
pub(super) struct OAuth {
    kind: Kind,
    config: ArcSwap<Config>,
    servers: ArcSwap<HashMap<String, Arc<ServerGrants>>>,
    logins: Logins,
    nonces: Nonces,
    owner: ArcSwap<()>,
}

/// What one request has tried so far.
#[derive(Debug, Default)]
pub(crate) struct Attempts {
    adopted: bool,
    refreshed: bool,
    granted: bool,
    step_ups: u8,
    nonce: bool,
}

/// The most times that one request asks for more scopes.
const MOST_STEP_UPS: u8 = 2;

impl OAuth {
    fn new(kind: Kind, config: Config) -> OAuth {
        OAuth {
            kind,
            config: ArcSwap::from_pointee(config),
            servers: ArcSwap::default(),
            logins: Logins::default(),
            nonces: Nonces::default(),
            owner: ArcSwap::default(),
        }
    }

    /// Changes the settings as a whole or not at all.
    pub(in crate::auth) fn change(&self, change: impl Fn(&mut Config) -> Result<(), Error>) -> Result<(), Error> {
        loop {
            let before = self.config.load();
            let mut after = Config::clone(&before);
            change(&mut after)?;
            let found = self.config.compare_and_swap(&before, Arc::new(after));
            if Arc::ptr_eq(&found, &before) {
                return Ok(());
            }
        }
    }

    pub(super) fn is_login(&self) -> bool {
        self.kind.is_login()
    }

    fn server(&self, url: &Url) -> Arc<ServerGrants> {
        let name = ServerGrants::name_of(url);
        if let Some(known) = self.servers.load().get(&name) {
            return known.clone();
        }
        let made = Arc::new(ServerGrants::new(&name));
        let before = self.servers.rcu(|servers| {
            let mut servers = HashMap::clone(servers);
            servers.entry(name.clone()).or_insert_with(|| made.clone());
            servers
        });
        before.get(&name).cloned().unwrap_or(made)
    }

    /// What a request carries: the token of the grant, renewed before it ends; nothing when there is none yet.
    pub(super) fn authorize(
        &self,
        context: &GrantContext<'_>,
        method: &Method,
        url: &Url,
        attempts: &mut Attempts,
    ) -> Result<Option<Authorization>, Error> {
        let server = self.server(context.server);
        let config = self.config.load_full();
        let Some(grant) = server.current(&config)? else { return Ok(None) };
        let Some(access) = &grant.access else { return Ok(None) };
        if !access.is_due() || attempts.refreshed || !self.can_renew(&grant) {
            return self.carry(&grant, method, url);
        }
        if access.is_valid() && !server.may_renew() {
            return self.carry(&grant, method, url);
        }
        attempts.refreshed = true;
        let flow = self.flow(&server, context, config, None);
        let is_renewed = |grant: &Grant| grant.access.as_ref().is_some_and(|access| !access.is_due());
        match self.obtain(&flow, is_renewed, || flow.renew(&grant)) {
            Ok(()) => {}
            // The server's 401 begins the login that is necessary.
            Err(Error::Unauthorized(_)) if server.grant().is_some_and(|grant| grant.access.is_none()) => {}
            Err(_) if access.is_valid() && context.call.remaining().is_ok() => server.note_failed_renewal(),
            Err(error) => return Err(error),
        }
        match server.grant() {
            Some(grant) => self.carry(&grant, method, url),
            None => Ok(None),
        }
    }

    /// What a best-effort request carries, such as the DELETE of a session: the token at hand.
    pub(super) fn authorize_at_hand(&self, server: &Url, method: &Method, url: &Url) -> Option<Authorization> {
        self.carry(&*self.server(server).grant()?, method, url).ok().flatten()
    }

    fn can_renew(&self, grant: &Grant) -> bool {
        grant.refresh_token.is_some() || !self.kind.is_login()
    }

    fn carry(&self, grant: &Grant, method: &Method, url: &Url) -> Result<Option<Authorization>, Error> {
        let Some(access) = grant.access.as_ref().filter(|access| access.is_valid()) else { return Ok(None) };
        let token = access.token.clone();
        let proof = match &grant.dpop_key {
            Some(key) if token.is_dpop() => Some(self.proof(key, method, url, &token)?),
            _ => None,
        };
        Ok(Some(Authorization { token, proof }))
    }

    fn proof(&self, key: &Key, method: &Method, url: &Url, token: &Token) -> Result<HeaderValue, Error> {
        let nonce = self.nonces.get(url);
        let proof = jws::dpop_proof(key, method.as_str(), url, Some(token.bare()), nonce.as_deref())?;
        Ok(secret_value("", proof.expose().as_bytes()))
    }

    /// Runs the work on one thread for all that need its outcome, unless another has brought it about already.
    fn obtain(
        &self,
        flow: &Flow<'_>,
        is_enough: impl Fn(&Grant) -> bool,
        work: impl FnOnce() -> Result<(), Error>,
    ) -> Result<(), Error> {
        let call = flow.context.call;
        loop {
            if flow.server.grant().is_some_and(|grant| is_enough(&grant)) {
                return Ok(());
            }
            match flow.server.flight.join(call)? {
                Turn::Follow(Some(Err(error))) => return Err(error),
                // Either the grant is there, or the thread that led was cancelled.
                Turn::Follow(_) => continue,
                Turn::Lead(lead) => {
                    if flow.server.grant().is_some_and(|grant| is_enough(&grant)) {
                        lead.finish(Ok(()));
                        return Ok(());
                    }
                    flow.server.fetch.store(Some(Arc::new(flow.context.fetch.detached())));
                    let outcome = work();
                    // The end of this call says nothing about the others.
                    if call.remaining().is_ok() {
                        lead.finish(outcome.clone());
                    }
                    return outcome;
                }
            }
        }
    }

    /// Takes a 401 or 403; whether the request is to be sent again.
    pub(super) fn after_refusal(
        &self,
        context: &GrantContext<'_>,
        refused: &Refused<'_>,
        attempts: &mut Attempts,
    ) -> Result<bool, Error> {
        let has_nonce = self.nonces.note(refused.url, refused.headers);
        let error = refused.parameter("error");
        match (refused.status, error) {
            (401, Some("use_dpop_nonce")) => Ok(has_nonce && !std::mem::replace(&mut attempts.nonce, true)),
            (401, _) => self.after_401(context, refused, attempts),
            (403, Some("insufficient_scope")) => self.after_403(context, refused, attempts),
            _ => Ok(false),
        }
    }

    fn flow<'a>(
        &'a self,
        server: &'a ServerGrants,
        context: &'a GrantContext<'a>,
        config: Arc<Config>,
        refused: Option<&'a Refused<'_>>,
    ) -> Flow<'a> {
        let scopes = refused.and_then(|refused| refused.parameter("scope")).map(Scopes::lenient);
        Flow {
            kind: &self.kind,
            config,
            server,
            context,
            nonces: &self.nonces,
            logins: &self.logins,
            owner: &self.owner,
            resource_metadata: refused.and_then(|refused| refused.parameter("resource_metadata")),
            scopes: scopes.filter(|scopes| !scopes.is_empty()),
        }
    }

    fn after_401(
        &self,
        context: &GrantContext<'_>,
        refused: &Refused<'_>,
        attempts: &mut Attempts,
    ) -> Result<bool, Error> {
        if attempts.granted {
            return Ok(false);
        }
        let server = self.server(context.server);
        let flow = self.flow(&server, context, self.config.load_full(), Some(refused));
        let is_other = |grant: &Grant| {
            let access = grant.access.as_ref().filter(|access| access.is_valid());
            access.is_some_and(|access| refused.token.is_none_or(|token| access.token != *token))
        };
        // What another thread has got counts as adopted, then as refreshed, then as granted: so this ends.
        let ways = Ways { adopt: !attempts.adopted, refresh: !attempts.refreshed };
        let mut obtained = match (ways.adopt, ways.refresh) {
            (true, _) => Obtained::Adopted,
            (false, true) => Obtained::Refreshed,
            (false, false) => Obtained::Granted,
        };
        self.obtain(&flow, is_other, || {
            obtained = flow.replace(ways)?;
            Ok(())
        })?;
        match obtained {
            Obtained::Adopted => attempts.adopted = true,
            Obtained::Refreshed => attempts.refreshed = true,
            Obtained::Granted => attempts.granted = true,
        }
        Ok(true)
    }

    fn after_403(
        &self,
        context: &GrantContext<'_>,
        refused: &Refused<'_>,
        attempts: &mut Attempts,
    ) -> Result<bool, Error> {
        let server = self.server(context.server);
        let flow = self.flow(&server, context, self.config.load_full(), Some(refused));
        // Scopes that the program has set are all that it wants.
        if attempts.step_ups >= MOST_STEP_UPS || flow.config.scopes.is_some() {
            return Ok(false);
        }
        attempts.step_ups += 1;
        let has_scopes = |grant: &Grant| {
            let is_other =
                grant.access.as_ref().is_some_and(|access| refused.token.is_none_or(|sent| access.token != *sent));
            is_other && flow.scopes.as_ref().is_some_and(|missing| grant.granted.contains(missing))
        };
        let mut leads_on = true;
        self.obtain(&flow, has_scopes, || {
            leads_on = flow.step_up()?;
            Ok(())
        })?;
        Ok(leads_on)
    }

    /// Keeps the nonce of a response for the next proof.
    pub(super) fn note_nonce(&self, url: &Url, headers: &::http::HeaderMap) {
        self.nonces.note(url, headers);
    }

    /// The secrets that a server may repeat.
    pub(super) fn secrets(&self) -> Vec<Secret> {
        let config = self.config.load();
        let secret = config.registered.as_ref().and_then(|registered| registered.secret.clone());
        let grants: Vec<Arc<Grant>> = self.servers.load().values().filter_map(|server| server.grant()).collect();
        grants.iter().flat_map(|grant| grant.secrets()).chain(secret).collect()
    }

    /// Whose requests the servers see: the same after a refresh, another after a login.
    pub(super) fn owner(&self) -> Weak<()> {
        Arc::downgrade(&self.owner.load())
    }

    /// Hands over the URL that a browser was sent to at the end of a login.
    pub(super) fn finish_login(&self, redirected_url: &str) -> Result<(), Error> {
        self.logins.finish(redirected_url)
    }

    /// Logs out: removes the grants of this process from memory and store, and revokes them where that is offered.
    pub(super) fn forget(&self) -> Result<(), Error> {
        let config = self.config.load_full();
        let servers: Vec<Arc<ServerGrants>> = self.servers.load().values().cloned().collect();
        self.owner.store(Arc::default());
        for server in &servers {
            revocation::forget(&config, server)?;
        }
        Ok(())
    }

    /// The extension of the protocol that these credentials are.
    pub(super) fn extensions(&self) -> Vec<&'static str> {
        let kind = match self.kind {
            Kind::Login(_) => None,
            Kind::ClientCredentials => Some("io.modelcontextprotocol/oauth-client-credentials"),
            Kind::Workload(_) => Some("io.modelcontextprotocol/auth/wif"),
            Kind::Enterprise { .. } => Some("io.modelcontextprotocol/enterprise-managed-authorization"),
        };
        let dpop = (self.config.load().dpop != Dpop::Never).then_some("io.modelcontextprotocol/auth/dpop");
        kind.into_iter().chain(dpop).collect()
    }
}
