//! Operations over a session, against a scripted server: what the specification asks of a client besides the request.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use mcpclient::Status;
use serde_json::{Value, json};

use crate::support::mcp::{self, LEGACY, MODERN, discover_result, initialize_result, legacy, modern, sse};
use crate::support::*;

cases!(
    a_call_that_is_given_up_is_told_to_an_older_server,
    a_handshake_that_is_given_up_is_not_cancelled,
    a_header_mismatch_leads_to_one_look_at_the_tools,
    a_kept_list_tells_the_next_session_which_headers_to_send,
    lists_are_kept_for_as_long_as_the_server_says,
    hints_that_are_none_keep_nothing,
    pages_have_an_end_whatever_their_cursors_are,
    what_the_server_lacks_is_named,
    input_is_given_for_ten_rounds,
    what_was_not_declared_reaches_no_handler,
    a_list_is_never_a_wish_for_input,
    callbacks_may_use_their_client,
    a_server_that_wants_input_says_which,
    a_new_session_has_the_log_level_too,
);

/// Every capability is declared.
fn rich(server: &Server) {
    let capabilities = json!({"tools": {}, "prompts": {}, "resources": {}, "logging": {}, "completions": {}});
    let all = capabilities.clone();
    server.on("server/discover", move |request: &Request, connection: &mut Connection| {
        let mut result = discover_result();
        result["capabilities"] = all.clone();
        connection.send(&Answer::result(request, result))
    });
    let all = capabilities;
    server.on("initialize", move |request: &Request, connection: &mut Connection| {
        let mut result = initialize_result(LEGACY);
        result["capabilities"] = all.clone();
        connection.send(&Answer::result(request, result))
    });
}

fn answers(server: &Server, method: &str, answer: impl Fn(&Request) -> Value + Send + Sync + 'static) {
    server.on(method, move |request: &Request, connection: &mut Connection| {
        connection.send(&Answer::result(request, answer(request)))
    });
}

fn complete(members: Value) -> Value {
    let mut result = members;
    result["resultType"] = json!("complete");
    result
}

fn a_call_that_is_given_up_is_told_to_an_older_server<D: Driver>() {
    for cancel in [true, false] {
        let server = Server::start(legacy(LEGACY).without_sessions());
        server.on("tools/call", |_: &Request, connection: &mut Connection| connection.hold());
        let client: Arc<D> = Arc::new(client(&server));
        client.connect().unwrap();
        client.set_timeout(Duration::from_millis(if cancel { 10_000 } else { 500 }));
        let calling = Arc::clone(&client);
        let call = thread::spawn(move || calling.call_tool("slow"));
        assert!(server.saw(|request| request.name() == "tools/call"));
        if cancel {
            client.cancel();
        }
        let expected = if cancel { Status::Cancelled } else { Status::Timeout };
        fails(call.join().unwrap(), expected);
        assert!(server.saw(|request| request.name() == "notifications/cancelled"), "{cancel}");
        let told = server.named("notifications/cancelled").remove(0);
        assert_eq!(told.message["params"]["requestId"], *server.named("tools/call")[0].id());
    }
}

fn a_handshake_that_is_given_up_is_not_cancelled<D: Driver>() {
    let server = Server::start(legacy(LEGACY));
    server.on("initialize", |_: &Request, connection: &mut Connection| connection.hold());
    let client: D = client(&server);
    client.set_timeout(Duration::from_millis(300));
    fails(client.ping(), Status::Timeout);
    thread::sleep(Duration::from_millis(300));
    assert!(server.named("notifications/cancelled").is_empty(), "{:?}", server.names());
}

fn tool_with_header(header: &str) -> Value {
    let schema = json!({"type": "object", "properties": {"city": {"type": "string", "x-mcp-header": header}}});
    json!({"name": "weather", "inputSchema": schema})
}

fn a_header_mismatch_leads_to_one_look_at_the_tools<D: Driver>() {
    let server = Server::start(modern());
    answers(&server, "tools/list", |_| complete(json!({"tools": [tool_with_header("City")], "ttlMs": 0})));
    server.on("tools/call", |request: &Request, connection: &mut Connection| {
        connection.send(&match request.header("Mcp-Param-City") {
            Some("Rome") => Answer::result(request, complete(json!({"content": []}))),
            _ => Answer::error(request, 400, -32020, "Header mismatch"),
        })
    });
    let client: D = client(&server);
    client.call_tool_with("weather", Some(r#"{"city":"Rome"}"#)).unwrap();
    assert_eq!((server.named("tools/list").len(), server.named("tools/call").len()), (1, 2));
    assert_eq!(client.call_tool_with("weather", Some(r#"{"city":"Oslo"}"#)).unwrap_err().rpc_code, -32020);
    assert_eq!((server.named("tools/list").len(), server.named("tools/call").len()), (2, 4));
}

fn a_kept_list_tells_the_next_session_which_headers_to_send<D: Driver>() {
    let server = Server::start(modern());
    let kept = json!({"tools": [tool_with_header("City")], "ttlMs": 60_000, "cacheScope": "public"});
    answers(&server, "tools/list", move |_| complete(kept.clone()));
    answers(&server, "tools/call", |_| complete(json!({"content": []})));
    let client: D = client(&server);
    client.list_tools().unwrap();
    client.close();
    client.list_tools().unwrap();
    client.call_tool_with("weather", Some(r#"{"city":"Rome"}"#)).unwrap();
    assert_eq!(server.named("tools/list").len(), 1);
    assert_eq!(server.named("tools/call")[0].header("Mcp-Param-City"), Some("Rome"));
}

fn lists_are_kept_for_as_long_as_the_server_says<D: Driver>() {
    let server = Server::start(modern());
    let kept = json!({"tools": [], "ttlMs": 60_000, "cacheScope": "private"});
    answers(&server, "tools/list", move |_| complete(kept.clone()));
    let client: D = client(&server);
    let asked = |times: usize| assert_eq!(server.named("tools/list").len(), times);
    client.list_tools().unwrap();
    client.list_tools().unwrap();
    asked(1);
    client.set_bearer_token(Some("another-user")).unwrap();
    client.list_tools().unwrap();
    asked(2);
    client.close();
    client.set_tls_verify(true).unwrap();
    client.list_tools().unwrap();
    asked(3);
    client.set_cache(false);
    client.list_tools().unwrap();
    client.list_tools().unwrap();
    asked(5);
}

fn hints_that_are_none_keep_nothing<D: Driver>() {
    let server = Server::start(modern());
    answers(&server, "tools/list", |_| complete(json!({"tools": [], "ttlMs": "soon", "cacheScope": 5})));
    let client: D = client(&server);
    client.list_tools().unwrap();
    client.list_tools().unwrap();
    assert_eq!(server.named("tools/list").len(), 2);
}

fn pages_have_an_end_whatever_their_cursors_are<D: Driver>() {
    let server = Server::start(legacy(LEGACY).without_sessions());
    // The same cursor again ends the list: the second page is the last.
    let count = AtomicUsize::new(0);
    answers(&server, "tools/list", move |_| {
        let number = count.fetch_add(1, Ordering::SeqCst);
        let tool = json!({"name": format!("t{number}"), "inputSchema": {"type": "object"}});
        if number < 2 { json!({"tools": [tool], "nextCursor": "x"}) } else { json!({"tools": [tool]}) }
    });
    let own: D = client(&server);
    assert_eq!(own.list_tools().unwrap().as_array().unwrap().len(), 2);
    assert_eq!(server.named("tools/list").len(), 2);

    let endless: D = client(&server);
    endless.set_timeout(Duration::from_secs(60));
    server.heal();
    let count = AtomicUsize::new(0);
    answers(
        &server,
        "tools/list",
        move |_| json!({"tools": [], "nextCursor": count.fetch_add(1, Ordering::SeqCst).to_string()}),
    );
    let failure = fails(endless.list_tools(), Status::Protocol);
    assert!(failure.message.contains("more than 1000 pages"), "{failure:?}");
}

fn what_the_server_lacks_is_named<D: Driver>() {
    let server = Server::start(modern());
    answers(&server, "server/discover", |_| {
        let mut result = discover_result();
        result["capabilities"] = json!({});
        result
    });
    let client: D = client(&server);
    let lacks = |capability: &str, outcome: Outcome| {
        let failure = fails(outcome, Status::Unsupported);
        assert!(failure.message.contains(capability), "{capability}: {failure:?}");
    };
    lacks("tools", client.list_tools().map(drop));
    lacks("tools", client.call_tool("x").map(drop));
    lacks("resources", client.list_resources().map(drop));
    lacks("resources", client.list_resource_templates().map(drop));
    lacks("resources", client.read_resource("x:y").map(drop));
    lacks("prompts", client.list_prompts().map(drop));
    lacks("prompts", client.get_prompt("x", None).map(drop));
    lacks("completions", client.complete(r#"{"type":"ref/prompt","name":"x"}"#, "a", "b").map(drop));
    lacks("logging", client.set_server_log_level("info"));
    assert!(server.names().iter().all(|name| name == "server/discover"), "{:?}", server.names());
}

/// A round of `input_required` with this request.
fn wants(request: Value, state: &str) -> Value {
    json!({"resultType": "input_required", "inputRequests": {"k": request}, "requestState": state})
}

fn elicitation(params: Value) -> Value {
    json!({"method": "elicitation/create", "params": params})
}

fn form() -> Value {
    elicitation(json!({"message": "?", "requestedSchema": {"type": "object", "properties": {}}}))
}

/// A client that accepts every elicitation, and counts them.
fn accepting<D: Driver>(server: &Server) -> (D, Arc<AtomicUsize>) {
    let client: D = client(server);
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let accept: OnRequest = Box::new(move |_, _, reply| {
        count.fetch_add(1, Ordering::SeqCst);
        reply.result(r#"{"action":"accept","content":{}}"#).unwrap();
    });
    client.on_request("elicitation/create", Some(accept)).unwrap();
    (client, asked)
}

fn input_is_given_for_ten_rounds<D: Driver>() {
    for (rounds, succeeds) in [(10, true), (11, false)] {
        let server = Server::start(modern());
        let count = AtomicUsize::new(0);
        answers(&server, "tools/call", move |request| match count.fetch_add(1, Ordering::SeqCst) {
            round if round < rounds => {
                let state = request.message["params"]["requestState"].as_str();
                let expected = (round > 0).then(|| format!("\u{7f}\"{}\u{2028}", round - 1));
                assert_eq!(state, expected.as_deref(), "the state comes back as it went");
                wants(form(), &format!("\u{7f}\"{round}\u{2028}"))
            }
            _ => complete(json!({"content": []})),
        });
        let (client, asked) = accepting::<D>(&server);
        let outcome = client.call_tool("x");
        assert_eq!(outcome.is_ok(), succeeds, "{outcome:?}");
        assert_eq!(asked.load(Ordering::SeqCst), 10);
    }
}

fn what_was_not_declared_reaches_no_handler<D: Driver>() {
    let url = json!({"mode": "url", "url": "https://elsewhere.example/", "elicitationId": "1", "message": "?"});
    for declared in [false, true] {
        let server = Server::start(modern());
        let asking = url.clone();
        let count = AtomicUsize::new(0);
        answers(&server, "tools/call", move |_| match count.fetch_add(1, Ordering::SeqCst) {
            0 => wants(elicitation(asking.clone()), "s"),
            _ => complete(json!({"content": []})),
        });
        let (client, asked) = accepting::<D>(&server);
        if declared {
            client.set_capabilities(Some(r#"{"elicitation":{"form":{},"url":{}}}"#)).unwrap();
        }
        assert_eq!(client.call_tool("x").is_ok(), declared);
        assert_eq!(asked.load(Ordering::SeqCst), usize::from(declared));
    }

    let server = Server::start(legacy(LEGACY).without_sessions());
    server.on("tools/call", move |request: &Request, connection: &mut Connection| {
        let asks = json!({"jsonrpc": "2.0", "id": "q", "method": "elicitation/create", "params": url});
        connection.begin_events()?;
        connection.chunk(event(&asks.to_string()))?;
        connection.wait_for(|request| request.name() == "response")?;
        let result = json!({"jsonrpc": "2.0", "id": request.id(), "result": {"content": []}});
        connection.chunk(event(&result.to_string()))?;
        connection.end_chunks()
    });
    let (client, asked) = accepting::<D>(&server);
    client.call_tool("x").unwrap();
    assert_eq!(server.named("response")[0].message["error"]["code"], -32602);
    assert_eq!(asked.load(Ordering::SeqCst), 0);
}

fn a_list_is_never_a_wish_for_input<D: Driver>() {
    let server = Server::start(modern());
    let client: D = client(&server);
    for result in [wants(form(), "s"), json!({"resultType": "other", "tools": []})] {
        server.heal();
        answers(&server, "tools/list", move |_| result.clone());
        fails(client.list_tools(), Status::Protocol);
    }
}

fn callbacks_may_use_their_client<D: Driver>() {
    let server = Server::start(modern());
    rich(&server);
    answers(&server, "tools/list", |_| complete(json!({"tools": [], "ttlMs": 0})));
    server.on("tools/call", |request: &Request, connection: &mut Connection| {
        let note = json!({"jsonrpc": "2.0", "method": "notifications/message", "params": {"level": "info", "data": 1}});
        connection.begin_events()?;
        connection.chunk(event(&note.to_string()))?;
        let result = json!({"jsonrpc": "2.0", "id": request.id(), "result": complete(json!({"content": []}))});
        connection.chunk(event(&result.to_string()))?;
        connection.end_chunks()
    });
    let client: Arc<D> = Arc::new(client(&server));
    let heard = Arc::new(Mutex::new(Vec::new()));
    let (own, log) = (Arc::downgrade(&client), Arc::clone(&heard));
    let handler: OnNotification = Box::new(move |method, _| {
        let client = own.upgrade().expect("the client is in a call");
        let listed = client.list_tools();
        client.on_notification(None, None).unwrap(); // removes this very handler
        log.lock().unwrap().push((method.to_owned(), listed.is_ok()));
    });
    client.on_notification(None, Some(handler)).unwrap();
    client.call_tool("x").unwrap();
    client.call_tool("x").unwrap();
    assert_eq!(*heard.lock().unwrap(), [("notifications/message".to_owned(), true)]);

    let own = Arc::downgrade(&client);
    let cancelling: OnNotification = Box::new(move |_, _| own.upgrade().expect("the client is in a call").cancel());
    client.on_notification(None, Some(cancelling)).unwrap();
    fails(client.call_tool("x"), Status::Cancelled);
    client.on_notification(None, None).unwrap();
    client.call_tool("x").unwrap();
    assert_eq!(client.protocol_version().as_deref(), Some(MODERN));
}

fn a_server_that_wants_input_says_which<D: Driver>() {
    let server = Server::start(modern());
    server.on("tools/call", |request: &Request, connection: &mut Connection| {
        connection.send(&Answer::result(request, json!({"resultType": "input_required"})))
    });
    fails(client::<D>(&server).call_tool("pay"), Status::Protocol);
    assert_eq!(server.named("tools/call").len(), 1);
}

fn a_new_session_has_the_log_level_too<D: Driver>() {
    for path in ["/mcp", "/sse"] {
        let server =
            if path == "/sse" { Server::start(sse()) } else { Server::start(legacy(LEGACY).without_sessions()) };
        let logging = |request: &Request, connection: &mut Connection| {
            let mut result = initialize_result(LEGACY);
            result["capabilities"] = json!({"logging": {}});
            connection.send(&Answer::result(request, result))
        };
        if path == "/mcp" {
            server.on("initialize", logging);
            server.on("logging/setLevel", |request: &Request, connection: &mut Connection| {
                connection.send(&Answer::result(request, json!({})))
            });
        } else {
            server.on("initialize", |request: &Request, connection: &mut Connection| {
                connection.send(&Answer::status(202))?;
                let mut result = initialize_result(LEGACY);
                result["capabilities"] = json!({"logging": {}});
                mcp::say(request, connection, &json!({"jsonrpc": "2.0", "id": request.id(), "result": result}))
            });
        }
        let client: D = client_at(&server.url(path));
        client.set_server_log_level("warning").unwrap();
        client.close();
        client.ping().unwrap();
        let levels = server.named("logging/setLevel");
        let levels: Vec<_> = levels.iter().map(|request| request.message["params"]["level"].clone()).collect();
        assert_eq!(levels, ["warning", "warning"], "{path}: {:?}", server.names());
    }
}
