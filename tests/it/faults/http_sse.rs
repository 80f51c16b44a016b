//! Faults of servers of the HTTP+SSE transport: of the stream's opening, of a POST, and on the stream.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use mcpclient::Status;
use serde_json::json;

use super::table::{limited, meets, meets_with, side_by_side, works_again};
use crate::support::http::{chunk, event};
use crate::support::mcp::{session, sse};
use crate::support::server::EventStream;
use crate::support::*;

cases!(opening_the_stream, posting_the_handshake, posting_a_later_ping, on_the_stream, the_stream_recovers_by_itself);

use Fault::*;

const OPENING: [(Fault, Option<Status>); 33] = [
    (Silence, Some(Status::Timeout)),
    (SilenceInHead, Some(Status::Timeout)),
    (SilentStream, Some(Status::Timeout)),
    (TrickledHead, Some(Status::Timeout)),
    (Comments, Some(Status::Timeout)),
    (HugeLength, Some(Status::Protocol)),
    (OverflowingLength, Some(Status::Protocol)),
    (TwoLengths, Some(Status::Protocol)),
    (Reset, Some(Status::Network)),
    (ResetInHead, Some(Status::Network)),
    (Close, Some(Status::Network)),
    (CloseInHead, Some(Status::Network)),
    (TruncatedStream, Some(Status::Network)),
    (NotHttp, Some(Status::Protocol)),
    (TlsAlert, Some(Status::Protocol)),
    (BadStatusLine, Some(Status::Protocol)),
    (EndlessHeaders, Some(Status::Protocol)),
    (EndlessHeaderLine, Some(Status::Protocol)),
    (EndlessInformation, Some(Status::Protocol)),
    (EndlessJson, Some(Status::Protocol)),
    (EndlessLine, Some(Status::Protocol)),
    (EndlessEvent, Some(Status::Protocol)),
    (EndlessEvents, Some(Status::Timeout)),
    (GzipBomb, Some(Status::Protocol)),
    (NotJson, Some(Status::Protocol)),
    (EmptyJson, Some(Status::Protocol)),
    (AcceptedOnly, Some(Status::Protocol)),
    (HtmlPage, Some(Status::Protocol)),
    (EmptyStream, Some(Status::Protocol)),
    (BrokenEvent, Some(Status::Protocol)),
    (BadUtf8Event, Some(Status::Protocol)),
    (BadChunkSize, Some(Status::Protocol)),
    (TruncatedChunk, Some(Status::Protocol)),
];

fn opening_the_stream<D: Driver>() {
    side_by_side(&OPENING, |&(fault, expected)| {
        let server = Server::start(sse());
        let client: D = limited(&server.url("/sse"));
        server.on("GET", fault);
        meets(&fault, &client, expected);
        assert_eq!(client.protocol_version(), None);
        server.heal();
        works_again(&fault, &client);
    });
}

/// What the answer to a POST may meet; its body is of no interest.
const POSTING: [(Fault, Option<Status>); 17] = [
    (Silence, Some(Status::Timeout)),
    (SilenceInHead, Some(Status::Timeout)),
    (TrickledHead, Some(Status::Timeout)),
    (SilenceInBody, Some(Status::Timeout)),
    (EndlessJson, Some(Status::Timeout)),
    (AcceptedOnly, Some(Status::Timeout)),
    (Reset, Some(Status::Network)),
    (ResetInHead, Some(Status::Network)),
    (Close, Some(Status::Network)),
    (CloseInHead, Some(Status::Network)),
    (NotHttp, Some(Status::Protocol)),
    (TlsAlert, Some(Status::Protocol)),
    (BadStatusLine, Some(Status::Protocol)),
    (EndlessHeaders, Some(Status::Protocol)),
    (EndlessHeaderLine, Some(Status::Protocol)),
    (CloseAfterAnswer, None),
    (OneAnswerTooMany, None),
];

fn posting_the_handshake<D: Driver>() {
    side_by_side(&POSTING, |&(fault, expected)| {
        let server = Server::start(sse());
        let client: D = limited(&server.url("/sse"));
        server.on("initialize", fault);
        meets(&fault, &client, expected);
        server.heal();
        works_again(&fault, &client);
    });
}

fn posting_a_later_ping<D: Driver>() {
    side_by_side(&POSTING, |&(fault, expected)| {
        let server = Server::start(sse());
        let client: D = limited(&server.url("/sse"));
        works_again(&"nothing", &client);
        server.on("ping", fault);
        meets(&fault, &client, expected);
        assert!(server.named("ping").len() <= 3, "{fault:?}: {:?}", server.names());
        server.heal();
        works_again(&fault, &client);
        assert_eq!(server.named("GET").len(), 1, "{fault:?}: the stream is still good");
    });
}

/// Something said on the stream instead of the answer; endless ones go on until the flag is set.
type OnStream = fn(&Request, &EventStream, &AtomicBool) -> io::Result<()>;

const ON_STREAM: [(&str, OnStream, Status); 18] = [
    ("silence", |_, _, _| Ok(()), Status::Timeout),
    ("comments", |_, stream, over| until(over, || say(stream, ": still here\n\n")), Status::Timeout),
    ("half an event", |_, stream, _| say(stream, "data: {\"jsonrpc\":"), Status::Timeout),
    ("reset", |_, stream, _| stream.reset(), Status::Network),
    ("close", |_, stream, _| stream.close(), Status::Network),
    ("the end of the stream", |_, stream, _| stream.write(b"0\r\n\r\n"), Status::Network),
    ("half a chunk", |_, stream, _| stream.write(b"ff\r\ndata: ").and_then(|()| stream.close()), Status::Network),
    ("a bad chunk", |_, stream, _| stream.write(b"many\r\ndata: "), Status::Protocol),
    ("another's answer", |_, stream, _| say(stream, &message("{\"id\":\"x\",\"result\":{}}")), Status::Timeout),
    ("no JSON", |_, stream, _| say(stream, &event("{\"jsonrpc\": \"2.0\", ")), Status::Timeout),
    ("no JSON-RPC", |_, stream, _| say(stream, &event("{\"status\":\"ok\"}")), Status::Timeout),
    ("bad UTF-8", |_, stream, _| stream.write(&chunk(b"data: {\"a\":\"\xc3\x28\xff\"}\n\n")), Status::Timeout),
    ("neither", |request, stream, _| say(stream, &message(&format!("{{\"id\":{}}}", request.id()))), Status::Timeout),
    ("no object", |request, stream, _| say(stream, &result(request, "5")), Status::Protocol),
    (
        "brackets",
        |request, stream, _| say(stream, &result(request, &("[".repeat(200_000) + &"]".repeat(200_000)))),
        Status::Timeout,
    ),
    (
        "a line without end",
        |_, stream, _| say(stream, "data: ").and_then(|()| endless(stream, &"x".repeat(65536))),
        Status::Protocol,
    ),
    (
        "an event without end",
        |_, stream, _| endless(stream, &format!("data: {}\n", "more ".repeat(200)).repeat(64)),
        Status::Protocol,
    ),
    (
        "events without end",
        |_, stream, over| {
            let note = message("{\"method\":\"notifications/message\",\"params\":{}}").repeat(16);
            until(over, || say(stream, &note))
        },
        Status::Timeout,
    ),
];

fn say(stream: &EventStream, text: &str) -> io::Result<()> {
    stream.write(&chunk(text.as_bytes()))
}

/// A JSON-RPC message from its members.
fn message(members: &str) -> String {
    event(&members.replacen('{', "{\"jsonrpc\":\"2.0\",", 1))
}

fn result(request: &Request, result: &str) -> String {
    message(&format!("{{\"id\":{},\"result\":{result}}}", request.id()))
}

fn endless(stream: &EventStream, text: &str) -> io::Result<()> {
    until(&AtomicBool::new(false), || say(stream, text))
}

fn until(over: &AtomicBool, mut step: impl FnMut() -> io::Result<()>) -> io::Result<()> {
    while !over.load(Ordering::SeqCst) {
        step()?;
    }
    Ok(())
}

fn on_the_stream<D: Driver>() {
    for ask in Ask::ALL {
        asking_while_the_stream_is_at_fault::<D>(ask);
    }
}

fn asking_while_the_stream_is_at_fault<D: Driver>(ask: Ask) {
    side_by_side(&ON_STREAM, |&(name, fault, expected)| {
        let server = Server::start(sse());
        let client: D = limited(&server.url("/sse"));
        works_again(&"nothing", &client);
        let over = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&over);
        server.on(ask.name(), move |request: &Request, connection: &mut Connection| {
            connection.send(&Answer::status(202))?;
            let Some(stream) = session(request).and_then(|session| connection.stream_of(session)) else {
                return Ok(());
            };
            // The client ends a stream that has gone wrong; the connection of the POST is as good as before.
            let _ = fault(request, &stream, &flag);
            Ok(())
        });
        meets_with(ask, &name, &client, Some(expected));
        over.store(true, Ordering::SeqCst);
        server.heal();
        if name == "half an event" {
            server.push("\"2.0\",\"method\":\"notifications/message\"}\n\n");
        }
        works_again(&name, &client);
        works_again(&name, &client);
    });
}

/// A stream that breaks while no call waits costs no call.
fn the_stream_recovers_by_itself<D: Driver>() {
    type Break = (&'static str, fn(&Server));
    let breaks: [Break; 4] = [
        ("no JSON", |server| server.push(&event("nonsense"))),
        ("end", |server| server.hang_up()),
        ("reset", |server| server.reset_all()),
        ("a bad chunk", |server| server.blurt("many\r\n")),
    ];
    side_by_side(&breaks, |(name, damage)| {
        let server = Server::start(sse());
        let client: D = limited(&server.url("/sse"));
        works_again(&"nothing", &client);
        for _ in 0..3 {
            damage(&server);
            std::thread::sleep(Duration::from_millis(20)); // the client hears of it on its own, at some time
            works_again(name, &client);
        }
        let answered = server.named("ping").iter().filter(|ping| ping.message["jsonrpc"] == json!("2.0")).count();
        assert!(answered >= 4);
    });
}
