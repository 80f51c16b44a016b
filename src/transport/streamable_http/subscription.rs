//! The stream of a subscription, up to its acknowledgment
//! ([2026-07-28, "Subscriptions"](https://modelcontextprotocol.io/specification/2026-07-28/basic/utilities/subscriptions)).

use ::http::Method;

use crate::base::call::Call;
use crate::base::error::{Error, RpcError};
use crate::json::Value;
use crate::protocol::jsonrpc::Match;
use crate::protocol::subscriptions::ACKNOWLEDGED;
use crate::transport::event_stream::EventStream;
use crate::transport::media_type::{ACCEPT_BOTH, EVENT_STREAM};
use crate::transport::message::{MessageHandler, Request, ServerMessage};
use crate::transport::streamable_http::StreamableHttp;

/// The first message on the stream of a subscription.
enum First {
    Acknowledged(Option<Value>),
    Failed(RpcError),
    Other,
}

impl StreamableHttp {
    /// Sends a request whose response is an endless stream, and waits for the acknowledgment, whose parameters are
    /// returned with the stream.
    pub(crate) fn subscribe(
        &self,
        call: &Call,
        request: &Request<'_>,
        handler: &dyn MessageHandler,
    ) -> Result<(EventStream, Option<Value>), Error> {
        let mut response = self.send(call, Method::POST, ACCEPT_BOTH, Some(request), &[])?;
        if !response.is_success() {
            return Err(self.error_response(response));
        }
        if response.media_type().as_deref() != Some(EVENT_STREAM) {
            let no_stream =
                || Error::Protocol("the server did not answer the subscription with an event stream".to_owned());
            return Err(match self.read_json(call, request.id, response, handler)? {
                Err(missing) => missing.into(),
                Ok(_) => no_stream(),
            });
        }
        response.body.without_limit();
        let sent = response.sent.take();
        let mut stream = EventStream::new(response.body, call.max_response_bytes());
        let error = match self.first_message(call, request.id, &mut stream, handler) {
            Ok(Some(First::Acknowledged(params))) => return Ok((stream, params)),
            Ok(Some(First::Failed(error))) => self.client.rpc_error(error, sent.as_ref()),
            Ok(Some(First::Other)) => {
                Error::Protocol("the first message of the subscription is not its acknowledgment".to_owned())
            }
            Ok(None) => {
                Error::Protocol("the event stream ended before the server acknowledged the subscription".to_owned())
            }
            Err(error) => error,
        };
        stream.body.discard();
        Err(error)
    }

    /// Reads the first message; `None` when the stream ends before.
    fn first_message(
        &self,
        call: &Call,
        id: u64,
        stream: &mut EventStream,
        handler: &dyn MessageHandler,
    ) -> Result<Option<First>, Error> {
        while let Some(event) = stream.next()? {
            if event.event != "message" || event.data.is_empty() {
                continue;
            }
            let (found, others) = self.split(call, id, event.data)?;
            let mut first = First::Other;
            // The acknowledgment is no notification for the caller.
            let others = others.into_iter().filter_map(|message| match message {
                ServerMessage::Notification { method, params } if method == ACKNOWLEDGED => {
                    first = First::Acknowledged(params);
                    None
                }
                other => Some(other),
            });
            let others = others.collect();
            self.deliver(call, others, handler)?;
            return match (found, first) {
                (Match::Error(error), _) => Ok(Some(First::Failed(error))),
                (Match::None, first) => Ok(Some(first)),
                (Match::Result(_) | Match::OtherId, _) => Ok(Some(First::Other)),
            };
        }
        Ok(None)
    }
}
