//! Texts that are wiped when dropped: client secrets, tokens, codes, keys.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::{SecureRandom, SystemRandom};
use zeroize::Zeroizing;

use crate::base::error::Error;

/// A secret text in one buffer that never grows, since growing would leave a copy behind.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(Zeroizing<String>);

impl Secret {
    pub(crate) fn new(text: &str) -> Secret {
        Secret::from_parts(&[text])
    }

    /// The parts, one after the other.
    pub(crate) fn from_parts(parts: &[&str]) -> Secret {
        let mut text = Zeroizing::new(String::with_capacity(parts.iter().map(|part| part.len()).sum()));
        parts.iter().for_each(|part| text.push_str(part));
        Secret(text)
    }

    /// Random bytes in base64url: 16 give 128 bits, 32 give 256.
    pub(crate) fn random(bytes: usize) -> Result<Secret, Error> {
        let mut random = Zeroizing::new(vec![0; bytes]);
        SystemRandom::new()
            .fill(&mut random)
            .map_err(|_| Error::Internal("the system gives no random numbers".to_owned()))?;
        Ok(Secret::base64url(&random))
    }

    pub(crate) fn base64url(bytes: &[u8]) -> Secret {
        Secret::encoded(&URL_SAFE_NO_PAD, bytes)
    }

    pub(crate) fn base64(bytes: &[u8]) -> Secret {
        Secret::encoded(&STANDARD, bytes)
    }

    fn encoded(engine: &impl Engine, bytes: &[u8]) -> Secret {
        let mut text = Zeroizing::new(String::with_capacity(bytes.len().div_ceil(3) * 4));
        engine.encode_string(bytes, &mut text);
        Secret(text)
    }

    /// A JSON string literal (RFC 8259, section 7) without its escapes; `None` if it is not one.
    ///
    /// serde_json keeps a buffer of its own for strings with escapes, which nothing wipes.
    pub(crate) fn from_json(literal: &str) -> Option<Secret> {
        let inner = literal.strip_prefix('"')?.strip_suffix('"')?;
        let mut text = Zeroizing::new(String::with_capacity(inner.len()));
        let mut rest = inner;
        while let Some(at) = rest.find('\\') {
            text.push_str(&rest[..at]);
            rest = &rest[at + 1..];
            let escape = rest.chars().next()?;
            rest = &rest[escape.len_utf8()..];
            text.push(match escape {
                '"' | '\\' | '/' => escape,
                'b' => '\u{8}',
                'f' => '\u{c}',
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                'u' => char::from_u32(u32::from_str_radix(take_four(&mut rest)?, 16).ok()?)?,
                _ => return None,
            });
        }
        text.push_str(rest);
        Some(Secret(text))
    }

    /// The text as a JSON string literal.
    pub(crate) fn to_json(&self) -> Secret {
        // Every character may become an escape of six bytes.
        let mut literal = Zeroizing::new(Vec::with_capacity(self.0.len() * 6 + 2));
        serde_json::to_writer(&mut *literal, self.expose()).expect("a string can be written as JSON");
        Secret::new(std::str::from_utf8(&literal).expect("JSON is UTF-8"))
    }

    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

/// A surrogate pair is no `char` by itself: no token has one, and it is refused above.
fn take_four<'a>(rest: &mut &'a str) -> Option<&'a str> {
    let (four, after) = rest.split_at_checked(4)?;
    *rest = after;
    Some(four)
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_shown_by_debug() {
        assert!(!format!("{:?}", Secret::new("s3cret")).contains("s3cret"));
    }

    #[test]
    fn random_texts_have_their_length_and_differ() {
        let (one, other) = (Secret::random(32).unwrap(), Secret::random(32).unwrap());
        assert_eq!((one.expose().len(), Secret::random(16).unwrap().expose().len()), (43, 22));
        assert_ne!(one, other);
        assert!(one.expose().bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
    }

    #[test]
    fn json_literals_lose_their_escapes() {
        for (literal, text) in [
            (r#""plain""#, Some("plain")),
            (r#""a\/b\"c\\d\u0041\n""#, Some("a/b\"c\\dA\n")),
            (r#""""#, Some("")),
            (r#""\x""#, None),
            (r#""\u12""#, None),
            (r#""\ud83d\ude00""#, None),
            ("12", None),
            ("null", None),
            ("\"", None),
        ] {
            assert_eq!(Secret::from_json(literal).as_ref().map(Secret::expose), text, "{literal}");
        }
    }

    #[test]
    fn a_secret_has_no_more_room_than_its_text_needs() {
        let secret = Secret::base64url(&[0xff; 32]);
        assert!(secret.0.capacity() >= secret.0.len());
        assert_eq!(Secret::base64(b"a:b").expose(), "YTpi");
        assert_eq!(Secret::new("a\"b\u{1}").to_json().expose(), r#""a\"b\u0001""#);
    }
}
