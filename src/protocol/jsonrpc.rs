//! [JSON-RPC 2.0](https://www.jsonrpc.org/specification) messages.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use crate::base::error::{Error, RpcError};
use crate::base::text;
use crate::json::{Kind, Limits, Node, ReadError, Value};

/// The members of a JSON object, their values as they were written.
pub(crate) type JsonObject = BTreeMap<String, Box<RawValue>>;

/// The receiver does not know the method.
pub(crate) const METHOD_NOT_FOUND: i32 = -32601;
/// The parameters are not valid for the method.
pub(crate) const INVALID_PARAMS: i32 = -32602;
/// A failure inside the receiver.
pub(crate) const INTERNAL_ERROR: i32 = -32603;
/// The headers of a request do not match its body (MCP, 2026-07-28).
pub(crate) const HEADER_MISMATCH: i32 = -32020;
/// The request needs a capability that the client has not declared (MCP, 2026-07-28).
pub(crate) const MISSING_CAPABILITY: i32 = -32021;
/// The server does not speak the request's protocol version (MCP, 2026-07-28).
pub(crate) const UNSUPPORTED_VERSION: i32 = -32022;

/// The most messages of one batch.
const MAX_BATCH: usize = 10_000;

/// A message from the server.
#[derive(Debug)]
pub(crate) enum Incoming {
    Response {
        id: ResponseId,
        outcome: Result<Value, RpcError>,
    },
    Request {
        /// JSON text.
        id: String,
        method: String,
        params: Option<Value>,
    },
    Notification {
        method: String,
        params: Option<Value>,
    },
}

/// The id of a response. Ids are compared as values: some servers answer the request 3 with the id 3.0 or "3".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ResponseId {
    Number(u64),
    /// Of an error about a message whose id the server could not read.
    Null,
    /// No request of this client has such an id.
    Unknown,
}

impl ResponseId {
    fn of(id: Option<Node<'_>>) -> ResponseId {
        let Some(id) = id else { return ResponseId::Null };
        let number = match id.as_str() {
            Some(text) => text.parse().ok(),
            None => id.as_i64().and_then(|number| u64::try_from(number).ok()),
        };
        number.map_or(ResponseId::Unknown, ResponseId::Number)
    }
}

/// Why a JSON text is no message.
enum Unreadable {
    NoMessage,
    TooMany,
}

/// Why a message could not be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MessageError {
    /// It is not a JSON-RPC message. Another one may be.
    #[error("{0}")]
    Invalid(String),
    /// It is over a limit, or the call has ended.
    #[error("{0}")]
    Failed(Error),
}

impl From<MessageError> for Error {
    fn from(error: MessageError) -> Error {
        match error {
            MessageError::Invalid(reason) => Error::Protocol(reason),
            MessageError::Failed(error) => error,
        }
    }
}

impl From<Error> for MessageError {
    fn from(error: Error) -> MessageError {
        MessageError::Failed(error)
    }
}

/// Reads a message, or each message of a batch (2025-03-26), in order.
pub(crate) fn read(bytes: Vec<u8>, limits: &Limits<'_>, mut each: impl FnMut(Incoming)) -> Result<(), MessageError> {
    let message = Value::read(bytes, limits).map_err(|error| match error {
        ReadError::Syntax { .. } => MessageError::Invalid(format!("the response is not valid JSON: {error}")),
        other => MessageError::Failed(other.in_response("the response")),
    })?;
    let read = match message.kind() {
        Kind::Array => read_batch(&message, each),
        _ => incoming(message).map(&mut each),
    };
    read.map_err(|reason| match reason {
        Unreadable::NoMessage => MessageError::Invalid("the response is not a JSON-RPC message".to_owned()),
        Unreadable::TooMany => {
            MessageError::Failed(Error::Protocol("the response is a batch of too many messages".to_owned()))
        }
    })
}

fn read_batch(batch: &Value, mut each: impl FnMut(Incoming)) -> Result<(), Unreadable> {
    for (count, element) in batch.root().elements().enumerate() {
        if count == MAX_BATCH {
            return Err(Unreadable::TooMany);
        }
        each(incoming(element.to_value())?);
    }
    Ok(())
}

/// The members of a message; `null` stands for an absent one.
#[derive(Default)]
struct Envelope<'a> {
    jsonrpc: Option<Node<'a>>,
    id: Option<Node<'a>>,
    method: Option<Node<'a>>,
    params: Option<Node<'a>>,
    result: Option<Node<'a>>,
    error: Option<Node<'a>>,
}

impl<'a> Envelope<'a> {
    fn read(message: Node<'a>) -> Result<Envelope<'a>, Unreadable> {
        let mut envelope = Envelope::default();
        let mut seen = 0_u8;
        for (name, value) in message.members() {
            let (bit, member) = match name {
                "jsonrpc" => (1, &mut envelope.jsonrpc),
                "id" => (2, &mut envelope.id),
                "method" => (4, &mut envelope.method),
                "params" => (8, &mut envelope.params),
                "result" => (16, &mut envelope.result),
                "error" => (32, &mut envelope.error),
                _ => continue,
            };
            if seen & bit != 0 {
                return Err(Unreadable::NoMessage); // ambiguous
            }
            seen |= bit;
            *member = Some(value).filter(|value| value.kind() != Kind::Null);
        }
        Ok(envelope)
    }
}

fn incoming(message: Value) -> Result<Incoming, Unreadable> {
    let Envelope { jsonrpc, id, method, params, result, error } = Envelope::read(message.root())?;
    if jsonrpc.and_then(Node::as_str) != Some("2.0") {
        return Err(Unreadable::NoMessage);
    }
    if let Some(method) = method {
        let method = method.as_str().ok_or(Unreadable::NoMessage)?.to_owned();
        let (id, params) = (id.map(Node::to_json), params.map(Node::place));
        let params = params.map(|place| message.narrowed(place));
        return Ok(match id {
            Some(id) => Incoming::Request { id, method, params },
            None => Incoming::Notification { method, params },
        });
    }
    let (id, has_id) = (ResponseId::of(id), id.is_some());
    match (error, result) {
        (Some(error), _) => Ok(Incoming::Response { id, outcome: Err(rpc_error(error)?) }),
        (None, Some(result)) if has_id => {
            let place = result.place();
            Ok(Incoming::Response { id, outcome: Ok(message.narrowed(place)) })
        }
        _ => Err(Unreadable::NoMessage),
    }
}

fn rpc_error(error: Node<'_>) -> Result<RpcError, Unreadable> {
    let code = error.get("/code").and_then(Node::as_f64).ok_or(Unreadable::NoMessage)?;
    let data = error.get("/data").filter(|data| data.kind() != Kind::Null);
    Ok(RpcError {
        code: if code.fract() == 0.0 { code as i32 } else { INTERNAL_ERROR },
        message: error.get("/message").and_then(Node::as_str).unwrap_or_default().to_owned(),
        data: data.map(Node::to_json),
        http_status: 0,
    })
}

/// What a message says about the request with a given id.
pub(crate) enum Match {
    /// Its result.
    Result(Value),
    /// Its error.
    Error(RpcError),
    /// A response to another request.
    OtherId,
    /// No response.
    None,
}

/// Finds the response to a request in a message; requests and notifications go to `others`.
pub(crate) fn find_response(
    message: Vec<u8>,
    id: u64,
    limits: &Limits<'_>,
    mut others: impl FnMut(Incoming),
) -> Result<Match, MessageError> {
    let mut found = Match::None;
    let own = ResponseId::Number(id);
    read(message, limits, |incoming| match incoming {
        Incoming::Response { id, outcome } if id == own || (id == ResponseId::Null && outcome.is_err()) => {
            found = outcome.map_or_else(Match::Error, Match::Result);
        }
        Incoming::Response { .. } => {
            if matches!(found, Match::None) {
                found = Match::OtherId;
            }
        }
        other => others(other),
    })?;
    Ok(found)
}

/// A request; `params` is JSON text of an object.
pub(crate) fn request(id: u64, method: &str, params: Option<&str>) -> Vec<u8> {
    message(&format!("\"id\":{id},"), method, params)
}

/// A notification; `params` is JSON text of an object.
pub(crate) fn notification(method: &str, params: Option<&str>) -> Vec<u8> {
    message("", method, params)
}

fn message(id: &str, method: &str, params: Option<&str>) -> Vec<u8> {
    let method = text::quoted(method);
    match params {
        None => format!("{{\"jsonrpc\":\"2.0\",{id}\"method\":{method}}}"),
        Some(params) => format!("{{\"jsonrpc\":\"2.0\",{id}\"method\":{method},\"params\":{params}}}"),
    }
    .into_bytes()
}

/// The response to a request of the server; `id` and `result` are JSON text.
pub(crate) fn result(id: &str, result: &str) -> Vec<u8> {
    format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"result\":{result}}}").into_bytes()
}

/// The error response to a request of the server.
pub(crate) fn error(id: &str, code: i32, message: &str) -> Vec<u8> {
    let message = text::quoted(message);
    format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"error\":{{\"code\":{code},\"message\":{message}}}}}").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(message: &str) -> Result<Match, Error> {
        find_response(message.into(), 7, &Limits::NONE, |_| {}).map_err(Error::from)
    }

    #[test]
    fn the_response_is_found_by_its_id() {
        let message = r#"{"jsonrpc":"2.0","id":7,"result":{"a":[1]}}"#;
        let Ok(Match::Result(result)) = found(message) else { panic!() };
        assert_eq!(result.json(), r#"{"a":[1]}"#);
        assert!(matches!(found(r#"{"jsonrpc":"2.0","id":8,"result":{}}"#), Ok(Match::OtherId)));
        for own in ["7", "7.0", "0.7e1", "\"7\""] {
            let message = format!(r#"{{"jsonrpc":"2.0","id":{own},"result":{{}}}}"#);
            assert!(matches!(found(&message), Ok(Match::Result(_))), "{own}");
        }
        for other in ["7.5", "-7", "true", "\"x\"", "[7]", "\"7 \""] {
            let message = format!(r#"{{"jsonrpc":"2.0","id":{other},"result":{{}}}}"#);
            assert!(matches!(found(&message), Ok(Match::OtherId)), "{other}");
        }
        assert!(matches!(found(r#"{"jsonrpc":"2.0","method":"x"}"#), Ok(Match::None)));
    }

    #[test]
    fn escaped_member_names_are_recognised() {
        let message = r#" {"\u0069d" : 7,"error" :null, "jsonrpc":"\u0032.0","x":[{"id":8}],"result":{"id":9}} "#;
        let Ok(Match::Result(result)) = found(message) else { panic!() };
        assert_eq!(result.json(), r#"{"id":9}"#);
    }

    #[test]
    fn a_batch_may_hold_the_response() {
        let message = r#" [{"jsonrpc":"2.0","method":"n"},{"jsonrpc":"2.0","id":7,"result":{}},{"jsonrpc":"2.0","id":1,"result":{}}]"#;
        let mut others = 0;
        let found = find_response(message.into(), 7, &Limits::NONE, |_| others += 1).unwrap();
        assert!(matches!(found, Match::Result(_)));
        assert_eq!(others, 1);
    }

    #[test]
    fn a_batch_is_bounded() {
        let batch = |count: usize| format!("[{}]", vec![r#"{"jsonrpc":"2.0","method":"n"}"#; count].join(","));
        let mut others = 0;
        read(batch(MAX_BATCH).into(), &Limits::NONE, |_| others += 1).unwrap();
        assert_eq!(others, MAX_BATCH);
        assert!(matches!(read(batch(MAX_BATCH + 1).into(), &Limits::NONE, |_| {}), Err(MessageError::Failed(_))));
        // An invalid message ends the batch at once: the rest is not read.
        let mut others = 0;
        let message = r#"{"jsonrpc":"2.0","method":"n"}"#;
        let bad = format!("[{message},1,{message}]");
        assert!(matches!(read(bad.into(), &Limits::NONE, |_| others += 1), Err(MessageError::Invalid(_))));
        assert_eq!(others, 1);
    }

    #[test]
    fn errors_keep_code_message_and_data() {
        let message = r#"{"jsonrpc":"2.0","id":7,"error":{"code":-32022,"message":"a\nb","data":{"x":1}}}"#;
        let Ok(Match::Error(error)) = found(message) else { panic!() };
        assert_eq!((error.code, error.message.as_str(), error.data.as_deref()), (-32022, "a\nb", Some("{\"x\":1}")));
        let message = r#"{"jsonrpc":"2.0","id":null,"error":{"code":99999999999,"message":""}}"#;
        let Ok(Match::Error(error)) = found(message) else { panic!() };
        assert_eq!(error.code, i32::MAX);
    }

    #[test]
    fn an_invalid_message_is_a_protocol_error() {
        for bad in [
            "[{}]",
            "[] x",
            "[",
            "",
            "{",
            "nul",
            "{}",
            "[1]",
            "\"x\"",
            r#"{"jsonrpc":"2.0"}"#,
            r#"{"id":7,"result":{}}"#,
            "\u{feff}{}",
            r#"{"jsonrpc":"2.0","id":7,"id":7,"result":{}}"#,
            r#"{"jsonrpc":"2.0","id":7,"result":{}} x"#,
            r#"{"jsonrpc":"2.0","id":[7,"result":{}}"#,
            r#"{"jsonrpc":"2.0","method":"n","params":{x}}"#,
            r#"{"jsonrpc":"2.0","method":7}"#,
            r#"{"jsonrpc":"2.0","id":7,"error":"x"}"#,
            r#"{"jsonrpc":"2.0","id":7,"result":null}"#,
        ] {
            assert!(matches!(found(bad), Err(Error::Protocol(_))), "{bad}");
        }
        let nested = format!(r#"{{"jsonrpc":"2.0","id":7,"error":{}"#, "[".repeat(200_000));
        assert!(matches!(found(&nested), Err(Error::Protocol(_))));
    }

    #[test]
    fn messages_are_written_as_json() {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        assert_eq!(text(request(1, "ping", None)), r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#);
        assert_eq!(text(notification("n", Some("{}"))), r#"{"jsonrpc":"2.0","method":"n","params":{}}"#);
        assert_eq!(text(result("\"a\"", "{}")), r#"{"jsonrpc":"2.0","id":"a","result":{}}"#);
        assert!(text(error("1", -1, "say \"no\"")).contains(r#""message":"say \"no\"""#));
    }
}
