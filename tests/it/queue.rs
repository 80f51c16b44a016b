//! The completion queue: operations and their events, against servers that respond, hang and send requests.

use std::thread;
use std::time::{Duration, Instant};

use mcpclient::{Client, Error, Event, EventKind, ListKind, Queue, Value};
use serde_json::json;

use crate::support::mcp::modern;
use crate::support::*;

const LONG: Duration = Duration::from_secs(20);

fn client_to(server: &Server) -> Client {
    let client = Client::new(&server.url("/mcp")).unwrap();
    client.set_proxy(Some("")).unwrap();
    client
}

/// A server with one tool.
fn serves() -> Server {
    let server = Server::start(modern());
    server.on("tools/list", |request: &Request, connection: &mut Connection| {
        let tools = json!([{"name": "say", "inputSchema": {"type": "object"}}]);
        let result = json!({"tools": tools, "resultType": "complete", "ttlMs": 0, "cacheScope": "private"});
        connection.send(&Answer::result(request, result))
    });
    server
}

fn next(queue: &Queue) -> Event {
    queue.next(Some(stretched(LONG))).expect("an event in time")
}

/// The operation of a DONE event, and its result.
fn done(event: Event) -> (u64, Result<Option<Value>, Error>) {
    match event.kind {
        EventKind::Done { operation, result } => (operation, result),
        other => panic!("{other:?} is no DONE event"),
    }
}

/// Tool calls wait until their client hangs up.
fn hangs() -> Server {
    let server = Server::start(modern());
    server.on("tools/call", |_: &Request, connection: &mut Connection| connection.wait(stretched(LONG)));
    server
}

/// Waits until so many tool calls have arrived.
fn wait_for_calls(server: &Server, count: usize) {
    let end = Instant::now() + stretched(LONG);
    while server.named("tools/call").len() < count {
        assert!(Instant::now() < end, "{count} calls did not arrive");
        thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn each_operation_gives_one_event_with_its_user_data() {
    let server = serves();
    let (client, queue) = (client_to(&server), Queue::new().unwrap());
    let mut started = vec![
        queue.start_connect(&client, 1).unwrap(),
        queue.start_ping(&client, 2).unwrap(),
        queue.start_request(&client, "tools/call", Some(r#"{"name":"say"}"#), 3).unwrap(),
        queue.start_list(&client, ListKind::Tools, 4).unwrap(),
    ];
    assert_eq!(queue.pending(), 4);
    let mut ended = Vec::new();
    for _ in 0..4 {
        let event = next(&queue);
        let user_data = event.user_data;
        let (operation, result) = done(event);
        let value = result.unwrap();
        assert_eq!(value.is_some(), user_data >= 3, "{user_data}");
        assert_eq!(operation, started[user_data - 1]);
        ended.push(operation);
    }
    started.sort_unstable();
    ended.sort_unstable();
    assert_eq!(started, ended);
    assert_eq!(queue.pending(), 0);
    assert!(queue.next(Some(Duration::ZERO)).is_none());
}

#[test]
fn a_failure_is_in_the_event_and_arguments_are_refused_at_once() {
    let queue = Queue::new().unwrap();
    let client = Client::new("http://127.0.0.1:1/mcp").unwrap();
    client.set_proxy(Some("")).unwrap();
    queue.start_ping(&client, 0).unwrap();
    assert!(matches!(done(next(&queue)).1, Err(Error::Network(_))));
    assert!(matches!(queue.start_request(&client, "", None, 0), Err(Error::InvalidArgument(_))));
    assert!(matches!(queue.start_request(&client, "x", Some("[]"), 0), Err(Error::InvalidArgument(_))));
    assert!(matches!(queue.start_listen(&client, Some("1"), 0), Err(Error::InvalidArgument(_))));
    assert!(queue.set_threads(0).is_err() && queue.set_threads(1025).is_err() && queue.set_limit(0).is_err());
    assert_eq!(queue.pending(), 0);
}

#[test]
fn a_full_queue_refuses_and_takes_again() {
    let server = hangs();
    let (client, queue) = (client_to(&server), Queue::new().unwrap());
    queue.set_limit(2).unwrap();
    let first = queue.start_request(&client, "tools/call", Some(r#"{"name":"x"}"#), 0).unwrap();
    queue.start_request(&client, "tools/call", Some(r#"{"name":"x"}"#), 0).unwrap();
    let refused = queue.start_ping(&client, 0).unwrap_err();
    assert!(matches!(&refused, Error::InvalidState(text) if text.contains("2 operations")), "{refused}");
    queue.cancel(first);
    assert_eq!(done(next(&queue)).0, first);
    queue.start_ping(&client, 0).unwrap();
}

#[test]
fn cancelling_one_operation_leaves_the_others_alone() {
    let server = hangs();
    let (client, queue) = (client_to(&server), Queue::new().unwrap());
    queue.set_threads(2).unwrap();
    client.connect().unwrap();
    // Two run, the third waits for a thread.
    let operations: Vec<u64> =
        (0..3).map(|_| queue.start_request(&client, "tools/call", Some(r#"{"name":"x"}"#), 0).unwrap()).collect();
    wait_for_calls(&server, 2);
    for cancelled in [operations[2], operations[0]] {
        let began = Instant::now();
        queue.cancel(cancelled);
        let (operation, result) = done(next(&queue));
        assert!(operation == cancelled && matches!(result, Err(Error::Cancelled)));
        assert!(began.elapsed() < stretched(Duration::from_secs(2)));
    }
    queue.cancel(9999);
    assert_eq!(queue.pending(), 1);
    client.cancel();
    assert!(matches!(done(next(&queue)), (operation, Err(Error::Cancelled)) if operation == operations[1]));
}

#[test]
fn the_time_limit_counts_from_the_start() {
    let server = hangs();
    let (client, queue) = (client_to(&server), Queue::new().unwrap());
    queue.set_threads(1).unwrap();
    client.connect().unwrap();
    let limited = client.scope();
    limited.set_timeout(Some(Duration::from_millis(200)));
    let hanging = queue.start_request(&client, "tools/call", Some(r#"{"name":"x"}"#), 0).unwrap();
    wait_for_calls(&server, 1);
    // It never gets a thread.
    let waiting = queue.start_ping(&limited, 0).unwrap();
    let (operation, result) = done(next(&queue));
    assert!(operation == waiting && matches!(result, Err(Error::Timeout(_))));
    queue.cancel(hanging);
    assert_eq!(done(next(&queue)).0, hanging);
}

#[test]
fn a_client_that_hangs_leaves_threads_to_the_others() {
    let (hanging, quick) = (hangs(), Server::start(modern()));
    let (slow, fast, queue) = (client_to(&hanging), client_to(&quick), Queue::new().unwrap());
    queue.set_threads(4).unwrap();
    let begin = |number| {
        queue.start_request(&slow, "tools/call", Some(r#"{"name":"x"}"#), number).unwrap();
        queue.start_ping(&fast, 100).unwrap();
    };
    (0..8).for_each(begin);
    for _ in 0..8 {
        let event = next(&queue);
        assert_eq!(event.user_data, 100);
        done(event).1.unwrap();
    }
}

#[test]
fn events_outlive_queue_and_client() {
    let server = serves();
    let (client, queue) = (client_to(&server), Queue::new().unwrap());
    queue.start_list(&client, ListKind::Tools, 0).unwrap();
    drop(client); // the operation holds it
    let event = next(&queue);
    drop(queue);
    assert!(done(event).1.unwrap().is_some_and(|tools| tools.json().starts_with('[')));
}

#[test]
fn freeing_a_queue_ends_what_is_under_way() {
    let server = hangs();
    let (client, queue) = (client_to(&server), Queue::new().unwrap());
    for _ in 0..20 {
        queue.start_request(&client, "tools/call", Some(r#"{"name":"x"}"#), 0).unwrap();
    }
    wait_for_calls(&server, 1);
    let began = Instant::now();
    drop(queue);
    assert!(began.elapsed() < stretched(Duration::from_secs(2)));
    client.ping().unwrap();
}

#[test]
fn notifications_and_requests_are_events() {
    let server = Server::start(modern());
    server.on("tools/call", |request: &Request, connection: &mut Connection| {
        if request.message["params"]["inputResponses"].is_object() {
            let answer = request.message["params"]["inputResponses"]["name"].clone();
            let result = json!({"content": [], "structuredContent": answer, "resultType": "complete"});
            return connection.send(&Answer::result(request, result));
        }
        connection.begin_events()?;
        let log = json!({"jsonrpc": "2.0", "method": "notifications/message", "params": {"level": "info", "data": 1}});
        connection.chunk(event(&log.to_string()))?;
        let ask = json!({"method": "elicitation/create", "params": {"mode": "form", "message": "Name?"}});
        let result = json!({"resultType": "input_required", "inputRequests": {"name": ask}});
        let response = json!({"jsonrpc": "2.0", "id": request.id(), "result": result});
        connection.chunk(event(&response.to_string()))?;
        connection.end_chunks()
    });
    let (client, queue) = (client_to(&server), Queue::new().unwrap());
    queue.notifications(&client, Some("notifications/message"), 7).unwrap();
    queue.requests(&client, "elicitation/create", 8).unwrap();
    assert!(matches!(queue.requests(&client, "elicitation/create", 8), Err(Error::InvalidState(_))));
    assert!(matches!(queue.notifications(&client, Some("notifications/message"), 7), Err(Error::InvalidState(_))));
    queue.start_request(&client, "tools/call", Some(r#"{"name":"x"}"#), 9).unwrap();

    let notification = next(&queue);
    assert_eq!(notification.user_data, 7);
    assert!(matches!(notification.kind, EventKind::Notification { method, params }
        if method == "notifications/message" && params.int64("/data") == Some(1)));

    let request = next(&queue);
    assert_eq!(request.user_data, 8);
    let EventKind::Request { method, params, mut reply } = request.kind else { panic!("no request") };
    assert_eq!((method.as_str(), params.string("/message")), ("elicitation/create", Some("Name?")));
    assert_eq!(queue.pending(), 1, "the tool call waits for the reply");
    reply.reply().result(r#"{"action":"accept","content":{"name":"Ada"}}"#).unwrap();
    drop(reply);

    let result = done(next(&queue)).1.unwrap().unwrap();
    assert_eq!(result.string("/structuredContent/content/name"), Some("Ada"));
}

#[test]
fn a_request_without_a_reply_fails_its_call() {
    let server = Server::start(modern());
    server.on("tools/call", |request: &Request, connection: &mut Connection| {
        let ask = json!({"method": "elicitation/create", "params": {"mode": "form", "message": "Name?"}});
        let result = json!({"resultType": "input_required", "inputRequests": {"name": ask}});
        connection.send(&Answer::result(request, result))
    });
    let (client, queue) = (client_to(&server), Queue::new().unwrap());
    queue.requests(&client, "elicitation/create", 0).unwrap();
    queue.start_request(&client, "tools/call", Some(r#"{"name":"x"}"#), 0).unwrap();
    drop(next(&queue));
    assert!(matches!(done(next(&queue)).1, Err(Error::InvalidState(_))));

    // A reply that never comes ends with the client's calls.
    queue.start_request(&client, "tools/call", Some(r#"{"name":"x"}"#), 0).unwrap();
    let held = next(&queue);
    client.cancel();
    assert!(done(next(&queue)).1.is_err());
    drop(held);
}

#[test]
fn ten_thousand_pings_pass_through_one_queue() {
    let server = Server::start(modern());
    let (client, queue) = (client_to(&server), Queue::new().unwrap());
    queue.set_limit(200).unwrap();
    let (mut started, mut ended) = (0, 0);
    while ended < 10_000 {
        while started < 10_000 && queue.start_ping(&client, started).is_ok() {
            started += 1;
        }
        done(next(&queue)).1.unwrap();
        ended += 1;
    }
    assert_eq!((queue.pending(), queue.lost()), (0, 0));
}
