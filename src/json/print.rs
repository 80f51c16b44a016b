//! Writes values as JSON text.

use super::document::Document;
use super::slot::{Slot, Tag};

/// An array or object that is being printed.
struct Open<'a> {
    children: &'a [Slot],
    next: usize,
    is_object: bool,
}

/// Prints a part of a document with everything in it.
pub(super) fn print(document: &Document, part: &Slot) -> String {
    let mut json = Vec::new();
    let mut open = Vec::new();
    let mut slot = part;
    loop {
        match slot.tag() {
            Tag::Array | Tag::Object => {
                let is_object = slot.tag() == Tag::Object;
                json.push(if is_object { b'{' } else { b'[' });
                open.push(Open { children: document.children(slot), next: 0, is_object });
            }
            _ => scalar(document, slot, &mut json),
        }
        // To the next value, out of every array and object that has none left.
        slot = loop {
            let Some(inner) = open.last_mut() else {
                return String::from_utf8(json).expect("a document is UTF-8");
            };
            let Some(child) = inner.children.get(inner.next) else {
                json.push(if inner.is_object { b'}' } else { b']' });
                open.pop();
                continue;
            };
            if inner.next > 0 {
                json.push(b',');
            }
            inner.next += 1;
            if !inner.is_object {
                break child;
            }
            scalar(document, child, &mut json);
            json.push(b':');
            inner.next += 1;
            break &inner.children[inner.next - 1];
        };
    }
}

fn scalar(document: &Document, slot: &Slot, json: &mut Vec<u8>) {
    match slot.tag() {
        Tag::String => {
            let text = std::str::from_utf8(document.bytes(slot)).expect("a document is UTF-8");
            serde_json::to_writer(json, text).expect("a string can be written to memory");
        }
        Tag::Integer | Tag::Double => json.extend_from_slice(document.digits(slot)),
        Tag::True => json.extend_from_slice(b"true"),
        Tag::False => json.extend_from_slice(b"false"),
        _ => json.extend_from_slice(b"null"),
    }
}
