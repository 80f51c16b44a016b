//! The two documents of discovery: what a protected resource and an authorization server say of themselves.

use serde_json::{Map, Value};
use url::Url;

use super::identifiers::{is_resource_of, parse_named, same_issuer};
use super::scopes::Scopes;
use crate::base::error::Error;

/// Protected resource metadata (RFC 9728, section 2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ResourceMetadata {
    /// Byte for byte as the document has it.
    pub(super) resource: String,
    pub(super) authorization_servers: Vec<String>,
    pub(super) scopes: Scopes,
}

impl ResourceMetadata {
    /// Reads the document that lies at `from`; it must be about `server`.
    pub(crate) fn parse(body: &[u8], from: &str, server: &Url) -> Result<ResourceMetadata, Error> {
        let document = object(body, from)?;
        let resource = text(&document, "resource").unwrap_or_default();
        if !is_resource_of(resource, server) {
            return Err(Error::Protocol(format!(
                "the resource metadata at {from} is about another resource than the server's URL"
            )));
        }
        Ok(ResourceMetadata {
            resource: resource.to_owned(),
            authorization_servers: texts(&document, "authorization_servers").unwrap_or_default(),
            scopes: scopes(&document),
        })
    }
}

/// Authorization server metadata (RFC 8414, section 2; OpenID Connect Discovery, section 3).
#[derive(Debug, Clone)]
pub(crate) struct ServerMetadata {
    /// As the document spells it: what `iss` and `aud` are compared with.
    pub(super) issuer: String,
    pub(super) authorization_endpoint: Option<Url>,
    pub(super) token_endpoint: Option<Url>,
    pub(super) registration_endpoint: Option<Url>,
    pub(super) revocation_endpoint: Option<Url>,
    pub(super) scopes: Scopes,
    /// `None`: the document does not say.
    pub(super) auth_methods: Option<Vec<String>>,
    pub(super) has_s256: bool,
    pub(super) has_client_id_metadata: bool,
    pub(super) sends_iss: bool,
    pub(super) has_dpop: bool,
}

impl ServerMetadata {
    /// Reads the document at `from`, which was looked for under `issuer`. Endpoints follow the rule of
    /// [`parse_named`] for `server`.
    pub(crate) fn parse(body: &[u8], from: &str, issuer: &str, server: &Url) -> Result<ServerMetadata, Error> {
        let document = object(body, from)?;
        let named = text(&document, "issuer").unwrap_or_default();
        if !same_issuer(named, issuer) {
            return Err(Error::Protocol(format!("the metadata at {from} is of another issuer than {issuer}")));
        }
        let endpoint = |name: &str| -> Result<Option<Url>, Error> {
            text(&document, name).map(|url| parse_named(&format!("the {name}"), url, server)).transpose()
        };
        Ok(ServerMetadata {
            issuer: named.to_owned(),
            authorization_endpoint: endpoint("authorization_endpoint")?,
            token_endpoint: endpoint("token_endpoint")?,
            registration_endpoint: endpoint("registration_endpoint")?,
            revocation_endpoint: endpoint("revocation_endpoint")?,
            scopes: scopes(&document),
            auth_methods: texts(&document, "token_endpoint_auth_methods_supported"),
            has_s256: texts(&document, "code_challenge_methods_supported")
                .is_some_and(|methods| methods.iter().any(|method| method == "S256")),
            has_client_id_metadata: flag(&document, "client_id_metadata_document_supported"),
            sends_iss: flag(&document, "authorization_response_iss_parameter_supported"),
            has_dpop: texts(&document, "dpop_signing_alg_values_supported")
                .is_some_and(|algorithms| algorithms.iter().any(|algorithm| algorithm == "ES256")),
        })
    }

    /// What revision 2025-03-26 assumes of an authorization server without a document: the endpoints at the origin.
    pub(super) fn assumed(origin: &Url) -> ServerMetadata {
        let endpoint = |path: &str| Some(super::identifiers::at(origin, path, None));
        ServerMetadata {
            issuer: origin.origin().ascii_serialization(),
            authorization_endpoint: endpoint("/authorize"),
            token_endpoint: endpoint("/token"),
            registration_endpoint: endpoint("/register"),
            revocation_endpoint: None,
            scopes: Scopes::default(),
            auth_methods: None,
            has_s256: true,
            has_client_id_metadata: false,
            sends_iss: false,
            has_dpop: false,
        }
    }

    pub(super) fn token_endpoint(&self) -> Result<&Url, Error> {
        self.token_endpoint
            .as_ref()
            .ok_or_else(|| Error::Protocol(format!("the metadata of {} has no token_endpoint", self.issuer)))
    }

    /// Whether the token endpoint takes this way of client authentication; without a list it takes the standard's default.
    pub(super) fn takes(&self, method: &str) -> bool {
        match &self.auth_methods {
            Some(methods) => methods.iter().any(|known| known == method),
            None => method == "client_secret_basic",
        }
    }
}

fn object(body: &[u8], from: &str) -> Result<Map<String, Value>, Error> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(Error::Protocol(format!("the metadata at {from} is not a JSON object"))),
        Err(_) => Err(Error::Protocol(format!("the metadata at {from} is not JSON"))),
    }
}

fn text<'a>(document: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    document.get(name).and_then(Value::as_str)
}

fn texts(document: &Map<String, Value>, name: &str) -> Option<Vec<String>> {
    let list = document.get(name)?.as_array()?;
    Some(list.iter().filter_map(Value::as_str).map(str::to_owned).collect())
}

fn flag(document: &Map<String, Value>, name: &str) -> bool {
    document.get(name).and_then(Value::as_bool).unwrap_or(false)
}

fn scopes(document: &Map<String, Value>) -> Scopes {
    Scopes::of(texts(document, "scopes_supported").unwrap_or_default().iter().map(String::as_str))
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: &str = "https://a.example/.well-known/x";

    fn server() -> Url {
        Url::parse("https://m.example/mcp").unwrap()
    }

    #[test]
    fn a_resource_speaks_for_its_own_server() {
        let body = br#"{"resource":"https://m.example/mcp","authorization_servers":["https://a.example",7],"scopes_supported":["b","a"]}"#;
        let read = ResourceMetadata::parse(body, AT, &server()).unwrap();
        assert_eq!(read.authorization_servers, ["https://a.example"]);
        assert_eq!(read.scopes.to_string(), "b a");
        for bad in ["", "[]", "{", "{}", r#"{"resource":"https://evil.example/mcp"}"#, r#"{"resource":7}"#] {
            let read = ResourceMetadata::parse(bad.as_bytes(), AT, &server());
            assert!(matches!(read, Err(Error::Protocol(_))), "{bad}");
        }
    }

    #[test]
    fn an_issuer_is_the_one_that_was_asked_for() {
        let parse = |body: &str, issuer: &str| ServerMetadata::parse(body.as_bytes(), AT, issuer, &server());
        let read =
            parse(r#"{"issuer":"https://a.example/","token_endpoint":"https://a.example/t"}"#, "https://a.example");
        let read = read.unwrap();
        assert_eq!(read.issuer, "https://a.example/");
        assert!(!read.has_s256 && !read.sends_iss && read.takes("client_secret_basic") && !read.takes("none"));
        assert!(parse(r#"{"issuer":"https://evil.example"}"#, "https://a.example").is_err());
        assert!(parse(r#"{}"#, "https://a.example").is_err());
        let insecure = r#"{"issuer":"https://a.example","token_endpoint":"http://a.example/t"}"#;
        assert!(matches!(parse(insecure, "https://a.example"), Err(Error::Protocol(_))));
    }

    #[test]
    fn members_of_a_wrong_type_count_as_absent() {
        let body = br#"{"issuer":"https://a.example","code_challenge_methods_supported":"S256","scopes_supported":null,
            "client_id_metadata_document_supported":"yes","token_endpoint_auth_methods_supported":{}}"#;
        let read = ServerMetadata::parse(body, AT, "https://a.example", &server()).unwrap();
        assert!(!read.has_s256 && !read.has_client_id_metadata && read.auth_methods.is_none());
        assert!(matches!(read.token_endpoint(), Err(Error::Protocol(_))));
    }
}
