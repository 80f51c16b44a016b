//! HTTP/1.1 over ureq: connections of one client, kept and shared by its threads.
//!
//! Only this module and the header types of `auth` know ureq. Deadlines, cancellation and the wiping of buffers live in
//! the sockets (`tcp`, `tls`), below ureq.

mod active_connections;
mod body;
mod buffers;
pub(crate) mod client;
mod connection;
mod dns;
pub(crate) mod endpoint;
mod error_map;
pub(crate) mod error_response;
mod interrupt;
pub(crate) mod proxy;
mod tcp;
pub(crate) mod tls;
mod trust;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub(crate) use active_connections::ActiveConnections;
pub(crate) use body::Body;
use connection::{ConnectConfig, Connection};
pub(crate) use dns::DnsCache;
use tls::Tls;
pub(crate) use ureq::http::header;
pub(crate) use ureq::http::{HeaderMap as Headers, HeaderName, HeaderValue, Method, Uri};
use url::Url;

use crate::base::call::Call;
use crate::base::error::Error;
use crate::base::threads::Threads;
use crate::session::config::Settings;

/// Reads what is read once in a process, while it may have one thread only.
pub(crate) fn prepare() {
    connection::ureq_config();
}

/// The most connections that are kept while nobody uses them.
const MOST_IDLE: usize = 64;

/// Header fields that hold credentials.
pub(crate) type Secrets = Vec<(HeaderName, HeaderValue)>;

/// The header fields of a request.
pub(crate) struct Head {
    pub(crate) headers: Headers,
    /// Written by the connection itself: ureq, which keeps requests and logs what it writes, never has them.
    pub(crate) secrets: Secrets,
}

/// A request, ready to be sent.
pub(crate) struct Request<'a> {
    pub(crate) method: Method,
    pub(crate) uri: &'a Uri,
    /// Makes the header fields, anew for each try: they are handed over.
    pub(crate) head: &'a dyn Fn() -> Head,
    pub(crate) body: Option<&'a [u8]>,
    /// Whether the request may be sent again when a kept connection turns out to be dead before any answer.
    pub(crate) repeatable: bool,
    /// The most bytes that the answer's decoded body may have.
    pub(crate) limit: u64,
}

/// The head of an answer, and its body.
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Headers,
    pub(crate) body: Body,
    /// The token that went with the request, as it was sent: the answer may repeat it.
    pub(crate) sent: Option<HeaderValue>,
}

impl Response {
    /// A header's text, if it is there and plain.
    pub(crate) fn header(&self, name: impl header::AsHeaderName) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The media type without its parameters, in lower case.
    pub(crate) fn media_type(&self) -> Option<String> {
        let value = self.header(header::CONTENT_TYPE)?;
        Some(value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
    }
}

/// The connections of one client to its origin.
#[derive(Debug)]
pub(crate) struct Http {
    blueprint: ConnectConfig,
    host: String,
    busy: Arc<ActiveConnections>,
    pool: Mutex<Pool>,
}

#[derive(Default)]
struct Pool {
    idle: Vec<Connection>,
    closed: bool,
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Pool({} idle)", self.idle.len())
    }
}

impl Http {
    pub(crate) fn new(
        settings: &Settings,
        threads: &Arc<Threads>,
        busy: &Arc<ActiveConnections>,
        names: &Arc<DnsCache>,
    ) -> Result<Http, Error> {
        let proxy = settings.proxy.for_url(&settings.url)?;
        let through_tls = proxy.as_ref().is_some_and(|proxy| proxy.uri().scheme_str() == Some("https"));
        let tls = (settings.url.scheme() == "https" || through_tls).then(|| Arc::new(Tls::new(settings.tls.clone())));
        let blueprint = ConnectConfig { proxy, tls, names: names.clone(), threads: threads.clone() };
        let host = host_and_port(&settings.url);
        Ok(Http { blueprint, host, busy: busy.clone(), pool: Mutex::default() })
    }

    /// The host and port, for messages.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    fn pool(&self) -> MutexGuard<'_, Pool> {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a request and returns when the head of its answer is there.
    pub(crate) fn send(self: &Arc<Self>, call: &Call, request: &Request<'_>) -> Result<Response, Error> {
        loop {
            call.remaining()?;
            let connection = self.take(call)?;
            let opened_before = connection.control.opened();
            match connection.run(call, request) {
                Ok(response) => return Ok(self.respond(call, connection, response, request.limit)),
                Err(failure) => {
                    self.discard(&connection);
                    let kept = opened_before > 0 && connection.control.opened() == opened_before;
                    let unanswered = !connection.control.answered();
                    let error = error_map::explain(failure, call, &self.host);
                    if kept && unanswered && request.repeatable && matches!(error, Error::Network(_)) {
                        continue;
                    }
                    if unanswered {
                        self.blueprint.names.clear();
                    }
                    return Err(error);
                }
            }
        }
    }

    fn respond(
        self: &Arc<Self>,
        call: &Call,
        connection: Connection,
        response: ureq::http::Response<ureq::Body>,
        limit: u64,
    ) -> Response {
        let (head, body) = response.into_parts();
        let body = Body::new(self.clone(), call.clone(), connection, body, limit);
        Response { status: head.status.as_u16(), headers: head.headers, body, sent: None }
    }

    /// A connection for a call's own use, known to those who may cancel the call.
    fn take(&self, call: &Call) -> Result<Connection, Error> {
        loop {
            let idle = self.pool().idle.pop();
            let connection = match idle {
                None => Connection::new(&self.blueprint),
                Some(mut connection) => match connection.settle() {
                    true => connection,
                    false => continue,
                },
            };
            connection.control.begin(call, 0);
            self.busy.add(&connection.control);
            // Whoever cancels after this look finds the connection among the busy ones.
            return match call.remaining() {
                Ok(_) => Ok(connection),
                Err(over) => {
                    self.give_back(connection);
                    Err(over)
                }
            };
        }
    }

    fn give_back(&self, connection: Connection) {
        self.busy.remove(&connection.control);
        let mut pool = self.pool();
        if !pool.closed && pool.idle.len() < MOST_IDLE {
            pool.idle.push(connection);
        }
    }

    fn discard(&self, connection: &Connection) {
        self.busy.remove(&connection.control);
        // The server shall see the end even while a child of a fork still holds the socket.
        connection.control.interrupt();
    }

    /// The connections in use, of this client's whole process.
    pub(crate) fn busy(&self) -> &ActiveConnections {
        &self.busy
    }

    /// Closes the resting connections now and the others when they are done.
    pub(crate) fn close(&self) {
        let idle = {
            let mut pool = self.pool();
            pool.closed = true;
            std::mem::take(&mut pool.idle)
        };
        drop(idle);
    }

    /// Closes the resting connections of a parent process in its child, unless somebody held the lock at the fork.
    pub(crate) fn abandon(&self) {
        if let Ok(mut pool) = self.pool.try_lock() {
            let inherited = std::mem::take(&mut pool.idle).into_iter();
            inherited.filter(|idle| !idle.control.prepare_drop_in_child()).for_each(std::mem::forget);
        }
    }

    pub(crate) fn threads(&self) -> &Threads {
        &self.blueprint.threads
    }
}

fn host_and_port(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port_or_known_default() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}
