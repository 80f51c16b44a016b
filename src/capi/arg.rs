//! Reads the arguments of exported functions; nothing here trusts a pointer to be there or a text to be UTF-8.
//!
//! How a pointer is typed in a signature decides how the header declares it. A raw pointer may be NULL. A pointer that
//! must be given is a `MaybeUninit<&T>` (or `&mut T`, which the header shows without `const`): the header declares it
//! non-null, yet any bits may legally arrive in it, so that NULL can be looked for here instead of being undefined.

use std::ffi::{CStr, c_char};
use std::mem::MaybeUninit;
use std::path::Path;

use crate::Error;

/// A pointer as it stands in the signature of an exported function.
pub(super) trait Pointer<'a> {
    /// What it points to.
    type Target: 'a;

    /// The address that the caller gave.
    fn address(self) -> *const Self::Target;
}

impl<'a, T: 'a> Pointer<'a> for MaybeUninit<&'a T> {
    type Target = T;

    fn address(self) -> *const T {
        // SAFETY: a reference and a raw pointer to a sized type have the same layout, the caller initialised the
        // argument, and every bit pattern is a raw pointer.
        unsafe { (&raw const self).cast::<*const T>().read() }
    }
}

impl<'a, T: 'a> Pointer<'a> for MaybeUninit<&'a mut T> {
    type Target = T;

    fn address(self) -> *const T {
        // SAFETY: as above.
        unsafe { (&raw const self).cast::<*const T>().read() }
    }
}

impl<'a, T: 'a> Pointer<'a> for *const T {
    type Target = T;

    fn address(self) -> *const T {
        self
    }
}

impl<'a, T: 'a> Pointer<'a> for *mut T {
    type Target = T;

    fn address(self) -> *const T {
        self
    }
}

/// The object behind a pointer; `None` for NULL.
///
/// # Safety
/// The pointer is NULL or points to a living `T` that nothing changes during `'a` except through its own locks.
pub(super) unsafe fn optional<'a, P: Pointer<'a>>(pointer: P) -> Option<&'a P::Target> {
    // SAFETY: promised by the caller.
    unsafe { pointer.address().as_ref() }
}

/// The object behind a pointer that must be given.
///
/// # Safety
/// As for [`optional`].
pub(super) unsafe fn required<'a, P: Pointer<'a>>(pointer: P, name: &str) -> Result<&'a P::Target, Error> {
    // SAFETY: promised by the caller.
    unsafe { optional(pointer) }.ok_or_else(|| is_null(name))
}

/// The object behind a pointer that must be given and that only this call uses.
///
/// # Safety
/// The pointer is NULL or points to a living `T` that nothing else touches during `'a`.
pub(super) unsafe fn exclusive<'a, T>(pointer: MaybeUninit<&'a mut T>, name: &str) -> Result<&'a mut T, Error> {
    // SAFETY: promised by the caller.
    unsafe { pointer.address().cast_mut().as_mut() }.ok_or_else(|| is_null(name))
}

/// The object that a caller gives back to be freed; `None` for NULL.
///
/// # Safety
/// The pointer is NULL or came from `outcome::handle`, and is not used again.
pub(super) unsafe fn owned<T>(pointer: *mut T) -> Option<Box<T>> {
    // SAFETY: not NULL; the rest is promised by the caller.
    (!pointer.is_null()).then(|| unsafe { Box::from_raw(pointer) })
}

/// A text that must be given.
///
/// # Safety
/// The pointer is NULL or points to a NUL-terminated string that stays unchanged during `'a`.
pub(super) unsafe fn text<'a>(pointer: MaybeUninit<&'a c_char>, name: &str) -> Result<&'a str, Error> {
    // SAFETY: promised by the caller.
    unsafe { optional_text(pointer.address(), name) }?.ok_or_else(|| is_null(name))
}

/// A text that may be NULL.
///
/// # Safety
/// As for [`text`].
pub(super) unsafe fn optional_text<'a>(pointer: *const c_char, name: &str) -> Result<Option<&'a str>, Error> {
    if pointer.is_null() {
        return Ok(None);
    }
    // SAFETY: not NULL; the rest is promised by the caller.
    let bytes = unsafe { CStr::from_ptr(pointer) };
    bytes.to_str().map(Some).map_err(|invalid| {
        // The position only: the text may be a token.
        Error::InvalidArgument(format!("{name} is not UTF-8 at byte {}", invalid.valid_up_to()))
    })
}

/// The bytes of a text that may be NULL and need not be UTF-8.
///
/// # Safety
/// As for [`text`].
pub(super) unsafe fn optional_bytes<'a>(pointer: *const c_char) -> Option<&'a [u8]> {
    // SAFETY: not NULL; the rest is promised by the caller.
    (!pointer.is_null()).then(|| unsafe { CStr::from_ptr(pointer) }.to_bytes())
}

/// Texts, NULL after the last; none for NULL.
///
/// # Safety
/// The pointer is NULL or points to such an array, of texts as for [`text`].
pub(super) unsafe fn texts<'a>(pointer: *const *const c_char, name: &str) -> Result<Vec<&'a str>, Error> {
    let mut texts = Vec::new();
    if pointer.is_null() {
        return Ok(texts);
    }
    loop {
        // SAFETY: the array ends with NULL, at which the reading stops.
        let text = unsafe { pointer.add(texts.len()).read() };
        // SAFETY: promised by the caller.
        match unsafe { optional_text(text, &format!("{name}[{}]", texts.len())) }? {
            Some(text) => texts.push(text),
            None => return Ok(texts),
        }
    }
}

/// The path of a file that must be given.
///
/// # Safety
/// As for [`text`].
pub(super) unsafe fn path<'a>(pointer: MaybeUninit<&'a c_char>, name: &str) -> Result<&'a Path, Error> {
    // SAFETY: promised by the caller.
    unsafe { text(pointer, name) }.map(Path::new)
}

/// The path of a file that may be NULL.
///
/// # Safety
/// As for [`text`].
pub(super) unsafe fn optional_path<'a>(pointer: *const c_char, name: &str) -> Result<Option<&'a Path>, Error> {
    // SAFETY: promised by the caller.
    Ok(unsafe { optional_text(pointer, name) }?.map(Path::new))
}

/// A boolean, which a caller of another language may have passed as any number.
pub(super) fn boolean(value: MaybeUninit<bool>) -> bool {
    // SAFETY: a `bool` and a `u8` have the same layout, the caller initialised the argument, and every bit pattern is a
    // `u8`.
    unsafe { (&raw const value).cast::<u8>().read() != 0 }
}

/// A function that must be given.
pub(super) fn callback<F>(function: Option<F>, name: &str) -> Result<F, Error> {
    function.ok_or_else(|| is_null(name))
}

pub(super) fn is_null(name: &str) -> Error {
    Error::InvalidArgument(format!("{name} is NULL"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_but_zero_is_true() {
        for byte in 0..=u8::MAX {
            let mut value = MaybeUninit::<bool>::uninit();
            // SAFETY: a `bool` and a `u8` have the same layout.
            unsafe { value.as_mut_ptr().cast::<u8>().write(byte) };
            assert_eq!(boolean(value), byte != 0, "{byte}");
        }
    }
}
