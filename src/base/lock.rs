//! Locks. Debug builds count those that a thread holds, so that [`crate::base::foreign`] can check that it holds none.

use std::ops::{Deref, DerefMut};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;

/// A lock that is held.
pub(crate) struct Guard<'a, T> {
    guard: MutexGuard<'a, T>,
    _held: Held,
}

/// Takes a lock. A panic of another thread that held it is ignored: what locks protect is valid at every step.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> Guard<'_, T> {
    Guard { guard: mutex.lock().unwrap_or_else(PoisonError::into_inner), _held: Held::new() }
}

/// Takes a lock unless it is held.
pub(crate) fn try_lock<T>(mutex: &Mutex<T>) -> Option<Guard<'_, T>> {
    let guard = match mutex.try_lock() {
        Ok(guard) => guard,
        Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
        Err(TryLockError::WouldBlock) => return None,
    };
    Some(Guard { guard, _held: Held::new() })
}

/// Releases the lock until the condition variable is notified, at most for `limit`.
pub(crate) fn wait_timeout<'a, T>(changed: &Condvar, guard: Guard<'a, T>, limit: Duration) -> Guard<'a, T> {
    let Guard { guard, _held } = guard;
    Guard { guard: changed.wait_timeout(guard, limit).unwrap_or_else(PoisonError::into_inner).0, _held }
}

/// The same without limit.
pub(crate) fn wait<'a, T>(changed: &Condvar, guard: Guard<'a, T>) -> Guard<'a, T> {
    let Guard { guard, _held } = guard;
    Guard { guard: changed.wait(guard).unwrap_or_else(PoisonError::into_inner), _held }
}

impl<T> Deref for Guard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.guard
    }
}

impl<T> DerefMut for Guard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.guard
    }
}

/// Whether this thread holds a lock of the library. Always false in release builds.
pub(crate) fn is_any_held() -> bool {
    held::count() > 0
}

/// Counts a lock while it is held.
struct Held;

impl Held {
    fn new() -> Held {
        held::add(1);
        Held
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        held::add(-1);
    }
}

#[cfg(debug_assertions)]
mod held {
    use std::cell::Cell;

    thread_local! {
        static HELD: Cell<isize> = const { Cell::new(0) };
    }

    pub(super) fn count() -> isize {
        HELD.get()
    }

    pub(super) fn add(change: isize) {
        HELD.set(HELD.get() + change);
    }
}

#[cfg(not(debug_assertions))]
mod held {
    pub(super) fn count() -> isize {
        0
    }

    pub(super) fn add(_change: isize) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn held_locks_are_counted() {
        let (first, second) = (Mutex::new(1), Mutex::new(2));
        assert!(!is_any_held());
        let one = lock(&first);
        let two = try_lock(&second).unwrap();
        assert!(try_lock(&second).is_none());
        drop(one);
        assert!(is_any_held());
        let two = wait_timeout(&Condvar::new(), two, Duration::from_millis(1));
        assert_eq!(*two, 2);
        drop(two);
        assert!(!is_any_held());
    }
}
