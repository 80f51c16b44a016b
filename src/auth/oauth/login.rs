//! A login: the authorization request, and the response that a browser brings back (RFC 6749, section 4.1; RFC 9207).

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, Weak};

use arc_swap::ArcSwap;
use url::Url;

use super::form::decoded;
use super::listener::Listener;
use super::metadata::ServerMetadata;
use super::token_response::{OAuthError, unauthorized};
use crate::auth::secret::Secret;
use crate::base::call::{CANCEL_POLL, Call};
use crate::base::error::Error;

/// A login that a person has to finish.
///
/// Given to the callback of [`crate::Auth::login`], which shows [`Login::url`] in a browser or prints it.
pub struct Login {
    url: Secret,
    server: String,
    pending: Arc<Pending>,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login").field("server", &self.server).finish_non_exhaustive()
    }
}

impl Login {
    pub(super) fn new(url: &Url, server: &Url, pending: &Arc<Pending>) -> Login {
        Login { url: Secret::new(url.as_str()), server: server.as_str().to_owned(), pending: pending.clone() }
    }

    /// What to open in a browser: an https URL, or an http URL of a loopback host.
    pub fn url(&self) -> &str {
        self.url.expose()
    }

    /// The MCP server that the login is for, to be shown to the person.
    pub fn server(&self) -> &str {
        &self.server
    }

    /// Hands over the URL that the browser was sent to, as a person pasted it. An error leaves the login open.
    pub fn finish(&self, redirected_url: &str) -> Result<(), Error> {
        self.pending.finish(redirected_url)
    }

    /// Gives the login up: the call fails with [`Error::Unauthorized`].
    pub fn refuse(&self) {
        self.pending.refused.store(true, Ordering::Relaxed);
    }
}

/// What the authorization server sent back through the browser.
#[derive(Debug)]
pub(crate) struct AuthorizationResponse {
    code: Option<Secret>,
    issuer: Option<String>,
    error: OAuthError,
}

/// A login that waits for its response.
#[derive(Debug)]
pub(super) struct Pending {
    state: Secret,
    redirect: Url,
    response: OnceLock<AuthorizationResponse>,
    refused: AtomicBool,
}

impl Pending {
    pub(super) fn new(redirect: &Url) -> Result<Pending, Error> {
        let state = Secret::random(16)?;
        Ok(Pending { state, redirect: redirect.clone(), response: OnceLock::new(), refused: AtomicBool::new(false) })
    }

    pub(super) fn state(&self) -> &Secret {
        &self.state
    }

    /// Takes the URL that the browser was sent to. The reason of a refusal repeats nothing of it.
    pub(super) fn finish(&self, redirected_url: &str) -> Result<(), Error> {
        let invalid = |reason: &str| Error::InvalidArgument(format!("the redirected URL {reason}"));
        // The query holds the code, and no URL that is parsed is wiped: it is read by itself.
        let text = redirected_url.trim().split('#').next().unwrap_or_default();
        let (place, query) = text.split_once('?').unwrap_or((text, ""));
        let url = Url::parse(place).map_err(|reason| invalid(&format!("is not a URL: {reason}")))?;
        let same_place = url.scheme() == self.redirect.scheme()
            && url.host() == self.redirect.host()
            && url.port_or_known_default() == self.redirect.port_or_known_default()
            && url.path() == self.redirect.path();
        if !same_place {
            return Err(invalid("does not begin with the redirect URL of this login"));
        }
        let response = read(query, &self.state).ok_or_else(|| invalid("has another state than this login"))?;
        if response.code.is_none() && response.error.error.is_none() {
            return Err(invalid("has neither a code nor an error"));
        }
        // The first response counts.
        let _ = self.response.set(response);
        Ok(())
    }

    /// Waits for the response, which may come through the listener or from another thread.
    pub(super) fn wait(
        &self,
        call: &Call,
        mut listener: Option<&mut Listener>,
    ) -> Result<&AuthorizationResponse, Error> {
        loop {
            if let Some(response) = self.response.get() {
                return Ok(response);
            }
            if self.refused.load(Ordering::Relaxed) {
                return Err(unauthorized("the login was given up"));
            }
            let arrived = listener.as_mut().is_some_and(|listener| listener.poll(|url| self.finish(url).is_ok()));
            if !arrived {
                call.sleep(CANCEL_POLL)?;
            }
        }
    }
}

/// The logins that wait for their responses, so that a response can be handed over outside the callback.
#[derive(Debug, Default)]
pub(super) struct Logins(ArcSwap<Vec<Weak<Pending>>>);

impl Logins {
    pub(super) fn add(&self, pending: &Arc<Pending>) {
        self.0.rcu(|logins| {
            let waiting = logins.iter().filter(|login| login.strong_count() > 0).cloned();
            waiting.chain([Arc::downgrade(pending)]).collect::<Vec<_>>()
        });
    }

    /// Hands over the URL that a browser was sent to; its state names the login.
    pub(super) fn finish(&self, redirected_url: &str) -> Result<(), Error> {
        let mut refusal = Error::InvalidArgument("no login is waiting for a redirected URL".to_owned());
        for pending in self.0.load().iter().filter_map(Weak::upgrade) {
            match pending.finish(redirected_url) {
                Ok(()) => return Ok(()),
                Err(error) => refusal = error,
            }
        }
        Err(refusal)
    }
}

/// The parameters of a response with this state; `None` for one of another login. A parameter that is there twice counts
/// for neither (RFC 6749, section 3.1).
pub(crate) fn read(query: &str, state: &Secret) -> Option<AuthorizationResponse> {
    let parameter = |name: &str| {
        let pairs = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        let mut values = pairs.filter(|(key, _)| decoded(key).expose() == name).map(|(_, value)| value);
        let value = values.next()?;
        values.next().is_none().then(|| decoded(value))
    };
    let text = |name: &str| parameter(name).map(|value| value.expose().to_owned());
    let same_state = parameter("state").is_some_and(|said| said == *state);
    same_state.then(|| AuthorizationResponse {
        code: parameter("code").filter(|code| !code.expose().is_empty()),
        issuer: text("iss"),
        error: OAuthError { error: text("error"), description: text("error_description"), uri: text("error_uri") },
    })
}

impl AuthorizationResponse {
    /// The code of a response that came from this authorization server.
    pub(super) fn code(&self, metadata: &ServerMetadata) -> Result<&Secret, Error> {
        let issuer = &metadata.issuer;
        // RFC 9207, section 2.4, plain comparison. What another issuer says is not shown, its errors neither.
        match &self.issuer {
            Some(said) if said == issuer => {}
            None if !metadata.sends_iss => {}
            Some(_) => return Err(Error::Protocol(format!("the login was answered by another issuer than {issuer}"))),
            None => return Err(Error::Protocol(format!("the response to the login lacks iss, which {issuer} sends"))),
        }
        match (&self.error.error, &self.code) {
            (None, Some(code)) => Ok(code),
            _ => Err(self.error.clone().into_error(issuer, "the login", 0, &self.code)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pending() -> Pending {
        Pending::new(&Url::parse("http://127.0.0.1:7000/callback").unwrap()).unwrap()
    }

    fn metadata(sends_iss: bool) -> ServerMetadata {
        let mut metadata = ServerMetadata::assumed(&Url::parse("https://a.example").unwrap());
        metadata.sends_iss = sends_iss;
        metadata
    }

    #[test]
    fn a_response_belongs_to_its_login_and_its_place() {
        let pending = pending();
        let state = pending.state().expose();
        for bad in [
            format!("http://127.0.0.1:7000/callback?code=c&state={state}x"),
            "http://127.0.0.1:7000/callback?code=c".to_owned(),
            format!("http://127.0.0.1:7000/callback?code=c&state={state}&state={state}"),
            format!("http://127.0.0.1:7001/callback?code=c&state={state}"),
            format!("https://127.0.0.1:7000/callback?code=c&state={state}"),
            format!("http://localhost:7000/callback?code=c&state={state}"),
            format!("http://127.0.0.1:7000/other?code=c&state={state}"),
            format!("http://127.0.0.1:7000/callback?state={state}"),
            format!("http://127.0.0.1:7000/callback?code=&state={state}"),
            "c".to_owned(),
            String::new(),
        ] {
            let Err(Error::InvalidArgument(reason)) = pending.finish(&bad) else { panic!("{bad} was accepted") };
            assert!(!reason.contains(state), "{reason}");
        }
        pending.finish(&format!(" http://127.0.0.1:7000/callback?state={state}&code=c%2F1#x\n")).unwrap();
        let response = pending.response.get().unwrap();
        assert_eq!(response.code(&metadata(false)).unwrap().expose(), "c/1");
    }

    #[test]
    fn the_issuer_is_checked_by_the_four_rows_of_the_specification() {
        let response = |query: &str| {
            let pending = pending();
            pending
                .finish(&format!("http://127.0.0.1:7000/callback?state={}&{query}", pending.state().expose()))
                .unwrap();
            pending
        };
        let code = |query: &str, sends_iss: bool| {
            let pending = response(query);
            let outcome =
                pending.response.get().unwrap().code(&metadata(sends_iss)).map(|code| code.expose().to_owned());
            outcome.map_err(|error| format!("{error:?}"))
        };
        let own = "code=c&iss=https%3A%2F%2Fa.example";
        assert_eq!(code(own, true).unwrap(), "c");
        assert_eq!(code(own, false).unwrap(), "c");
        assert_eq!(code("code=c", false).unwrap(), "c");
        assert!(code("code=c", true).unwrap_err().starts_with("Protocol"));
        for other in ["https%3A%2F%2Fb.example", "https%3A%2F%2Fa.example%2F", ""] {
            for sends_iss in [true, false] {
                let error =
                    code(&format!("code=c&iss={other}&error=e&error_description=shown"), sends_iss).unwrap_err();
                assert!(error.starts_with("Protocol") && !error.contains("shown"), "{error}");
            }
        }
        let denied = code("error=access_denied&error_description=no%0Away", false).unwrap_err();
        assert!(denied.starts_with("Unauthorized") && denied.contains("access_denied: no way"), "{denied}");
    }
}
