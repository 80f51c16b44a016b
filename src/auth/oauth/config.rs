//! What a program sets about OAuth. Grants work on an immutable snapshot.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use url::Url;

use super::client::{Client, Proof};
use super::identifiers::{is_loopback, parse_issuer, parse_secure};
use super::key::Key;
use super::scopes::Scopes;
use super::store::Store;
use super::{discovery, listener};
use crate::auth::secret::Secret;
use crate::base::error::Error;

/// When a key proves possession of tokens (RFC 9449).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[repr(i32)]
pub enum Dpop {
    /// Bearer tokens.
    #[default]
    Never = 0,
    /// When the authorization server lists ES256 for it.
    IfOffered = 1,
    /// A bearer token is refused.
    Always = 2,
}

impl Dpop {
    /// The choice that has this number in the C API.
    pub fn from_number(number: i32) -> Option<Dpop> {
        [Dpop::Never, Dpop::IfOffered, Dpop::Always].into_iter().find(|known| *known as i32 == number)
    }
}

/// The `resource` of requests to the authorization server (RFC 8707).
#[derive(Debug, Clone, Default)]
pub(super) enum Resource {
    #[default]
    AsDiscovered,
    Omitted,
    Fixed(String),
}

/// A client that is registered in advance.
#[derive(Debug, Clone)]
pub(super) struct Registered {
    pub(super) id: String,
    pub(super) secret: Option<Secret>,
}

#[derive(Clone)]
pub(in crate::auth) struct Config {
    /// The issuer that the credentials are for.
    pub(super) issuer: Option<String>,
    /// Without that: the first one that an MCP server named.
    first_issuer: Arc<OnceLock<String>>,
    pub(super) registered: Option<Registered>,
    /// A private key with its id.
    pub(super) key: Option<(Key, Option<String>)>,
    pub(super) client_metadata_url: Option<Url>,
    pub(super) redirect_url: Url,
    pub(super) login_timeout: Duration,
    pub(super) scopes: Option<Scopes>,
    pub(super) resource: Resource,
    /// More parameters of the authorization request.
    pub(super) parameters: Vec<(String, String)>,
    /// Metadata of the authorization server, instead of what discovery would find.
    pub(super) metadata: Option<String>,
    pub(super) dpop: Dpop,
    pub(super) store: Option<Arc<dyn Store>>,
}

/// Parameters that the library sets.
const RESERVED: [&str; 14] = [
    "client_id",
    "client_secret",
    "client_assertion",
    "client_assertion_type",
    "code_challenge",
    "code_challenge_method",
    "nonce",
    "redirect_uri",
    "request",
    "request_uri",
    "resource",
    "response_type",
    "scope",
    "state",
];

impl Config {
    pub(super) fn new() -> Config {
        Config {
            issuer: None,
            first_issuer: Arc::default(),
            registered: None,
            key: None,
            client_metadata_url: None,
            redirect_url: Url::parse("http://127.0.0.1:0/callback").expect("a URL"),
            login_timeout: Duration::from_secs(300),
            scopes: None,
            resource: Resource::default(),
            parameters: Vec::new(),
            metadata: None,
            dpop: Dpop::default(),
            store: None,
        }
    }

    pub(in crate::auth) fn set_client(
        &mut self,
        issuer: Option<&str>,
        id: &str,
        secret: Option<&str>,
    ) -> Result<(), Error> {
        check_client_id(id)?;
        let secret = secret.map(parse_secret).transpose()?;
        let same_client = self.registered.as_ref().is_some_and(|before| before.id == id);
        // A rotated secret is for the authorization server that the old one was for.
        if issuer.is_some() || !same_client {
            self.set_issuer(issuer)?;
        }
        self.registered = Some(Registered { id: id.to_owned(), secret });
        Ok(())
    }

    pub(super) fn set_issuer(&mut self, issuer: Option<&str>) -> Result<(), Error> {
        issuer.map(parse_issuer).transpose()?;
        self.issuer = issuer.map(str::to_owned);
        self.first_issuer = Arc::default();
        Ok(())
    }

    pub(in crate::auth) fn set_client_metadata_url(&mut self, url: &str) -> Result<(), Error> {
        let invalid = |reason: &str| Error::InvalidArgument(format!("the client metadata URL {reason}"));
        let parsed = parse_secure(url).map_err(|reason| invalid(&reason))?;
        if parsed.path() == "/" {
            return Err(invalid("has no path"));
        }
        self.client_metadata_url = Some(parsed);
        Ok(())
    }

    pub(in crate::auth) fn set_redirect_url(&mut self, url: &str) -> Result<(), Error> {
        let invalid = |reason: &str| Error::InvalidArgument(format!("the redirect URL {reason}"));
        let parsed = parse_secure(url).map_err(|reason| invalid(&reason))?;
        if parsed.port() == Some(0) && !is_loopback(&parsed) {
            return Err(invalid("has port 0, which is for loopback hosts"));
        }
        self.redirect_url = parsed;
        Ok(())
    }

    pub(in crate::auth) fn set_resource(&mut self, resource: Option<&str>) -> Result<(), Error> {
        self.resource = match resource {
            None => Resource::AsDiscovered,
            Some("") => Resource::Omitted,
            Some(text) => {
                let is_uri = Url::parse(text).is_ok_and(|url| url.fragment().is_none());
                if !is_uri {
                    return Err(Error::InvalidArgument("the resource is not an absolute URI without fragment".into()));
                }
                Resource::Fixed(text.to_owned())
            }
        };
        Ok(())
    }

    pub(in crate::auth) fn set_parameter(&mut self, name: &str, value: Option<&str>) -> Result<(), Error> {
        if name.is_empty() {
            return Err(Error::InvalidArgument("the parameter's name is empty".to_owned()));
        }
        if RESERVED.contains(&name) {
            return Err(Error::InvalidArgument(format!("the parameter {name} is set by the library")));
        }
        self.parameters.retain(|(known, _)| known != name);
        self.parameters.extend(value.map(|value| (name.to_owned(), value.to_owned())));
        Ok(())
    }

    pub(in crate::auth) fn set_metadata(&mut self, json: Option<&str>) -> Result<(), Error> {
        json.map(discovery::check_metadata).transpose()?;
        self.metadata = json.map(str::to_owned);
        Ok(())
    }

    /// The issuer that the program's credentials are for, if it is known.
    pub(super) fn known_issuer(&self) -> Option<&str> {
        self.issuer.as_deref().or_else(|| self.first_issuer.get().map(String::as_str))
    }

    /// Credentials without an issuer belong to the first authorization server that they are used with, and to no other.
    pub(super) fn bind_issuer(&self, issuer: &str) {
        let _ = self.first_issuer.set(issuer.to_owned());
    }

    /// The client that the program has set.
    pub(super) fn client(&self) -> Option<Client> {
        let registered = self.registered.as_ref()?;
        let proof = match (&self.key, &registered.secret) {
            (Some((key, id)), _) => Proof::Key { key: key.clone(), id: id.clone() },
            (None, Some(secret)) => Proof::Secret(secret.clone()),
            (None, None) => Proof::Public,
        };
        Some(Client { id: Some(registered.id.clone()), proof })
    }

    /// The client that a metadata document describes.
    pub(super) fn described_client(&self) -> Option<Client> {
        let url = self.client_metadata_url.as_ref()?;
        let mut client = Client::public(url.as_str());
        if let Some((key, id)) = &self.key {
            client.proof = Proof::Key { key: key.clone(), id: id.clone() };
        }
        Some(client)
    }

    /// A listener for the login, when the redirect URL is on this machine. `registered` is the URL of an earlier login,
    /// whose port is taken again if it is free.
    pub(super) fn listen(&self, registered: Option<&str>) -> Result<Option<listener::Listener>, Error> {
        let redirect = &self.redirect_url;
        if redirect.scheme() != "http" || !is_loopback(redirect) {
            return Ok(None);
        }
        let again = registered.and_then(|text| Url::parse(text).ok()).filter(|_| redirect.port() == Some(0));
        let again = again.filter(|again| is_loopback(again) && again.path() == redirect.path());
        if let Some(port) = again.and_then(|again| again.port()) {
            let mut same = redirect.clone();
            if same.set_port(Some(port)).is_ok()
                && let Ok(listener) = listener::Listener::bind(&same)
            {
                return Ok(Some(listener));
            }
        }
        listener::Listener::bind(redirect).map(Some)
    }
}

fn check_client_id(id: &str) -> Result<(), Error> {
    if id.is_empty() {
        return Err(Error::InvalidArgument("the client id is empty".to_owned()));
    }
    // VSCHAR (RFC 6749, appendix A.1).
    match id.bytes().position(|byte| !matches!(byte, 0x20..=0x7e)) {
        Some(position) => {
            let reason = format!("the client id has a character at byte {position} that none may have");
            Err(Error::InvalidArgument(reason))
        }
        None => Ok(()),
    }
}

fn parse_secret(secret: &str) -> Result<Secret, Error> {
    if secret.is_empty() {
        return Err(Error::InvalidArgument("the client secret is empty".to_owned()));
    }
    match secret.bytes().position(|byte| byte.is_ascii_control()) {
        Some(position) => {
            let reason = crate::auth::header::refusal("the client secret", secret.as_bytes()[position], position);
            Err(Error::InvalidArgument(reason))
        }
        None => Ok(Secret::new(secret)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(outcome: Result<(), Error>) -> String {
        let Err(Error::InvalidArgument(reason)) = outcome else { panic!("{outcome:?}") };
        reason
    }

    #[test]
    fn bad_settings_are_refused_and_leave_the_good_ones() {
        let mut config = Config::new();
        config.set_client(Some("https://a.example"), "c", Some("s")).unwrap();
        assert!(refused(config.set_client(Some("http://a.example"), "c", None)).contains("issuer"));
        assert!(refused(config.set_client(None, "", None)).contains("empty"));
        assert!(refused(config.set_client(None, "a\nb", None)).contains("byte 1"));
        assert!(refused(config.set_client(None, "c", Some(""))).contains("empty"));
        assert_eq!(
            refused(config.set_client(None, "c", Some("s3cret\n"))),
            "the client secret has a line feed at byte 6 (was it read from a file?)"
        );
        assert_eq!(config.known_issuer(), Some("https://a.example"));
        for bad in ["https://c.example", "https://c.example/", "http://c.example/x", "x"] {
            refused(config.set_client_metadata_url(bad));
        }
        for bad in ["http://app.example/cb", "https://app.example:0/cb", "app:/cb", "https://a:b@app.example/"] {
            refused(config.set_redirect_url(bad));
        }
        for reserved in RESERVED.into_iter().chain([""]) {
            refused(config.set_parameter(reserved, Some("x")));
        }
        refused(config.set_resource(Some("mcp")));
        refused(config.set_resource(Some("https://m.example/#x")));
        for bad in
            ["", "{}", r#"{"issuer":"https://a.example"}"#, r#"{"issuer":"x","token_endpoint":"https://a.example/t"}"#]
        {
            refused(config.set_metadata(Some(bad)));
        }
        config.set_metadata(Some(r#"{"issuer":"https://a.example","token_endpoint":"https://a.example/t"}"#)).unwrap();
    }

    #[test]
    fn credentials_without_an_issuer_are_bound_once_and_stay_so_when_rotated() {
        let mut config = Config::new();
        config.set_client(None, "c", Some("one")).unwrap();
        config.bind_issuer("https://a.example");
        config.bind_issuer("https://b.example");
        config.set_client(None, "c", Some("two")).unwrap();
        assert_eq!(config.known_issuer(), Some("https://a.example"));
        config.set_client(None, "d", Some("three")).unwrap();
        assert_eq!(config.known_issuer(), None);
    }

    #[test]
    fn a_listener_takes_the_port_of_the_registration_again() {
        let config = Config::new();
        let first = config.listen(None).unwrap().unwrap();
        let registered = first.url().as_str().to_owned();
        assert_ne!(config.listen(Some(&registered)).unwrap().unwrap().url().as_str(), registered);
        drop(first);
        assert_eq!(config.listen(Some(&registered)).unwrap().unwrap().url().as_str(), registered);
        let mut elsewhere = Config::new();
        elsewhere.set_redirect_url("https://app.example/cb").unwrap();
        assert!(elsewhere.listen(None).unwrap().is_none());
    }

    #[test]
    fn parameters_replace_and_remove() {
        let mut config = Config::new();
        config.set_parameter("access_type", Some("online")).unwrap();
        config.set_parameter("access_type", Some("offline")).unwrap();
        assert_eq!(config.parameters, [("access_type".to_owned(), "offline".to_owned())]);
        config.set_parameter("access_type", None).unwrap();
        assert!(config.parameters.is_empty());
    }
}
