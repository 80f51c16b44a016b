//! Reads JSON text (RFC 8259) into a tree.
//!
//! serde_json decodes a string with escapes into a buffer of its own before a visitor can copy it: a large one would
//! exist three times. Here it goes from the text into its place at once, and a long one without escapes stays where it is.

use std::ops::Range;

use memchr::{memchr, memchr2};

use crate::json::ValueError;
use crate::json::node::{Buffer, Node, Text};

/// How many arrays and objects may be open at once: as many as serde_json lets through, which reads other messages.
const DEEPEST: usize = 127;
/// From this length on a string without escapes is not copied.
const LONG: usize = 64 * 1024;
/// How much of a string is looked at before the next look at it: what fits the fastest cache.
const STEP: usize = 16 * 1024;

/// The tree of a text.
pub(super) struct Tree {
    pub(super) root: Node,
    /// Where the strings end that stay in the text.
    pub(super) in_place: Vec<usize>,
}

/// Parses a part of a buffer that is one JSON value as a whole. `buffer` will hold the whole when the tree is used, with
/// a NUL at each place of [`Tree::in_place`].
pub(super) fn parse(whole: &[u8], range: Range<usize>, buffer: &Buffer) -> Result<Tree, ValueError> {
    let (start, text) = (range.start, &whole[..range.end]);
    let mut parser = Parser { text, at: start, depth: 0, buffer, in_place: Vec::new() };
    let root = parser.value().and_then(|root| {
        parser.skip_whitespace();
        if parser.at == text.len() { Ok(root) } else { Err("more text after the value") }
    });
    match root {
        Ok(root) => Ok(Tree { root, in_place: parser.in_place }),
        Err(reason) => Err(ValueError::new(reason, &text[start..], parser.at - start)),
    }
}

/// What is wrong at the place where the parser stands.
type Reason = &'static str;

struct Parser<'a> {
    text: &'a [u8],
    at: usize,
    depth: usize,
    buffer: &'a Buffer,
    in_place: Vec<usize>,
}

/// A string up to its closing quote.
struct Span {
    end: usize,
    escaped: bool,
    ascii: bool,
}

impl Parser<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
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
            Some(b'"') => self.text().map(Node::String),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.literal("true", Node::Bool(true)),
            Some(b'f') => self.literal("false", Node::Bool(false)),
            Some(b'n') => self.literal("null", Node::Null),
            Some(_) => Err("no JSON value"),
            None => Err("an unexpected end"),
        }
    }

    fn literal(&mut self, word: &str, node: Node) -> Result<Node, Reason> {
        if !self.text[self.at..].starts_with(word.as_bytes()) {
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
        let name = self.span().and_then(|span| self.string(&span, 0))?.into_boxed_str();
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

    fn text(&mut self) -> Result<Text, Reason> {
        let span = self.span()?;
        if span.escaped || span.end - self.at < LONG {
            return self.string(&span, 1).map(|text| Text::with_nul(text + "\0"));
        }
        let range = self.at..span.end;
        self.check_utf8(&span)?;
        self.in_place.push(span.end);
        self.at = span.end + 1;
        Ok(Text::within(self.buffer, range))
    }

    /// Reads a string, in an allocation with room for `extra` bytes more.
    fn string(&mut self, span: &Span, extra: usize) -> Result<String, Reason> {
        self.check_utf8(span)?;
        // An upper bound: an escape is longer than what it stands for.
        let mut string = Vec::with_capacity(span.end - self.at + extra);
        while span.escaped
            && let Some(plain) = memchr(b'\\', &self.text[self.at..span.end])
        {
            string.extend_from_slice(&self.text[self.at..self.at + plain]);
            self.at += plain;
            string.extend_from_slice(self.escape()?.encode_utf8(&mut [0; 4]).as_bytes());
        }
        string.extend_from_slice(&self.text[self.at..span.end]);
        self.at = span.end + 1;
        String::from_utf8(string).map_err(|_| "text that is not UTF-8")
    }

    fn check_utf8(&mut self, span: &Span) -> Result<(), Reason> {
        if span.ascii {
            return Ok(());
        }
        std::str::from_utf8(&self.text[self.at..span.end]).map(drop).map_err(|error| {
            self.at += error.valid_up_to();
            "text that is not UTF-8"
        })
    }

    /// Finds the end of the string that begins here, which must hold no bare control character. Stands behind the opening
    /// quote then.
    fn span(&mut self) -> Result<Span, Reason> {
        self.at += 1;
        let mut span = Span { end: self.at, escaped: false, ascii: true };
        loop {
            let step = &self.text[span.end.min(self.text.len())..self.text.len().min(span.end + STEP)];
            if step.is_empty() {
                self.at = self.text.len();
                return Err("a string without an end");
            }
            let special = memchr2(b'"', b'\\', step);
            let plain = &step[..special.unwrap_or(step.len())];
            // To the end in any case: without an early exit the compiler takes many bytes at once.
            let (control, high) = plain
                .iter()
                .fold((false, false), |(control, high), byte| (control | (*byte < b' '), high | (*byte > 127)));
            if control {
                self.at = span.end + plain.iter().take_while(|byte| **byte >= b' ').count();
                return Err("a control character in a string");
            }
            span.ascii &= !high;
            span.end += plain.len();
            match special {
                Some(at) if step[at] == b'"' => return Ok(span),
                Some(_) => {
                    span.escaped = true;
                    span.ascii &= self.text.get(span.end + 1).is_none_or(u8::is_ascii);
                    span.end += 2;
                }
                None => {}
            }
        }
    }

    /// Reads an escape from its backslash on.
    fn escape(&mut self) -> Result<char, Reason> {
        let character = match self.text.get(self.at + 1) {
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
        let digits = self.text.get(at..at + 6)?.strip_prefix(b"\\u")?;
        // A sign, which from_str_radix takes, is no digit.
        let hexadecimal = digits.iter().all(u8::is_ascii_hexdigit);
        let digits = std::str::from_utf8(digits).ok().filter(|_| hexadecimal)?;
        u16::from_str_radix(digits, 16).ok()
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
        let text = std::str::from_utf8(&self.text[start..self.at]).map_err(|_| "a number without digits")?;
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
