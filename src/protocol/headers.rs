//! Headers that mirror a request
//! ([2026-07-28, "Streamable HTTP"](https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http)).

use ::http::{HeaderName, HeaderValue};
use serde_json::value::RawValue;

use crate::base::error::Error;
use crate::protocol::jsonrpc::JsonObject;

const MCP_METHOD: HeaderName = HeaderName::from_static("mcp-method");
const MCP_NAME: HeaderName = HeaderName::from_static("mcp-name");

/// `Mcp-Method`, and `Mcp-Name` for requests that have a name or URI.
pub(crate) fn for_request(method: &str, params: Option<&JsonObject>) -> Result<Vec<(HeaderName, HeaderValue)>, Error> {
    let mut headers = vec![(MCP_METHOD, encode(method)?)];
    let source = match method {
        "tools/call" | "prompts/get" => "name",
        "resources/read" => "uri",
        "tasks/get" | "tasks/update" | "tasks/cancel" => "taskId",
        _ => return Ok(headers),
    };
    let named = params.and_then(|params| params.get(source)).and_then(|value| text(value));
    if let Some(named) = named {
        headers.push((MCP_NAME, encode(&named)?));
    }
    Ok(headers)
}

fn text(value: &RawValue) -> Option<String> {
    serde_json::from_str(value.get()).ok()
}

/// A value as a header can hold it: plain where possible, else in base64 between `=?base64?` and `?=`.
pub(crate) fn encode(value: &str) -> Result<HeaderValue, Error> {
    let plain = value.bytes().all(|byte| byte == b'\t' || (b' '..=b'~').contains(&byte))
        && value.trim_matches([' ', '\t']).len() == value.len()
        && !(value.starts_with("=?base64?") && value.ends_with("?="));
    let header = if plain { HeaderValue::from_str(value) } else { HeaderValue::from_str(&sentinel(value)) };
    header.map_err(|_| Error::Internal("a header value could not be written".to_owned()))
}

fn sentinel(value: &str) -> String {
    format!("=?base64?{}?=", base64(value.as_bytes()))
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::prelude::BASE64_STANDARD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_no_header_can_hold_are_encoded() {
        // The examples of the specification's section "Value Encoding".
        for (value, header) in [
            ("us-west1", "us-west1"),
            ("Hello, 世界", "=?base64?SGVsbG8sIOS4lueVjA==?="),
            (" padded ", "=?base64?IHBhZGRlZCA=?="),
            ("line1\nline2", "=?base64?bGluZTEKbGluZTI=?="),
            ("=?base64?literal?=", "=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?="),
            ("", ""),
            ("a\tb", "a\tb"),
        ] {
            assert_eq!(encode(value).unwrap(), header, "{value:?}");
        }
    }

    #[test]
    fn requests_with_a_name_say_it() {
        let params: JsonObject = serde_json::from_str(r#"{"name":"n\u00e9","uri":"file:///x","taskId":"t1"}"#).unwrap();
        let names = |method| -> Vec<String> {
            let headers = for_request(method, Some(&params)).unwrap();
            headers.iter().map(|(_, value)| value.to_str().unwrap().to_owned()).collect()
        };
        assert_eq!(names("tools/list"), ["tools/list"]);
        assert_eq!(names("tasks/get"), ["tasks/get", "t1"]);
        assert_eq!(names("resources/read"), ["resources/read", "file:///x"]);
        assert_eq!(names("tools/call"), ["tools/call", "=?base64?bsOp?="]);
    }
}
