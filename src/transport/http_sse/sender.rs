//! Sends messages to the endpoint by POST.

use ::http::Method;

use crate::base::call::Call;
use crate::base::error::Error;
use crate::http::client::HttpClient;
use crate::http::endpoint::Endpoint;
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
        match response.is_success() {
            true => Ok(()),
            false => Err(self.client.error_response(&self.endpoint, response)),
        }
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
