use std::ffi::c_char;
use std::mem::MaybeUninit;

use super::client::mcpclient;
use super::error::mcpclient_error;
use super::status::mcpclient_status;
use super::value::{give, mcpclient_value};
use super::{arg, outcome};

/// Sends a request and waits for its result.
///
/// Connects first if needed. Blocks until the server has answered, at most for
/// the time limit of mcpclient_set_timeout_ms; mcpclient_cancel ends it.
///
/// @param client      The client.
/// @param method      Such as "tools/call". The library copies method.
/// @param params      A JSON object; NULL: none. The library copies params.
/// @param result_out  NULL, or set on success to the result. The caller frees
///                    it with mcpclient_value_free.
/// @param error_out   NULL, or set on failure. The caller frees it with
///                    mcpclient_error_free.
/// @return MCPCLIENT_OK, or the status of a failed call, each as described at
///         mcpclient_connect: MCPCLIENT_ERROR_INVALID_ARGUMENT (also when
///         method is NULL or params is not a JSON object), _INVALID_STATE,
///         _NETWORK, _TLS, _TIMEOUT, _CANCELLED, _UNAUTHORIZED, _FORBIDDEN,
///         _HTTP, _PROTOCOL, _RPC, _UNSUPPORTED, _INTERNAL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_request(
    client: MaybeUninit<&mut mcpclient>,
    method: MaybeUninit<&c_char>,
    params: *const c_char,
    result_out: *mut *mut mcpclient_value,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        outcome::status(error_out, || {
            let client = arg::required(client, "client")?;
            let result = client.0.request(arg::text(method, "method")?, arg::optional_text(params, "params")?)?;
            give(result, result_out)
        })
    }
}

/// Sends a notification, which has no result.
///
/// Connects first if needed. Blocks until the server has taken it, at most for
/// the time limit of mcpclient_set_timeout_ms; mcpclient_cancel ends it.
///
/// @param client     The client.
/// @param method     Such as "notifications/roots/list_changed". The library
///                   copies method.
/// @param params     A JSON object; NULL: none. The library copies params.
/// @param error_out  NULL, or set on failure. The caller frees it with
///                   mcpclient_error_free.
/// @return MCPCLIENT_OK, or the status of a failed call, each as described at
///         mcpclient_connect: MCPCLIENT_ERROR_INVALID_ARGUMENT (also when
///         method is NULL or params is not a JSON object), _INVALID_STATE,
///         _NETWORK, _TLS, _TIMEOUT, _CANCELLED, _UNAUTHORIZED, _FORBIDDEN,
///         _HTTP, _PROTOCOL, _RPC, _UNSUPPORTED, _INTERNAL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_notify(
    client: MaybeUninit<&mut mcpclient>,
    method: MaybeUninit<&c_char>,
    params: *const c_char,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        outcome::status(error_out, || {
            let client = arg::required(client, "client")?;
            client.0.notify(arg::text(method, "method")?, arg::optional_text(params, "params")?)
        })
    }
}

/// Sets from which level on the server sends log messages.
///
/// They arrive as the notification "notifications/message". With protocol
/// version 2026-07-28 the level goes with every later request instead of being
/// sent by itself. Connects first if needed. Blocks until the server has
/// answered, at most for the time limit of mcpclient_set_timeout_ms;
/// mcpclient_cancel ends it.
///
/// @param client     The client.
/// @param level      "debug", "info", "notice", "warning", "error", "critical",
///                   "alert" or "emergency". The library copies level.
/// @param error_out  NULL, or set on failure. The caller frees it with
///                   mcpclient_error_free.
/// @return MCPCLIENT_OK, or the status of a failed call, each as described at
///         mcpclient_connect: MCPCLIENT_ERROR_INVALID_ARGUMENT (also when
///         level is NULL or another word), _INVALID_STATE, _NETWORK, _TLS,
///         _TIMEOUT, _CANCELLED, _UNAUTHORIZED, _FORBIDDEN, _HTTP, _PROTOCOL,
///         _RPC, _UNSUPPORTED, _INTERNAL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_set_server_log_level(
    client: MaybeUninit<&mut mcpclient>,
    level: MaybeUninit<&c_char>,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        outcome::status(error_out, || {
            let client = arg::required(client, "client")?;
            let level = arg::text(level, "level")?;
            client.0.set_server_log_level(level)
        })
    }
}

/// Tells what the server says about itself.
///
/// Connects first if needed. Blocks until the server has answered, at most for
/// the time limit of mcpclient_set_timeout_ms; mcpclient_cancel ends it.
///
/// @param client     The client.
/// @param info_out   NULL, or set on success to an object with "name",
///                   "version", "protocolVersion", "capabilities",
///                   "instructions" and "serverInfo", as far as the server
///                   says them. The caller frees it with
///                   mcpclient_value_free.
/// @param error_out  NULL, or set on failure. The caller frees it with
///                   mcpclient_error_free.
/// @return MCPCLIENT_OK, or the status of a failed call, each as described at
///         mcpclient_connect: MCPCLIENT_ERROR_INVALID_ARGUMENT,
///         _INVALID_STATE, _NETWORK, _TLS, _TIMEOUT, _CANCELLED,
///         _UNAUTHORIZED, _FORBIDDEN, _HTTP, _PROTOCOL, _RPC, _UNSUPPORTED,
///         _INTERNAL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_server_info(
    client: MaybeUninit<&mut mcpclient>,
    info_out: *mut *mut mcpclient_value,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        outcome::status(error_out, || {
            let client = arg::required(client, "client")?;
            give(client.0.server_info()?, info_out)
        })
    }
}
