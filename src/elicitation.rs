//! Defaults of an elicitation's form (2025-11-25, "Elicitation"): what the user left out.

use serde_json::{Map, Value as Json};

/// Adds the schema's defaults to the content of an accepted elicitation; `None` when nothing is to be added.
pub(crate) fn with_defaults(params: &str, result: &str) -> Option<String> {
    let params: Json = serde_json::from_str(params).ok()?;
    let mut result: Json = serde_json::from_str(result).ok()?;
    let properties = params.get("requestedSchema")?.get("properties")?.as_object()?;
    let members = result.as_object_mut().filter(|members| members.get("action") == Some(&Json::from("accept")))?;
    let content = members.entry("content").or_insert_with(|| Json::Object(Map::new())).as_object_mut()?;
    let given = content.len();
    for (name, property) in properties {
        if let Some(default) = property.get("default").filter(|_| !content.contains_key(name)) {
            content.insert(name.clone(), default.clone());
        }
    }
    if content.len() == given {
        return None;
    }
    Some(result.to_string())
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
