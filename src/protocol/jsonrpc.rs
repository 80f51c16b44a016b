//! [JSON-RPC 2.0](https://www.jsonrpc.org/specification) messages.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use memchr::memchr;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use crate::base::error::{Error, RpcError};
use crate::base::text;
use crate::json::scan::{self, Malformed};

/// The members of a JSON object, their values as they were written.
pub(crate) type JsonObject = BTreeMap<String, Box<RawValue>>;

/// The message is not a valid request.
pub(crate) const INVALID_REQUEST: i32 = -32600;
/// The receiver does not know the method.
pub(crate) const METHOD_NOT_FOUND: i32 = -32601;
/// The parameters are not valid for the method.
pub(crate) const INVALID_PARAMS: i32 = -32602;
/// A failure inside the receiver.
pub(crate) const INTERNAL_ERROR: i32 = -32603;
/// Servers use this code for errors without a code of their own.
pub(crate) const SERVER_ERROR: i32 = -32000;
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
pub(crate) enum Incoming<'a> {
    /// The text of a result is not checked yet; its reader parses it.
    Response {
        id: &'a str,
        outcome: Result<&'a [u8], RpcError>,
    },
    Request {
        id: &'a RawValue,
        method: Cow<'a, str>,
        params: Option<&'a RawValue>,
    },
    Notification {
        method: Cow<'a, str>,
        params: Option<&'a RawValue>,
    },
}

/// The members of a message, as they were written; `null` counts as absent.
#[derive(Default)]
struct Envelope<'a> {
    jsonrpc: Option<&'a [u8]>,
    id: Option<&'a [u8]>,
    method: Option<&'a [u8]>,
    params: Option<&'a [u8]>,
    result: Option<&'a [u8]>,
    error: Option<&'a [u8]>,
}

#[derive(Deserialize)]
struct ErrorObject<'a> {
    code: serde_json::Number,
    #[serde(borrow, default)]
    message: Cow<'a, str>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
}

impl ErrorObject<'_> {
    fn into_error(self) -> RpcError {
        let code = self.code.as_i64().unwrap_or(i64::from(INTERNAL_ERROR));
        RpcError {
            code: i32::try_from(code).unwrap_or(if code < 0 { i32::MIN } else { i32::MAX }),
            message: self.message.into_owned(),
            data: self.data.map(|data| data.get().to_owned()),
            http_status: 0,
        }
    }
}

/// Why a message cannot be read.
enum Unreadable {
    Malformed,
    NoMessage,
    TooMany,
}

impl From<Malformed> for Unreadable {
    fn from(_: Malformed) -> Unreadable {
        Unreadable::Malformed
    }
}

/// Reads a message, or each message of a batch (2025-03-26), in order.
pub(crate) fn read<'a>(bytes: &'a [u8], mut each: impl FnMut(Incoming<'a>)) -> Result<(), Error> {
    let start = bytes.iter().position(|byte| !byte.is_ascii_whitespace());
    let read = match start.is_some_and(|start| bytes[start] == b'[') {
        true => read_batch(bytes, each),
        false => incoming(bytes).map(&mut each),
    };
    read.map_err(|reason| explain(&reason, bytes))
}

/// Reads the messages of a batch one at a time, so that many small ones need no memory of their own.
fn read_batch<'a>(bytes: &'a [u8], mut each: impl FnMut(Incoming<'a>)) -> Result<(), Unreadable> {
    let mut count = 0;
    scan::elements(bytes, |element| {
        count += 1;
        if count > MAX_BATCH {
            return Err(Unreadable::TooMany);
        }
        each(incoming(element)?);
        Ok(())
    })
}

fn explain(reason: &Unreadable, bytes: &[u8]) -> Error {
    let no_message = || Error::Protocol("the response is not a JSON-RPC message".to_owned());
    match reason {
        Unreadable::TooMany => Error::Protocol("the response is a batch of too many messages".to_owned()),
        Unreadable::NoMessage => no_message(),
        Unreadable::Malformed => serde_json::from_slice::<IgnoredAny>(bytes).map_or_else(not_json, |_| no_message()),
    }
}

fn not_json(error: serde_json::Error) -> Error {
    Error::Protocol(format!("the response is not valid JSON (line {}, column {})", error.line(), error.column()))
}

impl<'a> Envelope<'a> {
    fn read(message: &'a [u8]) -> Result<Envelope<'a>, Unreadable> {
        let mut envelope = Envelope::default();
        scan::members(message, |name, value| {
            let Some(member) = envelope.member(name) else { return Ok(()) };
            match member.replace(value) {
                None => Ok(()),
                Some(_) => Err(Unreadable::NoMessage), // ambiguous
            }
        })?;
        for member in envelope.members() {
            member.take_if(|value| *value == b"null");
        }
        Ok(envelope)
    }

    fn members(&mut self) -> [&mut Option<&'a [u8]>; 6] {
        let Envelope { jsonrpc, id, method, params, result, error } = self;
        [jsonrpc, id, method, params, result, error]
    }

    fn member(&mut self, name: &[u8]) -> Option<&mut Option<&'a [u8]>> {
        const NAMES: [&[u8]; 6] = [b"jsonrpc", b"id", b"method", b"params", b"result", b"error"];
        let name = match memchr(b'\\', name) {
            None => Cow::Borrowed(&name[1..name.len() - 1]),
            Some(_) => Cow::Owned(string(name)?.into_owned().into_bytes()),
        };
        let index = NAMES.iter().position(|known| **known == *name)?;
        self.members().into_iter().nth(index)
    }
}

/// A string of JSON.
fn string(json: &[u8]) -> Option<Cow<'_, str>> {
    match memchr(b'\\', json) {
        None => serde_json::from_slice(json).ok().map(Cow::Borrowed),
        Some(_) => serde_json::from_slice(json).ok().map(Cow::Owned),
    }
}

/// Any JSON text, checked.
fn raw(json: &[u8]) -> Result<&RawValue, Unreadable> {
    serde_json::from_slice(json).map_err(|_| Unreadable::Malformed)
}

fn incoming(message: &[u8]) -> Result<Incoming<'_>, Unreadable> {
    let envelope = Envelope::read(message)?;
    let is_2_0 = |text| text == b"\"2.0\"" || string(text).as_deref() == Some("2.0");
    if !envelope.jsonrpc.is_some_and(is_2_0) {
        return Err(Unreadable::NoMessage);
    }
    let id = envelope.id.map(raw).transpose()?;
    if let Some(method) = envelope.method {
        let method = string(method).ok_or(Unreadable::NoMessage)?;
        let params = envelope.params.map(raw).transpose()?;
        return Ok(match id {
            Some(id) => Incoming::Request { id, method, params },
            None => Incoming::Notification { method, params },
        });
    }
    match (envelope.error, envelope.result, id) {
        (Some(error), _, id) => {
            let error: ErrorObject = serde_json::from_slice(error).map_err(|_| Unreadable::Malformed)?;
            Ok(Incoming::Response { id: id.map_or("null", RawValue::get), outcome: Err(error.into_error()) })
        }
        (None, Some(result), Some(id)) => Ok(Incoming::Response { id: id.get(), outcome: Ok(result) }),
        _ => Err(Unreadable::NoMessage),
    }
}

/// A successful response: its message, and the range of the result in it.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) message: Vec<u8>,
    pub(crate) result: Range<usize>,
}

impl Response {
    pub(crate) fn result(&self) -> &[u8] {
        &self.message[self.result.clone()]
    }
}

/// What a message says about the request with a given id.
pub(crate) enum Match {
    /// Its result.
    Result(Range<usize>),
    /// Its error.
    Error(RpcError),
    /// A response to another request.
    OtherId,
    /// No response.
    None,
}

/// Finds the response to a request in a message; requests and notifications go to `others`.
pub(crate) fn find_response<'a>(
    message: &'a [u8],
    id: u64,
    mut others: impl FnMut(Incoming<'a>),
) -> Result<Match, Error> {
    let mut found = Match::None;
    let own = id.to_string();
    read(message, |incoming| match incoming {
        Incoming::Response { id, outcome } if id == own || (id == "null" && outcome.is_err()) => {
            found = match outcome {
                Ok(result) => Match::Result(range_in(message, result)),
                Err(error) => Match::Error(error),
            };
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

/// The range of `part` in `whole`, from which it is borrowed.
pub(crate) fn range_in(whole: &[u8], part: &[u8]) -> Range<usize> {
    let start = part.as_ptr() as usize - whole.as_ptr() as usize;
    start..start + part.len()
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
        find_response(message.as_bytes(), 7, |_| {})
    }

    #[test]
    fn the_response_is_found_by_its_id() {
        let message = r#"{"jsonrpc":"2.0","id":7,"result":{"a":[1]}}"#;
        let Ok(Match::Result(range)) = found(message) else { panic!() };
        assert_eq!(&message[range], r#"{"a":[1]}"#);
        assert!(matches!(found(r#"{"jsonrpc":"2.0","id":8,"result":{}}"#), Ok(Match::OtherId)));
        assert!(matches!(found(r#"{"jsonrpc":"2.0","id":"7","result":{}}"#), Ok(Match::OtherId)));
        assert!(matches!(found(r#"{"jsonrpc":"2.0","method":"x"}"#), Ok(Match::None)));
    }

    #[test]
    fn escaped_member_names_are_recognised() {
        let message = r#" {"\u0069d" : 7,"error" :null, "jsonrpc":"\u0032.0","x":[{"id":8}],"result":{"id":9}} "#;
        let Ok(Match::Result(range)) = found(message) else { panic!() };
        assert_eq!(&message[range], r#"{"id":9}"#);
    }

    #[test]
    fn a_batch_may_hold_the_response() {
        let message = r#" [{"jsonrpc":"2.0","method":"n"},{"jsonrpc":"2.0","id":7,"result":{}},{"jsonrpc":"2.0","id":1,"result":{}}]"#;
        let mut others = 0;
        let found = find_response(message.as_bytes(), 7, |_| others += 1).unwrap();
        assert!(matches!(found, Match::Result(_)));
        assert_eq!(others, 1);
    }

    #[test]
    fn a_batch_is_bounded() {
        let batch = |count: usize| format!("[{}]", vec![r#"{"jsonrpc":"2.0","method":"n"}"#; count].join(","));
        let mut others = 0;
        read(batch(MAX_BATCH).as_bytes(), |_| others += 1).unwrap();
        assert_eq!(others, MAX_BATCH);
        assert!(matches!(read(batch(MAX_BATCH + 1).as_bytes(), |_| {}), Err(Error::Protocol(_))));
        // An invalid message ends the batch at once: the rest is not read.
        let mut others = 0;
        let bad = format!("[{},1{}", r#"{"jsonrpc":"2.0","method":"n"}"#, ",}".repeat(10));
        assert!(matches!(read(bad.as_bytes(), |_| others += 1), Err(Error::Protocol(_))));
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
