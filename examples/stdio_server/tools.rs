//! The tools: some answer, some fail as servers do.

use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::{Server, error, notify, process};

const NAMES: [&str; 14] = [
    "echo",
    "environment",
    "process",
    "never",
    "crash",
    "progress",
    "ask",
    "complain",
    "print",
    "large",
    "helper",
    "change",
    "end_subscription",
    "sleep",
];

pub fn definitions() -> Value {
    NAMES.iter().map(|name| json!({"name": name, "inputSchema": {"type": "object"}})).collect()
}

/// The result of a tool; `None` when none is sent.
pub fn call(server: &mut Server, params: &Value) -> Result<Option<Value>, Value> {
    let arguments = &params["arguments"];
    let number = |name: &str| arguments[name].as_u64().unwrap_or_default();
    let text = match params["name"].as_str().unwrap_or_default() {
        "echo" => arguments["text"].as_str().unwrap_or_default().to_owned(),
        "environment" => process::environment().to_string(),
        "process" => process::describe().to_string(),
        "sleep" => {
            thread::sleep(Duration::from_millis(number("ms")));
            String::new()
        }
        "never" => return Ok(None),
        "crash" => {
            eprintln!("fatal: {}", arguments["reason"].as_str().unwrap_or("no reason"));
            std::process::exit(i32::try_from(number("status")).unwrap_or(1));
        }
        "progress" => {
            for step in 1..=3 {
                let token = &params["_meta"]["progressToken"];
                notify("notifications/progress", &json!({"progressToken": token, "progress": step, "total": 3}));
            }
            String::new()
        }
        "ask" => return Ok(Some(ask(server, params))),
        "complain" => {
            (0..number("lines")).for_each(|line| eprintln!("complaint {line}"));
            String::new()
        }
        "print" => {
            println!("{}", arguments["text"].as_str().unwrap_or_default());
            String::new()
        }
        "large" => "x".repeat(usize::try_from(number("bytes")).unwrap_or_default()),
        "helper" => {
            // Its stdout is the server's: a client that waits for the end of that waits for the helper.
            let helper = Command::new("sleep").arg("1000").stdin(Stdio::null()).spawn();
            helper.map(|child| child.id().to_string()).unwrap_or_default()
        }
        "change" => {
            server.tell_of_changes();
            String::new()
        }
        "end_subscription" => {
            if let Some(id) = server.subscription.take() {
                crate::send(&json!({"jsonrpc": "2.0", "id": id, "result": {"resultType": "complete"}}));
            }
            String::new()
        }
        other => return Err(error(-32602, &format!("Unknown tool: {other}"))),
    };
    Ok(Some(result(&text)))
}

fn result(text: &str) -> Value {
    json!({"content": [{"type": "text", "text": text}]})
}

/// Asks for the user's name: by a request until 2025-11-25, in the result since 2026-07-28.
fn ask(server: &mut Server, params: &Value) -> Value {
    let question =
        json!({"mode": "form", "message": "Your name?", "requestedSchema": {"type": "object", "properties": {}}});
    if server.version.is_some() {
        let response = server.ask("elicitation/create", &question).unwrap_or_default();
        return result(&response["result"].to_string());
    }
    match params["inputResponses"].get("name") {
        Some(response) => result(&response.to_string()),
        None => {
            let request = json!({"method": "elicitation/create", "params": question});
            json!({"resultType": "input_required", "inputRequests": {"name": request}})
        }
    }
}
