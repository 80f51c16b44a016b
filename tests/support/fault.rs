//! What can go wrong between a client and a server, each as something that a server does with a request.

use std::io;
use std::time::Duration;

use serde_json::json;

use super::http::{Answer, Request, chunk, event};
use super::server::{Connection, Handler};

/// What a server does instead of answering.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fault {
    /// Says nothing.
    Silence,
    /// Says nothing more in the middle of the head.
    SilenceInHead,
    /// Says nothing more in the middle of a JSON body.
    SilenceInBody,
    /// Says nothing on an event stream.
    SilentStream,
    /// One byte of the head every few milliseconds, for ever.
    TrickledHead,
    /// One byte of a JSON body every few milliseconds, for ever.
    TrickledBody,
    /// Keep-alive comments on an event stream, for ever.
    Comments,
    /// `Content-Length: 9223372036854775807` and a little body.
    HugeLength,
    /// A length that no integer of 64 bits holds.
    OverflowingLength,
    /// Two lengths that differ (RFC 9112, section 6.3: unrecoverable).
    TwoLengths,
    /// RST at once.
    Reset,
    /// RST in the middle of the head.
    ResetInHead,
    /// RST in the middle of a body.
    ResetInBody,
    /// The end of the connection instead of an answer.
    Close,
    /// The end of the connection in the middle of the head.
    CloseInHead,
    /// The end of the connection before the announced length.
    TruncatedLength,
    /// The end of the connection in the middle of a chunk.
    TruncatedChunk,
    /// The end of the connection between two chunks of an event stream.
    TruncatedStream,
    /// A chunk size that is no number.
    BadChunkSize,
    /// A chunk longer than its size.
    BadChunkEnd,
    /// An extension of a chunk size (RFC 9112, section 7.1.1) without end.
    EndlessChunkSize,
    /// Trailer fields (RFC 9112, section 7.1.2) for ever.
    EndlessTrailers,
    /// The greeting of some other service.
    NotHttp,
    /// The alert of a TLS server that was spoken to in plain HTTP.
    TlsAlert,
    /// A status line with a status that is no number.
    BadStatusLine,
    /// Header fields for ever.
    EndlessHeaders,
    /// One header field for ever.
    EndlessHeaderLine,
    /// Informational answers (103) for ever.
    EndlessInformation,
    /// A JSON body without end, in chunks.
    EndlessJson,
    /// A JSON body without end or length, until the connection ends.
    EndlessJsonUntilClose,
    /// A line without end on an event stream.
    EndlessLine,
    /// An event of lines without end.
    EndlessEvent,
    /// Events without end, none the answer.
    EndlessEvents,
    /// JSON that unpacks to a gigabyte.
    GzipBomb,
    /// A gzip body that is none.
    BadGzip,
    /// A JSON body that is none.
    NotJson,
    /// An empty JSON body.
    EmptyJson,
    /// A JSON body with bytes that are not UTF-8.
    BadUtf8,
    /// 200 000 brackets in each other.
    DeepBrackets,
    /// The answer to another request.
    WrongId,
    /// JSON, but no JSON-RPC.
    NotJsonRpc,
    /// An answer with neither result nor error.
    NeitherResultNorError,
    /// 202 without a body.
    AcceptedOnly,
    /// 200 with an HTML page.
    HtmlPage,
    /// An event stream that ends without the answer.
    EmptyStream,
    /// An event that holds no JSON.
    BrokenEvent,
    /// An event with bytes that are not UTF-8.
    BadUtf8Event,
    /// An event with the answer to another request, and no more.
    WrongIdEvent,
    /// The right answer twice on an event stream.
    TwoAnswersAtOnce,
    /// The right answer, then the end of the connection that no header announced.
    CloseAfterAnswer,
    /// The right response, then another that was not requested.
    OneAnswerTooMany,
}

const TRICKLE: Duration = Duration::from_millis(5);
const JSON: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";

impl Handler for Fault {
    fn handle(&self, request: &Request, to: &mut Connection) -> io::Result<()> {
        let opened = json!({"jsonrpc": "2.0", "id": request.id(), "result": {"filler": ""}}).to_string();
        let opened = &opened[..opened.len() - 3];
        match self {
            Fault::Silence => to.hold(),
            Fault::SilenceInHead => {
                to.raw("HTTP/1.1 200 OK\r\nContent-Ty")?;
                to.hold()
            }
            Fault::SilenceInBody => {
                to.raw(format!("{JSON}Content-Length: 900\r\n\r\n{opened}"))?;
                to.hold()
            }
            Fault::SilentStream => {
                to.begin_events()?;
                to.hold()
            }
            Fault::TrickledHead => {
                to.raw("HTTP/1.1 200 OK\r\nX-Filler: ")?;
                forever(|| to.raw("x").and_then(|()| to.wait(TRICKLE)))
            }
            Fault::TrickledBody => {
                to.raw(format!("{JSON}Content-Length: 90000\r\n\r\n{opened}"))?;
                forever(|| to.raw("x").and_then(|()| to.wait(TRICKLE)))
            }
            Fault::Comments => {
                to.begin_events()?;
                forever(|| to.chunk(": still here\n\n").and_then(|()| to.wait(TRICKLE)))
            }
            Fault::HugeLength => {
                to.raw(format!("{JSON}Content-Length: {}\r\n\r\n{opened}", i64::MAX))?;
                to.hold()
            }
            Fault::OverflowingLength => {
                to.raw(format!("{JSON}Content-Length: 1{}\r\n\r\n{opened}", "0".repeat(30)))?;
                to.hold()
            }
            Fault::TwoLengths => {
                to.raw(format!("{JSON}Content-Length: 2\r\nContent-Length: 40\r\n\r\n{{}}"))?;
                to.hold()
            }
            Fault::Reset => to.reset(),
            Fault::ResetInHead => {
                to.raw("HTTP/1.1 200 OK\r\nContent-Ty")?;
                to.reset()
            }
            Fault::ResetInBody => {
                to.raw(format!("{JSON}Content-Length: 900\r\n\r\n{opened}"))?;
                to.reset()
            }
            Fault::Close => to.close(),
            Fault::CloseInHead => {
                to.raw("HTTP/1.1 200 OK\r\nContent-Ty")?;
                to.close()
            }
            Fault::TruncatedLength => {
                to.raw(format!("{JSON}Content-Length: 900\r\n\r\n{opened}"))?;
                to.close()
            }
            Fault::TruncatedChunk => {
                to.raw(format!("{JSON}Transfer-Encoding: chunked\r\n\r\n384\r\n{opened}"))?;
                to.close()
            }
            Fault::TruncatedStream => {
                to.begin_events()?;
                to.chunk(": no more\n\n")?;
                to.close()
            }
            Fault::BadChunkSize => {
                to.raw(format!("{JSON}Transfer-Encoding: chunked\r\n\r\nmany\r\n{opened}"))?;
                to.hold()
            }
            Fault::BadChunkEnd => {
                to.raw(format!("{JSON}Transfer-Encoding: chunked\r\n\r\n4\r\n{opened}\r\n0\r\n\r\n"))?;
                to.hold()
            }
            Fault::EndlessChunkSize => {
                to.raw(format!("{JSON}Transfer-Encoding: chunked\r\n\r\n4;note="))?;
                forever(|| to.raw([b'x'; 8192]))
            }
            Fault::EndlessTrailers => {
                to.raw(format!("{JSON}Transfer-Encoding: chunked\r\n\r\n"))?;
                to.chunk(format!("{opened}\"}}}}"))?;
                to.raw("0\r\n")?;
                let lines = "X-Filler: some value or other\r\n".repeat(256);
                forever(|| to.raw(&lines).and_then(|()| to.wait(Duration::from_millis(1))))
            }
            Fault::NotHttp => {
                to.raw("220 mail.example ESMTP ready\r\n")?;
                to.hold()
            }
            Fault::TlsAlert => {
                to.raw(b"\x15\x03\x01\x00\x02\x02\x46")?;
                to.close()
            }
            Fault::BadStatusLine => {
                to.raw("HTTP/1.1 fine OK\r\nContent-Length: 0\r\n\r\n")?;
                to.hold()
            }
            Fault::EndlessHeaders => {
                to.raw("HTTP/1.1 200 OK\r\n")?;
                let lines = "X-Filler: some value or other\r\n".repeat(256);
                forever(|| to.raw(&lines))
            }
            Fault::EndlessHeaderLine => {
                to.raw("HTTP/1.1 200 OK\r\nX-Filler: ")?;
                forever(|| to.raw([b'x'; 8192]))
            }
            Fault::EndlessInformation => forever(|| to.raw("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n")),
            Fault::EndlessJson => {
                to.raw(format!("{JSON}Transfer-Encoding: chunked\r\n\r\n"))?;
                to.chunk(opened)?;
                forever(|| to.chunk([b'x'; 65536]))
            }
            Fault::EndlessJsonUntilClose => {
                to.raw(format!("{JSON}Connection: close\r\n\r\n{opened}"))?;
                forever(|| to.raw([b' '; 65536]))
            }
            Fault::EndlessLine => {
                to.begin_events()?;
                to.chunk("data: ")?;
                forever(|| to.chunk([b'x'; 65536]))
            }
            Fault::EndlessEvent => {
                to.begin_events()?;
                let lines = chunk(format!("data: {}\n", "some text or other ".repeat(50)).repeat(64).as_bytes());
                forever(|| to.raw(&lines))
            }
            Fault::EndlessEvents => {
                to.begin_events()?;
                let note =
                    json!({"jsonrpc": "2.0", "method": "notifications/message", "params": {"data": "x".repeat(1000)}});
                let events = chunk(event(&note.to_string()).repeat(64).as_bytes());
                forever(|| to.raw(&events))
            }
            Fault::GzipBomb => {
                to.raw(format!("{JSON}Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"))?;
                let (start, more) = gzip_of_spaces();
                to.chunk(start)?;
                // One of these unpacks to 2064 bytes; together a little over a gigabyte.
                let block = chunk(&more.repeat(4096));
                (0..128).try_for_each(|_| to.raw(&block))?;
                to.hold()
            }
            Fault::BadGzip => to.send(&Answer::json(opened).header("Content-Encoding", "gzip")),
            Fault::NotJson => to.send(&Answer::json(format!("{opened}, and so on"))),
            Fault::EmptyJson => to.send(&Answer::json("")),
            Fault::BadUtf8 => to.send(&Answer::json([opened.as_bytes(), b"\xc3\x28\xff\"}}"].concat())),
            Fault::DeepBrackets => to.send(&Answer::json(deep(request))),
            Fault::WrongId => {
                let other = json!({"jsonrpc": "2.0", "id": "another", "result": super::mcp::discover_result()});
                to.send(&Answer::json(other.to_string()))
            }
            Fault::NotJsonRpc => to.send(&Answer::json(r#"{"status": "ok"}"#)),
            Fault::NeitherResultNorError => {
                to.send(&Answer::json(json!({"jsonrpc": "2.0", "id": request.id()}).to_string()))
            }
            Fault::AcceptedOnly => to.send(&Answer::status(202)),
            Fault::HtmlPage => to.send(&Answer::text(200, "text/html", "<html><h1>Welcome</h1></html>")),
            Fault::EmptyStream => to.send(&Answer::events(": nothing\n\n")),
            Fault::BrokenEvent => to.send(&Answer::events(event(opened))),
            Fault::BadUtf8Event => {
                to.send(&Answer::events([b"data: ", opened.as_bytes(), b"\xc3\x28\xff\"}}\n\n"].concat()))
            }
            Fault::WrongIdEvent => {
                let other = json!({"jsonrpc": "2.0", "id": "another", "result": super::mcp::discover_result()});
                to.send(&Answer::events(event(&other.to_string())))
            }
            Fault::TwoAnswersAtOnce => {
                let result = match request.name() {
                    "initialize" => super::mcp::initialize_result(super::mcp::LEGACY),
                    _ => super::mcp::discover_result(),
                };
                let answer = json!({"jsonrpc": "2.0", "id": request.id(), "result": result});
                to.send(&Answer::events(event(&answer.to_string()).repeat(2)))
            }
            Fault::CloseAfterAnswer => {
                to.pass(request)?;
                to.close()
            }
            Fault::OneAnswerTooMany => {
                to.pass_and_add(request, "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n")
            }
        }
    }
}

fn forever(mut step: impl FnMut() -> io::Result<()>) -> io::Result<()> {
    loop {
        step()?;
    }
}

fn deep(request: &Request) -> String {
    let (open, close) = ("[".repeat(200_000), "]".repeat(200_000));
    format!(r#"{{"jsonrpc":"2.0","id":{},"result":{{"deep":{open}{close}}}}}"#, request.id())
}

/// The beginning of a gzip file of spaces, and a piece that may follow it any number of times: 2064 spaces in 13 bytes.
///
/// RFC 1951: a block with fixed codes, the literal ` `, then "258 bytes from one byte back" again and again: 13 bits.
fn gzip_of_spaces() -> (Vec<u8>, Vec<u8>) {
    const REPEAT: [bool; 13] = [true, true, false, false, false, true, false, true, false, false, false, false, false];
    let header = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    let block = [false, true, false]; // more blocks may follow; fixed codes (01, low bit first)
    let space = [false, true, false, true, false, false, false, false]; // 0x30 + 0x20
    let prefix: Vec<bool> = block.into_iter().chain(space).collect();
    let repeats = REPEAT.iter().copied().cycle();
    // 11 bits and 13 of the first repeat are 3 bytes; from there on 8 repeats fill 13 bytes exactly.
    let start: Vec<bool> = prefix.into_iter().chain(REPEAT).collect();
    let more: Vec<bool> = repeats.take(13 * 8).collect();
    ([header.as_slice(), &bytes_of(&start)].concat(), bytes_of(&more))
}

fn bytes_of(bits: &[bool]) -> Vec<u8> {
    bits.chunks(8).map(|byte| byte.iter().enumerate().fold(0, |sum, (at, bit)| sum | (u8::from(*bit) << at))).collect()
}
