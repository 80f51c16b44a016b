//! Stands around the body of every exported function: no panic crosses the boundary, and errors become what C reads.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

use super::error::mcpclient_error;
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
    match caught(body) {
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
    match caught(body) {
        Ok(made) => Box::into_raw(Box::new(made)),
        Err(error) => {
            // SAFETY: promised by the caller.
            unsafe { report(error, error_out) };
            ptr::null_mut()
        }
    }
}

/// For a function that cannot report an error: a panic gives `fallback`.
pub(super) fn plain<T>(fallback: T, body: impl FnOnce() -> T) -> T {
    caught(|| Ok(body())).unwrap_or(fallback)
}

// Unwind safety: the core's state is behind locks and swaps of its own, which stay usable when a panic passes through.
fn caught<T>(body: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|panic| Err(bug(panic.as_ref())))
}

fn bug(panic: &(dyn Any + Send)) -> Error {
    // A text that was put together when the panic came may quote what it was about, a token included: only the ones
    // that stand in the source are passed on.
    let place = panic.downcast_ref::<&'static str>().copied().unwrap_or("a check failed");
    Error::Internal(format!("bug in the library: {place}"))
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
    use std::ptr;

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
    fn a_panic_text_that_quotes_data_is_not_passed_on() {
        let secret = String::from("s3cret");
        let (status, message) = status_of(|| panic!("cannot cut {secret}"));
        assert_eq!(status, MCPCLIENT_ERROR_INTERNAL);
        assert_eq!(message.as_deref(), Some("bug in the library: a check failed"));
    }

    #[test]
    fn an_error_is_reported_with_its_status() {
        let (status, message) = status_of(|| Err(Error::Timeout("no answer in 5 ms".into())));
        assert_eq!((status, message.as_deref()), (MCPCLIENT_ERROR_TIMEOUT, Some("no answer in 5 ms")));
    }

    #[test]
    fn a_place_for_the_error_is_optional_and_untouched_on_success() {
        // SAFETY: NULL is allowed.
        let status = unsafe { status(ptr::null_mut(), || panic!("with nowhere to report it")) };
        assert_eq!(status, MCPCLIENT_ERROR_INTERNAL);
        assert_eq!(status_of(|| Ok(())), (MCPCLIENT_OK, None));
    }

    #[test]
    fn a_panic_makes_no_handle() {
        // SAFETY: NULL is allowed.
        let made: *mut u8 = unsafe { handle(ptr::null_mut(), || panic!("half made")) };
        assert!(made.is_null());
    }

    #[test]
    fn a_panic_gives_the_fallback_of_a_plain_value() {
        assert_eq!(plain(7, || panic!("in a getter")), 7);
        assert_eq!(plain(7, || 8), 8);
    }
}
