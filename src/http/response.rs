//! The head of a response, and its body.

use ::http::header::{self, AsHeaderName};
use ::http::{HeaderMap, HeaderValue};

use crate::http::body::Body;

/// A response whose head has been read.
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Body,
    /// The `Authorization` that was sent with the request: the server may repeat it.
    pub(crate) sent: Option<HeaderValue>,
}

impl Response {
    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// A header's text, if present and ASCII.
    pub(crate) fn header(&self, name: impl AsHeaderName) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The media type without parameters, in lower case.
    pub(crate) fn media_type(&self) -> Option<String> {
        let value = self.header(header::CONTENT_TYPE)?;
        Some(value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
    }
}
