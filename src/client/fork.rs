//! State that belongs to one process.
//!
//! After a fork the child begins with new state. The parent's is never locked there: another thread of the parent, which
//! the child does not have, may hold the lock.

use std::fmt;
use std::mem;
use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::base::platform::ForkMark;

/// State that a forked child must not use.
pub(crate) trait ProcessState {
    /// In a forked child: releases what can be released without waiting for a lock. The rest is leaked, since its threads
    /// do not exist in the child.
    fn abandon(&self);
}

/// The state of the present process.
pub(crate) struct ForkGuard<T>(ArcSwap<Owned<T>>);

/// State, and the process that it belongs to.
struct Owned<T> {
    mark: ForkMark,
    state: Arc<T>,
}

impl<T> fmt::Debug for ForkGuard<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ForkGuard").finish_non_exhaustive()
    }
}

impl<T> Owned<T> {
    fn new(state: T) -> Owned<T> {
        Owned { mark: ForkMark::new(), state: Arc::new(state) }
    }

    fn is_own(&self) -> bool {
        self.mark.is_own()
    }
}

impl<T: ProcessState> ForkGuard<T> {
    pub(crate) fn new(state: T) -> ForkGuard<T> {
        ForkGuard(ArcSwap::from_pointee(Owned::new(state)))
    }

    /// The state of this process, made by `make` in a forked child.
    pub(crate) fn current(&self, make: impl FnOnce() -> T) -> Arc<T> {
        let known = self.0.load();
        if known.is_own() {
            return known.state.clone();
        }
        let own = Arc::new(Owned::new(make()));
        let before = self.0.compare_and_swap(&known, own.clone());
        if !Arc::ptr_eq(&before, &known) {
            return before.state.clone(); // another thread of the child was faster
        }
        abandon(&before);
        own.state.clone()
    }

    /// The state, if this process has made it; a parent's state is abandoned.
    pub(crate) fn own(&self) -> Option<Arc<T>> {
        let known = self.0.load();
        match known.is_own() {
            true => Some(known.state.clone()),
            false => {
                abandon(&known);
                None
            }
        }
    }
}

fn abandon<T: ProcessState>(parent: &Owned<T>) {
    parent.state.abandon();
    mem::forget(parent.state.clone());
}
