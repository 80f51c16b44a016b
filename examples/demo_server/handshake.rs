//! The revisions that begin with an `initialize` handshake, and their Streamable HTTP transport.
//!
//! The rules followed (<https://modelcontextprotocol.io/specification/2025-11-25>):
//!
//! - Lifecycle, "Version Negotiation": the requested version when it is supported, the latest one otherwise.
//! - Transports, "Session Management": the answer to `initialize` carries `Mcp-Session-Id`; a later request without it
//!   is 400, with an unknown one 404; DELETE ends the session.
//! - Transports, "Protocol Version Header": an unsupported version is 400, a missing one is taken for an older client.
//! - Transports, "Listening for Messages from the Server": GET is 405, as this server has nothing to say unasked.
//! - Ping: answered promptly, with an empty result.
//! - 2025-03-26 only, Transports: a POST may be a batch of messages, of which `initialize` is not one.

use serde_json::{Value, json};

use crate::catalog;
use crate::http::Request;
use crate::jsonrpc::{self, INVALID_PARAMS, INVALID_REQUEST, Message, RpcError};
use crate::response::Response;
use crate::sessions::Sessions;

/// The revisions of this era, the latest first.
pub const VERSIONS: [&str; 4] = ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"];
const VERSION_WITH_BATCHES: &str = "2025-03-26";
const RESOURCE_NOT_FOUND: i32 = -32002;

/// Answers a message that was posted to the MCP endpoint.
pub fn answer(request: &Request, message: &Value, sessions: &Sessions) -> Response {
    if request.header("mcp-protocol-version").is_some_and(|version| !VERSIONS.contains(&version)) {
        return bad_request(message, "Unsupported MCP-Protocol-Version");
    }
    if message["method"] == "initialize" {
        return initialize(message, sessions);
    }
    let version = match session_version(request, sessions) {
        Ok(version) => version,
        Err(refusal) => return refusal.answer(message),
    };
    match message {
        Value::Array(batch) if version == VERSION_WITH_BATCHES => answer_batch(message, batch),
        Value::Array(_) => bad_request(message, "Batches exist in protocol version 2025-03-26 only"),
        _ => match answer_message(message) {
            Some(response) if response.get("result").is_some() => Response::result(&message["params"], &response),
            Some(response) => Response::json(if response.get("id").is_some() { 200 } else { 400 }, &response),
            None => Response::empty(202),
        },
    }
}

/// Ends a session: HTTP DELETE.
pub fn end_session(request: &Request, sessions: &Sessions) -> Response {
    match session_version(request, sessions) {
        Ok(_) => {
            sessions.end(request.header("mcp-session-id").unwrap_or_default());
            Response::empty(204)
        }
        Err(refusal) => refusal.answer(&Value::Null),
    }
}

/// The response to one message; `None` when it needs none. HTTP+SSE uses it as well.
pub fn answer_message(message: &Value) -> Option<Value> {
    let (id, method, params) = match Message::from_json(message) {
        Ok(Message::Request { id, method, params }) => (id, method, params),
        Ok(Message::Unanswered) => return None,
        Err(error) => return Some(error.to_response(None)),
    };
    let result = match method {
        "initialize" => initialize_result(params),
        "ping" => Ok(json!({})),
        _ => catalog::answer(method, params, RESOURCE_NOT_FOUND),
    };
    Some(match result {
        Ok(result) => jsonrpc::success(id, result),
        Err(error) => error.to_response(Some(id)),
    })
}

fn answer_batch(message: &Value, batch: &[Value]) -> Response {
    if batch.is_empty() || batch.iter().any(|message| message["method"] == "initialize") {
        return bad_request(message, "The batch is empty or holds an initialize request");
    }
    let responses: Vec<Value> = batch.iter().filter_map(answer_message).collect();
    if responses.is_empty() { Response::empty(202) } else { Response::json(200, &Value::Array(responses)) }
}

fn initialize(message: &Value, sessions: &Sessions) -> Response {
    let Some(response) = answer_message(message) else {
        return bad_request(message, "initialize is a request, not a notification");
    };
    match response["result"]["protocolVersion"].as_str() {
        Some(version) => Response::json(200, &response).header("Mcp-Session-Id", sessions.begin(version)),
        None => Response::json(if response.get("id").is_some() { 200 } else { 400 }, &response),
    }
}

fn initialize_result(params: &Value) -> Result<Value, RpcError> {
    let Some(requested) = params["protocolVersion"].as_str() else {
        return Err(RpcError::new(INVALID_PARAMS, "protocolVersion is missing"));
    };
    let version = VERSIONS.into_iter().find(|version| *version == requested).unwrap_or(VERSIONS[0]);
    Ok(json!({
        "protocolVersion": version,
        "capabilities": catalog::capabilities(),
        "serverInfo": catalog::server_info(),
        "instructions": catalog::instructions(),
    }))
}

/// Why a request belongs to no session.
enum NoSession {
    Unnamed,
    Unknown,
}

impl NoSession {
    fn answer(self, message: &Value) -> Response {
        match self {
            Self::Unnamed => bad_request(message, "Mcp-Session-Id is missing: begin with initialize"),
            Self::Unknown => refuse(404, message, "Session not found: begin again with initialize"),
        }
    }
}

/// The version that the request's session has negotiated.
fn session_version(request: &Request, sessions: &Sessions) -> Result<String, NoSession> {
    let id = request.header("mcp-session-id").ok_or(NoSession::Unnamed)?;
    sessions.version(id).ok_or(NoSession::Unknown)
}

fn bad_request(message: &Value, why: &str) -> Response {
    refuse(400, message, why)
}

fn refuse(status: u16, message: &Value, why: &str) -> Response {
    Response::json(status, &RpcError::new(INVALID_REQUEST, why).to_response(message.get("id")))
}
