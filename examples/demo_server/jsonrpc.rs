//! JSON-RPC 2.0 messages (<https://www.jsonrpc.org/specification>).

use serde_json::{Value, json};

/// Invalid JSON was received.
pub const PARSE_ERROR: i32 = -32700;
/// The JSON is not a message that can be handled here.
pub const INVALID_REQUEST: i32 = -32600;
/// There is no such method.
pub const METHOD_NOT_FOUND: i32 = -32601;
/// The method's parameters are wrong.
pub const INVALID_PARAMS: i32 = -32602;

/// The `error` member of a response.
pub struct RpcError {
    /// The code.
    pub code: i32,
    /// One sentence for a person.
    pub message: String,
    /// Details for a program; null: none.
    pub data: Value,
}

impl RpcError {
    /// An error without details.
    pub fn new(code: i32, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), data: Value::Null }
    }

    /// The same error with details.
    pub fn with_data(self, data: Value) -> Self {
        Self { data, ..self }
    }

    /// The whole response. MCP wants the request's id, and none at all when it could not be read.
    pub fn to_response(&self, id: Option<&Value>) -> Value {
        let mut response = json!({"jsonrpc": "2.0", "error": {"code": self.code, "message": self.message}});
        if let Some(id) = id {
            response["id"] = id.clone();
        }
        if !self.data.is_null() {
            response["error"]["data"] = self.data.clone();
        }
        response
    }
}

/// The whole response of a request that succeeded.
pub fn success(id: &Value, result: Value) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "result": result})
}

/// A message from a client.
pub enum Message<'a> {
    /// Something to answer.
    Request {
        /// A string or an integer; MCP forbids null.
        id: &'a Value,
        /// What to do.
        method: &'a str,
        /// With what; null: nothing.
        params: &'a Value,
    },
    /// Something to take note of, or a response to a request that this server never sends.
    Unanswered,
}

impl<'a> Message<'a> {
    /// Tells what kind of message `value` is.
    pub fn from_json(value: &'a Value) -> Result<Self, RpcError> {
        if value["jsonrpc"] != "2.0" {
            return Err(RpcError::new(INVALID_REQUEST, "Not a JSON-RPC 2.0 message"));
        }
        let is_response = value.get("result").is_some() || value.get("error").is_some();
        match (value["method"].as_str(), value.get("id")) {
            (Some(_), None) => Ok(Self::Unanswered),
            (Some(method), Some(id)) if id.is_string() || id.is_i64() || id.is_u64() => {
                Ok(Self::Request { id, method, params: &value["params"] })
            }
            (None, Some(_)) if is_response => Ok(Self::Unanswered),
            _ => Err(RpcError::new(INVALID_REQUEST, "Neither a request, nor a notification, nor a response")),
        }
    }
}
