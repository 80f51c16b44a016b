//! Revision 2026-07-28: no handshake, no session; every request says for itself which version it speaks.
//!
//! The rules followed (<https://modelcontextprotocol.io/specification/2026-07-28>):
//!
//! - Streamable HTTP, "Server Validation": `MCP-Protocol-Version`, `Mcp-Method` and `Mcp-Name` must be there and agree
//!   with the body; otherwise 400 and -32020.
//! - Streamable HTTP, "Protocol Version Header": an unsupported version is 400 and -32022 with the supported ones in
//!   `data`; an unknown method is 404 and -32601.
//! - Overview, "General fields": a request without the required `_meta` is 400 and -32602; every result names the
//!   server.
//! - Overview, "ResultType", and Caching: every result has a `resultType`, a cacheable one `ttlMs` and `cacheScope`.
//! - Versioning: the error that meets a client of the handshake era names the supported versions.

use serde_json::{Value, json};

use crate::catalog;
use crate::header_value;
use crate::http::Request;
use crate::jsonrpc::{self, INVALID_PARAMS, METHOD_NOT_FOUND, Message, RpcError};
use crate::response::Response;

/// The revision that this module speaks.
pub const VERSION: &str = "2026-07-28";

const VERSION_KEY: &str = "io.modelcontextprotocol/protocolVersion";
const CAPABILITIES_KEY: &str = "io.modelcontextprotocol/clientCapabilities";
const SERVER_INFO_KEY: &str = "io.modelcontextprotocol/serverInfo";

const HEADER_MISMATCH: i32 = -32020;
const UNSUPPORTED_PROTOCOL_VERSION: i32 = -32022;

/// How long a client may keep what it was told. This server never changes, but a developer restarts it.
const TTL_MS: u32 = 60_000;

/// Whether a message comes from a client of this era, by what only such a client writes into the body.
pub fn is_stateless(message: &Value) -> bool {
    message["params"]["_meta"].get(VERSION_KEY).is_some()
}

/// Answers a message. `supported` are the versions to name to a client that asks for another one.
pub fn answer(request: &Request, message: &Value, supported: &[&str]) -> Response {
    let (id, method, params) = match Message::from_json(message) {
        Ok(Message::Request { id, method, params }) => (id, method, params),
        Ok(Message::Unanswered) if message.get("method").is_some() => return Response::empty(202),
        Ok(Message::Unanswered) => {
            let error = RpcError::new(jsonrpc::INVALID_REQUEST, "A client sends no responses in this revision");
            return Response::json(400, &error.to_response(None));
        }
        Err(error) => return Response::json(400, &error.to_response(None)),
    };
    if let Err(error) = validate(request, method, params, supported) {
        return Response::json(400, &error.to_response(Some(id)));
    }
    match result(method, params, supported) {
        Ok(result) => Response::result(params, &jsonrpc::success(id, result)),
        Err(error) => {
            let status = if error.code == METHOD_NOT_FOUND { 404 } else { 200 };
            Response::json(status, &error.to_response(Some(id)))
        }
    }
}

fn validate(request: &Request, method: &str, params: &Value, supported: &[&str]) -> Result<(), RpcError> {
    let Some(version) = request.header("mcp-protocol-version") else {
        let message = format!("Header mismatch: MCP-Protocol-Version is missing (supported: {})", supported.join(", "));
        return Err(RpcError::new(HEADER_MISMATCH, message).with_data(json!({"supported": supported})));
    };
    let meta = &params["_meta"];
    if meta.get(VERSION_KEY).is_some_and(|in_body| in_body != version) {
        return Err(mismatch("MCP-Protocol-Version", "does not agree with the body"));
    }
    if version != VERSION {
        let data = json!({"supported": supported, "requested": version});
        return Err(RpcError::new(UNSUPPORTED_PROTOCOL_VERSION, "Unsupported protocol version").with_data(data));
    }
    require_header(request, "Mcp-Method", method)?;
    let name_in_body = match method {
        "tools/call" | "prompts/get" => params["name"].as_str(),
        "resources/read" => params["uri"].as_str(),
        _ => None,
    };
    if let Some(name) = name_in_body {
        require_header(request, "Mcp-Name", name)?;
    }
    for key in [VERSION_KEY, CAPABILITIES_KEY] {
        if meta.get(key).is_none() {
            return Err(RpcError::new(INVALID_PARAMS, format!("_meta lacks {key}")));
        }
    }
    Ok(())
}

fn require_header(request: &Request, name: &str, expected: &str) -> Result<(), RpcError> {
    let value = request.header(&name.to_ascii_lowercase()).ok_or_else(|| mismatch(name, "is missing"))?;
    match header_value::decode(value) {
        Some(decoded) if decoded == expected => Ok(()),
        Some(_) => Err(mismatch(name, "does not agree with the body")),
        None => Err(mismatch(name, "is not valid Base64")),
    }
}

fn mismatch(header: &str, what: &str) -> RpcError {
    RpcError::new(HEADER_MISMATCH, format!("Header mismatch: {header} {what}"))
}

fn result(method: &str, params: &Value, supported: &[&str]) -> Result<Value, RpcError> {
    let mut result = match method {
        "server/discover" => json!({
            "supportedVersions": supported,
            "capabilities": catalog::capabilities(),
            "instructions": catalog::instructions(),
        }),
        _ => catalog::answer(method, params, INVALID_PARAMS)?,
    };
    result["resultType"] = json!("complete");
    result["_meta"] = json!({SERVER_INFO_KEY: catalog::server_info()});
    if !matches!(method, "tools/call" | "prompts/get") {
        result["ttlMs"] = json!(TTL_MS);
        result["cacheScope"] = json!("public");
    }
    Ok(result)
}
