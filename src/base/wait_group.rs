//! Waiting until background work has ended.

use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use crate::base::lock::{Guard, lock, wait_timeout};

/// Counts the guards that exist.
#[derive(Debug, Clone, Default)]
pub(crate) struct WaitGroup(Arc<Group>);

#[derive(Debug, Default)]
struct Group {
    count: Mutex<usize>,
    changed: Condvar,
}

impl Group {
    fn count(&self) -> Guard<'_, usize> {
        lock(&self.count)
    }
}

/// One piece of work in progress; ended when dropped.
#[derive(Debug)]
pub(crate) struct WaitGuard(Arc<Group>);

impl WaitGroup {
    /// Begins a piece of work.
    pub(crate) fn begin(&self) -> WaitGuard {
        *self.0.count() += 1;
        WaitGuard(self.0.clone())
    }

    /// Waits until no work is in progress, at most for `limit`; false when some still is.
    pub(crate) fn wait(&self, limit: Duration) -> bool {
        let end = Instant::now() + limit;
        let mut count = self.0.count();
        while *count > 0 {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            count = wait_timeout(&self.0.changed, count, left);
        }
        true
    }
}

impl Drop for WaitGuard {
    fn drop(&mut self) {
        *self.0.count() -= 1;
        self.0.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_ends_with_the_last_guard_or_the_limit() {
        let group = WaitGroup::default();
        assert!(group.wait(Duration::ZERO));
        let (first, second) = (group.begin(), group.begin());
        drop(first);
        assert!(!group.wait(Duration::from_millis(10)));
        let ends = std::thread::spawn(move || drop(second));
        assert!(group.wait(Duration::from_secs(10)));
        ends.join().unwrap();
    }
}
