//! JSON results for callers, read by JSON Pointer (RFC 6901).
//!
//! A value keeps its text and a tree beside it. Both end their strings with a NUL, so that C reads them in place: a
//! result costs about twice its size, also while it is being parsed.

mod node;
mod parser;
mod part;

use std::ffi::CStr;
use std::fmt;
use std::ops::Range;

pub use node::Node;

use crate::error::Error;

/// A JSON value (RFC 8259) with its text.
pub struct Value {
    /// Ends with a NUL; whatever surrounded the value in its message may stand before `start`.
    buffer: String,
    start: usize,
    root: Node,
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
        buffer.truncate(range.end);
        // The text often fills its buffer, which would double for this one byte.
        buffer.reserve_exact(1);
        buffer.push(0);
        let buffer = String::from_utf8(buffer).map_err(|error| {
            let offset = error.utf8_error().valid_up_to();
            ValueError::new("text that is not UTF-8", error.as_bytes(), offset)
        })?;
        let text = buffer.get(range.start..buffer.len() - 1);
        let text = text.ok_or_else(|| ValueError::new("no text", buffer.as_bytes(), 0))?;
        let root = parser::parse(text)?;
        Ok(Value { buffer, start: range.start, root })
    }

    /// The whole value as JSON text.
    pub fn json(&self) -> &str {
        &self.buffer[self.start..self.buffer.len() - 1]
    }

    /// The whole value as JSON text for C, in the same place as [`Value::json`].
    pub(crate) fn json_with_nul(&self) -> &CStr {
        CStr::from_bytes_with_nul(&self.buffer.as_bytes()[self.start..]).expect("the parser refuses a NUL in JSON text")
    }

    /// The value at a JSON Pointer such as `/content/0/text`; "" is the whole. `None` when there is none, also when the
    /// pointer is malformed. Of members with the same name the last counts.
    pub fn get(&self, pointer: &str) -> Option<&Node> {
        self.root.get(pointer)
    }

    /// The JSON text of what is at `pointer`, as it stands in the whole.
    pub fn json_at(&self, pointer: &str) -> Option<&str> {
        self.get(pointer)?;
        part::text(self.json(), pointer)
    }

    /// The string at `pointer`.
    pub fn string(&self, pointer: &str) -> Option<&str> {
        self.get(pointer)?.as_str()
    }

    /// The string at `pointer` for C; `None` also for a string that holds U+0000, which would end early there.
    pub(crate) fn c_string(&self, pointer: &str) -> Option<&CStr> {
        match self.get(pointer)? {
            Node::String(text) => text.as_c_str(),
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

/// Prints the JSON text.
impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.json())
    }
}

#[cfg(test)]
mod tests;
