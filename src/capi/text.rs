//! Strings as C reads them.

use std::ffi::{CStr, CString, c_char};
use std::mem::MaybeUninit;
use std::ptr;

/// A copy with a NUL at its end; a NUL inside, which would hide the rest from C, becomes U+FFFD.
pub(super) fn terminated(text: &str) -> CString {
    CString::new(text)
        .unwrap_or_else(|_| CString::new(text.replace('\0', "\u{FFFD}")).expect("the only NULs were just replaced"))
}

/// A string that a caller gives back to be freed; `None` for NULL.
///
/// # Safety
/// The pointer is NULL or came from `CString::into_raw`, and is not used again.
pub(super) unsafe fn owned(string: *mut c_char) -> Option<CString> {
    // SAFETY: not NULL; the rest is promised by the caller.
    (!string.is_null()).then(|| unsafe { CString::from_raw(string) })
}

/// A string that belongs to a handle; NULL for `None`.
pub(super) fn borrowed(text: Option<&CStr>) -> *const c_char {
    text.map_or(ptr::null(), CStr::as_ptr)
}

/// The same for bytes that end with a NUL. They are not looked through: they may be megabytes.
pub(super) fn borrowed_bytes(text: Option<&[u8]>) -> *const c_char {
    debug_assert!(text.is_none_or(|text| text.ends_with(b"\0")));
    text.map_or(ptr::null(), |text| text.as_ptr().cast())
}

/// A string that belongs to a handle or to the library, typed so that the header declares it non-null.
pub(super) fn never_null<'a>(text: &'a CStr) -> MaybeUninit<&'a c_char> {
    let mut pointer = MaybeUninit::<&'a c_char>::uninit();
    // SAFETY: a reference and a raw pointer to a sized type have the same layout. Written as a raw pointer, because a
    // reference to the first char would not be good for reading the others.
    unsafe { pointer.as_mut_ptr().cast::<*const c_char>().write(text.as_ptr()) };
    pointer
}
