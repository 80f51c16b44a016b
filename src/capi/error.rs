use std::ffi::{CStr, CString, c_char};
use std::mem::MaybeUninit;

use super::status::{MCPCLIENT_OK, mcpclient_status};
use super::{arg, guard, text};
use crate::Error;

/// Why a call failed.
///
/// Made by a failing call that was given a place for it, freed by
/// mcpclient_error_free.
/// Threads: any thread may read it; it never changes.
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
    let parameters = error.challenge_parameters().into_iter();
    parameters.map(|(name, value)| (name.to_owned(), text::terminated(value))).collect()
}

/// Gives the status of an error: what the failing call returned.
///
/// Does not block.
///
/// @param error  The error; NULL: none.
/// @return One of MCPCLIENT_ERROR_*; MCPCLIENT_OK when error is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_error_status(error: *const mcpclient_error) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe { guard::plain(MCPCLIENT_OK, || arg::optional(error).map_or(MCPCLIENT_OK, |error| error.status)) }
}

/// Gives one line for a person that says what failed, and where it helps, what
/// to do about it. It never holds a credential.
///
/// Does not block.
///
/// @param error  The error; NULL: none.
/// @return The line, without a line end; empty when error is NULL. Valid until
///         error is freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_error_message<'a>(error: *const mcpclient_error) -> MaybeUninit<&'a c_char> {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        guard::plain(text::never_null(c""), || {
            text::never_null(arg::optional(error).map_or(c"", mcpclient_error::message))
        })
    }
}

/// Gives the HTTP status of the answer that made the call fail.
///
/// Does not block.
///
/// @param error  The error; NULL: none.
/// @return Such as 503; 0 when there was no answer, when the failure came with
///         a success status, as errors of the server often do, or when error
///         is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_error_http_status(error: *const mcpclient_error) -> i32 {
    // SAFETY: the caller keeps the contract of the header.
    unsafe { guard::plain(0, || arg::optional(error).map_or(0, |error| error.http_status)) }
}

/// Gives the code of the JSON-RPC error with which the server answered.
///
/// Does not block.
///
/// @param error  The error; NULL: none.
/// @return Such as -32601; 0 unless the status is MCPCLIENT_ERROR_RPC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_error_rpc_code(error: *const mcpclient_error) -> i32 {
    // SAFETY: the caller keeps the contract of the header.
    unsafe { guard::plain(0, || arg::optional(error).map_or(0, |error| error.rpc_code)) }
}

/// Gives the data that came with the JSON-RPC error.
///
/// Does not block.
///
/// @param error  The error; NULL: none.
/// @return JSON text; NULL when there is none or error is NULL. Valid until
///         error is freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_error_rpc_data(error: *const mcpclient_error) -> *const c_char {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        guard::plain(text::borrowed(None), || {
            text::borrowed(arg::optional(error).and_then(|error| error.rpc_data.as_deref()))
        })
    }
}

/// Gives the WWW-Authenticate header of the answer that refused the request.
///
/// Does not block.
///
/// @param error  The error; NULL: none.
/// @return The header as it came, several of them joined by ", "; NULL when
///         there is none or error is NULL. Valid until error is freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_error_www_authenticate(error: *const mcpclient_error) -> *const c_char {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        guard::plain(text::borrowed(None), || {
            text::borrowed(arg::optional(error).and_then(|error| error.www_authenticate.as_deref()))
        })
    }
}

/// Gives one parameter of the Bearer challenge in the WWW-Authenticate header.
///
/// Does not block.
///
/// @param error  The error; NULL: none.
/// @param name   The parameter, without regard to case: "error",
///               "error_description", "scope", "resource_metadata" or another.
///               The library copies name.
/// @return The value, unquoted; NULL when there is none or an argument is
///         NULL. Valid until error is freed.
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

/// Frees an error, and with it the strings that were read from it.
///
/// Does not block.
///
/// @param error  The error, or NULL, which is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_error_free(error: *mut mcpclient_error) {
    // SAFETY: the caller keeps the contract of the header.
    unsafe { guard::plain((), || drop(arg::owned(error))) }
}
