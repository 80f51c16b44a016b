//! The one error type: what failed, in the words that a caller acts on.

use std::fmt;

use crate::protocol::www_authenticate::{self, Challenge};

/// Why a call failed.
///
/// Each variant stands for one status of the C API; [`Error::status`] gives its number. The texts are one line for a person and
/// never contain a credential.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An argument that cannot be used: a bad URL, token, header or JSON text.
    #[error("{0}")]
    InvalidArgument(String),
    /// Not possible now, such as a change of transport while connected.
    #[error("{0}")]
    InvalidState(String),
    /// Name resolution failed; the connection was refused, reset or closed early.
    #[error("{0}")]
    Network(String),
    /// The session was over before the request was sent, so that the server has not seen it: a kind of
    /// [`Status::Network`].
    #[error("{0}")]
    Unsent(String),
    /// A limit of the process or the system: descriptors, threads, memory. A kind of [`Status::Network`], whatever it was
    /// needed for.
    #[error("{0}")]
    NoResources(String),
    /// The TLS handshake failed; the text says which check.
    #[error("{0}")]
    Tls(String),
    /// The deadline of the call passed.
    #[error("{0}")]
    Timeout(String),
    /// The call was cancelled from another thread.
    #[error("the call was cancelled")]
    Cancelled,
    /// HTTP 401: the server did not accept the credentials.
    #[error("{0}")]
    Unauthorized(Box<ErrorResponse>),
    /// HTTP 403: the credentials do not allow this.
    #[error("{0}")]
    Forbidden(Box<ErrorResponse>),
    /// Any other HTTP status that is not an answer, refused redirects included.
    #[error("{0}")]
    Http(Box<ErrorResponse>),
    /// An answer that is not valid HTTP, event stream, JSON, JSON-RPC or MCP, or over a size limit.
    #[error("{0}")]
    Protocol(String),
    /// The server answered with a JSON-RPC error.
    #[error("{0}")]
    Rpc(Box<RpcError>),
    /// No protocol version in common, or a feature that the transport or the server lacks.
    #[error("{0}")]
    Unsupported(String),
    /// A bug in this library.
    #[error("{0}")]
    Internal(String),
}

/// The number of an [`Error`] in the C API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
#[non_exhaustive]
#[allow(missing_docs)] // each is described at the variant of `Error` that has its name
pub enum Status {
    InvalidArgument = 1,
    InvalidState = 2,
    Network = 3,
    Tls = 4,
    Timeout = 5,
    Cancelled = 6,
    Unauthorized = 7,
    Forbidden = 8,
    Http = 9,
    Protocol = 10,
    Rpc = 11,
    Unsupported = 12,
    Internal = 13,
}

/// An HTTP answer that refuses the request.
#[derive(Debug)]
pub struct ErrorResponse {
    pub(crate) message: String,
    /// The part of the message that the server wrote; empty when it wrote nothing.
    pub(crate) reason: String,
    pub(crate) http_status: u16,
    pub(crate) www_authenticate: Option<String>,
    pub(crate) challenges: Vec<Challenge>,
}

impl fmt::Display for ErrorResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// A JSON-RPC error object (JSON-RPC 2.0, section 5.1).
#[derive(Debug)]
pub struct RpcError {
    pub(crate) code: i32,
    pub(crate) message: String,
    pub(crate) data: Option<String>,
    pub(crate) http_status: u16,
}

impl fmt::Display for RpcError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the server answered with error {}: {}", self.code, self.message)
    }
}

impl Error {
    /// The number of this error in the C API.
    pub fn status(&self) -> Status {
        match self {
            Error::InvalidArgument(_) => Status::InvalidArgument,
            Error::InvalidState(_) => Status::InvalidState,
            Error::Network(_) | Error::Unsent(_) | Error::NoResources(_) => Status::Network,
            Error::Tls(_) => Status::Tls,
            Error::Timeout(_) => Status::Timeout,
            Error::Cancelled => Status::Cancelled,
            Error::Unauthorized(_) => Status::Unauthorized,
            Error::Forbidden(_) => Status::Forbidden,
            Error::Http(_) => Status::Http,
            Error::Protocol(_) => Status::Protocol,
            Error::Rpc(_) => Status::Rpc,
            Error::Unsupported(_) => Status::Unsupported,
            Error::Internal(_) => Status::Internal,
        }
    }

    /// The same with the texts that may quote the server run through `redact`: it may repeat a credential anywhere. What
    /// comes from an answer's body and challenges was when it was read.
    pub(crate) fn redacted(self, redact: impl Fn(&str) -> String) -> Error {
        match self {
            Error::Network(text) => Error::Network(redact(&text)),
            Error::Unsent(text) => Error::Unsent(redact(&text)),
            Error::Tls(text) => Error::Tls(redact(&text)),
            Error::Protocol(text) => Error::Protocol(redact(&text)),
            Error::Unsupported(text) => Error::Unsupported(redact(&text)),
            Error::Http(refusal) => {
                Error::Http(Box::new(ErrorResponse { message: redact(&refusal.message), ..*refusal }))
            }
            own => own,
        }
    }

    /// The HTTP status of the answer, if there was one.
    pub fn http_status(&self) -> Option<u16> {
        match self {
            Error::Rpc(rpc) => Some(rpc.http_status).filter(|status| *status != 0),
            _ => self.refusal().map(|refusal| refusal.http_status),
        }
    }

    /// The code of the server's JSON-RPC error.
    pub fn rpc_code(&self) -> Option<i32> {
        self.rpc().map(|rpc| rpc.code)
    }

    /// The `data` member of the server's JSON-RPC error, as JSON text.
    pub fn rpc_data(&self) -> Option<&str> {
        self.rpc().and_then(|rpc| rpc.data.as_deref())
    }

    /// The `WWW-Authenticate` header as it came; several headers are joined by `, ` (RFC 9110, section 5.3).
    pub fn www_authenticate(&self) -> Option<&str> {
        self.refusal().and_then(|refusal| refusal.www_authenticate.as_deref())
    }

    /// One parameter of the Bearer challenge (RFC 6750, section 3), such as `error_description`.
    pub fn challenge_parameter(&self, name: &str) -> Option<&str> {
        www_authenticate::bearer_parameter(&self.refusal()?.challenges, name)
    }

    /// The parameters of the Bearer challenges, each as [`Error::challenge_parameter`] gives it.
    pub(crate) fn challenge_parameters(&self) -> Vec<(&str, &str)> {
        self.refusal().map_or_else(Vec::new, |refusal| www_authenticate::bearer_parameters(&refusal.challenges))
    }

    fn refusal(&self) -> Option<&ErrorResponse> {
        match self {
            Error::Unauthorized(refusal) | Error::Forbidden(refusal) | Error::Http(refusal) => Some(refusal),
            _ => None,
        }
    }

    pub(crate) fn rpc(&self) -> Option<&RpcError> {
        match self {
            Error::Rpc(rpc) => Some(rpc),
            _ => None,
        }
    }
}
