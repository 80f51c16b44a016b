use std::ffi::{CString, c_char, c_void};
use std::mem::MaybeUninit;

use zeroize::Zeroizing;

use super::auth::mcpclient_auth;
use super::error::mcpclient_error;
use super::status::mcpclient_status;
use super::user_data::UserData;
use super::{arg, guard, outcome, text};
use crate::{Auth, Login};

/// A login that a person has to finish. Only for the callback, on its thread,
/// until it returns.
pub struct mcpclient_login<'a> {
    login: &'a Login,
    url: Zeroizing<CString>,
    server: CString,
}

/// Brings a person to a login: opens mcpclient_login_url in a browser, or shows
/// it.
///
/// It may return at once, and the library waits for the browser; wait for what
/// a person pastes and call mcpclient_login_finish; or give up by
/// mcpclient_login_refuse. It runs on the thread of the call that needs the
/// login, or on the thread that listens. The others that need it wait, each for
/// its own time limit. A call inside it that needs the same credentials fails
/// with MCPCLIENT_ERROR_INVALID_STATE.
///
/// @param user_data  The pointer that was registered.
/// @param login      The login.
pub type mcpclient_login_callback = Option<unsafe extern "C" fn(user_data: *mut c_void, login: &mut mcpclient_login)>;

/// Makes credentials of a person who logs in when that is necessary (OAuth
/// authorization code with PKCE).
///
/// The client is found in this order: mcpclient_auth_set_client,
/// mcpclient_auth_set_client_metadata_url, registration with the authorization
/// server under the name of mcpclient_set_client_info. The time that the person
/// takes does not count as time of the call.
///
/// @param callback  Brings the person to the login.
/// @return The credentials; NULL on failure.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_auth_login_new(
    callback: mcpclient_login_callback,
    user_data: *mut c_void,
    user_data_free: Option<unsafe extern "C" fn(user_data: *mut c_void)>,
    error_out: *mut *mut mcpclient_error,
) -> *mut mcpclient_auth {
    let user_data = UserData::new(user_data, user_data_free);
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        outcome::handle(error_out, || {
            let callback = arg::callback(callback, "callback")?;
            let ask = move |login: &Login| {
                let url = Zeroizing::new(text::terminated(login.url()));
                let server = text::terminated(login.server());
                callback(user_data.pointer(), &mut mcpclient_login { login, url, server });
            };
            Ok(mcpclient_auth(Auth::login(ask)))
        })
    }
}

/// Returns what to open in a browser. It is for this person alone: do not log
/// it.
///
/// @param login  The login, or NULL.
/// @return An https URL, or an http URL of a loopback host; NULL for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_login_url(login: *const mcpclient_login) -> *const c_char {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        guard::plain(text::borrowed(None), || text::borrowed(arg::optional(login).map(|login| login.url.as_c_str())))
    }
}

/// Returns the URL of the MCP server that the login is for, to be shown to the
/// person.
///
/// @param login  The login, or NULL.
/// @return The URL; NULL for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_login_server(login: *const mcpclient_login) -> *const c_char {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        guard::plain(text::borrowed(None), || text::borrowed(arg::optional(login).map(|login| login.server.as_c_str())))
    }
}

/// Finishes a login with the URL that the browser was sent to, as a person
/// copied it from the address bar. On failure the login goes on.
///
/// @param login           The login.
/// @param redirected_url  The URL, with its query.
/// @return MCPCLIENT_OK, also for a login that was denied: the call then fails;
///         MCPCLIENT_ERROR_INVALID_ARGUMENT for a URL of another login.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_login_finish(
    login: MaybeUninit<&mut mcpclient_login>,
    redirected_url: MaybeUninit<&c_char>,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        outcome::status(error_out, || {
            arg::required(login, "login")?.login.finish(arg::text(redirected_url, "redirected_url")?)
        })
    }
}

/// Gives a login up: the call fails with MCPCLIENT_ERROR_UNAUTHORIZED.
///
/// @param login  The login; NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_login_refuse(login: *mut mcpclient_login) {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        guard::plain((), || {
            if let Some(login) = arg::optional(login) {
                login.login.refuse();
            }
        })
    }
}

/// Finishes a login from outside its callback, on any thread, such as that of
/// the program's own web server. The state in the URL says which login.
///
/// @param auth            The credentials.
/// @param redirected_url  The URL that the browser was sent to, with its query.
/// @return As mcpclient_login_finish.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_auth_finish_login(
    auth: MaybeUninit<&mut mcpclient_auth>,
    redirected_url: MaybeUninit<&c_char>,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        outcome::status(error_out, || {
            arg::required(auth, "auth")?.0.finish_login(arg::text(redirected_url, "redirected_url")?)
        })
    }
}

/// Sets where the authorization server sends the browser after a login.
///
/// For a loopback host the library listens there during the login; port 0 takes
/// any free one. For an https URL the program hands over what arrives there by
/// mcpclient_auth_finish_login.
///
/// @param auth  The credentials.
/// @param url   The URL. Default: "http://127.0.0.1:0/callback".
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_auth_set_redirect_url(
    auth: MaybeUninit<&mut mcpclient_auth>,
    url: MaybeUninit<&c_char>,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe { outcome::status(error_out, || arg::required(auth, "auth")?.0.set_redirect_url(arg::text(url, "url")?)) }
}

/// Sets how long a person may take to log in. Then the call fails with
/// MCPCLIENT_ERROR_TIMEOUT.
///
/// @param auth  The credentials.
/// @param ms    Milliseconds. Default: 300000, five minutes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_auth_set_login_timeout_ms(
    auth: MaybeUninit<&mut mcpclient_auth>,
    ms: u32,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        outcome::status(error_out, || {
            arg::required(auth, "auth")?.0.set_login_timeout(std::time::Duration::from_millis(ms.into()))
        })
    }
}

/// Sets one more parameter of the authorization request, such as
/// access_type=offline.
///
/// @param auth   The credentials.
/// @param name   The name, none that the library sets itself.
/// @param value  The value; NULL removes the parameter.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_auth_set_parameter(
    auth: MaybeUninit<&mut mcpclient_auth>,
    name: MaybeUninit<&c_char>,
    value: *const c_char,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        outcome::status(error_out, || {
            let auth = &arg::required(auth, "auth")?.0;
            auth.set_parameter(arg::text(name, "name")?, arg::optional_text(value, "value")?)
        })
    }
}
