//! The `initialize` handshake of the revisions up to 2025-11-25
//! ([Lifecycle](https://modelcontextprotocol.io/specification/2025-11-25/basic/lifecycle)).

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::base::error::Error;
use crate::base::text;
use crate::json::Value;
use crate::protocol::implementation::Implementation;
use crate::protocol::version::Version;

pub(crate) const INITIALIZE: &str = "initialize";
pub(crate) const INITIALIZED: &str = "notifications/initialized";

/// The result of the request.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InitializeResult {
    protocol_version: String,
    pub(crate) capabilities: Option<Box<RawValue>>,
    pub(crate) server_info: Option<Box<RawValue>>,
    pub(crate) instructions: Option<Box<RawValue>>,
}

/// The parameters of the request.
pub(crate) fn params(version: Version, client: &Implementation, capabilities: &str) -> String {
    let version = text::quoted(version.as_str());
    let client = client.to_json();
    format!("{{\"protocolVersion\":{version},\"capabilities\":{capabilities},\"clientInfo\":{client}}}")
}

/// Reads the result and the version that the server has chosen.
pub(crate) fn read(result: &Value) -> Result<(InitializeResult, Version), Error> {
    let read: InitializeResult = serde_json::from_str(result.json())
        .map_err(|_| Error::Protocol("the result of initialize lacks a required member".to_owned()))?;
    match Version::parse(&read.protocol_version).filter(|version| !version.is_modern()) {
        Some(version) => Ok((read, version)),
        None => Err(Error::Unsupported(format!(
            "the server speaks protocol version {}, which this library does not speak",
            text::one_line(&read.protocol_version)
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(json: &str) -> Value {
        Value::parse(json).unwrap()
    }

    #[test]
    fn the_server_chooses_the_version() {
        let (_, version) =
            read(&parsed(r#"{"protocolVersion":"2025-03-26","capabilities":{},"serverInfo":{}}"#)).unwrap();
        assert_eq!(version, Version::V2025_03_26);
        assert!(matches!(read(&parsed(r#"{"protocolVersion":"1999-01-01"}"#)), Err(Error::Unsupported(_))));
        assert!(matches!(read(&parsed(r#"{"protocolVersion":"2026-07-28"}"#)), Err(Error::Unsupported(_))));
        assert!(matches!(read(&parsed("{}")), Err(Error::Protocol(_))));
        assert!(matches!(read(&parsed("[]")), Err(Error::Protocol(_))));
    }

    #[test]
    fn the_request_names_the_client() {
        let params = params(Version::LEGACY, &Implementation::default(), "{\"roots\":{}}");
        let value: serde_json::Value = serde_json::from_str(&params).unwrap();
        assert_eq!(value["protocolVersion"], "2025-11-25");
        assert_eq!(value["clientInfo"]["name"], "libmcpclient");
        assert!(value["capabilities"]["roots"].is_object());
    }
}
