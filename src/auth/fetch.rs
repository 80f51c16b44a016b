//! Requests to authorization servers, as far as this layer needs to know: the HTTP layer above sends them.

use ::http::{HeaderMap, HeaderName, HeaderValue, Method};
use url::Url;
use zeroize::Zeroizing;

use crate::base::call::Call;
use crate::base::error::Error;

/// The largest response that is read.
pub(crate) const MOST_BYTES: usize = 256 * 1024;

/// A request without the client's own headers and credentials, which are for the MCP server alone.
pub(crate) struct FetchRequest<'a> {
    pub(crate) method: Method,
    pub(crate) url: &'a Url,
    /// Header fields with credentials for this URL.
    pub(crate) secrets: Vec<(HeaderName, HeaderValue)>,
    /// The media type of a body, and the body.
    pub(crate) body: Option<(&'static str, &'a [u8])>,
}

/// A complete response; the body may hold tokens.
pub(crate) struct Fetched {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Zeroizing<Vec<u8>>,
}

/// Sends requests to authorization servers with the TLS, proxy and connection settings of the client that asks.
pub(crate) trait Fetch {
    /// Sends one request. A GET follows redirects within its origin, any other method none. A body of more than
    /// [`MOST_BYTES`] is [`Error::Protocol`]; errors name the host.
    fn fetch(&self, call: &Call, request: &FetchRequest<'_>) -> Result<Fetched, Error>;

    /// The same settings for requests that belong to no call of the client.
    fn detached(&self) -> Box<dyn Fetch + Send + Sync>;
}

/// On whose behalf credentials are got: one call of one client.
pub(crate) struct GrantContext<'a> {
    pub(crate) call: &'a Call,
    /// The URL of the client, which names the MCP server.
    pub(crate) server: &'a Url,
    /// The client's name, for its registration.
    pub(crate) client_name: &'a str,
    /// Whether the protocol version is pinned to one that assumes the endpoints of an authorization server without
    /// metadata (2025-03-26 and before).
    pub(crate) assumes_endpoints: bool,
    pub(crate) fetch: &'a dyn Fetch,
}
