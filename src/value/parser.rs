//! Reads JSON text (RFC 8259) into a tree.
//!
//! serde_json decodes a string with escapes into a buffer of its own before a visitor can copy it: a large one would
//! exist three times. Here it goes from the text into its place at once.

use memchr::{memchr, memchr2};

use super::ValueError;
use super::node::{Node, Text};

/// How many arrays and objects may be open at once: as many as serde_json's limit, which the messages around a value
/// have passed, lets through.
const DEEPEST: usize = 127;

/// Parses a text that is one JSON value as a whole.
pub(super) fn parse(text: &str) -> Result<Node, ValueError> {
    let mut parser = Parser { text, at: 0, depth: 0 };
    let root = parser.value().and_then(|root| {
        parser.skip_whitespace();
        if parser.at == text.len() { Ok(root) } else { Err("more text after the value") }
    });
    root.map_err(|reason| ValueError::new(reason, text.as_bytes(), parser.at))
}

/// What is wrong at the place where the parser stands.
type Reason = &'static str;

struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn skip_whitespace(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    fn value(&mut self) -> Result<Node, Reason> {
        self.skip_whitespace();
        match self.peek() {
            Some(b'{') => self.nested(Self::object),
            Some(b'[') => self.nested(Self::array),
            Some(b'"') => self.string(1).map(|text| Node::String(Text::with_nul(text + "\0"))),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.literal("true", Node::Bool(true)),
            Some(b'f') => self.literal("false", Node::Bool(false)),
            Some(b'n') => self.literal("null", Node::Null),
            Some(_) => Err("no JSON value"),
            None => Err("an unexpected end"),
        }
    }

    fn literal(&mut self, word: &str, node: Node) -> Result<Node, Reason> {
        if !self.text[self.at..].starts_with(word) {
            return Err("no JSON value");
        }
        self.at += word.len();
        Ok(node)
    }

    fn nested(&mut self, read: fn(&mut Self) -> Result<Node, Reason>) -> Result<Node, Reason> {
        if self.depth == DEEPEST {
            return Err("too many nested arrays and objects");
        }
        self.depth += 1;
        self.at += 1;
        let node = read(self)?;
        self.depth -= 1;
        Ok(node)
    }

    fn array(&mut self) -> Result<Node, Reason> {
        let mut elements = Vec::new();
        self.skip_whitespace();
        if !self.skip(b']') {
            elements.push(self.value()?);
            while self.another(b']')? {
                elements.push(self.value()?);
            }
        }
        Ok(Node::Array(elements.into_boxed_slice()))
    }

    fn object(&mut self) -> Result<Node, Reason> {
        let mut members = Vec::new();
        self.skip_whitespace();
        if !self.skip(b'}') {
            members.push(self.member()?);
            while self.another(b'}')? {
                members.push(self.member()?);
            }
        }
        Ok(Node::Object(members.into_boxed_slice()))
    }

    fn member(&mut self) -> Result<(Box<str>, Node), Reason> {
        self.skip_whitespace();
        if self.peek() != Some(b'"') {
            return Err("no member name");
        }
        let name = self.string(0)?.into_boxed_str();
        self.skip_whitespace();
        if !self.skip(b':') {
            return Err("no colon after a member name");
        }
        Ok((name, self.value()?))
    }

    /// Reads the comma that another element or member follows, or the closing bracket.
    fn another(&mut self, close: u8) -> Result<bool, Reason> {
        self.skip_whitespace();
        if self.skip(b',') {
            Ok(true)
        } else if self.skip(close) {
            Ok(false)
        } else if self.peek().is_none() {
            Err("an unexpected end")
        } else {
            Err("neither a comma nor the closing bracket")
        }
    }

    /// Reads a string, in an allocation with room for `extra` bytes more.
    fn string(&mut self, extra: usize) -> Result<String, Reason> {
        self.at += 1;
        let end = self.closing_quote()?;
        // An upper bound: an escape is longer than what it stands for.
        let mut string = String::with_capacity(end - self.at + extra);
        while let Some(plain) = memchr(b'\\', &self.text.as_bytes()[self.at..end]) {
            string.push_str(&self.text[self.at..self.at + plain]);
            self.at += plain;
            string.push(self.escape()?);
        }
        string.push_str(&self.text[self.at..end]);
        self.at = end + 1;
        Ok(string)
    }

    /// Finds the end of the string that begins here, which must hold no bare control character.
    fn closing_quote(&mut self) -> Result<usize, Reason> {
        let bytes = self.text.as_bytes();
        let mut end = self.at;
        loop {
            let Some(plain) = bytes.get(end..).and_then(|rest| memchr2(b'"', b'\\', rest)) else {
                self.at = bytes.len();
                return Err("a string without an end");
            };
            let part = &bytes[end..end + plain];
            // To the end in any case: without an early exit the compiler takes many bytes at once.
            if part.iter().fold(false, |found, byte| found | (*byte < b' ')) {
                self.at = end + part.iter().take_while(|byte| **byte >= b' ').count();
                return Err("a control character in a string");
            }
            end += plain;
            if bytes[end] == b'"' {
                return Ok(end);
            }
            end += 2;
        }
    }

    /// Reads an escape from its backslash on.
    fn escape(&mut self) -> Result<char, Reason> {
        let character = match self.text.as_bytes().get(self.at + 1) {
            Some(b'u') => return self.unicode_escape(),
            Some(byte @ (b'"' | b'\\' | b'/')) => char::from(*byte),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            _ => return Err("an unknown escape"),
        };
        self.at += 2;
        Ok(character)
    }

    fn unicode_escape(&mut self) -> Result<char, Reason> {
        let first = self.code_unit(self.at).ok_or("an incomplete escape")?;
        let second = match first {
            0xD800..=0xDBFF => self.code_unit(self.at + 6),
            _ => None,
        };
        let units = [first, second.unwrap_or(0)];
        let length = 1 + usize::from(second.is_some());
        match char::decode_utf16(units.into_iter().take(length)).next() {
            Some(Ok(character)) => {
                self.at += 6 * length;
                Ok(character)
            }
            _ => Err("half a surrogate pair"),
        }
    }

    /// The code unit of a `\uXXXX` at an offset.
    fn code_unit(&self, at: usize) -> Option<u16> {
        let digits = self.text.get(at..at + 6)?.strip_prefix("\\u")?;
        // A sign, which from_str_radix takes, is no digit.
        let hexadecimal = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        if hexadecimal { u16::from_str_radix(digits, 16).ok() } else { None }
    }

    fn number(&mut self) -> Result<Node, Reason> {
        let start = self.at;
        self.skip(b'-');
        if !self.skip(b'0') {
            self.digits()?;
        }
        let mut is_integer = true;
        if self.skip(b'.') {
            is_integer = false;
            self.digits()?;
        }
        if self.skip(b'e') || self.skip(b'E') {
            is_integer = false;
            let _sign = self.skip(b'+') || self.skip(b'-');
            self.digits()?;
        }
        let text = &self.text[start..self.at];
        // A double keeps the sign of -0.
        if is_integer
            && text != "-0"
            && let Ok(number) = text.parse()
        {
            return Ok(Node::Int(number));
        }
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Node::Float(number)),
            _ => Err("a number that is too large"),
        }
    }

    fn digits(&mut self) -> Result<(), Reason> {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        if self.at > start { Ok(()) } else { Err("a number without digits") }
    }
}
