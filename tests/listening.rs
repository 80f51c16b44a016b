//! The stream of notifications outside any call, with servers that hold to the rules of theirs.

#[allow(unused_macros)]
mod support;

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mcpclient::Client;
use support::mcp::{LEGACY, legacy};
use support::{Answer, Connection, Request, Server, event};

const CHANGED: &str = "notifications/tools/list_changed";

fn client(server: &Server) -> Client {
    let client = Client::new(&server.url("/mcp")).unwrap();
    client.set_proxy(Some("")).unwrap();
    client.set_timeout(Some(Duration::from_secs(5)));
    client.set_protocol_version(Some(LEGACY)).unwrap();
    client
}

/// Hears of every notification, by its method.
fn heard(client: &Client) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    let sender = Mutex::new(sender);
    let tell = move |method: &str, _: &mcpclient::Value| drop(sender.lock().unwrap().send(method.to_owned()));
    client.on_notification(None, Some(Arc::new(tell))).unwrap();
    receiver
}

fn next(heard: &Receiver<String>) -> String {
    heard.recv_timeout(Duration::from_secs(5)).expect("a notification")
}

fn notification(method: &str) -> String {
    event(&format!(r#"{{"jsonrpc":"2.0","method":"{method}"}}"#))
}

/// Begins a stream with these events, and leaves it open.
fn stream(connection: &mut Connection, events: &str) -> io::Result<()> {
    connection.begin_events()?;
    connection.chunk(events)?;
    connection.hold()
}

/// How real servers refuse a second stream.
fn conflict() -> Answer {
    let message = "Conflict: Only one SSE stream is allowed per session";
    let body = format!(r#"{{"jsonrpc":"2.0","error":{{"code":-32000,"message":"{message}"}},"id":null}}"#);
    Answer::text(409, "application/json", body)
}

#[test]
fn a_session_has_one_stream() {
    let server = Server::start(legacy(LEGACY));
    let open = AtomicUsize::new(0);
    server.on("GET", move |_: &Request, connection: &mut Connection| {
        if open.fetch_add(1, Ordering::SeqCst) > 0 {
            return connection.send(&conflict());
        }
        stream(connection, &notification(CHANGED))
    });
    let client = client(&server);
    let heard = heard(&client);
    client.ping().unwrap(); // the handler alone has the stream opened
    client.listen(None).unwrap();
    client.listen(Some("{}")).unwrap();
    assert_eq!(next(&heard), CHANGED);
    assert_eq!(server.named("GET").len(), 1);
}

#[test]
fn what_is_subscribed_to_can_change_on_the_same_stream() {
    let server = Server::start(legacy(LEGACY));
    let capabilities = serde_json::json!({"resources": {"subscribe": true}});
    server.on("initialize", move |request: &Request, connection: &mut Connection| {
        let mut result = support::mcp::initialize_result(LEGACY);
        result["capabilities"] = capabilities.clone();
        connection.send(&Answer::result(request, result))
    });
    server.on("resources/subscribe", |request: &Request, connection: &mut Connection| {
        connection.send(&Answer::result(request, serde_json::json!({})))
    });
    server.on("notifications/initialized", Answer::status(202));
    server.on("GET", |_: &Request, connection: &mut Connection| stream(connection, ": hello\n\n"));
    let client = client(&server);
    client.listen(Some(r#"{"resourceSubscriptions":["file:///a"]}"#)).unwrap();
    client.listen(Some(r#"{"resourceSubscriptions":["file:///b"]}"#)).unwrap();
    let uris: Vec<_> =
        server.named("resources/subscribe").iter().map(|request| request.message["params"]["uri"].clone()).collect();
    assert_eq!(uris, ["file:///a", "file:///b"]);
    assert_eq!(server.named("GET").len(), 1);
}

#[test]
fn a_broken_stream_goes_on_after_the_last_event() {
    let server = Server::start(legacy(LEGACY));
    server.once("GET", |_: &Request, connection: &mut Connection| {
        connection.begin_events()?;
        connection.chunk(format!("id: 41\nretry: 10\n{}", notification("notifications/one")))?;
        connection.end_chunks()
    });
    server.once("GET", Answer::status(400)); // it does not know the event
    server
        .once("GET", |_: &Request, connection: &mut Connection| stream(connection, &notification("notifications/two")));
    let client = client(&server);
    let heard = heard(&client);
    client.listen(None).unwrap();
    assert_eq!([next(&heard), next(&heard)], ["notifications/one", "notifications/two"]);
    let positions: Vec<_> =
        server.named("GET").iter().map(|request| request.header("Last-Event-ID").map(str::to_owned)).collect();
    assert_eq!(positions, [None, Some("41".to_owned()), None]);
}

#[test]
fn another_stream_can_be_opened_once_nobody_listens() {
    let server = Server::start(legacy(LEGACY));
    server.once("GET", |_: &Request, connection: &mut Connection| stream(connection, ": hello\n\n"));
    let client = client(&server);
    client.listen(None).unwrap();
    client.stop_listening();
    // The server has not noticed yet.
    server.times(2, "GET", conflict());
    server.once("GET", |_: &Request, connection: &mut Connection| stream(connection, ": hello\n\n"));
    client.listen(None).unwrap();
    assert_eq!(server.named("GET").len(), 4);
}

#[test]
fn over_http_sse_a_new_stream_takes_the_place_of_a_broken_one() {
    let server = Server::start(support::mcp::sse());
    let client = Client::new(&server.url("/sse")).unwrap();
    client.set_proxy(Some("")).unwrap();
    let heard = heard(&client);
    client.listen(None).unwrap();
    server.push(&notification("notifications/one"));
    assert_eq!(next(&heard), "notifications/one");
    server.hang_up();
    // Nobody calls the client meanwhile.
    assert!(server.saw(|request| request.name() == "notifications/initialized" && request.target.contains("s1")));
    server.push(&notification("notifications/two"));
    assert_eq!(next(&heard), "notifications/two");
    client.stop_listening();
    client.ping().unwrap();
    assert_eq!(server.named("GET").len(), 2);
}
