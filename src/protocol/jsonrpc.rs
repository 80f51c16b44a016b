//! JSON-RPC 2.0 messages: what is sent, and what comes back.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

use serde::Deserialize;
use serde::de::{self, Deserializer, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::error::{Error, RpcError};
use crate::text;

/// The members of a JSON object, their values as they were written.
pub(crate) type Members = BTreeMap<String, Box<RawValue>>;

/// The code of a message that is no request as the receiver knows them.
pub(crate) const INVALID_REQUEST: i32 = -32600;
/// The code of a method that the receiver does not know.
pub(crate) const METHOD_NOT_FOUND: i32 = -32601;
/// The code of parameters that are not as the method wants them.
pub(crate) const INVALID_PARAMS: i32 = -32602;
/// The code of a fault inside the receiver.
pub(crate) const INTERNAL_ERROR: i32 = -32603;
/// The code that servers give to what has no code of its own.
pub(crate) const SERVER_ERROR: i32 = -32000;
/// The code of a request whose headers do not mirror its body (MCP, 2026-07-28).
pub(crate) const HEADER_MISMATCH: i32 = -32020;
/// The code of a request that needs a capability of the client (MCP, 2026-07-28).
pub(crate) const MISSING_CAPABILITY: i32 = -32021;
/// The code of a request in a protocol version that the server does not speak (MCP, 2026-07-28).
pub(crate) const UNSUPPORTED_VERSION: i32 = -32022;

/// The most messages of one batch.
const MOST_OF_A_BATCH: usize = 10_000;

/// A message from the server.
#[derive(Debug)]
pub(crate) enum Incoming<'a> {
    Response { id: &'a str, outcome: Result<&'a RawValue, RpcError> },
    Request { id: &'a RawValue, method: Cow<'a, str>, params: Option<&'a RawValue> },
    Notification { method: Cow<'a, str>, params: Option<&'a RawValue> },
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    jsonrpc: Option<Cow<'a, str>>,
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    method: Option<Cow<'a, str>>,
    #[serde(borrow)]
    params: Option<&'a RawValue>,
    #[serde(borrow)]
    result: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<ErrorObject<'a>>,
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

/// Reads a message, or each message of a batch (2025-03-26), in order.
pub(crate) fn read<'a>(bytes: &'a [u8], mut each: impl FnMut(Incoming<'a>)) -> Result<(), Error> {
    let start = bytes.iter().position(|byte| !byte.is_ascii_whitespace());
    if start.is_some_and(|start| bytes[start] == b'[') {
        let mut input = serde_json::Deserializer::from_slice(bytes);
        return input.deserialize_seq(Batch(each)).and_then(|()| input.end()).map_err(not_json);
    }
    each(incoming(serde_json::from_slice(bytes).map_err(not_json)?)?);
    Ok(())
}

/// Reads the messages of a batch one at a time: many small ones take no more room than they came in.
struct Batch<F>(F);

impl<'a, F: FnMut(Incoming<'a>)> Visitor<'a> for Batch<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a batch of JSON-RPC messages")
    }

    fn visit_seq<A: SeqAccess<'a>>(mut self, mut batch: A) -> Result<(), A::Error> {
        let mut count = 0;
        while let Some(envelope) = batch.next_element::<Envelope<'a>>()? {
            count += 1;
            if count > MOST_OF_A_BATCH {
                return Err(de::Error::custom("too many messages"));
            }
            (self.0)(incoming(envelope).map_err(de::Error::custom)?);
        }
        Ok(())
    }
}

fn not_json(error: serde_json::Error) -> Error {
    match error.classify() {
        serde_json::error::Category::Data => Error::Protocol("the answer is not a JSON-RPC message".to_owned()),
        _ => {
            Error::Protocol(format!("the answer is not valid JSON (line {}, column {})", error.line(), error.column()))
        }
    }
}

fn incoming(envelope: Envelope<'_>) -> Result<Incoming<'_>, Error> {
    let wrong = || Error::Protocol("the answer is not a JSON-RPC message".to_owned());
    if envelope.jsonrpc.as_deref() != Some("2.0") {
        return Err(wrong());
    }
    match envelope {
        Envelope { method: Some(method), id: Some(id), params, .. } => Ok(Incoming::Request { id, method, params }),
        Envelope { method: Some(method), params, .. } => Ok(Incoming::Notification { method, params }),
        Envelope { error: Some(error), id, .. } => {
            Ok(Incoming::Response { id: id.map_or("null", RawValue::get), outcome: Err(error.into_error()) })
        }
        Envelope { result: Some(result), id: Some(id), .. } => {
            Ok(Incoming::Response { id: id.get(), outcome: Ok(result) })
        }
        _ => Err(wrong()),
    }
}

/// A successful answer: the message that it came in, and where in it the result stands.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) message: Vec<u8>,
    pub(crate) result: Range<usize>,
}

impl Answer {
    pub(crate) fn result(&self) -> &[u8] {
        &self.message[self.result.clone()]
    }
}

/// What a message of the server says about the request with this id.
pub(crate) enum Verdict {
    Answered(Range<usize>),
    Failed(RpcError),
    /// A response to something else.
    Foreign,
    /// No response at all.
    Nothing,
}

/// Looks for the response to a request in a message; everything else goes to `others`.
pub(crate) fn find_response<'a>(
    message: &'a [u8],
    id: u64,
    mut others: impl FnMut(Incoming<'a>),
) -> Result<Verdict, Error> {
    let mut verdict = Verdict::Nothing;
    let own = id.to_string();
    read(message, |incoming| match incoming {
        Incoming::Response { id, outcome } if id == own || (id == "null" && outcome.is_err()) => {
            verdict = match outcome {
                Ok(result) => Verdict::Answered(range_in(message, result.get())),
                Err(error) => Verdict::Failed(error),
            };
        }
        Incoming::Response { .. } => {
            if matches!(verdict, Verdict::Nothing) {
                verdict = Verdict::Foreign;
            }
        }
        other => others(other),
    })?;
    Ok(verdict)
}

/// Where in `whole` the text `part`, borrowed from it, stands.
pub(crate) fn range_in(whole: &[u8], part: &str) -> Range<usize> {
    let start = part.as_ptr() as usize - whole.as_ptr() as usize;
    start..start + part.len()
}

/// Whether valid JSON is nested no deeper than the parser of results allows.
pub(crate) fn is_flat_enough(json: &[u8]) -> bool {
    const DEEPEST: usize = 128;
    let (mut depth, mut in_string, mut escaped) = (0usize, false, false);
    json.iter().all(|byte| {
        match (in_string, byte) {
            (true, _) if escaped => escaped = false,
            (true, b'\\') => escaped = true,
            (_, b'"') => in_string = !in_string,
            (false, b'[' | b'{') => depth += 1,
            (false, b']' | b'}') => depth -= 1,
            _ => {}
        }
        depth <= DEEPEST
    })
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

/// The answer to a request of the server; `id` is the text of its id, `result` JSON text.
pub(crate) fn result(id: &str, result: &str) -> Vec<u8> {
    format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"result\":{result}}}").into_bytes()
}

/// A refusal of a request of the server.
pub(crate) fn error(id: &str, code: i32, message: &str) -> Vec<u8> {
    let message = text::quoted(message);
    format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"error\":{{\"code\":{code},\"message\":{message}}}}}").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(message: &str) -> Result<Verdict, Error> {
        find_response(message.as_bytes(), 7, |_| {})
    }

    #[test]
    fn the_response_is_found_by_its_id() {
        let message = r#"{"jsonrpc":"2.0","id":7,"result":{"a":[1]}}"#;
        let Ok(Verdict::Answered(range)) = verdict(message) else { panic!() };
        assert_eq!(&message[range], r#"{"a":[1]}"#);
        assert!(matches!(verdict(r#"{"jsonrpc":"2.0","id":8,"result":{}}"#), Ok(Verdict::Foreign)));
        assert!(matches!(verdict(r#"{"jsonrpc":"2.0","id":"7","result":{}}"#), Ok(Verdict::Foreign)));
        assert!(matches!(verdict(r#"{"jsonrpc":"2.0","method":"x"}"#), Ok(Verdict::Nothing)));
    }

    #[test]
    fn a_batch_may_hold_the_response() {
        let message = r#" [{"jsonrpc":"2.0","method":"n"},{"jsonrpc":"2.0","id":7,"result":{}},{"jsonrpc":"2.0","id":1,"result":{}}]"#;
        let mut others = 0;
        let found = find_response(message.as_bytes(), 7, |_| others += 1).unwrap();
        assert!(matches!(found, Verdict::Answered(_)));
        assert_eq!(others, 1);
    }

    #[test]
    fn a_batch_has_an_end() {
        let batch = |count: usize| format!("[{}]", vec![r#"{"jsonrpc":"2.0","method":"n"}"#; count].join(","));
        let mut others = 0;
        read(batch(MOST_OF_A_BATCH).as_bytes(), |_| others += 1).unwrap();
        assert_eq!(others, MOST_OF_A_BATCH);
        assert!(matches!(read(batch(MOST_OF_A_BATCH + 1).as_bytes(), |_| {}), Err(Error::Protocol(_))));
        // What is no message ends it at once: nothing behind is looked at.
        let mut others = 0;
        let bad = format!("[{},1{}", r#"{"jsonrpc":"2.0","method":"n"}"#, ",}".repeat(10));
        let Err(Error::Protocol(reason)) = read(bad.as_bytes(), |_| others += 1) else { panic!() };
        assert_eq!((others, reason.contains("not a JSON-RPC message")), (1, true), "{reason}");
    }

    #[test]
    fn errors_keep_code_message_and_data() {
        let message = r#"{"jsonrpc":"2.0","id":7,"error":{"code":-32022,"message":"a\nb","data":{"x":1}}}"#;
        let Ok(Verdict::Failed(error)) = verdict(message) else { panic!() };
        assert_eq!((error.code, error.message.as_str(), error.data.as_deref()), (-32022, "a\nb", Some("{\"x\":1}")));
        let message = r#"{"jsonrpc":"2.0","id":null,"error":{"code":99999999999,"message":""}}"#;
        let Ok(Verdict::Failed(error)) = verdict(message) else { panic!() };
        assert_eq!(error.code, i32::MAX);
    }

    #[test]
    fn what_is_not_a_message_is_a_protocol_error() {
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
        ] {
            assert!(matches!(verdict(bad), Err(Error::Protocol(_))), "{bad}");
        }
        let nested = format!(r#"{{"jsonrpc":"2.0","id":7,"error":{}"#, "[".repeat(200_000));
        assert!(matches!(verdict(&nested), Err(Error::Protocol(_))));
    }

    #[test]
    fn brackets_in_strings_do_not_nest() {
        let deep = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(is_flat_enough(deep(128).as_bytes()));
        assert!(!is_flat_enough(deep(129).as_bytes()));
        assert!(is_flat_enough(format!(r#"{{"a":"{}\"[","b":[]}}"#, "[".repeat(500)).as_bytes()));
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
