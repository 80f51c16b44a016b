//! What a filter subscribes to, in the words of each era: a request for each resource up to 2025-11-25, one filter since.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::base::call::Call;
use crate::base::error::Error;
use crate::base::text;
use crate::protocol::jsonrpc::JsonObject;
use crate::protocol::meta::raw;
use crate::session::{Ask, Session};

/// Opens a stream of notifications (2026-07-28).
pub(crate) const LISTEN: &str = "subscriptions/listen";
/// What a server says first on the stream of a subscription (2026-07-28).
pub(crate) const ACKNOWLEDGED: &str = "notifications/subscriptions/acknowledged";

/// The URIs of the resources whose changes the filter asks for.
pub(crate) fn uris(filter: Option<&JsonObject>) -> Result<Vec<String>, Error> {
    let Some(uris) = filter.and_then(|filter| filter.get("resourceSubscriptions")) else {
        return Ok(Vec::new());
    };
    serde_json::from_str(uris.get())
        .map_err(|_| Error::InvalidArgument("resourceSubscriptions is not an array of strings".to_owned()))
}

/// Subscribes to each of these resources.
pub(crate) fn subscribe(session: &Session, call: &Call, uris: &[String]) -> Result<(), Error> {
    if !uris.is_empty() {
        session.server.require("resources.subscribe")?;
    }
    uris.iter().try_for_each(|uri| request(session, call, "resources/subscribe", uri))
}

/// Subscribes anew on a session that came after the one before: a resource that is refused now keeps no other from being
/// heard of.
pub(crate) fn subscribe_again(session: &Session, call: &Call, uris: &[String]) -> Result<(), Error> {
    uris.iter().try_for_each(|uri| forgiving(request(session, call, "resources/subscribe", uri)))
}

/// Ends the subscriptions to these resources.
pub(crate) fn unsubscribe(session: &Session, call: &Call, uris: &[String]) -> Result<(), Error> {
    uris.iter().try_for_each(|uri| forgiving(request(session, call, "resources/unsubscribe", uri)))
}

fn request(session: &Session, call: &Call, method: &str, uri: &str) -> Result<(), Error> {
    let params = JsonObject::from([("uri".to_owned(), raw(text::quoted(uri))?)]);
    session.request(call, &Ask::with(method, params)).map(drop)
}

fn forgiving(result: Result<(), Error>) -> Result<(), Error> {
    match result {
        Err(Error::Rpc(_)) => Ok(()),
        result => result,
    }
}

#[derive(Deserialize)]
struct Acknowledgment {
    #[serde(default)]
    notifications: JsonObject,
}

/// Checks what a server agreed to send. It may leave out what it does not have; a stream on which nothing of what was
/// asked for can ever come is none.
pub(crate) fn check_acknowledged(filter: Option<&JsonObject>, params: Option<&RawValue>) -> Result<(), Error> {
    let wrong = |_| Error::Protocol("the server's acknowledgment of the subscription is not valid".to_owned());
    let agreed: Acknowledgment = serde_json::from_str(params.map_or("{}", RawValue::get)).map_err(wrong)?;
    let wanted: Vec<&str> =
        filter.into_iter().flatten().filter(|(_, value)| asks(value)).map(|(kind, _)| kind.as_str()).collect();
    let is_agreed = |kind: &&str| agreed.notifications.get(*kind).is_some_and(|value| asks(value));
    if wanted.is_empty() || wanted.iter().any(is_agreed) {
        return Ok(());
    }
    let wanted = text::one_line(&wanted.join(", "));
    Err(Error::Unsupported(format!("the server sends no notifications of what was asked for: {wanted}")))
}

/// Whether a member of a filter asks for anything.
fn asks(value: &RawValue) -> bool {
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
        check_acknowledged(Some(&members(filter)), Some(&raw(agreed.to_owned()).unwrap()))
    }

    #[test]
    fn a_server_may_agree_to_a_part_of_what_was_asked_for_but_not_to_nothing() {
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
