//! Tool parameters that are mirrored into headers
//! ([2026-07-28, "Custom Headers from Tool Parameters"](https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http)).

use ::http::{HeaderName, HeaderValue};
use serde_json::Value as Json;

use crate::base::error::Error;
use crate::protocol::headers;

/// Calls a tool
/// ([specification](https://modelcontextprotocol.io/specification/2025-11-25/server/tools#calling-tools)).
pub(crate) const TOOLS_CALL: &str = "tools/call";

const ANNOTATION: &str = "x-mcp-header";
/// The largest integer that every JSON parser keeps.
const MAX_SAFE_INTEGER: f64 = 9_007_199_254_740_991.0;

/// The most header parameters of a tool. Each is compared with the others, and each becomes a field of a request.
const MAX_HEADER_PARAMS: usize = 64;

/// The headers that a tool's annotations declare.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct ToolHeaders(Vec<HeaderParam>);

#[derive(Debug, PartialEq)]
struct HeaderParam {
    header: HeaderName,
    /// The keys that lead to the argument.
    path: Vec<String>,
}

impl ToolHeaders {
    /// A tool's name and headers; `None` when its annotations break the rules, so that the tool must not be used.
    pub(crate) fn of_tool(json: &str) -> Option<(String, ToolHeaders)> {
        let tool: Json = serde_json::from_str(json).ok()?;
        let name = tool.get("name")?.as_str()?.to_owned();
        let mut headers = ToolHeaders::default();
        if let Some(schema) = tool.get("inputSchema") {
            headers.read(schema, &mut Vec::new(), true)?;
        }
        Some((name, headers))
    }

    /// Reads a schema. `reachable`: whether only `properties` lead here.
    fn read(&mut self, schema: &Json, path: &mut Vec<String>, reachable: bool) -> Option<()> {
        match schema {
            Json::Array(items) => items.iter().try_for_each(|item| self.read(item, path, false)),
            Json::Object(members) => {
                if let Some(annotation) = members.get(ANNOTATION) {
                    self.annotate(annotation, schema, path, reachable)?;
                }
                for (key, value) in members {
                    match (key.as_str(), value) {
                        // Values, not schemas: they hold no annotations.
                        ("default" | "const" | "enum" | "examples", _) => {}
                        ("properties", Json::Object(properties)) => {
                            for (name, property) in properties {
                                path.push(name.clone());
                                self.read(property, path, reachable)?;
                                path.pop();
                            }
                        }
                        // The keys here are names that the server chose, the values schemas.
                        (
                            "$defs" | "definitions" | "patternProperties" | "dependentSchemas" | "dependencies",
                            Json::Object(schemas),
                        ) => schemas.values().try_for_each(|nested| self.read(nested, path, false))?,
                        (_, nested) => self.read(nested, path, false)?,
                    }
                }
                Some(())
            }
            _ => Some(()),
        }
    }

    fn annotate(&mut self, annotation: &Json, schema: &Json, path: &[String], reachable: bool) -> Option<()> {
        let name = annotation.as_str().filter(|name| !name.is_empty())?;
        if !reachable || path.is_empty() || !is_primitive(schema.get("type")?) {
            return None;
        }
        let header = HeaderName::from_bytes(format!("mcp-param-{name}").as_bytes()).ok()?;
        if self.0.len() == MAX_HEADER_PARAMS || self.0.iter().any(|known| known.header == header) {
            return None;
        }
        self.0.push(HeaderParam { header, path: path.to_vec() });
        Some(())
    }

    /// The headers for a call with these arguments, JSON text of an object.
    pub(crate) fn values(&self, arguments: &str) -> Result<Vec<(HeaderName, HeaderValue)>, Error> {
        if self.0.is_empty() {
            return Ok(Vec::new());
        }
        let arguments: Json = serde_json::from_str(arguments)
            .map_err(|error| Error::InvalidArgument(format!("the arguments are not valid JSON: {error}")))?;
        let mut headers = Vec::new();
        for param in &self.0 {
            let Some(value) = param.path.iter().try_fold(&arguments, |value, key| value.get(key)) else {
                continue;
            };
            if let Some(text) = plain(value).map_err(|reason| param.refused(reason))? {
                headers.push((param.header.clone(), headers::encode(&text)?));
            }
        }
        Ok(headers)
    }
}

impl HeaderParam {
    fn refused(&self, reason: &str) -> Error {
        Error::InvalidArgument(format!("the argument {}, which goes into a header, {reason}", self.path.join(".")))
    }
}

/// Whether a `type` can be mirrored. It may allow `null` too: such a value is left out.
fn is_primitive(schema_type: &Json) -> bool {
    let is = |name: &Json| matches!(name.as_str(), Some("string" | "integer" | "boolean"));
    match schema_type {
        Json::Array(names) => {
            let mut others = names.iter().filter(|name| name.as_str() != Some("null"));
            others.next().is_some_and(is) && others.next().is_none()
        }
        name => is(name),
    }
}

/// The text of a value; `None` for a value that is left out.
fn plain(value: &Json) -> Result<Option<String>, &'static str> {
    Ok(match value {
        Json::String(text) => Some(text.clone()),
        Json::Bool(value) => Some(value.to_string()),
        Json::Number(number) => Some(decimal(number)?),
        Json::Null | Json::Array(_) | Json::Object(_) => None,
    })
}

/// Outside the range that every JSON parser keeps exactly, the header's and the body's reader could see different
/// integers.
fn decimal(number: &serde_json::Number) -> Result<String, &'static str> {
    let value = number.as_f64().filter(|value| value.abs() <= MAX_SAFE_INTEGER).ok_or("is beyond ±(2^53-1)")?;
    Ok(if number.is_f64() && value.fract() == 0.0 { format!("{value:.0}") } else { number.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tool(schema: &str) -> Option<ToolHeaders> {
        let json = format!(r#"{{"name":"t","inputSchema":{schema}}}"#);
        ToolHeaders::of_tool(&json).map(|(_, headers)| headers)
    }

    #[test]
    fn annotated_arguments_become_headers() {
        let headers = tool(
            r#"{"type":"object","properties":{"region":{"type":"string","x-mcp-header":"Region"},
                "deep":{"type":"object","properties":{"n":{"type":"integer","x-mcp-header":"N"}}},
                "b":{"type":"boolean","x-mcp-header":"B"},"q":{"type":"string"}}}"#,
        )
        .unwrap();
        let values = |arguments| -> Vec<String> {
            let headers = headers.values(arguments).unwrap();
            let mut lines: Vec<_> =
                headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
            lines.sort();
            lines
        };
        assert_eq!(
            values(r#"{"region":"eu","deep":{"n":42.0},"b":false,"q":"x"}"#),
            ["mcp-param-b: false", "mcp-param-n: 42", "mcp-param-region: eu"]
        );
        assert_eq!(values(r#"{"region":null,"deep":{}}"#), [""; 0]);
        assert_eq!(values(r#"{"region":"é"}"#), ["mcp-param-region: =?base64?w6k=?="]);
        assert_eq!(values(r#"{"deep":{"n":-9007199254740991}}"#), ["mcp-param-n: -9007199254740991"]);
        for unsafe_integer in ["9007199254740992", "-9007199254740992", "18446744073709551616", "1e16"] {
            let refused = headers.values(&format!(r#"{{"deep":{{"n":{unsafe_integer}}}}}"#));
            assert!(
                matches!(refused, Err(Error::InvalidArgument(text)) if text.contains("deep.n")),
                "{unsafe_integer}"
            );
        }
    }

    #[test]
    fn annotations_that_break_the_rules_make_a_tool_unusable() {
        for property in [
            r#"{"type":"string","x-mcp-header":""}"#,
            r#"{"type":"string","x-mcp-header":"a b"}"#,
            r#"{"type":"string","x-mcp-header":"a\r\nb"}"#,
            r#"{"type":"string","x-mcp-header":5}"#,
            r#"{"type":"number","x-mcp-header":"A"}"#,
            r#"{"type":"object","x-mcp-header":"A"}"#,
            r#"{"x-mcp-header":"A"}"#,
            r#"{"type":"array","items":{"type":"string","x-mcp-header":"A"}}"#,
            r#"{"oneOf":[{"type":"string","x-mcp-header":"A"}]}"#,
            r#"{"type":["string","integer"],"x-mcp-header":"A"}"#,
            r#"{"type":["null"],"x-mcp-header":"A"}"#,
            r#"{"$defs":{"default":{"type":"string","x-mcp-header":"A"}}}"#,
            r#"{"patternProperties":{"enum":{"type":"string","x-mcp-header":"A"}}}"#,
        ] {
            assert_eq!(tool(&format!(r#"{{"type":"object","properties":{{"p":{property}}}}}"#)), None, "{property}");
        }
        let twice =
            r#"{"properties":{"a":{"type":"string","x-mcp-header":"A"},"b":{"type":"string","x-mcp-header":"a"}}}"#;
        assert_eq!(tool(twice), None);
        let many = |count: usize| {
            let property = |n: usize| format!(r#""p{n}":{{"type":"string","x-mcp-header":"P{n}"}}"#);
            let properties: Vec<String> = (0..count).map(property).collect();
            tool(&format!(r#"{{"properties":{{{}}}}}"#, properties.join(",")))
        };
        assert_eq!(many(MAX_HEADER_PARAMS).unwrap().0.len(), MAX_HEADER_PARAMS);
        assert_eq!(many(MAX_HEADER_PARAMS + 1), None);
        assert_eq!(many(40_000), None);
        assert!(tool(r#"{"properties":{"p":{"type":"string","default":{"x-mcp-header":""}}}}"#).is_some());
        assert!(tool(r#"{"properties":{"x-mcp-header":{"type":"string"}}}"#).is_some());
        assert!(tool(r#"{"properties":{"p":{"type":["string","null"],"x-mcp-header":"A"}}}"#).is_some());
    }
}
