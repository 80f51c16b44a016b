//! The text of a configuration file as a tree in which everything knows its position.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use super::relaxed;
use crate::base::error::Error;
use crate::base::text;

/// A file's text. Both copies have the same length and the same line feeds.
pub(super) struct Source {
    /// For messages.
    name: Option<String>,
    /// As it was written, by which columns are counted.
    written: Zeroizing<String>,
    /// Without comments and trailing commas.
    json: Zeroizing<String>,
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Source {
    /// Reads a text that is JSON but for comments and trailing commas. `name` is the file's, for messages.
    pub(super) fn new(name: Option<String>, text: &str) -> Result<Source, Error> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut source = Source { name, written: Zeroizing::new(text.to_owned()), json: Zeroizing::default() };
        source.json = relaxed::to_json(text).map_err(|open| source.error_at(open.offset, open.what))?;
        if let Err(error) = serde_json::from_str::<&RawValue>(&source.json) {
            return Err(source.error_at(source.offset_of(&error), &without_position(&error)));
        }
        Ok(source)
    }

    /// The whole.
    pub(super) fn root(&self) -> Item<'_> {
        Item { source: self, text: self.json.trim(), path: String::new() }
    }

    /// What stands at these bytes.
    pub(super) fn item(&self, range: std::ops::Range<usize>, path: String) -> Item<'_> {
        Item { source: self, text: &self.json[range], path }
    }

    /// A fault of the file as a whole.
    pub(super) fn error(&self, reason: &str) -> Error {
        Error::InvalidArgument(match &self.name {
            Some(name) => format!("{name}: {reason}"),
            None => reason.to_owned(),
        })
    }

    fn error_at(&self, offset: usize, reason: &str) -> Error {
        Error::InvalidArgument(format!("{}{reason}", self.position(offset)))
    }

    /// Line and column as editors count them, from 1 and in characters: `mcp.json:9:21: `.
    fn position(&self, offset: usize) -> String {
        let boundary = (0..=offset).rev().find(|at| self.written.is_char_boundary(*at)).unwrap_or_default();
        let before = &self.written[..boundary];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let line = 1 + before.bytes().filter(|byte| *byte == b'\n').count();
        let column = 1 + before[line_start..].chars().count();
        match &self.name {
            Some(name) => format!("{name}:{line}:{column}: "),
            None => format!("line {line}, column {column}: "),
        }
    }

    /// Where the parser stopped; it counts columns in bytes.
    fn offset_of(&self, error: &serde_json::Error) -> usize {
        let lines = self.json.split_inclusive('\n').take(error.line().saturating_sub(1));
        let line_start: usize = lines.map(str::len).sum();
        (line_start + error.column().saturating_sub(1)).min(self.json.len())
    }
}

fn without_position(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line ").next().unwrap_or_default().to_owned()
}

/// A value in the file.
#[derive(Debug, Clone)]
pub(super) struct Item<'a> {
    source: &'a Source,
    /// A part of the source's JSON.
    text: &'a str,
    /// `mcpServers.github.args[1]`
    path: String,
}

impl<'a> Item<'a> {
    pub(super) fn text(&self) -> &'a str {
        self.text
    }

    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// Where its text stands in the source's JSON.
    pub(super) fn range(&self) -> std::ops::Range<usize> {
        let start = self.text.as_ptr() as usize - self.source.json.as_ptr() as usize;
        start..start + self.text.len()
    }

    /// `mcp.json:12:17: mcpServers.github.args[1]`
    fn place(&self) -> String {
        format!("{}{}", self.source.position(self.range().start), self.path)
    }

    /// An error that says what the value is not.
    pub(super) fn not(&self, what: &str) -> Error {
        match self.path.as_str() {
            "" => Error::InvalidArgument(format!("{}the file is not {what}", self.place())),
            _ => Error::InvalidArgument(format!("{} is not {what}", self.place())),
        }
    }

    /// An error about the value, at its position.
    pub(super) fn error(&self, reason: &str) -> Error {
        self.located(Error::InvalidArgument(reason.to_owned()))
    }

    /// A feature that the value asks for and the library lacks.
    pub(super) fn unsupported(&self, reason: &str) -> Error {
        self.located(Error::Unsupported(reason.to_owned()))
    }

    /// The error of a function that was given this value, with its position.
    pub(super) fn located(&self, error: Error) -> Error {
        let separator = if self.path.is_empty() { "" } else { ": " };
        let at = |reason| format!("{}{separator}{reason}", self.place());
        match error {
            Error::InvalidArgument(reason) => Error::InvalidArgument(at(reason)),
            Error::InvalidState(reason) => Error::InvalidState(at(reason)),
            Error::Unsupported(reason) => Error::Unsupported(at(reason)),
            other => other,
        }
    }

    pub(super) fn is_null(&self) -> bool {
        self.text == "null"
    }

    pub(super) fn is_object(&self) -> bool {
        self.text.starts_with('{')
    }

    /// The text of a string, escapes undone.
    pub(super) fn string(&self) -> Result<Zeroizing<String>, Error> {
        serde_json::from_str(self.text).map(Zeroizing::new).map_err(|_| self.not("a string"))
    }

    pub(super) fn elements(&self) -> Result<Vec<Item<'a>>, Error> {
        let elements: Vec<&'a RawValue> = serde_json::from_str(self.text).map_err(|_| self.not("an array"))?;
        let item = |(index, element): (usize, &'a RawValue)| Item {
            source: self.source,
            text: element.get(),
            path: format!("{}[{index}]", self.path),
        };
        Ok(elements.into_iter().enumerate().map(item).collect())
    }

    /// The members of an object in their order. No name may occur twice: readers differ on which one counts.
    pub(super) fn members(&self) -> Result<Vec<(String, Item<'a>)>, Error> {
        let Members(raw) = serde_json::from_str(self.text).map_err(|_| self.not("an object"))?;
        let mut members: Vec<(String, Item<'a>)> = Vec::with_capacity(raw.len());
        let mut names = std::collections::HashSet::with_capacity(raw.len());
        for (key, value) in raw {
            let key = Item { source: self.source, text: key.get(), path: String::new() };
            let name: String = serde_json::from_str(key.text).map_err(|_| key.error("a name is not valid"))?;
            let shown = text::one_line(&name);
            let path = if self.path.is_empty() { shown } else { format!("{}.{shown}", self.path) };
            if !names.insert(name.clone()) {
                return Err(Item { path, ..key }.error("the name is used twice"));
            }
            members.push((name, Item { source: self.source, text: value.get(), path }));
        }
        Ok(members)
    }
}

/// The members of an object as they were written, names included.
struct Members<'a>(Vec<(&'a RawValue, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Members<'a>, D::Error> {
        struct InOrder;

        impl<'de> Visitor<'de> for InOrder {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry::<&'de RawValue, &'de RawValue>()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(InOrder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> String {
        Source::new(Some("mcp.json".to_owned()), text).unwrap_err().to_string()
    }

    #[test]
    fn a_text_that_is_no_json_is_refused_at_its_position() {
        for (text, message) in [
            ("", "mcp.json:1:1: EOF while parsing a value"),
            ("{\"a\":\n  1,\n  \"b\": \"x\n}", "mcp.json:3:8: a string is not closed"),
            ("{\n/*", "mcp.json:2:1: a comment is not closed"),
            ("{\"é\": x}", "mcp.json:1:7: expected value"),
            ("{\"a\": 1 \"b\": 2}", "mcp.json:1:9: expected `,` or `}`"),
            ("{} {}", "mcp.json:1:4: trailing characters"),
            ("{\"a\": \"\\q\"}", "mcp.json:1:9: invalid escape"),
        ] {
            assert_eq!(refusal(text), message, "{text}");
        }
    }

    #[test]
    fn items_know_their_position_and_path() {
        let text = "\u{feff}{ // é\n  \"a\": [1, {\"b c\": \"é\", \"d\": tru\u{65}},],\n}";
        let source = Source::new(Some("f".to_owned()), text).unwrap();
        let a = source.root().members().unwrap().remove(0).1;
        let inner = a.elements().unwrap().remove(1).members().unwrap();
        assert_eq!(inner[1].1.not("a string").to_string(), "f:2:30: a[1].d is not a string");
        assert_eq!(inner[0].1.error("no").to_string(), "f:2:20: a[1].b c: no");
        assert_eq!(**inner[0].1.string().unwrap(), *"é");
        assert!(inner[1].1.string().is_err());
        assert_eq!(a.members().unwrap_err().to_string(), "f:2:8: a is not an object");
        assert_eq!(source.root().elements().unwrap_err().to_string(), "f:1:1: the file is not an array");
    }

    #[test]
    fn a_name_that_is_used_twice_is_refused_there() {
        let source = Source::new(None, "{\"a\": {\"b\": 1, \"\\u0062\": 2}}").unwrap();
        let a = source.root().members().unwrap().remove(0).1;
        assert_eq!(a.members().unwrap_err().to_string(), "line 1, column 16: a.b: the name is used twice");
    }
}
