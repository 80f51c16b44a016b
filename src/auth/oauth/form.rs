//! Request parameters in the form encoding (RFC 6749, appendix B), in a buffer that is wiped.

use url::form_urlencoded::byte_serialize;
use zeroize::Zeroizing;

use crate::auth::secret::Secret;

/// The parameters of one request.
#[derive(Default)]
pub(crate) struct Form(Vec<(&'static str, Secret)>);

impl Form {
    pub(super) fn with(mut self, name: &'static str, value: &str) -> Form {
        self.0.push((name, Secret::new(value)));
        self
    }

    pub(super) fn with_optional(self, name: &'static str, value: Option<&str>) -> Form {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// The values that no text of a server may repeat.
    pub(super) fn secrets(&self) -> impl Iterator<Item = &Secret> {
        const SECRET: [&str; 7] = [
            "client_secret",
            "client_assertion",
            "assertion",
            "code",
            "code_verifier",
            "refresh_token",
            "subject_token",
        ];
        let is_secret = |name: &str| SECRET.contains(&name) || name == "token";
        self.0.iter().filter(move |(name, _)| is_secret(name)).map(|(_, value)| value)
    }

    pub(super) fn encode(&self) -> Zeroizing<Vec<u8>> {
        let length = |text: &str| byte_serialize(text.as_bytes()).map(str::len).sum::<usize>();
        let total: usize = self.0.iter().map(|(name, value)| length(name) + length(value.expose()) + 2).sum();
        let mut body = Zeroizing::new(Vec::with_capacity(total));
        for (name, value) in &self.0 {
            if !body.is_empty() {
                body.push(b'&');
            }
            byte_serialize(name.as_bytes()).for_each(|part| body.extend_from_slice(part.as_bytes()));
            body.push(b'=');
            byte_serialize(value.expose().as_bytes()).for_each(|part| body.extend_from_slice(part.as_bytes()));
        }
        body
    }
}

/// One text in the form encoding.
pub(super) fn encoded(text: &str) -> Secret {
    let parts: Vec<&str> = byte_serialize(text.as_bytes()).collect();
    Secret::from_parts(&parts)
}

/// A name or value of a query without its form encoding; what is no UTF-8 becomes U+FFFD, and what is no escape stays.
pub(super) fn decoded(text: &str) -> Secret {
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let escape = after.get(..2).filter(|_| *first == b'%').and_then(|digits| std::str::from_utf8(digits).ok());
        let byte = escape.filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        match byte.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(if *first == b'+' { b' ' } else { *first });
                rest = after;
            }
        }
    }
    match std::str::from_utf8(&bytes) {
        Ok(text) => Secret::new(text),
        Err(_) => Secret::new(&Zeroizing::new(String::from_utf8_lossy(&bytes).into_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_encoded_and_never_grow_the_buffer() {
        let form = Form::default().with("scope", "a b").with("client_secret", "p&q=é").with_optional("resource", None);
        let body = form.encode();
        assert_eq!(std::str::from_utf8(&body).unwrap(), "scope=a+b&client_secret=p%26q%3D%C3%A9");
        assert!(body.capacity() >= body.len());
        assert_eq!(form.secrets().map(Secret::expose).collect::<Vec<_>>(), ["p&q=é"]);
    }

    #[test]
    fn a_value_of_a_query_is_decoded() {
        for (text, expected) in [
            ("a+b%20c", "a b c"),
            ("%C3%A9", "é"),
            ("%zz%4", "%zz%4"),
            ("%+f", "%+f".replace('+', " ").as_str()),
            ("%ff", "\u{fffd}"),
            ("", ""),
        ] {
            assert_eq!(decoded(text).expose(), expected, "{text}");
        }
    }

    #[test]
    fn nothing_is_an_empty_body() {
        assert!(Form::default().encode().is_empty());
    }
}
