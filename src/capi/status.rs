use std::ffi::{CStr, c_char};
use std::mem::MaybeUninit;

use super::{guard, text};
use crate::Status;

/// The result of a function: MCPCLIENT_OK or one of MCPCLIENT_ERROR_*. A later
/// release may add numbers; none changes its meaning.
pub type mcpclient_status = i32;

// Typed i32, not mcpclient_status: cbindgen then prints them together, in this order.

/// Success.
pub const MCPCLIENT_OK: i32 = 0;
/// An argument cannot be used: NULL, a bad URL, token, header or JSON text,
/// invalid UTF-8, an unknown number, a file that cannot be read. The message
/// names the argument.
pub const MCPCLIENT_ERROR_INVALID_ARGUMENT: i32 = 1;
/// Not possible now: a setting cannot change while connected, a token callback
/// set no token, a token file can no longer be read, an environment variable
/// holds no usable proxy, or a callback makes the call that it is itself a part
/// of.
pub const MCPCLIENT_ERROR_INVALID_STATE: i32 = 2;
/// The host name cannot be resolved, or the connection was refused, reset or
/// closed early.
pub const MCPCLIENT_ERROR_NETWORK: i32 = 3;
/// The TLS handshake failed, or a certificate was refused; the message says
/// which check failed.
pub const MCPCLIENT_ERROR_TLS: i32 = 4;
/// The time limit of the call passed, or the limit to open a connection.
pub const MCPCLIENT_ERROR_TIMEOUT: i32 = 5;
/// mcpclient_cancel ended the call.
pub const MCPCLIENT_ERROR_CANCELLED: i32 = 6;
/// HTTP 401: the server does not accept the credentials. The message and
/// mcpclient_error_www_authenticate have its reason.
pub const MCPCLIENT_ERROR_UNAUTHORIZED: i32 = 7;
/// HTTP 403: the credentials do not allow this. The message and
/// mcpclient_error_www_authenticate have the server's reason.
pub const MCPCLIENT_ERROR_FORBIDDEN: i32 = 8;
/// Another HTTP error status, or a redirect that is not followed.
pub const MCPCLIENT_ERROR_HTTP: i32 = 9;
/// The response is not valid HTTP, event stream, JSON, JSON-RPC or MCP, or is
/// larger than the limit.
pub const MCPCLIENT_ERROR_PROTOCOL: i32 = 10;
/// The server responded with a JSON-RPC error.
pub const MCPCLIENT_ERROR_RPC: i32 = 11;
/// No protocol version in common, or the transport or the server lacks the
/// feature.
pub const MCPCLIENT_ERROR_UNSUPPORTED: i32 = 12;
/// A bug in the library.
pub const MCPCLIENT_ERROR_INTERNAL: i32 = 13;

// The core numbers its statuses itself; the two lists must agree.
const _: () = {
    assert!(MCPCLIENT_ERROR_INVALID_ARGUMENT == Status::InvalidArgument as i32);
    assert!(MCPCLIENT_ERROR_INVALID_STATE == Status::InvalidState as i32);
    assert!(MCPCLIENT_ERROR_NETWORK == Status::Network as i32);
    assert!(MCPCLIENT_ERROR_TLS == Status::Tls as i32);
    assert!(MCPCLIENT_ERROR_TIMEOUT == Status::Timeout as i32);
    assert!(MCPCLIENT_ERROR_CANCELLED == Status::Cancelled as i32);
    assert!(MCPCLIENT_ERROR_UNAUTHORIZED == Status::Unauthorized as i32);
    assert!(MCPCLIENT_ERROR_FORBIDDEN == Status::Forbidden as i32);
    assert!(MCPCLIENT_ERROR_HTTP == Status::Http as i32);
    assert!(MCPCLIENT_ERROR_PROTOCOL == Status::Protocol as i32);
    assert!(MCPCLIENT_ERROR_RPC == Status::Rpc as i32);
    assert!(MCPCLIENT_ERROR_UNSUPPORTED == Status::Unsupported as i32);
    assert!(MCPCLIENT_ERROR_INTERNAL == Status::Internal as i32);
};

/// Returns the name of a status, such as "MCPCLIENT_ERROR_TIMEOUT", for logs.
///
/// @param status  Any number.
/// @return The name; "unknown status" for a number that this release does not
///         have. Valid as long as the library is loaded.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_status_name(status: mcpclient_status) -> MaybeUninit<&'static c_char> {
    guard::plain(text::never_null(UNKNOWN), || text::never_null(name(status)))
}

const UNKNOWN: &CStr = c"unknown status";

fn name(status: mcpclient_status) -> &'static CStr {
    match status {
        MCPCLIENT_OK => c"MCPCLIENT_OK",
        MCPCLIENT_ERROR_INVALID_ARGUMENT => c"MCPCLIENT_ERROR_INVALID_ARGUMENT",
        MCPCLIENT_ERROR_INVALID_STATE => c"MCPCLIENT_ERROR_INVALID_STATE",
        MCPCLIENT_ERROR_NETWORK => c"MCPCLIENT_ERROR_NETWORK",
        MCPCLIENT_ERROR_TLS => c"MCPCLIENT_ERROR_TLS",
        MCPCLIENT_ERROR_TIMEOUT => c"MCPCLIENT_ERROR_TIMEOUT",
        MCPCLIENT_ERROR_CANCELLED => c"MCPCLIENT_ERROR_CANCELLED",
        MCPCLIENT_ERROR_UNAUTHORIZED => c"MCPCLIENT_ERROR_UNAUTHORIZED",
        MCPCLIENT_ERROR_FORBIDDEN => c"MCPCLIENT_ERROR_FORBIDDEN",
        MCPCLIENT_ERROR_HTTP => c"MCPCLIENT_ERROR_HTTP",
        MCPCLIENT_ERROR_PROTOCOL => c"MCPCLIENT_ERROR_PROTOCOL",
        MCPCLIENT_ERROR_RPC => c"MCPCLIENT_ERROR_RPC",
        MCPCLIENT_ERROR_UNSUPPORTED => c"MCPCLIENT_ERROR_UNSUPPORTED",
        MCPCLIENT_ERROR_INTERNAL => c"MCPCLIENT_ERROR_INTERNAL",
        _ => UNKNOWN,
    }
}
