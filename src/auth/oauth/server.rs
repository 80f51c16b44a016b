//! The grant for one MCP server, shared by the clients of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use arc_swap::{ArcSwap, ArcSwapOption};
use ring::digest::{SHA256, digest};
use url::Url;

use super::config::Config;
use super::identifiers;
use super::jws;
use super::pkce::sha256_base64url;
use super::record::Grant;
use super::scopes::Scopes;
use super::store::Store;
use crate::auth::fetch::Fetch;
use crate::auth::secret::Secret;
use crate::auth::single_flight::SingleFlight;
use crate::base::error::Error;

/// How long a token that is still valid is used after a renewal has failed, before the next renewal is tried.
const RENEWAL_PAUSE_SECONDS: u64 = 10;

/// The grant for one MCP server. Nothing here is behind a lock that a fork could orphan.
pub(super) struct ServerGrants {
    /// Origin and path.
    name: String,
    grant: ArcSwapOption<Grant>,
    /// Whether the store was read.
    loaded: AtomicBool,
    /// One thread obtains a grant, the others wait for it.
    pub(super) flight: SingleFlight<Result<(), Error>>,
    /// What was asked for when a scope was missing.
    stepped_up: ArcSwap<Vec<Scopes>>,
    /// The digest of the workload's JWT that was refused.
    refused_assertion: ArcSwapOption<String>,
    /// No renewal ahead of time before this moment, in seconds since 1970.
    renew_after: AtomicU64,
    /// How the authorization server was reached last, to revoke the grant there.
    pub(super) fetch: ArcSwapOption<Box<dyn Fetch + Send + Sync>>,
}

impl ServerGrants {
    pub(super) fn new(name: &str) -> ServerGrants {
        ServerGrants {
            name: name.to_owned(),
            grant: ArcSwapOption::empty(),
            loaded: AtomicBool::new(false),
            flight: SingleFlight::default(),
            stepped_up: ArcSwap::default(),
            refused_assertion: ArcSwapOption::empty(),
            renew_after: AtomicU64::new(0),
            fetch: ArcSwapOption::empty(),
        }
    }

    /// What tells one MCP server from another: the client's URL without query and fragment.
    pub(super) fn name_of(server: &Url) -> String {
        identifiers::at(server, server.path(), None).into()
    }

    pub(super) fn url(&self) -> Option<Url> {
        Url::parse(&self.name).ok()
    }

    pub(super) fn grant(&self) -> Option<Arc<Grant>> {
        self.grant.load_full()
    }

    /// The grant, read from the store first if this process has not done so.
    pub(super) fn current(&self, config: &Config) -> Result<Option<Arc<Grant>>, Error> {
        if let Some(store) = &config.store
            && !self.loaded.load(Ordering::Acquire)
        {
            if let Some(stored) = self.stored(config, &**store)? {
                // A grant that was made meanwhile is newer.
                self.grant.compare_and_swap(&None::<Arc<Grant>>, Some(Arc::new(stored)));
            }
            self.loaded.store(true, Ordering::Release);
        }
        Ok(self.grant())
    }

    /// What the store has now for the program's settings.
    pub(super) fn stored(&self, config: &Config, store: &dyn Store) -> Result<Option<Grant>, Error> {
        let Some(json) = store.load(&self.store_key(config))? else { return Ok(None) };
        let grant = Grant::from_json(json.expose(), &self.name);
        Ok(grant
            .filter(|grant| config.issuer.as_deref().is_none_or(|set| identifiers::same_issuer(set, &grant.issuer))))
    }

    /// Saves the grant, then uses it. The caller holds the store's lock.
    pub(super) fn keep(&self, config: &Config, grant: Grant) -> Result<(), Error> {
        if let Some(store) = &config.store {
            store.save(&self.store_key(config), Some(&grant.to_json(&self.name)))?;
        }
        self.adopt(grant);
        Ok(())
    }

    /// Uses a grant that is stored already.
    pub(super) fn adopt(&self, grant: Grant) {
        self.loaded.store(true, Ordering::Release);
        self.renew_after.store(0, Ordering::Relaxed);
        self.grant.store(Some(Arc::new(grant)));
    }

    /// Removes the grant from memory and store. The caller holds the store's lock.
    pub(super) fn remove(&self, config: &Config) -> Result<(), Error> {
        self.grant.store(None);
        match &config.store {
            Some(store) => store.save(&self.store_key(config), None),
            None => Ok(()),
        }
    }

    /// The key of the store: a digest of MCP server, issuer and client.
    fn store_key(&self, config: &Config) -> String {
        let registered = config.registered.as_ref().map(|registered| registered.id.as_str());
        let described = config.client_metadata_url.as_ref().map(Url::as_str);
        let client = registered.or(described).unwrap_or_default();
        let issuer = config.issuer.as_deref().unwrap_or_default();
        let digest = digest(&SHA256, format!("{}\n{issuer}\n{client}", self.name).as_bytes());
        let hexadecimal: String = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        format!("mcpclient-{hexadecimal}")
    }

    /// Whether this set of scopes was asked for already because one was missing; notes it.
    pub(super) fn has_stepped_up(&self, wanted: &Scopes) -> bool {
        let known = self.stepped_up.load();
        let found = known.iter().any(|scopes| scopes.same(wanted));
        if !found {
            let with_this = known.iter().chain([wanted]).cloned().collect::<Vec<_>>();
            self.stepped_up.store(Arc::new(with_this));
        }
        found
    }

    pub(super) fn refuses_assertion(&self, assertion: &Secret) -> bool {
        let digest = sha256_base64url(assertion.expose().as_bytes());
        self.refused_assertion.load().as_ref().is_some_and(|refused| **refused == digest)
    }

    pub(super) fn note_refused_assertion(&self, assertion: &Secret) {
        self.refused_assertion.store(Some(Arc::new(sha256_base64url(assertion.expose().as_bytes()))));
    }

    pub(super) fn may_renew(&self) -> bool {
        jws::now() >= self.renew_after.load(Ordering::Relaxed)
    }

    pub(super) fn note_failed_renewal(&self) {
        self.renew_after.store(jws::now() + RENEWAL_PAUSE_SECONDS, Ordering::Relaxed);
    }
}
