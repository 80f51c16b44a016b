use std::ffi::{CStr, c_char};
use std::mem::MaybeUninit;

use super::error::mcpclient_error;
use super::status::mcpclient_status;
use super::{arg, guard, outcome, text};
use crate::{Client, Error, TransportKind};

/// A transport: one of MCPCLIENT_TRANSPORT_*.
pub type mcpclient_transport = i32;

// Typed i32, not mcpclient_transport: cbindgen then prints them together, in this order.

/// Chosen by the URL and by the server's first response.
pub const MCPCLIENT_TRANSPORT_AUTO: i32 = 0;
/// Streamable HTTP, of protocol version 2025-03-26 and later.
pub const MCPCLIENT_TRANSPORT_STREAMABLE_HTTP: i32 = 1;
/// HTTP with server-sent events, of protocol version 2024-11-05.
pub const MCPCLIENT_TRANSPORT_SSE: i32 = 2;
/// The standard streams of a program, of all protocol versions.
pub const MCPCLIENT_TRANSPORT_STDIO: i32 = 3;

// The core numbers its transports itself; the two lists must agree.
const _: () = {
    assert!(MCPCLIENT_TRANSPORT_AUTO == TransportKind::Auto as i32);
    assert!(MCPCLIENT_TRANSPORT_STREAMABLE_HTTP == TransportKind::StreamableHttp as i32);
    assert!(MCPCLIENT_TRANSPORT_SSE == TransportKind::Sse as i32);
    assert!(MCPCLIENT_TRANSPORT_STDIO == TransportKind::Stdio as i32);
};

/// A client of one MCP server, or a scope of one. Any thread may use it, and
/// calls may overlap; only mcpclient_free must be the last use.
pub struct mcpclient(pub(super) Client);

/// The client behind a handle. The clone keeps it alive when a callback frees the handle during the call.
///
/// # Safety
/// As for [`arg::required`].
pub(super) unsafe fn of(client: MaybeUninit<&mut mcpclient>) -> Result<Client, Error> {
    // SAFETY: promised by the caller.
    unsafe { arg::required(client, "client") }.map(|client| client.0.share())
}

/// Makes a client. The first call connects it.
///
/// @param url  The server's MCP endpoint, http:// or https://.
/// @return The client; NULL with MCPCLIENT_ERROR_INVALID_ARGUMENT for a URL
///         that cannot be used.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_new(
    url: MaybeUninit<&c_char>,
    error_out: *mut *mut mcpclient_error,
) -> *mut mcpclient {
    // SAFETY: the caller keeps the contract of the header.
    unsafe { outcome::handle(error_out, || Client::new(arg::text(url, "url")?).map(mcpclient)) }
}

/// Frees a client or a scope. With the last handle, the client is closed as
/// mcpclient_close does.
///
/// No other use of the handle may be running in another thread, or follow. When
/// this returns, no callback of the client runs, none will begin, and each
/// user_data_free has run. Blocks for one second at most (for a server that is a
/// program see mcpclient_set_grace_ms), and as long as a callback runs on a
/// thread of the library. A callback may free its own client:
/// the client is closed when the callback, and the call that it belongs to, have
/// returned.
///
/// @param client  The client; NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_free(client: *mut mcpclient) {
    // SAFETY: the caller keeps the contract of the header.
    unsafe { guard::plain((), || arg::owned(client).into_iter().for_each(|client| client.0.free())) }
}

/// Connects to the server: finds the transport and the protocol version that
/// both sides know, and opens a session where the protocol has one.
///
/// Optional, since the first call connects. Does nothing while connected. A
/// call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_connect(
    client: MaybeUninit<&mut mcpclient>,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe { outcome::status(error_out, || of(client)?.connect()) }
}

/// Checks that the server is reachable, speaks MCP and accepts the credentials.
///
/// Sends the request "ping", or "server/discover" with protocol version
/// 2026-07-28, which has no "ping". A call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_ping(
    client: MaybeUninit<&mut mcpclient>,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe { outcome::status(error_out, || of(client)?.ping()) }
}

/// Ends the calls that are running in other threads: they return
/// MCPCLIENT_ERROR_CANCELLED.
///
/// The client stays usable, and calls that start later are not affected. Not
/// for signal handlers.
///
/// @param client  The client: all of its calls, those of its scopes included.
///                A scope: its calls alone. NULL is ignored.
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

/// Ends the session with the server and closes the connections. The next call
/// connects again.
///
/// Does not end calls that are running in other threads (mcpclient_cancel
/// does), but they fail when they need the session. Blocks for one second at
/// most, to notify the server and to join the threads of the library; for a
/// server that is a program see mcpclient_set_grace_ms.
///
/// @param client  The client; a scope or NULL is ignored.
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

/// Returns the transport of the current connection.
///
/// @param client  The client, or NULL.
/// @return MCPCLIENT_TRANSPORT_STREAMABLE_HTTP or MCPCLIENT_TRANSPORT_SSE;
///         MCPCLIENT_TRANSPORT_AUTO while not connected.
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

/// Returns the protocol version of the current connection, such as
/// "2025-06-18".
///
/// @param client  The client, or NULL.
/// @return The version; NULL while not connected. Valid as long as the library
///         is loaded.
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
    use crate::protocol::version::Version;

    #[test]
    fn each_protocol_version_has_a_c_string() {
        for version in Version::ALL {
            assert_eq!(version_text(version.as_str()).unwrap().to_str(), Ok(version.as_str()));
        }
        assert_eq!(version_text("1900-01-01"), None);
    }
}
