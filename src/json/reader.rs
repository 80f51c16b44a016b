//! The one reader of JSON text (RFC 8259): makes a document of a buffer, in place.
//!
//! Strings are decoded where they stand, and the NUL that C wants takes the place of the closing quote. Strings of a server
//! that are not Unicode (half a surrogate pair, bytes that are not UTF-8) are repaired with U+FFFD, and numbers that no
//! double is near keep their digits: one such detail must not cost the caller a whole result.
//!
//! Its state is a few vectors, so that nesting takes no stack. All of them grow by what has been read, within a limit, and
//! a vector that cannot grow is an error.

use super::document::Document;
use super::limits::{Fault, Limits, ReadError};
use super::numbers;
use super::slot::{Slot, Tag};
use super::strings::{self, PADDING};

/// How many arrays and objects may be open at once.
pub(super) const DEEPEST: usize = 127;
/// Room for the slots of a small message.
const FEW: usize = 32;
/// How many bytes are read between two looks at the deadline.
const CHECK_EVERY: usize = 1 << 20;

/// Reads a buffer that is one JSON text as a whole.
pub(super) fn read(mut text: Vec<u8>, limits: &Limits<'_>) -> Result<Document, ReadError> {
    let end = text.len();
    if u32::try_from(end + PADDING).is_err() {
        return Err(ReadError::TooLarge);
    }
    // The text often fills its buffer, which would double for these few bytes.
    text.try_reserve_exact(PADDING).map_err(|_| ReadError::NoMemory)?;
    text.resize(end + PADDING, 0);
    let mut reader = Reader::new(limits);
    reader.document(&mut text)?;
    let Reader { slots, repaired, .. } = reader;
    if !repaired.is_empty() {
        text.try_reserve_exact(repaired.len()).map_err(|_| ReadError::NoMemory)?;
        text.extend_from_slice(&repaired);
    }
    Ok(Document::new(text, slots))
}

/// Where the children of an open array or object begin among the open slots, and which of the two it is.
#[derive(Clone, Copy)]
struct Frame {
    first: u32,
    tag: Tag,
}

struct Reader<'a> {
    limits: &'a Limits<'a>,
    /// Where to look at the deadline next.
    check_at: usize,
    frames: Vec<Frame>,
    /// Values whose array or object is not complete.
    open: Vec<Slot>,
    /// The children of complete arrays and objects, those of each together.
    slots: Vec<Slot>,
    /// Strings that grew when they were repaired. They go behind the text.
    repaired: Vec<u8>,
    /// How many arrays and objects may be open around a value that is kept; deeper ones are only checked.
    kept_depth: usize,
}

impl<'a> Reader<'a> {
    fn new(limits: &'a Limits<'a>) -> Reader<'a> {
        let mut slots = Vec::with_capacity(FEW);
        slots.push(Slot::HANDLE);
        Reader {
            limits,
            check_at: CHECK_EVERY,
            frames: Vec::with_capacity(8),
            open: Vec::with_capacity(FEW),
            slots,
            repaired: Vec::new(),
            kept_depth: usize::MAX,
        }
    }

    fn document(&mut self, text: &mut [u8]) -> Result<(), ReadError> {
        let at = self.values(text)?;
        let at = skip_whitespace(text, at);
        if at + PADDING != text.len() {
            return Err(Fault::new("more text after the value", at).into());
        }
        self.keep(0)?;
        Ok(())
    }

    /// Reads a value with everything in it. Returns where it ends.
    fn values(&mut self, text: &mut [u8]) -> Result<usize, ReadError> {
        let mut at = 0;
        loop {
            at = skip_whitespace(text, at);
            let byte = text[at];
            match byte {
                b'"' => at = self.string(text, at + 1)?,
                b'-' | b'0'..=b'9' => {
                    let (slot, next) = numbers::read(text, at)?;
                    self.push(slot)?;
                    at = next;
                }
                b'{' | b'[' => {
                    let tag = if byte == b'{' { Tag::Object } else { Tag::Array };
                    self.begin(tag, at)?;
                    at = skip_whitespace(text, at + 1);
                    if text[at] != byte + 2 {
                        if tag == Tag::Object {
                            at = self.name(text, at)?;
                        }
                        continue;
                    }
                }
                _ => at = self.literal(text, at)?,
            }
            // The value is complete; so may be those around it.
            loop {
                let Some(frame) = self.frames.last().copied() else { return Ok(at) };
                at = skip_whitespace(text, at);
                let close = if frame.tag == Tag::Object { b'}' } else { b']' };
                let byte = text[at];
                if byte == b',' {
                    at += 1;
                    if frame.tag == Tag::Object {
                        at = skip_whitespace(text, at);
                        at = self.name(text, at)?;
                    }
                    break;
                }
                if byte != close {
                    return Err(unexpected(text, "neither a comma nor the closing bracket", at));
                }
                self.end(frame)?;
                at += 1;
            }
            if at >= self.check_at {
                self.limits.check()?;
                self.check_at = at + CHECK_EVERY;
            }
        }
    }

    #[inline(always)]
    fn string(&mut self, text: &mut [u8], start: usize) -> Result<usize, ReadError> {
        let string = strings::decode(text, start)?;
        let mut slot = Slot::string(start as u32, string.length);
        if string.unchecked && self.keeps() && std::str::from_utf8(&text[start..start + string.length]).is_err() {
            slot = self.repair(text, start, string.length)?;
        }
        self.push(slot)?;
        Ok(string.next)
    }

    /// Reads the name of a member and the colon after it.
    #[inline]
    fn name(&mut self, text: &mut [u8], at: usize) -> Result<usize, ReadError> {
        if text[at] != b'"' {
            return Err(unexpected(text, "no member name", at));
        }
        let start = at + 1;
        let at = self.string(text, start)?;
        if self.limits.without_result && self.frames.len() == 1 {
            self.kept_depth = if text[start..].starts_with(b"result\0") { 1 } else { usize::MAX };
        }
        let at = skip_whitespace(text, at);
        if text[at] != b':' {
            return Err(unexpected(text, "no colon after a member name", at));
        }
        Ok(at + 1)
    }

    #[cold]
    fn repair(&mut self, text: &[u8], start: usize, length: usize) -> Result<Slot, ReadError> {
        let string = String::from_utf8_lossy(&text[start..start + length]);
        let at = text.len() + self.repaired.len();
        let needed = string.len() + 1;
        if self.repaired.len() + needed > self.limits.memory || u32::try_from(at + needed).is_err() {
            return Err(ReadError::TooLarge);
        }
        self.repaired.try_reserve(needed).map_err(|_| ReadError::NoMemory)?;
        self.repaired.extend_from_slice(string.as_bytes());
        self.repaired.push(0);
        Ok(Slot::string(at as u32, string.len()))
    }

    fn literal(&mut self, text: &[u8], at: usize) -> Result<usize, ReadError> {
        let rest = &text[at..];
        let (tag, length) = match rest {
            [b't', b'r', b'u', b'e', ..] => (Tag::True, 4),
            [b'f', b'a', b'l', b's', b'e', ..] => (Tag::False, 5),
            [b'n', b'u', b'l', b'l', ..] => (Tag::Null, 4),
            _ => return Err(unexpected(text, "no JSON value", at)),
        };
        self.push(Slot::new(tag, at as u32, 0))?;
        Ok(at + length)
    }

    #[inline]
    fn begin(&mut self, tag: Tag, at: usize) -> Result<(), ReadError> {
        if self.frames.len() == DEEPEST {
            return Err(Fault::new("too many nested arrays and objects", at).into());
        }
        self.frames.push(Frame { first: self.open.len() as u32, tag });
        Ok(())
    }

    /// Completes the innermost array or object.
    #[inline]
    fn end(&mut self, frame: Frame) -> Result<(), ReadError> {
        self.frames.pop();
        let first = frame.first as usize;
        let count = self.open.len() - first;
        let place = self.keep(first)?;
        self.push(Slot::container(frame.tag, place, count))
    }

    /// Moves the open slots from `first` on to their place in the document.
    #[inline]
    fn keep(&mut self, first: usize) -> Result<u32, ReadError> {
        let count = self.open.len() - first;
        let place = self.slots.len();
        if self.slots.capacity() - place < count {
            self.grow_slots(count)?;
        }
        let children = self.open[first..].iter().zip(place as u32..);
        self.slots.extend(children.map(|(slot, index)| slot.placed(index)));
        self.open.truncate(first);
        Ok(place as u32)
    }

    #[inline]
    fn keeps(&self) -> bool {
        self.frames.len() <= self.kept_depth
    }

    #[inline]
    fn push(&mut self, slot: Slot) -> Result<(), ReadError> {
        if !self.keeps() {
            return Ok(());
        }
        if self.open.len() == self.open.capacity() {
            self.grow_open()?;
        }
        self.open.push(slot);
        Ok(())
    }

    #[inline(never)]
    fn grow_open(&mut self) -> Result<(), ReadError> {
        let taken = self.slots.len();
        grow(&mut self.open, 1, taken, self.limits)
    }

    #[inline(never)]
    fn grow_slots(&mut self, count: usize) -> Result<(), ReadError> {
        // The open slots that move are counted once.
        let taken = self.open.len() - count;
        grow(&mut self.slots, count, taken, self.limits)
    }
}

/// Makes room for more slots, by half of what there is, within the limit for the two vectors together.
fn grow(slots: &mut Vec<Slot>, more: usize, elsewhere: usize, limits: &Limits<'_>) -> Result<(), ReadError> {
    let most = (limits.memory / size_of::<Slot>()).min(Slot::MOST).saturating_sub(elsewhere);
    let needed = slots.len() + more;
    if needed > most {
        return Err(ReadError::TooLarge);
    }
    let wanted = (slots.len() + slots.len() / 2 + 32).max(needed).min(most);
    slots.try_reserve_exact(wanted - slots.len()).map_err(|_| ReadError::NoMemory)
}

#[inline]
fn skip_whitespace(text: &[u8], mut at: usize) -> usize {
    // The NUL at the end of the text is none.
    while let b' ' | b'\t' | b'\n' | b'\r' = text[at] {
        at += 1;
    }
    at
}

#[cold]
fn unexpected(text: &[u8], reason: &'static str, at: usize) -> ReadError {
    let is_end = at + PADDING >= text.len();
    Fault::new(if is_end { "an unexpected end" } else { reason }, at).into()
}
