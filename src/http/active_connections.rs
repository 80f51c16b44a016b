//! The connections of a process that calls are using: those that a cancellation must interrupt.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::http::interrupt::Interrupt;

/// Controls of busy connections, whichever session they belong to.
#[derive(Debug, Default)]
pub(crate) struct ActiveConnections(Mutex<Vec<Arc<Interrupt>>>);

impl ActiveConnections {
    fn controls(&self) -> MutexGuard<'_, Vec<Arc<Interrupt>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn add(&self, control: &Arc<Interrupt>) {
        self.controls().push(control.clone());
    }

    pub(super) fn remove(&self, control: &Arc<Interrupt>) {
        self.controls().retain(|busy| !Arc::ptr_eq(busy, control));
    }

    /// Interrupts the connections whose calls are cancelled.
    pub(crate) fn interrupt_cancelled(&self) {
        let controls = self.controls().clone();
        controls.iter().for_each(|control| control.interrupt_cancelled());
    }
}
