//! Servers at their worst moments: what breaks, is refused, or comes at the wrong time does no harm beyond the call.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use mcpclient::{Client, Error, Status};
use serde_json::json;

use crate::support::mcp::{LEGACY, initialize_result, legacy, modern, sse, sse_at};
use crate::support::*;

cases!(
    a_request_whose_stream_broke_is_not_sent_again,
    a_stream_with_a_wrong_answer_is_closed,
    the_refused_token_is_not_shown_when_there_is_no_other,
    a_token_that_was_replaced_meanwhile_is_not_shown,
    header_values_beyond_ascii_are_not_shown,
    cancelling_an_answer_that_ends_with_its_connection,
    closing_asks_nobody_for_a_token,
    the_word_session_in_a_url_says_nothing,
    a_stream_without_an_endpoint_does_not_hide_the_refusal,
    a_deadline_that_passes_while_falling_back_is_a_timeout,
    what_is_refused_after_initialize_says_nothing_about_the_transport,
    a_token_file_that_is_gone_after_a_401,
    a_failed_handshake_leaves_no_session,
    urls_that_no_request_can_carry,
);

/// The server has taken the request; the 404 is about the stream.
fn a_request_whose_stream_broke_is_not_sent_again<D: Driver>() {
    let server = Server::start(legacy(LEGACY));
    let client: D = client(&server);
    client.ping().unwrap();
    server.on("ping", |_: &Request, connection: &mut Connection| {
        connection.begin_events()?;
        connection.chunk("id: 1\nretry: 10\ndata:\n\n")?;
        connection.end_chunks()
    });
    server.on("GET", Answer::status(404));
    let failure = fails(client.ping(), Status::Network);
    assert!(failure.message.contains("404"), "{}", failure.message);
    assert_eq!(server.named("ping").len(), 2, "{:?}", server.names());
    assert_eq!(server.named("initialize").len(), 1);
}

fn a_stream_with_a_wrong_answer_is_closed<D: Driver>() {
    let server = Server::start(legacy(LEGACY));
    let client: D = client(&server);
    client.ping().unwrap();
    let (sender, gone) = mpsc::channel();
    let sender = Mutex::new(sender);
    server.once("ping", move |_: &Request, connection: &mut Connection| {
        connection.begin_events()?;
        connection.chunk(event(r#"{"jsonrpc":"2.0","id":999999,"result":{}}"#))?;
        let ended = connection.hold();
        sender.lock().unwrap().send(ended.is_err()).unwrap();
        ended
    });
    fails(client.ping(), Status::Protocol);
    assert_eq!(gone.recv_timeout(Duration::from_secs(2)), Ok(true));
    client.ping().unwrap();
}

/// A 401 or 403 whose body repeats what was sent.
fn echo(status: u16) -> impl Handler {
    move |request: &Request, connection: &mut Connection| {
        let sent = format!("not good: {}", request.header("Authorization").unwrap_or_default());
        let challenge = format!("Bearer realm=\"{sent}\"");
        connection.send(&Answer::text(status, "text/plain", sent).header("WWW-Authenticate", &challenge))
    }
}

fn shows_none(failure: &Failure, secret: &str) {
    assert!(!format!("{failure:?}").contains(secret), "{failure:?}");
    assert!(failure.message.contains("[redacted]"), "{failure:?}");
}

fn the_refused_token_is_not_shown_when_there_is_no_other<D: Driver>() {
    let server = Server::start(echo(401));
    let count = AtomicUsize::new(0);
    let auth = D::token_provider(move |request| {
        if count.fetch_add(1, Ordering::SeqCst) == 0 {
            request.set("s3cret-token-123").unwrap();
        }
    });
    let client: D = client(&server);
    client.set_auth(Some(&auth)).unwrap();
    shows_none(&fails(client.ping(), Status::Unauthorized), "s3cret-token-123");
}

fn a_token_that_was_replaced_meanwhile_is_not_shown<D: Driver>() {
    let auth = Arc::new(D::bearer_auth("s3cret-token-123").unwrap());
    let rotated = Arc::clone(&auth);
    let server = Server::start(move |request: &Request, connection: &mut Connection| {
        D::set_token(&rotated, "another-token").unwrap();
        echo(403).handle(request, connection)
    });
    let client: D = client(&server);
    client.set_auth(Some(&auth)).unwrap();
    shows_none(&fails(client.ping(), Status::Forbidden), "s3cret-token-123");
}

fn header_values_beyond_ascii_are_not_shown<D: Driver>() {
    let server = Server::start(Answer::text(403, "text/plain", "not good: schl\u{fc}ssel-s3cret"));
    let client: D = client(&server);
    client.set_header("X-API-Key", Some("schl\u{fc}ssel-s3cret")).unwrap();
    shows_none(&fails(client.ping(), Status::Forbidden), "s3cret");
}

fn cancelling_an_answer_that_ends_with_its_connection<D: Driver>() {
    let server = Server::start(legacy(LEGACY));
    let client: D = client(&server);
    client.ping().unwrap();
    server.once("ping", |_: &Request, connection: &mut Connection| {
        connection.raw("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n{\"jsonrpc\"")?;
        connection.hold()
    });
    thread::scope(|scope| {
        let call = scope.spawn(|| client.ping());
        thread::sleep(Duration::from_millis(500));
        client.cancel();
        let (time, outcome) = timed(|| call.join().unwrap());
        fails(outcome, Status::Cancelled);
        assert!(time < Duration::from_secs(2), "{time:?}");
    });
}

fn closing_asks_nobody_for_a_token<D: Driver>() {
    let server = Server::start(legacy(LEGACY));
    server.on("DELETE", mcp::unauthorized());
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let auth = D::token_provider(move |request| {
        if count.fetch_add(1, Ordering::SeqCst) > 0 {
            thread::sleep(Duration::from_secs(3));
        }
        request.set("tok").unwrap();
    });
    let client: D = client(&server);
    client.set_auth(Some(&auth)).unwrap();
    client.ping().unwrap();
    let (time, ()) = timed(|| client.close());
    assert!(time < Duration::from_millis(1300), "{time:?}");
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    assert_eq!(server.named("DELETE").len(), 1);
    assert_eq!(server.named("DELETE")[0].header("Authorization"), Some("Bearer tok"));
}

fn the_word_session_in_a_url_says_nothing<D: Driver>() {
    let server = Server::start(legacy(LEGACY));
    let client: D = client_at(&server.url("/session/mcp"));
    client.ping().unwrap();
    server.on("ping", Answer::text(400, "text/plain", "not today"));
    assert_eq!(fails(client.ping(), Status::Http).http_status, 400);
    server.heal();
    server.on("ping", |request: &Request, connection: &mut Connection| {
        connection.send(&Answer::error(request, 400, -32602, "the argument session is missing"))
    });
    assert_eq!(fails(client.ping(), Status::Rpc).rpc_code, -32602);
    assert_eq!(server.named("initialize").len(), 1);
    // What the server itself says counts.
    server.heal();
    server.once("ping", Answer::text(400, "text/plain", "Bad Request: Invalid session ID"));
    client.ping().unwrap();
    assert_eq!(server.named("initialize").len(), 2);
}

/// Refuses every POST, and opens a stream that names no endpoint.
fn without_an_endpoint(request: &Request, connection: &mut Connection) -> io::Result<()> {
    match request.method.as_str() {
        "GET" => {
            connection.begin_events()?;
            connection.hold()
        }
        _ => connection.send(&Answer::text(400, "text/plain", "tenant header missing")),
    }
}

fn a_deadline_that_passes_while_falling_back_is_a_timeout<D: Driver>() {
    let server = Server::start(without_an_endpoint);
    let client: D = client(&server);
    client.set_timeout(Duration::from_millis(500));
    fails(client.ping(), Status::Timeout);
    assert_eq!(server.named("GET").len(), 1);
}

fn what_is_refused_after_initialize_says_nothing_about_the_transport<D: Driver>() {
    let server = Server::start(legacy(LEGACY));
    server.on("notifications/initialized", Answer::text(400, "text/plain", "not today"));
    let client: D = client(&server);
    let failure = fails(client.ping(), Status::Http);
    assert!(failure.message.contains("not today"), "{}", failure.message);
    assert!(server.named("GET").is_empty(), "{:?}", server.names());
}

/// GET opens the idle stream of a Streamable HTTP server, which never names an endpoint.
fn a_stream_without_an_endpoint_does_not_hide_the_refusal<D: Driver>() {
    let server = Server::start(without_an_endpoint);
    let client: D = client(&server);
    client.set_connect_timeout(Duration::from_millis(300));
    let (time, outcome) = timed(|| client.ping());
    let failure = fails(outcome, Status::Http);
    assert!(failure.message.contains("tenant header missing"), "{}", failure.message);
    assert_eq!(server.named("GET").len(), 1);
    assert!(time < Duration::from_secs(3), "{time:?}");
}

fn a_token_file_that_is_gone_after_a_401<D: Driver>() {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let name = format!("mcpclient-gone-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::SeqCst));
    let path = std::env::temp_dir().join(name);
    std::fs::write(&path, "tok\n").unwrap();
    let auth = D::token_file(&path).unwrap();
    let server = Server::start(move |_: &Request, connection: &mut Connection| {
        std::fs::remove_file(&path)?;
        connection.send(&mcp::unauthorized())
    });
    let client: D = client(&server);
    client.set_auth(Some(&auth)).unwrap();
    let failure = fails(client.ping(), Status::Unauthorized);
    assert_eq!(failure.parameter("error"), Some("invalid_token"));
    assert_eq!(server.requests().len(), 1);
}

fn a_failed_handshake_leaves_no_session<D: Driver>() {
    let ended = |request: &Request| request.method == "DELETE" && request.header("Mcp-Session-Id") == Some("session-0");
    let server = Server::start(legacy(LEGACY));
    let pinned: D = client(&server);
    pinned.set_protocol_version(Some("2025-06-18")).unwrap();
    fails(pinned.ping(), Status::Unsupported);
    assert!(server.saw(ended), "{:?}", server.names());

    let server = Server::start(legacy(LEGACY));
    server.on("notifications/initialized", Answer::status(500));
    fails(client::<D>(&server).ping(), Status::Http);
    assert!(server.saw(ended), "{:?}", server.names());
}

fn urls_that_no_request_can_carry<D: Driver>() {
    let long = "x".repeat(70_000);
    let Err(failure) = D::new(&format!("http://127.0.0.1:9/{long}")) else { panic!("accepted") };
    assert_eq!(failure.status, Status::InvalidArgument as i32);
    let server = Server::start(sse_at(move |session| format!("/{long}?session={session}")));
    fails(client_at::<D>(&server.url("/sse")).ping(), Status::Protocol);
}

fn rust_client(server: &Server) -> Client {
    let client = Client::new(&server.url("/mcp")).unwrap();
    client.set_proxy(Some("")).unwrap();
    client.set_timeout(Some(Duration::from_secs(5)));
    client
}

#[test]
fn a_server_that_wants_input_says_which() {
    let server = Server::start(modern());
    server.on("tools/call", |request: &Request, connection: &mut Connection| {
        connection.send(&Answer::result(request, json!({"resultType": "input_required"})))
    });
    let outcome = rust_client(&server).call_tool("pay", None);
    assert!(matches!(outcome, Err(Error::Protocol(_))), "{outcome:?}");
    assert_eq!(server.named("tools/call").len(), 1);
}

#[test]
fn a_new_session_has_the_log_level_too() {
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
        let client = Client::new(&server.url(path)).unwrap();
        client.set_proxy(Some("")).unwrap();
        client.set_log_level("warning").unwrap();
        client.close();
        client.ping().unwrap();
        let levels = server.named("logging/setLevel");
        let levels: Vec<_> = levels.iter().map(|request| request.message["params"]["level"].clone()).collect();
        assert_eq!(levels, ["warning", "warning"], "{path}: {:?}", server.names());
    }
}
