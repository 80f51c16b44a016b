//! What the operating system offers and neither std nor nix has a safe call for: the one module with unsafe code outside
//! the C ABI. Checked on nix 0.31 and rustix 1.1: both leave `madvise` and `mmap` unsafe, and have neither
//! `pthread_setcancelstate` nor the AT_SECURE entry of the auxiliary vector.

#![allow(unsafe_code)]

use std::ffi::c_int;
use std::ptr;
#[cfg(any(target_os = "linux", target_os = "android"))]
use std::ptr::NonNull;
#[cfg(any(target_os = "linux", target_os = "android"))]
use std::sync::atomic::{AtomicU8, Ordering};

/// Whether the program has more rights than the user who started it: set-user-ID, set-group-ID, file capabilities. That
/// user chose the environment.
pub(crate) fn has_raised_privileges() -> bool {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        // SAFETY: `getauxval` accepts any type and only reads.
        unsafe { libc::getauxval(libc::AT_SECURE) != 0 }
    }
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    {
        unsafe extern "C" {
            safe fn issetugid() -> c_int;
        }
        issetugid() != 0
    }
}

/// Keeps `pthread_cancel` from ending this thread until it is dropped: an unwinding that Rust did not begin ends the
/// process. A cancellation that comes meanwhile acts at the thread's next cancellation point afterwards.
pub(crate) struct Uncancellable {
    before: c_int,
}

impl Uncancellable {
    pub(crate) fn begin() -> Uncancellable {
        let mut before = 0;
        // SAFETY: `before` can be written; the only error is a state that does not exist.
        unsafe { set_cancel_state(CANCEL_DISABLE, &raw mut before) };
        Uncancellable { before }
    }
}

impl Drop for Uncancellable {
    fn drop(&mut self) {
        // SAFETY: the state is the one that the thread had; NULL is allowed where no state is asked for.
        unsafe { set_cancel_state(self.before, ptr::null_mut()) };
    }
}

#[cfg(target_vendor = "apple")]
const CANCEL_DISABLE: c_int = 0;
#[cfg(not(target_vendor = "apple"))]
const CANCEL_DISABLE: c_int = 1; // glibc, musl, FreeBSD

#[cfg(not(target_os = "android"))]
unsafe extern "C" {
    #[link_name = "pthread_setcancelstate"]
    fn set_cancel_state(state: c_int, before: *mut c_int) -> c_int;
}

/// Android has no cancellation.
#[cfg(target_os = "android")]
unsafe fn set_cancel_state(_: c_int, _: *mut c_int) -> c_int {
    0
}

/// Tells the process in which it was made from every child of it.
///
/// On Linux by a page that the kernel empties in a child: process numbers repeat, and a child in a namespace of its own may
/// have its parent's. Elsewhere, and before Linux 4.14, by the process number.
pub(crate) struct ForkMark {
    process: u32,
    page: Option<WipedPage>,
}

impl ForkMark {
    pub(crate) fn new() -> ForkMark {
        ForkMark { process: std::process::id(), page: WipedPage::new() }
    }

    /// Whether this is the process that made the mark.
    pub(crate) fn is_own(&self) -> bool {
        match &self.page {
            Some(page) => page.is_marked(),
            None => self.process == std::process::id(),
        }
    }
}

/// A page of memory that is all zeros in the child of a fork.
#[cfg(any(target_os = "linux", target_os = "android"))]
struct WipedPage(NonNull<AtomicU8>);

#[cfg(any(target_os = "linux", target_os = "android"))]
impl WipedPage {
    /// The kernel rounds it up to a page.
    const LENGTH: usize = size_of::<AtomicU8>();

    fn new() -> Option<WipedPage> {
        let (protection, flags) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
        // SAFETY: a new mapping at an address of the kernel's choice.
        let page = unsafe { libc::mmap(ptr::null_mut(), Self::LENGTH, protection, flags, -1, 0) };
        if page == libc::MAP_FAILED {
            return None;
        }
        let page = WipedPage(NonNull::new(page.cast())?);
        // SAFETY: the mapping is this object's own.
        let advised = unsafe { libc::madvise(page.0.as_ptr().cast(), Self::LENGTH, libc::MADV_WIPEONFORK) };
        page.mark().store(1, Ordering::Relaxed);
        (advised == 0).then_some(page)
    }

    fn mark(&self) -> &AtomicU8 {
        // SAFETY: mapped, aligned and zeroed by `new`, unmapped by `drop` only.
        unsafe { self.0.as_ref() }
    }

    fn is_marked(&self) -> bool {
        self.mark().load(Ordering::Relaxed) == 1
    }
}

// SAFETY: an atomic in memory that this object owns.
#[cfg(any(target_os = "linux", target_os = "android"))]
unsafe impl Send for WipedPage {}
// SAFETY: as above.
#[cfg(any(target_os = "linux", target_os = "android"))]
unsafe impl Sync for WipedPage {}

#[cfg(any(target_os = "linux", target_os = "android"))]
impl Drop for WipedPage {
    fn drop(&mut self) {
        // SAFETY: the mapping is this object's own and nothing refers to it any more.
        unsafe { libc::munmap(self.0.as_ptr().cast(), Self::LENGTH) };
    }
}

/// Elsewhere there is no such page.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
enum WipedPage {}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
impl WipedPage {
    fn new() -> Option<WipedPage> {
        None
    }

    fn is_marked(&self) -> bool {
        match *self {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_maker_of_a_mark_is_its_own_process() {
        let marks: Vec<ForkMark> = (0..100).map(|_| ForkMark::new()).collect();
        assert!(marks.iter().all(ForkMark::is_own));
        assert!(std::thread::scope(|scope| scope.spawn(|| marks[0].is_own()).join().unwrap()));
        #[cfg(target_os = "linux")]
        assert!(marks.iter().all(|mark| mark.page.is_some()));
    }

    #[test]
    fn the_tests_have_no_raised_privileges() {
        assert!(!has_raised_privileges());
    }

    #[test]
    fn the_state_of_cancellation_is_restored() {
        let state = || {
            let state = Uncancellable::begin();
            state.before
        };
        let before = state();
        let outer = Uncancellable::begin();
        assert_eq!(state(), CANCEL_DISABLE);
        drop(outer);
        assert_eq!(state(), before);
    }
}
