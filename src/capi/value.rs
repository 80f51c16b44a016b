use std::ffi::c_char;
use std::mem::MaybeUninit;
use std::ptr;
use std::sync::Arc;

use super::arg::{self, Pointer};
use super::error::mcpclient_error;
use super::{guard, outcome, text};
use crate::json::{Document, Kind, Node, Slot};
use crate::{Error, Value};

/// A JSON value: a result, the parameters of a notification or request, or a
/// part of one of these. It never changes; any thread may read it.
pub struct mcpclient_value([u8; 0]);

// The address of a value is that of one of the slots of a document; nothing is ever read through this type. Slots know their places, so that the first one
// is found, in which the address of the document stands. The first slot is the value that the caller frees: it holds one
// count of the document's `Arc`. Any other is a view.

/// Gives a value to the caller, who frees it.
pub(super) fn owned(value: Value) -> *mut mcpclient_value {
    let document = value.into_document();
    let handle = document.slots().as_ptr();
    // `mcpclient_value_free` takes this count back.
    let _ = Arc::into_raw(document);
    handle.cast_mut().cast()
}

/// A view of a value that the library keeps, for a callback.
pub(super) fn lent(value: &Value) -> MaybeUninit<&mcpclient_value> {
    let mut view = MaybeUninit::<&mcpclient_value>::uninit();
    // SAFETY: a reference and a raw pointer to a sized type have the same layout. Written as a raw pointer, because a
    // reference to one slot would not be good for reading the others.
    unsafe { view.as_mut_ptr().cast::<*const mcpclient_value>().write(address(value.root())) };
    view
}

/// The same as a raw pointer.
pub(super) fn view(value: &Value) -> *const mcpclient_value {
    address(value.root())
}

fn address(node: Node<'_>) -> *const mcpclient_value {
    // The address of a slot for the way back, and not only for reading this one: taken from the whole.
    let (slots, index) = (node.document().slots(), node.slot().index());
    slots.as_ptr().wrapping_add(index).cast()
}

/// The document that a value belongs to, as it was handed out by `Arc::into_raw` or lies in an `Arc` of the library.
///
/// # Safety
/// `value` came from this library and is still valid.
unsafe fn document(value: *const mcpclient_value) -> *const Document {
    let slot: *const Slot = value.cast();
    // SAFETY: `value` is the address of a slot, and the slots of a document stand in one array.
    let address = unsafe { (*slot.sub((*slot).index())).payload() };
    ptr::with_exposed_provenance(address as usize)
}

/// The value behind a pointer; `None` for NULL.
///
/// # Safety
/// `value` is NULL, or came from this library and is valid during `'a`.
unsafe fn node<'a>(value: *const mcpclient_value) -> Option<Node<'a>> {
    if value.is_null() {
        return None;
    }
    // SAFETY: promised by the caller; what belongs to a document lives as long as it.
    Some(unsafe { Node::new(&*document(value), &*value.cast::<Slot>()) })
}

/// Leaves a result where the caller wants it; drops it when the caller does not.
///
/// # Safety
/// `result_out` is NULL or points to a place that may be written.
pub(super) unsafe fn give(result: Value, result_out: *mut *mut mcpclient_value) -> Result<(), Error> {
    if !result_out.is_null() {
        // SAFETY: not NULL; promised by the caller to be writable.
        unsafe { result_out.write(owned(result)) };
    }
    Ok(())
}

/// What a part of a value is: one of MCPCLIENT_TYPE_*.
pub type mcpclient_type = i32;

/// There is nothing.
pub const MCPCLIENT_TYPE_ABSENT: i32 = 0;
/// It is null.
pub const MCPCLIENT_TYPE_NULL: i32 = 1;
/// It is true or false.
pub const MCPCLIENT_TYPE_BOOL: i32 = 2;
/// It is a number.
pub const MCPCLIENT_TYPE_NUMBER: i32 = 3;
/// It is a string.
pub const MCPCLIENT_TYPE_STRING: i32 = 4;
/// It is an array.
pub const MCPCLIENT_TYPE_ARRAY: i32 = 5;
/// It is an object.
pub const MCPCLIENT_TYPE_OBJECT: i32 = 6;

/// Makes a value of JSON text, such as a file of settings or the arguments of a
/// call.
///
/// @param json  JSON text. When it is not valid, the message names the place.
/// @return The value; NULL on failure.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_value_parse(
    json: MaybeUninit<&c_char>,
    error_out: *mut *mut mcpclient_error,
) -> *mut mcpclient_value {
    // SAFETY: the caller keeps the contract of the header.
    unsafe { outcome::pointer(error_out, || Value::parse(arg::text(json, "json")?).map(owned)) }
}

/// Copies a part of a value, also of one that a callback was given.
///
/// Takes time and memory by the size of the part.
///
/// @param value    The value.
/// @param pointer  JSON Pointer to the part; "": the whole.
/// @return The copy; NULL with MCPCLIENT_ERROR_INVALID_ARGUMENT when there is
///         nothing at pointer.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_value_copy(
    value: MaybeUninit<&mcpclient_value>,
    pointer: MaybeUninit<&c_char>,
    error_out: *mut *mut mcpclient_error,
) -> *mut mcpclient_value {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        outcome::pointer(error_out, || {
            arg::required(value, "value")?;
            let (value, pointer) = (node(value.address()), arg::text(pointer, "pointer")?);
            let nothing = || Error::InvalidArgument("there is nothing at this JSON Pointer".to_owned());
            let part = value.and_then(|value| value.get(pointer)).ok_or_else(nothing)?;
            Ok(owned(part.to_value()))
        })
    }
}

/// Returns what a part of a value is.
///
/// @param value    The value, or NULL.
/// @param pointer  JSON Pointer to the part, or NULL.
/// @return One of MCPCLIENT_TYPE_*.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_value_type(value: *const mcpclient_value, pointer: *const c_char) -> mcpclient_type {
    // SAFETY: the caller keeps the contract of the header.
    unsafe { guard::reading(MCPCLIENT_TYPE_ABSENT, || look(value, pointer).map_or(MCPCLIENT_TYPE_ABSENT, type_of)) }
}

fn type_of(node: Node<'_>) -> mcpclient_type {
    match node.kind() {
        Kind::Null => MCPCLIENT_TYPE_NULL,
        Kind::Bool => MCPCLIENT_TYPE_BOOL,
        Kind::Number => MCPCLIENT_TYPE_NUMBER,
        Kind::String => MCPCLIENT_TYPE_STRING,
        Kind::Array => MCPCLIENT_TYPE_ARRAY,
        Kind::Object => MCPCLIENT_TYPE_OBJECT,
    }
}

/// Returns a view of a part of a value.
///
/// @param value    The value, or NULL.
/// @param pointer  JSON Pointer to the part, or NULL.
/// @return The view; NULL when there is nothing at pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_value_at(
    value: *const mcpclient_value,
    pointer: *const c_char,
) -> *const mcpclient_value {
    // SAFETY: the caller keeps the contract of the header.
    unsafe { guard::reading(ptr::null(), || look(value, pointer).map_or(ptr::null(), address)) }
}

/// Returns a view of one element of an array, or of the value of one member of
/// an object.
///
/// Takes the same time for each index. A loop over mcpclient_value_count(value,
/// "") elements needs no pointers.
///
/// @param value  The array or object, or NULL.
/// @param index  The index, from 0.
/// @return The view; NULL when there is no such element.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_value_element(
    value: *const mcpclient_value,
    index: usize,
) -> *const mcpclient_value {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        guard::reading(ptr::null(), || node(value).and_then(|node| node.element(index)).map_or(ptr::null(), address))
    }
}

/// Returns the name of one member of an object.
///
/// @param value  The object, or NULL.
/// @param index  The index, from 0.
/// @return The name in UTF-8; NULL when there is no such member.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_value_key(value: *const mcpclient_value, index: usize) -> *const c_char {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        guard::reading(ptr::null(), || text::borrowed_bytes(node(value).and_then(|node| node.key_with_nul(index))))
    }
}

/// Returns a value as JSON text.
///
/// Numbers keep their digits and members their order; there is no white space
/// between the parts. The text is made when it is first asked for.
///
/// @param value  The value, or NULL.
/// @return The text; "null" for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_value_json<'a>(value: *const mcpclient_value) -> MaybeUninit<&'a c_char> {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        guard::reading(text::never_null(c"null"), || {
            text::never_null(node(value).and_then(Node::json_for_c).unwrap_or(c"null"))
        })
    }
}

/// Returns a string inside a value.
///
/// C sees a string that contains U+0000 end there; mcpclient_value_string_length
/// is its whole length.
///
/// @param value    The value, or NULL.
/// @param pointer  JSON Pointer to the string, or NULL.
/// @return The string in UTF-8; NULL when there is none at pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_value_string(
    value: *const mcpclient_value,
    pointer: *const c_char,
) -> *const c_char {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        guard::reading(ptr::null(), || text::borrowed_bytes(look(value, pointer).and_then(Node::as_bytes_with_nul)))
    }
}

/// Returns a string inside a value, or another one when there is none.
///
/// @param value     The value, or NULL.
/// @param pointer   JSON Pointer to the string, or NULL.
/// @param fallback  Returned, not copied, when there is no string at pointer;
///                  may be NULL.
/// @return The string in UTF-8, or fallback.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_value_string_or(
    value: *const mcpclient_value,
    pointer: *const c_char,
    fallback: *const c_char,
) -> *const c_char {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        guard::reading(fallback, || {
            let found = look(value, pointer).and_then(Node::as_bytes_with_nul);
            if found.is_some() { text::borrowed_bytes(found) } else { fallback }
        })
    }
}

/// Returns the length of a string inside a value.
///
/// @param value    The value, or NULL.
/// @param pointer  JSON Pointer to the string, or NULL.
/// @return The number of bytes before the NUL that ends the string; 0 when
///         there is no string at pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_value_string_length(value: *const mcpclient_value, pointer: *const c_char) -> usize {
    // SAFETY: the caller keeps the contract of the header.
    unsafe { guard::reading(0, || look(value, pointer).and_then(Node::as_bytes).map_or(0, <[u8]>::len)) }
}

/// Reads an integer inside a value. Nothing is rounded.
///
/// @param value    The value, or NULL.
/// @param pointer  JSON Pointer to the number, or NULL.
/// @param out      Set when true is returned; may be NULL.
/// @return Whether there is a number at pointer that is whole and fits, such as
///         3, 3.0 or 3e2.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_value_int64(
    value: *const mcpclient_value,
    pointer: *const c_char,
    out: *mut i64,
) -> bool {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        guard::reading(false, || {
            let number = look(value, pointer).and_then(Node::as_i64);
            tell(number, out)
        })
    }
}

/// Reads a number inside a value.
///
/// @param value    The value, or NULL.
/// @param pointer  JSON Pointer to the number, or NULL.
/// @param out      Set to the nearest double when true is returned; may be NULL.
/// @return Whether there is a number at pointer that is not too large for a
///         double, as 1e400 is.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_value_double(
    value: *const mcpclient_value,
    pointer: *const c_char,
    out: *mut f64,
) -> bool {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        guard::reading(false, || {
            let number = look(value, pointer).and_then(Node::as_f64);
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
        guard::reading(false, || {
            let boolean = look(value, pointer).and_then(Node::as_bool);
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
    unsafe { guard::reading(0, || look(value, pointer).map_or(0, Node::count)) }
}

/// Frees a value, with its views and the strings that were read from it.
///
/// @param value  The value. NULL, views, and values that callbacks are given
///               are ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_value_free(value: *mut mcpclient_value) {
    guard::plain((), || {
        // SAFETY: NULL, or a value or view of this library.
        let is_owned = !value.is_null() && unsafe { (*value.cast::<Slot>()).index() } == 0;
        if is_owned {
            // SAFETY: the count that `owned` left with the caller, who does not use the value again.
            drop(unsafe { Arc::from_raw(document(value)) });
        }
    })
}

/// Reads the arguments of a getter, which has nowhere to say what is wrong with them.
unsafe fn look<'a>(value: *const mcpclient_value, pointer: *const c_char) -> Option<Node<'a>> {
    // SAFETY: promised by the caller.
    unsafe { node(value)?.at(arg::optional_bytes(pointer)?) }
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
