//! The one error type.

use std::fmt;

/// Why a call failed.
///
/// Each variant stands for one status of the C API; [`Error::status`] gives its number. The text is one line for a
/// person that says what failed and where, and never contains a credential.
///
/// ```
/// let error = mcpclient::Client::new("ftp://example.com").unwrap_err();
/// assert!(matches!(error, mcpclient::Error::InvalidArgument(_)));
/// assert_eq!(error.http_status(), None);
/// ```
#[derive(Debug, Clone, thiserror::Error)]
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
    Network(NetworkError),
    /// A limit of the process or the system: descriptors, threads, memory. A kind of [`Status::Network`].
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
    /// Any other HTTP status outside 2xx, redirects that are not followed included.
    #[error("{0}")]
    Http(Box<ErrorResponse>),
    /// A response that is not valid HTTP, event stream, JSON, JSON-RPC or MCP, or over a size limit.
    #[error("{0}")]
    Protocol(String),
    /// A JSON-RPC error of the server.
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
#[allow(missing_docs)] // described at the variant of `Error` of the same name
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

/// A failure of the network.
#[derive(Debug, Clone)]
pub struct NetworkError {
    message: String,
    kind: NetworkErrorKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NetworkErrorKind {
    Other,
    /// The session ended before the request was sent, so that the server has not seen it.
    NotSent,
    /// The session was lost while the call waited for the response.
    SessionLost,
    /// The server's port refused the connection.
    Refused,
}

impl fmt::Display for NetworkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// An HTTP response outside 2xx.
#[derive(Debug, Clone)]
pub struct ErrorResponse {
    pub(crate) message: String,
    /// The part of the message that the server wrote; empty when it wrote nothing.
    pub(crate) reason: String,
    pub(crate) http_status: u16,
    pub(crate) www_authenticate: Option<String>,
    /// Names in lower case and values of the parameters of the Bearer challenges, each name once.
    pub(crate) challenge_parameters: Vec<(String, String)>,
}

impl ErrorResponse {
    /// A refusal of an authorization server, with the parameters of its OAuth error. `http_status` 0: it gave none.
    pub(crate) fn of_authorization_server(
        message: String,
        reason: String,
        http_status: u16,
        challenge_parameters: Vec<(String, String)>,
    ) -> ErrorResponse {
        ErrorResponse { message, reason, http_status, www_authenticate: None, challenge_parameters }
    }
}

impl fmt::Display for ErrorResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// A JSON-RPC error object (JSON-RPC 2.0, section 5.1 <https://www.jsonrpc.org/specification#error_object>).
#[derive(Debug, Clone)]
pub struct RpcError {
    pub(crate) code: i32,
    pub(crate) message: String,
    pub(crate) data: Option<String>,
    pub(crate) http_status: u16,
}

impl fmt::Display for RpcError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the server responded with error {}: {}", self.code, self.message)
    }
}

impl Error {
    pub(crate) fn network(message: impl Into<String>) -> Error {
        Error::Network(NetworkError { message: message.into(), kind: NetworkErrorKind::Other })
    }

    /// The error of a call whose session was lost while it waited for the response.
    pub(crate) fn session_lost(message: impl Into<String>) -> Error {
        Error::Network(NetworkError { message: message.into(), kind: NetworkErrorKind::SessionLost })
    }

    /// A network error of a request that the server has certainly not seen.
    pub(crate) fn not_sent(message: impl Into<String>) -> Error {
        Error::Network(NetworkError { message: message.into(), kind: NetworkErrorKind::NotSent })
    }

    /// The error of a connection that the server's port refused.
    pub(crate) fn refused(message: impl Into<String>) -> Error {
        Error::Network(NetworkError { message: message.into(), kind: NetworkErrorKind::Refused })
    }

    /// Whether the server's port refused the connection.
    pub(crate) fn is_refused(&self) -> bool {
        matches!(self, Error::Network(error) if error.kind == NetworkErrorKind::Refused)
    }

    /// Whether the server has certainly not seen the request.
    pub(crate) fn is_not_sent(&self) -> bool {
        matches!(self, Error::Network(error) if error.kind == NetworkErrorKind::NotSent)
    }

    /// Whether the session was lost while the call waited for the response.
    pub(crate) fn is_session_lost(&self) -> bool {
        matches!(self, Error::Network(error) if error.kind == NetworkErrorKind::SessionLost)
    }

    /// Whether the call has ended by itself: cancelled, or its deadline passed.
    pub(crate) fn ends_call(&self) -> bool {
        matches!(self, Error::Cancelled | Error::Timeout(_))
    }

    /// The number of this error in the C API.
    pub fn status(&self) -> Status {
        match self {
            Error::InvalidArgument(_) => Status::InvalidArgument,
            Error::InvalidState(_) => Status::InvalidState,
            Error::Network(_) | Error::NoResources(_) => Status::Network,
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

    /// The same with `redact` applied to the texts that may quote the server. Texts from a response's body and
    /// challenges were redacted when they were read.
    pub(crate) fn redacted(self, redact: impl Fn(&str) -> String) -> Error {
        match self {
            Error::Network(error) => Error::Network(NetworkError { message: redact(&error.message), ..error }),
            Error::Tls(text) => Error::Tls(redact(&text)),
            Error::Protocol(text) => Error::Protocol(redact(&text)),
            Error::Unsupported(text) => Error::Unsupported(redact(&text)),
            Error::Http(response) => {
                Error::Http(Box::new(ErrorResponse { message: redact(&response.message), ..*response }))
            }
            other => other,
        }
    }

    /// The HTTP status of the response, if there was one.
    pub fn http_status(&self) -> Option<u16> {
        match self {
            Error::Rpc(rpc) => Some(rpc.http_status).filter(|status| *status != 0),
            _ => self.response().map(|response| response.http_status),
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

    /// The `WWW-Authenticate` header of the response; several headers are joined by `, `
    /// ([RFC 9110, section 5.3](https://www.rfc-editor.org/rfc/rfc9110#section-5.3)).
    pub fn www_authenticate(&self) -> Option<&str> {
        self.response().and_then(|response| response.www_authenticate.as_deref())
    }

    /// One parameter of the Bearer challenge, such as `error_description`; names have no case
    /// ([RFC 6750, section 3](https://www.rfc-editor.org/rfc/rfc6750#section-3)).
    pub fn challenge_parameter(&self, name: &str) -> Option<&str> {
        let mut known = self.challenge_parameters().iter();
        known.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The parameters of the Bearer challenges, names in lower case.
    pub(crate) fn challenge_parameters(&self) -> &[(String, String)] {
        self.response().map_or(&[], |response| &response.challenge_parameters)
    }

    fn response(&self) -> Option<&ErrorResponse> {
        match self {
            Error::Unauthorized(response) | Error::Forbidden(response) | Error::Http(response) => Some(response),
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
