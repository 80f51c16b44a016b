use std::ffi::c_char;
use std::mem::MaybeUninit;

use super::auth::mcpclient_auth;
use super::client::mcpclient;
use super::error::mcpclient_error;
use super::status::mcpclient_status;
use super::{arg, outcome};

/// Sets the bearer token that goes with every request, from the next one on.
///
/// The library writes "Authorization: Bearer <token>" and sends it to the
/// origin of the client's URL alone. Replaces what mcpclient_set_auth set.
/// Does not block.
///
/// @param client     The client.
/// @param token      The bare token: visible ASCII, not starting with
///                   "Bearer "; NULL: none. The library copies token.
/// @param error_out  NULL, or set on failure. The caller frees it with
///                   mcpclient_error_free.
/// @return MCPCLIENT_OK; MCPCLIENT_ERROR_INVALID_ARGUMENT when client is NULL
///         or the token cannot be sent, where the message names the byte;
///         MCPCLIENT_ERROR_INVALID_STATE while an Authorization header is set
///         by mcpclient_set_header; MCPCLIENT_ERROR_INTERNAL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_set_bearer_token(
    client: MaybeUninit<&mut mcpclient>,
    token: *const c_char,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        outcome::status(error_out, || {
            arg::required(client, "client")?.0.set_bearer_token(arg::optional_text(token, "token")?)
        })
    }
}

/// Sets the credentials that go with every request, from the next one on.
///
/// The client shares them: a token that is rotated later is used by every
/// client that has them. Replaces what mcpclient_set_bearer_token set. Does
/// not block.
///
/// @param client     The client.
/// @param auth       The credentials; NULL: none. Does not take ownership:
///                   they may be freed while the client goes on using them.
/// @param error_out  NULL, or set on failure. The caller frees it with
///                   mcpclient_error_free.
/// @return MCPCLIENT_OK; MCPCLIENT_ERROR_INVALID_ARGUMENT when client is NULL;
///         MCPCLIENT_ERROR_INVALID_STATE while an Authorization header is set
///         by mcpclient_set_header; MCPCLIENT_ERROR_INTERNAL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_set_auth(
    client: MaybeUninit<&mut mcpclient>,
    auth: *mut mcpclient_auth,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        outcome::status(error_out, || {
            let client = arg::required(client, "client")?;
            client.0.set_auth(arg::optional(auth).map(|auth| &auth.0))
        })
    }
}

/// Sets a header that goes with every request, from the next one on.
///
/// A client has any number of them; names are compared without case, and sent
/// in lower case, which means the same. A header named Authorization is for
/// schemes other than Bearer. Does not block.
///
/// @param client     The client.
/// @param name       The name. The library copies name.
/// @param value      The value, sent as given; NULL removes the header. The
///                   library copies value.
/// @param error_out  NULL, or set on failure. The caller frees it with
///                   mcpclient_error_free.
/// @return MCPCLIENT_OK; MCPCLIENT_ERROR_INVALID_ARGUMENT when client or name
///         is NULL, when one of the texts cannot be sent, or for a header that
///         the library itself sets: Host, Content-Length, Content-Type,
///         Accept, Transfer-Encoding, Connection, Last-Event-ID and Mcp-*, and
///         their kin Content-Encoding, Trailer, Accept-Encoding, TE, Upgrade,
///         Keep-Alive, Expect, HTTP2-Settings, Proxy-Connection and
///         Proxy-Authorization;
///         MCPCLIENT_ERROR_INVALID_STATE for Authorization while a token or
///         credentials are set; MCPCLIENT_ERROR_INTERNAL.
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
            let client = arg::required(client, "client")?;
            client.0.set_header(arg::text(name, "name")?, arg::optional_text(value, "value")?)
        })
    }
}
