//! The Model Context Protocol (MCP) client for every program that can call C.
//!
//! This crate is a blocking MCP client over HTTP ([`Client`]), and the C ABI over it (`capi`, declared in
//! `mcpclient.h`). It speaks every revision of [the protocol](https://modelcontextprotocol.io/specification) and both
//! HTTP transports.
//!
//! ```no_run
//! let client = mcpclient::Client::new("https://example.com/mcp")?;
//! client.set_bearer_token(Some("token"))?;
//! client.ping()?;
//! # Ok::<(), mcpclient::Error>(())
//! ```
//!
//! # Layers
//!
//! Each folder imports only what stands below it: `capi` > `client` > `session` > `transport` > `http` > `auth`,
//! `protocol` > `json` > `base`.
//!
//! The way of a ping:
//!
//! 1. `capi::client::mcpclient_ping` checks the arguments and catches panics.
//! 2. `client`: [`Client::ping`] begins an `Operation` with a `Call` (deadline, limits, cancellation), which asks the
//!    `SessionManager` for the session, and repeats the ping on a new one if the server has dropped it.
//! 3. `session`: for the first call `Negotiation::connect` finds transport and version; `Session::ping` then writes the
//!    JSON-RPC message with `_meta` and `Mcp-*` headers.
//! 4. `transport`: `StreamableHttp::request` sends the message by POST and finds the response in JSON or an event stream;
//!    `HttpSse::request` waits for it on the session's one stream.
//!    `Stdio::request` writes it to the program and waits likewise.
//! 5. `http`: `HttpClient::send` adds credentials and follows redirects; `Http::send` leases a connection from the `Pool`
//!    and reads the head of the response; `Body` reads the rest within the call's limits.
//!
//! The way of a token:
//!
//! 1. `auth::token::Token` checks it, in a buffer that is wiped when dropped; `Auth` holds it, or the file or function that
//!    yields it.
//! 2. `auth::credentials::Credentials` is part of the `RequestConfig` that `Client::set_bearer_token` replaces.
//! 3. `http::client::HttpClient::send` asks the auth object for each request's token, and again after a 401. OAuth
//!    credentials (`auth::oauth`) then get one, by requests that `http::authorization_servers` sends.
//! 4. `http::headers::Head` keeps it apart from the headers that ureq sees; `http::interrupt::Interrupt` carries it past
//!    ureq to the socket (`http::tcp`, `http::tls`), whose `http::buffers::WipedBuffers` write it after the request line.

#![deny(clippy::undocumented_unsafe_blocks)]
#![cfg_attr(not(test), deny(clippy::unwrap_used))]

#[cfg(not(panic = "unwind"))]
compile_error!("libmcpclient catches panics at the C boundary, which needs panic = \"unwind\"");

mod auth;
mod base;
mod client;
mod http;
mod json;
mod protocol;
mod session;
mod transport;

/// The C ABI: the one folder with unsafe code (besides `base::platform`). Public so that the tests can call it.
#[allow(unsafe_code)]
#[allow(rustdoc::bare_urls)] // the doc comments are for the header
#[doc(hidden)]
pub mod capi;

/// The parsers that the fuzz targets in `fuzz/` call. Only built with `--cfg fuzzing`; not part of the API.
#[cfg(fuzzing)]
#[doc(hidden)]
#[path = "../fuzz/fuzzing.rs"]
pub mod fuzzing;

pub use auth::{Auth, Dpop, Login, StoreRequest, TokenRequest};
pub use base::call::ProgressHandler;
pub use base::error::{Error, ErrorResponse, NetworkError, RpcError, Status};
pub use client::Client;
pub use client::config_file::Config;
pub use client::lists::ListKind;
pub use client::queue::{DeferredReply, Event, EventKind, Queue};
pub use json::{JsonBuilder, Kind, Node, Value};
pub use protocol::transport_kind::TransportKind;
pub use session::callbacks::{NotificationHandler, Reply, RequestHandler};
pub use transport::stdio::program::{Environment, LineHandler};

const _: () = {
    const fn shared_between_threads<T: Send + Sync>() {}
    shared_between_threads::<Client>();
    shared_between_threads::<Auth>();
    shared_between_threads::<Error>();
    shared_between_threads::<Value>();
};
