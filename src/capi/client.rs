use std::ffi::{CStr, c_char};
use std::mem::MaybeUninit;

use super::error::mcpclient_error;
use super::status::mcpclient_status;
use super::{arg, guard, outcome, text};
use crate::{Client, TransportKind};

/// How messages travel: one of MCPCLIENT_TRANSPORT_*.
pub type mcpclient_transport = i32;

// Typed i32, not mcpclient_transport: cbindgen then prints them together, in this order.

/// The transport is chosen by the URL and by the server's first response.
pub const MCPCLIENT_TRANSPORT_AUTO: i32 = 0;
/// Streamable HTTP, of protocol version 2025-03-26 and later.
pub const MCPCLIENT_TRANSPORT_STREAMABLE_HTTP: i32 = 1;
/// HTTP with server-sent events, of protocol version 2024-11-05.
pub const MCPCLIENT_TRANSPORT_SSE: i32 = 2;

// The core numbers its transports itself; the two lists must agree.
const _: () = {
    assert!(MCPCLIENT_TRANSPORT_AUTO == TransportKind::Auto as i32);
    assert!(MCPCLIENT_TRANSPORT_STREAMABLE_HTTP == TransportKind::StreamableHttp as i32);
    assert!(MCPCLIENT_TRANSPORT_SSE == TransportKind::Sse as i32);
};

/// A client of one MCP server.
///
/// Made by mcpclient_new, freed by mcpclient_free.
/// Threads: any thread may use it, calls may overlap; mcpclient_free must be
/// the last use.
pub struct mcpclient(pub(super) Client);

/// Makes a client of the server at a URL.
///
/// Does not block and does no I/O: the first call connects.
///
/// @param url        The server's MCP endpoint, http:// or https://. The
///                   library copies url.
/// @param error_out  NULL, or set on failure. The caller frees it with
///                   mcpclient_error_free.
/// @return The client, or NULL with MCPCLIENT_ERROR_INVALID_ARGUMENT for a
///         URL that cannot be used or MCPCLIENT_ERROR_INTERNAL. The caller
///         frees it with mcpclient_free.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_new(
    url: MaybeUninit<&c_char>,
    error_out: *mut *mut mcpclient_error,
) -> *mut mcpclient {
    // SAFETY: the caller keeps the contract of the header.
    unsafe { outcome::handle(error_out, || Client::new(arg::text(url, "url")?).map(mcpclient)) }
}

/// Closes a client as mcpclient_close does, and frees it.
///
/// No other call on it may be running or follow, so no callback of the client
/// may do this. Blocks for at most one second.
///
/// @param client  The client, or NULL, which is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_free(client: *mut mcpclient) {
    // SAFETY: the caller keeps the contract of the header.
    unsafe { guard::plain((), || drop(arg::owned(client))) }
}

/// Connects to the server: finds the transport and the protocol version that
/// both sides know, and opens a session where the protocol has one.
///
/// Optional: the first call connects by itself. Does nothing while connected.
/// Blocks until the server has answered, at most for the time limit of
/// mcpclient_set_timeout_ms; mcpclient_cancel ends it.
///
/// @param client     The client.
/// @param error_out  NULL, or set on failure. The caller frees it with
///                   mcpclient_error_free.
/// @return MCPCLIENT_OK;
///         MCPCLIENT_ERROR_INVALID_ARGUMENT when client is NULL;
///         MCPCLIENT_ERROR_INVALID_STATE when a token callback set no token,
///         a token file can no longer be read, an environment variable holds
///         no usable proxy, or a callback makes the call that it is itself a
///         part of;
///         MCPCLIENT_ERROR_NETWORK when the server cannot be reached or the
///         connection breaks;
///         MCPCLIENT_ERROR_TLS; MCPCLIENT_ERROR_TIMEOUT;
///         MCPCLIENT_ERROR_CANCELLED;
///         MCPCLIENT_ERROR_UNAUTHORIZED or MCPCLIENT_ERROR_FORBIDDEN when the
///         server refuses the credentials;
///         MCPCLIENT_ERROR_HTTP for any other HTTP status that is no answer;
///         MCPCLIENT_ERROR_PROTOCOL when what answers does not speak MCP;
///         MCPCLIENT_ERROR_RPC when the server answers with an error;
///         MCPCLIENT_ERROR_UNSUPPORTED when no protocol version is common, or
///         the server does not offer what is asked of it;
///         MCPCLIENT_ERROR_INTERNAL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_connect(
    client: MaybeUninit<&mut mcpclient>,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe { outcome::status(error_out, || arg::required(client, "client")?.0.connect()) }
}

/// Asks the server for a sign of life.
///
/// MCPCLIENT_OK means: it is reachable, speaks MCP and accepts the
/// credentials. Sends the request "ping", or "server/discover" with protocol
/// version 2026-07-28, which has no "ping". Connects first if needed. Blocks
/// until the server has answered, at most for the time limit of
/// mcpclient_set_timeout_ms; mcpclient_cancel ends it.
///
/// @param client     The client.
/// @param error_out  NULL, or set on failure. The caller frees it with
///                   mcpclient_error_free.
/// @return MCPCLIENT_OK, or the status of a failed call, each as described at
///         mcpclient_connect: MCPCLIENT_ERROR_INVALID_ARGUMENT,
///         _INVALID_STATE, _NETWORK, _TLS, _TIMEOUT, _CANCELLED,
///         _UNAUTHORIZED, _FORBIDDEN, _HTTP, _PROTOCOL, _RPC, _UNSUPPORTED,
///         _INTERNAL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_ping(
    client: MaybeUninit<&mut mcpclient>,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe { outcome::status(error_out, || arg::required(client, "client")?.0.ping()) }
}

/// Ends the calls that are now in flight on a client, on whatever thread:
/// they return MCPCLIENT_ERROR_CANCELLED.
///
/// The client stays usable, and calls that start later are not touched. May
/// be called from any thread, not from a signal handler. Does not block.
///
/// @param client  The client; NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_cancel(client: *mut mcpclient) {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        guard::plain((), || {
            if let Some(client) = arg::optional(client) {
                client.0.cancel();
            }
        })
    }
}

/// Ends the session with the server and closes the connections.
///
/// The next call connects again. Calls in flight on other threads are not
/// ended (mcpclient_cancel does that), but fail when they need the session that
/// has ended. Blocks for at most one second, for the server to be told and the
/// threads of the library to end.
///
/// @param client  The client; NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_close(client: *mut mcpclient) {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        guard::plain((), || {
            if let Some(client) = arg::optional(client) {
                client.0.close();
            }
        })
    }
}

/// Gives the transport of the present connection.
///
/// Does not block.
///
/// @param client  The client.
/// @return MCPCLIENT_TRANSPORT_STREAMABLE_HTTP or MCPCLIENT_TRANSPORT_SSE;
///         MCPCLIENT_TRANSPORT_AUTO while not connected or when client is
///         NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_transport_in_use(client: *const mcpclient) -> mcpclient_transport {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        guard::plain(MCPCLIENT_TRANSPORT_AUTO, || match arg::optional(client) {
            Some(client) => client.0.transport_in_use() as i32,
            None => MCPCLIENT_TRANSPORT_AUTO,
        })
    }
}

/// Gives the protocol version of the present connection, such as
/// "2025-06-18".
///
/// Does not block.
///
/// @param client  The client.
/// @return The version; NULL while not connected or when client is NULL. A
///         string that is valid for as long as the library is loaded.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_protocol_version(client: *const mcpclient) -> *const c_char {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        guard::plain(text::borrowed(None), || {
            text::borrowed(arg::optional(client).and_then(|client| client.0.protocol_version()).and_then(version_text))
        })
    }
}

/// The protocol versions as C strings.
const VERSIONS: [&CStr; 5] = [c"2026-07-28", c"2025-11-25", c"2025-06-18", c"2025-03-26", c"2024-11-05"];

fn version_text(version: &str) -> Option<&'static CStr> {
    VERSIONS.into_iter().find(|text| text.to_bytes() == version.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Version;

    #[test]
    fn each_protocol_version_has_a_c_string() {
        for version in Version::ALL {
            assert_eq!(version_text(version.as_str()).unwrap().to_str(), Ok(version.as_str()));
        }
        assert_eq!(version_text("1900-01-01"), None);
    }
}
