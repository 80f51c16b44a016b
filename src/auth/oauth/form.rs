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
    fn nothing_is_an_empty_body() {
        assert!(Form::default().encode().is_empty());
    }
}
