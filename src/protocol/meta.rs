//! The `_meta` of requests, in which a stateless server expects version, client and capabilities each time
//! ([2026-07-28, "_meta"](https://modelcontextprotocol.io/specification/2026-07-28/basic#meta)).

use serde_json::value::RawValue;

use crate::base::error::Error;
use crate::base::text;
use crate::protocol::implementation::Implementation;
use crate::protocol::jsonrpc::JsonObject;
use crate::protocol::version::Version;

const PROTOCOL_PREFIX: &str = "io.modelcontextprotocol/";
const PROTOCOL_VERSION: &str = "io.modelcontextprotocol/protocolVersion";
const CLIENT_INFO: &str = "io.modelcontextprotocol/clientInfo";
const CLIENT_CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";
const LOG_LEVEL: &str = "io.modelcontextprotocol/logLevel";
const PROGRESS_TOKEN: &str = "progressToken";

/// The members of one request's `_meta`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Meta<'a> {
    /// Since 2026-07-28: version, client, and capabilities as JSON text.
    pub(crate) modern: Option<(Version, &'a Implementation, &'a str)>,
    pub(crate) log_level: Option<&'a str>,
    pub(crate) progress_token: Option<u64>,
    /// The members that the caller adds to its requests. Those in the parameters already win.
    pub(crate) added: Option<&'a JsonObject>,
}

impl Meta<'_> {
    fn members(&self) -> Vec<(&str, String)> {
        let added = self.added.into_iter().flatten();
        let mut members: Vec<_> = added.map(|(name, value)| (name.as_str(), value.get().to_owned())).collect();
        if let Some((version, client, capabilities)) = self.modern {
            members.push((PROTOCOL_VERSION, text::quoted(version.as_str())));
            members.push((CLIENT_INFO, client.to_json()));
            members.push((CLIENT_CAPABILITIES, capabilities.to_owned()));
            members.extend(self.log_level.map(|level| (LOG_LEVEL, text::quoted(level))));
        }
        members.extend(self.progress_token.map(|token| (PROGRESS_TOKEN, token.to_string())));
        members
    }

    /// Parameters that hold only this `_meta`; `None` when it is empty.
    pub(crate) fn alone(&self) -> Option<String> {
        let members = self.members();
        if members.is_empty() {
            return None;
        }
        // No name needs an escape: `check_key` has seen those that were added.
        let members: Vec<String> = members.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
        Some(format!("{{\"_meta\":{{{}}}}}", members.join(",")))
    }

    /// Adds this `_meta` to parameters; the caller's members of other names stay.
    pub(crate) fn add_to(&self, params: &mut JsonObject) -> Result<(), Error> {
        let members = self.members();
        if members.is_empty() {
            return Ok(());
        }
        let mut meta: JsonObject = match params.get("_meta") {
            None => JsonObject::new(),
            Some(given) => serde_json::from_str(given.get())
                .map_err(|_| Error::InvalidArgument("the parameter _meta is not an object".to_owned()))?,
        };
        for (name, value) in members {
            // What came with the request stays, its progress token too, except for the protocol's own members.
            if name.starts_with(PROTOCOL_PREFIX) || !meta.contains_key(name) {
                meta.insert(name.to_owned(), raw(value)?);
            }
        }
        params.insert("_meta".to_owned(), raw(object(&meta)?)?);
        Ok(())
    }
}

/// A part of a prefix: it begins with a letter and ends with a letter or digit.
fn is_label(label: &str) -> bool {
    label.starts_with(|first: char| first.is_ascii_alphabetic())
        && label.ends_with(|last: char| last.is_ascii_alphanumeric())
        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// What follows a prefix. It may be empty.
fn is_name(name: &str) -> bool {
    let ends_well = |end: Option<char>| end.is_none_or(|end| end.is_ascii_alphanumeric());
    name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
        && ends_well(name.chars().next())
        && ends_well(name.chars().next_back())
}

/// Whether this can be an extension's identifier, such as `com.example/feature` or `com.example/group/feature`.
pub(crate) fn is_extension_identifier(identifier: &str) -> bool {
    identifier.split_once('/').is_some_and(|(prefix, names)| {
        prefix.split('.').all(is_label) && names.split('/').all(|name| !name.is_empty() && is_name(name))
    })
}

/// Whether a caller may set this member of `_meta` (2026-07-28, basic, "_meta").
pub(crate) fn check_key(key: &str) -> Result<(), Error> {
    let refused = |why: &str| Err(Error::InvalidArgument(format!("key is no name for _meta: {why}")));
    let (prefix, name) = key.rsplit_once('/').map_or((None, key), |(prefix, name)| (Some(prefix), name));
    let labels: Vec<&str> = prefix.into_iter().flat_map(|prefix| prefix.split('.')).collect();
    if !labels.iter().all(|label| is_label(label)) {
        return refused("its prefix is not a series of labels separated by dots");
    }
    // Up to 2025-06-18 the first label counted, since then the second does.
    if labels.iter().take(2).any(|label| ["modelcontextprotocol", "mcp"].contains(label)) {
        return refused("its prefix is reserved for MCP");
    }
    if !is_name(name) || key.is_empty() {
        return refused("names have letters, digits, hyphens, underscores and dots, and no punctuation at their ends");
    }
    match key {
        PROGRESS_TOKEN => refused("the library sets progressToken"),
        _ => Ok(()),
    }
}

/// Reads the value of a member of `_meta`, and checks those of W3C Trace Context (2026-07-28, SEP-414).
pub(crate) fn parse_member(key: &str, json: &str) -> Result<Box<RawValue>, Error> {
    let value: Box<RawValue> = serde_json::from_str(json)
        .map_err(|error| Error::InvalidArgument(format!("the value of {key} is not valid JSON: {error}")))?;
    let text = || serde_json::from_str::<String>(value.get()).ok();
    let (is_valid, expected) = match key {
        "traceparent" => {
            (text().is_some_and(|text| is_traceparent(&text)), "00-<32 hex>-<16 hex>-<2 hex>, not all zero")
        }
        "tracestate" => (text().is_some_and(|text| text.len() <= 512), "a string of 512 bytes at most"),
        "baggage" => (text().is_some_and(|text| text.len() <= 8192), "a string of 8192 bytes at most"),
        _ => (true, ""),
    };
    match is_valid {
        true => Ok(value),
        false => Err(Error::InvalidArgument(format!("the value of {key} is not {expected}"))),
    }
}

fn is_traceparent(text: &str) -> bool {
    let is_hex = |part: &str, length: usize| {
        part.len() == length && part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    let is_id = |part: &str, length| is_hex(part, length) && part.bytes().any(|byte| byte != b'0');
    let parts: Vec<&str> = text.split('-').collect();
    matches!(parts[..], ["00", trace, parent, flags] if is_id(trace, 32) && is_id(parent, 16) && is_hex(flags, 2))
}

pub(crate) fn raw(json: String) -> Result<Box<RawValue>, Error> {
    RawValue::from_string(json).map_err(|error| Error::Internal(format!("a message is not valid JSON: {error}")))
}

pub(crate) fn object(members: &JsonObject) -> Result<String, Error> {
    serde_json::to_string(members).map_err(|error| Error::Internal(format!("a message cannot be written: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_callers_members_stay_and_the_protocols_members_win() {
        let client = Implementation::default();
        let meta = Meta {
            modern: Some((Version::MODERN, &client, "{}")),
            log_level: Some("info"),
            progress_token: Some(3),
            added: None,
        };
        let given = format!(r#"{{"x":1.10,"_meta":{{"mine":1e400,"{PROTOCOL_VERSION}":"other"}}}}"#);
        let mut params: JsonObject = serde_json::from_str(&given).unwrap();
        meta.add_to(&mut params).unwrap();
        let text = object(&params).unwrap();
        assert!(text.contains(r#""x":1.10"#) && text.contains(r#""mine":1e400"#), "{text}");
        assert!(text.contains(r#"protocolVersion":"2026-07-28""#) && !text.contains("other"), "{text}");
        assert!(text.contains(r#"logLevel":"info""#) && text.contains(r#""progressToken":3"#), "{text}");
    }

    #[test]
    fn the_callers_own_progress_token_stays() {
        let meta = Meta { modern: None, log_level: None, progress_token: Some(3), added: None };
        let mut params: JsonObject = serde_json::from_str(r#"{"_meta":{"progressToken":"mine"}}"#).unwrap();
        meta.add_to(&mut params).unwrap();
        assert_eq!(params["_meta"].get(), r#"{"progressToken":"mine"}"#);
    }

    #[test]
    fn members_that_a_caller_attaches_yield_to_those_of_the_request() {
        let attached: JsonObject = serde_json::from_str(r#"{"a":1,"com.example/b":{"c":2}}"#).unwrap();
        let meta = Meta { modern: None, log_level: None, progress_token: None, added: Some(&attached) };
        assert_eq!(meta.alone().unwrap(), r#"{"_meta":{"a":1,"com.example/b":{"c":2}}}"#);
        let mut params: JsonObject = serde_json::from_str(r#"{"_meta":{"a":"own"}}"#).unwrap();
        meta.add_to(&mut params).unwrap();
        assert_eq!(params["_meta"].get(), r#"{"a":"own","com.example/b":{"c":2}}"#);
    }

    #[test]
    fn keys_that_a_caller_may_set() {
        for key in ["traceparent", "a", "com.example/", "com.example/x.y_z-1", "com.example.mcp/x", "a-b.c1/D"] {
            assert!(check_key(key).is_ok(), "{key}");
        }
        let reserved =
            ["io.modelcontextprotocol/x", "dev.mcp/x", "com.mcp.tools/x", "mcp/x", "modelcontextprotocol.io/x"];
        let malformed = ["", "/x", "1a.b/x", "a-/x", "a..b/x", "a/b/c", "-x", "x.", "x y", "x\"y", "\u{e9}", "a_b/x"];
        for key in reserved.into_iter().chain(malformed).chain([PROGRESS_TOKEN]) {
            assert!(matches!(check_key(key), Err(Error::InvalidArgument(_))), "{key}");
        }
    }

    #[test]
    fn trace_context_is_checked() {
        let parent = r#""00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01""#;
        assert!(parse_member("traceparent", parent).is_ok());
        for bad in [
            "1",
            "{",
            r#""00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01""#,
            r#""00-00000000000000000000000000000000-00f067aa0ba902b7-01""#,
            r#""00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01""#,
            r#""01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01""#,
            r#""00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x""#,
        ] {
            assert!(parse_member("traceparent", bad).is_err(), "{bad}");
        }
        let string = |length: usize| format!("\"{}\"", "a".repeat(length));
        assert!(parse_member("tracestate", &string(512)).is_ok() && parse_member("tracestate", &string(513)).is_err());
        assert!(parse_member("baggage", &string(8192)).is_ok() && parse_member("baggage", &string(8193)).is_err());
        assert!(parse_member("other", "[1, 2]").is_ok());
    }

    #[test]
    fn a_session_needs_none() {
        let meta = Meta { modern: None, log_level: Some("info"), progress_token: None, added: None };
        assert_eq!(meta.alone(), None);
    }
}
