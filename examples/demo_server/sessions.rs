//! Sessions of the handshake revisions on Streamable HTTP.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::random;

/// Clients that never end their sessions must not fill the memory: the oldest session goes first.
const MAX_SESSIONS: usize = 1000;

struct Session {
    id: String,
    version: String,
}

/// All open sessions.
#[derive(Default)]
pub struct Sessions(Mutex<VecDeque<Session>>);

impl Sessions {
    /// Opens a session and gives its id.
    pub fn begin(&self, version: &str) -> String {
        let id = random::session_id();
        let mut sessions = self.lock();
        if sessions.len() == MAX_SESSIONS {
            sessions.pop_front();
        }
        sessions.push_back(Session { id: id.clone(), version: version.to_owned() });
        id
    }

    /// The protocol version of an open session.
    pub fn version(&self, id: &str) -> Option<String> {
        self.lock().iter().find(|session| session.id == id).map(|session| session.version.clone())
    }

    /// Closes a session.
    pub fn end(&self, id: &str) {
        self.lock().retain(|session| session.id != id);
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Session>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
