//! One HTTP request of a client with all that goes with it: credentials, redirects within the origin, a second try
//! after a 401.

use std::sync::Arc;

use arc_swap::ArcSwap;
use url::Url;

use crate::auth::token::Token;
use crate::base::call::Call;
use crate::base::error::Error;
use crate::http::error_response;
use crate::http::{
    Head, HeaderName, HeaderValue, Headers, Http, Method, Request, Response, Secrets, Uri, endpoint, header,
};
use crate::session::config::Settings;

/// The most redirects that one request follows.
const MOST_REDIRECTS: usize = 5;

/// Where requests go: a URL in the two forms that are needed.
#[derive(Debug, Clone)]
pub(crate) struct Endpoint {
    pub(crate) url: Url,
    uri: Uri,
}

impl Endpoint {
    pub(crate) fn new(url: Url) -> Result<Endpoint, Error> {
        let uri = url.as_str().split('#').next().unwrap_or_default();
        let uri = uri.parse().map_err(|_| Error::InvalidArgument("the URL cannot be sent over HTTP".to_owned()))?;
        Ok(Endpoint { url, uri })
    }
}

/// A request before credentials are added.
pub(crate) struct Outgoing<'a> {
    pub(crate) method: Method,
    pub(crate) target: &'a Endpoint,
    /// Headers that the protocol asks for, in several lists: of the session, of the message.
    pub(crate) headers: &'a [&'a [(HeaderName, HeaderValue)]],
    pub(crate) accept: &'static str,
    /// A JSON body.
    pub(crate) body: Option<&'a [u8]>,
    /// Whether the server may safely get it twice.
    pub(crate) repeatable: bool,
}

/// Sends the requests of one client.
#[derive(Debug, Clone)]
pub(crate) struct HttpClient {
    pub(crate) http: Arc<Http>,
    settings: Arc<ArcSwap<Settings>>,
}

impl HttpClient {
    pub(crate) fn new(http: Arc<Http>, settings: Arc<ArcSwap<Settings>>) -> HttpClient {
        HttpClient { http, settings }
    }

    pub(crate) fn settings(&self) -> Arc<Settings> {
        self.settings.load_full()
    }

    /// Sends the request; whatever comes back that is neither a redirect nor a 401 with a new token at hand is the
    /// answer.
    pub(crate) fn send(&self, call: &Call, outgoing: &Outgoing<'_>) -> Result<Response, Error> {
        let mut moved: Option<Endpoint> = None;
        let mut redirects = 0;
        let mut second_token: Option<Arc<Token>> = None;
        // Nobody waits for a token, or for a function that gets one, to say goodbye.
        let parting = outgoing.method == Method::DELETE;
        loop {
            let settings = self.settings();
            let token = match (&second_token, settings.credentials.auth()) {
                (Some(token), Some(_)) => Some(token.clone()),
                (_, Some(auth)) if parting => auth.latest(),
                (_, Some(auth)) => Some(auth.token(call)?),
                (_, None) => None,
            };
            let target = moved.as_ref().unwrap_or(outgoing.target);
            let mut response = self.http.send(
                call,
                &Request {
                    method: outgoing.method.clone(),
                    uri: &target.uri,
                    head: &|| head(outgoing, &settings, token.as_deref()),
                    body: outgoing.body,
                    repeatable: outgoing.repeatable,
                    limit: settings.max_response_bytes,
                },
            )?;
            response.sent = token.as_ref().map(|token| token.authorization());
            match response.status {
                300..=399 => {
                    redirects += 1;
                    moved = Some(self.follow(&settings, target, &response, redirects)?);
                }
                401 if second_token.is_none() && !parting => {
                    match self.another_token(call, &settings, token, &response)? {
                        Some(other) => second_token = Some(other),
                        None => return Ok(response),
                    }
                }
                _ => return Ok(response),
            }
        }
    }

    /// The target of a redirect that may be followed; any other is an error that names the target.
    fn follow(
        &self,
        settings: &Settings,
        from: &Endpoint,
        response: &Response,
        count: usize,
    ) -> Result<Endpoint, Error> {
        let refuse = |why: &str| Err(error_response::redirect(from, response, why));
        let Some(location) = response.header(header::LOCATION) else {
            return refuse("without a target");
        };
        let Ok(url) = endpoint::resolve(&from.url, location) else {
            return refuse("to an unusable target");
        };
        if !endpoint::same(&settings.url, &url) {
            return refuse("to another origin, where the credentials must not go");
        }
        if !matches!(response.status, 307 | 308) {
            return refuse("that would change the request's method");
        }
        if count > MOST_REDIRECTS {
            return refuse("after too many redirects");
        }
        Endpoint::new(url).or_else(|_| refuse("to an unusable target"))
    }

    fn another_token(
        &self,
        call: &Call,
        settings: &Settings,
        refused: Option<Arc<Token>>,
        response: &Response,
    ) -> Result<Option<Arc<Token>>, Error> {
        let (Some(auth), Some(refused)) = (settings.credentials.auth(), refused) else {
            return Ok(None);
        };
        auth.after_refusal(call, &refused, error_response::www_authenticate(response).as_deref())
    }

    /// Turns an answer that is none into the error that it stands for.
    pub(crate) fn refuse(&self, from: &Endpoint, response: Response) -> Error {
        error_response::from_response(&self.settings().credentials, from, response)
    }
}

fn head(outgoing: &Outgoing<'_>, settings: &Settings, token: Option<&Token>) -> Head {
    let mut headers = Headers::with_capacity(12);
    headers.insert(header::ACCEPT, HeaderValue::from_static(outgoing.accept));
    if outgoing.body.is_some() {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    for (name, value) in outgoing.headers.iter().copied().flatten() {
        headers.insert(name.clone(), value.clone());
    }
    let mut secrets: Secrets = token.map(|token| (header::AUTHORIZATION, token.authorization())).into_iter().collect();
    for (name, value) in settings.credentials.headers() {
        match *name == header::USER_AGENT {
            // No secret, and ureq must see that it need not write its own.
            true => drop(headers.insert(name.clone(), value.clone())),
            false => secrets.push((name.clone(), value.clone())),
        }
    }
    Head { headers, secrets }
}
