//! `server/discover`, which tells the stateless era from the one of the `initialize` handshake
//! ([2026-07-28, "Discovery"](https://modelcontextprotocol.io/specification/2026-07-28/server/discover)).

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::json::Value;
use crate::protocol::version::Version;

pub(crate) const DISCOVER: &str = "server/discover";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DiscoverResult {
    result_type: String,
    #[serde(rename = "ttlMs")]
    _ttl_ms: serde_json::Number,
    #[serde(rename = "cacheScope")]
    _cache_scope: String,
    supported_versions: Vec<String>,
}

/// The parts of the result that describe the server.
#[derive(Deserialize)]
pub(crate) struct ServerDescription {
    pub(crate) capabilities: Option<Box<RawValue>>,
    pub(crate) instructions: Option<Box<RawValue>>,
    #[serde(rename = "_meta")]
    meta: Option<ResultMeta>,
}

#[derive(Deserialize)]
struct ResultMeta {
    #[serde(rename = "io.modelcontextprotocol/serverInfo")]
    server_info: Option<Box<RawValue>>,
}

impl ServerDescription {
    pub(crate) fn server_info(&self) -> Option<&RawValue> {
        self.meta.as_ref().and_then(|meta| meta.server_info.as_deref())
    }
}

/// The versions that a result offers; `None` when it lacks a member that the stateless era requires.
pub(crate) fn offered(result: &Value) -> Option<Vec<String>> {
    let result: DiscoverResult = serde_json::from_str(result.json()).ok()?;
    (result.result_type == "complete" && !result.supported_versions.is_empty()).then_some(result.supported_versions)
}

/// The newest of the named versions that this library knows.
pub(crate) fn newest_common(names: &[String]) -> Option<Version> {
    names.iter().filter_map(|name| Version::parse(name)).max()
}

/// The versions that an `UnsupportedProtocolVersion` error (-32022) lists in its `data`.
pub(crate) fn supported_by_error(data: Option<&str>) -> Vec<String> {
    #[derive(Deserialize)]
    struct Data {
        supported: Vec<String>,
    }
    data.and_then(|data| serde_json::from_str::<Data>(data).ok()).map(|data| data.supported).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(json: &str) -> Value {
        Value::parse(json).unwrap()
    }

    #[test]
    fn a_result_must_have_every_required_member() {
        let whole = r#"{"resultType":"complete","ttlMs":0,"cacheScope":"public","supportedVersions":["2025-11-25","2026-07-28"]}"#;
        assert_eq!(offered(&parsed(whole)).unwrap(), ["2025-11-25", "2026-07-28"]);
        for missing in ["\"resultType\":\"complete\",", "\"ttlMs\":0,", "\"cacheScope\":\"public\","] {
            assert_eq!(offered(&parsed(&whole.replace(missing, ""))), None, "{missing}");
        }
        assert_eq!(offered(&parsed(&whole.replace(r#""2025-11-25","2026-07-28""#, ""))), None);
        assert_eq!(offered(&parsed(&whole.replace("complete", "input_required"))), None);
    }

    #[test]
    fn the_error_lists_versions() {
        let supported = supported_by_error(Some(r#"{"supported":["2025-06-18","2025-11-25","x"],"requested":"y"}"#));
        assert_eq!(newest_common(&supported), Some(Version::LEGACY));
        assert!(supported_by_error(None).is_empty());
        assert!(supported_by_error(Some("[1]")).is_empty());
    }
}
