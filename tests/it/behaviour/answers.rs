//! Every form in which a server of the Streamable HTTP transport may answer.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use mcpclient::Status;
use serde_json::{Value, json};

use crate::support::mcp::{LEGACY, legacy, modern};
use crate::support::*;

cases!(
    json_bodies,
    gzip_bodies,
    other_names_of_gzip_and_of_no_encoding,
    an_encoding_that_was_not_asked_for,
    event_streams,
    streams_that_stay_open,
    batches,
    notifications_before_the_answer,
    a_ping_of_the_server,
    a_request_that_nobody_handles,
    errors_of_the_server,
    fifty_pings_reuse_their_connection,
    fifty_pings_over_streams_that_end_a_little_later,
    a_request_whose_stream_broke_is_not_sent_again,
    a_stream_with_a_wrong_answer_is_closed,
    cancelling_an_answer_that_ends_with_its_connection,
    a_server_that_does_not_know_ping_is_there,
    an_empty_id_resets_where_the_stream_is_resumed,
    a_server_that_died_is_noticed_soon,
    a_time_limit_that_passes_while_resuming_says_so,
    a_response_in_two_pieces_does_not_wait_for_an_acknowledgment,
    a_message_that_is_not_json_rpc_is_ignored,
    json_of_another_media_type_is_read,
    what_is_no_response_is_quoted,
    a_refused_response_to_the_server_ends_the_wait,
);

const MODERN_AND_LEGACY: [fn() -> mcp::Streamable; 2] = [modern, || legacy(LEGACY)];

/// Three pings in a row, so that what one answer leaves behind would spoil the next.
#[track_caller]
fn understands<D: Driver>(what: &str, reshape: impl Fn(Answer) -> Answer + Clone + Send + Sync + 'static) {
    for model in MODERN_AND_LEGACY {
        let server = Server::start(model().reshaped(reshape.clone()));
        let client: D = client(&server);
        for _ in 0..3 {
            client.ping().unwrap_or_else(|failure| panic!("{what}: {failure:?}"));
        }
        assert!(server.names().len() >= 3, "{what}: {:?}", server.names());
    }
}

fn json_bodies<D: Driver>() {
    fn pretty(answer: Answer) -> Answer {
        let value: Value = serde_json::from_slice(answer.body()).unwrap();
        answer.with_body(format!("\r\n\t {}\n\n", serde_json::to_string_pretty(&value).unwrap()))
    }
    fn escaped(answer: Answer) -> Answer {
        let text = String::from_utf8_lossy(answer.body()).replace("jsonrpc", r"\u006asonr\u0070c");
        answer.with_body(text.replace("\"result\"", r#""r\u0065sult""#))
    }
    fn typed(media_type: &'static str) -> impl Fn(Answer) -> Answer + Clone {
        move |answer| Answer::text(200, media_type, answer.body()).with_headers_of(&answer)
    }
    understands::<D>("as it is", |answer| answer);
    understands::<D>("pretty", pretty);
    understands::<D>("with escapes", escaped);
    understands::<D>("with a charset", typed("application/json; charset=utf-8"));
    understands::<D>("in capitals", typed("Application/JSON;Charset=UTF-8"));
    understands::<D>("in chunks", |answer| answer.in_pieces(64));
    understands::<D>("byte by byte", |answer| answer.in_pieces(1));
    understands::<D>("until the connection ends", |answer| answer.until_close());
}

fn other_names_of_gzip_and_of_no_encoding<D: Driver>() {
    for name in ["GZIP", "x-gzip", " Gzip", "identity", "Identity"] {
        let zip = move |answer: Answer| match name.to_ascii_lowercase().contains("gzip") {
            true => {
                let zipped = stored_gzip(answer.body());
                answer.with_body(zipped).header("Content-Encoding", name)
            }
            false => answer.header("Content-Encoding", name),
        };
        understands::<D>(name, zip);
    }
}

fn an_encoding_that_was_not_asked_for<D: Driver>() {
    for name in ["br", "zstd", "gzip, gzip"] {
        let server = Server::start(modern().reshaped(move |answer| answer.header("Content-Encoding", name)));
        let client: D = client(&server);
        let failure = fails(client.ping(), Status::Protocol);
        assert!(failure.message.contains(&format!("the content encoding {name}")), "{}", failure.message);
    }
    let server = Server::start(modern().reshaped(|answer| answer.header("Content-Encoding", "x-gzip")));
    let client: D = client(&server);
    assert!(fails(client.ping(), Status::Protocol).message.contains("gzip data is not valid"));
}

fn gzip_bodies<D: Driver>() {
    let zip = |answer: Answer| match answer.body() {
        b"" => answer,
        body => {
            let zipped = stored_gzip(body);
            answer.with_body(zipped).header("Content-Encoding", "gzip")
        }
    };
    understands::<D>("JSON in gzip", zip);
    understands::<D>("JSON in gzip in chunks", move |answer| zip(answer).in_pieces(5));
    understands::<D>("events in gzip", move |answer| zip(answer.into_events()).in_pieces(3));
}

/// RFC 1952 with one stored block (RFC 1951, section 3.2.4).
fn stored_gzip(body: &[u8]) -> Vec<u8> {
    let crc = !body.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ if crc & 1 == 1 { 0xedb8_8320 } else { 0 })
    });
    let length = u16::try_from(body.len()).unwrap();
    let mut bytes = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255, 1];
    bytes.extend([length.to_le_bytes(), (!length).to_le_bytes()].concat());
    bytes.extend_from_slice(body);
    bytes.extend([crc.to_le_bytes(), u32::from(length).to_le_bytes()].concat());
    bytes
}

type Format = (&'static str, fn(&str) -> String);

/// Ways to write the one event that carries an answer.
const FORMATS: [Format; 12] = [
    ("LF", |answer| format!("event: message\ndata: {answer}\n\n")),
    ("CRLF", |answer| format!("event: message\r\ndata: {answer}\r\n\r\n")),
    ("CR", |answer| format!("event: message\rdata: {answer}\r\r")),
    ("mixed line ends", |answer| format!("event: message\r\ndata: {answer}\n\r")),
    ("byte-order mark", |answer| format!("\u{feff}data: {answer}\n\n")),
    ("no event field", |answer| format!("data: {answer}\n\n")),
    ("no space after the colon", |answer| format!("event:message\ndata:{answer}\n\n")),
    ("data in several lines", |answer| {
        answer.split_inclusive(',').fold(String::new(), |lines, part| lines + "data: " + part + "\n") + "\n"
    }),
    ("comments", |answer| format!(":\n: ping\n\n:{answer}\ndata: {answer}\n: more\n\n: bye\n\n")),
    ("id, retry, unknown fields", |answer| format!("id: 7\nretry: 10\nfuture: x\nalone\ndata: {answer}\n\n")),
    ("an event to prime the client", |answer| format!("id: 1\ndata: \n\nid: 2\ndata: {answer}\n\n")),
    ("unknown events", |answer| {
        let refusal = answer.replace("\"result\"", "\"error\"");
        format!("event: telemetry\ndata: {refusal}\n\nevent: ping\ndata: now\n\nevent: message\ndata: {answer}\n\n")
    }),
];

fn event_streams<D: Driver>() {
    for (name, format) in FORMATS {
        for size in [1, 2, 7, usize::MAX] {
            understands::<D>(&format!("{name} in pieces of {size}"), move |answer| reformat(&answer, format, size));
        }
    }
}

fn reformat(answer: &Answer, format: fn(&str) -> String, size: usize) -> Answer {
    match std::str::from_utf8(answer.body()) {
        Ok("") | Err(_) => answer.clone(),
        Ok(text) => answer.clone().into_events().with_body(format(text)).in_pieces(size),
    }
}

/// The call is over with its answer, not with the stream.
fn streams_that_stay_open<D: Driver>() {
    for (name, format) in FORMATS {
        let server = Server::start(legacy(LEGACY));
        let client: D = client(&server);
        client.ping().unwrap();
        server.on("ping", move |request: &Request, connection: &mut Connection| {
            connection.begin_events()?;
            let answer = json!({"jsonrpc": "2.0", "id": request.id(), "result": {}});
            connection.chunk(format(&answer.to_string()))?;
            connection.hold()
        });
        let (time, outcome) = timed(|| client.ping().and_then(|()| client.ping()));
        outcome.unwrap_or_else(|failure| panic!("{name}: {failure:?}"));
        assert!(time < stretched(Duration::from_secs(2)), "{name}: {time:?}");
        server.heal();
        client.ping().unwrap();
    }
}

/// Revision 2025-03-26 lets a server put its messages together in an array.
fn batches<D: Driver>() {
    let note = json!({"jsonrpc": "2.0", "method": "notifications/message", "params": {"level": "info", "data": 1}});
    for events in [false, true] {
        let note = note.clone();
        let server = Server::start(legacy("2025-03-26").reshaped(move |answer| {
            let Ok(message) = serde_json::from_slice::<Value>(answer.body()) else { return answer };
            let batch = answer.with_body(json!([note, message, note]).to_string());
            if events { batch.into_events() } else { batch }
        }));
        let client: D = client(&server);
        client.ping().unwrap();
        client.ping().unwrap();
        assert_eq!(client.protocol_version().as_deref(), Some("2025-03-26"));
    }
}

fn notifications_before_the_answer<D: Driver>() {
    let notes: String = [
        json!({"jsonrpc": "2.0", "method": "notifications/message", "params": {"level": "info", "data": "working"}}),
        json!({"jsonrpc": "2.0", "method": "notifications/progress", "params": {"progressToken": 1, "progress": 5}}),
        json!({"jsonrpc": "2.0", "method": "notifications/not/known"}),
    ]
    .iter()
    .map(|note| event(&note.to_string()))
    .collect();
    understands::<D>("notifications first", move |answer| {
        let body = String::from_utf8_lossy(answer.clone().into_events().body()).into_owned();
        answer.into_events().with_body(notes.repeat(20) + &body)
    });
}

/// Asks the client something on the stream of its ping, answers when the client has responded, and gives the response.
fn asks<D: Driver>(method: &'static str) -> Request {
    let server = Server::start(legacy(LEGACY));
    let client: D = client(&server);
    client.set_bearer_token(Some("secret-token")).unwrap();
    client.connect().unwrap();
    server.on("ping", move |request: &Request, connection: &mut Connection| {
        connection.begin_events()?;
        connection.chunk(event(&json!({"jsonrpc": "2.0", "id": "srv-1", "method": method}).to_string()))?;
        connection.wait_for(|response| response.name() == "response")?;
        connection.chunk(event(&json!({"jsonrpc": "2.0", "id": request.id(), "result": {}}).to_string()))?;
        connection.end_chunks()
    });
    client.ping().unwrap();
    let response = server.named("response").remove(0);
    assert_eq!(response.message["id"], "srv-1");
    assert_eq!(response.header("Mcp-Session-Id"), Some("session-0"));
    assert_eq!(response.header("Mcp-Protocol-Version"), Some(LEGACY));
    assert_eq!(response.header("Authorization"), Some("Bearer secret-token"));
    response
}

fn a_ping_of_the_server<D: Driver>() {
    assert_eq!(asks::<D>("ping").message["result"], json!({}));
}

fn a_request_that_nobody_handles<D: Driver>() {
    let response = asks::<D>("tea/make");
    assert_eq!(response.message["error"]["code"], -32601, "{}", response.message);
}

fn errors_of_the_server<D: Driver>() {
    let server = Server::start(legacy(LEGACY));
    let client: D = client(&server);
    client.connect().unwrap();
    for status in [200, 400, 500] {
        for events in [false, true] {
            server.once("ping", move |request: &Request, connection: &mut Connection| {
                let error = json!({"code": -32099, "message": "out of\ntea", "data": {"cups": [0, 1]}});
                let body = json!({"jsonrpc": "2.0", "id": request.id(), "error": error}).to_string();
                let answer = Answer::text(status, "application/json", body);
                connection.send(&if events { answer.into_events() } else { answer })
            });
            let failure = fails(client.ping(), Status::Rpc);
            assert_eq!(failure.rpc_code, -32099);
            assert_eq!(serde_json::from_str::<Value>(&failure.rpc_data.unwrap()).unwrap(), json!({"cups": [0, 1]}));
            assert!(failure.message.contains("out of") && failure.message.contains("tea"), "{}", failure.message);
            assert!(failure.http_status == 0 || failure.http_status == i32::from(status), "{}", failure.http_status);
            client.ping().unwrap();
        }
    }
}

fn fifty_pings_reuse_their_connection<D: Driver>() {
    let reshapes: [fn(Answer) -> Answer; 2] = [|answer| answer, |answer| answer.in_pieces(9)];
    for model in MODERN_AND_LEGACY {
        for reshape in reshapes {
            let server = Server::start(model().reshaped(reshape));
            let client: D = client(&server);
            (0..50).for_each(|_| client.ping().unwrap());
            assert!(server.connections() <= 2, "{} connections", server.connections());
            assert!(server.names().len() >= 50);
        }
    }
}

/// The call does not wait for the end of its stream, but the next one may find it there.
fn fifty_pings_over_streams_that_end_a_little_later<D: Driver>() {
    let server = Server::start(legacy(LEGACY));
    let ended = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&ended);
    server.on("ping", move |request: &Request, connection: &mut Connection| {
        connection.begin_events()?;
        connection.chunk(event(&json!({"jsonrpc": "2.0", "id": request.id(), "result": {}}).to_string()))?;
        connection.wait(Duration::from_millis(2))?;
        connection.end_chunks()?;
        count.fetch_add(1, Ordering::SeqCst);
        Ok(())
    });
    let client: D = client(&server);
    for number in 1..=50 {
        client.ping().unwrap();
        while ended.load(Ordering::SeqCst) < number {
            thread::yield_now();
        }
    }
    assert!(server.connections() <= 2, "{} connections", server.connections());
}

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

const KEEPALIVE: &str = r#"{"hello":"keepalive"}"#;

fn a_message_that_is_not_json_rpc_is_ignored<D: Driver>() {
    let server = Server::start(legacy(LEGACY));
    let client: D = client(&server);
    client.ping().unwrap();
    server.once("ping", |request: &Request, connection: &mut Connection| {
        let response = json!({"jsonrpc": "2.0", "id": request.id(), "result": {}}).to_string();
        connection.send(&Answer::events(event(KEEPALIVE) + &event("not JSON") + &event(&response)))
    });
    client.ping().unwrap();
    server.once("ping", Answer::events(event(KEEPALIVE) + &event(KEEPALIVE)));
    let failure = fails(client.ping(), Status::Protocol);
    assert!(
        failure.message.contains("2 messages were ignored") && failure.message.contains("keepalive"),
        "{failure:?}"
    );
    client.set_timeout(Duration::from_millis(500));
    server.once("ping", |_: &Request, connection: &mut Connection| {
        connection.begin_events()?;
        connection.chunk(event(KEEPALIVE))?;
        connection.hold()
    });
    let failure = fails(client.ping(), Status::Timeout);
    assert!(failure.message.contains("one message was ignored"), "{failure:?}");
}

fn json_of_another_media_type_is_read<D: Driver>() {
    for media_type in ["text/plain", "text/html; charset=utf-8", "application/json-rpc", "application/octet-stream"] {
        let server =
            Server::start(modern().reshaped(move |answer| Answer::text(200, media_type, answer.body().to_vec())));
        let client: D = client(&server);
        client.ping().unwrap_or_else(|failure| panic!("{media_type}: {failure:?}"));
        assert_eq!(client.call_tool("say").unwrap(), "said");
    }
}

fn what_is_no_response_is_quoted<D: Driver>() {
    let long = format!("begins here {}", "x".repeat(5_000));
    for (media_type, body, quoted, hidden) in [
        ("text/html", "<html><style>p{}</style><p>Sign&nbsp;in</p> sw0rdfish-secret", "Sign in", "<p>"),
        ("application/json", r#"{"ok":true}"#, r#"{"ok":true}"#, "type"),
        ("application/json", "sorry, sw0rdfish-secret", "sorry, [redacted]", "sw0rd"),
        ("text/plain", &long, "begins here", &"x".repeat(201)),
    ] {
        let server = Server::start(legacy(LEGACY));
        let client: D = client(&server);
        client.set_bearer_token(Some("sw0rdfish-secret")).unwrap();
        client.ping().unwrap();
        server.on("ping", Answer::text(200, media_type, body));
        let failure = fails(client.ping(), Status::Protocol);
        assert!(failure.message.contains(quoted), "{failure:?}");
        assert!(!failure.message.contains(hidden) && !failure.message.contains("sw0rd"), "{failure:?}");
    }
}

fn a_server_that_does_not_know_ping_is_there<D: Driver>() {
    let server = Server::start(legacy(LEGACY));
    server.on("ping", |request: &Request, connection: &mut Connection| {
        connection.send(&Answer::error(request, 200, -32601, "Method not found"))
    });
    let client: D = client(&server);
    client.ping().unwrap();
    assert_eq!(fails(client.request("ping", None), Status::Rpc).rpc_code, -32601);
}

fn a_refused_response_to_the_server_ends_the_wait<D: Driver>() {
    let server = Server::start(legacy(LEGACY));
    server.on("response", Answer::text(400, "text/plain", "no such request"));
    server.on("tools/call", |_: &Request, connection: &mut Connection| {
        connection.begin_events()?;
        connection.chunk(event(r#"{"jsonrpc":"2.0","id":"ask","method":"elicitation/create","params":{}}"#))?;
        connection.hold()
    });
    let client: D = client(&server);
    client.set_timeout(stretched(Duration::from_secs(20)));
    client
        .on_request(
            "elicitation/create",
            Some(Box::new(|_, _, reply| {
                reply.result(r#"{"action":"decline"}"#).unwrap();
            })),
        )
        .unwrap();
    let (time, outcome) = timed(|| client.call_tool("ask"));
    let failure = fails(outcome, Status::Network);
    assert!(
        failure.message.contains("refused the response") && failure.message.contains("no such request"),
        "{failure:?}"
    );
    assert!(time < stretched(Duration::from_secs(5)), "{time:?}");
    assert_eq!(server.named("tools/call").len(), 1);
}

/// An empty id resets the last event id (HTML, section 9.2.6).
fn an_empty_id_resets_where_the_stream_is_resumed<D: Driver>() {
    let server = Server::start(legacy(LEGACY));
    let client: D = client(&server);
    client.ping().unwrap();
    server.on("ping", |_: &Request, connection: &mut Connection| {
        connection.begin_events()?;
        connection.chunk("id: 1\nretry: 10\ndata:\n\nid:\ndata:\n\n")?;
        connection.end_chunks()
    });
    let resumed = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&resumed);
    server.on("GET", move |request: &Request, connection: &mut Connection| {
        count.fetch_add(usize::from(request.header("Last-Event-Id").is_some()), Ordering::SeqCst);
        connection.send(&Answer::status(404))
    });
    fails(client.ping(), Status::Protocol);
    assert_eq!(resumed.load(Ordering::SeqCst), 0);
}

/// The server has died: its port refuses what would resume the stream.
fn a_server_that_died_is_noticed_soon<D: Driver>() {
    let server = Server::start(legacy(LEGACY));
    let client: D = client(&server);
    client.set_timeout(stretched(Duration::from_secs(20)));
    client.ping().unwrap();
    server.on("ping", |_: &Request, connection: &mut Connection| {
        connection.begin_events()?;
        connection.chunk("id: 1\nretry: 100\ndata:\n\n")?;
        connection.hold()
    });
    let client = Arc::new(client);
    let pinging = thread::spawn({
        let client = Arc::clone(&client);
        move || timed(|| client.ping())
    });
    until("the ping", || server.named("ping").len() == 2);
    thread::sleep(Duration::from_millis(50));
    drop(server);
    let (time, outcome) = pinging.join().unwrap();
    let failure = fails(outcome, Status::Network);
    assert!(failure.message.contains("could not be resumed") && failure.message.contains("refused"), "{failure:?}");
    assert!(time < stretched(Duration::from_secs(3)), "{time:?}");
}

fn a_time_limit_that_passes_while_resuming_says_so<D: Driver>() {
    let server = Server::start(legacy(LEGACY));
    let client: D = client(&server);
    client.ping().unwrap();
    client.set_timeout(Duration::from_millis(600));
    server.on("ping", |_: &Request, connection: &mut Connection| {
        connection.begin_events()?;
        connection.chunk("id: 1\nretry: 5000\ndata:\n\n")?;
        connection.end_chunks()
    });
    let failure = fails(client.ping(), Status::Timeout);
    assert!(failure.message.contains("the stream with the response broke"), "{failure:?}");
}

/// A server that writes head and body apart, with Nagle's algorithm on, waits for our acknowledgment in between.
fn a_response_in_two_pieces_does_not_wait_for_an_acknowledgment<D: Driver>() {
    let server = Server::start(legacy(LEGACY));
    server.on("ping", |request: &Request, connection: &mut Connection| {
        connection.use_nagle()?;
        let body = json!({"jsonrpc": "2.0", "id": request.id(), "result": {}}).to_string();
        let length = body.len();
        connection
            .raw(format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"))?;
        connection.raw(&body[..5])?;
        connection.raw(&body[5..])
    });
    let client: D = client(&server);
    for _ in 0..20 {
        client.ping().unwrap(); // a new connection acknowledges at once anyway
    }
    let (time, ()) = timed(|| (0..20).for_each(|_| client.ping().unwrap()));
    assert!(time < stretched(Duration::from_millis(400)), "{time:?} for 20 pings");
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
    assert_eq!(gone.recv_timeout(stretched(Duration::from_secs(2))), Ok(true));
    client.ping().unwrap();
}

fn cancelling_an_answer_that_ends_with_its_connection<D: Driver>() {
    let server = Server::start(legacy(LEGACY));
    let client: D = client(&server);
    client.ping().unwrap();
    let (sender, begun) = mpsc::channel();
    server.once("ping", move |_: &Request, connection: &mut Connection| {
        connection.raw("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n{\"jsonrpc\"")?;
        sender.send(()).unwrap();
        connection.hold()
    });
    thread::scope(|scope| {
        let call = scope.spawn(|| client.ping());
        begun.recv_timeout(stretched(Duration::from_secs(5))).unwrap();
        client.cancel();
        let (time, outcome) = timed(|| call.join().unwrap());
        fails(outcome, Status::Cancelled);
        assert!(time < stretched(Duration::from_secs(2)), "{time:?}");
    });
}
