//! One HTTP request with credentials: redirects within the origin are followed, a 401 or 403 is taken to the auth object,
//! which may have other credentials for another try.

use std::sync::Arc;

use ::http::{HeaderName, HeaderValue, Method, header};
use arc_swap::ArcSwap;
use url::Url;

use crate::auth::authorization::{Authorization, Refused};
use crate::auth::credentials::Credentials;
use crate::auth::fetch::GrantContext;
use crate::auth::{Attempts, Auth};
use crate::base::call::Call;
use crate::base::error::{Error, RpcError};
use crate::http::authorization_servers::AuthorizationServers;
use crate::http::config::RequestConfig;
use crate::http::endpoint::{self, Endpoint};
use crate::http::error_response;
use crate::http::request::Request;
use crate::http::response::Response;
use crate::http::send::Http;

/// The most redirects that one request follows.
const MAX_REDIRECTS: usize = 5;
/// The proof of possession of RFC 9449, section 4.1.
const DPOP: HeaderName = HeaderName::from_static("dpop");

/// Sends the requests of one client.
#[derive(Debug, Clone)]
pub(crate) struct HttpClient {
    http: Arc<Http>,
    config: Arc<ArcSwap<RequestConfig>>,
    /// Permanent redirects, for as long as the session: method, URL, and its present place.
    moved: Arc<ArcSwap<Vec<(Method, Url, Endpoint)>>>,
}

impl HttpClient {
    /// A client for one session.
    pub(crate) fn new(http: Arc<Http>, config: Arc<ArcSwap<RequestConfig>>) -> HttpClient {
        HttpClient { http, config, moved: Arc::default() }
    }

    /// Where a permanent redirect has moved the request to.
    fn remembered(&self, request: &Request<'_>) -> Option<Endpoint> {
        let moved = self.moved.load();
        let mut known = moved.iter().filter(|(method, _, _)| *method == request.method);
        known.find(|(_, url, _)| url == request.endpoint.url()).map(|(_, _, target)| target.clone())
    }

    fn remember(&self, request: &Request<'_>, target: Endpoint) {
        self.moved.rcu(|before| {
            let mut after = Vec::clone(before);
            after.retain(|(method, url, _)| *method != request.method || url != request.endpoint.url());
            after.push((request.method.clone(), request.endpoint.url().clone(), target.clone()));
            after
        });
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
        let mut redirected = self.remembered(request);
        let mut redirects = 0;
        // Whether all redirects so far were.
        let mut permanent = true;
        let mut attempts = Attempts::default();
        loop {
            let config = self.config();
            let target = redirected.as_ref().unwrap_or(request.endpoint);
            let servers = AuthorizationServers::new(&self.http);
            let server = self.http.origin().url();
            let tried = Try { call, request, target, config: &config, server, servers };
            let authorization = tried.authorize(&mut attempts)?;
            let fields = fields(&config.credentials, authorization.as_ref());
            let mut response = self.http.send(call, target, request, &fields)?;
            tried.note(authorization.as_ref(), &response);
            response.sent = authorization.as_ref().map(|authorization| authorization.token.authorization());
            match response.status {
                300..=399 => {
                    redirects += 1;
                    let next = self.redirect_target(&request.method, target, &response, redirects)?;
                    permanent &= matches!(response.status, 301 | 308);
                    if permanent {
                        self.remember(request, next.clone());
                    }
                    redirected = Some(next);
                }
                401 | 403 if tried.has_other(authorization.as_ref(), &response, &mut attempts)? => {}
                _ => return Ok(response),
            }
        }
    }

    /// The target of a redirect that may be followed; for any other an error that names the target.
    fn redirect_target(
        &self,
        method: &Method,
        from: &Endpoint,
        response: &Response,
        count: usize,
    ) -> Result<Endpoint, Error> {
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
        match response.status {
            307 | 308 => {}
            // These turn a POST into a GET (RFC 9110, section 15.4); a GET stays one.
            301..=303 if *method == Method::GET => {}
            301..=303 => return refuse("that would change the request's method"),
            _ => return refuse("of a kind that is not followed"),
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

    /// A server's text without the credentials that it may repeat.
    pub(crate) fn redact(&self, text: &str) -> String {
        self.config().credentials.redact(text, None)
    }

    /// The error for a JSON-RPC error that came with a 2xx response; `sent`: the `Authorization` of its request.
    pub(crate) fn rpc_error(&self, error: RpcError, sent: Option<&HeaderValue>) -> Error {
        self.config().credentials.redact_rpc(error, sent)
    }
}

/// One try of a request.
struct Try<'a> {
    call: &'a Call,
    request: &'a Request<'a>,
    target: &'a Endpoint,
    config: &'a RequestConfig,
    /// The client's own URL.
    server: &'a Url,
    servers: AuthorizationServers<'a>,
}

impl Try<'_> {
    fn context(&self) -> GrantContext<'_> {
        GrantContext {
            call: self.call,
            server: self.server,
            client_name: &self.config.client_name,
            assumes_endpoints: self.config.assumes_endpoints,
            fetch: &self.servers,
        }
    }

    fn auth(&self) -> Option<&Auth> {
        self.config.credentials.auth()
    }

    /// DELETE ends a session: it is best effort, so it uses the token at hand, and never waits for another one.
    fn is_best_effort(&self) -> bool {
        self.request.method == Method::DELETE
    }

    fn authorize(&self, attempts: &mut Attempts) -> Result<Option<Authorization>, Error> {
        let (method, url) = (&self.request.method, self.target.url());
        match self.auth() {
            None => Ok(None),
            Some(auth) if self.is_best_effort() => Ok(auth.authorize_at_hand(self.server, method, url)),
            Some(auth) => auth.authorize(&self.context(), method, url, attempts),
        }
    }

    /// A response to a proof may name the nonce for the next.
    fn note(&self, authorization: Option<&Authorization>, response: &Response) {
        if let (Some(auth), Some(Authorization { proof: Some(_), .. })) = (self.auth(), authorization) {
            auth.note_response(self.target.url(), &response.headers);
        }
    }

    /// Whether the auth object has other credentials after this refusal.
    fn has_other(
        &self,
        authorization: Option<&Authorization>,
        response: &Response,
        attempts: &mut Attempts,
    ) -> Result<bool, Error> {
        let Some(auth) = self.auth().filter(|_| !self.is_best_effort()) else { return Ok(false) };
        let challenge = error_response::www_authenticate(response);
        let refused = Refused {
            status: response.status,
            url: self.target.url(),
            headers: &response.headers,
            challenge: challenge.as_deref(),
            parameters: &error_response::challenge_parameters(response),
            token: authorization.map(|authorization| &authorization.token),
        };
        auth.after_refusal(&self.context(), &refused, attempts)
    }
}

/// The header fields that hold credentials.
fn fields(credentials: &Credentials, authorization: Option<&Authorization>) -> Vec<(HeaderName, HeaderValue)> {
    let mut fields = Vec::with_capacity(credentials.headers().len() + 2);
    if let Some(Authorization { token, proof }) = authorization {
        fields.push((header::AUTHORIZATION, token.authorization()));
        fields.extend(proof.clone().map(|proof| (DPOP, proof)));
    }
    fields.extend(credentials.headers().iter().cloned());
    fields
}
