//! Writing answers: HTTP/1.1 with a Content-Length, so that the connection can be used again.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use serde_json::{Value, json};

use crate::http::MAX_BODY;

/// An answer whose length is known.
pub struct Response {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl Response {
    /// An answer without a body.
    pub fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new() }
    }

    /// A sentence for a person.
    pub fn text(status: u16, sentence: &str) -> Self {
        Self::with_body(status, "text/plain; charset=utf-8", format!("{sentence}\n"))
    }

    /// A JSON document.
    pub fn json(status: u16, value: &Value) -> Self {
        Self::with_body(status, "application/json", value.to_string())
    }

    /// A JSON-RPC response that has a result. A client that asks for progress gets an event stream, any other one plain
    /// JSON: both are allowed for every request, and a client has to read both. `params` are those of the request.
    pub fn result(params: &Value, response: &Value) -> Self {
        let Some(token) = params["_meta"].get("progressToken") else {
            return Self::json(200, response);
        };
        let progress = json!({"progressToken": token, "progress": 1, "total": 1});
        let progress = json!({"jsonrpc": "2.0", "method": "notifications/progress", "params": progress});
        // All its events are known already, so this event stream is a body like any other.
        let events = format!("event: message\ndata: {progress}\n\nevent: message\ndata: {response}\n\n");
        Self::with_body(200, "text/event-stream", events)
    }

    /// Adds a header; `value` must be a valid header value.
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    fn with_body(status: u16, content_type: &str, body: String) -> Self {
        Self { status, headers: vec![("Content-Type", content_type.to_owned())], body: body.into_bytes() }
    }
}

/// Writes an answer, without its body when it answers HEAD.
pub fn write(mut stream: &TcpStream, response: &Response, head_only: bool, keep_alive: bool) -> io::Result<()> {
    let mut out = format!("HTTP/1.1 {} {}\r\n", response.status, reason_phrase(response.status));
    for (name, value) in &response.headers {
        out.push_str(&format!("{name}: {value}\r\n"));
    }
    // RFC 9110, section 8.6: no Content-Length on 204.
    if response.status != 204 {
        out.push_str(&format!("Content-Length: {}\r\n", response.body.len()));
    }
    out.push_str(if keep_alive { "\r\n" } else { "Connection: close\r\n\r\n" });
    let mut out = out.into_bytes();
    if !head_only {
        out.extend_from_slice(&response.body);
    }
    stream.write_all(&out)
}

/// Closes gently: closing a socket that has unread bytes resets it, which can take the answer away from a client that
/// has not read it yet (RFC 9112, section 9.6).
pub fn linger(mut stream: &TcpStream) -> io::Result<()> {
    stream.shutdown(Shutdown::Write)?;
    stream.set_read_timeout(Some(Duration::from_millis(500)))?;
    let mut scratch = [0; 4096];
    let mut rest = 2 * MAX_BODY / scratch.len();
    while rest > 0 && stream.read(&mut scratch)? > 0 {
        rest -= 1;
    }
    Ok(())
}

fn reason_phrase(status: u16) -> &'static str {
    match status {
        200 => "OK",
        202 => "Accepted",
        204 => "No Content",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        411 => "Length Required",
        413 => "Content Too Large",
        415 => "Unsupported Media Type",
        431 => "Request Header Fields Too Large",
        503 => "Service Unavailable",
        505 => "HTTP Version Not Supported",
        _ => "Error",
    }
}
