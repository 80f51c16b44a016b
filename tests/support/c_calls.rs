//! How the C functions are called: texts, errors and results in both directions.

#![allow(unsafe_code)] // the C ABI has no other door

use std::ffi::{CStr, CString};
use std::path::Path;
use std::ptr;

use serde_json::Value;

use super::c_functions::*;
use super::driver::{Failure, Outcome, PARAMETERS};

pub fn c_string(text: &str) -> CString {
    CString::new(text).expect("a text without NUL")
}

pub fn optional(text: Option<&str>) -> Option<CString> {
    text.map(c_string)
}

pub fn pointer(text: &Option<CString>) -> Text {
    text.as_ref().map_or(ptr::null(), |text| text.as_ptr())
}

pub fn path_text(path: &Path) -> CString {
    c_string(path.to_str().expect("a path of UTF-8"))
}

/// What a `const char *` says; `None` for NULL.
pub unsafe fn read(text: Text) -> Option<String> {
    // SAFETY: the library gives NULL or a terminated string that its handle keeps.
    (!text.is_null()).then(|| unsafe { CStr::from_ptr(text) }.to_str().expect("UTF-8").to_owned())
}

/// Reads an error object and frees it.
pub unsafe fn failure(error: *mut Handle) -> Failure {
    assert!(!error.is_null(), "a failure without an error object");
    // SAFETY: an error object is valid until it is freed, at the end.
    unsafe {
        let parameter = |name| {
            let c_name = c_string(name);
            read(mcpclient_error_challenge_parameter(error, c_name.as_ptr())).map(|value| (name, value))
        };
        let failure = Failure {
            status: mcpclient_error_status(error),
            message: read(mcpclient_error_message(error)).expect("a message"),
            http_status: mcpclient_error_http_status(error),
            rpc_code: mcpclient_error_rpc_code(error),
            rpc_data: read(mcpclient_error_rpc_data(error)),
            www_authenticate: read(mcpclient_error_www_authenticate(error)),
            challenge: PARAMETERS.into_iter().filter_map(parameter).collect(),
        };
        mcpclient_error_free(error);
        failure
    }
}

/// Makes a call that returns a status.
pub fn call(call: impl FnOnce(Errors) -> i32) -> Outcome {
    let mut error = ptr::null_mut();
    match call(&raw mut error) {
        0 => {
            assert!(error.is_null(), "success leaves the error alone");
            Ok(())
        }
        status => {
            // SAFETY: the library has just stored it.
            let failure = unsafe { failure(error) };
            assert_eq!(failure.status, status, "the status returned and the status of the error");
            Err(failure)
        }
    }
}

/// Makes a call that returns a new handle.
pub fn make(call: impl FnOnce(Errors) -> *mut Handle) -> Outcome<*mut Handle> {
    let mut error = ptr::null_mut();
    let handle = call(&raw mut error);
    // SAFETY: without a handle the library has stored an error.
    if handle.is_null() { Err(unsafe { failure(error) }) } else { Ok(handle) }
}

/// Makes a call that returns a result.
pub fn value(of: impl FnOnce(*mut *mut Handle, Errors) -> i32) -> Outcome<Value> {
    let mut result = ptr::null_mut();
    call(|error| of(&raw mut result, error))?;
    // SAFETY: after a success the result is ours until it is freed.
    unsafe {
        let value = json(result);
        mcpclient_value_free(result);
        Ok(value)
    }
}

/// The JSON of a value.
pub unsafe fn json(value: *const Handle) -> Value {
    // SAFETY: the caller passes a live value.
    let text = unsafe { read(mcpclient_value_json(value)) }.expect("a value is not NULL");
    serde_json::from_str(&text).expect("a value is JSON")
}
