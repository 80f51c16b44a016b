//! Messages that wait to be written to a program.

use std::collections::VecDeque;

/// How many bytes of messages may wait. One message may be larger.
const MOST_WAITING: usize = 4 * 1024 * 1024;

/// The queue, in the order of the calls.
#[derive(Default)]
pub(super) struct Outbox {
    queue: VecDeque<Entry>,
    bytes: usize,
    /// Nothing more is taken.
    closed: bool,
}

struct Entry {
    /// The id of a request.
    id: Option<u64>,
    line: Vec<u8>,
}

/// Why a message was not taken.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refused {
    Full,
    Closed,
}

impl Outbox {
    pub(super) fn push(&mut self, id: Option<u64>, message: &[u8]) -> Result<(), Refused> {
        if self.closed {
            return Err(Refused::Closed);
        }
        if !self.queue.is_empty() && self.bytes.saturating_add(message.len()) > MOST_WAITING {
            return Err(Refused::Full);
        }
        let line = line(message);
        self.bytes += line.len();
        self.queue.push_back(Entry { id, line });
        Ok(())
    }

    /// The next message, as a line.
    pub(super) fn pop(&mut self) -> Option<Vec<u8>> {
        let entry = self.queue.pop_front()?;
        self.bytes -= entry.line.len();
        Some(entry.line)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Takes a request back; `false` when it is being written or was.
    pub(super) fn remove(&mut self, id: u64) -> bool {
        let Some(at) = self.queue.iter().position(|entry| entry.id == Some(id)) else { return false };
        self.bytes -= self.queue.remove(at).map_or(0, |entry| entry.line.len());
        true
    }

    pub(super) fn close(&mut self) {
        self.closed = true;
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed
    }
}

/// The message as a line. What a caller gave as JSON text may have line ends in its white space; inside strings JSON has
/// none.
fn line(message: &[u8]) -> Vec<u8> {
    let mut line = Vec::with_capacity(message.len() + 1);
    line.extend(message.iter().map(|byte| if matches!(byte, b'\n' | b'\r') { b' ' } else { *byte }));
    line.push(b'\n');
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_one_line() {
        let mut outbox = Outbox::default();
        outbox.push(None, b"{\r\n \"a\": 1\n}").unwrap();
        assert_eq!(outbox.pop().unwrap(), b"{   \"a\": 1 }\n");
        assert!(outbox.pop().is_none() && outbox.is_empty());
    }

    #[test]
    fn a_request_can_be_taken_back_until_it_is_written() {
        let mut outbox = Outbox::default();
        for id in 1..=3 {
            outbox.push(Some(id), b"{}").unwrap();
        }
        assert!(outbox.remove(2) && !outbox.remove(2));
        outbox.pop().unwrap();
        assert!(!outbox.remove(1) && outbox.remove(3) && outbox.is_empty());
        assert_eq!(outbox.bytes, 0);
    }

    #[test]
    fn what_waits_has_a_bound_but_one_message_may_be_large() {
        let mut outbox = Outbox::default();
        let large = vec![b' '; MOST_WAITING + 1];
        outbox.push(None, &large).unwrap();
        assert_eq!(outbox.push(None, b"{}"), Err(Refused::Full));
        outbox.pop().unwrap();
        outbox.push(None, b"{}").unwrap();
        assert_eq!(outbox.push(None, &large), Err(Refused::Full));
        outbox.close();
        assert_eq!(outbox.push(None, b"{}"), Err(Refused::Closed));
    }
}
