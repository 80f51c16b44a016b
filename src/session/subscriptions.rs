//! Subscriptions to resources up to 2025-11-25: one request for each
//! ([2025-11-25, "Resources"](https://modelcontextprotocol.io/specification/2025-11-25/server/resources#subscriptions)).

use crate::base::call::Call;
use crate::base::error::Error;
use crate::base::text;
use crate::protocol::jsonrpc::JsonObject;
use crate::protocol::meta::raw;
use crate::protocol::subscriptions::{SUBSCRIBE, UNSUBSCRIBE};
use crate::session::{Request, Session};

/// Subscribes to each of these resources.
pub(crate) fn subscribe(session: &Session, call: &Call, uris: &[String]) -> Result<(), Error> {
    if !uris.is_empty() {
        session.require("resources.subscribe")?;
    }
    uris.iter().try_for_each(|uri| send(session, call, SUBSCRIBE, uri))
}

/// Subscribes again on a new session. A resource that the server now refuses does not keep the others from being
/// subscribed to.
pub(crate) fn subscribe_again(session: &Session, call: &Call, uris: &[String]) -> Result<(), Error> {
    uris.iter().try_for_each(|uri| ignore_rpc_error(send(session, call, SUBSCRIBE, uri)))
}

/// Ends the subscriptions to these resources.
pub(crate) fn unsubscribe(session: &Session, call: &Call, uris: &[String]) -> Result<(), Error> {
    uris.iter().try_for_each(|uri| ignore_rpc_error(send(session, call, UNSUBSCRIBE, uri)))
}

fn send(session: &Session, call: &Call, method: &str, uri: &str) -> Result<(), Error> {
    let params = JsonObject::from([("uri".to_owned(), raw(text::quoted(uri))?)]);
    session.request(call, &Request::with(method, params)).map(drop)
}

fn ignore_rpc_error(result: Result<(), Error>) -> Result<(), Error> {
    match result {
        Err(Error::Rpc(_)) => Ok(()),
        result => result,
    }
}
