//! HTTP/1.1 with credentials, over ureq. Only this folder names ureq.
//!
//! The way of a request: [`client`] (credentials, redirects, another token after a 401) → [`send`] → [`pool`] (an idle
//! connection, or a new one) → [`connection`] (one ureq agent with one socket) → ureq → `dns`, `tcp`, `tls` (the socket,
//! with the call's deadline, its cancellation, and buffers that are wiped). The body is read the same way back, by
//! [`body`].
//!
//! Where each header of a request is decided:
//!
//! | header | where |
//! | --- | --- |
//! | `Accept`, `Content-Type` | [`headers`], from the transport's [`request::Request`] |
//! | `Authorization`, `DPoP` | `auth` makes them, [`client`] asks for them, `buffers` writes them |
//! | custom headers | `auth::header` checks them, `auth::credentials` keeps them, `buffers` writes them |
//! | `User-Agent` | [`connection`], unless it is a custom header |
//! | `Proxy-Authorization` | ureq, from the proxy's URL (`proxy`) |
//! | `Host`, `Content-Length`, `Accept-Encoding` | ureq |
//! | `Mcp-Session-Id`, `MCP-Protocol-Version`, `Last-Event-ID` | `transport::streamable_http` |
//! | `Mcp-Method`, `Mcp-Name` | `protocol::headers` |
//! | `Mcp-Param-*` | `protocol::tool_headers` |
//!
//! Credentials are written by the connection's own buffers, below ureq, because ureq keeps the requests that it is given
//! and logs what it writes.

pub(crate) mod active_connections;
mod authorization_servers;
pub(crate) mod body;
mod buffers;
pub(crate) mod certificates;
pub(crate) mod client;
pub(crate) mod config;
mod connection;
pub(crate) mod dns;
pub(crate) mod endpoint;
mod error_map;
mod error_response;
mod headers;
mod interrupt;
mod pool;
pub(crate) mod proxy;
pub(crate) mod request;
pub(crate) mod response;
pub(crate) mod send;
mod tcp;
pub(crate) mod tls;
mod tls_error;
mod trust;
mod ureq_config;

/// Reads what is read once per process, while the process may still have one thread only.
pub(crate) fn prepare() {
    ureq_config::get();
}
