//! Input that a server requests before it completes a request
//! ([2026-07-28, "Multi Round-Trip Requests"](https://modelcontextprotocol.io/specification/2026-07-28/basic/utilities/mrtr)).

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::base::call::Call;
use crate::base::error::Error;
use crate::base::text;
use crate::json::Value;
use crate::protocol::jsonrpc::{JsonObject, METHOD_NOT_FOUND};
use crate::protocol::meta::{object, raw};
use crate::protocol::version::Version;
use crate::session::shared::Shared;

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

/// The parameters for the next round: the original ones, the responses, and the server's state unchanged.
pub(super) fn next_params(
    call: &Call,
    original: Option<&JsonObject>,
    interim: &Value,
    shared: &Shared,
) -> Result<JsonObject, Error> {
    let required: InputRequired = serde_json::from_str(interim.json())
        .map_err(|_| Error::Protocol("the server's request for input is not valid".to_owned()))?;
    // Without either, the next round would repeat the request: a tool would run again.
    if required.input_requests.is_empty() && required.request_state.is_none() {
        return Err(Error::Protocol("the server requests input but does not say which".to_owned()));
    }
    let handlers = shared.handlers.load_full();
    let capabilities = shared.capabilities(Version::MODERN);
    let mut responses = JsonObject::new();
    for (key, request) in required.input_requests {
        call.remaining()?; // no handler starts after a cancellation
        match handlers.ask(&request.method, request.params.as_deref(), &capabilities) {
            Ok(response) => responses.insert(key, raw(response)?),
            Err((code, message)) => return Err(failed(&request.method, code, &message)),
        };
    }
    let mut params = original.cloned().unwrap_or_default();
    if !responses.is_empty() {
        params.insert("inputResponses".to_owned(), raw(object(&responses)?)?);
    }
    if let Some(state) = required.request_state {
        params.insert("requestState".to_owned(), state);
    }
    Ok(params)
}

/// An error cannot be sent to the server, so the request cannot be completed.
fn failed(method: &str, code: i32, message: &str) -> Error {
    let method = text::one_line(method);
    match code {
        METHOD_NOT_FOUND => Error::Unsupported(format!("the server requests {method}, for which no handler is set")),
        _ => Error::InvalidState(format!("the handler of {method} set no result: {}", text::one_line(message))),
    }
}
