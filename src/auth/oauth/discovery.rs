//! Which authorization server gives tokens for an MCP server, and what it can do (MCP authorization, "Discovery").

use ::http::Method;
use url::Url;

use super::identifiers::{self, issuer_metadata_urls, parse_issuer, parse_named, resource_metadata_urls, same_issuer};
use super::metadata::{ResourceMetadata, ServerMetadata};
use super::scopes::Scopes;
use super::token_response::unauthorized;
use crate::auth::fetch::{FetchRequest, Fetched, GrantContext};
use crate::base::error::{Error, ErrorResponse};
use crate::base::text;

/// What the program and an earlier grant say about the authorization server.
#[derive(Default)]
pub(super) struct Known<'a> {
    /// The issuer that the credentials are registered with.
    pub(super) set_issuer: Option<&'a str>,
    /// The issuer of the grant that there is.
    pub(super) granted_issuer: Option<&'a str>,
    /// Metadata that the program has set.
    pub(super) set_metadata: Option<&'a str>,
}

/// What discovery found.
#[derive(Debug, Clone)]
pub(super) struct Discovered {
    /// The resource identifier for requests to the authorization server.
    pub(super) resource: String,
    pub(super) resource_scopes: Scopes,
    pub(super) metadata: ServerMetadata,
}

/// Looks for the documents. `named` is the `resource_metadata` of the challenge.
pub(super) fn discover(
    context: &GrantContext<'_>,
    named: Option<&str>,
    known: &Known<'_>,
) -> Result<Discovered, Error> {
    let document = resource_metadata(context, named)?;
    let metadata = match (known.set_metadata, &document) {
        (Some(json), _) => set_metadata(json, known, context.server)?,
        (None, document) => authorization_server(context, document.as_ref(), known)?,
    };
    let (resource, resource_scopes) = match document {
        Some(document) => (document.resource, document.scopes),
        None => (identifiers::resource_of(context.server), Scopes::default()),
    };
    Ok(Discovered { resource, resource_scopes, metadata })
}

/// The metadata of an issuer that is known already.
pub(super) fn of_issuer(context: &GrantContext<'_>, issuer: &str, known: &Known<'_>) -> Result<ServerMetadata, Error> {
    if let Some(json) = known.set_metadata {
        return set_metadata(json, known, context.server);
    }
    find(context, issuer)?.ok_or_else(|| missing(issuer))
}

/// Checks metadata that a program sets; the reason of a refusal is for the program.
pub(super) fn check_metadata(json: &str) -> Result<(), Error> {
    let invalid = |reason: String| Error::InvalidArgument(format!("the metadata is not usable: {reason}"));
    let issuer = set_issuer(json).ok_or_else(|| invalid("it is not a JSON object with an issuer".to_owned()))?;
    let url = parse_issuer(&issuer).map_err(|error| invalid(error.to_string()))?;
    let metadata = ServerMetadata::parse(json.as_bytes(), "the argument", &issuer, &url);
    let metadata = metadata.map_err(|error| invalid(error.to_string()))?;
    metadata.token_endpoint().map(drop).map_err(|error| invalid(error.to_string()))
}

fn set_issuer(json: &str) -> Option<String> {
    let document: serde_json::Value = serde_json::from_str(json).ok()?;
    document.get("issuer")?.as_str().map(str::to_owned)
}

fn set_metadata(json: &str, known: &Known<'_>, server: &Url) -> Result<ServerMetadata, Error> {
    let issuer = set_issuer(json).unwrap_or_default();
    if let Some(set) = known.set_issuer
        && !same_issuer(set, &issuer)
    {
        return Err(other_issuer(set, &issuer));
    }
    ServerMetadata::parse(json.as_bytes(), "the program", &issuer, server)
}

fn other_issuer(set: &str, other: &str) -> Error {
    Error::InvalidState(format!(
        "the credentials are registered with {set}, but the server's authorization server is {}",
        text::one_line(other)
    ))
}

fn missing(issuer: &str) -> Error {
    unauthorized(format!("the authorization server {issuer} has no metadata document"))
}

/// The document about the MCP server; `None` when it has none.
fn resource_metadata(context: &GrantContext<'_>, named: Option<&str>) -> Result<Option<ResourceMetadata>, Error> {
    let server = context.server;
    if let Some(named) = named {
        // Relative references are no URLs of RFC 9728, and another origin has no say in this.
        let url = Url::parse(named).ok().filter(|url| url.origin() == server.origin() && url.username().is_empty());
        let url = url.ok_or_else(|| {
            Error::Protocol("the server names resource metadata that is not on its own origin".to_owned())
        })?;
        let fetched = get(context, &url)?;
        return match fetched.status {
            200 => ResourceMetadata::parse(&fetched.body, &shown(&url), server).map(Some),
            400..=499 => {
                let (url, status) = (shown(&url), fetched.status);
                Err(unauthorized(format!("the server names resource metadata at {url}, which gave HTTP {status}")))
            }
            status => Err(failed(&url, status)),
        };
    }
    for url in resource_metadata_urls(server) {
        let fetched = get(context, &url)?;
        match fetched.status {
            200 => return ResourceMetadata::parse(&fetched.body, &shown(&url), server).map(Some),
            400..=499 => {}
            status => return Err(failed(&url, status)),
        }
    }
    Ok(None)
}

/// The authorization server to use: the one that was set, that of the grant, or the first listed one with metadata.
fn authorization_server(
    context: &GrantContext<'_>,
    document: Option<&ResourceMetadata>,
    known: &Known<'_>,
) -> Result<ServerMetadata, Error> {
    let server = context.server;
    let Some(document) = document.filter(|document| !document.authorization_servers.is_empty()) else {
        // A server without the document is its own authorization server (2025-03-26).
        let origin = server.origin().ascii_serialization();
        let issuer = known.set_issuer.unwrap_or(&origin);
        return match find(context, issuer)? {
            Some(metadata) => Ok(metadata),
            None if context.assumes_endpoints && issuer == origin => Ok(ServerMetadata::assumed(server)),
            None => Err(missing(issuer)),
        };
    };
    let listed = &document.authorization_servers;
    let listed_as = |issuer: &str| listed.iter().find(|listed| same_issuer(listed, issuer));
    if let Some(set) = known.set_issuer {
        let issuer = listed_as(set).ok_or_else(|| other_issuer(set, &listed.join(", ")))?;
        return find(context, issuer)?.ok_or_else(|| missing(issuer));
    }
    let granted = known.granted_issuer.and_then(listed_as);
    for issuer in granted.into_iter().chain(listed) {
        if let Some(metadata) = find(context, issuer)? {
            return Ok(metadata);
        }
    }
    Err(missing(&text::one_line(&listed.join(", "))))
}

/// The metadata of an issuer; `None` when there is none at any of its places.
fn find(context: &GrantContext<'_>, issuer: &str) -> Result<Option<ServerMetadata>, Error> {
    let url = parse_named("the authorization server", issuer, context.server)?;
    if url.query().is_some() {
        return Err(Error::Protocol("the authorization server that the server names has a query".to_owned()));
    }
    for place in issuer_metadata_urls(&url) {
        let fetched = get(context, &place)?;
        match fetched.status {
            200 => return ServerMetadata::parse(&fetched.body, &shown(&place), issuer, context.server).map(Some),
            400..=499 => {}
            status => return Err(failed(&place, status)),
        }
    }
    Ok(None)
}

fn get(context: &GrantContext<'_>, url: &Url) -> Result<Fetched, Error> {
    let request = FetchRequest { method: Method::GET, url, secrets: Vec::new(), body: None };
    context.fetch.fetch(context.call, &request)
}

fn failed(url: &Url, status: u16) -> Error {
    let message = format!("the metadata at {} gave HTTP {status}", shown(url));
    Error::Http(Box::new(ErrorResponse::of_authorization_server(message, String::new(), status, Vec::new())))
}

/// The URL for messages: without its query.
fn shown(url: &Url) -> String {
    identifiers::at(url, url.path(), None).into()
}
