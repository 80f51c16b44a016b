//! An answer without end takes no more memory than the limit of an answer, and a little.

use std::time::Duration;

use mcpclient::Status;

use crate::support::http::{chunk, event};
use crate::support::mcp::{LEGACY, legacy, session, sse};
use crate::support::memory::{Alone, Peak, peaks_of};
use crate::support::rust_driver::Rust;
use crate::support::*;

/// The limit of an answer in these cases.
const LIMIT: u64 = 8 << 20;
/// Buffers of the connection, stacks of the threads, pages of code that were never used before.
const LITTLE: u64 = 4 << 20;

const OVERSIZE: [Alone; 13] = [
    ("Content-Length", || streamed(Fault::HugeLength)),
    ("a chunk size", || streamed(Fault::EndlessChunkSize)),
    ("trailers", || streamed(Fault::EndlessTrailers)),
    ("headers", || streamed(Fault::EndlessHeaders)),
    ("a header line", || streamed(Fault::EndlessHeaderLine)),
    ("informational answers", || streamed(Fault::EndlessInformation)),
    ("JSON in chunks", || streamed(Fault::EndlessJson)),
    ("JSON until close", || streamed(Fault::EndlessJsonUntilClose)),
    ("a line of events", || streamed(Fault::EndlessLine)),
    ("an event", || streamed(Fault::EndlessEvent)),
    ("events", || streamed(Fault::EndlessEvents)),
    ("gzip", || streamed(Fault::GzipBomb)),
    ("brackets", || streamed(Fault::DeepBrackets)),
];

#[test]
fn answers_over_the_limit() {
    check("faults::memory::answers_over_the_limit", &OVERSIZE, LIMIT + LITTLE);
}

/// The size of a text within the limit. It is read where it arrived, and C reads it there too.
const LARGE_TEXT: u64 = 6 << 20;

const LARGE: [Alone; 2] = [("a text", || large(false)), ("a text with escapes", || large(true))];

#[test]
fn answers_within_the_limit() {
    check("faults::memory::answers_within_the_limit", &LARGE, LARGE_TEXT + LITTLE);
}

/// A tool's text of 10 MB, which the caller reads while its result is alive.
const TOOL_TEXT: u64 = 10 * 1000 * 1000;

const TOOLS: [Alone; 2] =
    [("a tool's text", || tool(false, false)), ("a tool's text with escapes", || tool(true, false))];

#[test]
fn large_results_of_tools() {
    check("faults::memory::large_results_of_tools", &TOOLS, TOOL_TEXT + LITTLE);
}

const TOOL_EVENTS: [Alone; 2] = [
    ("a tool's text as an event", || tool(false, true)),
    ("a tool's text with escapes as an event", || tool(true, true)),
];

/// An event grows with what arrives of it, and is copied when it does.
#[test]
fn large_events_of_tools() {
    check("faults::memory::large_events_of_tools", &TOOL_EVENTS, 3 * TOOL_TEXT);
}

const MANY_VALUES: [Alone; 1] = [("a result of many small values", || many_values(true))];

/// Small values, whose tree takes more than their text. It is bounded by four times the limit; the allocator may have to
/// copy it while it grows.
#[test]
fn results_of_many_values() {
    check("faults::memory::results_of_many_values", &MANY_VALUES, 8 * LIMIT);
}

const PINGS: [Alone; 1] = [("a ping with a result of many small values", || many_values(false))];

#[test]
fn results_of_pings() {
    check("faults::memory::results_of_pings", &PINGS, LIMIT + LITTLE);
}

/// The stream of the HTTP+SSE transport stays for days: one message is limited, not the stream.
const ON_STREAM: [Alone; 3] = [
    ("a line of the stream", || on_stream("data: ", "x", Status::Protocol)),
    ("an event of the stream", || on_stream("data: ", &format!("data: {}\n", "more ".repeat(200)), Status::Protocol)),
    ("events of the stream", || {
        on_stream("", &event("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\"}"), Status::Timeout)
    }),
];

#[test]
fn streams_without_end() {
    check("faults::memory::streams_without_end", &ON_STREAM, LIMIT + LITTLE);
}

#[track_caller]
fn check(test: &str, cases: &[Alone], most: u64) {
    let above: Vec<_> = peaks_of(test, cases).into_iter().filter(|(_, peak)| *peak > most).collect();
    assert!(above.is_empty(), "more than {most} bytes above the start: {above:?}");
}

/// A client that is connected and has answered a ping before the measurement starts.
fn connected(url: &str) -> (Rust, Peak) {
    let client: Rust = client_at(url);
    client.set_max_response_bytes(LIMIT).unwrap();
    client.ping().unwrap();
    (client, Peak::start())
}

fn streamed(fault: Fault) -> Peak {
    let server = Server::start(legacy(LEGACY));
    let (client, peak) = connected(&server.url("/mcp"));
    server.on("ping", fault);
    let ends_late = fault == Fault::EndlessTrailers;
    client.set_timeout(Duration::from_secs(if ends_late { 1 } else { 20 }));
    fails(client.ping(), if ends_late { Status::Timeout } else { Status::Protocol });
    peak
}

fn large(escapes: bool) -> Peak {
    let server = Server::start(legacy(LEGACY));
    // Made before the measurement: the server's own copy does not count.
    let text = if escapes { "\\\"x".repeat(2 << 20) } else { "x".repeat(6 << 20) };
    assert_eq!(text.len() as u64, LARGE_TEXT);
    server.on("ping", move |request: &Request, connection: &mut Connection| {
        let (start, end) = (format!("{{\"jsonrpc\":\"2.0\",\"id\":{},\"result\":{{\"v\":\"", request.id()), "\"}}");
        let length = start.len() + text.len() + end.len();
        let head = format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n");
        connection.raw(head + &start)?;
        connection.raw(&text)?;
        connection.raw(end)
    });
    let client: Rust = client_at(&server.url("/mcp"));
    client.set_max_response_bytes(LIMIT).unwrap();
    client.set_timeout(Duration::from_secs(20));
    client.connect().unwrap();
    let peak = Peak::start();
    client.ping().unwrap();
    peak
}

/// A server whose results hold an array of so many empty arrays.
fn server_of_values(count: usize) -> Server {
    let server = Server::start(legacy(LEGACY));
    let values = "[],".repeat(count) + "0";
    for method in ["ping", "tools/call"] {
        let values = values.clone();
        server.on(method, move |request: &Request, connection: &mut Connection| {
            let start = format!("{{\"jsonrpc\":\"2.0\",\"id\":{},\"result\":{{\"content\":[", request.id());
            let (end, length) = ("]}}", start.len() + values.len() + 3);
            let head = format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n");
            connection.raw(head + &start)?;
            connection.raw(&values)?;
            connection.raw(end)
        });
    }
    server
}

fn many_values(is_tool: bool) -> Peak {
    let server = server_of_values(2_600_000);
    let client: Rust = client_at(&server.url("/mcp"));
    client.set_max_response_bytes(LIMIT).unwrap();
    client.set_timeout(Duration::from_secs(20));
    client.connect().unwrap();
    let peak = Peak::start();
    match is_tool {
        true => {
            let failure = client.call_tool("say").unwrap_err();
            assert!(failure.message.contains("more memory"), "{failure:?}");
        }
        false => client.ping().unwrap(),
    }
    peak
}

fn tool(escapes: bool, as_event: bool) -> Peak {
    let server = Server::start(legacy(LEGACY));
    let size = TOOL_TEXT as usize;
    let text = if escapes { "\\\"xy".repeat(size / 4) } else { "x".repeat(size) };
    let long = text.len();
    server.on("tools/call", move |request: &Request, connection: &mut Connection| {
        let id = request.id();
        let start =
            format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"result\":{{\"content\":[{{\"type\":\"text\",\"text\":\"");
        let end = "\"}]}}";
        let (kind, start, end) = match as_event {
            true => ("text/event-stream", format!("data: {start}"), format!("{end}\n\n")),
            false => ("application/json", start, end.to_owned()),
        };
        let length = start.len() + text.len() + end.len();
        connection
            .raw(format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n{start}"))?;
        connection.raw(&text)?;
        connection.raw(end)
    });
    let client = mcpclient::Client::new(&server.url("/mcp")).unwrap();
    client.set_proxy(Some("")).unwrap();
    client.connect().unwrap();
    let peak = Peak::start();
    let result = client.call_tool("say", None).unwrap();
    let expected = if escapes { long / 4 * 3 } else { long };
    assert_eq!(result.string("/content/0/text").map(str::len), Some(expected));
    peak
}

fn on_stream(start: &'static str, more: &str, expected: Status) -> Peak {
    let server = Server::start(sse());
    let (client, peak) = connected(&server.url("/sse"));
    client.set_timeout(Duration::from_secs(if expected == Status::Timeout { 1 } else { 20 }));
    let start = if start.is_empty() { Vec::new() } else { chunk(start.as_bytes()) };
    let piece = chunk(more.repeat(65536 / more.len()).as_bytes());
    server.on("ping", move |request: &Request, connection: &mut Connection| {
        connection.send(&Answer::status(202))?;
        let stream = session(request).and_then(|session| connection.stream_of(session)).unwrap();
        stream.write(&start)?;
        loop {
            stream.write(&piece)?;
        }
    });
    fails(client.ping(), expected);
    peak
}
