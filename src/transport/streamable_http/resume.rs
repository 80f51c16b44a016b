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
/// Refused connections without a new event before giving up.
const MAX_REFUSALS: usize = 2;

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
            // An empty id resets it.
            self.last_event_id = Some(id.to_owned()).filter(|id| !id.is_empty());
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
    /// Refused connections since the last event: the server is gone.
    refusals: usize,
    last_failure: Option<String>,
}

impl Resumption {
    pub(super) fn on_event(&mut self) {
        (self.attempts, self.refusals, self.last_failure) = (0, 0, None);
    }

    pub(super) fn on_end(&mut self, stream: &EventStream) {
        self.point.update(stream);
    }

    /// After an attempt that failed: an error when another one is of no use.
    ///
    /// The server has accepted the request, so no error may suggest that it can be repeated on another session.
    pub(super) fn on_failure(&mut self, error: Error) -> Result<(), Error> {
        self.refusals += usize::from(error.is_refused());
        match error {
            Error::Network(_) if self.refusals < MAX_REFUSALS => {
                self.last_failure = Some(error.to_string());
                Ok(())
            }
            Error::Http(_) | Error::Rpc(_) | Error::Network(_) => {
                Err(Error::network(format!("the stream with the response broke and could not be resumed: {error}")))
            }
            error => Err(self.explain(error)),
        }
    }

    /// Waits for the next attempt. Returns the event id to resume from; `None` when there is none, or after too many
    /// attempts.
    pub(super) fn wait(&mut self, call: &Call) -> Result<Option<&str>, Error> {
        if self.point.last_event_id.is_none() || self.attempts >= MAX_ATTEMPTS {
            return Ok(None);
        }
        self.attempts += 1;
        let pause = self.point.retry.unwrap_or(DEFAULT_RETRY);
        call.sleep(pause).map_err(|error| self.explain(error))?;
        Ok(self.point.last_event_id.as_deref())
    }

    /// A time limit that passed while the stream was being resumed says so.
    fn explain(&self, error: Error) -> Error {
        match (error, &self.last_failure) {
            (Error::Timeout(text), None) => {
                Error::Timeout(format!("{text}: the stream with the response broke and was being resumed"))
            }
            (Error::Timeout(text), Some(failure)) => {
                Error::Timeout(format!("{text}: the stream with the response broke, and resuming it failed: {failure}"))
            }
            (error, _) => error,
        }
    }
}
