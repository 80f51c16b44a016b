//! Requests to authorization servers, for the auth layer: connections of their own, without the client's headers,
//! credentials and certificate.

use std::cell::RefCell;
use std::sync::Arc;

use ::http::{HeaderValue, Method, header};
use url::{Origin, Url};
use zeroize::Zeroizing;

use crate::auth::fetch::{Fetch, FetchRequest, Fetched, MOST_BYTES};
use crate::base::call::Call;
use crate::base::error::Error;
use crate::base::threads::Threads;
use crate::http::body::Body;
use crate::http::config::ConnectConfig;
use crate::http::dns::DnsCache;
use crate::http::endpoint::{self, Endpoint};
use crate::http::request::Request;
use crate::http::send::Http;
use crate::http::tls::TlsSettings;

/// The most redirects that one request follows.
const MAX_REDIRECTS: usize = 5;

/// The authorization servers that one request of a client needs.
pub(super) struct AuthorizationServers<'a> {
    /// The client's connections to the MCP server.
    client: &'a Http,
    /// Connections by origin: a flow sends several requests to one server.
    open: RefCell<Vec<(Origin, Arc<Http>)>>,
}

impl<'a> AuthorizationServers<'a> {
    pub(super) fn new(client: &'a Http) -> AuthorizationServers<'a> {
        AuthorizationServers { client, open: RefCell::default() }
    }

    fn http(&self, url: &Url) -> Result<Arc<Http>, Error> {
        let origin = url.origin();
        let mut open = self.open.borrow_mut();
        if let Some((_, http)) = open.iter().find(|(known, _)| *known == origin) {
            return Ok(http.clone());
        }
        let http = Arc::new(self.client.sibling(&Arc::new(without_certificate(self.client.config(), url)))?);
        open.push((origin, http.clone()));
        Ok(http)
    }

    fn send(&self, call: &Call, request: &FetchRequest<'_>, url: &Url) -> Result<Fetched, Error> {
        let http = self.http(url)?;
        let target = Endpoint::new(url.clone())?;
        // What undoes a compression keeps the content, tokens included, in a buffer that is not wiped.
        let mut headers = vec![(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"))];
        headers
            .extend(request.body.map(|(media_type, _)| (header::CONTENT_TYPE, HeaderValue::from_static(media_type))));
        let outgoing = Request {
            method: request.method.clone(),
            endpoint: &target,
            headers: &[&headers],
            accept: "application/json",
            body: request.body.map(|(_, body)| body),
            idempotent: request.method == Method::GET,
        };
        let call = call.with_max_response_bytes(MOST_BYTES as u64);
        let mut response = http.send(&call, &target, &outgoing, &request.secrets)?;
        let body = read_wiped(&mut response.body)?;
        Ok(Fetched { status: response.status, headers: response.headers, body })
    }
}

/// Reads a whole body into one buffer that never grows: growing would leave a copy of a token behind.
fn read_wiped(body: &mut Body) -> Result<Zeroizing<Vec<u8>>, Error> {
    // One byte more than is allowed, so that the body finds its limit exceeded.
    let mut bytes = Zeroizing::new(vec![0; MOST_BYTES + 1]);
    let mut filled = 0;
    loop {
        match body.read(&mut bytes[filled..])? {
            0 => break,
            amount => filled += amount,
        }
    }
    bytes.truncate(filled);
    Ok(bytes)
}

impl Fetch for AuthorizationServers<'_> {
    fn fetch(&self, call: &Call, request: &FetchRequest<'_>) -> Result<Fetched, Error> {
        let mut url = request.url.clone();
        for _ in 0..=MAX_REDIRECTS {
            let fetched = self.send(call, request, &url).map_err(|error| named(error, &url))?;
            let target = fetched.headers.get(header::LOCATION).and_then(|value| value.to_str().ok());
            match (fetched.status, target) {
                (300..=399, Some(target)) if request.method == Method::GET => match endpoint::resolve(&url, target) {
                    Ok(next) if endpoint::same_origin(&url, &next) => url = next,
                    _ => return Ok(fetched),
                },
                _ => return Ok(fetched),
            }
        }
        Err(Error::Protocol(format!("{} redirects too often", endpoint::display(request.url))))
    }

    fn detached(&self) -> Box<dyn Fetch + Send + Sync> {
        let config = self.client.config();
        Box::new(Detached(Arc::new(without_certificate(config, &config.url))))
    }
}

/// The settings alone, for requests that belong to no call of a client.
struct Detached(Arc<ConnectConfig>);

impl Fetch for Detached {
    fn fetch(&self, call: &Call, request: &FetchRequest<'_>) -> Result<Fetched, Error> {
        let threads = Arc::<Threads>::default();
        let names = Arc::new(DnsCache::new(threads.clone()));
        let client = Http::new(&self.0, &threads, &Arc::default(), &names)?;
        AuthorizationServers::new(&client).fetch(call, request)
    }

    fn detached(&self) -> Box<dyn Fetch + Send + Sync> {
        Box::new(Detached(self.0.clone()))
    }
}

/// The client's settings for another origin, where its certificate is not presented.
fn without_certificate(config: &ConnectConfig, url: &Url) -> ConnectConfig {
    let tls = TlsSettings { client_certificate: None, ..config.tls.clone() };
    ConnectConfig { url: url.clone(), tls, proxy: config.proxy.clone() }
}

/// A person who reads the error thinks of the MCP server: it names the other one.
fn named(error: Error, url: &Url) -> Error {
    let at = |text: &str| format!("authorization server {}: {text}", url.origin().ascii_serialization());
    match error {
        Error::Network(error) => Error::network(at(&error.to_string())),
        Error::Tls(text) => Error::Tls(at(&text)),
        Error::Timeout(text) => Error::Timeout(at(&text)),
        Error::Protocol(text) => Error::Protocol(at(&text)),
        other => other,
    }
}
