//! The stream that answers a subscription (2026-07-28), up to its acknowledgment.

use serde_json::value::RawValue;

use crate::base::call::Call;
use crate::base::error::{Error, RpcError};
use crate::http::Method;
use crate::protocol::jsonrpc::{self, Incoming, Match};
use crate::session::subscriptions::ACKNOWLEDGED;
use crate::transport::streamable_http::StreamableHttp;
use crate::transport::{ACCEPT_BOTH, EVENT_STREAM, EventStream, MessageHandler, Outbound};

/// What comes first on the stream of a subscription.
enum First {
    Acknowledged(Option<Box<RawValue>>),
    Failed(RpcError),
    Other,
}

impl StreamableHttp {
    /// Sends a request whose answer is a stream without end, and waits for its acknowledgment, whose parameters come
    /// along.
    pub(crate) fn subscribe(
        &self,
        call: &Call,
        outbound: &Outbound<'_>,
        peer: &dyn MessageHandler,
    ) -> Result<(EventStream, Option<Box<RawValue>>), Error> {
        let mut response = self.send(call, Method::POST, ACCEPT_BOTH, Some(outbound), &[])?;
        if !(200..300).contains(&response.status) {
            return Err(self.exchange.refuse(&self.target, response));
        }
        let no_stream =
            || Error::Protocol("the server answered a subscription with something else than events".to_owned());
        if response.media_type().as_deref() != Some(EVENT_STREAM) {
            return Err(self.read_json(call, outbound.id, response, peer).err().unwrap_or_else(no_stream));
        }
        response.body.without_limit();
        let sent = response.sent.take();
        let mut stream = self.events(response);
        let error = match self.acknowledgment(call, outbound.id, &mut stream, peer) {
            Ok(Some(First::Acknowledged(params))) => return Ok((stream, params)),
            Ok(Some(First::Failed(error))) => self.rpc_error(error, sent.as_ref()),
            Ok(Some(First::Other)) => {
                let reason =
                    "the server began the stream of a subscription with something else than its acknowledgment";
                Error::Protocol(reason.to_owned())
            }
            Ok(None) => {
                let reason = "the event stream ended before the server acknowledged the subscription";
                Error::Protocol(reason.to_owned())
            }
            Err(error) => error,
        };
        stream.body.discard();
        Err(error)
    }

    /// The first message of a subscription's stream; `None` when the stream ends before.
    fn acknowledgment(
        &self,
        call: &Call,
        id: u64,
        stream: &mut EventStream,
        peer: &dyn MessageHandler,
    ) -> Result<Option<First>, Error> {
        while let Some(event) = stream.next()? {
            if event.event != "message" || event.data.is_empty() {
                continue;
            }
            let mut first = First::Other;
            jsonrpc::read(&event.data, |incoming| match incoming {
                Incoming::Notification { method, params } if method == ACKNOWLEDGED => {
                    first = First::Acknowledged(params.map(RawValue::to_owned));
                }
                _ => {}
            })?;
            return match (self.read_message(call, id, &event.data, peer)?, first) {
                (Match::Failed(error), _) => Ok(Some(First::Failed(error))),
                (Match::Nothing, first) => Ok(Some(first)),
                (Match::Answered(_) | Match::Foreign, _) => Ok(Some(First::Other)),
            };
        }
        Ok(None)
    }
}
