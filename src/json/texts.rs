//! JSON texts of values that were asked for.

use once_cell::race::OnceBox;

/// How many slots of a document share one bucket.
const SLOTS_PER_BUCKET: usize = 8;

/// Texts of parts of one document, made when they are asked for and kept as long as it. No lock: the child of a fork could
/// find it locked for ever.
#[derive(Default)]
pub(super) struct Texts(OnceBox<Box<[OnceBox<Text>]>>);

struct Text {
    /// The index of the part's slot.
    part: usize,
    /// With a NUL at its end.
    json: String,
    /// Another part's text in the same bucket.
    next: OnceBox<Text>,
}

impl Texts {
    /// The text of a part, with a NUL at its end, of a document with so many slots.
    pub(super) fn get(&self, part: usize, slots: usize, print: impl Fn() -> String) -> &str {
        let buckets = self.0.get_or_init(|| Box::new(buckets(slots)));
        let mut place = &buckets[part.wrapping_mul(0x9E37_79B9) % buckets.len()];
        loop {
            let text = place.get_or_init(|| Box::new(Text { part, json: print() + "\0", next: OnceBox::new() }));
            if text.part == part {
                return &text.json;
            }
            place = &text.next;
        }
    }
}

fn buckets(slots: usize) -> Box<[OnceBox<Text>]> {
    // An odd number spreads the slots of rows that are alike.
    (0..(slots / SLOTS_PER_BUCKET) | 1).map(|_| OnceBox::new()).collect()
}
