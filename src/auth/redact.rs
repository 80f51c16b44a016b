//! Secrets replaced in texts that a server wrote.
//!
//! A server repeats a secret as its software writes strings: with the escapes of JSON, once more inside a JSON string, in
//! percent-encoding, as HTML, in base64 or hexadecimal, broken into lines. So the text is decoded step by step, each byte
//! with its place in the original, and the secret is looked for after each step.

use std::ops::Range;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use memchr::memmem;
use zeroize::Zeroizing;

use crate::base::text;

pub(super) const REDACTED: &str = "[redacted]";
/// A shorter text is not treated as a secret: it may be part of an ordinary word.
const MIN_SECRET: usize = 4;
/// A secret of this length is no ordinary word, in any form: encoded, or with white space in it.
const LONG_SECRET: usize = 8;
/// The most encodings within each other that are looked through.
const MAX_ENCODINGS: usize = 4;

/// `text` with every occurrence of the secret replaced by "[redacted]", however it is encoded there.
pub(crate) fn redact(text: &str, secret: &str) -> String {
    // No encoding is shorter than the secret, apart from its white space; and a secret may have megabytes.
    if secret.len() < MIN_SECRET || text.len() < secret.len() / 2 {
        return text.to_owned();
    }
    let is_long = secret.len() >= LONG_SECRET;
    let forms = forms(secret, is_long);
    let mut found = Vec::new();
    let mut folded = Folded::of(text, !is_long);
    for _ in 0..MAX_ENCODINGS {
        forms.iter().for_each(|form| folded.find(form, &mut found));
        match folded.decoded() {
            Some(decoded) => folded = decoded,
            None => break,
        }
    }
    replace(text, found)
}

/// The same for JSON text, which stays valid.
pub(crate) fn redact_json(json: &str, secret: &str) -> String {
    let redacted = redact(json, secret);
    // A secret that is a number stands there without quotes.
    match redacted == json || serde_json::from_str::<serde::de::IgnoredAny>(&redacted).is_ok() {
        true => redacted,
        false => text::quoted(REDACTED),
    }
}

/// What stands for the secret in a text whose escapes are decoded.
fn forms(secret: &str, is_long: bool) -> Vec<Zeroizing<Vec<u8>>> {
    let mut forms = vec![Folded::of(secret, !is_long).bytes];
    if is_long {
        let hexadecimal: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
        let encoded = (0..3).map(|offset| base64_inside(secret, offset));
        let encoded = encoded.flat_map(|form| [form.replace('+', "-").replace('/', "_"), form]);
        forms.extend(encoded.chain([hexadecimal]).map(|form| Zeroizing::new(form.to_ascii_lowercase().into_bytes())));
    }
    forms
}

/// The part of a longer base64 text that follows from the secret alone, when `offset` bytes more than a multiple of three
/// come before it.
fn base64_inside(secret: &str, offset: usize) -> String {
    let bytes = Zeroizing::new([&[0; 2][..offset], secret.as_bytes()].concat());
    let encoded = STANDARD.encode(&bytes);
    encoded[(offset * 8).div_ceil(6)..bytes.len() * 8 / 6].to_owned()
}

fn replace(text: &str, mut found: Vec<Range<usize>>) -> String {
    found.sort_unstable_by_key(|range| (range.start, range.end));
    let mut result = String::with_capacity(text.len());
    let mut at = 0;
    for range in found {
        if range.start >= at {
            result.push_str(&text[at..range.start]);
            result.push_str(REDACTED);
        }
        at = at.max(range.end);
    }
    result.push_str(&text[at..]);
    result
}

/// A text in lower case, with the place of each byte in the original. What is not seen is left out.
struct Folded {
    bytes: Zeroizing<Vec<u8>>,
    places: Vec<Range<usize>>,
    with_white_space: bool,
}

impl Folded {
    fn of(text: &str, with_white_space: bool) -> Folded {
        let mut folded = Folded::empty(text.len(), with_white_space);
        text.char_indices().for_each(|(at, character)| folded.push(character, at..at + character.len_utf8()));
        folded
    }

    fn empty(capacity: usize, with_white_space: bool) -> Folded {
        let bytes = Zeroizing::new(Vec::with_capacity(capacity));
        Folded { bytes, places: Vec::with_capacity(capacity), with_white_space }
    }

    fn push(&mut self, character: char, place: Range<usize>) {
        let is_space = character.is_whitespace();
        let is_unseen = text::is_invisible(character) || (character.is_control() && !is_space);
        if !is_unseen && (self.with_white_space || !is_space) {
            let mut buffer = [0; 4];
            character.encode_utf8(&mut buffer).bytes().for_each(|byte| self.push_byte(byte, place.clone()));
        }
    }

    fn push_byte(&mut self, byte: u8, place: Range<usize>) {
        self.bytes.push(byte.to_ascii_lowercase());
        self.places.push(place);
    }

    fn find(&self, form: &[u8], found: &mut Vec<Range<usize>>) {
        for at in memmem::find_iter(&self.bytes, form) {
            found.push(self.places[at].start..self.places[at + form.len() - 1].end);
        }
    }

    /// The same with one level of escapes decoded; `None` when there is none.
    fn decoded(&self) -> Option<Folded> {
        let mut decoded = Folded::empty(self.bytes.len(), self.with_white_space);
        let mut has_escapes = false;
        let mut at = 0;
        while at < self.bytes.len() {
            let (length, unit) = Unit::at(&self.bytes[at..]).unwrap_or((1, Unit::Byte(self.bytes[at])));
            let place = self.places[at].start..self.places[at + length - 1].end;
            match unit {
                Unit::Byte(byte) => decoded.push_byte(byte, place),
                Unit::Character(character) => decoded.push(character, place),
            }
            has_escapes |= length > 1;
            at += length;
        }
        has_escapes.then_some(decoded)
    }
}

/// What an escape stands for.
enum Unit {
    Byte(u8),
    Character(char),
}

impl Unit {
    /// The escape with which `bytes`, in lower case, begin, and its length.
    fn at(bytes: &[u8]) -> Option<(usize, Unit)> {
        match bytes {
            [b'\\', b'u', digits @ ..] => number(digits.get(..4)?, 16).map(|code| (6, character(code))),
            [b'\\', b'x', digits @ ..] => number(digits.get(..2)?, 16).map(|code| (4, character(code))),
            [b'\\', b'n' | b'r' | b't' | b'b' | b'f', ..] => Some((2, Unit::Character('\n'))),
            [b'\\', quoted, ..] => Some((2, Unit::Byte(*quoted))),
            [b'%', digits @ ..] => {
                number(digits.get(..2)?, 16).and_then(|code| Some((3, Unit::Byte(u8::try_from(code).ok()?))))
            }
            [b'&', rest @ ..] => {
                let end = rest.iter().take(10).position(|byte| *byte == b';')?;
                entity(&rest[..end]).map(|code| (end + 2, character(code)))
            }
            _ => None,
        }
    }
}

fn number(digits: &[u8], radix: u32) -> Option<u32> {
    let digits = std::str::from_utf8(digits).ok().filter(|digits| !digits.starts_with('+'))?;
    u32::from_str_radix(digits, radix).ok()
}

fn character(code: u32) -> Unit {
    Unit::Character(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER))
}

/// A character reference of HTML, without `&` and `;`.
fn entity(name: &[u8]) -> Option<u32> {
    match name {
        [b'#', b'x', digits @ ..] => number(digits, 16),
        [b'#', digits @ ..] => number(digits, 10),
        b"amp" => Some('&'.into()),
        b"lt" => Some('<'.into()),
        b"gt" => Some('>'.into()),
        b"quot" => Some('"'.into()),
        b"apos" => Some('\''.into()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "abc/DEF+ghi\"<jkl>&==";

    fn each(to: impl Fn(u8) -> String) -> String {
        TOKEN.bytes().map(to).collect()
    }

    #[test]
    fn a_secret_is_found_in_each_encoding() {
        let in_json = |text: &str| {
            let quoted = text::quoted(text);
            quoted[1..quoted.len() - 1].replace('/', "\\/")
        };
        let once = in_json(TOKEN);
        let (twice, thrice) = (in_json(&once), in_json(&in_json(&once)));
        for encoded in [
            TOKEN.to_owned(),
            each(|byte| format!("\\u{byte:04X}")),
            each(|byte| format!("\\u{byte:04x}")),
            each(|byte| format!("\\x{byte:02x}")),
            each(|byte| {
                if byte.is_ascii_alphanumeric() { char::from(byte).into() } else { format!("\\{}", char::from(byte)) }
            }),
            each(|byte| format!("%{byte:02X}")),
            each(|byte| format!("%25{byte:02x}")),
            each(|byte| format!("&#{byte};")),
            each(|byte| format!("&#x{byte:X};")),
            TOKEN.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;").replace('>', "&gt;"),
            once.clone(),
            twice.clone(),
            thrice.clone(),
            TOKEN.to_uppercase(),
            each(|byte| format!("{}\u{200b}", char::from(byte))),
            each(|byte| format!("{}\r\n ", char::from(byte))),
            each(|byte| format!("{}\\n", char::from(byte))),
            each(|byte| format!("{byte:02x}")),
            each(|byte| format!("{byte:02X}")),
        ] {
            let redacted = redact(&format!("not good: {encoded}, try again"), TOKEN);
            assert!(redacted.starts_with("not good: [redacted]"), "{encoded}: {redacted}");
            assert!(redacted.ends_with(", try again"), "{encoded}: {redacted}");
        }
    }

    #[test]
    fn a_secret_is_found_within_base64() {
        for before in ["", "x", "xy", "user:", "Bearer "] {
            for engine in [&STANDARD, &base64::engine::general_purpose::URL_SAFE] {
                let encoded = engine.encode(format!("{before}{TOKEN} and more"));
                let redacted = redact(&format!("got {encoded}"), TOKEN);
                assert!(redacted.contains(REDACTED), "{before}: {redacted}");
                let kept: Vec<&str> = redacted.trim_start_matches("got ").split(REDACTED).collect();
                assert!(kept.iter().all(|part| part.len() < encoded.len() / 2), "{before}: {redacted}");
            }
        }
    }

    #[test]
    fn other_texts_are_left_as_they_are() {
        for text in
            ["abc/DEF+gh", "\\", "\\u12", "%", "%4", "%zz", "&", "&#;", "&#x110000;", "&nosuch;", "\\\\", "é\u{200b}"]
        {
            assert_eq!(redact(text, TOKEN), text);
        }
        assert_eq!(redact("a cat", "cat"), "a cat", "too short for a secret");
        assert_eq!(redact("the passport", "pass"), "the [redacted]port");
        assert_eq!(redact("pa ss", "pass"), "pa ss", "a short one is not looked for across white space");
        assert_eq!(redact("x sword.fishsword.fish", "sword.fish"), "x [redacted][redacted]");
        assert_eq!(redact("the%20sword.fish%2e", "sword.fish"), "the%20[redacted]%2e");
    }

    #[test]
    fn a_secret_beyond_ascii_is_found() {
        for encoded in
            ["gültig-schlüssel", "g\\u00fcltig-schl\\u00FCssel", "g%C3%BCltig-schl%c3%bcssel", "g&#252;ltig-schlüssel"]
        {
            assert_eq!(redact(encoded, "gültig-schlüssel"), REDACTED, "{encoded}");
        }
    }

    #[test]
    fn json_stays_valid() {
        assert_eq!(redact_json(r#"{"got":["sword.fish"]}"#, "sword.fish"), r#"{"got":["[redacted]"]}"#);
        assert_eq!(redact_json(r#"{"got":123456789}"#, "123456789"), r#""[redacted]""#);
        assert_eq!(redact_json(r#"{"got":12}"#, "123456789"), r#"{"got":12}"#);
    }

    #[test]
    fn the_time_is_linear() {
        let start = std::time::Instant::now();
        let large = "a secret of megabytes ".repeat(1 << 18);
        (0..20).for_each(|_| assert_eq!(redact("a short text", &large), "a short text"));
        for text in ["a", "\\", "\\u0061", "%61", "&#97;", "\\\\u0061"] {
            redact(&text.repeat((1 << 18) / text.len()), &format!("{}b", "a".repeat(60_000)));
        }
        assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
    }
}
