//! The events of a response's body.

use std::time::Duration;

use crate::base::error::Error;
use crate::http::body::Body;
use crate::transport::sse::{Event, Parser, Unreadable};

/// The size of one read: small at first, larger while reads fill it.
const FIRST_READ_SIZE: usize = 2 * 1024;
const MAX_READ_SIZE: usize = 128 * 1024;

/// The bounds of the server's `retry`.
const MIN_RETRY: Duration = Duration::from_millis(100);
const MAX_RETRY: Duration = Duration::from_secs(3600);

/// An event stream that is being read.
pub(crate) struct EventStream {
    pub(crate) body: Body,
    parser: Parser,
    buffer: Vec<u8>,
    had_event: bool,
}

impl EventStream {
    /// `limit`: the most bytes of one event.
    pub(crate) fn new(body: Body, limit: u64) -> EventStream {
        let parser = Parser::new(usize::try_from(limit).unwrap_or(usize::MAX));
        EventStream { body, parser, buffer: vec![0; FIRST_READ_SIZE], had_event: false }
    }

    /// The next event, `None` when the stream has ended.
    pub(crate) fn next(&mut self) -> Result<Option<Event>, Error> {
        loop {
            // Events that arrived before the call ended are not delivered after its end.
            self.body.check()?;
            if let Some(event) = self.parser.next() {
                self.had_event = true;
                return Ok(Some(event));
            }
            let amount = self.body.read(&mut self.buffer)?;
            if amount == 0 {
                return Ok(None);
            }
            self.parser.push(&self.buffer[..amount]).map_err(|unreadable| match unreadable {
                Unreadable::TooLarge => Error::Protocol(unreadable.to_string()),
                Unreadable::NoMemory => Error::NoResources(unreadable.to_string()),
            })?;
            if amount == self.buffer.len() && amount < MAX_READ_SIZE {
                self.buffer.resize(amount * 4, 0);
            }
        }
    }

    /// Whether an event has arrived.
    pub(crate) fn had_event(&self) -> bool {
        self.had_event
    }

    /// The id to resume from.
    pub(crate) fn last_event_id(&self) -> Option<&str> {
        self.parser.last_event_id()
    }

    /// The server's `retry`: how long to wait before the stream is opened again.
    pub(crate) fn retry(&self) -> Option<Duration> {
        self.parser.retry().map(|retry| retry.clamp(MIN_RETRY, MAX_RETRY))
    }
}
