//! The server's own description: name, version, capabilities, instructions.

use serde_json::Value as Json;
use serde_json::value::RawValue;

use crate::base::error::Error;
use crate::base::text;
use crate::json::Value;
use crate::protocol::discover::ServerDescription;
use crate::protocol::initialize::InitializeResult;
use crate::protocol::version::Version;

/// A server's own description.
#[derive(Debug, Clone, Default)]
pub(crate) struct ServerInfo {
    capabilities: Option<Box<RawValue>>,
    /// The same, parsed.
    offered: Json,
    info: Option<Box<RawValue>>,
    instructions: Option<Box<RawValue>>,
}

impl ServerInfo {
    pub(crate) fn from_initialize(result: &InitializeResult) -> ServerInfo {
        ServerInfo {
            capabilities: result.capabilities.clone(),
            offered: parsed(result.capabilities.as_deref()),
            info: result.server_info.clone(),
            instructions: result.instructions.clone(),
        }
    }

    pub(crate) fn from_discover(result: &Value) -> ServerInfo {
        let Ok(description) = serde_json::from_str::<ServerDescription>(result.json()) else {
            return ServerInfo::default();
        };
        ServerInfo {
            info: description.server_info().map(RawValue::to_owned),
            offered: parsed(description.capabilities.as_deref()),
            capabilities: description.capabilities,
            instructions: description.instructions,
        }
    }

    /// Whether the server has described itself: with a pinned version 2026-07-28 it is not asked.
    pub(crate) fn is_known(&self) -> bool {
        self.capabilities.is_some()
    }

    /// Fails unless the server declares the capability, such as `resources` or `resources.subscribe`. Unknown
    /// capabilities count as declared.
    pub(crate) fn require(&self, capability: &str) -> Result<(), Error> {
        if self.offered.is_null() {
            return Ok(());
        }
        let pointer = format!("/{}", capability.replace('.', "/"));
        match self.offered.pointer(&pointer) {
            None | Some(Json::Null | Json::Bool(false)) => {
                Err(Error::Unsupported(format!("the server does not offer the capability {capability}")))
            }
            Some(_) => Ok(()),
        }
    }

    /// Fails unless the server declares the extension, such as `io.modelcontextprotocol/tasks`.
    pub(crate) fn require_extension(&self, identifier: &str) -> Result<(), Error> {
        match self.offered.get("extensions").and_then(|extensions| extensions.get(identifier)) {
            None | Some(Json::Null | Json::Bool(false)) if !self.offered.is_null() => {
                Err(Error::Unsupported(format!("the server does not offer the extension {identifier}")))
            }
            _ => Ok(()),
        }
    }

    /// Name, version, capabilities and instructions as one JSON object.
    pub(crate) fn describe(&self, version: Version) -> String {
        let version = text::quoted(version.as_str());
        let mut members = vec![format!("\"protocolVersion\":{version}")];
        let mut add = |name: &str, value: &Option<Box<RawValue>>| {
            members.extend(value.as_ref().map(|value| format!("\"{name}\":{}", value.get())));
        };
        add("serverInfo", &self.info);
        add("capabilities", &self.capabilities);
        add("instructions", &self.instructions);
        for name in ["name", "version"] {
            members.extend(self.info_text(name).map(|value| format!("\"{name}\":{}", text::quoted(&value))));
        }
        format!("{{{}}}", members.join(","))
    }

    fn info_text(&self, name: &str) -> Option<String> {
        let info: Json = serde_json::from_str(self.info.as_ref()?.get()).ok()?;
        info.get(name)?.as_str().map(str::to_owned)
    }
}

/// `Null` when absent or unreadable.
fn parsed(capabilities: Option<&RawValue>) -> Json {
    capabilities.and_then(|capabilities| serde_json::from_str(capabilities.get()).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server() -> ServerInfo {
        let result = r#"{"protocolVersion":"2025-11-25","capabilities":{"tools":{},"resources":{"subscribe":true,"listChanged":false}},
            "serverInfo":{"name":"demo","version":"1"},"instructions":"be kind"}"#;
        ServerInfo::from_initialize(&crate::protocol::initialize::read(&Value::parse(result).unwrap()).unwrap().0)
    }

    #[test]
    fn capabilities_are_required_by_name() {
        assert!(server().require("tools").is_ok());
        assert!(server().require("resources.subscribe").is_ok());
        for missing in ["prompts", "resources.listChanged", "tools.listChanged"] {
            let error = server().require(missing).unwrap_err();
            assert!(matches!(&error, Error::Unsupported(text) if text.contains(missing)), "{error}");
        }
        assert!(ServerInfo::default().require("anything").is_ok());
    }

    #[test]
    fn the_description_is_one_object() {
        let json: Json = serde_json::from_str(&server().describe(Version::LEGACY)).unwrap();
        assert_eq!(json["name"], "demo");
        assert_eq!(json["serverInfo"]["version"], "1");
        assert_eq!(json["instructions"], "be kind");
        assert_eq!(json["protocolVersion"], "2025-11-25");
    }
}
