//! The connections of one client to its origin: idle ones are kept, each request leases one.

use std::fmt;
use std::mem;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use crate::base::call::Call;
use crate::base::error::Error;
use crate::base::lock::{Guard, lock, try_lock};
use crate::http::active_connections::ActiveConnections;
use crate::http::connection::{Connection, Route};
use crate::http::error_map::Peer;

/// The most connections that are kept while idle.
const MAX_IDLE_CONNECTIONS: usize = 64;
/// How often the idle connections are examined while requests are sent.
const PRUNE_INTERVAL: Duration = Duration::from_secs(1);

/// The connections of one client.
pub(crate) struct Pool {
    route: Route,
    active: Arc<ActiveConnections>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The one used last stands last, and is used next.
    idle: Vec<Connection>,
    /// When they were last examined.
    pruned: Option<Instant>,
    closed: bool,
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").field("route", &self.route).finish_non_exhaustive()
    }
}

impl Pool {
    pub(crate) fn new(route: Route, active: Arc<ActiveConnections>) -> Pool {
        Pool { route, active, state: Mutex::default() }
    }

    pub(crate) fn route(&self) -> &Route {
        &self.route
    }

    pub(crate) fn active(&self) -> &Arc<ActiveConnections> {
        &self.active
    }

    fn state(&self) -> Guard<'_, State> {
        lock(&self.state)
    }

    /// A connection for the use of one call, which a cancellation of the call interrupts from now on.
    pub(crate) fn lease(self: &Arc<Self>, call: &Call) -> Result<Lease, Error> {
        self.prune();
        let connection = self.idle_connection().unwrap_or_else(|| Connection::new(&self.route));
        connection.interrupt.begin(call, 0);
        self.active.add(&connection.interrupt);
        let lease = Lease { connection: Some(connection), pool: self.clone() };
        // A cancellation before this check does not interrupt the connection; one after it does.
        call.remaining()?;
        Ok(lease)
    }

    fn idle_connection(&self) -> Option<Connection> {
        loop {
            let mut connection = self.state().idle.pop()?;
            if connection.drain() {
                return Some(connection);
            }
        }
    }

    fn give_back(&self, mut connection: Connection) {
        self.active.remove(&connection.interrupt);
        connection.begin_idle();
        {
            let mut state = self.state();
            if !state.closed && state.idle.len() < MAX_IDLE_CONNECTIONS {
                state.idle.push(connection);
            }
        }
        self.prune();
    }

    /// Closes the idle connections that the server has closed, or that are too old: after a burst of requests only the
    /// last few are used again, and the others would stay half-closed for good.
    fn prune(&self) {
        let now = Instant::now();
        let mut candidates = {
            let mut state = self.state();
            if state.idle.len() < 2 || state.pruned.is_some_and(|last| now - last < PRUNE_INTERVAL) {
                return;
            }
            state.pruned = Some(now);
            // The last one is examined when it is used. One that has just become idle may still receive the rest of its
            // response.
            let last = state.idle.len() - 1;
            let rested =
                state.idle[..last].iter().take_while(|idle| idle.has_rested_since(now - PRUNE_INTERVAL)).count();
            state.idle.drain(..rested).collect::<Vec<_>>()
        };
        // Without the lock: draining may wait for a moment, and closing takes system calls.
        candidates.retain_mut(|idle| idle.drain() && idle.is_usable());
        let mut state = self.state();
        if !state.closed {
            state.idle.splice(..0, candidates);
        }
    }

    /// Closes the idle connections now and the leased ones when they are given back.
    pub(crate) fn close(&self) {
        let _idle = {
            let mut state = self.state();
            state.closed = true;
            mem::take(&mut state.idle)
        };
    }

    /// In a forked child: closes the parent's idle connections here, unless another thread held the lock at the fork.
    pub(crate) fn abandon(&self) {
        if let Some(mut state) = try_lock(&self.state) {
            let inherited = mem::take(&mut state.idle).into_iter();
            inherited.filter(|idle| !idle.interrupt.prepare_drop_in_child()).for_each(mem::forget);
        }
    }
}

/// A connection in use. Dropped, it goes back to the pool, unless a panic has left it in an unknown state.
pub(crate) struct Lease {
    /// Present until dropped.
    connection: Option<Connection>,
    pool: Arc<Pool>,
}

impl Lease {
    pub(crate) fn peer(&self) -> &Peer {
        &self.pool.route.peer
    }

    /// Closes the connection instead of keeping it.
    pub(crate) fn discard(mut self) {
        self.close();
    }

    fn close(&mut self) {
        if let Some(connection) = self.connection.take() {
            self.pool.active.remove(&connection.interrupt);
        }
    }
}

impl Deref for Lease {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection.as_ref().expect("a lease has its connection until it is dropped")
    }
}

impl DerefMut for Lease {
    fn deref_mut(&mut self) -> &mut Connection {
        self.connection.as_mut().expect("a lease has its connection until it is dropped")
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if thread::panicking() {
            return self.close();
        }
        if let Some(connection) = self.connection.take() {
            self.pool.give_back(connection);
        }
    }
}
