//! A sleep that a cancellation ends.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use crate::base::cancel::Wake;

/// Wakes a thread that sleeps.
#[derive(Default)]
pub(super) struct Alarm {
    rings: Mutex<u64>,
    rung: Condvar,
}

impl Alarm {
    /// Waits at most for `time`. Waking before or during it ends it, so the caller checks in a loop.
    pub(super) fn wait(&self, time: Duration) {
        let mut rings = self.rings.lock().unwrap_or_else(PoisonError::into_inner);
        if *rings == 0 {
            rings = self.rung.wait_timeout(rings, time).unwrap_or_else(PoisonError::into_inner).0;
        }
        *rings = 0;
    }
}

impl Wake for Alarm {
    fn wake(&self) {
        *self.rings.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.rung.notify_all();
    }
}
