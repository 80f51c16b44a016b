//! What a program sets about OAuth credentials, from the next token on.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::oauth::{CallbackStore, OAuth, StoreFile};
use super::{Auth, Dpop, Source, StoreRequest};
use crate::base::error::Error;

impl Auth {
    fn oauth(&self) -> Result<&OAuth, Error> {
        match &*self.0 {
            Source::OAuth(oauth) => Ok(oauth),
            _ => Err(Error::InvalidState("only OAuth credentials have this setting".to_owned())),
        }
    }

    /// A client that is registered in advance with the authorization server `issuer`; it replaces an earlier one.
    pub fn set_client(&self, issuer: Option<&str>, client_id: &str, client_secret: Option<&str>) -> Result<(), Error> {
        self.oauth()?.change(|config| config.set_client(issuer, client_id, client_secret))
    }

    /// The private key with which the client proves itself, and its key id.
    pub fn set_private_key(&self, key_pem: &Path, key_id: Option<&str>) -> Result<(), Error> {
        self.oauth()?.set_private_key(key_pem, key_id)
    }

    /// The https URL of the client's metadata document, which is then its id.
    pub fn set_client_metadata_url(&self, url: &str) -> Result<(), Error> {
        self.oauth()?.change(|config| config.set_client_metadata_url(url))
    }

    /// Where the authorization server sends the browser after a login; `http://127.0.0.1:0/callback` unless set.
    pub fn set_redirect_url(&self, url: &str) -> Result<(), Error> {
        self.oauth()?.change(|config| config.set_redirect_url(url))
    }

    /// How long a person may take to log in; five minutes unless set.
    pub fn set_login_timeout(&self, timeout: Duration) -> Result<(), Error> {
        self.oauth()?.set_login_timeout(timeout)
    }

    /// The scopes to ask for, and no others; `None`: those that the server names.
    pub fn set_scopes(&self, scopes: Option<&str>) -> Result<(), Error> {
        self.oauth()?.set_scopes(scopes)
    }

    /// The `resource` parameter (RFC 8707); `None`: as the server says; `""`: none.
    pub fn set_resource(&self, resource: Option<&str>) -> Result<(), Error> {
        self.oauth()?.change(|config| config.set_resource(resource))
    }

    /// One more parameter of the authorization request, such as `access_type=offline`; `None` removes it.
    pub fn set_parameter(&self, name: &str, value: Option<&str>) -> Result<(), Error> {
        self.oauth()?.change(|config| config.set_parameter(name, value))
    }

    /// The authorization server's metadata, JSON text of RFC 8414, instead of discovering it; `None`: discover it.
    pub fn set_metadata(&self, json: Option<&str>) -> Result<(), Error> {
        self.oauth()?.change(|config| config.set_metadata(json))
    }

    /// Whether tokens are bound to a key.
    pub fn set_dpop(&self, when: Dpop) -> Result<(), Error> {
        self.oauth()?.set_dpop(when)
    }

    /// Functions that keep grants. To be set before the first call; grants in memory are forgotten.
    pub fn set_store(
        &self,
        load: impl Fn(&mut StoreRequest) + Send + Sync + 'static,
        save: impl Fn(&mut StoreRequest) + Send + Sync + 'static,
    ) -> Result<(), Error> {
        self.oauth()?.set_store(Arc::new(CallbackStore { load: Box::new(load), save: Box::new(save) }))
    }

    /// A file that keeps grants, shared with other processes. To be set before the first call; grants in memory are
    /// forgotten.
    pub fn set_store_file(&self, path: &Path) -> Result<(), Error> {
        let oauth = self.oauth()?;
        oauth.set_store(Arc::new(StoreFile::open(path)?))
    }

    /// Logs out of the servers that this object was used for: removes their grants from memory and store, and revokes
    /// them where the authorization server offers that.
    pub fn forget(&self) -> Result<(), Error> {
        self.oauth()?.forget()
    }

    /// Hands over the URL that a browser was sent to at the end of a login; its state says which one.
    pub fn finish_login(&self, redirected_url: &str) -> Result<(), Error> {
        self.oauth()?.finish_login(redirected_url)
    }
}
