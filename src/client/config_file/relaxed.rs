//! Comments and trailing commas, which editors allow in configuration files and JSON does not have.
//!
//! They are overwritten by spaces, so that everything else keeps its place and a JSON parser can read the rest.

use zeroize::Zeroizing;

/// What a text must close, and where it was opened.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unclosed {
    pub(super) what: &'static str,
    /// In bytes.
    pub(super) offset: usize,
}

/// The text with `//` comments, `/* */` comments and the commas before `}` and `]` replaced by spaces. The result has
/// the length of the text, and its line feeds.
pub(super) fn to_json(text: &str) -> Result<Zeroizing<String>, Unclosed> {
    let mut bytes = Zeroizing::new(text.as_bytes().to_vec());
    let mut at = 0;
    // The latest comma after a value, while nothing but white space and comments has followed it.
    let mut comma = None;
    let mut after_value = false;
    while at < bytes.len() {
        let end = match bytes[at] {
            b'"' => end_of_string(&bytes, at)?,
            b'/' => end_of_comment(&bytes, at)?,
            _ => at + 1,
        };
        match bytes[at] {
            b'/' if end > at + 1 => blank(&mut bytes[at..end]),
            byte if byte.is_ascii_whitespace() => {}
            byte => {
                if let (b'}' | b']', Some(comma)) = (byte, comma) {
                    bytes[comma] = b' ';
                }
                comma = (byte == b',' && after_value).then_some(at);
                after_value = !b",:[{".contains(&byte);
            }
        }
        at = end;
    }
    let text = String::from_utf8(std::mem::take(&mut *bytes)).expect("whole characters are replaced by ASCII");
    Ok(Zeroizing::new(text))
}

fn blank(comment: &mut [u8]) {
    comment.iter_mut().filter(|byte| **byte != b'\n').for_each(|byte| *byte = b' ');
}

/// A string ends on its line: an escape is needed for a line feed in it.
fn end_of_string(bytes: &[u8], start: usize) -> Result<usize, Unclosed> {
    let mut at = start + 1;
    loop {
        match bytes.get(at) {
            Some(b'"') => return Ok(at + 1),
            Some(b'\\') if bytes.get(at + 1).is_some_and(|byte| *byte != b'\n') => at += 2,
            None | Some(b'\n') => return Err(Unclosed { what: "a string is not closed", offset: start }),
            Some(_) => at += 1,
        }
    }
}

/// The end of the comment that begins here; the next byte when none does.
fn end_of_comment(bytes: &[u8], start: usize) -> Result<usize, Unclosed> {
    let rest = &bytes[start + 1..];
    match rest.first() {
        Some(b'/') => Ok(memchr::memchr(b'\n', rest).map_or(bytes.len(), |length| start + 1 + length)),
        Some(b'*') => match memchr::memmem::find(&rest[1..], b"*/") {
            Some(length) => Ok(start + length + 4),
            None => Err(Unclosed { what: "a comment is not closed", offset: start }),
        },
        _ => Ok(start + 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn relaxed(text: &str) -> String {
        to_json(text).unwrap().to_string()
    }

    #[test]
    fn comments_and_trailing_commas_become_spaces() {
        for (text, json) in [
            ("{}", "{}"),
            ("{\"a\":1,}", "{\"a\":1 }"),
            ("[1,2, ] ", "[1,2  ] "),
            ("{ // é\n}", "{      \n}"),
            ("[1, /* x */ ]", "[1          ]"),
            ("[1, // x\n]", "[1      \n]"),
            ("[/* a\nb */1]", "[    \n    1]"),
            ("{\"a\":\"//\",\"b\":\"/* */\"}", "{\"a\":\"//\",\"b\":\"/* */\"}"),
            ("[\"\\\"//\",]", "[\"\\\"//\" ]"),
            ("[\"a,]\",1]", "[\"a,]\",1]"),
            ("[1]//", "[1]  "),
        ] {
            assert_eq!(relaxed(text), json, "{text}");
            assert_eq!(json.len(), text.len());
        }
    }

    #[test]
    fn what_is_wrong_without_these_liberties_stays_wrong() {
        for text in ["[,]", "[1,,]", "{,}", "{\"a\":,}", "[1 2]", "/ 1", "[1,2]]", ",", "[1],"] {
            assert!(serde_json::from_str::<serde_json::Value>(&relaxed(text)).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_not_closed_is_told_by_its_beginning() {
        for (text, what, offset) in [
            ("{\"a\": \"b\n}", "a string is not closed", 6),
            ("[\"", "a string is not closed", 1),
            ("[\"\\", "a string is not closed", 1),
            ("[\"\\\n\"]", "a string is not closed", 1),
            ("[1] /* x", "a comment is not closed", 4),
            ("/*/", "a comment is not closed", 0),
        ] {
            assert_eq!(to_json(text).unwrap_err(), Unclosed { what, offset }, "{text}");
        }
    }
}
