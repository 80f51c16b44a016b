//! What a connection shares between the thread that uses it and a thread that interrupts it.

use std::fmt;
use std::io;
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use crate::base::call::Call;
use crate::base::descriptor::FileId;
use crate::base::error::Error;
use crate::http::Secrets;

/// The control of one connection.
pub(crate) struct Interrupt {
    state: Mutex<State>,
    /// Whether a byte of an answer has come since the request began.
    answered: AtomicBool,
    /// How many sockets were opened for this connection.
    opened: AtomicUsize,
    /// The least room that the connection's buffers offer for one header line.
    room: AtomicUsize,
}

struct State {
    call: Call,
    /// How many connectors are at work: with a proxy, the connection to the proxy is opened within the whole.
    opening: usize,
    /// What the next request that leaves takes along.
    secrets: Secrets,
    stream: Weak<TcpStream>,
    /// Which socket `stream` is.
    socket: Option<FileId>,
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
                call: Call::new(None, &Arc::default()),
                opening: 0,
                secrets: Secrets::new(),
                stream: Weak::new(),
                socket: None,
            }),
            answered: AtomicBool::new(false),
            opened: AtomicUsize::new(0),
            room: AtomicUsize::new(0),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connection works for this call from now on.
    pub(crate) fn begin(&self, call: &Call, room: usize) {
        {
            let mut state = self.state();
            (state.call, state.opening) = (call.clone(), 0);
            state.secrets.clear();
        }
        self.answered.store(false, Ordering::Relaxed);
        self.room.store(room, Ordering::Relaxed);
    }

    /// From now on the time to open a connection is limited too.
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

    /// The credentials for the request whose first bytes have just been written; they are given once. Whatever is sent to
    /// open the connection, to a proxy above all, has none.
    pub(crate) fn take_secrets(&self) -> Secrets {
        let mut state = self.state();
        if state.opening > 0 { Secrets::new() } else { std::mem::take(&mut state.secrets) }
    }

    /// The call that the connection works for, with the limits that hold now.
    pub(crate) fn call(&self) -> Call {
        self.state().call.clone()
    }

    pub(crate) fn room(&self) -> usize {
        self.room.load(Ordering::Relaxed)
    }

    pub(crate) fn note_answer(&self) {
        self.answered.store(true, Ordering::Relaxed);
    }

    pub(crate) fn answered(&self) -> bool {
        self.answered.load(Ordering::Relaxed)
    }

    pub(crate) fn opened(&self) -> usize {
        self.opened.load(Ordering::Relaxed)
    }

    /// Makes a socket known, so that it can be interrupted.
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
        let Ok(state) = self.state.try_lock() else { return false };
        if let Some(stream) = state.stream.upgrade()
            && (state.socket.is_none() || FileId::of(&stream) != state.socket)
        {
            std::mem::forget(stream); // what counts its users never reaches zero
        }
        true
    }

    /// Ends whatever the connection is doing: reads and writes that wait on it return at once.
    pub(crate) fn interrupt(&self) {
        self.state().interrupt();
    }

    /// The same if the call that the connection works for is cancelled. The lock keeps another call from taking the
    /// connection between the look and the end.
    pub(crate) fn interrupt_cancelled(&self) {
        let state = self.state();
        if state.call.is_cancelled() {
            state.interrupt();
        }
    }
}

impl State {
    fn interrupt(&self) {
        if let Some(stream) = self.stream.upgrade() {
            // An error means that the socket is closed already.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

/// Carries an error of ours through the layers that speak `io::Error`.
pub(crate) fn into_io(error: Error) -> io::Error {
    match error {
        Error::Timeout(_) => io::Error::new(io::ErrorKind::TimedOut, error),
        other => io::Error::other(other),
    }
}

/// Marks a connection that broke, so that ureq does not take the break for the end of a body that has no length: somebody
/// on the way could cut an answer short.
pub(super) fn broken(error: io::Error) -> io::Error {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, UnexpectedEof};
    match error.kind() {
        ConnectionAborted | ConnectionReset | UnexpectedEof => io::Error::other(error),
        _ => error,
    }
}
