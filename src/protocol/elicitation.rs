//! Defaults of an elicitation's form (2025-11-25, "Elicitation"): what the user left out.

use std::collections::BTreeMap;

use serde_json::Value as Json;
use serde_json::value::RawValue;

use crate::protocol::jsonrpc::JsonObject;

/// Adds the schema's defaults to the content of an accepted elicitation; `None` when nothing is to be added. What the
/// user gave stays as it was written.
pub(crate) fn with_defaults(params: &str, result: &str) -> Option<String> {
    let params: Json = serde_json::from_str(params).ok()?;
    let mut members: JsonObject = serde_json::from_str(result).ok()?;
    let properties = params.get("requestedSchema")?.get("properties")?.as_object()?;
    if members.get("action")?.get() != "\"accept\"" {
        return None;
    }
    let given = members.get("content").map_or("{}", |content| content.get());
    let mut content: BTreeMap<String, Box<RawValue>> = serde_json::from_str(given).ok()?;
    let before = content.len();
    for (name, property) in properties {
        if let Some(default) = property.get("default").filter(|_| !content.contains_key(name)) {
            content.insert(name.clone(), serde_json::value::to_raw_value(default).ok()?);
        }
    }
    if content.len() == before {
        return None;
    }
    members.insert("content".to_owned(), serde_json::value::to_raw_value(&content).ok()?);
    serde_json::to_string(&members).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARAMS: &str = r#"{"requestedSchema":{"properties":{"a":{"type":"string","default":"x"},"b":{"type":"integer","default":3},"c":{"type":"string"}}}}"#;

    #[test]
    fn what_is_missing_gets_its_default() {
        let result = with_defaults(PARAMS, r#"{"action":"accept","content":{"a":"mine"}}"#).unwrap();
        let result: Json = serde_json::from_str(&result).unwrap();
        assert_eq!(result["content"], serde_json::json!({"a": "mine", "b": 3}));
        assert!(with_defaults(PARAMS, r#"{"action":"accept"}"#).unwrap().contains("\"b\":3"));
        let exact = with_defaults(PARAMS, r#"{"action":"accept","content":{"b":18446744073709551616}}"#).unwrap();
        assert!(exact.contains("\"b\":18446744073709551616") && exact.contains("\"a\":\"x\""), "{exact}");
    }

    #[test]
    fn what_is_complete_stays_as_it_was_written() {
        assert_eq!(with_defaults(PARAMS, r#"{"action":"accept","content":{"b":18446744073709551616,"a":""}}"#), None);
    }

    #[test]
    fn a_refusal_stays_as_it_is() {
        assert_eq!(with_defaults(PARAMS, r#"{"action":"decline"}"#), None);
        assert_eq!(with_defaults("{}", r#"{"action":"accept"}"#), None);
    }
}
