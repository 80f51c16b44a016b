//! A grant: what an authorization server gave for one MCP server, in memory and as the JSON text of a store.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use super::jws;
use super::key::Key;
use super::scopes::Scopes;
use crate::auth::secret::Secret;
use crate::auth::token::Token;

/// The form of the stored text.
const VERSION: u32 = 1;

/// How a client proves itself at the token endpoint, and as whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Registration {
    pub(super) client_id: String,
    pub(super) client_secret: Option<Secret>,
    /// Seconds since 1970; `None`: never.
    pub(super) expires_at: Option<u64>,
    /// One of the methods of RFC 7591, section 2.
    pub(super) auth_method: String,
    /// The redirect URL that was registered.
    pub(super) redirect_url: String,
}

/// An access token with what belongs to it.
#[derive(Debug, Clone)]
pub(crate) struct Access {
    pub(super) token: Arc<Token>,
    /// Seconds since 1970; `None`: until a 401.
    pub(super) expires_at: Option<u64>,
    /// How long the token lives from its issue.
    pub(super) lifetime: Option<u64>,
}

impl Access {
    /// Whether the token may be sent now.
    pub(super) fn is_valid(&self) -> bool {
        self.expires_at.is_none_or(|at| jws::now() < at)
    }

    /// Whether it is time for another: less than a tenth of its life is left, or less than a minute.
    pub(super) fn is_due(&self) -> bool {
        let Some(at) = self.expires_at else { return false };
        let spare = self.lifetime.map_or(60, |lifetime| (lifetime / 10).min(60));
        jws::now() + spare >= at
    }
}

/// What was granted, never changed: a refresh makes another.
#[derive(Debug, Clone)]
pub(crate) struct Grant {
    /// The recorded issuer, as its metadata spells it.
    pub(super) issuer: String,
    /// The resource that the token was asked for.
    pub(super) resource: Option<String>,
    /// A client that was registered dynamically; what the program set is not kept here.
    pub(super) registration: Option<Registration>,
    pub(super) access: Option<Access>,
    pub(super) refresh_token: Option<Secret>,
    pub(super) asked: Scopes,
    pub(super) granted: Scopes,
    pub(super) dpop_key: Option<Key>,
}

impl Grant {
    /// The texts that no error and no trace may repeat.
    pub(super) fn secrets(&self) -> Vec<Secret> {
        let access = self.access.iter().map(|access| Secret::new(access.token.bare()));
        let registered = self.registration.iter().filter_map(|registration| registration.client_secret.clone());
        access.chain(self.refresh_token.clone()).chain(registered).collect()
    }

    /// The text that a store keeps; it holds secrets.
    pub(crate) fn to_json(&self, server: &str) -> Secret {
        let quoted = |text: &str| Secret::new(text).to_json();
        let number = |number: u64| Secret::new(&number.to_string());
        let mut parts = vec![Secret::new(&format!("{{\"version\":{VERSION}"))];
        let mut member = |name: &str, value: Option<Secret>| {
            parts.extend(value.map(|value| Secret::from_parts(&[",\"", name, "\":", value.expose()])));
        };
        member("server", Some(quoted(server)));
        member("issuer", Some(quoted(&self.issuer)));
        member("resource", self.resource.as_deref().map(quoted));
        if let Some(registration) = &self.registration {
            member("client_id", Some(quoted(&registration.client_id)));
            member("client_secret", registration.client_secret.as_ref().map(Secret::to_json));
            member("client_secret_expires_at", registration.expires_at.map(number));
            member("token_endpoint_auth_method", Some(quoted(&registration.auth_method)));
            member("redirect_url", Some(quoted(&registration.redirect_url)));
        }
        if let Some(access) = &self.access {
            member("access_token", Some(quoted(access.token.bare())));
            member("token_type", Some(quoted(access.token.scheme())));
            member("expires_at", access.expires_at.map(number));
            member("lifetime", access.lifetime.map(number));
        }
        member("refresh_token", self.refresh_token.as_ref().map(Secret::to_json));
        member("scopes_asked", Some(quoted(&self.asked.to_string())));
        member("scopes_granted", Some(quoted(&self.granted.to_string())));
        let key = self.dpop_key.as_ref().map(|key| Secret::base64(key.to_bytes()));
        member("dpop_key", key.as_ref().map(Secret::to_json));
        let texts = parts.iter().map(Secret::expose).chain(["}"]);
        Secret::from_parts(&texts.collect::<Vec<_>>())
    }

    /// Reads a stored text; `None` for one of another form or about another server, which counts as nothing stored.
    pub(crate) fn from_json(json: &str, server: &str) -> Option<Grant> {
        let stored: Stored<'_> = serde_json::from_str(json).ok()?;
        if stored.version != VERSION || stored.server != server {
            return None;
        }
        let secret = |raw: Option<&RawValue>| raw.and_then(|raw| Secret::from_json(raw.get()));
        let registration = stored.client_id.map(|client_id| Registration {
            client_id,
            client_secret: secret(stored.client_secret),
            expires_at: stored.client_secret_expires_at,
            auth_method: stored.token_endpoint_auth_method.unwrap_or_else(|| "none".to_owned()),
            redirect_url: stored.redirect_url.unwrap_or_default(),
        });
        let token = secret(stored.access_token).and_then(|token| {
            let is_dpop = stored.token_type.as_deref() == Some("DPoP");
            if is_dpop { Token::dpop(token.expose()) } else { Token::new(token.expose()) }.ok()
        });
        let (expires_at, lifetime) = (stored.expires_at, stored.lifetime);
        let dpop_key = secret(stored.dpop_key).and_then(|key| {
            let mut der = Zeroizing::new(vec![0; key.expose().len()]);
            let length = STANDARD.decode_slice(key.expose(), &mut der).ok()?;
            der.truncate(length);
            Key::from_bytes(der)
        });
        Some(Grant {
            issuer: stored.issuer,
            resource: stored.resource,
            registration,
            access: token.map(|token| Access { token: Arc::new(token), expires_at, lifetime }),
            refresh_token: secret(stored.refresh_token),
            asked: Scopes::lenient(&stored.scopes_asked.unwrap_or_default()),
            granted: Scopes::lenient(&stored.scopes_granted.unwrap_or_default()),
            dpop_key,
        })
    }
}

#[derive(Deserialize)]
struct Stored<'a> {
    version: u32,
    server: String,
    issuer: String,
    resource: Option<String>,
    client_id: Option<String>,
    #[serde(borrow)]
    client_secret: Option<&'a RawValue>,
    client_secret_expires_at: Option<u64>,
    token_endpoint_auth_method: Option<String>,
    redirect_url: Option<String>,
    #[serde(borrow)]
    access_token: Option<&'a RawValue>,
    token_type: Option<String>,
    expires_at: Option<u64>,
    lifetime: Option<u64>,
    #[serde(borrow)]
    refresh_token: Option<&'a RawValue>,
    scopes_asked: Option<String>,
    scopes_granted: Option<String>,
    #[serde(borrow)]
    dpop_key: Option<&'a RawValue>,
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVER: &str = "https://m.example/mcp";

    fn grant() -> Grant {
        Grant {
            issuer: "https://a.example".to_owned(),
            resource: Some(SERVER.to_owned()),
            registration: Some(Registration {
                client_id: "c".to_owned(),
                client_secret: Some(Secret::new("s\"1")),
                expires_at: Some(7),
                auth_method: "client_secret_post".to_owned(),
                redirect_url: "http://127.0.0.1:1/callback".to_owned(),
            }),
            access: Some(Access {
                token: Arc::new(Token::dpop("acc\\ess").unwrap()),
                expires_at: Some(jws::now() + 1000),
                lifetime: Some(1000),
            }),
            refresh_token: Some(Secret::new("refresh")),
            asked: Scopes::lenient("a b"),
            granted: Scopes::lenient("a"),
            dpop_key: Some(Key::generate().unwrap()),
        }
    }

    #[test]
    fn a_stored_grant_comes_back_as_it_was() {
        let before = grant();
        let after = Grant::from_json(before.to_json(SERVER).expose(), SERVER).unwrap();
        assert_eq!(after.registration, before.registration);
        assert_eq!(after.access.as_ref().unwrap().token, before.access.as_ref().unwrap().token);
        assert_eq!(after.refresh_token, before.refresh_token);
        assert!(after.granted.same(&before.granted) && after.asked.same(&before.asked));
        assert_eq!(after.dpop_key.unwrap().coordinates(), before.dpop_key.unwrap().coordinates());
    }

    #[test]
    fn a_text_of_another_form_or_server_is_nothing_stored() {
        let json = grant().to_json(SERVER);
        assert!(Grant::from_json(json.expose(), "https://other.example/mcp").is_none());
        assert!(Grant::from_json(&json.expose().replace("\"version\":1", "\"version\":2"), SERVER).is_none());
        assert!(Grant::from_json("", SERVER).is_none() && Grant::from_json("{}", SERVER).is_none());
    }

    #[test]
    fn debug_shows_no_secret() {
        let shown = format!("{:?}", grant());
        assert!(!shown.contains("s\\\"1") && !shown.contains("refresh\"") && !shown.contains("acc\\"), "{shown}");
    }

    #[test]
    fn a_token_is_due_before_its_end() {
        let at = |left: u64, lifetime: Option<u64>| {
            let token = Arc::new(Token::new("t").unwrap());
            Access { token, expires_at: Some(jws::now() + left), lifetime }
        };
        assert!(at(0, Some(3600)).is_due() && !at(0, Some(3600)).is_valid());
        assert!(at(59, Some(3600)).is_due() && !at(62, Some(3600)).is_due());
        assert!(at(5, Some(100)).is_due() && !at(12, Some(100)).is_due());
        let lasting = Access { expires_at: None, ..at(0, None) };
        assert!(lasting.is_valid() && !lasting.is_due());
    }
}
