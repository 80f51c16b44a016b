use std::ffi::{CStr, CString, c_char};
use std::mem::MaybeUninit;

use super::status::{MCPCLIENT_OK, mcpclient_status};
use super::{arg, guard, text};
use crate::Error;

/// Why a function failed. It never changes; any thread may read it.
pub struct mcpclient_error {
    status: mcpclient_status,
    message: CString,
    http_status: i32,
    rpc_code: i32,
    rpc_data: Option<CString>,
    www_authenticate: Option<CString>,
    challenge_parameters: Vec<(String, CString)>,
}

impl mcpclient_error {
    /// Prepares every text for C now, so that the getters only read.
    pub(super) fn new(error: Error) -> mcpclient_error {
        let one_line = error.to_string().replace(['\r', '\n'], " ");
        mcpclient_error {
            status: error.status() as mcpclient_status,
            message: text::terminated(&one_line),
            http_status: error.http_status().map_or(0, i32::from),
            rpc_code: error.rpc_code().unwrap_or(0),
            rpc_data: error.rpc_data().map(text::terminated),
            www_authenticate: error.www_authenticate().map(text::terminated),
            challenge_parameters: challenge_parameters(&error),
        }
    }

    pub(super) fn message(&self) -> &CStr {
        &self.message
    }

    fn challenge_parameter(&self, name: &str) -> Option<&CStr> {
        let mut known = self.challenge_parameters.iter();
        known.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_c_str())
    }
}

fn challenge_parameters(error: &Error) -> Vec<(String, CString)> {
    let parameters = error.challenge_parameters().iter();
    parameters.map(|(name, value)| (name.to_owned(), text::terminated(value))).collect()
}

/// Returns the status of an error: what the function that failed returned.
///
/// @param error  The error, or NULL.
/// @return One of MCPCLIENT_ERROR_*; MCPCLIENT_OK for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_error_status(error: *const mcpclient_error) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe { guard::plain(MCPCLIENT_OK, || arg::optional(error).map_or(MCPCLIENT_OK, |error| error.status)) }
}

/// Returns one line for a person: what failed, where, and where it helps, what
/// to do about it. It never holds a credential.
///
/// @param error  The error, or NULL.
/// @return The line, without a line end; empty for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_error_message<'a>(error: *const mcpclient_error) -> MaybeUninit<&'a c_char> {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        guard::plain(text::never_null(c""), || {
            text::never_null(arg::optional(error).map_or(c"", mcpclient_error::message))
        })
    }
}

/// Returns the HTTP status of the response that made the call fail.
///
/// @param error  The error, or NULL.
/// @return Such as 503; 0 when there was no response, or when it had a success
///         status, as JSON-RPC errors often have.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_error_http_status(error: *const mcpclient_error) -> i32 {
    // SAFETY: the caller keeps the contract of the header.
    unsafe { guard::plain(0, || arg::optional(error).map_or(0, |error| error.http_status)) }
}

/// Returns the code of the server's JSON-RPC error.
///
/// @param error  The error, or NULL.
/// @return Such as -32601; 0 unless the status is MCPCLIENT_ERROR_RPC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_error_rpc_code(error: *const mcpclient_error) -> i32 {
    // SAFETY: the caller keeps the contract of the header.
    unsafe { guard::plain(0, || arg::optional(error).map_or(0, |error| error.rpc_code)) }
}

/// Returns the data of the server's JSON-RPC error.
///
/// @param error  The error, or NULL.
/// @return JSON text; NULL when there is none, or more than 1 MiB.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_error_rpc_data(error: *const mcpclient_error) -> *const c_char {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        guard::plain(text::borrowed(None), || {
            text::borrowed(arg::optional(error).and_then(|error| error.rpc_data.as_deref()))
        })
    }
}

/// Returns the WWW-Authenticate header of the response that refused the
/// request.
///
/// @param error  The error, or NULL.
/// @return The header, several of them joined by ", "; NULL when there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_error_www_authenticate(error: *const mcpclient_error) -> *const c_char {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        guard::plain(text::borrowed(None), || {
            text::borrowed(arg::optional(error).and_then(|error| error.www_authenticate.as_deref()))
        })
    }
}

/// Returns one parameter of the Bearer challenge in the WWW-Authenticate
/// header.
///
/// @param error  The error, or NULL.
/// @param name   The parameter, without regard to case: "error",
///               "error_description", "scope", "resource_metadata" or another;
///               or NULL.
/// @return The value, unquoted; NULL when there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_error_challenge_parameter(
    error: *const mcpclient_error,
    name: *const c_char,
) -> *const c_char {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        guard::plain(text::borrowed(None), || {
            let (Some(error), Ok(Some(name))) = (arg::optional(error), arg::optional_text(name, "name")) else {
                return text::borrowed(None);
            };
            text::borrowed(error.challenge_parameter(name))
        })
    }
}

/// Frees an error, and the strings that were read from it.
///
/// @param error  The error; NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_error_free(error: *mut mcpclient_error) {
    // SAFETY: the caller keeps the contract of the header.
    unsafe { guard::plain((), || drop(arg::owned(error))) }
}
