//! The Model Context Protocol (MCP) client for every program that can call C.
//!
//! This crate is a blocking MCP client over HTTP ([`Client`]), and the C ABI over it (`capi`, declared in
//! `mcpclient.h`). It speaks every revision of the protocol and both HTTP transports, and treats credentials with care.
//!
//! ```no_run
//! let client = mcpclient::Client::new("https://example.com/mcp")?;
//! client.set_bearer_token(Some("token"))?;
//! client.ping()?;
//! # Ok::<(), mcpclient::Error>(())
//! ```
//!
//! The way of a ping: `client` → `process` (is there a session?) → `negotiation` (make one) → `session` → `transport`
//! (how messages travel) → `exchange` (credentials, redirects) → `http` (connections, over ureq).

#[cfg(not(panic = "unwind"))]
compile_error!("libmcpclient catches panics at the C boundary, which needs panic = \"unwind\"");

mod auth;
mod base;
mod client;
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;
mod http;
mod json;
mod protocol;
mod session;
mod transport;

/// The C ABI: the one folder with unsafe code (besides `base::platform`). Public so that the tests can call it.
#[allow(unsafe_code)]
#[doc(hidden)]
pub mod capi;

pub use auth::{Auth, TokenRequest};
pub use base::error::{Error, Status};
pub use client::Client;
pub use json::Value;
pub use session::callbacks::{NotificationHandler, Reply, RequestHandler};
pub use session::config::TransportKind;

const _: () = {
    const fn shared_between_threads<T: Send + Sync>() {}
    shared_between_threads::<Client>();
    shared_between_threads::<Auth>();
    shared_between_threads::<Error>();
    shared_between_threads::<Value>();
};
