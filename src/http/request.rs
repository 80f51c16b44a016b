//! A request as the transports make it.

use ::http::{HeaderName, HeaderValue, Method};

use crate::http::endpoint::Endpoint;

/// A request before credentials are added.
pub(crate) struct Request<'a> {
    pub(crate) method: Method,
    pub(crate) endpoint: &'a Endpoint,
    /// Headers of the protocol, in several lists: of the session, of the message.
    pub(crate) headers: &'a [&'a [(HeaderName, HeaderValue)]],
    pub(crate) accept: &'static str,
    /// A JSON body.
    pub(crate) body: Option<&'a [u8]>,
    /// Whether the server may receive it twice (RFC 9110, section 9.2.2, in spirit: POST carries all messages). Then it
    /// is sent again when a kept connection turns out to be closed before any byte of a response.
    pub(crate) idempotent: bool,
}
