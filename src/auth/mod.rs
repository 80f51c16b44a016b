//! Credentials: where an access token comes from (RFC 6750, OAuth), and which custom headers may be sent.

pub(crate) mod authorization;
pub(crate) mod credentials;
pub(crate) mod fetch;
pub(crate) mod header;
pub(crate) mod oauth;
pub(crate) mod redact;
pub(crate) mod secret;
mod settings;
mod single_flight;
pub(crate) mod token;
mod token_file;
mod token_provider;

use std::fmt;
use std::path::Path;
use std::sync::{Arc, Weak};

use ::http::{HeaderMap, Method};
use arc_swap::ArcSwap;
use url::Url;

use crate::base::call::Call;
use crate::base::error::Error;
use authorization::{Authorization, Identity, Refused};
use fetch::GrantContext;
use oauth::OAuth;
pub use oauth::{Dpop, Login, StoreRequest};
use secret::Secret;
use token::Token;
use token_file::TokenFile;
use token_provider::TokenProvider;
pub use token_provider::TokenRequest;

/// A source of bearer tokens, shared by any number of clients.
#[derive(Clone)]
pub struct Auth(Arc<Source>);

enum Source {
    Bearer(ArcSwap<Token>),
    File(TokenFile),
    Provider(TokenProvider),
    OAuth(Box<OAuth>),
}

/// What one request has tried so far to be authorized.
#[derive(Debug, Default)]
pub(crate) struct Attempts {
    /// The token in place of one that was refused.
    second_token: Option<Arc<Token>>,
    oauth: oauth::Attempts,
}

/// Whose requests a server sees: it does not keep a token that was replaced.
#[derive(Debug, Clone)]
pub(crate) enum Owner {
    Token(Option<Weak<Token>>),
    Login(Weak<()>),
}

impl Owner {
    /// Whether both are there still, and the same.
    pub(crate) fn is(&self, other: &Owner) -> bool {
        match (self, other) {
            (Owner::Token(None), Owner::Token(None)) => true,
            (Owner::Token(Some(one)), Owner::Token(Some(other))) => {
                one.upgrade().is_some_and(|one| other.upgrade().is_some_and(|other| one == other))
            }
            (Owner::Login(one), Owner::Login(other)) => one.strong_count() > 0 && one.ptr_eq(other),
            _ => false,
        }
    }
}

impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match *self.0 {
            Source::Bearer(_) => "Auth(bearer token)",
            Source::File(_) => "Auth(token file)",
            Source::Provider(_) => "Auth(token provider)",
            Source::OAuth(_) => "Auth(OAuth)",
        })
    }
}

impl Auth {
    /// A bearer token that [`Auth::set_token`] can replace.
    pub fn bearer(token: &str) -> Result<Auth, Error> {
        let token = Token::new(token).map_err(Error::InvalidArgument)?;
        Ok(Auth(Arc::new(Source::Bearer(ArcSwap::from_pointee(token)))))
    }

    /// Rotates the token for every client that shares this object.
    pub fn set_token(&self, token: &str) -> Result<(), Error> {
        let Source::Bearer(current) = &*self.0 else {
            return Err(Error::InvalidState("only a bearer auth object has a token that can be set".to_owned()));
        };
        current.store(Arc::new(Token::new(token).map_err(Error::InvalidArgument)?));
        Ok(())
    }

    /// A token in a file that something else rotates. The file must be there now.
    pub fn token_file(path: &Path) -> Result<Auth, Error> {
        Ok(Auth(Arc::new(Source::File(TokenFile::open(path)?))))
    }

    /// A function that is asked for a token before the first request, and once more after each 401.
    pub fn token_provider(provider: impl Fn(&mut TokenRequest) + Send + Sync + 'static) -> Auth {
        Auth(Arc::new(Source::Provider(TokenProvider::new(Box::new(provider)))))
    }

    /// A service's id and secret at an authorization server. `issuer` is that server; `None`: the first one that an MCP
    /// server names, and from then on no other.
    pub fn client_credentials(issuer: Option<&str>, client_id: &str, client_secret: &str) -> Result<Auth, Error> {
        OAuth::client_credentials(issuer, client_id, client_secret).map(Auth::of_oauth)
    }

    /// A service's id and private key (`private_key_jwt`), a PEM file: P-256, Ed25519, or RSA of 2048 to 4096 bits.
    pub fn private_key(issuer: Option<&str>, client_id: &str, key_pem: &Path) -> Result<Auth, Error> {
        OAuth::private_key(issuer, client_id, key_pem).map(Auth::of_oauth)
    }

    /// A workload whose platform gives it a JWT, which `identity` reads.
    pub fn workload(issuer: Option<&str>, client_id: Option<&str>, identity: &Auth) -> Result<Auth, Error> {
        OAuth::workload(issuer, client_id, identity.as_identity()?).map(Auth::of_oauth)
    }

    /// A user of an organisation's single sign-on; `identity` gives the ID token, and the client is the one at the
    /// identity provider `issuer`.
    pub fn enterprise(
        issuer: &str,
        client_id: &str,
        client_secret: Option<&str>,
        identity: &Auth,
    ) -> Result<Auth, Error> {
        OAuth::enterprise(issuer, client_id, client_secret, identity.as_identity()?).map(Auth::of_oauth)
    }

    /// A person who logs in when that is necessary. The callback opens [`Login::url`] in a browser, or shows it.
    pub fn login(callback: impl Fn(&Login) + Send + Sync + 'static) -> Auth {
        Auth::of_oauth(OAuth::login(Box::new(callback)))
    }

    fn of_oauth(oauth: OAuth) -> Auth {
        Auth(Arc::new(Source::OAuth(Box::new(oauth))))
    }

    fn as_identity(&self) -> Result<Box<dyn Identity>, Error> {
        match *self.0 {
            Source::OAuth(_) => Err(Error::InvalidArgument("the identity is itself made of OAuth".to_owned())),
            _ => Ok(Box::new(self.clone())),
        }
    }

    /// What the next request carries. `method` and `url` are the request's.
    pub(crate) fn authorize(
        &self,
        context: &GrantContext<'_>,
        method: &Method,
        url: &Url,
        attempts: &mut Attempts,
    ) -> Result<Option<Authorization>, Error> {
        let token = match &*self.0 {
            Source::OAuth(oauth) => return oauth.authorize(context, method, url, &mut attempts.oauth),
            _ if attempts.second_token.is_some() => attempts.second_token.clone(),
            Source::Bearer(token) => Some(token.load_full()),
            Source::File(file) => Some(file.token()?),
            Source::Provider(provider) => Some(provider.token(context.call)?),
        };
        Ok(token.map(|token| Authorization { token, proof: None }))
    }

    /// What a request carries without a question to a function, a person or a server.
    pub(crate) fn authorize_at_hand(&self, server: &Url, method: &Method, url: &Url) -> Option<Authorization> {
        match &*self.0 {
            Source::OAuth(oauth) => oauth.authorize_at_hand(server, method, url),
            _ => self.latest().map(|token| Authorization { token, proof: None }),
        }
    }

    fn latest(&self) -> Option<Arc<Token>> {
        match &*self.0 {
            Source::Bearer(token) => Some(token.load_full()),
            Source::File(file) => Some(file.token().unwrap_or_else(|_| file.latest())),
            Source::Provider(provider) => provider.latest(),
            Source::OAuth(_) => None,
        }
    }

    /// Takes a 401 or 403; whether the request is to be sent again.
    pub(crate) fn after_refusal(
        &self,
        context: &GrantContext<'_>,
        refused: &Refused<'_>,
        attempts: &mut Attempts,
    ) -> Result<bool, Error> {
        if let Source::OAuth(oauth) = &*self.0 {
            return oauth.after_refusal(context, refused, &mut attempts.oauth);
        }
        let (401, None, Some(token)) = (refused.status, &attempts.second_token, refused.token) else {
            return Ok(false);
        };
        attempts.second_token = self.other_token(context.call, token, refused.challenge)?;
        Ok(attempts.second_token.is_some())
    }

    /// Another token after the server has refused one, `None` when there is no other.
    fn other_token(
        &self,
        call: &Call,
        refused: &Arc<Token>,
        challenge: Option<&str>,
    ) -> Result<Option<Arc<Token>>, Error> {
        let token = match &*self.0 {
            Source::Bearer(token) => Some(token.load_full()),
            Source::File(file) => file.read_again(),
            Source::Provider(provider) => provider.after_refusal(call, refused, challenge)?,
            Source::OAuth(_) => None,
        };
        Ok(token.filter(|token| token != refused))
    }

    /// Looks at the response to a request that had a proof: it may name the nonce for the next.
    pub(crate) fn note_response(&self, url: &Url, headers: &HeaderMap) {
        if let Source::OAuth(oauth) = &*self.0 {
            oauth.note_nonce(url, headers);
        }
    }

    /// The secrets that a server may repeat.
    pub(crate) fn secrets(&self) -> Vec<Secret> {
        match &*self.0 {
            Source::OAuth(oauth) => oauth.secrets(),
            _ => self.latest().iter().map(|token| Secret::new(token.bare())).collect(),
        }
    }

    pub(crate) fn owner(&self) -> Owner {
        match &*self.0 {
            Source::OAuth(oauth) => Owner::Login(oauth.owner()),
            _ => Owner::Token(self.latest().map(|token| Arc::downgrade(&token))),
        }
    }

    /// Whether a call with these credentials may wait for a person, whose time does not count.
    pub(crate) fn asks_a_person(&self) -> bool {
        matches!(&*self.0, Source::OAuth(oauth) if oauth.is_login())
    }

    /// The extensions of the protocol that a client with these credentials has.
    pub(crate) fn extensions(&self) -> Vec<&'static str> {
        match &*self.0 {
            Source::OAuth(oauth) => oauth.extensions(),
            _ => Vec::new(),
        }
    }
}

impl Identity for Auth {
    fn identity_token(&self, call: &Call, audience: Option<&str>) -> Result<Secret, Error> {
        let token = match &*self.0 {
            Source::Bearer(token) => token.load_full(),
            Source::File(file) => file.token()?,
            Source::Provider(provider) => provider.identity_token(call, audience)?,
            Source::OAuth(_) => return Err(Error::InvalidState("OAuth credentials are no identity".to_owned())),
        };
        Ok(Secret::new(token.bare()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rotated_token_is_seen_by_all_that_share_it() {
        let auth = Auth::bearer("old").unwrap();
        let shared = auth.clone();
        let call = Call::until_cancelled(&Arc::default());
        let before = shared.latest().unwrap();
        assert!(auth.other_token(&call, &before, None).unwrap().is_none());
        auth.set_token("new").unwrap();
        assert_ne!(shared.latest().unwrap(), before);
        assert!(shared.other_token(&call, &before, None).unwrap().is_some());
    }

    #[test]
    fn owners_are_the_same_while_their_credentials_last() {
        let auth = Auth::bearer("old").unwrap();
        let before = auth.owner();
        assert!(before.is(&auth.owner()) && auth.owner().is(&before));
        auth.set_token("new").unwrap();
        assert!(!before.is(&auth.owner()));
        let login = Auth::login(|_| {});
        assert!(login.owner().is(&login.owner()) && !login.owner().is(&Auth::login(|_| {}).owner()));
        assert!(!login.owner().is(&before));
    }

    #[test]
    fn a_bad_token_leaves_the_good_one() {
        let auth = Auth::bearer("good").unwrap();
        let before = auth.latest();
        assert!(matches!(auth.set_token("bad\n"), Err(Error::InvalidArgument(_))));
        assert_eq!(auth.latest(), before);
    }

    #[test]
    fn debug_shows_no_token() {
        assert!(!format!("{:?}", Auth::bearer("s3cret").unwrap()).contains("s3cret"));
    }
}
