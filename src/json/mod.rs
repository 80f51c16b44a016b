//! JSON results for callers, read by JSON Pointer (RFC 6901).
//!
//! A value keeps its text and a tree beside it, whose strings end with a NUL, so that C reads them in place. A long string
//! without escapes is not copied into the tree: the NUL takes the place of its closing quote in the text, which is put
//! together again if somebody asks for it. A result costs about its size, or twice its size.

pub(crate) mod node;
mod parser;
mod raw_at;
pub(crate) mod scan;

use std::ffi::CStr;
use std::fmt;
use std::ops::Range;
use std::sync::OnceLock;

use node::Buffer;
pub use node::Node;

use crate::base::error::Error;

/// A JSON value (RFC 8259) with its text.
pub struct Value {
    text: Whole,
    root: Node,
}

/// The text of a value, with a NUL after it; whatever surrounded it in its message may stand before `start`.
enum Whole {
    Kept {
        buffer: String,
        start: usize,
    },
    /// The buffer holds long strings of the tree: their closing quotes, at `ends`, have become NULs.
    Shared {
        buffer: Buffer,
        start: usize,
        ends: Box<[usize]>,
        restored: OnceLock<String>,
    },
}

impl Whole {
    fn with_nul(&self) -> &str {
        match self {
            Whole::Kept { buffer, start } => &buffer[*start..],
            Whole::Shared { buffer, start, ends, restored } => {
                restored.get_or_init(|| restore(buffer.get().map_or(&[], |bytes| bytes), *start, ends))
            }
        }
    }
}

fn restore(buffer: &[u8], start: usize, ends: &[usize]) -> String {
    let mut text = buffer[start..].to_vec();
    ends.iter().for_each(|end| text[end - start] = b'"');
    String::from_utf8(text).expect("the parser refuses what is not UTF-8")
}

/// Why a text is not JSON, and where. The text itself is not repeated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason} at line {line} column {column}")]
pub(crate) struct ValueError {
    reason: &'static str,
    line: usize,
    /// In bytes, from 1.
    column: usize,
}

impl ValueError {
    fn new(reason: &'static str, text: &[u8], offset: usize) -> ValueError {
        let before = &text[..offset];
        let line_start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
        ValueError { reason, line, column: 1 + offset - line_start }
    }
}

impl Value {
    /// Parses JSON text.
    pub fn parse(json: &str) -> Result<Value, Error> {
        Value::from_text(json.as_bytes().to_vec())
            .map_err(|reason| Error::InvalidArgument(format!("the JSON text is not valid: {reason}")))
    }

    /// Parses a buffer that is JSON text as a whole.
    pub(crate) fn from_text(text: Vec<u8>) -> Result<Value, ValueError> {
        let range = 0..text.len();
        Value::from_slice_of(text, range)
    }

    /// Parses the JSON text at `range` of a message, in whose buffer it stays; what follows it is dropped.
    pub(crate) fn from_slice_of(mut buffer: Vec<u8>, range: Range<usize>) -> Result<Value, ValueError> {
        if range.start >= range.end || range.end > buffer.len() {
            return Err(ValueError::new("an unexpected end", &buffer, 0));
        }
        let start = range.start;
        buffer.truncate(range.end);
        let shared = Buffer::default();
        let parser::Tree { root, in_place } = parser::parse(&buffer, range, &shared)?;
        // The text often fills its buffer, which would double for this one byte.
        buffer.reserve_exact(1);
        buffer.push(0);
        let text = match in_place.is_empty() {
            true => Whole::Kept { buffer: kept(buffer, start)?, start },
            false => {
                in_place.iter().for_each(|end| buffer[*end] = 0);
                shared.set(buffer).expect("nobody else sets it");
                Whole::Shared { buffer: shared, start, ends: in_place.into(), restored: OnceLock::new() }
            }
        };
        Ok(Value { text, root })
    }

    /// The whole value as JSON text.
    pub fn json(&self) -> &str {
        let text = self.text.with_nul();
        &text[..text.len() - 1]
    }

    /// The whole value as JSON text for C, in the same place as [`Value::json`].
    pub(crate) fn json_with_nul(&self) -> &CStr {
        CStr::from_bytes_with_nul(self.text.with_nul().as_bytes()).expect("the parser refuses a NUL in JSON text")
    }

    /// The value itself.
    pub(crate) fn root(&self) -> &Node {
        &self.root
    }

    /// The value at a JSON Pointer such as `/content/0/text`; "" is the whole. `None` when there is none, also when the
    /// pointer is malformed. Of members with the same name the last counts.
    pub fn get(&self, pointer: &str) -> Option<&Node> {
        self.root.get(pointer)
    }

    /// The JSON text of what is at `pointer`, as it stands in the whole.
    pub fn json_at(&self, pointer: &str) -> Option<&str> {
        self.get(pointer)?;
        raw_at::text(self.json(), pointer)
    }

    /// The string at `pointer`.
    pub fn string(&self, pointer: &str) -> Option<&str> {
        self.get(pointer)?.as_str()
    }

    /// The string at `pointer` for C, with the NUL after it; `None` also for a string that holds U+0000, which would end
    /// early there.
    pub(crate) fn bytes_with_nul(&self, pointer: &str) -> Option<&[u8]> {
        match self.get(pointer)? {
            Node::String(text) => text.as_bytes_with_nul(),
            _ => None,
        }
    }

    /// The integer at `pointer`; see [`Node::as_i64`].
    pub fn int64(&self, pointer: &str) -> Option<i64> {
        self.get(pointer)?.as_i64()
    }

    /// The number at `pointer`; see [`Node::as_f64`].
    pub fn double(&self, pointer: &str) -> Option<f64> {
        self.get(pointer)?.as_f64()
    }

    /// The `true` or `false` at `pointer`.
    pub fn bool(&self, pointer: &str) -> Option<bool> {
        self.get(pointer)?.as_bool()
    }

    /// How many elements or members the array or object at `pointer` has; 0 for anything else.
    pub fn count(&self, pointer: &str) -> usize {
        self.get(pointer).map_or(0, Node::count)
    }

    /// Whether there is a `null` at `pointer`; false where there is nothing at all.
    pub fn is_null(&self, pointer: &str) -> bool {
        matches!(self.get(pointer), Some(Node::Null))
    }
}

/// A buffer in which the value is valid; what stands before it in its message need not be.
fn kept(buffer: Vec<u8>, start: usize) -> Result<String, ValueError> {
    String::from_utf8(buffer).map_err(|error| {
        let offset = error.utf8_error().valid_up_to();
        ValueError::new("text that is not UTF-8", &error.as_bytes()[start.min(offset)..], offset - start.min(offset))
    })
}

/// Prints the JSON text.
impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.json())
    }
}

#[cfg(test)]
mod tests;
