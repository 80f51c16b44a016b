//! What cancels calls, and wakes the threads that wait in them.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use crate::base::lock::{Guard, lock};

/// Something that a thread waits on, which a cancellation must interrupt.
pub(crate) trait Wake: Send + Sync {
    /// Makes each waiting thread check its call again.
    fn wake(&self);
}

/// Counts cancellations. A call is cancelled when a count has changed since the call began. It has no lock, so that a
/// scope may keep it in a forked child.
#[derive(Debug, Default)]
pub(crate) struct CancelCount(AtomicU64);

impl CancelCount {
    /// Cancels the calls that have begun. Those that wait must be woken too ([`CancelEpoch::wake_all`]).
    pub(crate) fn advance(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }

    fn current(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// A count, and its value when a call began.
#[derive(Debug, Clone)]
pub(super) struct Watched {
    count: Arc<CancelCount>,
    begun_at: u64,
}

impl Watched {
    pub(super) fn new(count: &Arc<CancelCount>) -> Watched {
        Watched { count: count.clone(), begun_at: count.current() }
    }

    pub(super) fn is_cancelled(&self) -> bool {
        self.count.current() != self.begun_at
    }
}

/// The cancellations of a client, or of a part of it, and what the threads of its calls wait on.
#[derive(Default)]
pub(crate) struct CancelEpoch {
    count: Arc<CancelCount>,
    /// One entry for each waiting thread.
    waits: Mutex<Vec<Arc<dyn Wake>>>,
}

impl CancelEpoch {
    pub(crate) fn cancel_all(&self) {
        self.count.advance();
        self.wake_all();
    }

    /// Makes each waiting thread check whether its call was cancelled.
    pub(crate) fn wake_all(&self) {
        let waits = self.waits().clone();
        waits.iter().for_each(|wait| wait.wake());
    }

    pub(crate) fn count(&self) -> &Arc<CancelCount> {
        &self.count
    }

    fn waits(&self) -> Guard<'_, Vec<Arc<dyn Wake>>> {
        lock(&self.waits)
    }
}

impl fmt::Debug for CancelEpoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CancelEpoch").field(&self.count).finish()
    }
}

/// Held by a thread while it waits on something that a cancellation interrupts.
pub(crate) struct WakeGuard {
    epoch: Arc<CancelEpoch>,
    wait: Arc<dyn Wake>,
}

impl WakeGuard {
    pub(super) fn new(epoch: &Arc<CancelEpoch>, wait: Arc<dyn Wake>) -> WakeGuard {
        epoch.waits().push(wait.clone());
        WakeGuard { epoch: epoch.clone(), wait }
    }
}

impl Drop for WakeGuard {
    fn drop(&mut self) {
        let mut waits = self.epoch.waits();
        if let Some(own) = waits.iter().position(|wait| Arc::ptr_eq(wait, &self.wait)) {
            waits.swap_remove(own);
        }
    }
}
