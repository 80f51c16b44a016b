//! The connections that calls are using, which a cancellation must interrupt.

use std::sync::{Arc, Mutex};

use crate::base::lock::{Guard, lock};
use crate::http::interrupt::Interrupt;

/// The interrupts of the connections in use, of all sessions of a client.
#[derive(Debug, Default)]
pub(crate) struct ActiveConnections(Mutex<Vec<Arc<Interrupt>>>);

impl ActiveConnections {
    fn interrupts(&self) -> Guard<'_, Vec<Arc<Interrupt>>> {
        lock(&self.0)
    }

    pub(super) fn add(&self, interrupt: &Arc<Interrupt>) {
        self.interrupts().push(interrupt.clone());
    }

    pub(super) fn remove(&self, interrupt: &Arc<Interrupt>) {
        self.interrupts().retain(|known| !Arc::ptr_eq(known, interrupt));
    }

    /// Interrupts the connections whose calls are cancelled.
    pub(crate) fn interrupt_cancelled(&self) {
        let interrupts = self.interrupts().clone();
        interrupts.iter().for_each(|interrupt| interrupt.interrupt_cancelled());
    }
}
