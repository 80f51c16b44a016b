//! Input that a server requests before it completes a request
//! ([2026-07-28, "Multi Round-Trip Requests"](https://modelcontextprotocol.io/specification/2026-07-28/basic/utilities/mrtr)).

use std::collections::BTreeSet;

use crate::base::call::Call;
use crate::base::error::Error;
use crate::base::text;
use crate::json::{Kind, Node, Value};
use crate::protocol::jsonrpc::{JsonObject, METHOD_NOT_FOUND};
use crate::protocol::meta::{object, raw};
use crate::protocol::version::Version;
use crate::session::callbacks::ask;
use crate::session::shared::Shared;

/// The parameters for the next round: the original ones, the responses, and the server's state unchanged.
pub(super) fn next_params(
    call: &Call,
    original: Option<&JsonObject>,
    interim: &Value,
    shared: &Shared,
) -> Result<JsonObject, Error> {
    let requests = requests_of(interim)?;
    let state = interim.get("/requestState").filter(|state| state.kind() != Kind::Null);
    // Without either, the next round would repeat the request: a tool would run again.
    if requests.is_none_or(|requests| requests.count() == 0) && state.is_none() {
        return Err(Error::Protocol("the server requests input but does not say which".to_owned()));
    }
    let responses = responses(call, interim, shared, &BTreeSet::new())?;
    let mut params = original.cloned().unwrap_or_default();
    if !responses.is_empty() {
        params.insert("inputResponses".to_owned(), raw(object(&responses)?)?);
    }
    if let Some(state) = state {
        params.insert("requestState".to_owned(), raw(state.to_json())?);
    }
    Ok(params)
}

/// The handlers' responses to `inputRequests`, except those whose key is in `answered`.
pub(super) fn responses(
    call: &Call,
    interim: &Value,
    shared: &Shared,
    answered: &BTreeSet<String>,
) -> Result<JsonObject, Error> {
    let capabilities = shared.capabilities(Version::MODERN);
    let mut responses = JsonObject::new();
    for (key, request) in requests_of(interim)?.into_iter().flat_map(Node::members) {
        if answered.contains(key) {
            continue;
        }
        call.remaining()?; // no handler starts after a cancellation
        let method = request.get("/method").and_then(Node::as_str).ok_or_else(invalid)?;
        let params = request.get("/params").filter(|params| params.kind() != Kind::Null).map(Node::to_value);
        let handler = shared.handlers.load().request(method);
        match ask(handler, method, params.as_ref(), &capabilities) {
            Ok(response) => responses.insert(key.to_owned(), raw(response)?),
            Err((code, message)) => return Err(failed(method, code, &message)),
        };
    }
    Ok(responses)
}

fn requests_of(interim: &Value) -> Result<Option<Node<'_>>, Error> {
    let requests = interim.get("/inputRequests").filter(|requests| requests.kind() != Kind::Null);
    match requests.is_some_and(|requests| requests.kind() != Kind::Object) {
        true => Err(invalid()),
        false => Ok(requests),
    }
}

fn invalid() -> Error {
    Error::Protocol("the server's request for input is not valid".to_owned())
}

/// An error cannot be sent to the server, so the request cannot be completed.
fn failed(method: &str, code: i32, message: &str) -> Error {
    let method = text::one_line(method);
    match code {
        METHOD_NOT_FOUND => Error::Unsupported(format!("the server requests {method}, for which no handler is set")),
        _ => Error::InvalidState(format!("the handler of {method} set no result: {}", text::one_line(message))),
    }
}
