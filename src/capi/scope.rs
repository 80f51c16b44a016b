use std::ffi::{c_char, c_void};
use std::mem::MaybeUninit;
use std::sync::Arc;

use super::client::mcpclient;
use super::error::mcpclient_error;
use super::settings::duration;
use super::status::mcpclient_status;
use super::user_data::UserData;
use super::{arg, client, outcome, text};
use crate::ProgressHandler;

/// Receives the progress of a call.
///
/// Runs on the thread of the call, or over HTTP with server-sent events on a
/// thread of the library.
///
/// @param user_data  The pointer that was registered.
/// @param progress   How far the call is; it increases.
/// @param total      The progress at the end; negative: unknown.
/// @param message    One line for a person; NULL: none.
pub type mcpclient_progress_callback =
    Option<unsafe extern "C" fn(user_data: *mut c_void, progress: f64, total: f64, message: *const c_char)>;

/// Makes a scope: a second handle on the same server.
///
/// It shares connections, session, credentials, callbacks and cache with the
/// client, and has limits, a progress callback, "_meta" and cancellation of its
/// own. It inherits the limits of the client until it sets its own. Cheap
/// enough for each call: no I/O, and no lock that a call holds. It may outlive
/// the client. Free it with mcpclient_free.
///
/// @param client  The client, or a scope, which makes a scope of its client.
/// @return The scope; NULL on failure.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_scope_new(
    client: MaybeUninit<&mut mcpclient>,
    error_out: *mut *mut mcpclient_error,
) -> *mut mcpclient {
    // SAFETY: the caller keeps the contract of the header.
    unsafe { outcome::handle(error_out, || Ok(mcpclient(client::of(client)?.scope()))) }
}

/// Sets the callback for the progress of the calls made through this handle.
///
/// The library asks the server for it with a token of its own.
///
/// @param callback  Replaces the previous one; NULL removes it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_on_progress(
    client: MaybeUninit<&mut mcpclient>,
    callback: mcpclient_progress_callback,
    user_data: *mut c_void,
    user_data_free: Option<unsafe extern "C" fn(user_data: *mut c_void)>,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    let user_data = UserData::new(user_data, user_data_free);
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        outcome::status(error_out, || {
            let client = client::of(client)?;
            let handler = callback.map(|callback| -> ProgressHandler {
                Arc::new(move |progress, total, message| {
                    let message = message.map(text::terminated);
                    let message = text::borrowed(message.as_deref());
                    callback(user_data.pointer(), progress, total.unwrap_or(-1.0), message);
                })
            });
            client.on_progress(handler);
            Ok(())
        })
    }
}

/// Makes each progress notification start the time limit of its call anew, up
/// to the limit of mcpclient_set_longest_ms.
///
/// For calls of which only silence is a sign of trouble.
///
/// @param restart  true: do so; false, the default: the time limit is fixed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_set_timeout_on_progress(
    client: MaybeUninit<&mut mcpclient>,
    restart: MaybeUninit<bool>,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        outcome::status(error_out, || {
            client::of(client)?.set_timeout_on_progress(arg::boolean(restart));
            Ok(())
        })
    }
}

/// Limits the time of a call whose progress starts the time limit anew.
///
/// @param ms  Milliseconds; 0: no limit. 600000 by default.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_set_longest_ms(
    client: MaybeUninit<&mut mcpclient>,
    ms: u32,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        outcome::status(error_out, || {
            client::of(client)?.set_longest(duration(ms));
            Ok(())
        })
    }
}

/// Sets a member of "_meta" of the requests made through this handle, such as
/// "traceparent" (W3C Trace Context). A scope does not inherit those of the
/// client. A member that a call brings in its parameters wins.
///
/// @param key   The name, as the specification allows: letters, digits,
///              hyphens, underscores and dots, perhaps after a prefix such as
///              "com.example/". "progressToken" and the prefixes reserved for
///              MCP are refused.
/// @param json  The value as JSON text; NULL removes the member. traceparent,
///              tracestate and baggage must be valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_set_meta(
    client: MaybeUninit<&mut mcpclient>,
    key: MaybeUninit<&c_char>,
    json: *const c_char,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        outcome::status(error_out, || {
            let client = client::of(client)?;
            client.set_meta(arg::text(key, "key")?, arg::optional_text(json, "json")?)
        })
    }
}
