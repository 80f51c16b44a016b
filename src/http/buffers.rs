//! The buffers of a connection. They hold credentials, so they are wiped.

use ::http::{HeaderName, HeaderValue};
use ureq::unversioned::transport::Buffers;
use zeroize::optimization_barrier;

/// Initial size of the input buffer.
const SMALL_INPUT: usize = 4 * 1024;
/// Size of the input buffer while a large response arrives.
const LARGE_INPUT: usize = 128 * 1024;
/// ureq refuses a larger head, so the input buffer does not grow beyond this.
const MAX_INPUT: usize = 1024 * 1024;

/// Output and input of one connection.
///
/// Output is held back until input is awaited, so that head and body of a request are sent in one write. It is wiped as
/// soon as it has been sent.
#[derive(Default)]
pub(crate) struct WipedBuffers {
    output: Vec<u8>,
    held: usize,
    room: usize,
    input: Vec<u8>,
    start: usize,
    end: usize,
    wanted_input: usize,
    progress: bool,
}

impl WipedBuffers {
    /// `room`: the least free space for output, more than the longest header line needs.
    pub(crate) fn new(room: usize) -> WipedBuffers {
        let mut buffers = WipedBuffers::default();
        (buffers.room, buffers.wanted_input) = (room, SMALL_INPUT);
        buffers
    }

    pub(crate) fn set_room(&mut self, room: usize) {
        self.room = room;
    }

    /// Adds the first `amount` bytes of [`Buffers::output`] to the bytes to send.
    pub(crate) fn hold(&mut self, amount: usize) {
        self.held += amount;
    }

    /// Inserts header fields after the request line, with which the held bytes must begin.
    pub(crate) fn add_fields(&mut self, fields: &[(HeaderName, HeaderValue)]) {
        let length: usize = fields.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
        if length == 0 {
            return;
        }
        let line = memchr::memchr(b'\n', self.held()).map_or(0, |end| end + 1);
        let (held, size) = (self.held, self.held + length);
        if self.output.len() < size {
            Self::grow(&mut self.output, size, 0..held);
        }
        self.output.copy_within(line..held, line + length);
        self.held = size;
        let mut at = line;
        for (name, value) in fields {
            for part in [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"] {
                self.output[at..at + part.len()].copy_from_slice(part);
                at += part.len();
            }
        }
    }

    /// Whether enough is held to be sent now.
    pub(crate) fn is_full(&self) -> bool {
        self.held >= LARGE_INPUT
    }

    /// The bytes to send.
    pub(crate) fn held(&self) -> &[u8] {
        &self.output[..self.held]
    }

    /// Wipes the held bytes, which have been sent.
    pub(crate) fn sent(&mut self) {
        wipe(&mut self.output[..self.held]);
        self.held = 0;
    }

    /// Frees the memory of a large message before the connection becomes idle.
    pub(crate) fn shrink(&mut self) {
        self.sent();
        if self.output.len() > 2 * self.room {
            wipe(&mut self.output);
            self.output = Vec::new();
        }
        if self.start == self.end && self.input.len() > SMALL_INPUT {
            wipe(&mut self.input);
            self.input = Vec::new();
            (self.start, self.end) = (0, 0);
        }
        self.wanted_input = SMALL_INPUT;
    }

    /// Grows `buffer` to `size` without leaving its bytes in freed memory.
    fn grow(buffer: &mut Vec<u8>, size: usize, keep: std::ops::Range<usize>) {
        let mut larger = vec![0; size];
        larger[..keep.len()].copy_from_slice(&buffer[keep]);
        wipe(buffer);
        *buffer = larger;
    }

    fn make_room_for_input(&mut self) {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        }
        if self.input.len() < self.wanted_input {
            let kept = self.start..self.end;
            Self::grow(&mut self.input, self.wanted_input, kept);
            (self.start, self.end) = (0, self.end - self.start);
        } else if self.end == self.input.len() && self.start > 0 {
            self.input.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
    }
}

impl Buffers for WipedBuffers {
    fn output(&mut self) -> &mut [u8] {
        if self.output.len() < self.held + self.room {
            let size = (self.held + self.room).next_multiple_of(1024);
            Self::grow(&mut self.output, size, 0..self.held);
        }
        &mut self.output[self.held..]
    }

    fn tmp_and_output(&mut self) -> (&mut [u8], &mut [u8]) {
        // The first half is for chunked request bodies, which this library does not send.
        (&mut [], self.output())
    }

    fn input(&self) -> &[u8] {
        &self.input[self.start..self.end]
    }

    fn input_append_buf(&mut self) -> &mut [u8] {
        self.make_room_for_input();
        &mut self.input[self.end..]
    }

    fn input_appended(&mut self, amount: usize) {
        self.end += amount;
        let full = self.end == self.input.len();
        if full && self.wanted_input < MAX_INPUT {
            // In two steps, since most responses are of less than 64 KB: what is allocated is wiped.
            let least = if self.start == 0 { self.input.len() * 2 } else { self.input.len() };
            self.wanted_input = least.max((self.input.len() * 16).min(LARGE_INPUT)).min(MAX_INPUT);
        }
    }

    fn input_consume(&mut self, amount: usize) {
        self.progress = amount > 0;
        self.start += amount;
        if self.start == self.end && self.input.len() >= LARGE_INPUT {
            // A large body is being consumed as it arrives: the window need not grow.
            self.wanted_input = LARGE_INPUT;
        }
    }

    fn can_use_input(&self) -> bool {
        self.progress && self.start < self.end
    }
}

/// By one `fill`, since the buffer may be megabytes; the barrier keeps the compiler from removing it.
fn wipe(buffer: &mut [u8]) {
    buffer.fill(0);
    optimization_barrier(buffer);
}

impl Drop for WipedBuffers {
    fn drop(&mut self) {
        wipe(&mut self.output);
        wipe(&mut self.input);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_is_collected_and_wiped_when_sent() {
        let mut buffers = WipedBuffers::new(64);
        buffers.output()[..4].copy_from_slice(b"head");
        buffers.hold(4);
        buffers.output()[..4].copy_from_slice(b"body");
        buffers.hold(4);
        assert_eq!(buffers.held(), b"headbody");
        buffers.sent();
        assert!(buffers.output.iter().all(|byte| *byte == 0));
    }

    #[test]
    fn fields_are_added_behind_the_request_line() {
        let field = |name, value| (HeaderName::from_static(name), HeaderValue::from_static(value));
        for room in [64, 4096] {
            let mut buffers = WipedBuffers::new(room);
            let head = b"POST / HTTP/1.1\r\nhost: h\r\n\r\n";
            buffers.output()[..head.len()].copy_from_slice(head);
            buffers.hold(head.len());
            buffers.add_fields(&[]);
            buffers.add_fields(&[field("authorization", "Bearer x"), field("x-key", "")]);
            let expected = b"POST / HTTP/1.1\r\nauthorization: Bearer x\r\nx-key: \r\nhost: h\r\n\r\n";
            assert_eq!(buffers.held(), expected);
            assert!(buffers.output().len() >= room);
            buffers.sent();
            assert!(buffers.output.iter().all(|byte| *byte == 0));
        }
    }

    #[test]
    fn output_always_has_room_for_one_header() {
        let mut buffers = WipedBuffers::new(5000);
        for _ in 0..3 {
            assert!(buffers.output().len() >= 5000);
            buffers.hold(4999);
        }
        assert_eq!(buffers.held().len(), 3 * 4999);
    }

    #[test]
    fn input_grows_while_nothing_is_consumed() {
        let mut buffers = WipedBuffers::new(64);
        for round in 0..4u8 {
            let room = buffers.input_append_buf();
            assert!(!room.is_empty());
            room.fill(round);
            let amount = room.len();
            buffers.input_appended(amount);
            buffers.input_consume(0);
            assert!(!buffers.can_use_input());
        }
        assert_eq!(buffers.input()[0], 0);
        assert_eq!(*buffers.input().last().unwrap(), 3);
    }

    #[test]
    fn input_keeps_what_was_not_consumed() {
        let mut buffers = WipedBuffers::new(64);
        buffers.input_append_buf()[..6].copy_from_slice(b"abcdef");
        buffers.input_appended(6);
        buffers.input_consume(4);
        assert!(buffers.can_use_input());
        assert_eq!(buffers.input(), b"ef");
        let room = buffers.input_append_buf().len();
        buffers.input_append_buf().fill(b'x');
        buffers.input_appended(room);
        buffers.input_append_buf();
        assert!(buffers.input().starts_with(b"efxx"));
    }
}
