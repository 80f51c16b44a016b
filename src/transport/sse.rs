//! An incremental parser of `text/event-stream`
//! ([HTML standard, section 9.2](https://html.spec.whatwg.org/multipage/server-sent-events.html)).
//!
//! Input may be split anywhere. A value is stored in its final buffer at once, so that a large event is in memory once.

use std::borrow::Cow;
use std::collections::{TryReserveError, VecDeque};
use std::mem;
use std::time::Duration;

use memchr::{memchr, memchr2};

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";
const DEFAULT_NAME: &str = "message";
/// The length of "event" and "retry", the longest field names that are known.
const MAX_FIELD_NAME: usize = 5;
/// The most bytes of an event's name or id: an id is sent back as a header.
const MAX_NAME_OR_ID: usize = 16 * 1024;
/// Up to this size a data buffer doubles when it grows; above, it grows by a quarter.
const DOUBLING_UP_TO: usize = 64 * 1024;

/// One event of the stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Event {
    /// The event's name, "message" when the stream gives none.
    pub event: Cow<'static, str>,
    /// The `data` lines joined by line feeds. The JSON parser checks that they are UTF-8.
    pub data: Vec<u8>,
    /// The `id` field, if present; an empty one resets the last event id.
    pub id: Option<String>,
}

/// Why an event cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unreadable {
    /// It holds more bytes than the limit of its [`Parser`].
    #[error("an event of the stream is larger than the limit")]
    TooLarge,
    #[error("there is no memory for an event of the stream")]
    NoMemory,
}

/// An incremental parser of one event stream.
pub(crate) struct Parser {
    limit: usize,
    /// Bytes of values that the unfinished event has taken so far, never more than `limit`.
    held: usize,
    failed: Option<Unreadable>,
    /// How much of a leading byte-order mark has been read; `None` after the start of the stream.
    mark: Option<usize>,
    /// The last byte was a carriage return, so that a line feed now belongs to the same line end.
    after_cr: bool,
    line: Line,
    field: [u8; MAX_FIELD_NAME],
    field_len: usize,
    /// The value of the current line, for every field but `data`.
    value: Vec<u8>,
    event: Cow<'static, str>,
    /// `None` until the first `data` line: an event without any is not dispatched.
    data: Option<Vec<u8>>,
    id: Option<String>,
    last_event_id: Option<String>,
    retry: Option<Duration>,
    finished: VecDeque<Event>,
}

/// The position in the current line.
#[derive(Clone, Copy)]
enum Line {
    Name,
    /// After the colon: one space here is not part of the value.
    ValueStart(Field),
    Value(Field),
}

#[derive(Clone, Copy)]
enum Field {
    Data,
    Event,
    Id,
    Retry,
    /// A comment (its name is empty) or an unknown field: not stored.
    Ignored,
}

impl Field {
    fn named(name: &[u8]) -> Field {
        match name {
            b"data" => Field::Data,
            b"event" => Field::Event,
            b"id" => Field::Id,
            b"retry" => Field::Retry,
            _ => Field::Ignored,
        }
    }
}

impl Parser {
    /// `limit` is the most bytes that the values of one event may hold, its unfinished line included.
    pub fn new(limit: usize) -> Self {
        Parser {
            limit,
            held: 0,
            failed: None,
            mark: Some(0),
            after_cr: false,
            line: Line::Name,
            field: [0; MAX_FIELD_NAME],
            field_len: 0,
            value: Vec::new(),
            event: Cow::Borrowed(DEFAULT_NAME),
            data: None,
            id: None,
            last_event_id: None,
            retry: None,
            finished: VecDeque::new(),
        }
    }

    /// Parses the next bytes of the stream. After an error every further call fails; events that were complete before
    /// can still be taken.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), Unreadable> {
        if let Some(failed) = self.failed {
            return Err(failed);
        }
        self.read(bytes).inspect_err(|failed| {
            self.failed = Some(*failed);
            self.data = None;
        })
    }

    /// Takes the next complete event.
    pub fn next(&mut self) -> Option<Event> {
        self.finished.pop_front()
    }

    /// The id of the last complete event, taken or not, for the `Last-Event-ID` header. `None` when the server sent none;
    /// empty when it reset the id.
    pub fn last_event_id(&self) -> Option<&str> {
        self.last_event_id.as_deref()
    }

    /// The latest `retry` value, unbounded.
    pub fn retry(&self) -> Option<Duration> {
        self.retry
    }

    fn read(&mut self, bytes: &[u8]) -> Result<(), Unreadable> {
        let mut rest = self.skip_mark(bytes)?;
        if let [first, tail @ ..] = rest
            && mem::take(&mut self.after_cr)
            && *first == b'\n'
        {
            rest = tail;
        }
        while let Some(end) = memchr2(b'\n', b'\r', rest) {
            self.read_part(&rest[..end])?;
            self.end_line()?;
            let is_cr = rest[end] == b'\r';
            rest = &rest[end + 1..];
            if is_cr {
                match rest {
                    [b'\n', tail @ ..] => rest = tail,
                    [] => self.after_cr = true,
                    _ => {}
                }
            }
        }
        self.read_part(rest)
    }

    /// Drops a byte-order mark at the start of the stream; a partial one is read as part of the line.
    fn skip_mark<'a>(&mut self, bytes: &'a [u8]) -> Result<&'a [u8], Unreadable> {
        let Some(seen) = self.mark else { return Ok(bytes) };
        let expected = &BYTE_ORDER_MARK[seen..];
        let same = bytes.iter().zip(expected).take_while(|(byte, mark)| byte == mark).count();
        let rest = &bytes[same..];
        self.mark = if same == expected.len() {
            None
        } else if rest.is_empty() {
            Some(seen + same)
        } else {
            self.read_part(&BYTE_ORDER_MARK[..seen + same])?;
            None
        };
        Ok(rest)
    }

    /// Reads bytes that hold no line end.
    fn read_part(&mut self, mut part: &[u8]) -> Result<(), Unreadable> {
        if let Line::Name = self.line {
            match self.read_name(part)? {
                Some(value) => part = value,
                None => return Ok(()),
            }
        }
        if let Line::ValueStart(field) = self.line {
            let Some(first) = part.first() else { return Ok(()) };
            self.line = Line::Value(field);
            if *first == b' ' {
                part = &part[1..];
            }
        }
        match self.line {
            Line::Value(field) => self.append(field, part),
            Line::Name | Line::ValueStart(_) => Ok(()),
        }
    }

    /// Reads up to the colon, and returns the rest after it.
    fn read_name<'a>(&mut self, part: &'a [u8]) -> Result<Option<&'a [u8]>, Unreadable> {
        let room = MAX_FIELD_NAME - self.field_len;
        let window = &part[..part.len().min(room + 1)];
        let name = match memchr(b':', window) {
            Some(colon) => &part[..colon],
            None if window.len() > room => {
                self.line = Line::Value(Field::Ignored);
                return Ok(None);
            }
            None => part,
        };
        self.field[self.field_len..self.field_len + name.len()].copy_from_slice(name);
        self.field_len += name.len();
        if name.len() == part.len() {
            return Ok(None);
        }
        let field = Field::named(&self.field[..self.field_len]);
        self.line = Line::ValueStart(field);
        self.begin(field)?;
        Ok(Some(&part[name.len() + 1..]))
    }

    fn begin(&mut self, field: Field) -> Result<(), Unreadable> {
        match field {
            Field::Data if self.data.is_some() => self.append(field, b"\n"),
            Field::Data => {
                self.data = Some(Vec::new());
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn append(&mut self, field: Field, part: &[u8]) -> Result<(), Unreadable> {
        if let Field::Ignored = field {
            return Ok(());
        }
        if part.len() > self.limit - self.held {
            return Err(Unreadable::TooLarge);
        }
        self.held += part.len();
        match field {
            Field::Data => append_data(self.data.get_or_insert_default(), part).map_err(|_| Unreadable::NoMemory),
            _ if part.len() > MAX_NAME_OR_ID - self.value.len() => Err(Unreadable::TooLarge),
            _ => {
                self.value.extend_from_slice(part);
                Ok(())
            }
        }
    }

    fn end_line(&mut self) -> Result<(), Unreadable> {
        match mem::replace(&mut self.line, Line::Name) {
            Line::Name if self.field_len == 0 => self.dispatch(),
            Line::Name => {
                let field = Field::named(&self.field[..self.field_len]);
                self.begin(field)?;
                self.commit(field);
            }
            Line::ValueStart(field) | Line::Value(field) => self.commit(field),
        }
        self.field_len = 0;
        Ok(())
    }

    fn commit(&mut self, field: Field) {
        match field {
            Field::Event => self.event = event_name(&self.value),
            Field::Id if !self.value.contains(&0) => {
                self.id = Some(String::from_utf8_lossy(&self.value).into_owned());
            }
            Field::Retry => self.retry = milliseconds(&self.value).or(self.retry),
            _ => {}
        }
        self.value.clear();
    }

    fn dispatch(&mut self) {
        self.held = 0;
        let event = mem::replace(&mut self.event, Cow::Borrowed(DEFAULT_NAME));
        let id = self.id.take();
        if let Some(id) = &id {
            self.last_event_id = Some(id.clone());
        }
        if let Some(data) = self.data.take() {
            self.finished.push_back(Event { event, data, id });
        }
    }
}

/// Appends with less unused memory than doubling. The first piece is allocated exactly, since most events arrive in one.
fn append_data(data: &mut Vec<u8>, part: &[u8]) -> Result<(), TryReserveError> {
    if part.len() > data.capacity() - data.len() {
        match data.len() {
            0 => data.try_reserve_exact(part.len())?,
            1..DOUBLING_UP_TO => data.try_reserve(part.len())?,
            len => data.try_reserve_exact(part.len().max(len / 4))?,
        }
    }
    data.extend_from_slice(part);
    Ok(())
}

fn event_name(value: &[u8]) -> Cow<'static, str> {
    match value {
        b"" | b"message" => Cow::Borrowed(DEFAULT_NAME),
        other => Cow::Owned(String::from_utf8_lossy(other).into_owned()),
    }
}

/// `None` unless the value is ASCII digits (`parse` alone would accept a sign) and fits.
fn milliseconds(value: &[u8]) -> Option<Duration> {
    if !value.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(value).ok()?.parse().ok().map(Duration::from_millis)
}

#[cfg(test)]
mod tests;
