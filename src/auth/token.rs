//! Access tokens (RFC 6750, and RFC 9449 for those bound to a key): checked once, kept as the header value that is sent.

use std::fmt;

use ::http::HeaderValue;
use zeroize::Zeroizing;

use crate::auth::header;
use crate::auth::redact::REDACTED;

const BEARER: &str = "Bearer ";
const DPOP: &str = "DPoP ";

/// An access token, held as the header value that carries it. Clones share the buffer, which is wiped with the last one.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Token(HeaderValue);

impl Token {
    /// Takes the bare token: visible ASCII without the scheme.
    ///
    /// The error text is for a person. It names a byte offset, counted from 0, and never repeats the token.
    pub fn new(token: &str) -> Result<Token, String> {
        Token::from_bytes(BEARER, token.as_bytes())
    }

    /// The same for a token that is bound to a key: it is sent under the scheme `DPoP`.
    pub fn dpop(token: &str) -> Result<Token, String> {
        Token::from_bytes(DPOP, token.as_bytes())
    }

    /// Like [`Token::new`], for bytes that are wiped when dropped.
    pub fn from_zeroizing(bytes: Zeroizing<Vec<u8>>) -> Result<Token, String> {
        Token::from_bytes(BEARER, &bytes)
    }

    fn from_bytes(scheme: &str, token: &[u8]) -> Result<Token, String> {
        if token.is_empty() {
            return Err("the token is empty".to_owned());
        }
        if token.get(..BEARER.len()).is_some_and(|start| start.eq_ignore_ascii_case(BEARER.as_bytes())) {
            return Err(
                "the token starts with \"Bearer \": give the bare token, the library adds the scheme".to_owned()
            );
        }
        if let Some((position, byte)) = header::find_byte(token, |byte| !byte.is_ascii_graphic()) {
            return Err(header::refusal("the token", byte, position));
        }
        Ok(Token(header::secret_value(scheme, token)))
    }

    /// The value of the `Authorization` header, scheme and token, marked as sensitive.
    pub fn authorization(&self) -> HeaderValue {
        self.0.clone()
    }

    /// The token without its scheme.
    pub fn bare(&self) -> &str {
        bare(&self.0).expect("from_bytes lets only ASCII through")
    }

    /// `Bearer` or `DPoP`.
    pub fn scheme(&self) -> &'static str {
        if self.is_dpop() { "DPoP" } else { "Bearer" }
    }

    /// Whether each request with the token needs a proof.
    pub fn is_dpop(&self) -> bool {
        self.0.as_bytes().starts_with(DPOP.as_bytes())
    }
}

/// The token in the value of an `Authorization` header.
pub(crate) fn bare(authorization: &HeaderValue) -> Option<&str> {
    let value = authorization.to_str().ok()?;
    value.strip_prefix(BEARER).or_else(|| value.strip_prefix(DPOP))
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Token").field(&format_args!("{REDACTED}")).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_sent_after_the_scheme() {
        for token in ["x", "eyJhbGciOiJub25lIn0.e30.", "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", "Bearer", "bearer-1"] {
            let value = Token::new(token).unwrap().authorization();
            assert_eq!(value.as_bytes(), format!("Bearer {token}").as_bytes());
            assert!(value.is_sensitive());
        }
    }

    #[test]
    fn a_token_that_is_bound_to_a_key_has_its_scheme() {
        let token = Token::dpop("swordfish").unwrap();
        assert_eq!(token.authorization().as_bytes(), b"DPoP swordfish");
        assert_eq!((token.bare(), token.scheme(), token.is_dpop()), ("swordfish", "DPoP", true));
        assert!(!Token::new("DPoP").unwrap().is_dpop());
    }

    #[test]
    fn a_refusal_names_position_and_reason() {
        let from_a_file = format!("{}\n", "x".repeat(41));
        for (token, reason) in [
            ("", "the token is empty"),
            ("Bearer x", "the token starts with \"Bearer \": give the bare token, the library adds the scheme"),
            ("bEARER ", "the token starts with \"Bearer \": give the bare token, the library adds the scheme"),
            (&from_a_file, "the token has a line feed at byte 41 (was it read from a file?)"),
            ("ab\r\n", "the token has a carriage return at byte 2 (was it read from a file?)"),
            ("a b", "the token has a space at byte 1"),
            (" ", "the token has a space at byte 0"),
            ("ab\t", "the token has a tab at byte 2"),
            ("a\0b", "the token has a NUL at byte 1"),
            ("a\x07b", "the token has the control character 0x07 at byte 1"),
            ("a\x7f", "the token has the control character 0x7f at byte 1"),
            ("abé", "the token has a non-ASCII byte at byte 2"),
            ("\u{feff}ab", "the token has a non-ASCII byte at byte 0"),
        ] {
            assert_eq!(Token::new(token).unwrap_err(), reason);
            assert_eq!(Token::from_zeroizing(Zeroizing::new(token.into())).unwrap_err(), reason);
        }
    }

    #[test]
    fn bytes_that_are_not_text_are_refused() {
        let reason = Token::from_zeroizing(Zeroizing::new(vec![b'a', 0xff])).unwrap_err();
        assert_eq!(reason, "the token has a non-ASCII byte at byte 1");
    }

    #[test]
    fn exactly_visible_ascii_is_accepted() {
        for byte in 0..=0xff_u8 {
            let accepted = Token::from_zeroizing(Zeroizing::new(vec![byte])).is_ok();
            assert_eq!(accepted, (0x21..=0x7e).contains(&byte), "0x{byte:02x}");
        }
    }

    #[test]
    fn clones_and_header_values_share_one_buffer() {
        let token = Token::new("swordfish").unwrap();
        let buffer = token.authorization().as_bytes().as_ptr();
        assert_eq!(token.clone().authorization().as_bytes().as_ptr(), buffer);
        assert_ne!(Token::new("swordfish").unwrap().authorization().as_bytes().as_ptr(), buffer);
    }

    #[test]
    fn tokens_compare_by_their_bytes() {
        let token = Token::new("swordfish").unwrap();
        assert_eq!(token, Token::from_zeroizing(Zeroizing::new(b"swordfish".to_vec())).unwrap());
        assert_ne!(token, Token::new("Swordfish").unwrap());
    }

    #[test]
    fn the_token_does_not_show_in_debug() {
        let token = Token::new("sword.fish").unwrap();
        assert_eq!(format!("{token:?}"), "Token([redacted])");
        assert_eq!(format!("{:?}", token.authorization()), "Sensitive");
    }
}
