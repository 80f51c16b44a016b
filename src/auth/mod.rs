//! Credentials: where a bearer token comes from (RFC 6750), and which custom headers may be sent.

pub(crate) mod credentials;
pub(crate) mod header;
pub(crate) mod redact;
pub(crate) mod token;
mod token_file;
mod token_provider;

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::base::call::Call;
use crate::base::error::Error;
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
}

impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match *self.0 {
            Source::Bearer(_) => "Auth(bearer token)",
            Source::File(_) => "Auth(token file)",
            Source::Provider(_) => "Auth(token provider)",
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

    /// The token for the next request.
    pub(crate) fn token(&self, call: &Call) -> Result<Arc<Token>, Error> {
        match &*self.0 {
            Source::Bearer(token) => Ok(token.load_full()),
            Source::File(file) => file.token(),
            Source::Provider(provider) => provider.token(call),
        }
    }

    /// The token that is at hand, without a question to anybody.
    pub(crate) fn latest(&self) -> Option<Arc<Token>> {
        match &*self.0 {
            Source::Bearer(token) => Some(token.load_full()),
            Source::File(file) => Some(file.token().unwrap_or_else(|_| file.latest())),
            Source::Provider(provider) => provider.latest(),
        }
    }

    /// Another token after the server has refused one, `None` when there is no other.
    pub(crate) fn after_refusal(
        &self,
        call: &Call,
        refused: &Arc<Token>,
        challenge: Option<&str>,
    ) -> Result<Option<Arc<Token>>, Error> {
        let token = match &*self.0 {
            Source::Bearer(token) => Some(token.load_full()),
            Source::File(file) => file.read_again(),
            Source::Provider(provider) => provider.after_refusal(call, refused, challenge)?,
        };
        Ok(token.filter(|token| token != refused))
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
        let before = shared.token(&call).unwrap();
        assert!(auth.after_refusal(&call, &before, None).unwrap().is_none());
        auth.set_token("new").unwrap();
        assert_ne!(shared.token(&call).unwrap(), before);
        assert!(shared.after_refusal(&call, &before, None).unwrap().is_some());
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
