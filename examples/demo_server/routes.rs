//! Which part of the server answers a request.

use serde_json::Value;

use crate::auth;
use crate::handshake;
use crate::http::{self, Request};
use crate::jsonrpc::{PARSE_ERROR, RpcError};
use crate::options::Options;
use crate::response::Response;
use crate::sessions::Sessions;
use crate::sse::{self, Events, Streams};
use crate::stateless;

/// The server's state.
pub struct Server {
    /// Open streams of the HTTP+SSE transport.
    pub streams: Streams,
    options: Options,
    sessions: Sessions,
}

/// What goes back to the client.
pub enum Reply {
    /// An answer.
    Response(Response),
    /// A stream that takes the connection over.
    EventStream(Events),
}

impl Server {
    /// A server without clients.
    pub fn new(options: Options) -> Self {
        Self { streams: Streams::default(), options, sessions: Sessions::default() }
    }

    /// Answers one request.
    pub fn route(&self, request: &Request) -> Reply {
        if let Err(response) = check_origin(request).and_then(|()| auth::check(request, &self.options)) {
            return Reply::Response(response);
        }
        let response = match (request.path.as_str(), request.method.as_str()) {
            ("/sse", "GET") if !self.options.modern_only => return Reply::EventStream(self.streams.open()),
            ("/sse", _) if !self.options.modern_only => not_allowed("GET"),
            (sse::MESSAGES_PATH, "POST") if !self.options.modern_only => self.streams.post(request),
            (sse::MESSAGES_PATH, _) if !self.options.modern_only => not_allowed("POST"),
            ("/mcp", "POST") => self.post(request),
            ("/mcp", _) if self.options.modern_only => not_allowed("POST"),
            ("/mcp", "DELETE") => handshake::end_session(request, &self.sessions),
            ("/mcp", _) => not_allowed("POST, DELETE"),
            _ => Response::text(404, "There is nothing here: try /mcp or /sse"),
        };
        Reply::Response(response)
    }

    fn post(&self, request: &Request) -> Response {
        if let Err(response) = check_media_types(request) {
            return response;
        }
        let Ok(message) = serde_json::from_slice::<Value>(&request.body) else {
            return Response::json(400, &RpcError::new(PARSE_ERROR, "Parse error").to_response(None));
        };
        if self.is_stateless(request, &message) {
            stateless::answer(request, &message, &self.supported_versions())
        } else {
            handshake::answer(request, &message, &self.sessions)
        }
    }

    /// Versioning, "Backward Compatibility": a request with the metadata of the stateless era is served statelessly,
    /// `initialize` selects the other one. A version header that neither era knows gets the answer that names the
    /// known ones.
    fn is_stateless(&self, request: &Request, message: &Value) -> bool {
        let asks_for_other_version =
            || request.header("mcp-protocol-version").is_some_and(|version| !handshake::VERSIONS.contains(&version));
        let by_content = || stateless::is_stateless(message) || asks_for_other_version();
        self.options.modern_only || !self.options.legacy_only && by_content()
    }

    fn supported_versions(&self) -> Vec<&'static str> {
        let handshake: &[_] = if self.options.modern_only { &[] } else { &handshake::VERSIONS };
        [&[stateless::VERSION], handshake].concat()
    }
}

/// Transports, "Security Warning": a web page of another site must not reach this server through the visitor's browser,
/// not even when the page's host name resolves to 127.0.0.1.
fn check_origin(request: &Request) -> Result<(), Response> {
    let Some(origin) = request.header("origin") else {
        return Ok(());
    };
    let host = origin.split_once("://").map_or("", |(_, authority)| authority);
    let name = host.rsplit_once(':').map_or(host, |(name, _port)| name);
    if matches!(name, "localhost" | "127.0.0.1") {
        return Ok(());
    }
    Err(Response::text(403, "Requests from this origin are not allowed"))
}

/// Transports, "Sending Messages": the body is JSON, and the client takes JSON as well as an event stream.
fn check_media_types(request: &Request) -> Result<(), Response> {
    if !request.header("content-type").is_some_and(|value| http::list_has(value, "application/json")) {
        return Err(Response::text(415, "Content-Type must be application/json"));
    }
    let accepts = |media_type| {
        let accept = request.header("accept").unwrap_or_default();
        http::list_has(accept, media_type) || http::list_has(accept, "*/*")
    };
    if !accepts("application/json") || !accepts("text/event-stream") {
        return Err(Response::text(406, "Accept must list application/json and text/event-stream"));
    }
    Ok(())
}

fn not_allowed(allow: &str) -> Response {
    Response::text(405, "Method not allowed").header("Allow", allow)
}
