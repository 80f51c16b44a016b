//! What a caller sets. Each part is an immutable snapshot, read without a lock that a fork could leave locked.

use std::collections::BTreeMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use url::Url;

use crate::http::config::{ConnectConfig, RequestConfig};
use crate::protocol::implementation::Implementation;
use crate::protocol::tasks;
use crate::protocol::transport_kind::TransportKind;
use crate::protocol::version::Version;
use crate::transport::stdio::Program;

/// The settings of a client.
#[derive(Debug)]
pub(crate) struct Settings {
    /// Credentials and limits: a change takes effect with the next request.
    pub(crate) request: Arc<ArcSwap<RequestConfig>>,
    pub(crate) server: ServerConfig,
    pub(crate) session: ArcSwap<SessionConfig>,
}

/// How the server is reached: fixed while connected.
#[derive(Debug)]
pub(crate) enum ServerConfig {
    /// By its URL, with TLS and proxy.
    Remote(ArcSwap<ConnectConfig>),
    /// By starting it.
    Program(ArcSwap<Program>),
}

/// What is negotiated with the server.
#[derive(Debug, Clone)]
pub(crate) struct SessionConfig {
    /// Fixed while connected.
    pub(crate) transport: TransportKind,
    /// A pinned protocol version; fixed while connected.
    pub(crate) version: Option<Version>,
    pub(crate) client_info: Implementation,
    /// Replaces the capabilities that the request handlers imply: JSON text of an object.
    pub(crate) capabilities: Option<String>,
    /// The extensions to declare since 2026-07-28, each with its settings as JSON text of an object.
    pub(crate) extensions: BTreeMap<String, String>,
    /// Whether lists are cached as the server's hints say.
    pub(crate) cache: bool,
    /// The log level that the caller has requested.
    pub(crate) log_level: Option<String>,
}

impl Default for SessionConfig {
    fn default() -> SessionConfig {
        SessionConfig {
            transport: TransportKind::Auto,
            version: None,
            client_info: Implementation::default(),
            capabilities: None,
            extensions: BTreeMap::from([(tasks::EXTENSION.to_owned(), "{}".to_owned())]),
            cache: true,
            log_level: None,
        }
    }
}

impl SessionConfig {
    /// Whether only a version of the stateless era is allowed.
    pub(crate) fn pins_modern(&self) -> bool {
        self.version.is_some_and(Version::is_modern)
    }
}

impl Settings {
    pub(crate) fn new(url: Url) -> Settings {
        Settings::of_server(ServerConfig::Remote(ArcSwap::from_pointee(ConnectConfig::new(url))))
    }

    pub(crate) fn of_program(program: Program) -> Settings {
        Settings::of_server(ServerConfig::Program(ArcSwap::from_pointee(program)))
    }

    fn of_server(server: ServerConfig) -> Settings {
        let client_name = Implementation::default().name;
        let request = RequestConfig { client_name, ..RequestConfig::default() };
        Settings { request: Arc::new(ArcSwap::from_pointee(request)), server, session: ArcSwap::default() }
    }

    /// Drops every secret, for the end of a client: a thread that outlives it, such as one that waits for a name service,
    /// must not keep them.
    pub(crate) fn clear_secrets(&self) {
        let limits = self.request.load().limits;
        self.request.store(Arc::new(RequestConfig { limits, ..RequestConfig::default() }));
        match &self.server {
            ServerConfig::Remote(connect) => {
                let url = connect.load().url.clone();
                connect.store(Arc::new(ConnectConfig::new(url)));
            }
            ServerConfig::Program(program) => {
                let cleared = program.load().without_secrets();
                program.store(Arc::new(cleared));
            }
        }
    }
}
