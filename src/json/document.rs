//! A parsed text: its bytes, and the slots that say what they are.

use super::numbers;
use super::slot::{Slot, Tag};
use super::texts::Texts;

/// A parsed text.
#[derive(Default)]
pub(crate) struct Document {
    /// Strings are decoded, each with a NUL after it; numbers are as they were written.
    pub(super) text: Vec<u8>,
    /// The first is the handle for C. The children of an array or object stand together.
    pub(super) slots: Vec<Slot>,
    /// The value: of a message, it may be a part.
    pub(super) root: usize,
    /// Texts that were asked for.
    pub(super) texts: Texts,
}

impl Document {
    pub(super) fn new(text: Vec<u8>, slots: Vec<Slot>) -> Document {
        let root = slots.len() - 1;
        Document { text, slots, root, texts: Texts::default() }
    }

    pub(super) fn root(&self) -> &Slot {
        &self.slots[self.root]
    }

    pub(super) fn children(&self, slot: &Slot) -> &[Slot] {
        match slot.tag() {
            Tag::Array | Tag::Object => &self.slots[slot.at()..slot.at() + slot.length()],
            _ => &[],
        }
    }

    /// The bytes of a string, without the NUL after them.
    pub(super) fn bytes(&self, string: &Slot) -> &[u8] {
        &self.text[string.at()..string.at() + string.length()]
    }

    pub(super) fn bytes_with_nul(&self, string: &Slot) -> &[u8] {
        &self.text[string.at()..string.at() + string.length() + 1]
    }

    /// A number as it was written.
    pub(super) fn digits(&self, number: &Slot) -> &[u8] {
        numbers::text(&self.text, number.at())
    }

    #[cfg(test)]
    pub(super) fn text_capacity(&self) -> usize {
        self.text.capacity()
    }

    /// The slots, for C: the first is what a caller holds, any other a view of a part.
    pub(crate) fn slots(&self) -> &[Slot] {
        &self.slots
    }
}
