use std::ffi::c_char;
use std::mem::MaybeUninit;

use super::error::mcpclient_error;
use super::{arg, guard, outcome, text};
use crate::{Error, Value};

/// A JSON value: a result, or the parameters of a notification or request. It
/// never changes; any thread may read it.
pub struct mcpclient_value<'a>(Held<'a>);

enum Held<'a> {
    Owned(Value),
    Lent(&'a Value),
}

impl<'a> mcpclient_value<'a> {
    fn owned(value: Value) -> mcpclient_value<'a> {
        mcpclient_value(Held::Owned(value))
    }

    /// For the time of a callback.
    pub(super) fn lent(value: &'a Value) -> mcpclient_value<'a> {
        mcpclient_value(Held::Lent(value))
    }

    fn get(&self) -> &Value {
        match &self.0 {
            Held::Owned(value) => value,
            Held::Lent(value) => value,
        }
    }
}

/// Leaves a result where the caller wants it; drops it when the caller does not.
///
/// # Safety
/// `result_out` is NULL or points to a place that may be written.
pub(super) unsafe fn give(result: Value, result_out: *mut *mut mcpclient_value) -> Result<(), Error> {
    if !result_out.is_null() {
        // SAFETY: not NULL; promised by the caller to be writable.
        unsafe { result_out.write(Box::into_raw(Box::new(mcpclient_value::owned(result)))) };
    }
    Ok(())
}

/// Makes a value of JSON text, such as a file of settings or the arguments of a
/// call.
///
/// @param json  JSON text. When it is not valid, the message names the place.
/// @return The value; NULL on failure.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_value_parse<'a>(
    json: MaybeUninit<&c_char>,
    error_out: *mut *mut mcpclient_error,
) -> *mut mcpclient_value<'a> {
    // SAFETY: the caller keeps the contract of the header.
    unsafe { outcome::handle(error_out, || Value::parse(arg::text(json, "json")?).map(mcpclient_value::owned)) }
}

/// Copies a part of a value, also of one that a callback was given.
///
/// Numbers keep their digits and members their order, so a part can be passed
/// on by mcpclient_value_json.
///
/// @param value    The value.
/// @param pointer  JSON Pointer to the part; "": the whole.
/// @return The copy; NULL with MCPCLIENT_ERROR_INVALID_ARGUMENT when there is
///         nothing at pointer.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_value_copy<'a>(
    value: MaybeUninit<&mcpclient_value>,
    pointer: MaybeUninit<&c_char>,
    error_out: *mut *mut mcpclient_error,
) -> *mut mcpclient_value<'a> {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        outcome::handle(error_out, || {
            let (value, pointer) = (arg::required(value, "value")?.get(), arg::text(pointer, "pointer")?);
            let nothing = || Error::InvalidArgument("there is nothing at this JSON Pointer".to_owned());
            Value::parse(value.json_at(pointer).ok_or_else(nothing)?).map(mcpclient_value::owned)
        })
    }
}

/// Returns a value as JSON text.
///
/// @param value  The value, or NULL.
/// @return The text; "null" for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_value_json<'a>(value: *const mcpclient_value<'a>) -> MaybeUninit<&'a c_char> {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        guard::plain(text::never_null(c"null"), || {
            text::never_null(arg::optional(value).map_or(c"null", |value| value.get().json_with_nul()))
        })
    }
}

/// Returns a string inside a value.
///
/// @param value    The value, or NULL.
/// @param pointer  JSON Pointer to the string, or NULL.
/// @return The string in UTF-8; NULL when there is none at pointer, or it
///         contains a NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_value_string(
    value: *const mcpclient_value,
    pointer: *const c_char,
) -> *const c_char {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        guard::plain(text::borrowed(None), || {
            text::borrowed_bytes(look(value, pointer).and_then(|(value, pointer)| value.bytes_with_nul(pointer)))
        })
    }
}

/// Reads an integer inside a value.
///
/// @param value    The value, or NULL.
/// @param pointer  JSON Pointer to the number, or NULL.
/// @param out      Set when true is returned; may be NULL.
/// @return Whether there is a number at pointer that is whole and fits.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_value_int64(
    value: *const mcpclient_value,
    pointer: *const c_char,
    out: *mut i64,
) -> bool {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        guard::plain(false, || {
            let number = look(value, pointer).and_then(|(value, pointer)| value.int64(pointer));
            tell(number, out)
        })
    }
}

/// Reads a number inside a value.
///
/// @param value    The value, or NULL.
/// @param pointer  JSON Pointer to the number, or NULL.
/// @param out      Set when true is returned; may be NULL.
/// @return Whether there is a number at pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_value_double(
    value: *const mcpclient_value,
    pointer: *const c_char,
    out: *mut f64,
) -> bool {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        guard::plain(false, || {
            let number = look(value, pointer).and_then(|(value, pointer)| value.double(pointer));
            tell(number, out)
        })
    }
}

/// Reads a boolean inside a value.
///
/// @param value    The value, or NULL.
/// @param pointer  JSON Pointer to the boolean, or NULL.
/// @param out      Set when true is returned; may be NULL.
/// @return Whether there is a boolean at pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_value_bool(
    value: *const mcpclient_value,
    pointer: *const c_char,
    out: *mut bool,
) -> bool {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        guard::plain(false, || {
            let boolean = look(value, pointer).and_then(|(value, pointer)| value.bool(pointer));
            tell(boolean, out)
        })
    }
}

/// Counts the elements of an array or the members of an object.
///
/// @param value    The value, or NULL.
/// @param pointer  JSON Pointer to the array or object, or NULL.
/// @return The number; 0 when there is neither at pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_value_count(value: *const mcpclient_value, pointer: *const c_char) -> usize {
    // SAFETY: the caller keeps the contract of the header.
    unsafe { guard::plain(0, || look(value, pointer).map_or(0, |(value, pointer)| value.count(pointer))) }
}

/// Frees a value, and the strings that were read from it. Not for values that
/// callbacks are given.
///
/// @param value  The value; NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_value_free(value: *mut mcpclient_value) {
    // SAFETY: the caller keeps the contract of the header.
    unsafe { guard::plain((), || drop(arg::owned(value))) }
}

/// Reads the arguments of a getter, which has nowhere to say what is wrong with them.
unsafe fn look<'a>(value: *const mcpclient_value<'a>, pointer: *const c_char) -> Option<(&'a Value, &'a str)> {
    // SAFETY: promised by the caller.
    unsafe { Some((arg::optional(value)?.get(), arg::optional_text(pointer, "pointer").ok()??)) }
}

/// Leaves what was found where the caller wants it.
unsafe fn tell<T>(found: Option<T>, out: *mut T) -> bool {
    let is_there = found.is_some();
    if let Some(found) = found
        && !out.is_null()
    {
        // SAFETY: not NULL; promised by the caller to be writable.
        unsafe { out.write(found) };
    }
    is_there
}
