use std::ffi::c_char;
use std::mem::MaybeUninit;
use std::time::Duration;

use super::client::{mcpclient, mcpclient_transport};
use super::error::mcpclient_error;
use super::status::mcpclient_status;
use super::{arg, outcome};
use crate::{Error, TransportKind};

/// Chooses the transport.
///
/// By default, MCPCLIENT_TRANSPORT_AUTO, a URL whose path has the segment
/// "sse" gets HTTP with server-sent events, and any other Streamable HTTP,
/// with a fallback to the former when the server turns out to be an old one.
/// Does not block.
///
/// @param client     The client.
/// @param transport  MCPCLIENT_TRANSPORT_AUTO,
///                   MCPCLIENT_TRANSPORT_STREAMABLE_HTTP or
///                   MCPCLIENT_TRANSPORT_SSE.
/// @param error_out  NULL, or set on failure. The caller frees it with
///                   mcpclient_error_free.
/// @return MCPCLIENT_OK; MCPCLIENT_ERROR_INVALID_ARGUMENT when client is NULL
///         or transport is another number; MCPCLIENT_ERROR_INVALID_STATE while
///         connected; MCPCLIENT_ERROR_INTERNAL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_set_transport(
    client: MaybeUninit<&mut mcpclient>,
    transport: mcpclient_transport,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        outcome::status(error_out, || {
            let client = arg::required(client, "client")?;
            let transport = TransportKind::from_number(transport)
                .ok_or_else(|| Error::InvalidArgument(format!("transport is {transport}, which is none")))?;
            client.0.set_transport(transport)
        })
    }
}

/// Pins the protocol version, so that connecting does not negotiate it.
///
/// Needed where a server cannot bear the question: one of FastMCP 2.6 in its
/// stateless mode fails for all its clients when it meets a method that it
/// does not know. Does not block.
///
/// @param client     The client.
/// @param version    "2026-07-28", "2025-11-25", "2025-06-18", "2025-03-26" or
///                   "2024-11-05"; NULL, the default: negotiate. The library
///                   copies version.
/// @param error_out  NULL, or set on failure. The caller frees it with
///                   mcpclient_error_free.
/// @return MCPCLIENT_OK; MCPCLIENT_ERROR_INVALID_ARGUMENT when client is NULL
///         or the version is another; MCPCLIENT_ERROR_INVALID_STATE while
///         connected; MCPCLIENT_ERROR_INTERNAL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_set_protocol_version(
    client: MaybeUninit<&mut mcpclient>,
    version: *const c_char,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        outcome::status(error_out, || {
            arg::required(client, "client")?.0.set_protocol_version(arg::optional_text(version, "version")?)
        })
    }
}

/// Limits the time of one call, from its start to its end, connecting
/// included; a server that trickles bytes does not stretch it.
///
/// Does not block.
///
/// @param client     The client.
/// @param ms         Milliseconds; 0: no limit. 30000 by default.
/// @param error_out  NULL, or set on failure. The caller frees it with
///                   mcpclient_error_free.
/// @return MCPCLIENT_OK; MCPCLIENT_ERROR_INVALID_ARGUMENT when client is NULL;
///         MCPCLIENT_ERROR_INTERNAL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_set_timeout_ms(
    client: MaybeUninit<&mut mcpclient>,
    ms: u32,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        outcome::status(error_out, || {
            arg::required(client, "client")?.0.set_timeout(duration(ms));
            Ok(())
        })
    }
}

/// Limits the time to open one connection: name resolution, TCP and TLS.
///
/// Does not block.
///
/// @param client     The client.
/// @param ms         Milliseconds; 0: no limit but that of the call. 10000 by
///                   default.
/// @param error_out  NULL, or set on failure. The caller frees it with
///                   mcpclient_error_free.
/// @return MCPCLIENT_OK; MCPCLIENT_ERROR_INVALID_ARGUMENT when client is NULL;
///         MCPCLIENT_ERROR_INTERNAL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_set_connect_timeout_ms(
    client: MaybeUninit<&mut mcpclient>,
    ms: u32,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        outcome::status(error_out, || {
            arg::required(client, "client")?.0.set_connect_timeout(duration(ms));
            Ok(())
        })
    }
}

/// Limits the size of one answer; a larger one is MCPCLIENT_ERROR_PROTOCOL.
///
/// Does not block.
///
/// @param client     The client.
/// @param bytes      Bytes after decompression, at least 1. 67108864 (64 MiB)
///                   by default.
/// @param error_out  NULL, or set on failure. The caller frees it with
///                   mcpclient_error_free.
/// @return MCPCLIENT_OK; MCPCLIENT_ERROR_INVALID_ARGUMENT when client is NULL
///         or bytes is 0; MCPCLIENT_ERROR_INTERNAL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_set_max_response_bytes(
    client: MaybeUninit<&mut mcpclient>,
    bytes: u64,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe { outcome::status(error_out, || arg::required(client, "client")?.0.set_max_response_bytes(bytes)) }
}

/// Sets the capabilities that the server is told of, instead of what the
/// handlers of mcpclient_on_request imply.
///
/// For what no handler can express, such as
/// {"roots":{"listChanged":true}}. The server is told when the client
/// connects; with protocol version 2026-07-28, with each request. Does not
/// block.
///
/// @param client     The client.
/// @param json       A JSON object; NULL, the default: what the handlers
///                   imply. The library copies json.
/// @param error_out  NULL, or set on failure. The caller frees it with
///                   mcpclient_error_free.
/// @return MCPCLIENT_OK; MCPCLIENT_ERROR_INVALID_ARGUMENT when client is NULL
///         or json is not a JSON object; MCPCLIENT_ERROR_INTERNAL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_set_capabilities(
    client: MaybeUninit<&mut mcpclient>,
    json: *const c_char,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        outcome::status(error_out, || {
            arg::required(client, "client")?.0.set_capabilities(arg::optional_text(json, "json")?)
        })
    }
}

/// Sets the name and version of the program that the server is told of,
/// instead of those of the library.
///
/// The server is told when the client connects; with protocol version
/// 2026-07-28, with each request. Does not block.
///
/// @param client     The client.
/// @param name       The program's name. The library copies name.
/// @param version    The program's version. The library copies version.
/// @param error_out  NULL, or set on failure. The caller frees it with
///                   mcpclient_error_free.
/// @return MCPCLIENT_OK; MCPCLIENT_ERROR_INVALID_ARGUMENT when one of the
///         three is NULL or name is empty; MCPCLIENT_ERROR_INTERNAL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_set_client_info(
    client: MaybeUninit<&mut mcpclient>,
    name: MaybeUninit<&c_char>,
    version: MaybeUninit<&c_char>,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        outcome::status(error_out, || {
            let client = arg::required(client, "client")?;
            client.0.set_client_info(arg::text(name, "name")?, arg::text(version, "version")?)
        })
    }
}

/// Says whether list results are kept for as long as the server allows.
///
/// Only protocol version 2026-07-28 has such hints. A kept list is dropped
/// when the server says that it changed, and when the protocol version or the
/// transport is set; one that is for these credentials alone also when those,
/// a header or the TLS settings change. Does not block.
///
/// @param client     The client.
/// @param enabled    false: ask the server every time; true, the default: keep
///                   them.
/// @param error_out  NULL, or set on failure. The caller frees it with
///                   mcpclient_error_free.
/// @return MCPCLIENT_OK; MCPCLIENT_ERROR_INVALID_ARGUMENT when client is NULL;
///         MCPCLIENT_ERROR_INTERNAL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_set_cache(
    client: MaybeUninit<&mut mcpclient>,
    enabled: MaybeUninit<bool>,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        outcome::status(error_out, || {
            arg::required(client, "client")?.0.set_cache(arg::boolean(enabled));
            Ok(())
        })
    }
}

fn duration(ms: u32) -> Option<Duration> {
    (ms != 0).then(|| Duration::from_millis(ms.into()))
}
