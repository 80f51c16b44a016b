//! Errors of ureq and of the sockets below it as errors of this library.

use std::fmt;
use std::io;

use crate::base::call::Call;
use crate::base::error::Error;
use crate::http::tls_error;

/// Whom a connection is for, and whom its socket is connected to; for messages.
#[derive(Debug)]
pub(crate) struct Peer {
    /// The origin's host and port.
    pub(crate) host: String,
    /// A proxy by its host and port, and where it was set.
    pub(crate) proxy: Option<String>,
}

impl Peer {
    fn connected(&self) -> &str {
        self.proxy.as_deref().unwrap_or(&self.host)
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.proxy {
            None => f.write_str(&self.host),
            Some(proxy) => write!(f, "{} through {proxy}", self.host),
        }
    }
}

/// The error for a failure of ureq or of the layers below it.
pub(crate) fn explain(error: ureq::Error, call: &Call, peer: &Peer) -> Error {
    if call.is_cancelled() {
        return Error::Cancelled;
    }
    match error {
        ureq::Error::Io(error) => explain_io(error, call, peer),
        ureq::Error::Timeout(_) => call.timed_out(),
        ureq::Error::HostNotFound => {
            Error::network(format!("the host name of {} cannot be resolved", peer.connected()))
        }
        ureq::Error::LargeResponseHeader(_, limit) => {
            Error::Protocol(format!("the head of the response is larger than {limit} bytes"))
        }
        ureq::Error::Protocol(reason) => Error::Protocol(format!("the response is not valid HTTP: {reason}")),
        ureq::Error::Decompress(_, error) => match error.get_ref().is_some_and(|inner| inner.is::<Error>()) {
            true => explain_io(error, call, peer),
            false => Error::Protocol("the response's gzip data is not valid".to_owned()),
        },
        ureq::Error::BodyStalled => Error::Protocol("the response's body is not valid".to_owned()),
        ureq::Error::ConnectProxyFailed(reason) => {
            Error::network(format!("{} did not connect to {}: {reason}", peer.connected(), peer.host))
        }
        ureq::Error::Rustls(error) => Error::Tls(tls_error::describe(&error)),
        ureq::Error::Tls(reason) => Error::Tls(format!("TLS with {peer} failed: {reason}")),
        other => Error::Internal(format!("the HTTP layer failed: {other}")),
    }
}

fn explain_io(error: io::Error, call: &Call, peer: &Peer) -> Error {
    if let Some(tls_error) = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        return Error::Tls(tls_error::describe(tls_error));
    }
    let error = unmarked(error);
    let kind = error.kind();
    let text = error.to_string();
    let error = match error.into_inner().map(|inner| inner.downcast::<Error>()) {
        Some(Ok(own)) => return *own,
        Some(Err(inner)) => inner.to_string(),
        None => text,
    };
    match kind {
        io::ErrorKind::TimedOut => match call.remaining() {
            Ok(_) => Error::Timeout(format!("the connection to {} was not made in time", peer.connected())),
            Err(ended) => ended,
        },
        io::ErrorKind::UnexpectedEof => {
            Error::network(format!("{peer} closed the connection before the response was complete"))
        }
        io::ErrorKind::ConnectionRefused => Error::refused(format!("{} refused the connection", peer.connected())),
        io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionAborted => {
            Error::network(format!("{peer} reset the connection"))
        }
        _ => Error::network(format!("the connection to {peer} failed: {error}")),
    }
}

/// The error inside the mark of `interrupt::broken`.
fn unmarked(error: io::Error) -> io::Error {
    error.downcast().unwrap_or_else(|plain| plain)
}
