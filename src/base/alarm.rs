//! A sleep that a cancellation ends.

use std::sync::{Condvar, Mutex};
use std::time::Duration;

use crate::base::lock::{lock, wait_timeout};

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
        let mut rings = lock(&self.rings);
        if *rings == 0 {
            rings = wait_timeout(&self.rung, rings, time);
        }
        *rings = 0;
    }
}

impl Wake for Alarm {
    fn wake(&self) {
        *lock(&self.rings) += 1;
        self.rung.notify_all();
    }
}
