//! The parsed tree and the way to its parts.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

/// The text that long strings stay in, once it is complete.
pub(super) type Buffer = Arc<OnceLock<Vec<u8>>>;

/// One JSON value of a tree.
#[derive(Debug, PartialEq)]
pub enum Node {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number written as an integer that fits.
    Int(i64),
    /// Any other number, in the nearest double.
    Float(f64),
    /// A string.
    String(Text),
    /// The elements of an array.
    Array(Box<[Node]>),
    /// The members of an object as they were written, repeated names included.
    Object(Box<[(Box<str>, Node)]>),
}

/// A string of a JSON value, kept with a NUL after it.
pub struct Text(Place);

enum Place {
    Own(Box<str>),
    /// A long string without escapes, where it stood in the text. The NUL has taken the place of its closing quote.
    Within(Box<(Buffer, Range<usize>)>),
}

/// Up to here every integer has a double of its own, so that one with this value was not rounded to it.
const LARGEST_EXACT: f64 = 9_007_199_254_740_992.0;

impl Text {
    /// Takes a string and the NUL after it.
    pub(super) fn with_nul(text: String) -> Text {
        debug_assert!(text.ends_with('\0'));
        Text(Place::Own(text.into_boxed_str()))
    }

    /// A string that is UTF-8 and holds no NUL, in a buffer that will have one behind it.
    pub(super) fn within(buffer: &Buffer, range: Range<usize>) -> Text {
        Text(Place::Within(Box::new((buffer.clone(), range))))
    }

    /// The string.
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Place::Own(text) => &text[..text.len() - 1],
            Place::Within(place) => {
                std::str::from_utf8(part(&place.0, place.1.clone())).expect("the parser refuses what is not UTF-8")
            }
        }
    }

    /// The bytes of the string and the NUL after them, in the same place; `None` when it holds a U+0000 of its own.
    pub fn as_bytes_with_nul(&self) -> Option<&[u8]> {
        match &self.0 {
            Place::Own(text) => {
                let bytes = text.as_bytes();
                (memchr::memchr(0, bytes) == Some(bytes.len() - 1)).then_some(bytes)
            }
            Place::Within(place) => Some(part(&place.0, place.1.start..place.1.end + 1)),
        }
    }
}

fn part(buffer: &Buffer, range: Range<usize>) -> &[u8] {
    &buffer.get().expect("the buffer is complete before its tree is used")[range]
}

impl PartialEq for Text {
    fn eq(&self, other: &Text) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Text {}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl Node {
    /// The value at a JSON Pointer (RFC 6901) from here; "" is this one.
    pub fn get(&self, pointer: &str) -> Option<&Node> {
        if pointer.is_empty() {
            return Some(self);
        }
        pointer.strip_prefix('/')?.split('/').try_fold(self, Node::child)
    }

    /// The text of a string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Node::String(text) => Some(text.as_str()),
            _ => None,
        }
    }

    /// An integer, also one written as `3.0` or `3e2` as long as a double holds every integer of its size (up to 2^53).
    pub fn as_i64(&self) -> Option<i64> {
        match *self {
            Node::Int(number) => Some(number),
            Node::Float(number) if number.trunc() == number && number.abs() <= LARGEST_EXACT => Some(number as i64),
            _ => None,
        }
    }

    /// Any number, in the nearest double.
    pub fn as_f64(&self) -> Option<f64> {
        match *self {
            Node::Int(number) => Some(number as f64),
            Node::Float(number) => Some(number),
            _ => None,
        }
    }

    /// A `true` or `false`.
    pub fn as_bool(&self) -> Option<bool> {
        match *self {
            Node::Bool(value) => Some(value),
            _ => None,
        }
    }

    /// The number of elements or members; 0 for anything but an array or object.
    pub fn count(&self) -> usize {
        match self {
            Node::Array(elements) => elements.len(),
            Node::Object(members) => members.len(),
            _ => 0,
        }
    }

    fn child(&self, token: &str) -> Option<&Node> {
        match self {
            Node::Array(elements) => elements.get(array_index(token)?),
            Node::Object(members) => {
                let name = unescape(token)?;
                members.iter().rfind(|(member, _)| **member == *name).map(|(_, value)| value)
            }
            _ => None,
        }
    }
}

/// Digits without a leading zero (RFC 6901, section 4). "-", the element after the last, is never there.
pub(super) fn array_index(token: &str) -> Option<usize> {
    let digits = token.bytes().all(|byte| byte.is_ascii_digit());
    let leading_zero = token.len() > 1 && token.starts_with('0');
    if digits && !leading_zero { token.parse().ok() } else { None }
}

/// Undoes `~0` and `~1`; any other `~` makes the pointer malformed.
pub(super) fn unescape(token: &str) -> Option<Cow<'_, str>> {
    let mut parts = token.split('~');
    let first = parts.next()?;
    if first.len() == token.len() {
        return Some(Cow::Borrowed(token));
    }
    let mut name = first.to_owned();
    for part in parts {
        let (escaped, rest) = match part.as_bytes().first()? {
            b'0' => ('~', &part[1..]),
            b'1' => ('/', &part[1..]),
            _ => return None,
        };
        name.push(escaped);
        name.push_str(rest);
    }
    Some(Cow::Owned(name))
}
