//! Errors of ureq and of the sockets below it as errors of this library.

use std::io;

use crate::base::call::Call;
use crate::base::error::Error;
use crate::http::tls;

/// The error for a failure of ureq or of the layers below it; `host` is for the message.
pub(crate) fn explain(error: ureq::Error, call: &Call, host: &str) -> Error {
    if call.is_cancelled() {
        return Error::Cancelled;
    }
    match error {
        ureq::Error::Io(error) => explain_io(error, call, host),
        ureq::Error::Timeout(_) => call.timed_out(),
        ureq::Error::HostNotFound => Error::network(format!("the host name of {host} cannot be resolved")),
        ureq::Error::LargeResponseHeader(_, limit) => {
            Error::Protocol(format!("the head of the response is larger than {limit} bytes"))
        }
        ureq::Error::Protocol(reason) => Error::Protocol(format!("the response is not valid HTTP: {reason}")),
        ureq::Error::Decompress(_, error) => match error.get_ref().is_some_and(|inner| inner.is::<Error>()) {
            true => explain_io(error, call, host),
            false => Error::Protocol("the response's gzip data is not valid".to_owned()),
        },
        ureq::Error::BodyStalled => Error::Protocol("the response's body is not valid".to_owned()),
        ureq::Error::ConnectProxyFailed(reason) => {
            Error::network(format!("the proxy did not connect to {host}: {reason}"))
        }
        ureq::Error::Rustls(error) => Error::Tls(tls::describe(&error)),
        ureq::Error::Tls(reason) => Error::Tls(format!("TLS with {host} failed: {reason}")),
        other => Error::Internal(format!("the HTTP layer failed: {other}")),
    }
}

fn explain_io(error: io::Error, call: &Call, host: &str) -> Error {
    if let Some(tls_error) = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        return Error::Tls(tls::describe(tls_error));
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
            Ok(_) => Error::Timeout(format!("the connection to {host} was not made in time")),
            Err(ended) => ended,
        },
        io::ErrorKind::UnexpectedEof => {
            Error::network(format!("{host} closed the connection before the response was complete"))
        }
        io::ErrorKind::ConnectionRefused => Error::refused(format!("{host} refused the connection")),
        io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionAborted => {
            Error::network(format!("{host} reset the connection"))
        }
        _ => Error::network(format!("the connection to {host} failed: {error}")),
    }
}

/// The error inside the mark of `interrupt::broken`.
fn unmarked(error: io::Error) -> io::Error {
    error.downcast().unwrap_or_else(|plain| plain)
}
