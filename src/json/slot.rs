//! The cells that a parsed document consists of.

/// One value of a document in 16 bytes. Where its parts stand is told by numbers, not pointers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Slot {
    /// The kind in the low bits, above them the slot's own index, by which a pointer to a slot leads to its document.
    head: u32,
    /// Where a string or number stands in the text; the first child of an array or object.
    at: u32,
    /// The length of a string, the number of children, the number, the boolean.
    payload: u64,
}

/// The kinds of slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Tag {
    /// The first slot of each document; its payload belongs to the C API.
    Handle = 0,
    Null,
    False,
    True,
    Integer,
    /// A number that is no integer of 64 bits, as the nearest double; infinite when no double is near.
    Double,
    String,
    /// Its children are consecutive slots.
    Array,
    /// Its children are names and values in turn.
    Object,
}

const TAG_BITS: u32 = 4;

impl Slot {
    /// The most slots of a document: as many as the index of a slot can count.
    pub(crate) const MOST: usize = 1 << (32 - TAG_BITS);

    pub(super) const HANDLE: Slot = Slot::new(Tag::Handle, 0, 0);

    pub(super) const EMPTY_OBJECT: Slot = Slot::new(Tag::Object, 0, 0);

    pub(super) const fn new(tag: Tag, at: u32, payload: u64) -> Slot {
        Slot { head: tag as u32, at, payload }
    }

    pub(super) fn string(at: u32, length: usize) -> Slot {
        Slot::new(Tag::String, at, length as u64)
    }

    pub(super) fn integer(at: u32, number: i64) -> Slot {
        Slot::new(Tag::Integer, at, number as u64)
    }

    pub(super) fn double(at: u32, number: f64) -> Slot {
        Slot::new(Tag::Double, at, number.to_bits())
    }

    /// An array or object with so many slots from `first` on.
    pub(super) fn container(tag: Tag, first: u32, slots: usize) -> Slot {
        Slot::new(tag, first, slots as u64)
    }

    /// The same slot at its place in a document.
    pub(super) fn placed(self, index: u32) -> Slot {
        Slot { head: index << TAG_BITS | (self.head & ((1 << TAG_BITS) - 1)), ..self }
    }

    /// The same slot with its parts elsewhere.
    pub(super) fn moved(self, at: u32) -> Slot {
        Slot { at, ..self }
    }

    pub(super) fn with_payload(self, payload: u64) -> Slot {
        Slot { payload, ..self }
    }

    pub(super) fn tag(&self) -> Tag {
        match self.head & ((1 << TAG_BITS) - 1) {
            1 => Tag::Null,
            2 => Tag::False,
            3 => Tag::True,
            4 => Tag::Integer,
            5 => Tag::Double,
            6 => Tag::String,
            7 => Tag::Array,
            8 => Tag::Object,
            _ => Tag::Handle,
        }
    }

    /// Its own place in its document.
    pub(crate) fn index(&self) -> usize {
        (self.head >> TAG_BITS) as usize
    }

    pub(super) fn at(&self) -> usize {
        self.at as usize
    }

    pub(crate) fn payload(&self) -> u64 {
        self.payload
    }

    /// The length of a string, or the number of slots of an array or object.
    pub(super) fn length(&self) -> usize {
        self.payload as usize
    }
}
