use std::ffi::{CStr, c_char};
use std::mem::MaybeUninit;

use super::error::mcpclient_error;
use super::status::mcpclient_status;
use super::{arg, guard, outcome, text};
use crate::{Error, JsonBuilder};

/// JSON text that is being written. One thread at a time may use it.
pub struct mcpclient_json(JsonBuilder);

/// Begins JSON text: an empty object.
///
/// @return The text; NULL on failure.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_json_new(error_out: *mut *mut mcpclient_error) -> *mut mcpclient_json {
    // SAFETY: the caller keeps the contract of the header.
    unsafe { outcome::handle(error_out, || Ok(mcpclient_json(JsonBuilder::new()))) }
}

/// Sets a string.
///
/// @param json     The text.
/// @param pointer  JSON Pointer to the place; "": the whole.
/// @param value    The string.
/// @return MCPCLIENT_OK; MCPCLIENT_ERROR_INVALID_ARGUMENT when the pointer leads
///         through something else than arrays and objects or past the end of
///         an array, or more than 127 arrays and objects would be nested.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_json_set_string(
    json: MaybeUninit<&mut mcpclient_json>,
    pointer: MaybeUninit<&c_char>,
    value: MaybeUninit<&c_char>,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        outcome::status(error_out, || {
            set(json, pointer, |json, pointer| json.set_string(pointer, arg::text(value, "value")?))
        })
    }
}

/// Sets an integer.
///
/// @param json     The text.
/// @param pointer  JSON Pointer to the place; "": the whole.
/// @param value    The integer.
/// @return As for mcpclient_json_set_string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_json_set_int64(
    json: MaybeUninit<&mut mcpclient_json>,
    pointer: MaybeUninit<&c_char>,
    value: i64,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe { outcome::status(error_out, || set(json, pointer, |json, pointer| json.set_int64(pointer, value))) }
}

/// Sets a number.
///
/// @param json     The text.
/// @param pointer  JSON Pointer to the place; "": the whole.
/// @param value    The number. It is written with as few digits as are needed
///                 to read the same number again.
/// @return As for mcpclient_json_set_string; MCPCLIENT_ERROR_INVALID_ARGUMENT
///         also when value is infinite or not a number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_json_set_double(
    json: MaybeUninit<&mut mcpclient_json>,
    pointer: MaybeUninit<&c_char>,
    value: f64,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe { outcome::status(error_out, || set(json, pointer, |json, pointer| json.set_double(pointer, value))) }
}

/// Sets true or false.
///
/// @param json     The text.
/// @param pointer  JSON Pointer to the place; "": the whole.
/// @param value    The boolean.
/// @return As for mcpclient_json_set_string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_json_set_bool(
    json: MaybeUninit<&mut mcpclient_json>,
    pointer: MaybeUninit<&c_char>,
    value: bool,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe { outcome::status(error_out, || set(json, pointer, |json, pointer| json.set_bool(pointer, value))) }
}

/// Sets null.
///
/// @param json     The text.
/// @param pointer  JSON Pointer to the place; "": the whole.
/// @return As for mcpclient_json_set_string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_json_set_null(
    json: MaybeUninit<&mut mcpclient_json>,
    pointer: MaybeUninit<&c_char>,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe { outcome::status(error_out, || set(json, pointer, |json, pointer| json.set_null(pointer))) }
}

/// Sets any JSON value, such as an array or a part of a result.
///
/// @param json     The text.
/// @param pointer  JSON Pointer to the place; "": the whole.
/// @param value    JSON text. When it is not valid, the message names the place.
/// @return As for mcpclient_json_set_string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_json_set_json(
    json: MaybeUninit<&mut mcpclient_json>,
    pointer: MaybeUninit<&c_char>,
    value: MaybeUninit<&c_char>,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        outcome::status(error_out, || {
            set(json, pointer, |json, pointer| json.set_json(pointer, arg::text(value, "value")?))
        })
    }
}

/// Returns the JSON text.
///
/// @param json  The text, or NULL.
/// @return The text, valid until the next mcpclient_json_set_ function or
///         mcpclient_json_free; "null" for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_json_text<'a>(json: *const mcpclient_json) -> MaybeUninit<&'a c_char> {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        guard::plain(text::never_null(c"null"), || {
            let text = arg::optional(json).map(|json| json.0.text_with_nul());
            text::never_null(text.and_then(|text| CStr::from_bytes_with_nul(text.as_bytes()).ok()).unwrap_or(c"null"))
        })
    }
}

/// Frees JSON text.
///
/// @param json  The text; NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_json_free(json: *mut mcpclient_json) {
    // SAFETY: the caller keeps the contract of the header.
    unsafe { guard::plain((), || drop(arg::owned(json))) }
}

/// What the set functions have in common.
unsafe fn set<'a>(
    json: MaybeUninit<&'a mut mcpclient_json>,
    pointer: MaybeUninit<&'a c_char>,
    change: impl FnOnce(&mut JsonBuilder, &str) -> Result<(), Error>,
) -> Result<(), Error> {
    // SAFETY: promised by the caller.
    let (json, pointer) = unsafe { (arg::exclusive(json, "json")?, arg::text(pointer, "pointer")?) };
    change(&mut json.0, pointer)
}
