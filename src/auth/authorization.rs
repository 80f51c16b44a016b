//! What a request carries to be authorized, and what its refusal says.

use std::sync::Arc;

use ::http::{HeaderMap, HeaderValue};
use url::Url;

use crate::auth::secret::Secret;
use crate::auth::token::Token;
use crate::base::call::Call;
use crate::base::error::Error;

/// The credentials of one request.
#[derive(Debug, Clone)]
pub(crate) struct Authorization {
    /// The value of the header `Authorization`.
    pub(crate) token: Arc<Token>,
    /// The value of the header `DPoP`: a proof for this request alone.
    pub(crate) proof: Option<HeaderValue>,
}

/// A 401 or 403 of the MCP server.
pub(crate) struct Refused<'a> {
    pub(crate) status: u16,
    /// Where the request went.
    pub(crate) url: &'a Url,
    pub(crate) headers: &'a HeaderMap,
    /// All `WWW-Authenticate` headers as one.
    pub(crate) challenge: Option<&'a str>,
    /// The parameters of its Bearer and DPoP challenges.
    pub(crate) parameters: &'a [(String, String)],
    /// The token that went with the request.
    pub(crate) token: Option<&'a Arc<Token>>,
}

impl Refused<'_> {
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// A source of tokens that say who a workload or a user is, for an authorization server or identity provider.
pub(crate) trait Identity: Send + Sync {
    /// The token for now; `audience` is the issuer that it is for, where that is known.
    fn identity_token(&self, call: &Call, audience: Option<&str>) -> Result<Secret, Error>;
}
