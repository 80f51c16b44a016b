//! Runs foreign code: the caller's handlers, and the destructors of its data.
//!
//! Foreign code may call the library again, block, or take as long as it likes. Therefore:
//!
//! - It never runs under a lock of the library. [`run`] and [`check_unlocked`] check this in debug builds.
//! - Freeing a client waits until no handler runs on a thread of the library, and none begins afterwards ([`Gate`]).
//! - What a handler asks for while it runs and cannot be done before it returns is done then ([`after_handlers`]).

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, ThreadId};

use crate::base::lock::{self, lock};

/// Lets the threads of one client run handlers, until it is closed.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    closed: bool,
    /// The threads that run a handler; one inside another has two entries.
    running: Vec<ThreadId>,
}

/// What a thread of the library is part of.
#[derive(Default)]
struct OwnThread {
    gate: Option<Arc<Gate>>,
    /// To be done when the handler that runs has returned.
    deferred: Vec<Box<dyn FnOnce()>>,
}

thread_local! {
    /// Only on threads of the library; on the caller's threads it stays empty.
    static OWN: RefCell<OwnThread> = RefCell::default();
}

/// A handler that runs.
struct Running {
    gate: Option<Arc<Gate>>,
}

impl Gate {
    /// Makes the present thread one of this gate's.
    pub(crate) fn adopt_thread(self: &Arc<Self>) {
        OWN.with_borrow_mut(|own| own.gate = Some(self.clone()));
    }

    /// Whether the present thread is one of this gate's.
    pub(crate) fn has_this_thread(self: &Arc<Self>) -> bool {
        own_gate().is_some_and(|gate| Arc::ptr_eq(&gate, self))
    }

    /// Lets no more handler begin, and waits until the running ones have returned, except for one on the present thread.
    pub(crate) fn close(&self) {
        let this = thread::current().id();
        let mut state = lock(&self.state);
        state.closed = true;
        while state.running.iter().any(|thread| *thread != this) {
            state = lock::wait(&self.changed, state);
        }
    }

    /// Begins a handler; `false` when the gate is closed. A handler may always begin within another one: that belongs to a
    /// call which the outer one makes.
    fn begin(&self) -> bool {
        let this = thread::current().id();
        let mut state = lock(&self.state);
        let may_begin = !state.closed || state.running.contains(&this);
        if may_begin {
            state.running.push(this);
        }
        may_begin
    }

    /// Ends a handler; whether it was the outermost one of the present thread.
    fn end(&self) -> bool {
        let this = thread::current().id();
        let mut state = lock(&self.state);
        if let Some(last) = state.running.iter().rposition(|thread| *thread == this) {
            state.running.swap_remove(last);
        }
        self.changed.notify_all();
        !state.running.contains(&this)
    }
}

fn own_gate() -> Option<Arc<Gate>> {
    OWN.with_borrow(|own| own.gate.clone())
}

/// Runs a handler, unless the client is being freed. A panic of a handler does not end a thread of the library.
pub(crate) fn run(handler: impl FnOnce()) {
    check_unlocked();
    let gate = own_gate();
    if gate.as_ref().is_some_and(|gate| !gate.begin()) {
        return;
    }
    let is_own_thread = gate.is_some();
    let _running = Running { gate };
    match is_own_thread {
        false => handler(),
        // The panic hook has reported it.
        true => drop(catch_unwind(AssertUnwindSafe(handler))),
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let Some(gate) = &self.gate else { return };
        if gate.end() {
            let deferred = OWN.with_borrow_mut(|own| std::mem::take(&mut own.deferred));
            deferred.into_iter().for_each(|work| work());
        }
    }
}

/// Does something when the handler that runs on the present thread, which is one of the library's, has returned.
pub(crate) fn after_handlers(work: impl FnOnce() + 'static) {
    OWN.with_borrow_mut(|own| own.deferred.push(Box::new(work)));
}

/// Checks, in debug builds, that foreign code does not run under a lock.
pub(crate) fn check_unlocked() {
    debug_assert!(!lock::is_any_held(), "foreign code runs under a lock");
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;

    /// Starts a thread of the gate.
    fn spawn(gate: &Arc<Gate>, work: impl FnOnce() + Send + 'static) -> thread::JoinHandle<()> {
        let gate = gate.clone();
        thread::spawn(move || {
            gate.adopt_thread();
            work();
        })
    }

    #[test]
    fn closing_waits_for_the_handlers_that_run_and_lets_no_more_begin() {
        let gate = Arc::new(Gate::default());
        let (begun, has_begun) = mpsc::channel();
        let ended = Arc::new(AtomicBool::new(false));
        let own = ended.clone();
        let thread = spawn(&gate, move || {
            run(|| {
                begun.send(()).unwrap();
                thread::sleep(Duration::from_millis(50));
                run(|| own.store(true, Ordering::SeqCst)); // within another one
            });
            run(|| panic!("the gate is closed"));
        });
        has_begun.recv().unwrap();
        gate.close();
        assert!(ended.load(Ordering::SeqCst));
        thread.join().unwrap();
    }

    #[test]
    fn a_panic_ends_no_thread_and_leaves_the_gate_usable() {
        let gate = Arc::new(Gate::default());
        let count = Arc::new(AtomicUsize::new(0));
        let own = count.clone();
        spawn(&gate, move || {
            run(|| panic!("a handler of a test"));
            run(|| {
                own.fetch_add(1, Ordering::SeqCst);
            });
        })
        .join()
        .unwrap();
        gate.close();
        assert_eq!(count.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn a_handler_may_close_its_own_gate_and_defer_work_until_it_has_returned() {
        let gate = Arc::new(Gate::default());
        let returned = Arc::new(AtomicBool::new(false));
        let (own, has_returned) = (gate.clone(), returned.clone());
        spawn(&gate, move || {
            assert!(own.has_this_thread());
            run(|| {
                let (own, after) = (own.clone(), has_returned.clone());
                after_handlers(move || {
                    assert!(after.load(Ordering::SeqCst));
                    own.close();
                    after.store(false, Ordering::SeqCst);
                });
                run(|| {});
                has_returned.store(true, Ordering::SeqCst);
            });
            assert!(!has_returned.load(Ordering::SeqCst), "the work was done");
        })
        .join()
        .unwrap();
        assert!(!gate.has_this_thread());
        run(|| {}); // on a thread of the caller
    }

    #[test]
    #[cfg(debug_assertions)]
    fn foreign_code_under_a_lock_is_found() {
        let mutex = Mutex::new(());
        let _held = lock(&mutex);
        assert!(catch_unwind(|| run(|| {})).is_err());
    }
}
