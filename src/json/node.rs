//! A value inside a document, and the way to its parts.

use std::ffi::CStr;
use std::fmt;

use super::document::Document;
use super::numbers;
use super::pointer;
use super::print;
use super::slot::{Slot, Tag};

/// A part of a [`Value`](super::Value).
#[derive(Clone, Copy)]
pub struct Node<'a> {
    pub(super) document: &'a Document,
    pub(super) slot: &'a Slot,
}

/// What a JSON value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)] // the words of JSON
pub enum Kind {
    Null,
    Bool,
    Number,
    String,
    Array,
    Object,
}

impl<'a> Node<'a> {
    /// The value with this slot; the first slot stands for the whole value.
    pub(crate) fn new(document: &'a Document, slot: &'a Slot) -> Node<'a> {
        Node { document, slot: if slot.index() == 0 { document.root() } else { slot } }
    }

    pub(crate) fn document(self) -> &'a Document {
        self.document
    }

    pub(crate) fn slot(self) -> &'a Slot {
        self.slot
    }

    /// Where it stands in its value; see `Value::narrowed`.
    pub(crate) fn place(self) -> usize {
        self.slot.index()
    }

    /// What it is.
    pub fn kind(self) -> Kind {
        match self.slot.tag() {
            Tag::Handle | Tag::Null => Kind::Null,
            Tag::False | Tag::True => Kind::Bool,
            Tag::Integer | Tag::Double => Kind::Number,
            Tag::String => Kind::String,
            Tag::Array => Kind::Array,
            Tag::Object => Kind::Object,
        }
    }

    /// The value at a JSON Pointer (RFC 6901) from here, such as `/content/0/text`; "" is this one. `None` when there is
    /// none, also when the pointer is malformed. Of members with the same name the last counts.
    pub fn get(self, pointer: &str) -> Option<Node<'a>> {
        self.at(pointer.as_bytes())
    }

    pub(crate) fn at(self, pointer: &[u8]) -> Option<Node<'a>> {
        // One look at each byte: a loop over rows spends its time here.
        let mut node = self;
        let mut rest = pointer;
        while let [first, after @ ..] = rest {
            if *first != b'/' {
                return None;
            }
            let mut length = 0;
            let mut is_escaped = false;
            while let Some(byte) = after.get(length).filter(|byte| **byte != b'/') {
                is_escaped |= *byte == b'~';
                length += 1;
            }
            let (token, next) = after.split_at(length);
            node = match node.slot.tag() {
                Tag::Object if is_escaped => node.member(&pointer::unescape(token)?)?,
                Tag::Object => node.member(token)?,
                Tag::Array => node.element(pointer::array_index(token)?)?,
                _ => return None,
            };
            rest = next;
        }
        Some(node)
    }

    fn member(self, name: &[u8]) -> Option<Node<'a>> {
        let (pairs, _) = self.document.children(self.slot).as_chunks::<2>();
        let is_named = |key: &Slot| key.length() == name.len() && self.document.bytes(key) == name;
        pairs.iter().rev().find(|[key, _]| is_named(key)).map(|[_, slot]| Node { slot, ..self })
    }

    /// An element of an array, or the value of a member of an object, in the order of the text. Takes the same time for
    /// each.
    pub fn element(self, index: usize) -> Option<Node<'a>> {
        let place = if self.slot.tag() == Tag::Object { index.checked_mul(2)?.checked_add(1)? } else { index };
        self.document.children(self.slot).get(place).map(|slot| Node { slot, ..self })
    }

    /// The name of a member of an object.
    pub fn key(self, index: usize) -> Option<&'a str> {
        std::str::from_utf8(self.key_bytes(index)?).ok()
    }

    /// The same with the NUL after it.
    pub(crate) fn key_with_nul(self, index: usize) -> Option<&'a [u8]> {
        self.key_slot(index).map(|slot| self.document.bytes_with_nul(slot))
    }

    fn key_bytes(self, index: usize) -> Option<&'a [u8]> {
        self.key_slot(index).map(|slot| self.document.bytes(slot))
    }

    fn key_slot(self, index: usize) -> Option<&'a Slot> {
        let is_object = self.slot.tag() == Tag::Object;
        is_object.then(|| self.document.children(self.slot).get(index.checked_mul(2)?)).flatten()
    }

    /// The number of elements or members; 0 for anything but an array or object.
    pub fn count(self) -> usize {
        let children = self.document.children(self.slot).len();
        if self.slot.tag() == Tag::Object { children / 2 } else { children }
    }

    /// The elements of an array, or the values of an object's members.
    pub fn elements(self) -> impl Iterator<Item = Node<'a>> {
        (0..self.count()).map_while(move |index| self.element(index))
    }

    /// The members of an object; nothing for anything else.
    pub fn members(self) -> impl Iterator<Item = (&'a str, Node<'a>)> {
        (0..self.count()).map_while(move |index| Some((self.key(index)?, self.element(index)?)))
    }

    /// The text of a string.
    pub fn as_str(self) -> Option<&'a str> {
        std::str::from_utf8(self.as_bytes()?).ok()
    }

    pub(crate) fn as_bytes(self) -> Option<&'a [u8]> {
        (self.slot.tag() == Tag::String).then(|| self.document.bytes(self.slot))
    }

    /// The text of a string for C, with the NUL after it.
    pub(crate) fn as_bytes_with_nul(self) -> Option<&'a [u8]> {
        (self.slot.tag() == Tag::String).then(|| self.document.bytes_with_nul(self.slot))
    }

    /// An integer of 64 bits, also one written as `3.0` or `3e2`. Nothing is rounded.
    pub fn as_i64(self) -> Option<i64> {
        match self.slot.tag() {
            Tag::Integer => Some(self.slot.payload() as i64),
            Tag::Double => numbers::integer(self.document.digits(self.slot)),
            _ => None,
        }
    }

    /// A number as the nearest double; `None` when it is larger than all of them, such as `1e400`.
    pub fn as_f64(self) -> Option<f64> {
        match self.slot.tag() {
            Tag::Integer => Some(self.slot.payload() as i64 as f64),
            Tag::Double => Some(f64::from_bits(self.slot.payload())).filter(|number| number.is_finite()),
            _ => None,
        }
    }

    /// A `true` or `false`.
    pub fn as_bool(self) -> Option<bool> {
        match self.slot.tag() {
            Tag::True => Some(true),
            Tag::False => Some(false),
            _ => None,
        }
    }

    /// JSON text of it: as it came, without white space between the parts, and with only those escapes that are needed.
    /// Numbers keep their digits, members their order.
    pub fn to_json(self) -> String {
        print::print(self.document, self.slot)
    }

    /// The same text, with a NUL at its end, kept as long as the value.
    pub(super) fn json_with_nul(self) -> &'a str {
        self.document.texts.get(self.slot.index(), self.document.slots.len(), || self.to_json())
    }

    pub(crate) fn json_for_c(self) -> Option<&'a CStr> {
        CStr::from_bytes_with_nul(self.json_with_nul().as_bytes()).ok() // JSON text holds no NUL of its own
    }
}

/// Prints the JSON text.
impl fmt::Debug for Node<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_json())
    }
}
