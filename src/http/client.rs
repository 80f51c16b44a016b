//! One HTTP request with credentials: redirects within the origin are followed, a 401 is answered once with another
//! token.

use std::sync::Arc;

use ::http::{HeaderName, HeaderValue, Method, header};
use arc_swap::ArcSwap;

use crate::auth::credentials::Credentials;
use crate::auth::token::Token;
use crate::base::call::Call;
use crate::base::error::{Error, RpcError};
use crate::http::config::RequestConfig;
use crate::http::endpoint::{self, Endpoint};
use crate::http::error_response;
use crate::http::request::Request;
use crate::http::response::Response;
use crate::http::send::Http;

/// The most redirects that one request follows.
const MAX_REDIRECTS: usize = 5;

/// Sends the requests of one client.
#[derive(Debug, Clone)]
pub(crate) struct HttpClient {
    http: Arc<Http>,
    config: Arc<ArcSwap<RequestConfig>>,
}

impl HttpClient {
    pub(crate) fn new(http: Arc<Http>, config: Arc<ArcSwap<RequestConfig>>) -> HttpClient {
        HttpClient { http, config }
    }

    /// The connections.
    pub(crate) fn http(&self) -> &Http {
        &self.http
    }

    /// The present configuration.
    pub(crate) fn config(&self) -> Arc<RequestConfig> {
        self.config.load_full()
    }

    /// Sends the request and returns the head of its response, of any status but a redirect.
    ///
    /// # Errors
    /// Those of [`Http::send`]; [`Error::Http`] for a redirect that must not be followed; what the auth object reports.
    pub(crate) fn send(&self, call: &Call, request: &Request<'_>) -> Result<Response, Error> {
        let mut redirected: Option<Endpoint> = None;
        let mut redirects = 0;
        let mut second_token: Option<Arc<Token>> = None;
        loop {
            let config = self.config();
            let token = token(call, request, &config.credentials, second_token.as_ref())?;
            let target = redirected.as_ref().unwrap_or(request.endpoint);
            let fields = fields(&config.credentials, token.as_deref());
            let mut response = self.http.send(call, target, request, &fields)?;
            response.sent = token.as_ref().map(|token| token.authorization());
            match response.status {
                300..=399 => {
                    redirects += 1;
                    redirected = Some(self.redirect_target(target, &response, redirects)?);
                }
                401 if second_token.is_none() && !is_best_effort(request) => {
                    match another_token(call, &config.credentials, token, &response)? {
                        Some(other) => second_token = Some(other),
                        None => return Ok(response),
                    }
                }
                _ => return Ok(response),
            }
        }
    }

    /// The target of a redirect that may be followed; for any other an error that names the target.
    fn redirect_target(&self, from: &Endpoint, response: &Response, count: usize) -> Result<Endpoint, Error> {
        let refuse = |why: &str| Err(error_response::redirect(from, response, why));
        let Some(location) = response.header(header::LOCATION) else {
            return refuse("without a target");
        };
        let Ok(url) = endpoint::resolve(from.url(), location) else {
            return refuse("to an unusable target");
        };
        if !endpoint::same_origin(self.http.origin().url(), &url) {
            return refuse("to another origin, where the credentials must not be sent");
        }
        if !matches!(response.status, 307 | 308) {
            return refuse("that would change the request's method");
        }
        if count > MAX_REDIRECTS {
            return refuse("after too many redirects");
        }
        Endpoint::new(url).or_else(|_| refuse("to an unusable target"))
    }

    /// The error that a response outside 2xx stands for.
    pub(crate) fn error_response(&self, from: &Endpoint, response: Response) -> Error {
        error_response::from_response(&self.config().credentials, from, response)
    }

    /// The error for a JSON-RPC error that came with a 2xx response; `sent`: the `Authorization` of its request.
    pub(crate) fn rpc_error(&self, error: RpcError, sent: Option<&HeaderValue>) -> Error {
        self.config().credentials.redact_rpc(error, sent)
    }
}

/// DELETE ends a session: it is best effort, so it uses the token at hand, and never waits for another one.
fn is_best_effort(request: &Request<'_>) -> bool {
    request.method == Method::DELETE
}

fn token(
    call: &Call,
    request: &Request<'_>,
    credentials: &Credentials,
    second: Option<&Arc<Token>>,
) -> Result<Option<Arc<Token>>, Error> {
    match (credentials.auth(), second) {
        (None, _) => Ok(None),
        (Some(_), Some(second)) => Ok(Some(second.clone())),
        (Some(auth), None) if is_best_effort(request) => Ok(auth.latest()),
        (Some(auth), None) => auth.token(call).map(Some),
    }
}

/// The token after `refused`, if the auth object has another one.
fn another_token(
    call: &Call,
    credentials: &Credentials,
    refused: Option<Arc<Token>>,
    response: &Response,
) -> Result<Option<Arc<Token>>, Error> {
    match (credentials.auth(), refused) {
        (Some(auth), Some(refused)) => {
            auth.after_refusal(call, &refused, error_response::www_authenticate(response).as_deref())
        }
        _ => Ok(None),
    }
}

/// The header fields that hold credentials.
fn fields(credentials: &Credentials, token: Option<&Token>) -> Vec<(HeaderName, HeaderValue)> {
    let authorization = token.map(|token| (header::AUTHORIZATION, token.authorization()));
    authorization.into_iter().chain(credentials.headers().iter().cloned()).collect()
}
