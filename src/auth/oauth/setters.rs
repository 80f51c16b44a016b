//! Making OAuth credentials, and their settings.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::OAuth;
use super::client::Client;
use super::config::{Config, Dpop};
use super::key::Key;
use super::kind::{Kind, LoginCallback};
use super::scopes::Scopes;
use super::store::Store;
use crate::auth::authorization::Identity;
use crate::base::error::Error;

impl OAuth {
    pub(in crate::auth) fn client_credentials(issuer: Option<&str>, id: &str, secret: &str) -> Result<OAuth, Error> {
        let mut config = Config::new();
        config.set_client(issuer, id, Some(secret))?;
        Ok(OAuth::new(Kind::ClientCredentials, config))
    }

    pub(in crate::auth) fn private_key(issuer: Option<&str>, id: &str, key: &Path) -> Result<OAuth, Error> {
        let mut config = Config::new();
        config.set_client(issuer, id, None)?;
        config.key = Some((Key::read(key)?, None));
        Ok(OAuth::new(Kind::ClientCredentials, config))
    }

    pub(in crate::auth) fn login(callback: LoginCallback) -> OAuth {
        OAuth::new(Kind::Login(callback), Config::new())
    }

    pub(in crate::auth) fn workload(
        issuer: Option<&str>,
        id: Option<&str>,
        identity: Box<dyn Identity>,
    ) -> Result<OAuth, Error> {
        let mut config = Config::new();
        match id {
            Some(id) => config.set_client(issuer, id, None)?,
            None => config.set_issuer(issuer)?,
        }
        Ok(OAuth::new(Kind::Workload(identity), config))
    }

    pub(in crate::auth) fn enterprise(
        issuer: &str,
        id: &str,
        secret: Option<&str>,
        identity: Box<dyn Identity>,
    ) -> Result<OAuth, Error> {
        // The client at the identity provider is checked as one at an authorization server is.
        let mut provider = Config::new();
        provider.set_client(Some(issuer), id, secret)?;
        let client = provider.client().unwrap_or_else(|| Client::public(id));
        let kind = Kind::Enterprise { issuer: issuer.to_owned(), client, identity };
        Ok(OAuth::new(kind, Config::new()))
    }

    pub(in crate::auth) fn set_private_key(&self, key: &Path, key_id: Option<&str>) -> Result<(), Error> {
        let key = Key::read(key)?;
        self.change(|config| {
            config.key = Some((key.clone(), key_id.map(str::to_owned)));
            Ok(())
        })
    }

    pub(in crate::auth) fn set_login_timeout(&self, timeout: Duration) -> Result<(), Error> {
        self.change(|config| {
            config.login_timeout = timeout;
            Ok(())
        })
    }

    pub(in crate::auth) fn set_scopes(&self, scopes: Option<&str>) -> Result<(), Error> {
        let scopes = scopes.map(Scopes::parse).transpose().map_err(Error::InvalidArgument)?;
        self.change(|config| {
            config.scopes = scopes.clone();
            Ok(())
        })
    }

    pub(in crate::auth) fn set_dpop(&self, when: Dpop) -> Result<(), Error> {
        self.change(|config| {
            config.dpop = when;
            Ok(())
        })
    }

    /// Puts the grants elsewhere. What is in memory is forgotten, not removed.
    pub(in crate::auth) fn set_store(&self, store: Arc<dyn Store>) -> Result<(), Error> {
        self.change(|config| {
            config.store = Some(store.clone());
            Ok(())
        })?;
        self.servers.store(Arc::default());
        Ok(())
    }
}
