//! Strings of JSON text, decoded where they stand: what an escape stands for is never longer than the escape.
//!
//! The text ends with [`PADDING`] NULs, so that a word can be read at each of its bytes. A NUL is a control character: it
//! ends every string that has no closing quote.

use super::limits::Fault;

/// How many NULs follow the text.
pub(super) const PADDING: usize = 8;

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// A string that was read.
pub(super) struct Decoded {
    /// The length of what it stands for.
    pub(super) length: usize,
    /// The first byte after its closing quote.
    pub(super) next: usize,
    /// Whether it holds bytes above 127 as they came, which may not be UTF-8.
    pub(super) unchecked: bool,
}

/// A part of a string up to a quote, a backslash or a control character.
struct Plain {
    end: usize,
    high: bool,
}

/// Reads the string whose first byte after the opening quote is at `start`, and puts a NUL at its end.
#[inline(always)]
pub(super) fn decode(text: &mut [u8], start: usize) -> Result<Decoded, Fault> {
    let Plain { end, high } = plain(text, start);
    match text[end] {
        b'"' => {
            text[end] = 0;
            Ok(Decoded { length: end - start, next: end + 1, unchecked: high })
        }
        b'\\' => unescape(text, start, end, high),
        _ => Err(unfinished(text, end)),
    }
}

#[cold]
fn unfinished(text: &[u8], at: usize) -> Fault {
    if at + PADDING >= text.len() {
        Fault::new("a string without an end", at)
    } else {
        Fault::new("a control character in a string", at)
    }
}

/// Finds the end of the plain part that begins at `start`.
#[inline(always)]
fn plain(text: &[u8], start: usize) -> Plain {
    let mut end = start;
    let mut seen = 0;
    for _ in 0..4 {
        let word = word(text, end);
        let special = special(word);
        if special != 0 {
            let bytes = special.trailing_zeros() / 8;
            // What follows the special byte does not count.
            let high = seen | word & !(u64::MAX << (8 * bytes));
            return Plain { end: end + bytes as usize, high: high & HIGH != 0 };
        }
        seen |= word;
        end += 8;
    }
    let rest = long(text, end);
    Plain { end: rest.end, high: rest.high | (seen & HIGH != 0) }
}

/// The same for what is known to be long: many bytes are looked at together.
#[inline(never)]
fn long(text: &[u8], start: usize) -> Plain {
    let mut end = start;
    let mut high = false;
    for block in text[start..].chunks_exact(64) {
        // To the end in any case: without an early exit the compiler takes many bytes at once.
        let (special, above) = block.iter().fold((false, 0), |(special, above), byte| {
            (special | (*byte == b'"') | (*byte == b'\\') | (*byte < b' '), above | *byte)
        });
        if special {
            break;
        }
        high |= above > 127;
        end += 64;
    }
    loop {
        let word = word(text, end);
        let special = special(word);
        if special != 0 {
            let bytes = special.trailing_zeros() / 8;
            high |= word & !(u64::MAX << (8 * bytes)) & HIGH != 0;
            return Plain { end: end + bytes as usize, high };
        }
        high |= word & HIGH != 0;
        end += 8;
    }
}

#[inline]
fn word(text: &[u8], at: usize) -> u64 {
    match text.get(at..).and_then(<[u8]>::first_chunk) {
        Some(bytes) => u64::from_le_bytes(*bytes),
        None => 0, // past the end, where there are only NULs
    }
}

/// The high bit of the first byte in a word that is a quote, a backslash or a control character; later bytes may be marked
/// without being one.
#[inline]
fn special(word: u64) -> u64 {
    // Only control characters and the quote are below 0x21 with this bit turned.
    let quote_or_control = (word ^ (ONES * 2)).wrapping_sub(ONES * 0x21);
    let backslash = (word ^ (ONES * b'\\' as u64)).wrapping_sub(ONES);
    (quote_or_control | backslash) & !word & HIGH
}

/// Reads on from the first escape.
#[inline(never)]
fn unescape(text: &mut [u8], start: usize, first: usize, mut high: bool) -> Result<Decoded, Fault> {
    let (mut from, mut to) = (first, first);
    loop {
        match text[from] {
            b'"' => break,
            b'\\' => {
                let (character, length) = escape(text, from)?;
                from += length;
                to += character.encode_utf8(&mut text[to..]).len();
            }
            _ => return Err(unfinished(text, from)),
        }
        let part = plain(text, from);
        high |= part.high;
        shift(text, from..part.end, to);
        to += part.end - from;
        from = part.end;
    }
    text[to] = 0;
    Ok(Decoded { length: to - start, next: from + 1, unchecked: high })
}

/// Moves a part towards the front.
#[inline]
fn shift(text: &mut [u8], part: std::ops::Range<usize>, to: usize) {
    if part.len() > 16 {
        text.copy_within(part, to);
        return;
    }
    for (offset, from) in part.enumerate() {
        text[to + offset] = text[from];
    }
}

/// Reads the escape that begins at `at`: its character, and its length in the text.
#[inline]
fn escape(text: &[u8], at: usize) -> Result<(char, usize), Fault> {
    let character = match text[at + 1] {
        b'u' => return unicode_escape(text, at),
        byte @ (b'"' | b'\\' | b'/') => char::from(byte),
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        0 if at + 1 + PADDING == text.len() => return Err(Fault::new("a string without an end", at + 1)),
        _ => return Err(Fault::new("an unknown escape", at)),
    };
    Ok((character, 2))
}

/// Half a surrogate pair becomes U+FFFD: JavaScript writes one when a text is cut inside a character.
fn unicode_escape(text: &[u8], at: usize) -> Result<(char, usize), Fault> {
    let first = code_unit(text, at).ok_or(Fault::new("an incomplete escape", at))?;
    let second = match first {
        0xD800..=0xDBFF => code_unit(text, at + 6).filter(|second| matches!(second, 0xDC00..=0xDFFF)),
        _ => None,
    };
    let units = [first, second.unwrap_or(0)];
    let count = 1 + usize::from(second.is_some());
    let character = char::decode_utf16(units.into_iter().take(count)).next();
    Ok((character.and_then(Result::ok).unwrap_or(char::REPLACEMENT_CHARACTER), 6 * count))
}

/// The code unit of a `\uXXXX`.
fn code_unit(text: &[u8], at: usize) -> Option<u16> {
    let digits = text.get(at..at + 6)?.strip_prefix(b"\\u")?;
    digits.iter().try_fold(0, |unit, digit| Some(unit << 4 | char::from(*digit).to_digit(16)? as u16))
}
