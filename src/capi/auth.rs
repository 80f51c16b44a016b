use std::ffi::{CString, c_char, c_void};
use std::mem::MaybeUninit;

use super::error::mcpclient_error;
use super::status::mcpclient_status;
use super::user_data::UserData;
use super::{arg, guard, outcome, text};
use crate::{Auth, TokenRequest};

/// Credentials that any number of clients share. Any thread may use them, and
/// calls may overlap.
pub struct mcpclient_auth(pub(super) Auth);

/// Where a token callback leaves the token. Only for the callback, on its
/// thread, until it returns.
pub struct mcpclient_token_request<'a> {
    request: &'a mut TokenRequest,
    challenge: Option<CString>,
    audience: Option<CString>,
}

/// Provides a token, by calling mcpclient_token_request_set.
///
/// Runs on the thread of the call that needs the token, or on the thread that
/// listens. One thread runs it, and the others that need the token wait. Its
/// time counts as time of the call, but is not cut short. When it sets no
/// token, the call fails: with MCPCLIENT_ERROR_UNAUTHORIZED after a 401, else
/// with MCPCLIENT_ERROR_INVALID_STATE. A call inside it that needs the same
/// credentials fails with MCPCLIENT_ERROR_INVALID_STATE.
///
/// @param user_data  The pointer that was registered.
/// @param request    Where to leave the token.
pub type mcpclient_token_callback =
    Option<unsafe extern "C" fn(user_data: *mut c_void, request: &mut mcpclient_token_request)>;

/// Makes credentials of a bearer token that can be rotated.
///
/// @param token  The bare token, as for mcpclient_set_bearer_token.
/// @return The credentials; NULL on failure.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_auth_bearer_new(
    token: MaybeUninit<&c_char>,
    error_out: *mut *mut mcpclient_error,
) -> *mut mcpclient_auth {
    // SAFETY: the caller keeps the contract of the header.
    unsafe { outcome::handle(error_out, || Auth::bearer(arg::text(token, "token")?).map(mcpclient_auth)) }
}

/// Rotates the token of all clients that use these credentials, from their next
/// request on. On failure the old token stays.
///
/// @param auth   Credentials made by mcpclient_auth_bearer_new.
/// @param token  The new token, as for mcpclient_set_bearer_token.
/// @return MCPCLIENT_OK; MCPCLIENT_ERROR_INVALID_STATE for credentials of
///         another kind.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_auth_set_token(
    auth: MaybeUninit<&mut mcpclient_auth>,
    token: MaybeUninit<&c_char>,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe { outcome::status(error_out, || arg::required(auth, "auth")?.0.set_token(arg::text(token, "token")?)) }
}

/// Makes credentials of a bearer token in a file that another program rotates,
/// such as a service-account token that Kubernetes projects.
///
/// The file is read again when it has changed, and after a 401. White space at
/// its end is not part of the token. Blocks while it reads the file.
///
/// @param path  A regular file, which must exist and hold a token that can be sent.
/// @return The credentials; NULL on failure.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_auth_token_file_new(
    path: MaybeUninit<&c_char>,
    error_out: *mut *mut mcpclient_error,
) -> *mut mcpclient_auth {
    // SAFETY: the caller keeps the contract of the header.
    unsafe { outcome::handle(error_out, || Auth::token_file(arg::path(path, "path")?).map(mcpclient_auth)) }
}

/// Makes credentials that get the token from a callback.
///
/// The callback runs before the first request, and once more after a 401; then
/// the request is sent again, once.
///
/// @param callback  Provides the token.
/// @return The credentials; NULL on failure.
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
                let audience = request.audience().map(text::terminated);
                callback(user_data.pointer(), &mut mcpclient_token_request { request, challenge, audience });
            };
            Ok(mcpclient_auth(Auth::token_provider(provider)))
        })
    }
}

/// Returns why a new token is needed: the WWW-Authenticate header of the 401.
///
/// @param request  The request, or NULL.
/// @return The header, empty when the 401 had none; NULL when no token was
///         refused. Valid until the callback returns.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_token_request_challenge(request: *const mcpclient_token_request) -> *const c_char {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        guard::plain(text::borrowed(None), || {
            text::borrowed(arg::optional(request).and_then(|request| request.challenge.as_deref()))
        })
    }
}

/// Returns whom a token is for that says who a workload is: see
/// mcpclient_auth_workload_new.
///
/// @param request  The request, or NULL.
/// @return The issuer URL of the authorization server; NULL when the token is
///         not for such credentials. Valid until the callback returns.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_token_request_audience(request: *const mcpclient_token_request) -> *const c_char {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        guard::plain(text::borrowed(None), || {
            text::borrowed(arg::optional(request).and_then(|request| request.audience.as_deref()))
        })
    }
}

/// Sets the token that the callback was asked for. The last one counts.
///
/// @param request  The request.
/// @param token    The token, as for mcpclient_set_bearer_token.
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

/// Frees credentials. Clients that use them go on using them.
///
/// @param auth  The credentials; NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_auth_free(auth: *mut mcpclient_auth) {
    // SAFETY: the caller keeps the contract of the header.
    unsafe { guard::plain((), || drop(arg::owned(auth))) }
}
