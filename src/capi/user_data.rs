//! What a caller hands over together with a callback.

use std::ffi::c_void;

use crate::base::foreign;

/// The `user_data` of a callback. Dropping it runs its destructor, so that this happens exactly once, also when the
/// registration fails.
pub(super) struct UserData {
    pointer: *mut c_void,
    free: Option<unsafe extern "C" fn(user_data: *mut c_void)>,
}

// SAFETY: the header tells the caller that callbacks and destructor run on any thread, several at once.
unsafe impl Send for UserData {}
// SAFETY: as above.
unsafe impl Sync for UserData {}

impl UserData {
    /// Takes over the duty to run `free`.
    pub(super) fn new(pointer: *mut c_void, free: Option<unsafe extern "C" fn(user_data: *mut c_void)>) -> UserData {
        UserData { pointer, free }
    }

    /// What the callback gets.
    pub(super) fn pointer(&self) -> *mut c_void {
        self.pointer
    }
}

impl Drop for UserData {
    fn drop(&mut self) {
        if let Some(free) = self.free.take() {
            foreign::check_unlocked();
            // SAFETY: the caller registered the two together.
            unsafe { free(self.pointer) };
        }
    }
}

#[cfg(test)]
mod tests {
    use std::ptr;
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    static FREED: AtomicUsize = AtomicUsize::new(0);

    unsafe extern "C" fn count(_: *mut c_void) {
        FREED.fetch_add(1, Ordering::SeqCst);
    }

    #[test]
    #[cfg(debug_assertions)]
    fn it_is_freed_once_and_not_under_a_lock() {
        drop(UserData::new(ptr::null_mut(), Some(count)));
        drop(UserData::new(ptr::null_mut(), None));
        assert_eq!(FREED.load(Ordering::SeqCst), 1);
        let under_a_lock = || {
            let mutex = Mutex::new(());
            let _held = crate::base::lock::lock(&mutex);
            drop(UserData::new(ptr::null_mut(), Some(count)));
        };
        assert!(std::panic::catch_unwind(under_a_lock).is_err());
    }
}
