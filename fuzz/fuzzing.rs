//! The parsers that the fuzz targets call: a module of the library when it is built with `--cfg fuzzing`, not part of its
//! API.

use ::http::HeaderValue;
use zeroize::Zeroizing;

use crate::auth::header;
use crate::auth::oauth::listener::request_url;
use crate::auth::oauth::login;
use crate::auth::oauth::metadata::{ResourceMetadata, ServerMetadata};
use crate::auth::oauth::record::Grant;
use crate::auth::oauth::token_response::TokenResponse;
use crate::auth::redact::redact;
use crate::auth::secret::Secret;
use crate::auth::token::{self as bearer, Token};
use crate::http::endpoint;
use crate::json::Limits;
pub use crate::json::{JsonBuilder, Node, Value};
use crate::protocol::jsonrpc::{self, Incoming, Match, ResponseId};
use crate::protocol::www_authenticate;
use crate::transport::sse;

/// Reads the text of a configuration file: the names of its servers, or the refusal.
pub fn configuration(text: &str) -> Result<crate::Config, String> {
    crate::Config::parse(text).map_err(|error| error.to_string())
}

/// What came out of an event stream.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Stream {
    /// Name, data and id of each event.
    pub events: Vec<(String, Vec<u8>, Option<String>)>,
    /// The id to resume from.
    pub last_event_id: Option<String>,
    /// The latest `retry`, in milliseconds.
    pub retry: Option<u128>,
    /// Whether an event was over the limit.
    pub too_large: bool,
}

/// Parses an event stream that comes in pieces.
pub fn event_stream<'a>(pieces: impl IntoIterator<Item = &'a [u8]>, limit: usize) -> Stream {
    let mut parser = sse::Parser::new(limit);
    let mut stream = Stream::default();
    for piece in pieces {
        stream.too_large |= parser.push(piece).is_err();
        while let Some(event) = parser.next() {
            stream.events.push((event.event.into_owned(), event.data, event.id));
        }
    }
    stream.last_event_id = parser.last_event_id().filter(|id| !id.is_empty()).map(str::to_owned);
    stream.retry = parser.retry().map(|retry| retry.as_millis());
    stream
}

/// Scheme and parameters of each challenge.
pub type Challenges = Vec<(String, Vec<(String, String)>)>;

/// Parses `WWW-Authenticate` headers; also looks up one Bearer parameter.
pub fn challenges(headers: &[&str], name: &str) -> (Challenges, Option<String>) {
    let challenges = www_authenticate::parse(headers);
    let parameter = www_authenticate::bearer_parameter(&challenges, name).map(str::to_owned);
    (challenges.into_iter().map(|challenge| (challenge.scheme, challenge.params)).collect(), parameter)
}

/// A token: its `Authorization` value, and `text` with the token redacted.
pub fn token(token: &[u8], text: &str) -> Result<(HeaderValue, String), String> {
    let authorization = Token::from_zeroizing(Zeroizing::new(token.to_vec()))?.authorization();
    let redacted = redact(text, bearer::bare(&authorization).unwrap_or_default());
    Ok((authorization, redacted))
}

/// A custom header's name, as it is sent.
pub fn header_name(name: &str) -> Result<String, String> {
    header::parse_name(name).map(|name| name.to_string())
}

/// A custom header's value.
pub fn header_value(value: &str) -> Result<HeaderValue, String> {
    header::parse_value(value)
}

/// Parses JSON text.
pub fn value(text: &[u8]) -> Result<Value, String> {
    Value::from_text(text.to_vec()).map_err(|error| error.to_string())
}

/// A JSON-RPC message, told apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// A response: its id, if a request of ours may have it, and whether it is an error.
    Response(Option<u64>, bool),
    /// A request: its id, method and parameters.
    Request(String, String, Option<String>),
    /// A notification: its method and parameters.
    Notification(String, Option<String>),
}

/// Reads a JSON-RPC message or batch; `None` when it is neither.
pub fn jsonrpc_read(bytes: &[u8]) -> Option<Vec<Message>> {
    let mut messages = Vec::new();
    let text = |params: Option<Value>| params.map(|params| params.json().to_owned());
    let result = jsonrpc::read(bytes.to_vec(), &Limits::NONE, |incoming| {
        messages.push(match incoming {
            Incoming::Response { id: ResponseId::Number(id), outcome } => Message::Response(Some(id), outcome.is_err()),
            Incoming::Response { outcome, .. } => Message::Response(None, outcome.is_err()),
            Incoming::Request { id, method, params } => Message::Request(id, method, text(params)),
            Incoming::Notification { method, params } => Message::Notification(method, text(params)),
        });
    });
    result.ok().map(|()| messages)
}

/// The result of the request with this id.
pub fn jsonrpc_result(bytes: &[u8], id: u64) -> Option<Value> {
    match jsonrpc::find_response(bytes.to_vec(), id, &Limits::NONE, |_| {}) {
        Ok(Match::Result(result)) => Some(result),
        _ => None,
    }
}

/// Writes a request, a notification, and an error as answer to a request.
pub fn jsonrpc_written(id: u64, text: &str) -> [Vec<u8>; 3] {
    [
        jsonrpc::request(id, text, None),
        jsonrpc::notification(text, Some("{}")),
        jsonrpc::error(&id.to_string(), jsonrpc::INTERNAL_ERROR, text),
    ]
}

/// An accepted URL: itself, its form for messages, whether it names the HTTP+SSE transport.
pub struct Endpoint {
    /// The URL.
    pub url: url::Url,
    /// Without what may be a secret.
    pub display: String,
    /// Whether its path has the segment `sse`.
    pub names_sse: bool,
}

/// Reads the URL of an endpoint.
pub fn endpoint(text: &str) -> Result<Endpoint, String> {
    endpoint::parse(text).map(described)
}

/// Resolves what a server refers to; also whether credentials may go there.
pub fn resolved(base: &Endpoint, reference: &str) -> Result<(Endpoint, bool), String> {
    let url = endpoint::resolve(&base.url, reference)?;
    let same = endpoint::same_origin(&base.url, &url);
    Ok((described(url), same))
}

fn described(url: url::Url) -> Endpoint {
    Endpoint { display: endpoint::display(&url), names_sse: endpoint::names_sse(&url), url }
}

/// Everything of OAuth that others write: metadata documents, token responses, stored grants, what arrives at the listener
/// and as a redirected URL. Gives the URL that a request at the listener stands for, and whether the text is the query of a
/// response with the state `state`.
pub fn oauth(text: &str) -> (Option<String>, bool) {
    const SERVER: &str = "https://m.example/a/mcp";
    let server = url::Url::parse(SERVER).expect("a URL");
    let _ = ResourceMetadata::parse(text.as_bytes(), "the document", &server);
    let _ = ServerMetadata::parse(text.as_bytes(), "the document", "https://a.example", &server);
    let _ = TokenResponse::parse(text.as_bytes());
    if let Some(grant) = Grant::from_json(text, SERVER) {
        let written = grant.to_json(SERVER);
        let again = Grant::from_json(written.expose(), SERVER).expect("what is written can be read");
        assert_eq!(again.to_json(SERVER).expose(), written.expose());
    }
    let base = url::Url::parse("http://127.0.0.1:7/callback").expect("a URL");
    let requested = request_url(text.as_bytes(), &base).map(|url| url.expose().to_owned());
    (requested, login::read(text, &Secret::new("state")).is_some())
}
