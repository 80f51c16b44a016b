//! Values that own what they are read from.

use std::fmt;
use std::sync::Arc;

use super::copy;
use super::document::Document;
use super::limits::{Limits, ReadError};
use super::node::{Kind, Node};
use super::reader;
use super::slot::Slot;
use zeroize::Zeroize;

use crate::base::error::Error;

/// A JSON value (RFC 8259). A clone shares what it is made of.
#[derive(Clone)]
pub struct Value(Arc<Document>);

/// An empty object.
impl Default for Value {
    fn default() -> Value {
        let slots = vec![Slot::HANDLE, Slot::EMPTY_OBJECT.placed(1)];
        Value::new(Document::new(Vec::new(), slots))
    }
}

impl Value {
    /// Parses JSON text.
    pub fn parse(json: &str) -> Result<Value, Error> {
        Value::from_text(json.as_bytes().to_vec()).map_err(|error| error.in_argument("the JSON text", json))
    }

    /// Parses a buffer that is JSON text as a whole, without limits.
    pub(crate) fn from_text(text: Vec<u8>) -> Result<Value, ReadError> {
        Value::read(text, &Limits::NONE)
    }

    /// Parses a buffer that is JSON text as a whole.
    pub(crate) fn read(text: Vec<u8>, limits: &Limits<'_>) -> Result<Value, ReadError> {
        reader::read(text, limits).map(Value::new)
    }

    /// Drops the value and overwrites its text, unless a clone is left.
    pub(crate) fn wipe(mut self) {
        if let Some(document) = Arc::get_mut(&mut self.0) {
            document.text.zeroize();
        }
    }

    /// Takes a document, and notes in its first slot where it lies, so that C finds it from any slot.
    pub(super) fn new(document: Document) -> Value {
        let mut document = Arc::new(document);
        let address = Arc::as_ptr(&document).expose_provenance() as u64;
        if let Some(document) = Arc::get_mut(&mut document) {
            document.slots[0] = Slot::HANDLE.with_payload(address);
        }
        Value(document)
    }

    /// The part at a place that [`Node::place`] gave, without the rest. Nothing is copied, unless the value was cloned.
    pub(crate) fn narrowed(mut self, place: usize) -> Value {
        match Arc::get_mut(&mut self.0) {
            Some(document) => {
                document.root = place;
                self
            }
            None => Node::new(&self.0, &self.0.slots[place]).to_value(),
        }
    }

    /// An array of parts of other values, which are copied.
    pub(crate) fn array<'a>(elements: impl IntoIterator<Item = Node<'a>>) -> Value {
        Value::new(copy::array(elements.into_iter().map(|element| (element.document, element.slot))))
    }

    /// The bytes of the text that it was read from.
    pub(crate) fn text_size(&self) -> usize {
        self.0.text.len()
    }

    /// How many bytes it takes, about.
    pub(crate) fn size(&self) -> usize {
        self.0.text.len() + size_of_val(&self.0.slots[..])
    }

    /// What the value is made of, for C.
    pub(crate) fn into_document(self) -> Arc<Document> {
        self.0
    }

    /// The value itself.
    pub fn root(&self) -> Node<'_> {
        Node::new(&self.0, self.0.root())
    }

    /// JSON text of the whole; see [`Node::to_json`]. Made when it is first asked for.
    pub fn json(&self) -> &str {
        let text = self.root().json_with_nul();
        &text[..text.len() - 1]
    }

    /// What the whole is.
    pub fn kind(&self) -> Kind {
        self.root().kind()
    }

    /// The value at a JSON Pointer; see [`Node::get`].
    pub fn get(&self, pointer: &str) -> Option<Node<'_>> {
        self.root().get(pointer)
    }

    /// JSON text of what is at `pointer`.
    pub fn json_at(&self, pointer: &str) -> Option<String> {
        self.get(pointer).map(Node::to_json)
    }

    /// The string at `pointer`.
    pub fn string(&self, pointer: &str) -> Option<&str> {
        self.get(pointer)?.as_str()
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
        self.get(pointer).is_some_and(|node| node.kind() == Kind::Null)
    }
}

impl Node<'_> {
    /// A copy that is a value of its own, and keeps nothing else of the whole.
    pub fn to_value(self) -> Value {
        Value::new(copy::copy(self.document, self.slot))
    }
}

/// Prints the JSON text.
impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.json())
    }
}
