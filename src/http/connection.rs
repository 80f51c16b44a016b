//! One kept HTTP connection: a ureq agent with a single socket, and the interrupt of that socket.

use std::io::Read;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ::http::{HeaderMap, Method, Uri};
use ureq::config::Config;
use ureq::unversioned::transport::{ConnectProxyConnector, Connector};
use ureq::{Agent, AsSendBody, BodyReader, Proxy};
use url::Url;

use crate::base::call::Call;
use crate::base::error::Error;
use crate::http::config::ConnectConfig;
use crate::http::dns::{DeferredResolver, DnsCache};
use crate::http::error_map::Peer;
use crate::http::headers::Head;
use crate::http::interrupt::Interrupt;
use crate::http::tcp::TcpConnector;
use crate::http::tls::{Tls, TlsConnector};
use crate::http::ureq_config;

/// How long the rest of a response may take to arrive before a new connection is cheaper than waiting.
const DRAIN_TIMEOUT: Duration = Duration::from_millis(2);
/// The most reads that drain a response.
const MAX_DRAIN_READS: usize = 16;
/// Buffer space for the request line and for the headers that the library sets itself.
const MIN_HEAD_ROOM: usize = 2048;

/// How a client's connections reach their origin.
#[derive(Debug)]
pub(crate) struct Route {
    proxy: Option<Proxy>,
    /// `None` when neither the origin nor the proxy uses TLS.
    tls: Option<Arc<Tls>>,
    pub(crate) names: Arc<DnsCache>,
    pub(crate) peer: Peer,
}

impl Route {
    pub(crate) fn new(config: &ConnectConfig, names: &Arc<DnsCache>) -> Result<Route, Error> {
        let (proxy, proxy_name) = config.proxy.for_url(&config.url)?.unzip();
        let proxy_uses_tls = proxy.as_ref().is_some_and(|proxy| proxy.uri().scheme_str() == Some("https"));
        let uses_tls = config.url.scheme() == "https" || proxy_uses_tls;
        let tls = uses_tls.then(|| Arc::new(Tls::new(config.tls.clone())));
        let peer = Peer { host: host_and_port(&config.url), proxy: proxy_name };
        Ok(Route { proxy, tls, names: names.clone(), peer })
    }
}

fn host_and_port(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port_or_known_default() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// One connection to the client's origin, kept between requests.
pub(crate) struct Connection {
    agent: Agent,
    proxy: Option<Proxy>,
    pub(crate) interrupt: Arc<Interrupt>,
    /// The unread rest of the last response.
    rest: Option<BodyReader<'static>>,
    idle_since: Instant,
}

impl Connection {
    /// Opens no socket yet: the first request does.
    pub(crate) fn new(route: &Route) -> Connection {
        let interrupt = Arc::new(Interrupt::new());
        let tcp = TcpConnector { interrupt: interrupt.clone(), names: route.names.clone() };
        let tls = TlsConnector { interrupt: interrupt.clone(), tls: route.tls.clone() };
        let chain = tcp.chain(ConnectProxyConnector::default()).chain(tls);
        let agent = Agent::with_parts(Config::clone(&ureq_config::get()), chain, DeferredResolver);
        Connection { agent, proxy: route.proxy.clone(), interrupt, rest: None, idle_since: Instant::now() }
    }

    /// Sends a request and reads the head of its response.
    pub(crate) fn run(
        &self,
        call: &Call,
        method: &Method,
        uri: &Uri,
        head: Head,
        body: Option<&[u8]>,
    ) -> Result<::http::Response<ureq::Body>, ureq::Error> {
        let Head { headers, secrets } = head;
        self.interrupt.begin(call, head_room(uri, &headers));
        self.interrupt.give_secrets(secrets);
        let mut request = ::http::Request::new(());
        *request.method_mut() = method.clone();
        *request.uri_mut() = uri.clone();
        *request.headers_mut() = headers;
        match body {
            None => self.run_through_proxy(request),
            Some(body) => self.run_through_proxy(request.map(|()| body)),
        }
    }

    fn run_through_proxy(
        &self,
        request: ::http::Request<impl AsSendBody>,
    ) -> Result<::http::Response<ureq::Body>, ureq::Error> {
        match &self.proxy {
            None => self.agent.run(request),
            Some(proxy) => self.agent.run(self.agent.configure_request(request).proxy(Some(proxy.clone())).build()),
        }
    }

    pub(crate) fn begin_idle(&mut self) {
        self.idle_since = Instant::now();
    }

    pub(crate) fn has_rested_since(&self, time: Instant) -> bool {
        self.idle_since <= time
    }

    /// Whether the next request may use the connection, once its last response was drained.
    pub(crate) fn is_usable(&self) -> bool {
        self.idle_since.elapsed() < ureq_config::MAX_IDLE_TIME && self.interrupt.is_quiet()
    }

    /// Keeps the rest of a response, to be read before the next request.
    pub(crate) fn drain_later(&mut self, rest: BodyReader<'static>) {
        self.rest = Some(rest);
    }

    /// Reads the rest of the last response; false when it does not arrive at once, so that the connection is of no use.
    pub(crate) fn drain(&mut self) -> bool {
        let Some(mut rest) = self.rest.take() else { return true };
        self.interrupt.begin(&Call::with_timeout(DRAIN_TIMEOUT), 0);
        let mut scratch = [0; 4096];
        (0..MAX_DRAIN_READS).any(|_| matches!(rest.read(&mut scratch), Ok(0)))
    }
}

/// The buffer space that the longest line of the head needs.
fn head_room(uri: &Uri, headers: &HeaderMap) -> usize {
    let longest = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).max().unwrap_or(0);
    let target = uri.path_and_query().map_or(0, |target| target.as_str().len());
    MIN_HEAD_ROOM.max(longest + 64).max(target + 64)
}
