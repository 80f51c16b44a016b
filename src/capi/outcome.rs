//! Turns the `Result` of an exported function into its status or handle, and into an error object for the caller.

use std::ptr;

use super::error::mcpclient_error;
use super::guard;
use super::status::{MCPCLIENT_OK, mcpclient_status};
use crate::Error;

/// For a function that returns a status.
///
/// # Safety
/// `error_out` is NULL or points to a place that may be written.
pub(super) unsafe fn status(
    error_out: *mut *mut mcpclient_error,
    body: impl FnOnce() -> Result<(), Error>,
) -> mcpclient_status {
    match guard::catch(body) {
        Ok(()) => MCPCLIENT_OK,
        Err(error) => {
            let status = error.status() as mcpclient_status;
            // SAFETY: promised by the caller.
            unsafe { report(error, error_out) };
            status
        }
    }
}

/// For a function that returns a new handle, or NULL.
///
/// # Safety
/// As for [`status`].
pub(super) unsafe fn handle<T>(
    error_out: *mut *mut mcpclient_error,
    body: impl FnOnce() -> Result<T, Error>,
) -> *mut T {
    // SAFETY: promised by the caller.
    unsafe { pointer(error_out, || body().map(|made| Box::into_raw(Box::new(made)))) }
}

/// The same for a function that knows where the handle lies.
///
/// # Safety
/// As for [`status`].
pub(super) unsafe fn pointer<T>(
    error_out: *mut *mut mcpclient_error,
    body: impl FnOnce() -> Result<*mut T, Error>,
) -> *mut T {
    match guard::catch(body) {
        Ok(made) => made,
        Err(error) => {
            // SAFETY: promised by the caller.
            unsafe { report(error, error_out) };
            ptr::null_mut()
        }
    }
}

unsafe fn report(error: Error, error_out: *mut *mut mcpclient_error) {
    if !error_out.is_null() {
        let object = Box::new(mcpclient_error::new(error));
        // SAFETY: not NULL; promised by the caller to be writable.
        unsafe { error_out.write(Box::into_raw(object)) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capi::error::mcpclient_error_free;
    use crate::capi::status::{MCPCLIENT_ERROR_INTERNAL, MCPCLIENT_ERROR_TIMEOUT};

    fn status_of(body: impl FnOnce() -> Result<(), Error>) -> (mcpclient_status, Option<String>) {
        let mut error = ptr::null_mut();
        // SAFETY: `error` may be written.
        let status = unsafe { status(&raw mut error, body) };
        // SAFETY: NULL, or what `status` made just now.
        let message = unsafe { error.as_ref() }.map(|error| error.message().to_string_lossy().into_owned());
        // SAFETY: as above; not used again.
        unsafe { mcpclient_error_free(error) };
        (status, message)
    }

    #[test]
    fn a_panic_becomes_the_internal_status() {
        let (status, message) = status_of(|| panic!("the table is empty"));
        assert_eq!(status, MCPCLIENT_ERROR_INTERNAL);
        assert_eq!(message.as_deref(), Some("bug in the library: the table is empty"));
    }

    #[test]
    fn an_error_is_reported_with_its_status() {
        let (status, message) = status_of(|| Err(Error::Timeout("no response within 5 ms".into())));
        assert_eq!((status, message.as_deref()), (MCPCLIENT_ERROR_TIMEOUT, Some("no response within 5 ms")));
    }

    #[test]
    fn a_place_for_the_error_is_optional_and_untouched_on_success() {
        // SAFETY: NULL is allowed.
        let status = unsafe { status(ptr::null_mut(), || panic!("without a place for the error")) };
        assert_eq!(status, MCPCLIENT_ERROR_INTERNAL);
        assert_eq!(status_of(|| Ok(())), (MCPCLIENT_OK, None));
    }

    #[test]
    fn a_panic_makes_no_handle() {
        // SAFETY: NULL is allowed.
        let made: *mut u8 = unsafe { handle(ptr::null_mut(), || panic!("half made")) };
        assert!(made.is_null());
    }
}
