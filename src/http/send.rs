//! Sends one request over a pooled connection and reads the head of its response.

use std::sync::Arc;

use ::http::{HeaderName, HeaderValue};

use crate::base::call::Call;
use crate::base::error::Error;
use crate::base::threads::Threads;
use crate::http::active_connections::ActiveConnections;
use crate::http::body::Body;
use crate::http::config::ConnectConfig;
use crate::http::connection::Route;
use crate::http::dns::DnsCache;
use crate::http::endpoint::Endpoint;
use crate::http::error_map;
use crate::http::headers::Head;
use crate::http::pool::{Lease, Pool};
use crate::http::request::Request;
use crate::http::response::Response;

/// HTTP/1.1 to one origin.
#[derive(Debug)]
pub(crate) struct Http {
    config: Arc<ConnectConfig>,
    origin: Endpoint,
    pool: Arc<Pool>,
    threads: Arc<Threads>,
}

impl Http {
    pub(crate) fn new(
        config: &Arc<ConnectConfig>,
        threads: &Arc<Threads>,
        active: &Arc<ActiveConnections>,
        names: &Arc<DnsCache>,
    ) -> Result<Http, Error> {
        let origin = Endpoint::new(config.url.clone())?;
        let pool = Arc::new(Pool::new(Route::new(config, names)?, active.clone()));
        Ok(Http { config: config.clone(), origin, pool, threads: threads.clone() })
    }

    /// Connections to another server, with the threads, host names and cancellations of these.
    pub(super) fn sibling(&self, config: &Arc<ConnectConfig>) -> Result<Http, Error> {
        Http::new(config, &self.threads, self.pool.active(), &self.pool.route().names)
    }

    pub(super) fn config(&self) -> &ConnectConfig {
        &self.config
    }

    /// The client's own URL.
    pub(crate) fn origin(&self) -> &Endpoint {
        &self.origin
    }

    /// Sends the request to `target` and returns when the head of its response has been read.
    ///
    /// # Errors
    /// [`Error::Network`], [`Error::Tls`], [`Error::Timeout`], [`Error::Cancelled`], [`Error::Protocol`]. A status
    /// outside 2xx is not an error here.
    pub(crate) fn send(
        &self,
        call: &Call,
        target: &Endpoint,
        request: &Request<'_>,
        credentials: &[(HeaderName, HeaderValue)],
    ) -> Result<Response, Error> {
        loop {
            call.remaining()?;
            let lease = self.pool.lease(call)?;
            let opened_before = lease.interrupt.opened();
            let head = Head::new(request, credentials);
            let failure = match lease.run(call, &request.method, target.uri(), head, request.body) {
                Ok(response) => return Ok(respond(call, lease, response)),
                Err(failure) => failure,
            };
            let was_kept = opened_before > 0 && lease.interrupt.opened() == opened_before;
            let got_response = lease.interrupt.got_response();
            lease.discard();
            let error = error_map::explain(failure, call, &self.pool.route().peer);
            if was_kept && !got_response && request.idempotent && matches!(error, Error::Network(_)) {
                continue;
            }
            if !got_response {
                self.pool.route().names.clear();
            }
            return Err(error);
        }
    }

    /// The connections in use, of all sessions of the client.
    pub(crate) fn active(&self) -> &ActiveConnections {
        self.pool.active()
    }

    /// Closes the idle connections now and the others when their requests are done.
    pub(crate) fn close(&self) {
        self.pool.close();
    }

    /// Leaves the connections to the parent process of a forked child.
    pub(crate) fn abandon(&self) {
        self.pool.abandon();
    }

    pub(crate) fn threads(&self) -> &Threads {
        &self.threads
    }
}

fn respond(call: &Call, lease: Lease, response: ::http::Response<ureq::Body>) -> Response {
    let (head, body) = response.into_parts();
    let body = Body::new(call.clone(), lease, &head.headers, body);
    Response { status: head.status.as_u16(), headers: head.headers, body, sent: None }
}
