//! The stream of notifications outside any call, with servers that hold to the rules of theirs.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use mcpclient::Status;

use crate::support::mcp::{LEGACY, MODERN, legacy, modern};
use crate::support::*;

cases!(
    a_session_has_one_stream,
    what_is_subscribed_to_can_change_on_the_same_stream,
    a_broken_stream_goes_on_after_the_last_event,
    another_stream_can_be_opened_once_nobody_listens,
    over_http_sse_a_new_stream_takes_the_place_of_a_broken_one,
    a_stream_that_handlers_did_not_get_is_none_to_listen_to,
    the_stream_of_handlers_comes_once_the_server_has_recovered,
    waiting_for_the_stream_of_handlers_can_be_cancelled,
    a_stream_that_opens_while_the_client_is_closed_does_not_connect_again,
    the_stream_of_handlers_stays_when_nobody_listens_any_more,
    what_is_no_longer_listened_to_is_unsubscribed,
    a_stream_that_is_opened_again_is_not_subscribed_again,
    a_stream_that_brings_nothing_does_not_lose_the_place,
    a_response_that_is_not_taken_holds_the_stream_no_longer_than_a_call,
    a_subscription_begins_with_its_acknowledgment,
    the_acknowledgment_is_no_notification,
    a_server_without_subscriptions_is_named,
    a_stream_that_a_proxy_cuts_is_opened_again_at_once,
    over_http_sse_a_ping_is_answered_while_a_callback_runs,
    freeing_a_client_waits_for_its_callbacks_and_frees_its_handlers,
    no_callback_begins_once_the_client_is_closed,
    over_http_sse_a_callback_may_call_a_tool_that_asks,
    a_server_that_answers_get_with_its_first_event_is_listened_to,
    a_notification_handler_does_not_delay_the_first_call,
);

const CHANGED: &str = "notifications/tools/list_changed";

fn client<D: Driver>(server: &Server) -> D {
    let client: D = client_at(&server.url("/mcp"));
    client.set_protocol_version(Some(LEGACY)).unwrap();
    client
}

/// Receives the method of every notification.
fn heard<D: Driver>(client: &D) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    let sender = Mutex::new(sender);
    let tell: OnNotification = Box::new(move |method, _| drop(sender.lock().unwrap().send(method.to_owned())));
    client.on_notification(None, Some(tell)).unwrap();
    receiver
}

fn next(heard: &Receiver<String>) -> String {
    heard.recv_timeout(stretched(Duration::from_secs(5))).expect("a notification")
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

fn a_session_has_one_stream<D: Driver>() {
    let server = Server::start(legacy(LEGACY));
    let open = AtomicUsize::new(0);
    server.on("GET", move |_: &Request, connection: &mut Connection| {
        if open.fetch_add(1, Ordering::SeqCst) > 0 {
            return connection.send(&conflict());
        }
        stream(connection, &notification(CHANGED))
    });
    let client: D = client(&server);
    let heard = heard(&client);
    client.ping().unwrap(); // the handler alone has the stream opened
    client.listen(None).unwrap();
    client.listen(Some("{}")).unwrap();
    assert_eq!(next(&heard), CHANGED);
    assert_eq!(server.named("GET").len(), 1);
}

fn what_is_subscribed_to_can_change_on_the_same_stream<D: Driver>() {
    let server = Server::start(legacy(LEGACY));
    let capabilities = serde_json::json!({"resources": {"subscribe": true}});
    server.on("initialize", move |request: &Request, connection: &mut Connection| {
        let mut result = crate::support::mcp::initialize_result(LEGACY);
        result["capabilities"] = capabilities.clone();
        connection.send(&Answer::result(request, result))
    });
    server.on("resources/subscribe", |request: &Request, connection: &mut Connection| {
        connection.send(&Answer::result(request, serde_json::json!({})))
    });
    server.on("notifications/initialized", Answer::status(202));
    server.on("GET", |_: &Request, connection: &mut Connection| stream(connection, ": hello\n\n"));
    let client: D = client(&server);
    client.listen(Some(r#"{"resourceSubscriptions":["file:///a"]}"#)).unwrap();
    client.listen(Some(r#"{"resourceSubscriptions":["file:///b"]}"#)).unwrap();
    let uris: Vec<_> =
        server.named("resources/subscribe").iter().map(|request| request.message["params"]["uri"].clone()).collect();
    assert_eq!(uris, ["file:///a", "file:///b"]);
    assert_eq!(server.named("GET").len(), 1);
}

fn a_broken_stream_goes_on_after_the_last_event<D: Driver>() {
    let server = Server::start(legacy(LEGACY));
    server.once("GET", |_: &Request, connection: &mut Connection| {
        connection.begin_events()?;
        connection.chunk(format!("id: 41\nretry: 10\n{}", notification("notifications/one")))?;
        connection.end_chunks()
    });
    server.once("GET", Answer::status(400)); // it does not know the event
    server
        .once("GET", |_: &Request, connection: &mut Connection| stream(connection, &notification("notifications/two")));
    let client: D = client(&server);
    let heard = heard(&client);
    client.listen(None).unwrap();
    assert_eq!([next(&heard), next(&heard)], ["notifications/one", "notifications/two"]);
    let positions: Vec<_> =
        server.named("GET").iter().map(|request| request.header("Last-Event-ID").map(str::to_owned)).collect();
    assert_eq!(positions, [None, Some("41".to_owned()), None]);
}

fn another_stream_can_be_opened_once_nobody_listens<D: Driver>() {
    let server = Server::start(legacy(LEGACY));
    server.once("GET", |_: &Request, connection: &mut Connection| stream(connection, ": hello\n\n"));
    let client: D = client(&server);
    client.listen(None).unwrap();
    client.stop_listening();
    // The server has not noticed yet.
    server.times(2, "GET", conflict());
    server.once("GET", |_: &Request, connection: &mut Connection| stream(connection, ": hello\n\n"));
    client.listen(None).unwrap();
    assert_eq!(server.named("GET").len(), 4);
}

fn over_http_sse_a_new_stream_takes_the_place_of_a_broken_one<D: Driver>() {
    let server = Server::start(crate::support::mcp::sse());
    let client: D = client_at(&server.url("/sse"));
    let heard = heard(&client);
    client.listen(None).unwrap();
    server.push(&notification("notifications/one"));
    assert_eq!(next(&heard), "notifications/one");
    server.hang_up();
    // No call is made meanwhile.
    assert!(server.saw(|request| request.name() == "notifications/initialized" && request.target.contains("s1")));
    server.push(&notification("notifications/two"));
    assert_eq!(next(&heard), "notifications/two");
    // One more when the first of the new streams met the end of the old connections.
    let streams = server.named("GET").len();
    client.stop_listening();
    client.ping().unwrap();
    assert_eq!(server.named("GET").len(), streams);
}

const EVENTS: &str = ": hello\n\n";

/// A client that speaks to a server of 2026-07-28.
fn modern_client<D: Driver>(server: &Server) -> D {
    let client: D = client(server);
    client.set_protocol_version(Some(MODERN)).unwrap();
    client
}

/// A session in which resources can be subscribed to, with a stream for each GET that stays open.
fn subscribable() -> Server {
    let server = Server::start(legacy(LEGACY).without_sessions());
    let session = |request: &Request, connection: &mut Connection| {
        let mut result = crate::support::mcp::initialize_result(LEGACY);
        result["capabilities"] = serde_json::json!({"resources": {"subscribe": true}});
        connection.send(&Answer::result(request, result))
    };
    let empty = |request: &Request, connection: &mut Connection| {
        connection.send(&Answer::result(request, serde_json::json!({})))
    };
    server.on("initialize", session);
    for method in ["resources/subscribe", "resources/unsubscribe", "ping"] {
        server.on(method, empty);
    }
    server.on("notifications/initialized", Answer::status(202));
    server
}

fn uris(server: &Server, method: &str) -> Vec<String> {
    let uri = |request: &Request| request.message["params"]["uri"].as_str().unwrap_or_default().to_owned();
    server.named(method).iter().map(uri).collect()
}

fn a_stream_that_handlers_did_not_get_is_none_to_listen_to<D: Driver>() {
    let server = Server::start(legacy(LEGACY)); // answers GET with 405
    let client: D = client(&server);
    let _heard = heard(&client);
    client.ping().unwrap();
    until("the stream is asked for", || !server.named("GET").is_empty());
    fails(client.listen(None), Status::Unsupported);
    let asked = server.named("GET").len();
    client.ping().unwrap();
    client.ping().unwrap();
    assert_eq!(server.named("GET").len(), asked, "once the server has refused, it is not asked again");
}

fn the_stream_of_handlers_comes_once_the_server_has_recovered<D: Driver>() {
    let server = Server::start(legacy(LEGACY));
    server.once("GET", Answer::status(503));
    server.once("GET", |_: &Request, connection: &mut Connection| stream(connection, &notification(CHANGED)));
    let client: D = client(&server);
    let heard = heard(&client);
    client.ping().unwrap();
    assert_eq!(next(&heard), CHANGED);
}

fn waiting_for_the_stream_of_handlers_can_be_cancelled<D: Driver>() {
    let server = Server::start(legacy(LEGACY));
    server.on("GET", |_: &Request, connection: &mut Connection| connection.hold());
    let client: D = client(&server);
    client.on_request("x/never", Some(Box::new(|_, _, _| {}))).unwrap();
    std::thread::scope(|scope| {
        let call = scope.spawn(|| client.ping());
        assert!(server.saw(|request| request.name() == "GET"));
        let start = Instant::now();
        client.cancel();
        fails(call.join().unwrap(), Status::Cancelled);
        assert!(start.elapsed() < stretched(Duration::from_millis(150)), "{:?}", start.elapsed());
    });
}

fn a_stream_that_opens_while_the_client_is_closed_does_not_connect_again<D: Driver>() {
    let server = Server::start(legacy(LEGACY));
    server.on("GET", |_: &Request, connection: &mut Connection| {
        connection.wait(Duration::from_millis(100))?;
        connection.begin_events()?;
        connection.end_chunks()
    });
    let client: D = client(&server);
    let _heard = heard(&client);
    std::thread::scope(|scope| {
        let call = scope.spawn(|| client.ping());
        assert!(server.saw(|request| request.name() == "GET"));
        client.close();
        let _ = call.join().unwrap();
    });
    client.close();
    server.forget();
    std::thread::sleep(Duration::from_millis(1500));
    assert_eq!(server.names(), [""; 0]);
}

fn the_stream_of_handlers_stays_when_nobody_listens_any_more<D: Driver>() {
    let server = subscribable();
    server.on("GET", |_: &Request, connection: &mut Connection| {
        connection.begin_events()?;
        connection.wait_for(|request| request.name() == "resources/unsubscribe")?;
        connection.chunk(notification(CHANGED))?;
        connection.hold()
    });
    let client: D = client(&server);
    let heard = heard(&client);
    client.ping().unwrap();
    client.listen(Some(r#"{"resourceSubscriptions":["file:///a"]}"#)).unwrap();
    client.stop_listening();
    assert_eq!(next(&heard), CHANGED);
    assert_eq!(server.named("GET").len(), 1);
}

fn what_is_no_longer_listened_to_is_unsubscribed<D: Driver>() {
    let server = subscribable();
    server.on("GET", |_: &Request, connection: &mut Connection| stream(connection, EVENTS));
    let client: D = client(&server);
    client.listen(Some(r#"{"resourceSubscriptions":["file:///a","file:///b"]}"#)).unwrap();
    client.listen(Some(r#"{"resourceSubscriptions":["file:///b"]}"#)).unwrap();
    assert_eq!(uris(&server, "resources/unsubscribe"), ["file:///a"]);
    client.stop_listening();
    // What is subscribed to right after is not undone.
    client.listen(Some(r#"{"resourceSubscriptions":["file:///b"]}"#)).unwrap();
    assert_eq!(uris(&server, "resources/unsubscribe"), ["file:///a", "file:///b"]);
    let methods: Vec<_> = server.names().into_iter().filter(|name| name.starts_with("resources/")).collect();
    assert_eq!(methods.last().unwrap(), "resources/subscribe");
}

fn a_stream_that_is_opened_again_is_not_subscribed_again<D: Driver>() {
    let server = subscribable();
    server.once("GET", |_: &Request, connection: &mut Connection| {
        connection.begin_events()?;
        connection.chunk(format!("retry: 100\n{}", notification("notifications/one")))?;
        connection.end_chunks()
    });
    server.on("GET", |_: &Request, connection: &mut Connection| stream(connection, &notification("notifications/two")));
    let client: D = client(&server);
    let heard = heard(&client);
    client.set_timeout(Duration::from_secs(2));
    client.listen(Some(r#"{"resourceSubscriptions":["file:///a"]}"#)).unwrap();
    assert_eq!([next(&heard), next(&heard)], ["notifications/one", "notifications/two"]);
    assert_eq!(uris(&server, "resources/subscribe"), ["file:///a"]);
}

fn a_stream_that_brings_nothing_does_not_lose_the_place<D: Driver>() {
    let server = Server::start(legacy(LEGACY));
    server.once("GET", |_: &Request, connection: &mut Connection| {
        connection.begin_events()?;
        connection.chunk(format!("id: 4ü1\nretry: 100\n{}", notification("notifications/one")))?;
        connection.end_chunks()
    });
    server.once("GET", |_: &Request, connection: &mut Connection| {
        connection.begin_events()?;
        connection.end_chunks()
    });
    server
        .once("GET", |_: &Request, connection: &mut Connection| stream(connection, &notification("notifications/two")));
    let client: D = client(&server);
    let heard = heard(&client);
    client.listen(None).unwrap();
    assert_eq!([next(&heard), next(&heard)], ["notifications/one", "notifications/two"]);
    let gets = server.named("GET");
    let positions: Vec<_> = gets.iter().map(|request| request.header("Last-Event-ID").is_some()).collect();
    assert_eq!(positions, [false, true, true]);
}

fn a_response_that_is_not_taken_holds_the_stream_no_longer_than_a_call<D: Driver>() {
    let server = Server::start(legacy(LEGACY));
    server.on("response", |_: &Request, connection: &mut Connection| connection.hold());
    let asking = event(r#"{"jsonrpc":"2.0","id":7,"method":"ping"}"#) + &notification(CHANGED);
    server.on("GET", move |_: &Request, connection: &mut Connection| stream(connection, &asking));
    let client: D = client(&server);
    client.set_timeout(Duration::from_millis(500));
    let heard = heard(&client);
    client.listen(None).unwrap();
    assert_eq!(next(&heard), CHANGED);
    assert_eq!(server.named("GET").len(), 1);
}

/// What a server of 2026-07-28 says first on the stream of a subscription.
fn acknowledged(agreed: &str) -> String {
    let method = "notifications/subscriptions/acknowledged";
    event(&format!(r#"{{"jsonrpc":"2.0","method":"{method}","params":{{"notifications":{agreed}}}}}"#))
}

fn a_subscription_begins_with_its_acknowledgment<D: Driver>() {
    let server = Server::start(modern());
    let filter = Some(r#"{"toolsListChanged":true,"promptsListChanged":true}"#);
    let client: D = modern_client(&server);
    for (first, expected) in [
        (acknowledged(r#"{"toolsListChanged":true}"#), None),
        (acknowledged("{}"), Some(Status::Unsupported)),
        (notification(CHANGED), Some(Status::Protocol)),
    ] {
        let said = first.clone();
        server.once("subscriptions/listen", move |_: &Request, connection: &mut Connection| stream(connection, &said));
        assert_eq!(
            client.listen(filter).err().map(|failure| failure.status),
            expected.map(|status| status as i32),
            "{first}"
        );
    }
}

fn the_acknowledgment_is_no_notification<D: Driver>() {
    let server = Server::start(modern());
    server.on("subscriptions/listen", |_: &Request, connection: &mut Connection| {
        stream(connection, &(acknowledged(r#"{"toolsListChanged":true}"#) + &notification(CHANGED)))
    });
    let client: D = modern_client(&server);
    let heard = heard(&client);
    client.listen(Some(r#"{"toolsListChanged":true}"#)).unwrap();
    assert_eq!(next(&heard), CHANGED);
}

fn a_server_without_subscriptions_is_named<D: Driver>() {
    for status in [200, 404] {
        let server = Server::start(modern());
        server.on("subscriptions/listen", move |request: &Request, connection: &mut Connection| {
            connection.send(&Answer::error(request, status, -32601, "Method not found"))
        });
        let client: D = modern_client(&server);
        let failure = fails(client.listen(Some(r#"{"toolsListChanged":true}"#)), Status::Unsupported);
        assert!(failure.message.contains("no subscriptions"), "{failure:?}");
    }
}

/// Spring, fastapi-mcp and compressing proxies send the head of the response with the first event.
fn a_server_that_answers_get_with_its_first_event_is_listened_to<D: Driver>() {
    let server = Server::start(legacy(LEGACY));
    let (release, held) = mpsc::channel::<()>();
    let held = Mutex::new(held);
    server.on("GET", move |_: &Request, connection: &mut Connection| {
        let _ = held.lock().unwrap().recv();
        stream(connection, &notification(CHANGED))
    });
    let client: D = client(&server);
    let heard = heard(&client);
    client.set_timeout(stretched(Duration::from_secs(20)));
    client.connect().unwrap();
    let (time, outcome) = timed(|| client.listen(None));
    outcome.unwrap();
    assert!(time < stretched(Duration::from_secs(4)), "{time:?}");
    client.ping().unwrap();
    release.send(()).unwrap();
    assert_eq!(next(&heard), CHANGED);
    drop(release);
}

fn a_notification_handler_does_not_delay_the_first_call<D: Driver>() {
    let server = Server::start(legacy(LEGACY));
    server.on("GET", |_: &Request, connection: &mut Connection| connection.hold());
    let plain: D = client(&server);
    let (without, ()) = timed(|| plain.ping().unwrap());
    let client: D = client(&server);
    let _heard = heard(&client);
    let (with, ()) = timed(|| client.ping().unwrap());
    assert!(with < without + stretched(Duration::from_millis(150)), "{with:?} instead of {without:?}");
    assert!(server.saw(|request| request.method == "GET"), "the stream is opened all the same");
}

/// Proxies end an idle stream after a while: it opened well, so it is opened again without a pause.
fn a_stream_that_a_proxy_cuts_is_opened_again_at_once<D: Driver>() {
    let server = Server::start(legacy(LEGACY));
    let times = Arc::new(Mutex::new(Vec::new()));
    let opened = times.clone();
    server.on("GET", move |_: &Request, connection: &mut Connection| {
        opened.lock().unwrap().push(Instant::now());
        connection.begin_events()?;
        connection.wait(Duration::from_millis(1300))?;
        connection.end_chunks()
    });
    let client: D = client(&server);
    client.listen(None).unwrap();
    until("four streams", || times.lock().unwrap().len() >= 4);
    let times = times.lock().unwrap();
    let (first, last) = (times[0], times[3]);
    assert!(last - first < stretched(Duration::from_millis(3 * 1300 + 900)), "{:?}", last - first);
}

fn over_http_sse_a_ping_is_answered_while_a_callback_runs<D: Driver>() {
    let server = Server::start(crate::support::mcp::sse());
    let client: D = client_at(&server.url("/sse"));
    let (release, held) = mpsc::channel::<()>();
    let held = Mutex::new(held);
    let hold: OnNotification = Box::new(move |_, _| {
        let _ = held.lock().unwrap().recv_timeout(stretched(Duration::from_secs(10)));
    });
    client.on_notification(None, Some(hold)).unwrap();
    client.ping().unwrap();
    server.push(&notification(CHANGED));
    server.push(&event(r#"{"jsonrpc":"2.0","id":7,"method":"ping"}"#));
    let answered = server.saw(|request| request.name() == "response");
    drop(release);
    assert!(answered);
}

fn freeing_a_client_waits_for_its_callbacks_and_frees_its_handlers<D: Driver>() {
    let server = Server::start(legacy(LEGACY));
    server.on("GET", |_: &Request, connection: &mut Connection| stream(connection, &notification(CHANGED)));
    let client: D = client(&server);
    let data = Arc::new(());
    let own = data.clone();
    client.on_request("x/never", Some(Box::new(move |_, _, _| drop(own.clone())))).unwrap();
    let (begun, began) = mpsc::channel();
    let (release, held) = mpsc::channel::<()>();
    let ends = Mutex::new((begun, held));
    let hold: OnNotification = Box::new(move |_, _| {
        let ends = ends.lock().unwrap();
        ends.0.send(()).unwrap();
        let _ = ends.1.recv_timeout(stretched(Duration::from_secs(10)));
    });
    client.on_notification(None, Some(hold)).unwrap();
    client.ping().unwrap();
    began.recv_timeout(stretched(Duration::from_secs(5))).unwrap();
    let freeing = thread::spawn(move || drop(client));
    thread::sleep(Duration::from_millis(1300)); // longer than it waits for a server
    assert!(!freeing.is_finished(), "the callback still runs");
    drop(release);
    freeing.join().unwrap();
    assert_eq!(Arc::strong_count(&data), 1);
}

fn no_callback_begins_once_the_client_is_closed<D: Driver>() {
    let server = Server::start(legacy(LEGACY));
    let one = |name: &str| format!(r#"{{"jsonrpc":"2.0","method":"notifications/{name}"}}"#);
    let batch = event(&format!("[{},{}]", one("one"), one("two")));
    server.on("GET", move |_: &Request, connection: &mut Connection| stream(connection, &batch));
    let client: Arc<D> = Arc::new(client(&server));
    let (sender, heard) = mpsc::channel();
    let ends = Mutex::new((sender, Arc::downgrade(&client)));
    let close: OnNotification = Box::new(move |method, _| {
        let ends = ends.lock().unwrap();
        ends.0.send(method.to_owned()).unwrap();
        ends.1.upgrade().unwrap().close();
    });
    client.on_notification(None, Some(close)).unwrap();
    client.ping().unwrap();
    assert_eq!(next(&heard), "notifications/one");
    assert_eq!(heard.recv_timeout(Duration::from_millis(500)), Err(mpsc::RecvTimeoutError::Timeout));
}

fn over_http_sse_a_callback_may_call_a_tool_that_asks<D: Driver>() {
    let server = Server::start(crate::support::mcp::sse());
    let asking = |id: u64| event(&format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"elicitation/create"}}"#));
    let called = Arc::new(Mutex::new(serde_json::Value::Null));
    let answer = called.clone();
    server.on("tools/call", move |request: &Request, connection: &mut Connection| {
        *answer.lock().unwrap() = crate::support::mcp::sse_answer(request);
        connection.send(&Answer::status(202))?;
        let session = crate::support::mcp::session(request).unwrap();
        connection.stream_of(session).unwrap().write(&crate::support::http::chunk(asking(8).as_bytes()))
    });
    server.on("response", move |request: &Request, connection: &mut Connection| {
        connection.send(&Answer::status(202))?;
        match *request.id() == 8 {
            true => crate::support::mcp::say(request, connection, &called.lock().unwrap()),
            false => Ok(()),
        }
    });
    let client: Arc<D> = Arc::new(client_at(&server.url("/sse")));
    client.set_timeout(Duration::from_secs(3));
    let (own, outer) = (Arc::downgrade(&client), AtomicUsize::new(0));
    let answer: OnRequest = Box::new(move |_, _, reply| {
        if outer.fetch_add(1, Ordering::SeqCst) == 0 {
            own.upgrade().unwrap().call_tool("asks").unwrap();
        }
        reply.result("{}").unwrap();
    });
    client.on_request("elicitation/create", Some(answer)).unwrap();
    client.ping().unwrap();
    server.push(&asking(7));
    assert!(server.saw(|request| request.name() == "response" && *request.id() == 7));
}
