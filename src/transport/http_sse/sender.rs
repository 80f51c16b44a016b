//! Sends messages to the endpoint by POST.

use ::http::Method;

use crate::base::call::Call;
use crate::base::error::Error;
use crate::http::client::HttpClient;
use crate::http::endpoint::{self, Endpoint};
use crate::http::request::Request as HttpRequest;
use crate::transport::media_type::ACCEPT_BOTH;
use crate::transport::message::Request;

/// Sends messages to the endpoint of one session.
#[derive(Clone)]
pub(crate) struct MessageSender {
    pub(super) client: HttpClient,
    pub(super) endpoint: Endpoint,
}

impl MessageSender {
    /// Sends a request; its response arrives on the stream.
    pub(crate) fn send(&self, call: &Call, request: &Request<'_>) -> Result<(), Error> {
        let http_request = HttpRequest {
            method: Method::POST,
            endpoint: &self.endpoint,
            headers: &[request.headers],
            accept: ACCEPT_BOTH,
            body: Some(request.message),
            idempotent: request.idempotent,
        };
        let response = self.client.send(call, &http_request)?;
        if !response.is_success() {
            return Err(self.client.error_response(&self.endpoint, response));
        }
        // A login page in front of the server: nothing would arrive on the stream.
        if response.media_type().as_deref() == Some("text/html") {
            let (shown, status) = (endpoint::display(self.endpoint.url()), response.status);
            return Err(Error::Protocol(format!(
                "{shown} responded with a web page (HTTP {status}), not as an MCP server"
            )));
        }
        Ok(())
    }

    /// Sends a notification or a response.
    pub(crate) fn notify(&self, call: &Call, message: &[u8]) -> Result<(), Error> {
        self.send(call, &Request { id: 0, message, headers: &[], idempotent: true })
    }

    /// Sends the response to a request of the server. Best effort: without it, the server's own time limit ends its wait.
    pub(super) fn respond(&self, call: &Call, response: &[u8]) {
        let _ = self.notify(&call.within(self.client.config().limits), response);
    }
}
