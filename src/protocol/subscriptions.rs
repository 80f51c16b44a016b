//! Subscriptions: a filter
//! ([2026-07-28](https://modelcontextprotocol.io/specification/2026-07-28/basic/utilities/subscriptions)), of which the
//! revisions up to 2025-11-25 know the resources only, one request each.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::base::error::Error;
use crate::base::text;
use crate::json::Value;
use crate::protocol::jsonrpc::JsonObject;

/// Opens a stream of notifications (2026-07-28).
pub(crate) const LISTEN: &str = "subscriptions/listen";
/// Subscribes to one resource (up to 2025-11-25).
pub(crate) const SUBSCRIBE: &str = "resources/subscribe";
/// Ends the subscription to one resource (up to 2025-11-25).
pub(crate) const UNSUBSCRIBE: &str = "resources/unsubscribe";
/// The first message on the stream of a subscription (2026-07-28).
pub(crate) const ACKNOWLEDGED: &str = "notifications/subscriptions/acknowledged";

/// The URIs in the filter's `resourceSubscriptions`.
pub(crate) fn uris(filter: Option<&JsonObject>) -> Result<Vec<String>, Error> {
    let Some(uris) = filter.and_then(|filter| filter.get("resourceSubscriptions")) else {
        return Ok(Vec::new());
    };
    serde_json::from_str(uris.get())
        .map_err(|_| Error::InvalidArgument("resourceSubscriptions is not an array of strings".to_owned()))
}

#[derive(Deserialize)]
struct Acknowledgment {
    #[serde(default)]
    notifications: JsonObject,
}

/// Checks which notifications the server agreed to send. It may leave some out; when it leaves out all, the stream is of
/// no use.
pub(crate) fn check_acknowledged(filter: Option<&JsonObject>, params: Option<&Value>) -> Result<(), Error> {
    let wrong = |_| Error::Protocol("the server's acknowledgment of the subscription is not valid".to_owned());
    let agreed: Acknowledgment = serde_json::from_str(params.map_or("{}", Value::json)).map_err(wrong)?;
    let wanted: Vec<&str> =
        filter.into_iter().flatten().filter(|(_, value)| requests(value)).map(|(kind, _)| kind.as_str()).collect();
    let is_agreed = |kind: &&str| agreed.notifications.get(*kind).is_some_and(|value| requests(value));
    if wanted.is_empty() || wanted.iter().any(is_agreed) {
        return Ok(());
    }
    let wanted = text::one_line(&wanted.join(", "));
    Err(Error::Unsupported(format!("the server sends none of the requested notifications: {wanted}")))
}

/// Whether a member of a filter requests notifications.
fn requests(value: &RawValue) -> bool {
    let value: String = value.get().chars().filter(|char| !char.is_whitespace()).collect();
    !matches!(value.as_str(), "false" | "null" | "[]")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(json: &str) -> JsonObject {
        serde_json::from_str(json).unwrap()
    }

    fn check(filter: &str, agreed: &str) -> Result<(), Error> {
        check_acknowledged(Some(&members(filter)), Some(&Value::parse(agreed).unwrap()))
    }

    #[test]
    fn a_server_may_agree_to_a_part_of_the_filter_but_not_to_none() {
        let both = r#"{"toolsListChanged":true,"resourceSubscriptions":["file:///a"],"promptsListChanged":false}"#;
        assert!(check(both, r#"{"notifications":{"toolsListChanged":true}}"#).is_ok());
        assert!(check("{}", r#"{"notifications":{}}"#).is_ok());
        assert!(check(r#"{"toolsListChanged":false}"#, "{}").is_ok());
        for nothing in [r#"{"notifications":{"resourceSubscriptions":[ ]}}"#, "{}"] {
            let Err(Error::Unsupported(reason)) = check(both, nothing) else { panic!("{nothing}") };
            assert!(reason.contains("resourceSubscriptions, toolsListChanged"), "{reason}");
        }
        assert!(matches!(check(both, r#"{"notifications":1}"#), Err(Error::Protocol(_))));
    }
}
