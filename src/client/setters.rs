//! The settings of a client as a whole. Each is [`Error::InvalidState`] through a scope.

use std::path::Path;
use std::sync::Arc;

use crate::auth::{Auth, credentials::Credentials, header};
use crate::base::error::Error;
use crate::client::Client;
use crate::client::operation::parse_object;
use crate::http::certificates;
use crate::http::config::{ConnectConfig, RequestConfig};
use crate::http::proxy::{self, ProxyChoice};
use crate::http::tls::TlsSettings;
use crate::protocol::implementation::Implementation;
use crate::protocol::meta;
use crate::protocol::transport_kind::TransportKind;
use crate::protocol::version::Version;
use crate::session::callbacks::{Handlers, NotificationHandler, RequestHandler};
use crate::session::config::{ServerConfig, SessionConfig};

impl Client {
    /// Chooses the transport.
    ///
    /// # Errors
    /// [`Error::InvalidState`] while connected; [`Error::Unsupported`] for one that the server cannot have.
    pub fn set_transport(&self, transport: TransportKind) -> Result<(), Error> {
        self.refuse_through_scope("the transport")?;
        match (&self.shared().settings.server, transport) {
            (ServerConfig::Remote(_), TransportKind::Stdio)
            | (ServerConfig::Program(_), TransportKind::StreamableHttp | TransportKind::Sse) => {
                return Err(Error::Unsupported("stdio is the transport of programs, and their only one".to_owned()));
            }
            _ => {}
        }
        let process = self.process();
        let _disconnected = process.sessions.hold_disconnected("the transport")?;
        self.change_session(|config| config.transport = transport);
        self.shared().cache.clear();
        Ok(())
    }

    /// Pins the protocol version, such as `2025-11-25`; `None` negotiates
    /// ([versions](https://modelcontextprotocol.io/specification/versioning)).
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for an unknown version, [`Error::InvalidState`] while connected.
    pub fn set_protocol_version(&self, version: Option<&str>) -> Result<(), Error> {
        self.refuse_through_scope("the protocol version")?;
        let version = version.map(parse_version).transpose()?;
        let process = self.process();
        let _disconnected = process.sessions.hold_disconnected("the protocol version")?;
        self.change_session(|config| config.version = version);
        let assumes_endpoints = version.is_some_and(|version| version <= Version::V2025_03_26);
        self.change_request(|config| config.assumes_endpoints = assumes_endpoints);
        self.shared().cache.clear();
        Ok(())
    }

    /// Sends this bearer token with every request
    /// ([RFC 6750, section 2.1](https://www.rfc-editor.org/rfc/rfc6750#section-2.1)); `None` sends none. Replaces the auth
    /// object of [`Client::set_auth`].
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a token that cannot be sent, [`Error::InvalidState`] when the header
    /// `Authorization` is set.
    pub fn set_bearer_token(&self, token: Option<&str>) -> Result<(), Error> {
        let auth = token.map(Auth::bearer).transpose()?;
        self.set_auth(auth.as_ref())
    }

    /// Takes the credentials from this auth object, which other clients may share; `None` removes it.
    ///
    /// # Errors
    /// [`Error::InvalidState`] when the header `Authorization` is set.
    pub fn set_auth(&self, auth: Option<&Auth>) -> Result<(), Error> {
        auth.map_or(Ok(()), |_| self.require_url())?;
        self.change_credentials(|credentials| credentials.set_auth(auth.cloned()))
    }

    /// Sends this header with every request; a `None` value removes it.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a name or value that cannot be sent, or a name that the library sets itself;
    /// [`Error::InvalidState`] for `Authorization` when a token is set.
    pub fn set_header(&self, name: &str, value: Option<&str>) -> Result<(), Error> {
        value.map_or(Ok(()), |_| self.require_url())?;
        let name = header::parse_name(name).map_err(Error::InvalidArgument)?;
        let value = value.map(header::parse_value).transpose().map_err(Error::InvalidArgument)?;
        self.change_credentials(|credentials| credentials.set_header(name.clone(), value.clone()))
    }

    /// Changes the credentials as a whole or not at all; other threads may do so at the same time.
    fn change_credentials(&self, change: impl Fn(&mut Credentials) -> Result<(), Error>) -> Result<(), Error> {
        self.refuse_through_scope("credentials")?;
        let request = &self.shared().settings.request;
        loop {
            let before = request.load();
            let mut after = RequestConfig::clone(&before);
            change(&mut after.credentials)?;
            if Arc::ptr_eq(&request.compare_and_swap(&before, Arc::new(after)), &before) {
                break;
            }
        }
        self.shared().cache.clear_private();
        Ok(())
    }

    /// Trusts the certificate authorities of this PEM file instead of the operating system's; `None` restores those.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a file that cannot be used, [`Error::InvalidState`] while connected.
    pub fn set_ca_file(&self, path: Option<&Path>) -> Result<(), Error> {
        path.map_or(Ok(()), |_| self.require_url())?;
        let ca = path.map(certificates::read_authorities).transpose()?.map(Arc::new);
        self.change_tls(|tls| tls.ca = ca.clone())
    }

    /// Presents this certificate (a PEM file with its chain) and its key (a PEM file) to the server; `None` presents none.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for files that cannot be used, [`Error::InvalidState`] while connected.
    pub fn set_client_certificate(&self, files: Option<(&Path, &Path)>) -> Result<(), Error> {
        files.map_or(Ok(()), |_| self.require_url())?;
        let certificate =
            files.map(|(chain, key)| certificates::read_client_certificate(chain, key)).transpose()?.map(Arc::new);
        self.change_tls(|tls| tls.client_certificate = certificate.clone())
    }

    /// Whether the server's certificate is verified; false is for tests only.
    ///
    /// # Errors
    /// [`Error::InvalidState`] while connected.
    pub fn set_tls_verify(&self, verify: bool) -> Result<(), Error> {
        if !verify {
            self.require_url()?;
        }
        self.change_tls(|tls| tls.verify = verify)
    }

    fn change_tls(&self, change: impl Fn(&mut TlsSettings)) -> Result<(), Error> {
        self.refuse_through_scope("the TLS settings")?;
        let process = self.process();
        let _disconnected = process.sessions.hold_disconnected("the TLS settings")?;
        self.change_connection(|config| change(&mut config.tls));
        // A client certificate is part of the authorization context.
        self.shared().cache.clear_private();
        Ok(())
    }

    /// Connects through this proxy (`http://` or `https://`); `""`: none; `None`: as the environment says.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a URL that cannot be used, [`Error::InvalidState`] while connected.
    pub fn set_proxy(&self, proxy: Option<&str>) -> Result<(), Error> {
        self.refuse_through_scope("the proxy")?;
        proxy.map_or(Ok(()), |_| self.require_url())?;
        let choice = match proxy {
            None => ProxyChoice::Environment,
            Some("") => ProxyChoice::Direct,
            Some(url) => ProxyChoice::Fixed(proxy::parse(url)?),
        };
        let process = self.process();
        let _disconnected = process.sessions.hold_disconnected("the proxy")?;
        self.change_connection(|config| config.proxy = choice.clone());
        Ok(())
    }

    fn change_request(&self, change: impl Fn(&mut RequestConfig)) {
        self.shared().settings.request.rcu(|before| {
            let mut after = RequestConfig::clone(before);
            change(&mut after);
            after
        });
    }

    fn change_connection(&self, change: impl Fn(&mut ConnectConfig)) {
        if let ServerConfig::Remote(connect) = &self.shared().settings.server {
            connect.rcu(|before| {
                let mut after = ConnectConfig::clone(before);
                change(&mut after);
                after
            });
        }
    }

    /// The name and version that the client sends to the server.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for an empty name.
    pub fn set_client_info(&self, name: &str, version: &str) -> Result<(), Error> {
        self.refuse_through_scope("the client info")?;
        if name.is_empty() {
            return Err(Error::InvalidArgument("the name is empty".to_owned()));
        }
        self.change_session(|config| {
            config.client_info = Implementation { name: name.to_owned(), version: version.to_owned() };
        });
        self.change_request(|config| config.client_name = name.to_owned());
        Ok(())
    }

    /// Declares an extension to servers of 2026-07-28 and later; `settings` is JSON text of an object, `None`: the extension
    /// is not declared. [`Client::set_capabilities`] overrides this.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for an identifier that is not `prefix/name`, or settings that are not a JSON object.
    pub fn set_extension(&self, identifier: &str, settings: Option<&str>) -> Result<(), Error> {
        self.refuse_through_scope("an extension")?;
        if !meta::is_extension_identifier(identifier) {
            return Err(Error::InvalidArgument("the identifier is not of the form prefix/name".to_owned()));
        }
        parse_object("settings", settings)?;
        self.change_session(|config| {
            match settings {
                Some(settings) => config.extensions.insert(identifier.to_owned(), settings.trim().to_owned()),
                None => config.extensions.remove(identifier),
            };
        });
        Ok(())
    }

    /// The capabilities to send, JSON text of an object; `None`: those that the request handlers imply.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for any other text.
    pub fn set_capabilities(&self, json: Option<&str>) -> Result<(), Error> {
        self.refuse_through_scope("the capabilities")?;
        parse_object("capabilities", json)?;
        self.change_session(|config| config.capabilities = json.map(str::to_owned));
        Ok(())
    }

    /// Whether lists are cached for as long as the server allows
    /// ([2026-07-28, "Caching"](https://modelcontextprotocol.io/specification/2026-07-28/server/utilities/caching)).
    /// On unless set.
    ///
    /// # Errors
    /// [`Error::InvalidState`] through a scope.
    pub fn set_cache(&self, enabled: bool) -> Result<(), Error> {
        self.refuse_through_scope("the cache")?;
        self.change_session(|config| config.cache = enabled);
        self.shared().cache.clear();
        Ok(())
    }

    pub(super) fn change_session(&self, change: impl Fn(&mut SessionConfig)) {
        self.shared().settings.session.rcu(|before| {
            let mut after = SessionConfig::clone(before);
            change(&mut after);
            after
        });
    }

    /// Calls `handler` with the notifications of a method, or of all methods; `None` removes it.
    ///
    /// # Errors
    /// [`Error::InvalidState`] through a scope.
    pub fn on_notification(&self, method: Option<&str>, handler: Option<NotificationHandler>) -> Result<(), Error> {
        self.refuse_through_scope("a handler")?;
        self.change_handlers(|handlers| handlers.set_notification(method, handler.clone()));
        Ok(())
    }

    /// Calls `handler` with the server's requests of a method, and declares the capability; `None` removes it.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for an empty method.
    pub fn on_request(&self, method: &str, handler: Option<RequestHandler>) -> Result<(), Error> {
        self.refuse_through_scope("a handler")?;
        if method.is_empty() {
            return Err(Error::InvalidArgument("the method is empty".to_owned()));
        }
        self.change_handlers(|handlers| handlers.set_request(method, handler.clone()));
        Ok(())
    }

    fn change_handlers(&self, change: impl Fn(&mut Handlers)) {
        self.shared().handlers.rcu(|before| {
            let mut after = Handlers::clone(before);
            change(&mut after);
            after
        });
    }
}

fn parse_version(text: &str) -> Result<Version, Error> {
    Version::parse(text).ok_or_else(|| {
        let known = Version::ALL.map(Version::as_str).join(", ");
        Error::InvalidArgument(format!("not a known protocol version: one of {known} is expected"))
    })
}
