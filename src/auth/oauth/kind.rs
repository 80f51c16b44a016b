//! The kinds of OAuth credentials.

use super::client::Client;
use super::login::Login;
use crate::auth::authorization::Identity;

pub(in crate::auth) type LoginCallback = Box<dyn Fn(&Login) + Send + Sync>;

/// How a token is got.
pub(super) enum Kind {
    /// A service that is itself the owner of what it uses (RFC 6749, section 4.4).
    ClientCredentials,
    /// A person who logs in (section 4.1).
    Login(LoginCallback),
    /// A workload whose platform gives it a JWT (RFC 7523, section 2.1).
    Workload(Box<dyn Identity>),
    /// A user whose single sign-on covers the MCP server (identity assertion authorization grant).
    Enterprise { issuer: String, client: Client, identity: Box<dyn Identity> },
}

impl Kind {
    pub(super) fn is_login(&self) -> bool {
        matches!(self, Kind::Login(_))
    }
}
