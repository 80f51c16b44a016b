//! Requests as they came, and the answers that a handler gives.

use std::io;

use serde_json::{Value, json};

/// One request, as it came.
#[derive(Clone, Debug)]
pub struct Request {
    /// Which connection carried it, from 0 in the order of arrival.
    pub connection: usize,
    /// The HTTP method.
    pub method: String,
    /// The request target: path and query.
    pub target: String,
    /// Everything up to the empty line, byte for byte.
    pub head: Vec<u8>,
    /// The header fields, names as sent.
    pub headers: Vec<(String, String)>,
    /// The body, byte for byte.
    pub body: Vec<u8>,
    /// The body as JSON; `Null` when it is none.
    pub message: Value,
}

impl Request {
    /// Reads the head of a request; `head` ends with the empty line.
    pub fn parse(connection: usize, head: &[u8]) -> io::Result<Request> {
        let text = String::from_utf8_lossy(head);
        let mut lines = text.split("\r\n").filter(|line| !line.is_empty());
        let mut words = lines.next().unwrap_or_default().split(' ').map(str::to_owned);
        let (Some(method), Some(target), Some(_)) = (words.next(), words.next(), words.next()) else {
            return Err(io::ErrorKind::InvalidData.into());
        };
        let split = |line: &str| line.split_once(':').map(|(name, value)| (name.to_owned(), value.trim().to_owned()));
        let headers = lines.filter_map(split).collect();
        Ok(Request { connection, method, target, head: head.to_vec(), headers, body: Vec::new(), message: Value::Null })
    }

    /// The first header field of that name, compared without case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The length that the head announces for the body.
    pub fn content_length(&self) -> usize {
        self.header("Content-Length").and_then(|length| length.parse().ok()).unwrap_or(0)
    }

    /// What the request is about: the JSON-RPC method, `response` for a JSON-RPC answer, else the HTTP method.
    pub fn name(&self) -> &str {
        match &self.message {
            Value::Object(message) if message.contains_key("method") => self.message["method"].as_str().unwrap_or(""),
            Value::Object(_) => "response",
            _ => &self.method,
        }
    }

    /// The JSON-RPC id; `Null` for none.
    pub fn id(&self) -> &Value {
        &self.message["id"]
    }
}

/// How the end of a body is marked.
#[derive(Clone, Copy, Debug)]
enum Framing {
    Length,
    Chunked(usize),
    UntilClose,
}

/// An HTTP answer.
#[derive(Clone, Debug)]
pub struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    framing: Framing,
}

impl Answer {
    /// An answer without a body.
    pub fn status(status: u16) -> Answer {
        Answer { status, headers: Vec::new(), body: Vec::new(), framing: Framing::Length }
    }

    /// An answer with a body of that media type.
    pub fn text(status: u16, media_type: &str, body: impl Into<Vec<u8>>) -> Answer {
        Answer { body: body.into(), ..Answer::status(status) }.header("Content-Type", media_type)
    }

    /// 200 with a JSON body.
    pub fn json(body: impl Into<Vec<u8>>) -> Answer {
        Answer::text(200, "application/json", body)
    }

    /// The JSON-RPC result of a request.
    pub fn result(request: &Request, result: Value) -> Answer {
        Answer::json(json!({"jsonrpc": "2.0", "id": request.id(), "result": result}).to_string())
    }

    /// A JSON-RPC error under that HTTP status.
    pub fn error(request: &Request, status: u16, code: i64, message: &str) -> Answer {
        let body = json!({"jsonrpc": "2.0", "id": request.id(), "error": {"code": code, "message": message}});
        Answer::text(status, "application/json", body.to_string())
    }

    /// 200 with an event stream as its body, ended properly.
    pub fn events(body: impl Into<Vec<u8>>) -> Answer {
        Answer::text(200, "text/event-stream", body).in_pieces(usize::MAX)
    }

    /// The same JSON body as the one event of an event stream.
    pub fn into_events(self) -> Answer {
        let Ok(text) = String::from_utf8(self.body.clone()) else {
            return self;
        };
        match self.status {
            200 if !text.is_empty() => Answer { headers: self.other_headers(), ..Answer::events(event(&text)) }
                .header("Content-Type", "text/event-stream"),
            _ => self,
        }
    }

    fn other_headers(&self) -> Vec<(String, String)> {
        self.headers.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("content-type")).cloned().collect()
    }

    /// The same with one more header field.
    pub fn header(mut self, name: &str, value: &str) -> Answer {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same with the header fields of another answer that do not speak of its body.
    pub fn with_headers_of(mut self, other: &Answer) -> Answer {
        self.headers.extend(other.other_headers());
        self
    }

    /// The same in chunks of that many bytes, each sent on its own.
    pub fn in_pieces(self, size: usize) -> Answer {
        Answer { framing: Framing::Chunked(size), ..self }
    }

    /// The same, ended by the end of the connection.
    pub fn until_close(self) -> Answer {
        Answer { framing: Framing::UntilClose, ..self }
    }

    /// The body, to be reshaped.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The same with another body.
    pub fn with_body(self, body: impl Into<Vec<u8>>) -> Answer {
        Answer { body: body.into(), ..self }
    }

    /// Whether the connection ends with this answer.
    pub fn closes(&self) -> bool {
        matches!(self.framing, Framing::UntilClose)
    }

    /// The writes that make up the answer: each goes out as a segment of its own.
    pub fn pieces(&self) -> Vec<Vec<u8>> {
        let mut head = format!("HTTP/1.1 {} {}\r\n", self.status, reason(self.status));
        for (name, value) in &self.headers {
            head += &format!("{name}: {value}\r\n");
        }
        match self.framing {
            Framing::Length if matches!(self.status, 204 | 304) => {}
            Framing::Length => head += &format!("Content-Length: {}\r\n", self.body.len()),
            Framing::Chunked(_) => head += "Transfer-Encoding: chunked\r\n",
            Framing::UntilClose => head += "Connection: close\r\n",
        }
        let mut first = (head + "\r\n").into_bytes();
        let Framing::Chunked(size) = self.framing else {
            first.extend_from_slice(&self.body);
            return vec![first];
        };
        let mut pieces = vec![first];
        pieces.extend(self.body.chunks(size.min(self.body.len()).max(1)).map(chunk));
        pieces.push(b"0\r\n\r\n".to_vec());
        pieces
    }
}

/// One chunk of a chunked body (RFC 9112, section 7.1).
pub fn chunk(bytes: &[u8]) -> Vec<u8> {
    [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat()
}

/// One `message` event that carries `data`.
pub fn event(data: &str) -> String {
    format!("event: message\ndata: {data}\n\n")
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        202 => "Accepted",
        401 => "Unauthorized",
        404 => "Not Found",
        _ => "Some Reason",
    }
}
