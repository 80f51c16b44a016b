//! Reading requests: as much of HTTP/1.1 (RFC 9112) as a server of small JSON messages needs, with a limit on
//! everything that is read.
//!
//! Not supported, and refused as the RFC allows: request bodies without a Content-Length (411), folded header lines
//! (400), bodies beyond [`MAX_BODY`] (413).

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::TcpStream;

use crate::response::Response;

const MAX_HEAD: u64 = 16 * 1024;
/// The most bytes that a request's body may have.
pub const MAX_BODY: usize = 1024 * 1024;

/// A request that was read whole.
pub struct Request {
    /// `GET`, `POST` and so on, case kept.
    pub method: String,
    /// The target up to its `?`.
    pub path: String,
    /// The target after its `?`; empty when there is none.
    pub query: String,
    /// The body, at most [`MAX_BODY`] bytes.
    pub body: Vec<u8>,
    /// Whether the client lets the connection be used again.
    pub keep_alive: bool,
    headers: BTreeMap<String, String>,
}

impl Request {
    /// The value of a header, `name` in lower case. Several lines of one name are one list (RFC 9110, section 5.2), so
    /// a header that must stand once and stands twice is simply a wrong value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }
}

/// What came on a connection.
pub enum Received {
    /// A request to answer.
    Request(Request),
    /// The client closed the connection, or stayed silent for too long.
    Closed,
    /// Something that is not a request this server reads; the answer to it, after which the connection must close
    /// because the start of the next request is unknown.
    Refused(Response),
}

/// Reads the next request. `stream` is where an interim `100 Continue` goes.
pub fn read_request(reader: &mut BufReader<TcpStream>, stream: &TcpStream) -> io::Result<Received> {
    if !matches!(reader.fill_buf()?.first(), None | Some(b'A'..=b'Z' | b'\r' | b'\n')) {
        // Mostly a TLS handshake, which has no line end to wait for.
        return Ok(refused(400, "only plain HTTP is spoken here"));
    }
    let head = match read_head(reader) {
        Ok(head) => head,
        Err(error) if error.kind() == ErrorKind::InvalidData => {
            return Ok(refused(431, "the request's head is too large"));
        }
        Err(_) => return Ok(Received::Closed),
    };
    let Ok(head) = String::from_utf8(head) else {
        return Ok(refused(400, "the request's head is not text"));
    };
    if head.is_empty() {
        return Ok(Received::Closed);
    }
    let mut request = match parse_head(&head) {
        Ok(request) => request,
        Err((status, reason)) => return Ok(refused(status, reason)),
    };
    let length = match body_length(&request) {
        Ok(length) => length,
        Err((status, reason)) => return Ok(refused(status, reason)),
    };
    if length > 0 && request.header("expect").is_some_and(|value| value.eq_ignore_ascii_case("100-continue")) {
        let mut interim = stream;
        interim.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
    }
    request.body.resize(length, 0);
    reader.read_exact(&mut request.body)?;
    Ok(Received::Request(request))
}

/// Everything up to the empty line, without it; empty when the client closed instead of asking.
fn read_head(reader: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    let mut limited = reader.take(MAX_HEAD);
    loop {
        let start = head.len();
        if limited.read_until(b'\n', &mut head)? == 0 {
            let kind = if limited.limit() == 0 { ErrorKind::InvalidData } else { ErrorKind::UnexpectedEof };
            return if head.is_empty() { Ok(head) } else { Err(kind.into()) };
        }
        if matches!(&head[start..], b"\r\n" | b"\n") {
            head.truncate(start);
            // RFC 9112, section 2.2: an empty line before the request line is ignored.
            if !head.is_empty() {
                return Ok(head);
            }
        }
    }
}

type Refusal = (u16, &'static str);

fn parse_head(head: &str) -> Result<Request, Refusal> {
    let mut lines = head.lines();
    let mut words = lines.next().unwrap_or_default().split(' ');
    let (Some(method), Some(target), Some(version), None) = (words.next(), words.next(), words.next(), words.next())
    else {
        return Err((400, "the request line is malformed"));
    };
    if !matches!(version, "HTTP/1.1" | "HTTP/1.0") {
        return Err((505, "only HTTP/1.1 is spoken here"));
    }
    let target = origin_form(target).ok_or((400, "the request target must be a path"))?;
    let headers = parse_headers(lines)?;
    if version == "HTTP/1.1" && !headers.contains_key("host") {
        return Err((400, "the Host header is missing"));
    }
    let wants_close = headers.get("connection").is_some_and(|value| list_has(value, "close"));
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    Ok(Request {
        method: method.to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        body: Vec::new(),
        keep_alive: version == "HTTP/1.1" && !wants_close,
        headers,
    })
}

/// The path and query of a target, which names its server as well when it was written for a proxy (RFC 9112, section
/// 3.2.2).
fn origin_form(target: &str) -> Option<&str> {
    if target.starts_with('/') {
        return Some(target);
    }
    let rest = target.strip_prefix("http://")?;
    Some(rest.find('/').map_or("/", |start| &rest[start..]))
}

fn parse_headers<'a>(lines: impl Iterator<Item = &'a str>) -> Result<BTreeMap<String, String>, Refusal> {
    let mut headers = BTreeMap::new();
    for line in lines {
        let (name, value) = line.split_once(':').ok_or((400, "a header line has no colon"))?;
        if name.is_empty() || !name.bytes().all(is_token_byte) {
            return Err((400, "a header has an invalid name"));
        }
        let value = value.trim_matches([' ', '\t']);
        if value.chars().any(|c| c.is_control() && c != '\t') {
            return Err((400, "a header has a control character in its value"));
        }
        let whole: &mut String = headers.entry(name.to_ascii_lowercase()).or_default();
        if !whole.is_empty() {
            whole.push_str(", ");
        }
        whole.push_str(value);
    }
    Ok(headers)
}

/// A character of a `token` (RFC 9110, section 5.6.2), which header names are.
fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

fn body_length(request: &Request) -> Result<usize, Refusal> {
    if request.header("transfer-encoding").is_some() {
        return Err((411, "send the body with a Content-Length"));
    }
    let Some(length) = request.header("content-length") else {
        return Ok(0);
    };
    // `parse` alone would take "+5", which RFC 9110 does not.
    if length.is_empty() || !length.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err((400, "Content-Length is not a number"));
    }
    match length.parse::<usize>() {
        Ok(length) if length <= MAX_BODY => Ok(length),
        _ => Err((413, "the body is too large")),
    }
}

fn refused(status: u16, reason: &str) -> Received {
    Received::Refused(Response::text(status, reason))
}

/// Whether a comma-separated list holds `word`; parameters such as `;q=0.5` are set aside.
pub fn list_has(list: &str, word: &str) -> bool {
    list.split(',').any(|item| item.split(';').next().is_some_and(|item| item.trim().eq_ignore_ascii_case(word)))
}
