//! Sets of scopes (RFC 6749, section 3.3).

use std::fmt;

/// Scopes in the order in which they were first named, each once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Scopes(Vec<String>);

/// What a login asks for to get refresh tokens (OpenID Connect Core, section 11).
pub(super) const OFFLINE_ACCESS: &str = "offline_access";

impl Scopes {
    /// Reads what a program sets; the reason of a refusal names the byte.
    pub(crate) fn parse(text: &str) -> Result<Scopes, String> {
        let allowed = |byte: u8| matches!(byte, b' ' | 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        if let Some(position) = text.bytes().position(|byte| !allowed(byte)) {
            return Err(format!("the scopes have a character at byte {position} that no scope may have"));
        }
        let scopes = Scopes::lenient(text);
        if scopes.0.is_empty() {
            return Err("the scopes are empty".to_owned());
        }
        Ok(scopes)
    }

    /// Reads what a server wrote; scopes that cannot be sent are left out.
    pub(super) fn lenient(text: &str) -> Scopes {
        Scopes::of(text.split_ascii_whitespace())
    }

    pub(super) fn of<'a>(names: impl IntoIterator<Item = &'a str>) -> Scopes {
        let mut scopes = Scopes::default();
        names.into_iter().for_each(|name| scopes.add(name));
        scopes
    }

    pub(super) fn add(&mut self, name: &str) {
        let is_scope = !name.is_empty() && name.bytes().all(|byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e));
        if is_scope && !self.has(name) {
            self.0.push(name.to_owned());
        }
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|known| known == name)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// These and those of the other set.
    pub(super) fn union(&self, other: &Scopes) -> Scopes {
        Scopes::of(self.0.iter().chain(&other.0).map(String::as_str))
    }

    pub(super) fn contains(&self, other: &Scopes) -> bool {
        other.0.iter().all(|name| self.has(name))
    }

    pub(super) fn same(&self, other: &Scopes) -> bool {
        self.contains(other) && other.contains(self)
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_program_sets_follows_the_grammar() {
        assert_eq!(Scopes::parse("mcp:read  mcp:write mcp:read").unwrap().to_string(), "mcp:read mcp:write");
        for bad in ["", " ", "a\"b", "a\\b", "a\nb", "é", "a\tb", "a\u{7f}"] {
            assert!(Scopes::parse(bad).is_err(), "{bad:?}");
        }
        assert_eq!(Scopes::parse("ab\"").unwrap_err(), "the scopes have a character at byte 2 that no scope may have");
    }

    #[test]
    fn what_a_server_writes_is_read_as_far_as_it_can_be_sent() {
        assert_eq!(Scopes::lenient("a \"b\"\tc\r\n").to_string(), "a c");
        assert!(Scopes::lenient("").is_empty());
    }

    #[test]
    fn unions_keep_the_order_and_have_each_scope_once() {
        let (one, other) = (Scopes::lenient("a b"), Scopes::lenient("b c"));
        assert_eq!(one.union(&other).to_string(), "a b c");
        assert!(one.union(&other).contains(&one) && !one.contains(&other));
        assert!(Scopes::lenient("b a").same(&one) && !one.same(&one.union(&other)));
    }
}
