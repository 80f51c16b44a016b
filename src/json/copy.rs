//! Makes documents of parts of others.

use super::document::Document;
use super::slot::{Slot, Tag};
use super::texts::Texts;

/// Copies a part. Takes time and memory by its size, not by that of the whole.
pub(super) fn copy(document: &Document, part: &Slot) -> Document {
    let mut copy = Copy { text: Vec::new(), slots: vec![Slot::HANDLE; 2] };
    copy.put(document, part, 1);
    copy.finish()
}

/// Copies parts, also of several documents, into one array.
pub(super) fn array<'a>(elements: impl IntoIterator<Item = (&'a Document, &'a Slot)>) -> Document {
    let elements: Vec<_> = elements.into_iter().collect();
    let first = 2;
    let mut copy = Copy { text: Vec::new(), slots: vec![Slot::HANDLE; first + elements.len()] };
    copy.slots[1] = Slot::container(Tag::Array, first as u32, elements.len()).placed(1);
    for (index, (document, part)) in (first..).zip(elements) {
        copy.put(document, part, index);
    }
    copy.finish()
}

struct Copy {
    text: Vec<u8>,
    slots: Vec<Slot>,
}

impl Copy {
    /// Copies a part to a slot that is there, and what is inside it behind the others.
    fn put(&mut self, document: &Document, part: &Slot, index: usize) {
        self.slots[index] = self.own(document, part, index);
        let mut next = self.slots.len();
        self.put_children(document, index);
        while next < self.slots.len() {
            self.put_children(document, next);
            next += 1;
        }
    }

    /// Copies the children of a slot whose array or object is still that of the document.
    fn put_children(&mut self, document: &Document, index: usize) {
        let slot = self.slots[index];
        if matches!(slot.tag(), Tag::Array | Tag::Object) {
            let first = self.slots.len();
            for child in document.children(&slot) {
                let child = self.own(document, child, self.slots.len());
                self.slots.push(child);
            }
            self.slots[index] = slot.moved(first as u32);
        }
    }

    /// A slot with its text copied.
    fn own(&mut self, document: &Document, slot: &Slot, index: usize) -> Slot {
        let bytes = match slot.tag() {
            Tag::String => document.bytes(slot),
            Tag::Integer | Tag::Double => document.digits(slot),
            _ => return slot.placed(index as u32),
        };
        let at = self.text.len() as u32;
        self.text.extend_from_slice(bytes);
        self.text.push(0);
        slot.moved(at).placed(index as u32)
    }

    fn finish(self) -> Document {
        Document { text: self.text, slots: self.slots, root: 1, texts: Texts::default() }
    }
}
