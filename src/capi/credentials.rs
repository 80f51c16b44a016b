use std::ffi::c_char;
use std::mem::MaybeUninit;

use super::auth::mcpclient_auth;
use super::client::mcpclient;
use super::error::mcpclient_error;
use super::status::mcpclient_status;
use super::{arg, client, outcome};

/// Sets the bearer token of all requests, from the next one on. Replaces what
/// mcpclient_set_auth set.
///
/// @param token  The bare token: visible ASCII, not starting with "Bearer ";
///               NULL: none. When it cannot be sent, the message names the
///               byte.
/// @return MCPCLIENT_OK; MCPCLIENT_ERROR_INVALID_STATE while
///         mcpclient_set_header has set an Authorization header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_set_bearer_token(
    client: MaybeUninit<&mut mcpclient>,
    token: *const c_char,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe { outcome::status(error_out, || client::of(client)?.set_bearer_token(arg::optional_text(token, "token")?)) }
}

/// Sets the credentials of all requests, from the next one on. Replaces what
/// mcpclient_set_bearer_token set.
///
/// @param auth  The credentials; NULL: none. They stay the caller's, and may be
///              freed while the client goes on using them.
/// @return MCPCLIENT_OK; MCPCLIENT_ERROR_INVALID_STATE while
///         mcpclient_set_header has set an Authorization header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_set_auth(
    client: MaybeUninit<&mut mcpclient>,
    auth: *mut mcpclient_auth,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        outcome::status(error_out, || {
            let client = client::of(client)?;
            client.set_auth(arg::optional(auth).map(|auth| &auth.0))
        })
    }
}

/// Sets a header of all requests, from the next one on.
///
/// A client has any number of headers. Names are compared without regard to
/// case and sent in lower case. Authorization is for schemes other than Bearer.
/// Headers that the library sets, and others that change how a message is
/// framed, are refused: Host, Content-Length, Content-Type, Content-Encoding,
/// Accept, Accept-Encoding, Transfer-Encoding, TE, Trailer, Connection,
/// Keep-Alive, Upgrade, Expect, HTTP2-Settings, Proxy-Connection,
/// Proxy-Authorization, Last-Event-ID and Mcp-*.
///
/// @param name   The name.
/// @param value  The value; NULL removes the header.
/// @return MCPCLIENT_OK; MCPCLIENT_ERROR_INVALID_STATE for Authorization while
///         a token or credentials are set, and for more than 100 headers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_set_header(
    client: MaybeUninit<&mut mcpclient>,
    name: MaybeUninit<&c_char>,
    value: *const c_char,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        outcome::status(error_out, || {
            let client = client::of(client)?;
            client.set_header(arg::text(name, "name")?, arg::optional_text(value, "value")?)
        })
    }
}
