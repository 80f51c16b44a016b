//! MCP servers that do as the specification says, and insist on it.

use std::collections::HashSet;
use std::io;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use super::http::{Answer, Request, chunk, event};
use super::server::{Connection, Handler};

/// The revision without a handshake.
pub const MODERN: &str = "2026-07-28";
/// The newest revision with a handshake.
pub const LEGACY: &str = "2025-11-25";
/// The revision of the HTTP+SSE transport.
pub const OLDEST: &str = "2024-11-05";

type Reshape = Box<dyn Fn(Answer) -> Answer + Send + Sync>;

/// A server of the Streamable HTTP transport, of one era or of both.
pub struct Streamable {
    modern: bool,
    legacy: Option<String>,
    sessions: Option<Mutex<HashSet<String>>>,
    count: AtomicUsize,
    reshape: Reshape,
}

/// A server of revision 2026-07-28 (stateless).
pub fn modern() -> Streamable {
    Streamable {
        modern: true,
        legacy: None,
        sessions: None,
        count: AtomicUsize::new(0),
        reshape: Box::new(|answer| answer),
    }
}

/// A server of one revision with the `initialize` handshake, with sessions.
pub fn legacy(version: &str) -> Streamable {
    Streamable { modern: false, legacy: Some(version.to_owned()), sessions: Some(Mutex::default()), ..modern() }
}

impl Streamable {
    /// The same without sessions.
    pub fn without_sessions(self) -> Streamable {
        Streamable { sessions: None, ..self }
    }

    /// The same for a server of both eras.
    pub fn and_modern(self) -> Streamable {
        Streamable { modern: true, ..self }
    }

    /// The same with every answer of a request reshaped.
    pub fn reshaped(self, reshape: impl Fn(Answer) -> Answer + Send + Sync + 'static) -> Streamable {
        Streamable { reshape: Box::new(reshape), ..self }
    }

    fn answer(&self, request: &Request) -> Answer {
        match request.method.as_str() {
            "POST" => self.answer_post(request),
            "DELETE" if self.has_session(request) => Answer::status(200),
            "DELETE" if self.sessions.is_some() => Answer::status(404),
            _ => Answer::status(405).header("Allow", "POST"),
        }
    }

    fn answer_post(&self, request: &Request) -> Answer {
        if let Some(complaint) = bad_post(request) {
            return Answer::text(400, "text/plain", complaint);
        }
        match request.message["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"].as_str() {
            Some(version) if self.modern => answer_modern(request, version),
            None if self.legacy.is_none() => Answer::error(request, 400, -32020, "no Mcp-Protocol-Version"),
            _ => self.answer_legacy(request),
        }
    }

    fn answer_legacy(&self, request: &Request) -> Answer {
        let version = self.legacy.as_deref().unwrap_or_default();
        if request.name() == "initialize" {
            return self.initialize(request, version);
        }
        if request.header("Mcp-Session-Id").is_none() && self.sessions.is_some() {
            return Answer::error(request, 400, -32600, "Bad Request: Missing session ID");
        }
        if !self.has_session(request) {
            return Answer::error(request, 404, -32600, "Session not found");
        }
        let said = request.header("Mcp-Protocol-Version");
        if said.unwrap_or("2025-03-26") != version && version >= "2025-06-18" {
            return Answer::error(request, 400, -32600, "Bad Request: Unsupported protocol version");
        }
        match request.name() {
            "response" => Answer::status(202),
            name if name.starts_with("notifications/") => Answer::status(202),
            "ping" => Answer::result(request, json!({})),
            "tools/call" => Answer::result(request, tool_result()),
            _ => Answer::error(request, 200, -32601, "Method not found"),
        }
    }

    fn initialize(&self, request: &Request, version: &str) -> Answer {
        for leaked in ["Mcp-Protocol-Version", "Mcp-Session-Id", "Mcp-Method"] {
            if request.header(leaked).is_some_and(|value| value != version) {
                return Answer::error(request, 400, -32600, &format!("{leaked} does not belong on initialize"));
            }
        }
        let answer = Answer::result(request, initialize_result(version));
        let Some(sessions) = &self.sessions else { return answer };
        let id = format!("session-{}", self.count.fetch_add(1, Ordering::SeqCst));
        sessions.lock().unwrap().insert(id.clone());
        answer.header("Mcp-Session-Id", &id)
    }

    fn has_session(&self, request: &Request) -> bool {
        let Some(sessions) = &self.sessions else { return true };
        request.header("Mcp-Session-Id").is_some_and(|id| sessions.lock().unwrap().contains(id))
    }
}

impl Handler for Streamable {
    fn handle(&self, request: &Request, connection: &mut Connection) -> io::Result<()> {
        let answer = self.answer(request);
        let is_result = request.method == "POST" && !request.id().is_null();
        connection.send(&if is_result { (self.reshape)(answer) } else { answer })
    }
}

/// What an `initialize` request is answered with.
pub fn initialize_result(version: &str) -> Value {
    json!({"protocolVersion": version, "capabilities": {"tools": {}}, "serverInfo": {"name": "scripted", "version": "1"}})
}

/// What every tool says.
fn tool_result() -> Value {
    json!({"resultType": "complete", "content": [{"type": "text", "text": "said"}]})
}

/// What `server/discover` is answered with.
pub fn discover_result() -> Value {
    json!({
        "resultType": "complete",
        "supportedVersions": [MODERN],
        "capabilities": {"tools": {}},
        "_meta": {"io.modelcontextprotocol/serverInfo": {"name": "scripted", "version": "1"}},
        "ttlMs": 0,
        "cacheScope": "private",
    })
}

/// The error of a server that does not have that revision (-32022).
pub fn unsupported_version(request: &Request, supported: &[&str]) -> Answer {
    let data = json!({"supported": supported, "requested": MODERN});
    let error = json!({"code": -32022, "message": "Unsupported protocol version", "data": data});
    let body = json!({"jsonrpc": "2.0", "id": request.id(), "error": error});
    Answer::text(400, "application/json", body.to_string())
}

fn answer_modern(request: &Request, version: &str) -> Answer {
    let same = request.header("Mcp-Protocol-Version") == Some(version)
        && request.header("Mcp-Method") == Some(request.name())
        && request.message["params"]["_meta"]["io.modelcontextprotocol/clientCapabilities"].is_object();
    match request.name() {
        _ if !same => Answer::error(request, 400, -32020, "Header mismatch"),
        _ if version != MODERN => unsupported_version(request, &[MODERN]),
        "server/discover" => Answer::result(request, discover_result()),
        "tools/call" => Answer::result(request, tool_result()),
        _ => Answer::error(request, 404, -32601, "Method not found"),
    }
}

fn bad_post(request: &Request) -> Option<&'static str> {
    let has = |name, part: &str| request.header(name).is_some_and(|value| value.contains(part));
    match () {
        () if !has("Accept", "application/json") || !has("Accept", "text/event-stream") => Some("Accept lacks a type"),
        () if !has("Content-Type", "application/json") => Some("Content-Type is not JSON"),
        () if request.message["jsonrpc"] != "2.0" => Some("the body is not one JSON-RPC message"),
        () => None,
    }
}

type Endpoint = Box<dyn Fn(&str) -> String + Send + Sync>;

/// A server of the HTTP+SSE transport (2024-11-05).
pub struct Sse {
    endpoint: Endpoint,
    count: AtomicUsize,
}

/// A server of the HTTP+SSE transport whose `endpoint` is a path.
pub fn sse() -> Sse {
    sse_at(|session| format!("/messages?session={session}"))
}

/// The same with an `endpoint` that the test makes from the session's name.
pub fn sse_at(endpoint: impl Fn(&str) -> String + Send + Sync + 'static) -> Sse {
    Sse { endpoint: Box::new(endpoint), count: AtomicUsize::new(0) }
}

impl Handler for Sse {
    fn handle(&self, request: &Request, connection: &mut Connection) -> io::Result<()> {
        match (request.method.as_str(), session(request)) {
            ("GET", None) if !request.header("Accept").is_some_and(|types| types.contains("text/event-stream")) => {
                connection.send(&Answer::status(406))
            }
            ("GET", None) => {
                let session = format!("s{}", self.count.fetch_add(1, Ordering::SeqCst));
                connection.begin_events()?;
                let _stream = connection.open_stream(&session);
                connection.chunk(format!("event: endpoint\ndata: {}\n\n", (self.endpoint)(&session)))?;
                connection.hold()
            }
            ("POST", Some(session)) => {
                let answer =
                    if connection.stream_of(session).is_none() { Answer::status(404) } else { accept(request) };
                connection.send(&answer)?;
                say(request, connection, &sse_answer(request))
            }
            _ => connection.send(&Answer::status(405)),
        }
    }
}

fn accept(request: &Request) -> Answer {
    match request.header("Content-Type") {
        Some(media_type) if media_type.contains("application/json") => Answer::text(202, "text/plain", "Accepted"),
        _ => Answer::status(415),
    }
}

/// The session that a POST of the HTTP+SSE transport belongs to.
pub fn session(request: &Request) -> Option<&str> {
    request.target.split_once("session=").map(|(_, session)| session)
}

/// The message that answers a request; `Null` for none.
pub fn sse_answer(request: &Request) -> Value {
    let result = match request.name() {
        _ if request.id().is_null() => return Value::Null,
        "initialize" => initialize_result(OLDEST),
        "tools/call" => tool_result(),
        _ => json!({}),
    };
    json!({"jsonrpc": "2.0", "id": request.id(), "result": result})
}

/// Says a message on the event stream that a POST of the HTTP+SSE transport belongs to; nothing for `Null`.
pub fn say(request: &Request, connection: &Connection, message: &Value) -> io::Result<()> {
    match session(request).and_then(|session| connection.stream_of(session)) {
        Some(stream) if !message.is_null() => stream.write(&chunk(event(&message.to_string()).as_bytes())),
        _ => Ok(()),
    }
}

/// A server that wants this bearer token with every request, of any method.
pub fn require_bearer<H: Handler>(token: &str, inner: H) -> impl Handler + use<H> {
    require_header("Authorization", &format!("Bearer {token}"), inner)
}

/// A server that wants this header with every request, of any method.
pub fn require_header<H: Handler>(name: &'static str, value: &str, inner: H) -> impl Handler + use<H> {
    let value = value.to_owned();
    move |request: &Request, connection: &mut Connection| match request.header(name) {
        Some(said) if said == value => inner.handle(request, connection),
        _ => connection.send(&unauthorized()),
    }
}

/// A 401 as the OAuth middlewares of real servers write it.
pub fn unauthorized() -> Answer {
    let body = r#"{"error": "invalid_token", "error_description": "The access token expired"}"#;
    let challenge = r#"Bearer error="invalid_token", error_description="The access token expired""#;
    Answer::text(401, "application/json", body).header("WWW-Authenticate", challenge)
}
