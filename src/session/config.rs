//! What a caller sets. Each part is an immutable snapshot, read without a lock that a fork could leave locked.

use std::sync::Arc;

use arc_swap::ArcSwap;
use url::Url;

use crate::http::config::{ConnectConfig, RequestConfig};
use crate::protocol::implementation::Implementation;
use crate::protocol::transport_kind::TransportKind;
use crate::protocol::version::Version;

/// The settings of a client.
#[derive(Debug)]
pub(crate) struct Settings {
    /// Credentials and limits: a change takes effect with the next request.
    pub(crate) request: Arc<ArcSwap<RequestConfig>>,
    /// URL, TLS and proxy: fixed while connected.
    pub(crate) connect: ArcSwap<ConnectConfig>,
    pub(crate) session: ArcSwap<SessionConfig>,
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
        let client_name = Implementation::default().name;
        Settings {
            request: Arc::new(ArcSwap::from_pointee(RequestConfig { client_name, ..RequestConfig::default() })),
            connect: ArcSwap::from_pointee(ConnectConfig::new(url)),
            session: ArcSwap::default(),
        }
    }

    /// Drops every secret, for the end of a client: a thread that outlives it, such as one that waits for a name service,
    /// must not keep them.
    pub(crate) fn clear_secrets(&self) {
        let limits = self.request.load().limits;
        self.request.store(Arc::new(RequestConfig { limits, ..RequestConfig::default() }));
        let url = self.connect.load().url.clone();
        self.connect.store(Arc::new(ConnectConfig::new(url)));
    }
}
