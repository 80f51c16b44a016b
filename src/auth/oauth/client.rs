//! Who the client is at an authorization server, and how it proves that at the token endpoint.

use ::http::HeaderValue;

use super::form::{Form, encoded};
use super::jws;
use super::key::Key;
use super::metadata::ServerMetadata;
use super::record::Registration;
use crate::auth::header;
use crate::auth::secret::Secret;
use crate::base::error::Error;

const BASIC: &str = "client_secret_basic";
const POST: &str = "client_secret_post";
const NONE: &str = "none";
/// RFC 7523, section 2.2.
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// A client of one authorization server.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    /// `None`: a workload that its token alone identifies.
    pub(super) id: Option<String>,
    pub(super) proof: Proof,
}

/// How a client authenticates.
#[derive(Debug, Clone)]
pub(crate) enum Proof {
    /// A public client: its id goes into the body.
    Public,
    /// A secret, sent in the way that the authorization server takes.
    Secret(Secret),
    /// A secret whose way was fixed when the client was registered.
    Registered(Secret, Way),
    /// A signed assertion, `private_key_jwt`.
    Key { key: Key, id: Option<String> },
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Way {
    Basic,
    Post,
}

impl Client {
    pub(super) fn public(id: &str) -> Client {
        Client { id: Some(id.to_owned()), proof: Proof::Public }
    }

    pub(super) fn registered(registration: &Registration) -> Client {
        let way = if registration.auth_method == POST { Way::Post } else { Way::Basic };
        let proof = match &registration.client_secret {
            Some(secret) if registration.auth_method != NONE => Proof::Registered(secret.clone(), way),
            _ => Proof::Public,
        };
        Client { id: Some(registration.client_id.clone()), proof }
    }

    /// Adds the client's authentication to a request; the header field is for `Authorization`.
    pub(super) fn authenticate(
        &self,
        form: Form,
        metadata: &ServerMetadata,
    ) -> Result<(Form, Option<HeaderValue>), Error> {
        let id = self.id.as_deref();
        match &self.proof {
            Proof::Public => Ok((form.with_optional("client_id", id), None)),
            Proof::Key { key, id: key_id } => {
                let id = id.unwrap_or_default();
                let assertion = jws::client_assertion(key, key_id.as_deref(), id, &metadata.issuer)?;
                let form = form.with("client_assertion_type", ASSERTION_TYPE);
                Ok((form.with("client_assertion", assertion.expose()), None))
            }
            Proof::Secret(secret) => Ok(with_secret(form, id, secret, way(metadata))),
            Proof::Registered(secret, way) => Ok(with_secret(form, id, secret, *way)),
        }
    }

    pub(super) fn secret(&self) -> Option<&Secret> {
        match &self.proof {
            Proof::Secret(secret) | Proof::Registered(secret, _) => Some(secret),
            Proof::Public | Proof::Key { .. } => None,
        }
    }
}

fn with_secret(form: Form, id: Option<&str>, secret: &Secret, way: Way) -> (Form, Option<HeaderValue>) {
    let id = id.unwrap_or_default();
    match way {
        Way::Post => (form.with("client_id", id).with("client_secret", secret.expose()), None),
        Way::Basic => (form, Some(basic(id, secret))),
    }
}

/// Where a secret goes that the program has set.
fn way(metadata: &ServerMetadata) -> Way {
    if !metadata.takes(BASIC) && metadata.takes(POST) { Way::Post } else { Way::Basic }
}

/// The method to register for: without a secret where that is possible, else the first one that the server lists. The
/// Python SDK's servers list `client_secret_post` first, and take Basic only with a `client_id` in the body, which other
/// servers refuse.
pub(super) fn method_to_register(metadata: &ServerMetadata) -> &'static str {
    if metadata.takes(NONE) {
        return NONE;
    }
    let listed = metadata.auth_methods.iter().flatten();
    let known = listed.filter_map(|method| [BASIC, POST].into_iter().find(|known| known == method));
    known.into_iter().next().unwrap_or(BASIC)
}

/// Id and secret in the form encoding, then base64 (RFC 6749, section 2.3.1).
fn basic(id: &str, secret: &Secret) -> HeaderValue {
    let pair = Secret::from_parts(&[encoded(id).expose(), ":", encoded(secret.expose()).expose()]);
    header::secret_value("Basic ", Secret::base64(pair.expose().as_bytes()).expose().as_bytes())
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::*;

    fn metadata(methods: Option<&[&str]>) -> ServerMetadata {
        let mut metadata = ServerMetadata::assumed(&Url::parse("https://a.example").unwrap());
        metadata.auth_methods = methods.map(|methods| methods.iter().map(|method| method.to_string()).collect());
        metadata
    }

    fn sent(client: &Client, methods: Option<&[&str]>) -> (String, Option<String>) {
        let (form, header) = client.authenticate(Form::default(), &metadata(methods)).unwrap();
        let header = header.map(|value| value.to_str().unwrap().to_owned());
        (String::from_utf8(form.encode().to_vec()).unwrap(), header)
    }

    #[test]
    fn a_secret_goes_where_the_server_takes_it() {
        let client = Client { id: Some("my id".to_owned()), proof: Proof::Secret(Secret::new("p:w")) };
        // "my+id:p%3Aw"
        let basic = Some("Basic bXkraWQ6cCUzQXc=".to_owned());
        for methods in [None, Some(&["client_secret_basic", "client_secret_post"][..]), Some(&["none"][..])] {
            assert_eq!(sent(&client, methods), (String::new(), basic.clone()));
        }
        let post = Some(&["client_secret_post", "private_key_jwt"][..]);
        assert_eq!(sent(&client, post), ("client_id=my+id&client_secret=p%3Aw".to_owned(), None));
    }

    #[test]
    fn a_key_proves_the_client_without_its_id_beside() {
        let proof = Proof::Key { key: Key::generate().unwrap(), id: None };
        let (body, header) = sent(&Client { id: Some("c".to_owned()), proof }, None);
        assert!(header.is_none() && !body.contains("client_id"));
        assert!(
            body.starts_with("client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&")
        );
    }

    #[test]
    fn a_public_client_only_says_its_id() {
        assert_eq!(sent(&Client::public("c"), None), ("client_id=c".to_owned(), None));
        assert_eq!(sent(&Client { id: None, proof: Proof::Public }, None), (String::new(), None));
    }

    #[test]
    fn a_registered_client_keeps_its_method() {
        let registration = |method: &str, secret: Option<&str>| Registration {
            client_id: "c".to_owned(),
            client_secret: secret.map(Secret::new),
            expires_at: None,
            auth_method: method.to_owned(),
            redirect_url: String::new(),
        };
        let body = |method: &str, secret: Option<&str>| sent(&Client::registered(&registration(method, secret)), None);
        assert_eq!(body("none", Some("s")).0, "client_id=c");
        assert_eq!(body("client_secret_post", Some("s")).0, "client_id=c&client_secret=s");
        assert_eq!(body("client_secret_basic", Some("s")).1.as_deref(), Some("Basic Yzpz"));
        assert_eq!(body("client_secret_basic", None).0, "client_id=c");
    }

    #[test]
    fn the_method_to_register_for_is_one_that_the_server_takes() {
        for (methods, expected) in [
            (None, "client_secret_basic"),
            (Some(&["none", "client_secret_post"][..]), "none"),
            (Some(&["client_secret_post", "client_secret_basic"][..]), "client_secret_post"),
            (Some(&["tls_client_auth", "client_secret_basic", "client_secret_post"][..]), "client_secret_basic"),
            (Some(&["private_key_jwt"][..]), "client_secret_basic"),
        ] {
            assert_eq!(method_to_register(&metadata(methods)), expected);
        }
    }
}
