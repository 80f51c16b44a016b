//! JSON text in the making, set by JSON Pointer.

use once_cell::race::OnceBox;

use super::node::{Kind, Node};
use super::pointer;
use super::reader::DEEPEST;
use super::value::Value;
use crate::base::error::Error;
use crate::base::text;

/// JSON text in the making. It begins as an empty object.
pub struct JsonBuilder {
    root: Part,
    /// The text of `root`, with a NUL at its end, once it was asked for.
    text: OnceBox<String>,
}

enum Part {
    /// JSON text of any value.
    Text(String),
    Array(Vec<Part>),
    Object(Vec<(String, Part)>),
}

impl Default for JsonBuilder {
    fn default() -> JsonBuilder {
        JsonBuilder { root: Part::Object(Vec::new()), text: OnceBox::new() }
    }
}

impl JsonBuilder {
    /// An empty object.
    pub fn new() -> JsonBuilder {
        JsonBuilder::default()
    }

    /// Sets the string at a JSON Pointer (RFC 6901). Objects that are missing on the way are made. The token `-` appends to
    /// an array, which is made if it is missing. "" is the whole.
    pub fn set_string(&mut self, pointer: &str, value: &str) -> Result<(), Error> {
        self.set(pointer, text::quoted(value))
    }

    /// Sets an integer; see [`JsonBuilder::set_string`].
    pub fn set_int64(&mut self, pointer: &str, value: i64) -> Result<(), Error> {
        self.set(pointer, value.to_string())
    }

    /// Sets a number, which must be finite: JSON has no other.
    pub fn set_double(&mut self, pointer: &str, value: f64) -> Result<(), Error> {
        if !value.is_finite() {
            return Err(invalid("JSON has no number for an infinite value or for what is not a number".to_owned()));
        }
        self.set(pointer, format!("{value:?}"))
    }

    /// Sets `true` or `false`.
    pub fn set_bool(&mut self, pointer: &str, value: bool) -> Result<(), Error> {
        self.set(pointer, value.to_string())
    }

    /// Sets `null`.
    pub fn set_null(&mut self, pointer: &str) -> Result<(), Error> {
        self.set(pointer, "null".to_owned())
    }

    /// Sets any JSON text.
    pub fn set_json(&mut self, pointer: &str, json: &str) -> Result<(), Error> {
        let value = Value::parse(json)?;
        self.set(pointer, value.json().to_owned())
    }

    /// The text, made when it is first asked for after a change.
    pub fn text(&self) -> &str {
        let text = self.text_with_nul();
        &text[..text.len() - 1]
    }

    /// The same text with the NUL after it.
    pub(crate) fn text_with_nul(&self) -> &str {
        self.text.get_or_init(|| {
            let mut text = String::new();
            self.root.print(&mut text);
            text.push('\0');
            Box::new(text)
        })
    }

    fn set(&mut self, pointer: &str, json: String) -> Result<(), Error> {
        let tokens: Vec<&[u8]> = match pointer {
            "" => Vec::new(),
            pointer => pointer::tokens(pointer.as_bytes()).ok_or_else(|| malformed(pointer))?.collect(),
        };
        let names = tokens.iter().map(|token| name(token).ok_or_else(|| malformed(pointer)));
        let names: Vec<String> = names.collect::<Result<_, _>>()?;
        if names.len() + depth(&json) > DEEPEST {
            return Err(invalid("there would be too many nested arrays and objects".to_owned()));
        }
        // What is missing is made only when the way is known to lead somewhere.
        self.root.check(&names).map_err(|reason| invalid(format!("nothing can be set at {pointer}: {reason}")))?;
        *self.root.reach(&names) = Part::Text(json);
        self.text = OnceBox::new();
        Ok(())
    }
}

fn name(token: &[u8]) -> Option<String> {
    String::from_utf8(pointer::unescape(token)?.into_owned()).ok()
}

fn invalid(message: String) -> Error {
    Error::InvalidArgument(message)
}

fn malformed(pointer: &str) -> Error {
    invalid(format!("{pointer} is not a JSON Pointer"))
}

/// How deep the arrays and objects of a JSON text are nested.
fn depth(json: &str) -> usize {
    let (mut open, mut deepest, mut is_string, mut is_escaped) = (0_usize, 0, false, false);
    for byte in json.bytes() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => is_string = !is_string,
            b'[' | b'{' if !is_string => {
                open += 1;
                deepest = deepest.max(open);
            }
            b']' | b'}' if !is_string => open -= 1,
            _ => {}
        }
    }
    deepest
}

impl Part {
    /// Takes a text apart, as far as its elements or members.
    fn expand(&mut self) {
        let Part::Text(json) = &*self else { return };
        if !json.starts_with(['[', '{']) {
            return;
        }
        let Ok(value) = Value::parse(json) else { return };
        let text = |node: Node<'_>| Part::Text(node.to_json());
        *self = match value.kind() {
            Kind::Array => Part::Array(value.root().elements().map(text).collect()),
            _ => Part::Object(value.root().members().map(|(name, node)| (name.to_owned(), text(node))).collect()),
        };
    }

    /// Whether the way leads somewhere, as far as it is there.
    fn check(&mut self, names: &[String]) -> Result<(), &'static str> {
        let mut part = self;
        for name in names {
            part.expand();
            let next = match part {
                Part::Text(_) => return Err("there is neither an array nor an object on the way"),
                Part::Object(members) => members.iter_mut().rfind(|(known, _)| known == name).map(|(_, value)| value),
                Part::Array(_) if name == "-" => None,
                Part::Array(elements) => match pointer::array_index(name.as_bytes()) {
                    Some(index) if index <= elements.len() => elements.get_mut(index),
                    _ => return Err("an array has no such element"),
                },
            };
            match next {
                Some(next) => part = next,
                None => return Ok(()),
            }
        }
        Ok(())
    }

    /// The place to which a way leads that has been checked; makes what is missing.
    fn reach(&mut self, names: &[String]) -> &mut Part {
        let mut part = self;
        for (at, name) in names.iter().enumerate() {
            let missing = || match names.get(at + 1) {
                Some(next) if next == "-" => Part::Array(Vec::new()),
                _ => Part::Object(Vec::new()),
            };
            part = match part {
                Part::Array(elements) => {
                    let index = pointer::array_index(name.as_bytes()).unwrap_or(elements.len());
                    if index == elements.len() {
                        elements.push(missing());
                    }
                    &mut elements[index]
                }
                Part::Object(members) => {
                    let index = members.iter().rposition(|(known, _)| known == name).unwrap_or(members.len());
                    if index == members.len() {
                        members.push((name.clone(), missing()));
                    }
                    &mut members[index].1
                }
                text @ Part::Text(_) => text,
            };
        }
        part
    }

    fn print(&self, text: &mut String) {
        match self {
            Part::Text(json) => text.push_str(json),
            Part::Array(elements) => {
                text.push('[');
                for (index, element) in elements.iter().enumerate() {
                    text.push_str(if index > 0 { "," } else { "" });
                    element.print(text);
                }
                text.push(']');
            }
            Part::Object(members) => {
                text.push('{');
                for (index, (name, value)) in members.iter().enumerate() {
                    text.push_str(if index > 0 { "," } else { "" });
                    text.push_str(&text::quoted(name));
                    text.push(':');
                    value.print(text);
                }
                text.push('}');
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(set: impl Fn(&mut JsonBuilder) -> Result<(), Error>) -> String {
        let mut builder = JsonBuilder::new();
        set(&mut builder).unwrap();
        assert_eq!(Value::parse(builder.text()).unwrap().json(), builder.text());
        builder.text().to_owned()
    }

    #[test]
    fn every_kind_of_value() {
        assert_eq!(text(|_| Ok(())), "{}");
        assert_eq!(text(|json| json.set_string("/a", "say \"no\"\n\u{0}é")), r#"{"a":"say \"no\"\n\u0000é"}"#);
        assert_eq!(text(|json| json.set_int64("/a", i64::MIN)), r#"{"a":-9223372036854775808}"#);
        assert_eq!(text(|json| json.set_double("/a", 0.1)), r#"{"a":0.1}"#);
        assert_eq!(text(|json| json.set_double("/a", 3.0)), r#"{"a":3.0}"#);
        assert_eq!(text(|json| json.set_double("/a", f64::MAX)), r#"{"a":1.7976931348623157e308}"#);
        assert_eq!(text(|json| json.set_double("/a", -0.0)), r#"{"a":-0.0}"#);
        assert_eq!(text(|json| json.set_bool("/a", true)), r#"{"a":true}"#);
        assert_eq!(text(|json| json.set_null("/a")), r#"{"a":null}"#);
        assert_eq!(text(|json| json.set_json("/a", " [ 1.50 , {\"b\": []} ] ")), r#"{"a":[1.50,{"b":[]}]}"#);
        for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert!(matches!(JsonBuilder::new().set_double("/a", number), Err(Error::InvalidArgument(_))));
        }
        assert!(JsonBuilder::new().set_json("/a", "[1").is_err());
    }

    #[test]
    fn what_is_missing_on_the_way_is_made() {
        assert_eq!(text(|json| json.set_int64("/a/b/c", 1)), r#"{"a":{"b":{"c":1}}}"#);
        assert_eq!(text(|json| json.set_int64("/a/-", 1)), r#"{"a":[1]}"#);
        assert_eq!(text(|json| json.set_int64("/a/-/b/-", 1)), r#"{"a":[{"b":[1]}]}"#);
        assert_eq!(text(|json| json.set_int64("/a~1b/~0", 1)), r#"{"a/b":{"~":1}}"#);
        assert_eq!(text(|json| json.set_int64("/0", 1)), r#"{"0":1}"#);
        assert_eq!(text(|json| json.set_json("", "[]").and_then(|()| json.set_int64("/-", 1))), "[1]");
    }

    #[test]
    fn what_is_there_is_replaced() {
        let mut json = JsonBuilder::new();
        json.set_json("", r#"{"list": [1, 2], "a": 1, "a": 2, "s": {}}"#).unwrap();
        json.set_string("/list/1", "two").unwrap();
        json.set_int64("/list/2", 3).unwrap();
        json.set_int64("/list/-", 4).unwrap();
        json.set_null("/a").unwrap();
        json.set_bool("/s", false).unwrap();
        assert_eq!(json.text(), r#"{"list":[1,"two",3,4],"a":1,"a":null,"s":false}"#);
    }

    #[test]
    fn a_failure_changes_nothing() {
        let mut json = JsonBuilder::new();
        json.set_json("", r#"{"list":[1],"s":"x","n":null}"#).unwrap();
        let before = json.text().to_owned();
        for pointer in ["a", "/~", "/~2/a", "/s/a", "/n/a", "/list/2", "/list/01", "/list/x", "/list/0/a", "/s/b/c/-"] {
            assert!(matches!(json.set_int64(pointer, 7), Err(Error::InvalidArgument(_))), "{pointer}");
            assert_eq!(json.text(), before);
        }
    }

    #[test]
    fn what_is_built_can_be_read() {
        let mut json = JsonBuilder::new();
        json.set_null(&"/a".repeat(DEEPEST)).unwrap();
        assert!(Value::parse(json.text()).is_ok());
        assert!(json.set_null(&"/a".repeat(DEEPEST + 1)).is_err());
        assert!(json.set_json(&"/b".repeat(DEEPEST), "[]").is_err());
    }
}
