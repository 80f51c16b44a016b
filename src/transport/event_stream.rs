//! The events of an answer, one after the other.

use std::time::Duration;

use crate::base::error::Error;
use crate::http::Body;
use crate::transport::sse::{Event, Parser};

/// How much of an event stream is read at once: little at first, more while much comes.
const FIRST_STEP: usize = 2 * 1024;
const LARGEST_STEP: usize = 128 * 1024;

/// An event stream that is being read.
pub(crate) struct EventStream {
    pub(crate) body: Body,
    parser: Parser,
    step: Vec<u8>,
    brought_any: bool,
}

impl EventStream {
    /// `limit`: the most bytes of one event.
    pub(crate) fn new(body: Body, limit: u64) -> EventStream {
        let parser = Parser::new(usize::try_from(limit).unwrap_or(usize::MAX));
        EventStream { body, parser, step: vec![0; FIRST_STEP], brought_any: false }
    }

    /// The next event, `None` when the stream has ended.
    pub(crate) fn next(&mut self) -> Result<Option<Event>, Error> {
        loop {
            // Events that came before a call was over are not handed out after it.
            self.body.check()?;
            if let Some(event) = self.parser.next() {
                self.brought_any = true;
                return Ok(Some(event));
            }
            let amount = self.body.read(&mut self.step)?;
            if amount == 0 {
                return Ok(None);
            }
            let too_large = |error| Error::Protocol(format!("{error}"));
            self.parser.push(&self.step[..amount]).map_err(too_large)?;
            if amount == self.step.len() && amount < LARGEST_STEP {
                self.step.resize(amount * 4, 0);
            }
        }
    }

    /// Whether an event has come.
    pub(crate) fn brought_any(&self) -> bool {
        self.brought_any
    }

    pub(crate) fn last_event_id(&self) -> Option<&str> {
        self.parser.last_event_id()
    }

    /// How long the server wants a client to wait before it comes again.
    pub(crate) fn retry(&self) -> Option<Duration> {
        const SHORTEST: Duration = Duration::from_millis(100);
        const LONGEST: Duration = Duration::from_secs(3600);
        self.parser.retry().map(|retry| retry.clamp(SHORTEST, LONGEST))
    }
}
