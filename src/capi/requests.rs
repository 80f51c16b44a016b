use std::ffi::c_char;
use std::mem::MaybeUninit;

use super::client::mcpclient;
use super::error::mcpclient_error;
use super::status::mcpclient_status;
use super::value::{give, mcpclient_value};
use super::{arg, client, outcome};

/// Sends a request. A call.
///
/// @param method      Such as "tools/call".
/// @param params      A JSON object; NULL: none.
/// @param result_out  Set to the result.
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
            let client = client::of(client)?;
            let result = client.request(arg::text(method, "method")?, arg::optional_text(params, "params")?)?;
            give(result, result_out)
        })
    }
}

/// Sends a notification, which has no result. A call that ends when the server
/// has accepted it.
///
/// @param method  Such as "notifications/roots/list_changed".
/// @param params  A JSON object; NULL: none.
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
            let client = client::of(client)?;
            client.notify(arg::text(method, "method")?, arg::optional_text(params, "params")?)
        })
    }
}

/// Sets the lowest level of the log messages that the server sends, as the
/// notification "notifications/message".
///
/// With protocol version 2026-07-28 the level goes with each later request. A
/// call.
///
/// @param level  "debug", "info", "notice", "warning", "error", "critical",
///               "alert" or "emergency".
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_set_server_log_level(
    client: MaybeUninit<&mut mcpclient>,
    level: MaybeUninit<&c_char>,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        outcome::status(error_out, || {
            let client = client::of(client)?;
            let level = arg::text(level, "level")?;
            client.set_server_log_level(level)
        })
    }
}

/// Returns the server's description of itself, which is usually known from
/// connecting. A call.
///
/// @param info_out  Set to an object with "name", "version", "protocolVersion",
///                  "serverInfo", "capabilities" and "instructions", as far as
///                  the server gives them.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_server_info(
    client: MaybeUninit<&mut mcpclient>,
    info_out: *mut *mut mcpclient_value,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        outcome::status(error_out, || {
            let client = client::of(client)?;
            give(client.server_info()?, info_out)
        })
    }
}
