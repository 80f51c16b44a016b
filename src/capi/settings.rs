use std::ffi::c_char;
use std::mem::MaybeUninit;
use std::time::Duration;

use super::client::{mcpclient, mcpclient_transport};
use super::error::mcpclient_error;
use super::status::mcpclient_status;
use super::{arg, client, outcome};
use crate::{Error, TransportKind};

/// Chooses the transport.
///
/// By default, MCPCLIENT_TRANSPORT_AUTO, a URL whose path has the segment "sse"
/// gets HTTP with server-sent events. Any other gets Streamable HTTP, with a
/// fallback to the former for servers that lack it.
///
/// @param transport  One of MCPCLIENT_TRANSPORT_*.
/// @return MCPCLIENT_OK; MCPCLIENT_ERROR_INVALID_STATE while connected.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_set_transport(
    client: MaybeUninit<&mut mcpclient>,
    transport: mcpclient_transport,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        outcome::status(error_out, || {
            let client = client::of(client)?;
            let transport = TransportKind::from_number(transport)
                .ok_or_else(|| Error::InvalidArgument(format!("transport is {transport}, which is none")))?;
            client.set_transport(transport)
        })
    }
}

/// Fixes the protocol version, so that connecting does not negotiate it.
///
/// For servers that fail when they are asked for a version that they do not
/// know.
///
/// @param version  "2026-07-28", "2025-11-25", "2025-06-18", "2025-03-26" or
///                 "2024-11-05"; NULL, the default: negotiate.
/// @return MCPCLIENT_OK; MCPCLIENT_ERROR_INVALID_STATE while connected.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_set_protocol_version(
    client: MaybeUninit<&mut mcpclient>,
    version: *const c_char,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        outcome::status(error_out, || client::of(client)?.set_protocol_version(arg::optional_text(version, "version")?))
    }
}

/// Limits the time of a call, from its start to its end, connecting included. A
/// server that sends its response slowly does not extend it.
///
/// @param ms  Milliseconds; 0: no limit. 30000 by default.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_set_timeout_ms(
    client: MaybeUninit<&mut mcpclient>,
    ms: u32,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        outcome::status(error_out, || {
            client::of(client)?.set_timeout(duration(ms));
            Ok(())
        })
    }
}

/// Limits the time to open one connection: name resolution, TCP and TLS.
///
/// @param ms  Milliseconds; 0: only the limit of the call. 10000 by default.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_set_connect_timeout_ms(
    client: MaybeUninit<&mut mcpclient>,
    ms: u32,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe { outcome::status(error_out, || client::of(client)?.set_connect_timeout(duration(ms))) }
}

/// Limits the size of a response. A larger one is MCPCLIENT_ERROR_PROTOCOL.
///
/// @param bytes  Bytes after decompression, at least 1. 67108864 (64 MiB) by
///               default.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_set_max_response_bytes(
    client: MaybeUninit<&mut mcpclient>,
    bytes: u64,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe { outcome::status(error_out, || client::of(client)?.set_max_response_bytes(bytes)) }
}

/// Declares an extension of the protocol to servers of version 2026-07-28 and
/// later. "io.modelcontextprotocol/tasks" is declared unless it is removed;
/// extensions of credentials are declared with them.
/// mcpclient_set_capabilities overrides this.
///
/// @param identifier     Such as "com.example/feature".
/// @param settings_json  A JSON object, often {}; NULL: not declared.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_set_extension(
    client: MaybeUninit<&mut mcpclient>,
    identifier: MaybeUninit<&c_char>,
    settings_json: *const c_char,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        outcome::status(error_out, || {
            let client = client::of(client)?;
            let settings = arg::optional_text(settings_json, "settings_json")?;
            client.set_extension(arg::text(identifier, "identifier")?, settings)
        })
    }
}

/// Sets the capabilities that the client declares, instead of those that the
/// callbacks of mcpclient_on_request imply.
///
/// For what no callback expresses, such as {"roots":{"listChanged":true}}. Sent
/// when the client connects; with protocol version 2026-07-28, with each
/// request.
///
/// @param json  A JSON object; NULL, the default: what the callbacks imply.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_set_capabilities(
    client: MaybeUninit<&mut mcpclient>,
    json: *const c_char,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe { outcome::status(error_out, || client::of(client)?.set_capabilities(arg::optional_text(json, "json")?)) }
}

/// Sets the name and version of the program that the client sends, instead of
/// those of the library. Sent when mcpclient_set_capabilities says.
///
/// @param name     The program's name, not empty.
/// @param version  The program's version.
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
            let client = client::of(client)?;
            client.set_client_info(arg::text(name, "name")?, arg::text(version, "version")?)
        })
    }
}

/// Switches the cache of lists.
///
/// A server of protocol version 2026-07-28 may say how long its lists stay
/// valid; for that time they are not requested again. A cached list is dropped
/// when the server reports a change, and when the protocol version or the
/// transport is set; one that is for these credentials alone also when the
/// credentials, a header or the TLS settings change.
///
/// @param enabled  true, the default: cache; false: request each time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_set_cache(
    client: MaybeUninit<&mut mcpclient>,
    enabled: MaybeUninit<bool>,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe { outcome::status(error_out, || client::of(client)?.set_cache(arg::boolean(enabled))) }
}

/// A time limit; 0 is none.
pub(super) fn duration(ms: u32) -> Option<Duration> {
    (ms != 0).then(|| Duration::from_millis(ms.into()))
}
