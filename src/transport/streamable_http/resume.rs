//! Where and when a broken event stream is resumed
//! ([2025-11-25, "Resumability and Redelivery"](https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#resumability-and-redelivery)).

use std::time::Duration;

use crate::base::call::Call;
use crate::base::error::Error;
use crate::transport::event_stream::EventStream;

/// The wait before a broken stream is resumed, unless the server sets one.
const DEFAULT_RETRY: Duration = Duration::from_secs(1);
/// Attempts without a new event before giving up.
const MAX_ATTEMPTS: usize = 5;

/// Where a stream is resumed, and when.
#[derive(Debug, Default)]
pub(crate) struct ResumePoint {
    pub(crate) last_event_id: Option<String>,
    /// The server's `retry`.
    pub(crate) retry: Option<Duration>,
}

impl ResumePoint {
    /// Updates the point from a stream that has ended.
    pub(crate) fn update(&mut self, stream: &EventStream) {
        if let Some(id) = stream.last_event_id() {
            self.last_event_id = Some(id.to_owned());
        }
        self.retry = stream.retry().or(self.retry);
    }
}

/// The attempts to resume the stream of one response.
#[derive(Default)]
pub(super) struct Resumption {
    point: ResumePoint,
    /// Attempts since the last event.
    attempts: usize,
}

impl Resumption {
    pub(super) fn on_event(&mut self) {
        self.attempts = 0;
    }

    pub(super) fn on_end(&mut self, stream: &EventStream) {
        self.point.update(stream);
    }

    /// Waits for the next attempt. Returns the event id to resume from; `None` when there is none, or after too many
    /// attempts.
    pub(super) fn wait(&mut self, call: &Call) -> Result<Option<&str>, Error> {
        if self.point.last_event_id.is_none() || self.attempts >= MAX_ATTEMPTS {
            return Ok(None);
        }
        self.attempts += 1;
        call.sleep(self.point.retry.unwrap_or(DEFAULT_RETRY))?;
        Ok(self.point.last_event_id.as_deref())
    }
}

/// The error of a stream that could not be resumed. The server has accepted the request, so no error may suggest that it
/// can be repeated on another session.
pub(super) fn not_resumed(error: Error) -> Error {
    match error {
        Error::Http(_) | Error::Rpc(_) => {
            Error::network(format!("the stream with the response broke and could not be resumed: {error}"))
        }
        error => error,
    }
}
