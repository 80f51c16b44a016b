//! Input that a server wants before it completes a request (2026-07-28, "Multi Round-Trip Requests").

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::base::call::Call;
use crate::base::error::Error;
use crate::base::text;
use crate::json::Value;
use crate::protocol::Version;
use crate::protocol::jsonrpc::{JsonObject, METHOD_NOT_FOUND};
use crate::protocol::meta::{object, raw};
use crate::session::callbacks::Dispatcher;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct InputRequired {
    #[serde(default)]
    input_requests: BTreeMap<String, InputRequest>,
    request_state: Option<Box<RawValue>>,
}

#[derive(Deserialize)]
struct InputRequest {
    method: String,
    params: Option<Box<RawValue>>,
}

/// The parameters for the next round: the original ones, the responses, and the server's state as it came.
pub(super) fn answered(
    call: &Call,
    original: Option<&JsonObject>,
    wanted: &Value,
    dispatcher: &Dispatcher,
) -> Result<JsonObject, Error> {
    let wanted: InputRequired = serde_json::from_str(wanted.json())
        .map_err(|_| Error::Protocol("the server wants input in a form that MCP does not know".to_owned()))?;
    // Without either, the next round would be the same request again: a tool would run once more.
    if wanted.input_requests.is_empty() && wanted.request_state.is_none() {
        return Err(Error::Protocol("the server wants input but does not say which".to_owned()));
    }
    let handlers = dispatcher.handlers.load_full();
    let capabilities = dispatcher.capabilities(Version::MODERN);
    let mut responses = JsonObject::new();
    for (key, request) in wanted.input_requests {
        call.remaining()?; // whoever has cancelled is not asked any more
        match handlers.ask(&request.method, request.params.as_deref(), &capabilities) {
            Ok(response) => responses.insert(key, raw(response)?),
            Err((code, message)) => return Err(refused(&request.method, code, &message)),
        };
    }
    let mut params = original.cloned().unwrap_or_default();
    if !responses.is_empty() {
        params.insert("inputResponses".to_owned(), raw(object(&responses)?)?);
    }
    if let Some(state) = wanted.request_state {
        params.insert("requestState".to_owned(), state);
    }
    Ok(params)
}

/// There is no way to send an error back: the request cannot be completed.
fn refused(method: &str, code: i32, message: &str) -> Error {
    let method = text::one_line(method);
    match code {
        METHOD_NOT_FOUND => Error::Unsupported(format!("the server asks for {method}, for which no handler is set")),
        _ => Error::InvalidState(format!("the handler of {method} gave no answer: {}", text::one_line(message))),
    }
}
