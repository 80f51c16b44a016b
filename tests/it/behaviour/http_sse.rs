//! The HTTP+SSE transport of 2024-11-05.

use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use mcpclient::{Status, TransportKind};
use serde_json::json;

use crate::support::mcp::{OLDEST, initialize_result, say, session, sse, sse_answer, sse_at};
use crate::support::*;

cases!(
    the_whole_conversation,
    endpoints_of_the_same_origin,
    endpoints_of_another_origin_are_refused_at_once,
    the_endpoint_may_come_late_and_in_any_line_ends,
    events_of_other_types_are_passed_over,
    answers_before_the_post_is_accepted,
    answers_in_any_order_to_many_threads,
    any_success_accepts_a_post,
    a_post_that_is_refused,
    a_ping_of_the_server,
    an_error_without_an_id,
    a_stream_that_ended_while_idle,
    newer_revisions_are_taken_at_the_servers_word,
    close_ends_the_stream_and_the_next_call_opens_another,
    pings_reuse_the_connection_of_their_posts,
    a_lost_session_is_opened_anew_for_all_threads,
    a_lost_session_is_recognised_whatever_the_server_says,
    a_login_page_is_told_at_once,
    a_callback_cannot_call_while_its_client_connects,
    a_message_that_is_not_json_rpc_is_ignored,
);

fn sse_client<D: Driver>(server: &Server) -> D {
    client_at(&server.url("/sse"))
}

fn the_whole_conversation<D: Driver>() {
    let server = Server::start(sse());
    let client: D = sse_client(&server);
    client.set_bearer_token(Some("tok")).unwrap();
    client.ping().unwrap();
    client.ping().unwrap();
    assert_eq!(server.names(), ["GET", "initialize", "notifications/initialized", "ping", "ping"]);
    assert_eq!(client.transport_in_use(), TransportKind::Sse);
    assert_eq!(client.protocol_version().as_deref(), Some(OLDEST));
    let requests = server.requests();
    assert_eq!((requests[0].target.as_str(), requests[0].body.as_slice()), ("/sse", b"".as_slice()));
    for request in &requests {
        assert_eq!(request.header("Authorization"), Some("Bearer tok"));
        assert_eq!(request.header("Mcp-Session-Id"), None);
        assert_eq!(request.header("Mcp-Method"), None);
    }
    for post in &requests[1..] {
        assert_eq!(post.target, "/messages?session=s0");
        assert_eq!(post.header("Content-Type"), Some("application/json"));
    }
}

type Endpoint = fn(&str) -> String;

fn endpoints_of_the_same_origin<D: Driver>() {
    let endpoints: [(&str, Endpoint, &str); 5] = [
        ("/sse", |session| format!("/messages?session={session}"), "/messages?session=s0"),
        ("/api/sse", |session| format!("messages/?session={session}"), "/api/messages/?session=s0"),
        ("/api/sse", |session| format!("../post?session={session}"), "/post?session=s0"),
        ("/api/sse", |session| format!("?session={session}"), "/api/sse?session=s0"),
        ("/sse", |session| format!("/a%20b/%C3%A9?session={session}"), "/a%20b/%C3%A9?session=s0"),
    ];
    for (path, endpoint, target) in endpoints {
        let server = Server::start(sse_at(endpoint));
        let client: D = client_at(&server.url(path));
        client.ping().unwrap_or_else(|failure| panic!("{path} {target}: {failure:?}"));
        assert_eq!(server.named("ping")[0].target, target);
    }
    let origin = Arc::new(Mutex::new(String::new()));
    let known = Arc::clone(&origin);
    let server = Server::start(sse_at(move |session| format!("{}/there?session={session}", known.lock().unwrap())));
    *origin.lock().unwrap() = server.origin();
    let client: D = sse_client(&server);
    client.ping().unwrap();
    assert_eq!(server.named("ping")[0].target, "/there?session=s0");
    client.close();
    *origin.lock().unwrap() = server.origin().replace("http:", "HTTP:");
    client.ping().unwrap();
    client.close();
    *origin.lock().unwrap() = server.origin().trim_start_matches("http:").to_owned();
    client.ping().unwrap();
}

fn endpoints_of_another_origin_are_refused_at_once<D: Driver>() {
    let other = Server::start(sse());
    let port = other.origin().rsplit_once(':').unwrap().1.to_owned();
    for endpoint in [
        format!("{}/messages?session=s0", other.origin()),
        format!("//127.0.0.1:{port}/messages?session=s0"),
        format!("http://localhost:{port}/messages?session=s0"),
        format!("https://127.0.0.1:{port}/messages?session=s0"),
        format!(r"\\127.0.0.1:{port}\messages?session=s0"),
        "http://[::1]/messages?session=s0".to_owned(),
        "file:///etc/passwd".to_owned(),
        "javascript:alert(1)".to_owned(),
        "http://".to_owned(),
    ] {
        let named = endpoint.clone();
        let server = Server::start(sse_at(move |_| named.clone()));
        let client: D = sse_client(&server);
        client.set_bearer_token(Some("secret-token")).unwrap();
        let (time, outcome) = timed(|| client.ping());
        fails(outcome, Status::Protocol);
        assert!(time < stretched(Duration::from_secs(1)), "{endpoint}: {time:?}");
        assert_eq!(server.names(), ["GET"], "{endpoint}");
    }
    assert_eq!((other.connections(), other.received()), (0, Vec::new()));
}

fn the_endpoint_may_come_late_and_in_any_line_ends<D: Driver>() {
    for text in [
        ": hello\n\nevent: endpoint\ndata: /m?session=s\n\n",
        "event: endpoint\r\ndata: /m?session=s\r\n\r\n",
        "event: endpoint\rdata: /m?session=s\r\r",
        "\u{feff}data:/m?session=s\nevent:endpoint\nid: 1\nretry: 5\n\n",
        "event: hello\ndata: {}\n\nevent: endpoint\ndata: /m?session=s\n\n",
    ] {
        let server = Server::start(sse());
        server.on("GET", move |_: &Request, connection: &mut Connection| {
            connection.begin_events()?;
            let _stream = connection.open_stream("s");
            text.as_bytes().iter().try_for_each(|byte| connection.chunk([*byte]))?;
            connection.hold()
        });
        let client: D = sse_client(&server);
        client.ping().unwrap_or_else(|failure| panic!("{text:?}: {failure:?}"));
    }
}

fn events_of_other_types_are_passed_over<D: Driver>() {
    let server = Server::start(sse());
    let client: D = sse_client(&server);
    client.ping().unwrap();
    for noise in [
        ": keep-alive\n\n",
        "event: telemetry\ndata: not JSON\n\n",
        "event: message\ndata: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/tools/list_changed\"}\n\n",
        "event: message\ndata: {\"jsonrpc\":\"2.0\",\"id\":\"of another\",\"result\":{}}\n\n",
        "event: message\ndata: {\"jsonrpc\":\"2.0\",\"id\":987654,\"result\":{}}\n\n",
        "id: 5\nretry: 100\n\n",
    ] {
        server.push(noise);
        client.ping().unwrap_or_else(|failure| panic!("{noise:?}: {failure:?}"));
    }
    assert_eq!(server.named("GET").len(), 1);
}

fn answers_before_the_post_is_accepted<D: Driver>() {
    let server = Server::start(sse());
    server.on("ping", |request: &Request, connection: &mut Connection| {
        say(request, connection, &sse_answer(request))?;
        connection.wait(Duration::from_millis(30))?;
        connection.send(&Answer::status(202))
    });
    let client: D = sse_client(&server);
    client.ping().unwrap();
    client.ping().unwrap();
}

/// Sixteen calls at once, answered last come, first served; half of them with an error.
fn answers_in_any_order_to_many_threads<D: Driver>() {
    const CALLS: usize = 16;
    let server = Server::start(sse());
    let waiting: Mutex<Vec<Request>> = Mutex::default();
    server.on("ping", move |request: &Request, connection: &mut Connection| {
        connection.send(&Answer::status(202))?;
        let mut waiting = waiting.lock().unwrap();
        waiting.push(request.clone());
        if waiting.len() < CALLS {
            return Ok(());
        }
        for (number, request) in waiting.drain(..).rev().enumerate() {
            let answer = match number % 2 {
                0 => sse_answer(&request),
                _ => json!({"jsonrpc": "2.0", "id": request.id(), "error": {"code": -5, "message": "odd"}}),
            };
            say(&request, connection, &answer)?;
        }
        Ok(())
    });
    let client: D = sse_client(&server);
    client.connect().unwrap();
    for _ in 0..3 {
        let outcomes: Vec<Outcome> = thread::scope(|scope| {
            let threads: Vec<_> = (0..CALLS).map(|_| scope.spawn(|| client.ping())).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let (good, bad): (Vec<Outcome>, Vec<Outcome>) = outcomes.into_iter().partition(Result::is_ok);
        assert_eq!((good.len(), bad.len()), (CALLS / 2, CALLS / 2), "{bad:?}");
        bad.into_iter().for_each(|outcome| assert_eq!(fails(outcome, Status::Rpc).rpc_code, -5));
    }
    assert_eq!(server.named("GET").len(), 1);
}

fn any_success_accepts_a_post<D: Driver>() {
    for answer in [Answer::status(200), Answer::status(204), Answer::json("{}"), Answer::text(202, "text/plain", "OK")]
    {
        let server = Server::start(sse());
        server.on("ping", move |request: &Request, connection: &mut Connection| {
            connection.send(&answer)?;
            say(request, connection, &sse_answer(request))
        });
        let client: D = sse_client(&server);
        client.ping().unwrap();
        client.ping().unwrap();
    }
}

fn a_post_that_is_refused<D: Driver>() {
    let refusals = [(401, Status::Unauthorized), (403, Status::Forbidden), (400, Status::Http), (500, Status::Http)];
    for (status, expected) in refusals {
        let server = Server::start(sse());
        let client: D = sse_client(&server);
        client.ping().unwrap();
        server.once("ping", Answer::text(status, "text/plain", "not today"));
        let failure = fails(client.ping(), expected);
        assert_eq!(failure.http_status, i32::from(status));
        assert!(failure.message.contains("not today"), "{}", failure.message);
        client.ping().unwrap();
    }
}

/// A server that has lost its first session, and whose stream of it stays open.
fn that_loses_its_first_session(lost: Answer) -> Server {
    let inner = sse();
    Server::start(move |request: &Request, connection: &mut Connection| {
        let is_first = request.method == "POST" && session(request) == Some("s0");
        match request.header("X-Restarted") {
            Some(_) if is_first => connection.send(&lost),
            _ => inner.handle(request, connection),
        }
    })
}

fn a_lost_session_is_recognised_whatever_the_server_says<D: Driver>() {
    for lost in [Answer::text(400, "text/plain", "No transport found for sessionId"), Answer::status(404)] {
        let server = that_loses_its_first_session(lost);
        let client: D = sse_client(&server);
        client.ping().unwrap();
        client.set_header("X-Restarted", Some("yes")).unwrap();
        client.ping().unwrap();
        assert_eq!(server.named("initialize").len(), 2, "{:?}", server.names());
    }
}

fn a_lost_session_is_opened_anew_for_all_threads<D: Driver>() {
    const THREADS: usize = 8;
    let server = that_loses_its_first_session(Answer::status(404));
    // One ping is lost without a word, and waits for its response when another one finds the session gone.
    let client: D = sse_client(&server);
    client.ping().unwrap();
    server.times(THREADS - 1, "ping", Answer::status(202));
    std::thread::scope(|scope| {
        let waiting: Vec<_> = (1..THREADS).map(|_| scope.spawn(|| client.ping())).collect();
        until("the pings that wait", || server.named("ping").len() == THREADS);
        client.set_header("X-Restarted", Some("yes")).unwrap();
        client.ping().unwrap();
        for ping in waiting {
            ping.join().unwrap().unwrap();
        }
    });
    assert_eq!(server.named("initialize").len(), 2);
}

fn a_message_that_is_not_json_rpc_is_ignored<D: Driver>() {
    let server = Server::start(sse());
    let client: D = sse_client(&server);
    client.ping().unwrap();
    server.push("data: {\"hello\":\"keepalive\"}\n\ndata: not JSON\n\n");
    client.ping().unwrap();
    client.set_timeout(Duration::from_millis(500));
    server.once("ping", |request: &Request, connection: &mut Connection| {
        connection.send(&Answer::status(202))?;
        say(request, connection, &json!({"hello": "keepalive"}))
    });
    let failure = fails(client.ping(), Status::Timeout);
    assert!(failure.message.contains("ignored") && failure.message.contains("keepalive"), "{failure:?}");
    client.set_timeout(stretched(Duration::from_secs(5)));
    client.ping().unwrap();
    assert_eq!(server.named("initialize").len(), 1);
}

fn a_ping_of_the_server<D: Driver>() {
    let server = Server::start(sse());
    let client: D = sse_client(&server);
    client.connect().unwrap();
    server.push("event: message\ndata: {\"jsonrpc\":\"2.0\",\"id\":\"srv-1\",\"method\":\"ping\"}\n\n");
    assert!(server.saw(|request| request.name() == "response"), "no response to the server's ping");
    let response = server.named("response").remove(0);
    assert_eq!(response.message, json!({"jsonrpc": "2.0", "id": "srv-1", "result": {}}));
    assert_eq!(session(&response), Some("s0"));
    client.ping().unwrap();
}

/// A server that could not read a request does not know its id.
fn an_error_without_an_id<D: Driver>() {
    let server = Server::start(sse());
    let client: D = sse_client(&server);
    client.connect().unwrap();
    server.on("ping", |request: &Request, connection: &mut Connection| {
        connection.send(&Answer::status(202))?;
        let error = json!({"code": -32700, "message": "what was that?"});
        say(request, connection, &json!({"jsonrpc": "2.0", "id": null, "error": error}))
    });
    let failure = fails(client.ping(), Status::Rpc);
    assert_eq!((failure.rpc_code, failure.message.contains("what was that?")), (-32700, true), "{failure:?}");
}

fn a_stream_that_ended_while_idle<D: Driver>() {
    for end in [Server::hang_up, Server::reset_all] {
        let server = Server::start(sse());
        let client: D = sse_client(&server);
        client.ping().unwrap();
        end(&server);
        client.ping().unwrap();
        assert_eq!(server.named("GET").len(), 2);
        assert_eq!(server.named("ping").last().and_then(session), Some("s1"));
    }
}

fn newer_revisions_are_taken_at_the_servers_word<D: Driver>() {
    for version in ["2025-03-26", "2025-06-18", "2025-11-25"] {
        let server = Server::start(sse());
        server.on("initialize", move |request: &Request, connection: &mut Connection| {
            connection.send(&Answer::status(202))?;
            let answer = json!({"jsonrpc": "2.0", "id": request.id(), "result": initialize_result(version)});
            say(request, connection, &answer)
        });
        let client: D = sse_client(&server);
        client.ping().unwrap();
        assert_eq!(client.protocol_version().as_deref(), Some(version));
    }
}

fn close_ends_the_stream_and_the_next_call_opens_another<D: Driver>() {
    let server = Server::start(sse());
    let client: D = sse_client(&server);
    client.close();
    client.ping().unwrap();
    let (time, ()) = timed(|| client.close());
    assert!(time < stretched(Duration::from_secs(1)), "{time:?}");
    assert_eq!(client.transport_in_use(), TransportKind::Auto);
    client.ping().unwrap();
    assert_eq!(server.named("GET").len(), 2);
    assert!(server.named("DELETE").is_empty());
    let (time, ()) = timed(|| drop(client));
    assert!(time < stretched(Duration::from_secs(1)), "{time:?}");
}

fn pings_reuse_the_connection_of_their_posts<D: Driver>() {
    let server = Server::start(sse());
    let client: D = sse_client(&server);
    (0..50).for_each(|_| client.ping().unwrap());
    assert!(server.connections() <= 3, "{} connections", server.connections());
}

fn a_login_page_is_told_at_once<D: Driver>() {
    for name in ["initialize", "ping"] {
        let server = Server::start(sse());
        let client: D = sse_client(&server);
        client.set_timeout(Duration::from_secs(60));
        server.on(name, Answer::text(200, "text/html; charset=utf-8", "<h1>Log in</h1>"));
        let (time, outcome) = timed(|| client.ping());
        let failure = fails(outcome, Status::Protocol);
        assert!(failure.message.contains("a web page (HTTP 200)"), "{name}: {}", failure.message);
        assert!(time < stretched(Duration::from_secs(5)), "{name}: {time:?}");
        server.heal();
        client.ping().unwrap();
    }
}

/// The server answers `initialize` only when it has the response to a request of its own.
fn a_callback_cannot_call_while_its_client_connects<D: Driver>() {
    let server = Server::start(sse());
    let initialize: Arc<Mutex<Option<Request>>> = Arc::default();
    let kept = initialize.clone();
    server.on("initialize", move |request: &Request, connection: &mut Connection| {
        *kept.lock().unwrap() = Some(request.clone());
        connection.send(&Answer::status(202))?;
        say(request, connection, &json!({"jsonrpc": "2.0", "id": "roots", "method": "roots/list"}))
    });
    server.on("response", move |_: &Request, connection: &mut Connection| {
        connection.send(&Answer::status(202))?;
        let initialize = initialize.lock().unwrap().take().unwrap();
        say(&initialize, connection, &sse_answer(&initialize))
    });
    let client: Arc<D> = Arc::new(sse_client(&server));
    client.set_timeout(Duration::from_secs(60));
    let statuses: Arc<Mutex<Vec<i32>>> = Arc::default();
    let (caller, seen) = (Arc::downgrade(&client), statuses.clone());
    let answer = move |_: &str, _: &serde_json::Value, reply: &mut dyn Replies| {
        let outcome = caller.upgrade().unwrap().ping();
        seen.lock().unwrap().push(outcome.map_or_else(|failure| failure.status, |()| 0));
        reply.result(r#"{"roots": []}"#).unwrap();
    };
    client.on_request("roots/list", Some(Box::new(answer))).unwrap();
    let (time, outcome) = timed(|| client.ping());
    outcome.unwrap();
    assert!(time < stretched(Duration::from_secs(10)), "{time:?}");
    assert_eq!(*statuses.lock().unwrap(), [Status::InvalidState as i32]);
}
