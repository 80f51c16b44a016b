//! What a caller hands over together with a callback.

use std::ffi::c_void;

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
            // SAFETY: the caller registered the two together.
            unsafe { free(self.pointer) };
        }
    }
}
