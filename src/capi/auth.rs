use std::ffi::{CString, c_char, c_void};
use std::mem::MaybeUninit;

use super::error::mcpclient_error;
use super::status::mcpclient_status;
use super::user_data::UserData;
use super::{arg, guard, outcome, text};
use crate::{Auth, TokenRequest};

/// Credentials, shared by any number of clients.
///
/// Made by mcpclient_auth_bearer_new, mcpclient_auth_token_file_new or
/// mcpclient_auth_token_callback_new, freed by mcpclient_auth_free.
/// Threads: any thread may use it, calls may overlap.
pub struct mcpclient_auth(pub(super) Auth);

/// Where a token callback leaves the token.
///
/// Made by the library for one run of the callback.
/// Threads: to be used by the callback, on its thread, until it returns.
pub struct mcpclient_token_request<'a> {
    request: &'a mut TokenRequest,
    challenge: Option<CString>,
}

/// Gets a token, by calling mcpclient_token_request_set.
///
/// Runs on the thread of the call that needs the token, or on a thread of the
/// library that listens. One thread asks, the others that need the token wait
/// for what it gets. The time that it takes counts as time of the call, but is
/// not cut short. A callback that sets no token fails the call: with
/// MCPCLIENT_ERROR_UNAUTHORIZED after a 401, else with
/// MCPCLIENT_ERROR_INVALID_STATE. It must return normally (no exception, no
/// longjmp); a call inside it that needs the same credentials fails with
/// MCPCLIENT_ERROR_INVALID_STATE.
///
/// @param user_data  What was given with the callback.
/// @param request    Where to leave the token. Valid until the callback
///                   returns.
pub type mcpclient_token_callback =
    Option<unsafe extern "C" fn(user_data: *mut c_void, request: &mut mcpclient_token_request)>;

/// Makes credentials of a bearer token that can be rotated.
///
/// Does not block.
///
/// @param token      The bare token: visible ASCII, not starting with
///                   "Bearer ". The library copies token.
/// @param error_out  NULL, or set on failure. The caller frees it with
///                   mcpclient_error_free.
/// @return The credentials, or NULL with MCPCLIENT_ERROR_INVALID_ARGUMENT for
///         a token that is NULL or cannot be sent, where the message names
///         the byte, or MCPCLIENT_ERROR_INTERNAL. The caller frees it with
///         mcpclient_auth_free.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_auth_bearer_new(
    token: MaybeUninit<&c_char>,
    error_out: *mut *mut mcpclient_error,
) -> *mut mcpclient_auth {
    // SAFETY: the caller keeps the contract of the header.
    unsafe { outcome::handle(error_out, || Auth::bearer(arg::text(token, "token")?).map(mcpclient_auth)) }
}

/// Rotates the token, for every client that has these credentials, from its
/// next request on.
///
/// On failure the old token stays. Does not block.
///
/// @param auth       Credentials made by mcpclient_auth_bearer_new.
/// @param token      The new token, as for mcpclient_auth_bearer_new. The
///                   library copies token.
/// @param error_out  NULL, or set on failure. The caller frees it with
///                   mcpclient_error_free.
/// @return MCPCLIENT_OK; MCPCLIENT_ERROR_INVALID_ARGUMENT when auth or token
///         is NULL or the token cannot be sent; MCPCLIENT_ERROR_INVALID_STATE
///         for credentials of another kind; MCPCLIENT_ERROR_INTERNAL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_auth_set_token(
    auth: MaybeUninit<&mut mcpclient_auth>,
    token: MaybeUninit<&c_char>,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe { outcome::status(error_out, || arg::required(auth, "auth")?.0.set_token(arg::text(token, "token")?)) }
}

/// Makes credentials of a bearer token in a file that something else rotates,
/// such as a service-account token that Kubernetes projects.
///
/// The file is read again when it has changed, and after a 401. White space at
/// its end is not part of the token. Blocks while it reads the file.
///
/// @param path       The file, which must be there now. The library copies
///                   path.
/// @param error_out  NULL, or set on failure. The caller frees it with
///                   mcpclient_error_free.
/// @return The credentials, or NULL with MCPCLIENT_ERROR_INVALID_ARGUMENT when
///         path is NULL, the file cannot be read or its token cannot be sent,
///         or MCPCLIENT_ERROR_INTERNAL. The caller frees it with
///         mcpclient_auth_free.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_auth_token_file_new(
    path: MaybeUninit<&c_char>,
    error_out: *mut *mut mcpclient_error,
) -> *mut mcpclient_auth {
    // SAFETY: the caller keeps the contract of the header.
    unsafe { outcome::handle(error_out, || Auth::token_file(arg::path(path, "path")?).map(mcpclient_auth)) }
}

/// Makes credentials that ask a callback for the token.
///
/// The callback is asked before a request when there is no token yet, and once
/// more after a 401; then the request is sent again, once. Does not block.
///
/// @param callback        Gets the token.
/// @param user_data       Passed to the callback. Does not take ownership.
/// @param user_data_free  NULL, or what frees user_data. Runs exactly once, on
///                        any thread: when the last client has let go of the
///                        credentials, they are freed and the last call of the
///                        callback has returned; at once when this function
///                        fails.
/// @param error_out       NULL, or set on failure. The caller frees it with
///                        mcpclient_error_free.
/// @return The credentials, or NULL with MCPCLIENT_ERROR_INVALID_ARGUMENT when
///         callback is NULL or MCPCLIENT_ERROR_INTERNAL. The caller frees it
///         with mcpclient_auth_free.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_auth_token_callback_new(
    callback: mcpclient_token_callback,
    user_data: *mut c_void,
    user_data_free: Option<unsafe extern "C" fn(user_data: *mut c_void)>,
    error_out: *mut *mut mcpclient_error,
) -> *mut mcpclient_auth {
    let user_data = UserData::new(user_data, user_data_free);
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        outcome::handle(error_out, || {
            let callback = arg::callback(callback, "callback")?;
            let provider = move |request: &mut TokenRequest| {
                let challenge = request.challenge().map(text::terminated);
                callback(user_data.pointer(), &mut mcpclient_token_request { request, challenge });
            };
            Ok(mcpclient_auth(Auth::token_provider(provider)))
        })
    }
}

/// Gives the server's reason for wanting a new token: the WWW-Authenticate
/// header of its 401.
///
/// Does not block.
///
/// @param request  The request.
/// @return The header as it came, empty when the 401 had none; NULL when no
///         token was refused or request is NULL. Valid until the callback
///         returns.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_token_request_challenge(request: *const mcpclient_token_request) -> *const c_char {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        guard::plain(text::borrowed(None), || {
            text::borrowed(arg::optional(request).and_then(|request| request.challenge.as_deref()))
        })
    }
}

/// Hands over the token that a callback was asked for.
///
/// The last one counts when it is called again. Does not block.
///
/// @param request    The request.
/// @param token      The token, as for mcpclient_auth_bearer_new. The library
///                   copies token.
/// @param error_out  NULL, or set on failure. The caller frees it with
///                   mcpclient_error_free.
/// @return MCPCLIENT_OK; MCPCLIENT_ERROR_INVALID_ARGUMENT when request or
///         token is NULL or the token cannot be sent;
///         MCPCLIENT_ERROR_INTERNAL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_token_request_set(
    request: MaybeUninit<&mut mcpclient_token_request>,
    token: MaybeUninit<&c_char>,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        outcome::status(error_out, || arg::exclusive(request, "request")?.request.set(arg::text(token, "token")?))
    }
}

/// Frees credentials.
///
/// Clients that have them go on using them. Does not block.
///
/// @param auth  The credentials, or NULL, which is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_auth_free(auth: *mut mcpclient_auth) {
    // SAFETY: the caller keeps the contract of the header.
    unsafe { guard::plain((), || drop(arg::owned(auth))) }
}
