//! What a client has in one process: the session manager and the listener, side by side.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::client::fork::ProcessState;
use crate::client::listening::Listening;
use crate::client::sessions::SessionManager;
use crate::session::shared::Shared;

/// How long `close` may take in all.
const CLOSE_TIMEOUT: Duration = Duration::from_millis(900);

/// The sessions and the streams of a client in this process.
pub(crate) struct Process {
    pub(crate) sessions: Arc<SessionManager>,
    pub(crate) listening: Listening,
}

impl Process {
    pub(crate) fn new(shared: &Shared) -> Process {
        let sessions = Arc::new(SessionManager::new(shared.for_process()));
        Process { listening: Listening::new(sessions.clone()), sessions }
    }

    /// Ends session, streams, connections and threads within a second; a program within the time of its settings.
    pub(crate) fn close(&self) {
        let end = Instant::now() + CLOSE_TIMEOUT;
        let left = || end.saturating_duration_since(Instant::now());
        // From now on no thread of the old generation connects again.
        let closed = self.sessions.next_generation();
        self.listening.stop();
        closed.end(left());
        self.sessions.launcher().end_all();
        self.sessions.threads().join(left());
    }
}

impl ProcessState for Process {
    fn abandon(&self) {
        self.sessions.abandon();
    }
}
