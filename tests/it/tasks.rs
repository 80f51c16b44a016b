//! Tasks, in both forms: the extension of 2026-07-28, and the experimental one of 2025-11-25.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use mcpclient::Status;
use serde_json::{Value, json};

use crate::support::mcp::{LEGACY, discover_result, initialize_result, legacy, modern};
use crate::support::*;

cases!(
    a_tool_that_becomes_a_task_is_followed_to_its_result,
    a_task_that_fails_is_an_rpc_error,
    a_task_that_the_server_cancels_is_an_error,
    input_of_a_task_is_asked_for_once,
    a_call_that_ends_cancels_its_task,
    a_task_is_started_asked_for_awaited_and_cancelled,
    a_tool_that_is_carried_out_at_once_has_no_task,
    a_task_as_the_result_of_another_request_is_an_error,
    the_extension_is_declared_and_may_be_removed,
    an_older_server_is_asked_for_a_task_when_the_tool_needs_one,
    a_task_of_an_older_server_is_started_and_awaited,
    a_server_without_tasks_is_named,
);

const EXTENSION: &str = "io.modelcontextprotocol/tasks";

fn task(status: &str) -> Value {
    json!({"resultType": "complete", "taskId": "t/1", "status": status, "createdAt": "2026-11-25T10:00:00Z",
        "lastUpdatedAt": "2026-11-25T10:00:00Z", "ttlMs": null, "pollIntervalMs": 20})
}

fn with(mut task: Value, name: &str, value: Value) -> Value {
    task[name] = value;
    task
}

fn done() -> Value {
    with(task("completed"), "result", json!({"content": [{"type": "text", "text": "done"}]}))
}

fn respond(server: &Server, method: &str, result: impl Fn(&Request) -> Value + Send + Sync + 'static) {
    server.on(method, move |request: &Request, connection: &mut Connection| {
        connection.send(&Answer::result(request, result(request)))
    });
}

/// A server of 2026-07-28 whose tool becomes a task with these states, the last of which stays.
fn server_of(states: Vec<Value>) -> Server {
    server_with(with(task("working"), "resultType", json!("task")), states)
}

/// The same with this result of the tool.
fn server_with(called: Value, states: Vec<Value>) -> Server {
    let server = Server::start(modern());
    respond(&server, "server/discover", |_| {
        let mut result = discover_result();
        result["capabilities"] = json!({"tools": {}, "extensions": {EXTENSION: {}}});
        result
    });
    respond(&server, "tools/call", move |_| called.clone());
    let polls = AtomicUsize::new(0);
    respond(&server, "tasks/get", move |_| {
        let at = polls.fetch_add(1, Ordering::SeqCst).min(states.len() - 1);
        states[at].clone()
    });
    for method in ["tasks/update", "tasks/cancel"] {
        respond(&server, method, |_| json!({"resultType": "complete"}));
    }
    server
}

fn wait_for(server: &Server, method: &str) {
    let end = Instant::now() + stretched(Duration::from_secs(10));
    while server.named(method).is_empty() {
        assert!(Instant::now() < end, "no {method}");
        thread::sleep(Duration::from_millis(1));
    }
}

fn a_tool_that_becomes_a_task_is_followed_to_its_result<D: Driver>() {
    let server = server_of(vec![task("working"), task("working"), done()]);
    let client: D = client(&server);
    assert_eq!(client.call_tool("x").unwrap(), "done");
    let polls = server.named("tasks/get");
    assert_eq!(polls.len(), 3);
    for poll in polls {
        assert_eq!(poll.message["params"]["taskId"], "t/1");
        assert_eq!((poll.header("Mcp-Method"), poll.header("Mcp-Name")), (Some("tasks/get"), Some("t/1")));
    }
    assert!(server.named("tasks/cancel").is_empty());
}

fn a_task_that_fails_is_an_rpc_error<D: Driver>() {
    let error = json!({"code": -32050, "message": "no paper", "data": {"tray": 2}});
    let server = server_of(vec![with(task("failed"), "error", error)]);
    let client: D = client(&server);
    let failure = fails(client.call_tool("x"), Status::Rpc);
    assert!(failure.rpc_code == -32050 && failure.message.contains("no paper"), "{}", failure.message);
}

fn a_task_that_the_server_cancels_is_an_error<D: Driver>() {
    let cancelled = with(task("cancelled"), "statusMessage", json!("shutting down"));
    let server = server_of(vec![cancelled]);
    let client: D = client(&server);
    let failure = fails(client.call_tool("x"), Status::InvalidState);
    assert!(failure.message.contains("shutting down"), "{}", failure.message);
}

fn input_of_a_task_is_asked_for_once<D: Driver>() {
    let ask = |key: &str| json!({key: {"method": "elicitation/create", "params": {"message": key}}});
    let waits = with(task("input_required"), "inputRequests", ask("name"));
    // The server repeats the request until it has seen the response.
    let server = server_of(vec![
        waits.clone(),
        waits,
        with(task("input_required"), "inputRequests", ask("age")),
        task("working"),
        done(),
    ]);
    let client: D = client(&server);
    let asked = Arc::new(Mutex::new(Vec::new()));
    let own = asked.clone();
    let accept: OnRequest = Box::new(move |_, params, reply| {
        own.lock().unwrap().push(params["message"].as_str().unwrap().to_owned());
        reply.result(r#"{"action":"accept","content":{}}"#).unwrap();
    });
    client.on_request("elicitation/create", Some(accept)).unwrap();
    assert_eq!(client.call_tool("x").unwrap(), "done");
    assert_eq!(*asked.lock().unwrap(), ["name", "age"]);
    let updates = server.named("tasks/update");
    assert_eq!(updates.len(), 2);
    assert_eq!(updates[0].message["params"]["inputResponses"]["name"]["action"], "accept");
    assert_eq!(updates[0].header("Mcp-Name"), Some("t/1"));
}

fn a_call_that_ends_cancels_its_task<D: Driver>() {
    for cancels in [true, false] {
        let server = server_of(vec![with(task("working"), "pollIntervalMs", json!(30000))]);
        let client: Arc<D> = Arc::new(client(&server));
        if cancels {
            let own = client.clone();
            let call = thread::spawn(move || own.call_tool("x"));
            wait_for(&server, "tools/call");
            thread::sleep(Duration::from_millis(50));
            let began = Instant::now();
            client.cancel();
            fails(call.join().unwrap(), Status::Cancelled);
            assert!(began.elapsed() < stretched(Duration::from_secs(1)));
        } else {
            client.connect().unwrap();
            client.set_timeout(stretched(Duration::from_millis(300)));
            fails(client.call_tool("x"), Status::Timeout);
        }
        wait_for(&server, "tasks/cancel");
    }
}

fn a_task_is_started_asked_for_awaited_and_cancelled<D: Driver>() {
    let server = server_of(vec![task("working"), task("working"), done()]);
    let client: D = client(&server);
    let (id, started) = client.start_task("x", Some(r#"{"a":1}"#)).unwrap();
    assert_eq!((id.as_deref(), &started["status"]), (Some("t/1"), &json!("working")));
    assert_eq!(client.get_task("t/1").unwrap()["status"], "working");
    assert_eq!(client.await_task("t/1").unwrap()["content"][0]["text"], "done");
    client.cancel_task("t/1").unwrap();
    assert_eq!(server.named("tasks/cancel")[0].message["params"]["taskId"], "t/1");
}

fn a_tool_that_is_carried_out_at_once_has_no_task<D: Driver>() {
    let server = server_with(json!({"resultType": "complete", "content": [], "n": 7}), vec![done()]);
    let client: D = client(&server);
    let (id, task) = client.start_task("x", None).unwrap();
    assert!(id.is_none() && task["status"] == "completed" && task["result"]["n"] == 7, "{task}");
}

fn a_task_as_the_result_of_another_request_is_an_error<D: Driver>() {
    let server = server_of(vec![done()]);
    respond(&server, "x/y", |_| with(task("working"), "resultType", json!("task")));
    let client: D = client(&server);
    fails(client.request("x/y", None), Status::Protocol);
}

fn the_extension_is_declared_and_may_be_removed<D: Driver>() {
    let server = server_of(vec![done()]);
    let client: D = client(&server);
    let declared = |server: &Server| {
        let call = server.named("tools/call").pop().unwrap();
        let capabilities = &call.message["params"]["_meta"]["io.modelcontextprotocol/clientCapabilities"];
        capabilities["extensions"].clone()
    };
    client.call_tool("x").unwrap();
    assert_eq!(declared(&server), json!({EXTENSION: {}}));
    client.set_extension("com.example/group/feature", Some(r#"{"level":2}"#)).unwrap();
    client.set_extension(EXTENSION, None).unwrap();
    client.call_tool("x").unwrap();
    assert_eq!(declared(&server), json!({"com.example/group/feature": {"level": 2}}));
    for identifier in ["", "x", "/x", "com.example/", "com.example/x/", "1com/x", "com..example/x", "com.example/x y"] {
        fails(client.set_extension(identifier, Some("{}")), Status::InvalidArgument);
    }
    fails(client.set_extension("com.example/x", Some("[]")), Status::InvalidArgument);
}

/// A server of 2025-11-25 whose tool runs only as a task.
fn older_server() -> Server {
    let server = Server::start(legacy(LEGACY).without_sessions());
    let of_legacy = |status: &str| json!({"taskId": "old", "status": status, "ttl": 1000, "pollInterval": 20});
    respond(&server, "initialize", |_| {
        let mut result = initialize_result(LEGACY);
        let tasks = json!({"cancel": {}, "requests": {"tools": {"call": {}}}});
        result["capabilities"] = json!({"tools": {}, "tasks": tasks});
        result
    });
    server.on("tools/call", move |request: &Request, connection: &mut Connection| {
        match request.message["params"]["task"].is_object() {
            true => connection.send(&Answer::result(request, json!({"task": of_legacy("working")}))),
            false => connection.send(&Answer::error(request, 200, -32601, "a task is required")),
        }
    });
    let polls = AtomicUsize::new(0);
    respond(&server, "tasks/get", move |_| match polls.fetch_add(1, Ordering::SeqCst) {
        0 => of_legacy("working"),
        _ => of_legacy("completed"),
    });
    respond(&server, "tasks/result", |_| json!({"content": [{"type": "text", "text": "old done"}]}));
    respond(&server, "tasks/cancel", move |_| of_legacy("cancelled"));
    server
}

fn an_older_server_is_asked_for_a_task_when_the_tool_needs_one<D: Driver>() {
    let server = older_server();
    let client: D = client(&server);
    assert_eq!(client.call_tool("x").unwrap(), "old done");
    assert_eq!(server.named("tools/call").len(), 2);
    assert_eq!(server.named("tasks/result")[0].message["params"]["taskId"], "old");
}

fn a_task_of_an_older_server_is_started_and_awaited<D: Driver>() {
    let server = older_server();
    let client: D = client(&server);
    let (id, task) = client.start_task("x", None).unwrap();
    assert!(id.as_deref() == Some("old") && task["status"] == "working", "{task}");
    assert_eq!(client.await_task("old").unwrap()["content"][0]["text"], "old done");
    assert_eq!(client.get_task("old").unwrap()["status"], "completed");
    client.cancel_task("old").unwrap();
}

fn a_server_without_tasks_is_named<D: Driver>() {
    for server in [Server::start(modern()), Server::start(legacy(LEGACY))] {
        let client: D = client(&server);
        fails(client.start_task("x", None), Status::Unsupported);
        fails(client.get_task("t"), Status::Unsupported);
        fails(client.await_task("t"), Status::Unsupported);
        fails(client.cancel_task("t"), Status::Unsupported);
        assert!(server.named("tools/call").is_empty());
    }
}
