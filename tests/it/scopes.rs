//! Scopes: handles on a client with limits, progress, `_meta` and cancellation of their own.

use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use mcpclient::Status;
use serde_json::{Value, json};

use crate::support::mcp::{self, LEGACY, legacy, modern, sse};
use crate::support::*;

cases!(
    a_scope_shares_the_session_and_outlives_its_client,
    a_scope_has_limits_of_its_own,
    a_scope_inherits_limits_until_it_sets_its_own,
    cancelling_a_scope_ends_its_calls_alone,
    cancelling_a_client_ends_the_calls_of_its_scopes,
    a_cancelled_scope_stops_waiting_for_another_call_to_connect,
    settings_of_the_client_are_refused_through_a_scope,
    progress_reaches_the_handle_of_its_call,
    progress_starts_the_time_limit_anew_up_to_the_longest_time,
    meta_goes_with_the_requests_of_its_handle,
);

/// A server of each transport and era, and its path.
fn servers() -> [(Server, &'static str); 3] {
    [(Server::start(modern()), "/mcp"), (Server::start(legacy(LEGACY)), "/mcp"), (Server::start(sse()), "/sse")]
}

fn client_of<D: Driver>(server: &Server, path: &str) -> D {
    client_at(&server.url(path))
}

/// Tool calls wait until their client hangs up or `limit` has passed.
fn hang(server: &Server, limit: Duration) {
    server.on("tools/call", move |request: &Request, connection: &mut Connection| {
        connection.wait(limit)?;
        connection.pass(request)
    });
}

/// Tool calls report progress so many times, at this interval, before they end.
fn reports(server: &Server, times: u32, interval: Duration) {
    server.on("tools/call", move |request: &Request, connection: &mut Connection| {
        let over_sse = mcp::session(request).is_some();
        match over_sse {
            true => connection.send(&Answer::text(202, "text/plain", "Accepted"))?,
            false => connection.begin_events()?,
        }
        let send = |connection: &mut Connection, message: &Value| match over_sse {
            true => mcp::say(request, connection, message),
            false => connection.chunk(event(&message.to_string())),
        };
        let token = &request.message["params"]["_meta"]["progressToken"];
        for count in 1..=times {
            connection.wait(interval)?;
            let params = json!({"progressToken": token, "progress": count, "total": times, "message": "working"});
            send(connection, &json!({"jsonrpc": "2.0", "method": "notifications/progress", "params": params}))?;
        }
        let result = json!({"content": [{"type": "text", "text": "done"}], "resultType": "complete"});
        send(connection, &json!({"jsonrpc": "2.0", "id": request.id(), "result": result}))?;
        if over_sse { Ok(()) } else { connection.end_chunks() }
    });
}

fn a_scope_shares_the_session_and_outlives_its_client<D: Driver>() {
    for (server, path) in servers() {
        let client: D = client_of(&server, path);
        let scope = client.scope();
        let inner = scope.scope();
        client.ping().unwrap();
        let version = client.protocol_version();
        scope.close(); // ignored
        assert_eq!((scope.protocol_version(), inner.transport_in_use()), (version, client.transport_in_use()));
        scope.call_tool("say").unwrap();
        drop(client);
        inner.call_tool("say").unwrap();
        drop(scope);
        inner.ping().unwrap();
        let handshakes = server.named("initialize").len();
        assert!(handshakes <= 1, "{handshakes} sessions were opened");
        drop(inner);
        if path == "/mcp" && handshakes == 1 {
            assert_eq!(server.requests().last().unwrap().method, "DELETE", "the last handle ends the session");
        }
    }
}

fn a_scope_has_limits_of_its_own<D: Driver>() {
    for (server, path) in servers() {
        let client: D = client_of(&server, path);
        client.connect().unwrap();
        hang(&server, Duration::from_millis(600));
        let scope = client.scope();
        scope.set_timeout(Duration::from_millis(200));
        let (time, outcome) = timed(|| scope.call_tool("x"));
        let failure = fails(outcome, Status::Timeout);
        assert!(failure.message.contains("200 ms"), "{}", failure.message);
        assert!(time < stretched(Duration::from_millis(500)), "{time:?}");
        client.call_tool("x").unwrap();

        if path == "/mcp" {
            server.heal();
            server.on("tools/call", |request: &Request, connection: &mut Connection| {
                connection.send(&Answer::result(request, json!({"text": "x".repeat(5000), "resultType": "complete"})))
            });
            scope.set_max_response_bytes(1000).unwrap();
            fails(scope.call_tool("x"), Status::Protocol);
            client.call_tool("x").unwrap();
        }
    }
}

fn a_scope_inherits_limits_until_it_sets_its_own<D: Driver>() {
    let server = Server::start(modern());
    let client: D = client(&server);
    client.connect().unwrap();
    hang(&server, Duration::from_millis(900));
    let scope = client.scope();
    client.set_timeout(Duration::from_millis(100));
    fails(scope.call_tool("x"), Status::Timeout);
    scope.set_timeout(Duration::ZERO);
    scope.call_tool("x").unwrap();
    client.set_max_response_bytes(10).unwrap();
    fails(scope.call_tool("x"), Status::Protocol);
    scope.set_max_response_bytes(100_000).unwrap();
    scope.call_tool("x").unwrap();
}

/// Starts a call of a tool on a thread, and waits until the server has it.
fn begin<D: Driver>(server: &Server, handle: &Arc<D>) -> thread::JoinHandle<Outcome<String>> {
    let calls = |server: &Server| server.named("tools/call").len();
    let before = calls(server);
    let thread = thread::spawn({
        let handle = handle.clone();
        move || handle.call_tool("x")
    });
    until("the call reaches the server", || calls(server) > before);
    thread
}

fn cancelling_a_scope_ends_its_calls_alone<D: Driver>() {
    for (server, path) in servers() {
        let client: Arc<D> = Arc::new(client_of(&server, path));
        client.connect().unwrap();
        hang(&server, Duration::from_millis(800));
        let (scope, other) = (Arc::new(client.scope()), Arc::new(client.scope()));
        let own = begin(&server, &client);
        let others = begin(&server, &other);
        let cancelled = begin(&server, &scope);
        let start = Instant::now();
        scope.cancel();
        fails(cancelled.join().unwrap(), Status::Cancelled);
        assert!(start.elapsed() < stretched(Duration::from_millis(300)), "{:?}", start.elapsed());
        own.join().unwrap().unwrap();
        others.join().unwrap().unwrap();
        scope.call_tool("x").unwrap();
        if client.protocol_version().as_deref() == Some(LEGACY) {
            until("the server is notified", || !server.named("notifications/cancelled").is_empty());
        }
    }
}

fn cancelling_a_client_ends_the_calls_of_its_scopes<D: Driver>() {
    for (server, path) in servers() {
        let client: D = client_of(&server, path);
        client.connect().unwrap();
        hang(&server, Duration::from_secs(5));
        let scope = Arc::new(client.scope().scope());
        let call = begin(&server, &scope);
        client.cancel();
        fails(call.join().unwrap(), Status::Cancelled);
    }
}

fn a_cancelled_scope_stops_waiting_for_another_call_to_connect<D: Driver>() {
    let server = Server::start(modern());
    server.once("*", |request: &Request, connection: &mut Connection| {
        connection.wait(Duration::from_secs(2))?;
        connection.pass(request)
    });
    let client: Arc<D> = Arc::new(client(&server));
    let connecting = thread::spawn({
        let client = client.clone();
        move || client.ping()
    });
    until("connecting begins", || !server.requests().is_empty());
    let scope = Arc::new(client.scope());
    let waiting = thread::spawn({
        let scope = scope.clone();
        move || timed(|| scope.ping())
    });
    thread::sleep(Duration::from_millis(100));
    scope.cancel();
    let (time, outcome) = waiting.join().unwrap();
    fails(outcome, Status::Cancelled);
    assert!(time < stretched(Duration::from_millis(800)), "{time:?}");
    connecting.join().unwrap().unwrap();
}

fn settings_of_the_client_are_refused_through_a_scope<D: Driver>() {
    let server = Server::start(modern());
    let client: D = client(&server);
    let scope = client.scope();
    let auth = D::bearer_auth("token").unwrap();
    let refused = [
        scope.set_transport(mcpclient::TransportKind::Auto),
        scope.set_protocol_version(None),
        scope.set_bearer_token(Some("token")),
        scope.set_auth(Some(&auth)),
        scope.set_header("X-Any", Some("x")),
        scope.set_ca_file(None),
        scope.set_client_certificate(None),
        scope.set_tls_verify(false),
        scope.set_proxy(Some("")),
        scope.set_client_info("x", "1"),
        scope.set_capabilities(None),
        scope.on_notification(None, Some(Box::new(|_, _| {}))),
        scope.on_request("roots/list", None),
    ];
    for outcome in refused {
        let failure = fails(outcome, Status::InvalidState);
        assert!(failure.message.contains("scope"), "{}", failure.message);
    }
    scope.ping().unwrap();
}

type Heard = Arc<Mutex<Vec<(f64, Option<f64>, Option<String>)>>>;

fn hear<D: Driver>(handle: &D) -> Heard {
    let heard = Heard::default();
    let own = heard.clone();
    handle.on_progress(Some(Box::new(move |progress, total, message| {
        own.lock().unwrap().push((progress, total, message.map(str::to_owned)));
    })));
    heard
}

fn progress_reaches_the_handle_of_its_call<D: Driver>() {
    for (server, path) in servers() {
        let client: D = client_of(&server, path);
        client.connect().unwrap();
        let (first, second, silent) = (client.scope(), client.scope(), client.scope());
        let (of_client, of_first, of_second) = (hear(&client), hear(&first), hear(&second));
        // Over HTTP+SSE a thread delivers them: with the interval, before the call ends.
        reports(&server, 2, Duration::from_millis(30));
        first.call_tool("x").unwrap();
        silent.call_tool("x").unwrap();
        let working = |progress| (progress, Some(2.0), Some("working".to_owned()));
        let expected = match path {
            "/sse" => of_first.lock().unwrap().clone(), // the last may come too late
            _ => vec![working(1.0), working(2.0)],
        };
        assert!(expected.contains(&working(1.0)));
        assert_eq!(*of_first.lock().unwrap(), expected);
        assert!(of_client.lock().unwrap().is_empty() && of_second.lock().unwrap().is_empty());
        client.call_tool("x").unwrap();
        assert!(!of_client.lock().unwrap().is_empty());

        first.on_progress(None);
        of_first.lock().unwrap().clear();
        first.call_tool("x").unwrap();
        assert!(of_first.lock().unwrap().is_empty());
        let calls = server.named("tools/call");
        let call = calls.last().unwrap();
        assert!(call.message["params"]["_meta"]["progressToken"].is_null(), "no progress is asked for");
    }
}

fn progress_starts_the_time_limit_anew_up_to_the_longest_time<D: Driver>() {
    for (server, path) in servers() {
        let client: D = client_of(&server, path);
        client.connect().unwrap();
        reports(&server, 6, stretched(Duration::from_millis(150)));
        let scope = client.scope();
        scope.set_timeout(stretched(Duration::from_millis(500)));
        fails(scope.call_tool("x"), Status::Timeout);
        scope.set_timeout_on_progress(true);
        scope.call_tool("x").unwrap();
        scope.set_longest(stretched(Duration::from_millis(700)));
        let (time, outcome) = timed(|| scope.call_tool("x"));
        let failure = fails(outcome, Status::Timeout);
        let limit = stretched(Duration::from_millis(700)).as_millis();
        assert!(failure.message.contains(&format!("{limit} ms")), "{}", failure.message);
        assert!(time >= stretched(Duration::from_millis(600)), "{time:?}");
        scope.set_longest(Duration::ZERO);
        scope.call_tool("x").unwrap();
    }
}

fn meta_goes_with_the_requests_of_its_handle<D: Driver>() {
    for (server, path) in servers() {
        let client: D = client_of(&server, path);
        client.connect().unwrap();
        let scope = client.scope();
        let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        scope.set_meta("traceparent", Some(&format!("\"{parent}\""))).unwrap();
        scope.set_meta("com.example/x", Some("[1, 2]")).unwrap();
        scope.call_tool("x").unwrap();
        client.call_tool("x").unwrap();
        scope.set_meta("com.example/x", None).unwrap();
        scope.request("tools/call", Some(r#"{"name":"x","_meta":{"traceparent":"own"}}"#)).unwrap();

        let calls = server.named("tools/call");
        let metas: Vec<&Value> = calls.iter().map(|request| &request.message["params"]["_meta"]).collect();
        let of = |key: &str| metas.iter().map(|meta| meta[key].clone()).collect::<Vec<_>>();
        assert_eq!(of("traceparent"), [json!(parent), Value::Null, json!("own")]);
        assert_eq!(of("com.example/x"), [json!([1, 2]), Value::Null, Value::Null]);

        for (key, json) in
            [("io.modelcontextprotocol/x", "1"), ("progressToken", "1"), ("", "1"), ("a", "{"), ("traceparent", "1")]
        {
            fails(scope.set_meta(key, Some(json)), Status::InvalidArgument);
        }
    }
}
