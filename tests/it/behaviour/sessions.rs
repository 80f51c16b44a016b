//! Sessions of the Streamable HTTP transport.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use mcpclient::Status;

use crate::support::mcp::{LEGACY, legacy, modern};
use crate::support::*;

cases!(
    the_session_goes_with_every_request,
    servers_without_sessions,
    a_dropped_session_is_opened_anew,
    a_session_that_is_dropped_again_and_again,
    a_lost_session_is_recognised_whatever_the_server_says,
    a_tool_is_not_called_twice_because_of_a_lost_session,
    a_refused_request_on_a_living_session_is_an_error,
    a_404_of_a_modern_server_is_no_dropped_session,
    close_ends_the_session_with_the_credentials,
    free_ends_the_session,
    a_server_that_does_not_end_sessions,
    close_and_free_never_wait_long,
    close_without_a_connection_does_nothing,
    closing_asks_nobody_for_a_token,
    a_refusal_of_every_ping_makes_one_new_session,
    a_failed_handshake_leaves_no_session,
);

const DROPPED: [fn(&Request) -> Answer; 3] = [
    |_| Answer::status(404),
    |request| Answer::error(request, 404, -32600, "Session not found"),
    |_| Answer::text(404, "text/html", "<html>gone</html>"),
];

fn the_session_goes_with_every_request<D: Driver>() {
    let server = Server::start(legacy(LEGACY));
    let client: D = client(&server);
    client.ping().unwrap();
    client.ping().unwrap();
    client.close();
    let (before, after): (Vec<_>, Vec<_>) =
        server.requests().into_iter().partition(|request| request.header("Mcp-Session-Id").is_none());
    assert_eq!(before.iter().map(Request::name).collect::<Vec<_>>(), ["server/discover", "initialize"]);
    assert_eq!(
        after.iter().map(Request::name).collect::<Vec<_>>(),
        ["notifications/initialized", "ping", "ping", "DELETE"]
    );
    assert!(after.iter().all(|request| request.header("Mcp-Session-Id") == Some("session-0")));
}

fn servers_without_sessions<D: Driver>() {
    let servers = [Server::start(legacy(LEGACY).without_sessions()), Server::start(modern())];
    for server in servers {
        let client: D = client(&server);
        client.ping().unwrap();
        client.ping().unwrap();
        drop(client);
        assert!(server.requests().iter().all(|request| request.header("Mcp-Session-Id").is_none()));
        assert!(server.named("DELETE").is_empty());
    }
}

fn a_dropped_session_is_opened_anew<D: Driver>() {
    for dropped in DROPPED {
        let server = Server::start(legacy(LEGACY));
        let client: D = client(&server);
        client.ping().unwrap();
        server.once("ping", move |request: &Request, connection: &mut Connection| connection.send(&dropped(request)));
        client.ping().unwrap();
        let names = server.names();
        let again: Vec<_> = names.iter().skip(5).filter(|name| *name != "server/discover").collect();
        assert_eq!(again, ["initialize", "notifications/initialized", "ping"], "{names:?}");
        assert_eq!(server.named("initialize")[1].header("Mcp-Session-Id"), None);
        assert_eq!(server.named("ping")[2].header("Mcp-Session-Id"), Some("session-1"));
        client.ping().unwrap();
        assert_eq!(server.named("initialize").len(), 2);
    }
}

fn a_session_that_is_dropped_again_and_again<D: Driver>() {
    let server = Server::start(legacy(LEGACY));
    let client: D = client(&server);
    client.ping().unwrap();
    server.on("ping", Answer::status(404));
    assert_eq!(fails(client.ping(), Status::Http).http_status, 404);
    assert_eq!(server.named("ping").len(), 5, "{:?}", server.names());
    assert_eq!(server.named("initialize").len(), 4, "a call makes three new sessions at most");
    server.heal();
    client.ping().unwrap();
}

/// Refusals of a server that has lost its sessions, such as the TypeScript SDK after a restart.
const LOST: [fn(&Request) -> Answer; 6] = [
    |request| Answer::error(request, 400, -32000, "Bad Request: Server not initialized"),
    |request| Answer::error(request, 400, -32602, "Invalid request parameters"),
    |request| Answer::error(request, 400, -32001, "unknown"),
    |_| Answer::text(410, "text/plain", "gone"),
    |_| Answer::text(422, "text/plain", "unexpected message, expect initialize request"),
    |_| Answer::text(401, "text/plain", "the session has expired"),
];

/// A server that answers every request of its first session with that, and has no sessions from before.
fn that_loses_its_first_session(lost: fn(&Request) -> Answer) -> Server {
    let inner = legacy(LEGACY);
    Server::start(move |request: &Request, connection: &mut Connection| {
        let restarted = request.header("X-Restarted").is_some();
        match request.header("Mcp-Session-Id") {
            Some("session-0") if restarted => connection.send(&lost(request)),
            _ => inner.handle(request, connection),
        }
    })
}

fn a_lost_session_is_recognised_whatever_the_server_says<D: Driver>() {
    for (number, lost) in LOST.into_iter().enumerate() {
        let server = that_loses_its_first_session(lost);
        let client: D = client(&server);
        client.ping().unwrap();
        client.set_header("X-Restarted", Some("yes")).unwrap();
        client.ping().unwrap_or_else(|failure| panic!("{number}: {failure:?}"));
        client.ping().unwrap();
        assert_eq!(server.named("initialize").len(), 2, "{number}: {:?}", server.names());
    }
}

fn a_tool_is_not_called_twice_because_of_a_lost_session<D: Driver>() {
    let charged: fn(&Request) -> Answer =
        |request| Answer::error(request, 400, -32000, "charged, but the payment session could not be archived");
    let server = that_loses_its_first_session(charged);
    let client: D = client(&server);
    client.ping().unwrap();
    client.set_header("X-Restarted", Some("yes")).unwrap();
    assert_eq!(fails(client.call_tool("pay"), Status::Rpc).rpc_code, -32000);
    assert_eq!(server.named("tools/call").len(), 1);
    client.call_tool("pay").unwrap();
    assert_eq!(server.named("tools/call").len(), 2);
    assert_eq!(server.named("initialize").len(), 2, "the session was renewed");
}

fn a_refused_request_on_a_living_session_is_an_error<D: Driver>() {
    let server = Server::start(legacy(LEGACY));
    let client: D = client(&server);
    client.ping().unwrap();
    server.on("resources/read", |request: &Request, connection: &mut Connection| {
        connection.send(&Answer::error(request, 400, -32602, "no such resource in this session"))
    });
    for _ in 0..3 {
        assert_eq!(fails(client.request("resources/read", Some(r#"{"uri":"x:y"}"#)), Status::Rpc).rpc_code, -32602);
    }
    assert_eq!(server.named("initialize").len(), 1, "{:?}", server.names());
    assert_eq!(server.named("resources/read").len(), 3);
}

fn a_404_of_a_modern_server_is_no_dropped_session<D: Driver>() {
    let server = Server::start(modern());
    let client: D = client(&server);
    client.ping().unwrap();
    server.on("server/discover", |request: &Request, connection: &mut Connection| {
        connection.send(&Answer::error(request, 404, -32601, "Method not found"))
    });
    assert_eq!(fails(client.ping(), Status::Rpc).rpc_code, -32601);
    assert_eq!(server.names(), ["server/discover", "server/discover"]);
    server.heal();
    client.ping().unwrap();
}

fn close_ends_the_session_with_the_credentials<D: Driver>() {
    let server = Server::start(mcp::require_bearer("tok", mcp::require_header("X-API-Key", "k1", legacy(LEGACY))));
    let client: D = client(&server);
    client.set_bearer_token(Some("tok")).unwrap();
    client.set_header("X-API-Key", Some("k1")).unwrap();
    client.ping().unwrap();
    client.close();
    client.close();
    let deletes = server.named("DELETE");
    assert_eq!(deletes.len(), 1);
    assert_eq!(deletes[0].target, "/mcp");
    assert_eq!(deletes[0].header("Authorization"), Some("Bearer tok"));
    assert_eq!(deletes[0].header("X-API-Key"), Some("k1"));
    assert_eq!(deletes[0].header("Mcp-Session-Id"), Some("session-0"));
    assert_eq!(deletes[0].header("Mcp-Protocol-Version"), Some(LEGACY));
    assert_eq!(deletes[0].body, b"");
    client.ping().unwrap();
    assert_eq!(server.named("ping")[1].header("Mcp-Session-Id"), Some("session-1"));
}

fn free_ends_the_session<D: Driver>() {
    let server = Server::start(legacy(LEGACY));
    let client: D = client(&server);
    client.ping().unwrap();
    drop(client);
    assert_eq!(server.named("DELETE").len(), 1);
}

fn a_server_that_does_not_end_sessions<D: Driver>() {
    for answer in [Answer::status(405), Answer::status(404), Answer::status(500), mcp::unauthorized()] {
        let server = Server::start(legacy(LEGACY));
        server.on("DELETE", answer);
        let client: D = client(&server);
        client.ping().unwrap();
        client.close();
        client.ping().unwrap();
        drop(client);
        assert_eq!(server.named("DELETE").len(), 2);
    }
}

fn close_and_free_never_wait_long<D: Driver>() {
    for fault in [Fault::Silence, Fault::SilenceInHead, Fault::SilenceInBody, Fault::TrickledBody] {
        let server = Server::start(legacy(LEGACY));
        server.on("DELETE", fault);
        let client: D = client(&server);
        client.ping().unwrap();
        let (time, ()) = timed(|| client.close());
        assert!(time < stretched(Duration::from_millis(1300)), "close, {fault:?}: {time:?}");
        client.ping().unwrap();
        let (time, ()) = timed(|| drop(client));
        assert!(time < stretched(Duration::from_millis(1300)), "free, {fault:?}: {time:?}");
    }
}

fn close_without_a_connection_does_nothing<D: Driver>() {
    let server = Server::start(legacy(LEGACY));
    let client: D = client(&server);
    client.close();
    client.cancel();
    drop(client);
    assert_eq!(server.connections(), 0);
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
    assert!(time < stretched(Duration::from_millis(1300)), "{time:?}");
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    assert_eq!(server.named("DELETE").len(), 1);
    assert_eq!(server.named("DELETE")[0].header("Authorization"), Some("Bearer tok"));
}

fn a_refusal_of_every_ping_makes_one_new_session<D: Driver>() {
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
    // A server that refuses every ping looks like one that has lost the session: one new session tells.
    assert_eq!(server.named("initialize").len(), 3, "{:?}", server.names());
    // A session that is really lost refuses every request.
    server.heal();
    server.times(2, "ping", Answer::text(400, "text/plain", "Bad Request: Invalid session ID"));
    client.ping().unwrap();
    assert_eq!(server.named("initialize").len(), 4);
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
