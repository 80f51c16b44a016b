//! The header fields of a request, in two groups: those that ureq writes, and the credentials, which it must not see.

use ::http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::http::request::Request;

/// Header fields that hold credentials.
pub(crate) type Secrets = Vec<(HeaderName, HeaderValue)>;

/// The header fields of a request.
pub(crate) struct Head {
    pub(crate) headers: HeaderMap,
    /// Written by the connection itself, below ureq, which keeps requests and logs what it writes.
    pub(crate) secrets: Secrets,
}

impl Head {
    /// `credentials`: the fields of the auth object and the custom headers.
    pub(crate) fn new(request: &Request<'_>, credentials: &[(HeaderName, HeaderValue)]) -> Head {
        let mut headers = HeaderMap::with_capacity(12);
        headers.insert(header::ACCEPT, HeaderValue::from_static(request.accept));
        if request.body.is_some() {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        for (name, value) in request.headers.iter().copied().flatten() {
            headers.insert(name.clone(), value.clone());
        }
        let mut secrets = Secrets::with_capacity(credentials.len());
        for (name, value) in credentials {
            match *name == header::USER_AGENT {
                // Not a secret, and ureq must see it, or it writes its own.
                true => drop(headers.insert(name.clone(), value.clone())),
                false => secrets.push((name.clone(), value.clone())),
            }
        }
        Head { headers, secrets }
    }
}
