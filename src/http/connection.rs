//! One kept HTTP connection: a ureq agent that has a single socket, and the control over it.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use ureq::config::Config;
use ureq::http::{self, Uri};
use ureq::unversioned::transport::{ConnectProxyConnector, Connector};
use ureq::{Agent, AsSendBody, BodyReader, Proxy};

use crate::base::call::Call;
use crate::base::threads::Threads;
use crate::http::Head;
use crate::http::Headers;
use crate::http::Request;
use crate::http::dns::{DeferredResolver, DnsCache};
use crate::http::interrupt::Interrupt;
use crate::http::tcp::TcpConnector;
use crate::http::tls::{Tls, TlsConnector};

/// How long a connection may rest before a new one is preferred: many balancers drop idle ones silently.
const MOST_IDLE: Duration = Duration::from_secs(90);
/// How long the end of an answer may take to arrive after the answer itself before a new connection is the better choice.
const GRACE: Duration = Duration::from_millis(2);
/// Room for the request line and for the headers that the library sets itself.
const LEAST_ROOM: usize = 2048;

/// What every connection of a client is made with.
#[derive(Debug)]
pub(crate) struct ConnectConfig {
    pub(crate) proxy: Option<Proxy>,
    pub(crate) tls: Option<Arc<Tls>>,
    pub(crate) names: Arc<DnsCache>,
    pub(crate) threads: Arc<Threads>,
}

/// One connection to the client's origin, kept between requests.
pub(crate) struct Connection {
    agent: Agent,
    proxy: Option<Proxy>,
    pub(crate) control: Arc<Interrupt>,
    /// The end of the latest answer that nobody has read yet.
    rest: Option<BodyReader<'static>>,
}

impl Connection {
    pub(crate) fn new(blueprint: &ConnectConfig) -> Connection {
        let control = Arc::new(Interrupt::new());
        let tcp = TcpConnector { control: control.clone(), names: blueprint.names.clone() };
        let tls = TlsConnector { control: control.clone(), tls: blueprint.tls.clone() };
        let chain = tcp.chain(ConnectProxyConnector::default()).chain(tls);
        let agent = Agent::with_parts(Config::clone(&ureq_config()), chain, DeferredResolver);
        Connection { agent, proxy: blueprint.proxy.clone(), control, rest: None }
    }

    /// Sends a request and reads the head of its answer.
    pub(crate) fn run(&self, call: &Call, request: &Request<'_>) -> Result<http::Response<ureq::Body>, ureq::Error> {
        let Head { headers, secrets } = (request.head)();
        self.control.begin(call, room_for(request.uri, &headers));
        self.control.give_secrets(secrets);
        let mut head = http::Request::new(());
        *head.method_mut() = request.method.clone();
        *head.uri_mut() = request.uri.clone();
        *head.headers_mut() = headers;
        match request.body {
            None => self.run_through_proxy(head),
            Some(body) => self.run_through_proxy(head.map(|()| body)),
        }
    }

    fn run_through_proxy(
        &self,
        request: http::Request<impl AsSendBody>,
    ) -> Result<http::Response<ureq::Body>, ureq::Error> {
        match &self.proxy {
            None => self.agent.run(request),
            Some(proxy) => self.agent.run(self.agent.configure_request(request).proxy(Some(proxy.clone())).build()),
        }
    }

    /// Leaves the end of an answer for later.
    pub(crate) fn park(&mut self, rest: BodyReader<'static>) {
        self.rest = Some(rest);
    }

    /// Reads what a parked answer still has; false when it does not come at once, and the connection is of no use.
    pub(crate) fn settle(&mut self) -> bool {
        let Some(mut rest) = self.rest.take() else { return true };
        self.control.begin(&Call::new(Some(GRACE), &Arc::default()), 0);
        let mut scratch = [0; 4096];
        const MOST_READS: usize = 16;
        (0..MOST_READS).any(|_| matches!(std::io::Read::read(&mut rest, &mut scratch), Ok(0)))
    }
}

/// The configuration of every agent, without a proxy. Deadlines, redirects and statuses are handled by this library.
///
/// ureq reads the environment's proxies whenever a configuration is made, which races with a `setenv` of the program. So one
/// is made per process, when the first client is made. Held without a lock that a fork could orphan.
pub(super) fn ureq_config() -> Arc<Config> {
    static CONFIG: ArcSwapOption<Config> = ArcSwapOption::const_empty();
    if let Some(made) = &*CONFIG.load() {
        return made.clone();
    }
    let config = Config::builder()
        .proxy(None)
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .max_idle_connections(1)
        .max_idle_connections_per_host(1)
        .max_idle_age(MOST_IDLE)
        .user_agent(concat!("mcpclient/", env!("CARGO_PKG_VERSION")))
        .build();
    let config = Arc::new(config);
    CONFIG.store(Some(config.clone()));
    config
}

/// The longest line of the head decides how much room the buffers must offer.
fn room_for(uri: &Uri, headers: &Headers) -> usize {
    let longest = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).max().unwrap_or(0);
    let target = uri.path_and_query().map_or(0, |target| target.as_str().len());
    LEAST_ROOM.max(longest + 64).max(target + 64)
}
