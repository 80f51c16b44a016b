//! Catches panics at the boundary, since unwinding into C is undefined behaviour, and holds `pthread_cancel` off, which
//! unwinds too.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::Error;
use crate::base::platform::Uncancellable;

/// The result of `body`; a panic is [`Error::Internal`].
// Unwind safety: the core keeps its state behind locks and atomic swaps that stay usable when a panic passes through.
pub(super) fn catch<T>(body: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    let _uncancellable = Uncancellable::begin();
    catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|panic| Err(bug(panic.as_ref())))
}

/// The value of `body`, which cannot report an error: a panic gives `fallback`.
pub(super) fn plain<T>(fallback: T, body: impl FnOnce() -> T) -> T {
    catch(|| Ok(body())).unwrap_or(fallback)
}

/// The same for a function that only reads memory: it reaches no point at which `pthread_cancel` acts.
pub(super) fn reading<T>(fallback: T, body: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or(fallback)
}

fn bug(panic: &(dyn Any + Send)) -> Error {
    // A formatted message may quote data, such as a token. Only literals of the source are passed on.
    let place = panic.downcast_ref::<&'static str>().copied().unwrap_or("a check failed");
    Error::Internal(format!("bug in the library: {place}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message_of(body: impl FnOnce()) -> String {
        let result = catch(|| {
            body();
            Ok(())
        });
        result.unwrap_err().to_string()
    }

    #[test]
    fn a_panic_becomes_an_internal_error() {
        assert_eq!(message_of(|| panic!("the table is empty")), "bug in the library: the table is empty");
    }

    #[test]
    fn a_panic_message_that_quotes_data_is_not_passed_on() {
        let secret = String::from("s3cret");
        assert_eq!(message_of(|| panic!("cannot cut {secret}")), "bug in the library: a check failed");
    }

    #[test]
    fn a_panic_gives_the_fallback_of_a_plain_value() {
        assert_eq!(plain(7, || panic!("in a getter")), 7);
        assert_eq!(plain(7, || 8), 8);
    }
}
