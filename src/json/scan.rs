//! Where the parts of a JSON text stand.
//!
//! A message is looked through once for its members; what is in them is not read, since its user does. So whatever comes
//! out of here must be parsed, or compared with something valid, before anybody relies on it.

use memchr::memchr2;

/// How many arrays and objects of a member may be open at once: more than the parsers of members take.
const DEEPEST: usize = 128;

/// The text is no array or object, as far as was looked.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Malformed;

/// Names and values of an object in order, names with their quotes.
pub(crate) fn members<'a, E: From<Malformed>>(
    object: &'a [u8],
    mut each: impl FnMut(&'a [u8], &'a [u8]) -> Result<(), E>,
) -> Result<(), E> {
    let mut scanner = Scanner { text: object, at: 0 };
    scanner.each(b'{', b'}', |scanner| {
        let name = scanner.string()?;
        scanner.expect(b':')?;
        each(name, scanner.value()?)
    })
}

/// Elements of an array in order.
pub(crate) fn elements<'a, E: From<Malformed>>(
    array: &'a [u8],
    mut each: impl FnMut(&'a [u8]) -> Result<(), E>,
) -> Result<(), E> {
    let mut scanner = Scanner { text: array, at: 0 };
    scanner.each(b'[', b']', |scanner| each(scanner.value()?))
}

struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Scanner<'a> {
    /// Reads a text that is a list between brackets as a whole.
    fn each<E: From<Malformed>>(
        &mut self,
        open: u8,
        close: u8,
        mut one: impl FnMut(&mut Self) -> Result<(), E>,
    ) -> Result<(), E> {
        self.expect(open)?;
        if self.peek() != Some(close) {
            one(self)?;
            while self.peek() == Some(b',') {
                self.at += 1;
                one(self)?;
            }
        }
        self.expect(close)?;
        if self.peek().is_none() { Ok(()) } else { Err(Malformed.into()) }
    }

    /// The next byte that is no white space.
    fn peek(&mut self) -> Option<u8> {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.text.get(self.at) {
            self.at += 1;
        }
        self.text.get(self.at).copied()
    }

    fn expect(&mut self, byte: u8) -> Result<(), Malformed> {
        if self.peek() != Some(byte) {
            return Err(Malformed);
        }
        self.at += 1;
        Ok(())
    }

    fn string(&mut self) -> Result<&'a [u8], Malformed> {
        if self.peek() == Some(b'"') { self.value() } else { Err(Malformed) }
    }

    fn value(&mut self) -> Result<&'a [u8], Malformed> {
        let first = self.peek().ok_or(Malformed)?;
        let start = self.at;
        self.at = match first {
            b'"' => self.end_of_string(start),
            b'{' | b'[' => self.end_of_nested(start),
            _ => self.end_of_scalar(start),
        }
        .ok_or(Malformed)?;
        Ok(&self.text[start..self.at])
    }

    fn end_of_string(&self, start: usize) -> Option<usize> {
        let mut at = start + 1;
        loop {
            at += memchr2(b'"', b'\\', self.text.get(at..)?)?;
            if self.text[at] == b'"' {
                return Some(at + 1);
            }
            at += 2;
        }
    }

    fn end_of_nested(&self, start: usize) -> Option<usize> {
        let (mut at, mut depth) = (start, 0);
        loop {
            match self.text.get(at)? {
                b'"' => at = self.end_of_string(at)? - 1,
                b'{' | b'[' if depth == DEEPEST => return None,
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth -= 1,
                _ => {}
            }
            at += 1;
            if depth == 0 {
                return Some(at);
            }
        }
    }

    fn end_of_scalar(&self, start: usize) -> Option<usize> {
        let rest = &self.text[start..];
        let ends = |byte: &u8| matches!(byte, b',' | b':' | b']' | b'}' | b' ' | b'\t' | b'\n' | b'\r');
        let length = rest.iter().position(ends).unwrap_or(rest.len());
        (length > 0).then_some(start + length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outline(text: &str) -> Result<Vec<(&str, &str)>, Malformed> {
        let utf8 = |bytes| std::str::from_utf8(bytes).unwrap();
        let mut found = Vec::new();
        members(text.as_bytes(), |name, value| {
            found.push((utf8(name), utf8(value)));
            Ok::<_, Malformed>(())
        })?;
        Ok(found)
    }

    #[test]
    fn members_are_found_in_order() {
        let text = r#" { "a" : 1 ,"b":{"x":[1,{"}":"]"}]} , "c\"":"\\" ,"d":[ ],"e":null } "#;
        let expected =
            [(r#""a""#, "1"), (r#""b""#, r#"{"x":[1,{"}":"]"}]}"#), (r#""c\"""#, r#""\\""#), (r#""d""#, "[ ]")];
        let found = outline(text).unwrap();
        assert_eq!(found[..4], expected);
        assert_eq!(found[4], (r#""e""#, "null"));
        assert_eq!(outline("{}"), Ok(vec![]));
    }

    #[test]
    fn what_is_no_object_is_malformed() {
        for bad in
            ["", "1", "[]", "{", "{]", "{,}", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{\"a\":1 2}", "{a:1}", "{} x"]
        {
            assert_eq!(outline(bad), Err(Malformed), "{bad}");
        }
        for bad in ["{\"a", "{\"a\\", "{\"a\\\"", "{\"a\":\"x", "{\"a\":[1", "{\"a\":[\"]\""] {
            assert_eq!(outline(bad), Err(Malformed), "{bad}");
        }
    }

    #[test]
    fn nesting_has_an_end() {
        let nested = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
        assert!(outline(&nested(DEEPEST)).is_ok());
        assert_eq!(outline(&nested(DEEPEST + 1)), Err(Malformed));
        assert_eq!(outline(&"{\"a\":".repeat(200_000)), Err(Malformed));
    }

    #[test]
    fn elements_are_found_in_order() {
        let mut found = Vec::new();
        elements(b" [ 1,{\"a\":[]} , \"]\"] ", |element| {
            found.push(element);
            Ok::<_, Malformed>(())
        })
        .unwrap();
        assert_eq!(found, [&b"1"[..], b"{\"a\":[]}", b"\"]\""]);
        for bad in ["[", "[1", "[1,]", "[] x", "[1 2]", "{}"] {
            assert_eq!(elements(bad.as_bytes(), |_| Ok::<_, Malformed>(())), Err(Malformed), "{bad}");
        }
    }
}
