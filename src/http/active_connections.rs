//! The connections of a process that calls are using: those that a cancellation must interrupt.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::http::interrupt::Control;

/// Controls of busy connections, whichever session they belong to.
#[derive(Debug, Default)]
pub(crate) struct Busy(Mutex<Vec<Arc<Control>>>);

impl Busy {
    fn controls(&self) -> MutexGuard<'_, Vec<Arc<Control>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn add(&self, control: &Arc<Control>) {
        self.controls().push(control.clone());
    }

    pub(super) fn remove(&self, control: &Arc<Control>) {
        self.controls().retain(|busy| !Arc::ptr_eq(busy, control));
    }

    /// Interrupts the connections whose calls are cancelled.
    pub(crate) fn interrupt_cancelled(&self) {
        let controls = self.controls().clone();
        controls.iter().for_each(|control| control.interrupt_cancelled());
    }
}
