//! What the server offers, in every revision: two tools, a resource and a prompt.

use serde_json::{Value, json};

use crate::jsonrpc::{INVALID_PARAMS, METHOD_NOT_FOUND, RpcError};

const ABOUT: &str = "A server to try an MCP client against. It adds numbers and repeats what it hears.";

/// Name and version of this software.
pub fn server_info() -> Value {
    json!({"name": "demo-server", "version": env!("CARGO_PKG_VERSION")})
}

/// What this server can do; nothing in it ever changes, so no notification is promised.
pub fn capabilities() -> Value {
    json!({"tools": {}, "resources": {}, "prompts": {}})
}

/// Guidance for a language model.
pub fn instructions() -> &'static str {
    "Call add to add two integers, echo to hear a text again."
}

/// The result of a method that all revisions have in common. `resource_not_found` is the code for a resource that does
/// not exist, which 2026-07-28 changed.
pub fn answer(method: &str, params: &Value, resource_not_found: i32) -> Result<Value, RpcError> {
    match method {
        "tools/list" => Ok(json!({"tools": [add_definition(), echo_definition()]})),
        "tools/call" => call_tool(params),
        "resources/list" => Ok(json!({"resources": [about_definition()]})),
        "resources/templates/list" => Ok(json!({"resourceTemplates": []})),
        "resources/read" => read_resource(params, resource_not_found),
        "prompts/list" => Ok(json!({"prompts": [greet_definition()]})),
        "prompts/get" => get_prompt(params),
        _ => Err(RpcError::new(METHOD_NOT_FOUND, format!("Method not found: {method}"))),
    }
}

fn add_definition() -> Value {
    json!({
        "name": "add",
        "title": "Add",
        "description": "Adds two integers.",
        "inputSchema": {
            "type": "object",
            "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}},
            "required": ["a", "b"],
        },
        "outputSchema": {
            "type": "object",
            "properties": {"sum": {"type": "integer"}},
            "required": ["sum"],
        },
    })
}

fn echo_definition() -> Value {
    json!({
        "name": "echo",
        "title": "Echo",
        "description": "Repeats a text.",
        "inputSchema": {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]},
    })
}

/// An unknown tool is an error of the protocol; wrong arguments are a result that says so, which a model can act on.
fn call_tool(params: &Value) -> Result<Value, RpcError> {
    let arguments = &params["arguments"];
    match params["name"].as_str() {
        Some("add") => Ok(add(arguments)),
        Some("echo") => Ok(match arguments["text"].as_str() {
            Some(text) => json!({"content": [text_content(text)], "isError": false}),
            None => failed("text must be a string"),
        }),
        Some(name) => Err(RpcError::new(INVALID_PARAMS, format!("Unknown tool: {name}"))),
        None => Err(RpcError::new(INVALID_PARAMS, "name is missing")),
    }
}

fn add(arguments: &Value) -> Value {
    let (Some(a), Some(b)) = (arguments["a"].as_i64(), arguments["b"].as_i64()) else {
        return failed("a and b must be integers of 64 bits");
    };
    match a.checked_add(b) {
        Some(sum) => json!({
            "content": [text_content(&sum.to_string())],
            "structuredContent": {"sum": sum},
            "isError": false,
        }),
        None => failed("the sum does not fit into 64 bits"),
    }
}

fn failed(why: &str) -> Value {
    json!({"content": [text_content(why)], "isError": true})
}

fn text_content(text: &str) -> Value {
    json!({"type": "text", "text": text})
}

fn about_definition() -> Value {
    json!({"uri": "demo://about", "name": "about", "title": "About this server", "mimeType": "text/plain"})
}

fn read_resource(params: &Value, not_found: i32) -> Result<Value, RpcError> {
    match params["uri"].as_str() {
        Some("demo://about") => {
            Ok(json!({"contents": [{"uri": "demo://about", "mimeType": "text/plain", "text": ABOUT}]}))
        }
        Some(uri) => Err(RpcError::new(not_found, "Resource not found").with_data(json!({"uri": uri}))),
        None => Err(RpcError::new(INVALID_PARAMS, "uri is missing")),
    }
}

fn greet_definition() -> Value {
    json!({
        "name": "greet",
        "title": "Greet",
        "description": "Asks for a greeting.",
        "arguments": [{"name": "name", "description": "whom to greet", "required": true}],
    })
}

fn get_prompt(params: &Value) -> Result<Value, RpcError> {
    if params["name"] != "greet" {
        return Err(RpcError::new(INVALID_PARAMS, "Unknown prompt"));
    }
    let Some(name) = params["arguments"]["name"].as_str() else {
        return Err(RpcError::new(INVALID_PARAMS, "The argument name is missing"));
    };
    let text = format!("Please greet {name}.");
    Ok(json!({"messages": [{"role": "user", "content": text_content(&text)}]}))
}
