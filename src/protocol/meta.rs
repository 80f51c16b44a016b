//! The `_meta` of requests, in which a stateless server expects version, client and capabilities each time
//! ([2026-07-28, "_meta"](https://modelcontextprotocol.io/specification/2026-07-28/basic#meta)).

use serde_json::value::RawValue;

use crate::base::error::Error;
use crate::base::text;
use crate::protocol::implementation::Implementation;
use crate::protocol::jsonrpc::JsonObject;
use crate::protocol::version::Version;

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
}

impl Meta<'_> {
    fn members(&self) -> Vec<(&'static str, String)> {
        let mut members = Vec::new();
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
            // The caller chose this token to recognise the progress of the request.
            if name != PROGRESS_TOKEN || !meta.contains_key(PROGRESS_TOKEN) {
                meta.insert(name.to_owned(), raw(value)?);
            }
        }
        params.insert("_meta".to_owned(), raw(object(&meta)?)?);
        Ok(())
    }
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
        let meta =
            Meta { modern: Some((Version::MODERN, &client, "{}")), log_level: Some("info"), progress_token: Some(3) };
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
        let meta = Meta { modern: None, log_level: None, progress_token: Some(3) };
        let mut params: JsonObject = serde_json::from_str(r#"{"_meta":{"progressToken":"mine"}}"#).unwrap();
        meta.add_to(&mut params).unwrap();
        assert_eq!(params["_meta"].get(), r#"{"progressToken":"mine"}"#);
    }

    #[test]
    fn a_session_needs_none() {
        let meta = Meta { modern: None, log_level: Some("info"), progress_token: None };
        assert_eq!(meta.alone(), None);
    }
}
