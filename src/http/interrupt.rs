//! The part of a connection that is shared between the thread that uses it and threads that interrupt it.

use std::fmt;
use std::io;
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Weak};

use crate::base::call::Call;
use crate::base::error::Error;
use crate::base::lock::{Guard, lock, try_lock};
use crate::base::platform::{self, FileId};
use crate::http::headers::Secrets;

/// Interrupts one connection, and carries what its socket needs to know of the present request.
pub(crate) struct Interrupt {
    state: Mutex<State>,
    /// Whether a byte of a response has arrived since the request began.
    got_response: AtomicBool,
    /// How many sockets were opened for this connection.
    opened: AtomicUsize,
    /// The least buffer space for one header line.
    head_room: AtomicUsize,
}

struct State {
    call: Call,
    /// How many connectors are running: with a proxy, the connection to the proxy is opened within the other.
    opening: usize,
    /// The credentials of the next request.
    secrets: Secrets,
    stream: Weak<TcpStream>,
    /// Which socket `stream` is.
    socket: Option<FileId>,
    /// Whether this is the child of a fork, and the connection its parent's.
    inherited: bool,
}

impl fmt::Debug for Interrupt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Interrupt").finish_non_exhaustive()
    }
}

impl Interrupt {
    pub(crate) fn new() -> Interrupt {
        Interrupt {
            state: Mutex::new(State {
                call: Call::until_cancelled(&Arc::default()),
                opening: 0,
                secrets: Secrets::new(),
                stream: Weak::new(),
                socket: None,
                inherited: false,
            }),
            got_response: AtomicBool::new(false),
            opened: AtomicUsize::new(0),
            head_room: AtomicUsize::new(0),
        }
    }

    fn state(&self) -> Guard<'_, State> {
        lock(&self.state)
    }

    /// The connection works for this call from now on. `head_room`: the buffer space that its head needs.
    pub(crate) fn begin(&self, call: &Call, head_room: usize) {
        {
            let mut state = self.state();
            (state.call, state.opening) = (call.detached(), 0);
            state.secrets.clear();
        }
        self.got_response.store(false, Ordering::Relaxed);
        self.head_room.store(head_room, Ordering::Relaxed);
    }

    /// From now on the connect timeout applies too.
    pub(crate) fn begin_opening(&self) {
        let mut state = self.state();
        if state.opening == 0 {
            state.call = state.call.opening();
        }
        state.opening += 1;
    }

    pub(crate) fn end_opening(&self) {
        let mut state = self.state();
        state.opening = state.opening.saturating_sub(1);
        if state.opening == 0 {
            state.call = state.call.opened();
        }
    }

    pub(crate) fn give_secrets(&self, secrets: Secrets) {
        self.state().secrets = secrets;
    }

    /// The credentials of the request whose first bytes have just been written; given once. Bytes that open the
    /// connection, such as CONNECT to a proxy, get none.
    pub(crate) fn take_secrets(&self) -> Secrets {
        let mut state = self.state();
        if state.opening > 0 { Secrets::new() } else { std::mem::take(&mut state.secrets) }
    }

    /// The call that the connection works for, with its present limits.
    pub(crate) fn call(&self) -> Call {
        self.state().call.clone()
    }

    pub(crate) fn head_room(&self) -> usize {
        self.head_room.load(Ordering::Relaxed)
    }

    pub(crate) fn note_response(&self) {
        self.got_response.store(true, Ordering::Relaxed);
    }

    pub(crate) fn got_response(&self) -> bool {
        self.got_response.load(Ordering::Relaxed)
    }

    /// How many sockets were opened for this connection.
    pub(crate) fn opened(&self) -> usize {
        self.opened.load(Ordering::Relaxed)
    }

    /// Registers a new socket, so that it can be interrupted.
    pub(crate) fn register(&self, stream: &Arc<TcpStream>) {
        self.opened.fetch_add(1, Ordering::Relaxed);
        let socket = FileId::of(stream);
        let mut state = self.state();
        (state.stream, state.socket) = (Arc::downgrade(stream), socket);
    }

    /// Prepares a connection of the parent for being dropped in the child of a fork: if its descriptor stands for a file of
    /// the child by now, it is not closed with it. `false`: that could not be found out, and the connection must be leaked.
    pub(crate) fn prepare_drop_in_child(&self) -> bool {
        // A thread of the parent, which the child does not have, may have held the lock.
        let Some(mut state) = try_lock(&self.state) else { return false };
        state.inherited = true;
        if let Some(stream) = state.stream.upgrade()
            && (state.socket.is_none() || FileId::of(&stream) != state.socket)
        {
            std::mem::forget(stream); // what counts its users never reaches zero
        }
        true
    }

    /// Whether this is the child of a fork, and the connection its parent's.
    pub(crate) fn is_inherited(&self) -> bool {
        self.state().inherited
    }

    /// Whether the other side has neither sent anything nor closed the connection.
    pub(crate) fn is_quiet(&self) -> bool {
        let stream = self.state().stream.upgrade();
        stream.is_some_and(|stream| platform::is_quiet(&stream))
    }

    /// Shuts the socket down if the connection's call is cancelled. The lock keeps another call from taking the connection
    /// in between.
    pub(crate) fn interrupt_cancelled(&self) {
        let state = self.state();
        if state.call.is_cancelled() {
            state.shut_down();
        }
    }
}

impl State {
    fn shut_down(&self) {
        if let Some(stream) = self.stream.upgrade() {
            // An error means that the socket is closed already.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

/// Carries an error of this library through layers that use `io::Error`.
pub(crate) fn into_io(error: Error) -> io::Error {
    match error {
        Error::Timeout(_) => io::Error::new(io::ErrorKind::TimedOut, error),
        other => io::Error::other(other),
    }
}

/// Marks a broken connection, so that ureq does not take it for the end of a body without a length: an attacker on the
/// network could truncate a response.
pub(super) fn broken(error: io::Error) -> io::Error {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, UnexpectedEof};
    match error.kind() {
        ConnectionAborted | ConnectionReset | UnexpectedEof => io::Error::other(error),
        _ => error,
    }
}
