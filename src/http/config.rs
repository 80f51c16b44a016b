//! What a caller sets for connections and for requests.

use url::Url;

use crate::auth::credentials::Credentials;
use crate::base::call::Limits;
use crate::http::proxy::ProxyChoice;
use crate::http::tls::TlsSettings;

/// How connections are made: to which server, through which proxy, with which TLS settings.
#[derive(Debug, Clone)]
pub(crate) struct ConnectConfig {
    pub(crate) url: Url,
    pub(crate) tls: TlsSettings,
    pub(crate) proxy: ProxyChoice,
}

impl ConnectConfig {
    pub(crate) fn new(url: Url) -> ConnectConfig {
        ConnectConfig { url, tls: TlsSettings::default(), proxy: ProxyChoice::default() }
    }
}

/// What requests carry, and their limits. A change takes effect with the next request.
#[derive(Debug, Clone, Default)]
pub(crate) struct RequestConfig {
    pub(crate) credentials: Credentials,
    pub(crate) limits: Limits,
    /// The client's name, under which it is registered with authorization servers.
    pub(crate) client_name: String,
    /// Whether the protocol version is pinned to one that assumes the endpoints of an authorization server without
    /// metadata (2025-03-26 and before).
    pub(crate) assumes_endpoints: bool,
}
