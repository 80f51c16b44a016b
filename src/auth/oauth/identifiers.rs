//! The URLs of OAuth: issuers, endpoints, resources, and where their metadata documents lie.

use url::{Host, Url};

use crate::base::error::Error;

/// An issuer identifier, or another URL that a program sets: https (http to a loopback host), a host, no query, no
/// fragment, no user name.
pub(crate) fn parse_issuer(text: &str) -> Result<Url, Error> {
    let invalid = |reason: &str| Error::InvalidArgument(format!("the issuer {reason}"));
    let url = parse_secure(text).map_err(|reason| invalid(&reason))?;
    match url.query().is_some() {
        true => Err(invalid("has a query")),
        false => Ok(url),
    }
}

/// An https URL, or an http URL of a loopback host, without user name and fragment. The reason repeats nothing of it.
pub(super) fn parse_secure(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|reason| format!("is not a URL: {reason}"))?;
    if url.host_str().is_none_or(str::is_empty) {
        return Err("has no host".to_owned());
    }
    if !is_secure(&url) {
        return Err("is not an https URL (http is for loopback hosts alone)".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("has a user name or password".to_owned());
    }
    match url.fragment().is_some() {
        true => Err("has a fragment".to_owned()),
        false => Ok(url),
    }
}

fn is_secure(url: &Url) -> bool {
    url.scheme() == "https" || (url.scheme() == "http" && is_loopback(url))
}

/// Whether the host is this machine: `localhost`, 127.0.0.0/8 or ::1.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// An endpoint, issuer or metadata URL that a server names. http is allowed only when both sides are this machine.
pub(super) fn parse_named(what: &str, text: &str, server: &Url) -> Result<Url, Error> {
    let url = parse_secure(text).map_err(|reason| Error::Protocol(format!("{what} that the server names {reason}")))?;
    if url.scheme() == "http" && !is_loopback(server) {
        return Err(Error::Protocol(format!(
            "{what} that the server names is an http URL of a loopback host, but the server is another host"
        )));
    }
    Ok(url)
}

/// Whether two spellings name one issuer: they are equal, or one has a lone trailing slash where the other has no path
/// (both have the same metadata URL, RFC 8414, section 3.1).
pub(super) fn same_issuer(one: &str, other: &str) -> bool {
    if one == other {
        return true;
    }
    let is_root = |text: &str| Url::parse(text).is_ok_and(|url| url.path() == "/" && url.query().is_none());
    is_root(one) && one.strip_suffix('/').unwrap_or(one) == other.strip_suffix('/').unwrap_or(other)
}

/// Where the resource's metadata may lie when the challenge names no place: for the path, then for the whole origin
/// (RFC 9728, section 3.1).
pub(super) fn resource_metadata_urls(server: &Url) -> Vec<Url> {
    let well_known = "/.well-known/oauth-protected-resource";
    let path = server.path().trim_end_matches('/');
    let mut urls = Vec::new();
    if !path.is_empty() {
        urls.push(at(server, &format!("{well_known}{path}"), server.query()));
    }
    urls.push(at(server, well_known, None));
    urls
}

/// Where an authorization server's metadata may lie, in the order of the MCP specification: RFC 8414, section 3.1, then
/// OpenID Connect with the path inserted, then appended (OpenID Connect Discovery, section 4).
pub(super) fn issuer_metadata_urls(issuer: &Url) -> Vec<Url> {
    const OAUTH: &str = "/.well-known/oauth-authorization-server";
    const OPENID: &str = "/.well-known/openid-configuration";
    let path = issuer.path().trim_end_matches('/');
    let mut paths = vec![format!("{OAUTH}{path}"), format!("{OPENID}{path}")];
    if !path.is_empty() {
        paths.push(format!("{path}{OPENID}"));
    }
    paths.iter().map(|path| at(issuer, path, None)).collect()
}

/// The same origin with another path.
pub(super) fn at(base: &Url, path: &str, query: Option<&str>) -> Url {
    let mut url = base.clone();
    url.set_path(path);
    url.set_query(query);
    url.set_fragment(None);
    url
}

/// The server's URL as a resource identifier (RFC 8707): without query and fragment, without the slash of an empty path.
pub(super) fn resource_of(server: &Url) -> String {
    let url = at(server, server.path(), None);
    match url.path() {
        "/" => url.as_str().trim_end_matches('/').to_owned(),
        _ => url.into(),
    }
}

/// Whether a document about `resource` may speak for the server: it is the server's URL, or a prefix of it by whole path
/// segments on the same origin (RFC 9728, section 3.3; MCP allows servers that describe their origin).
pub(super) fn is_resource_of(resource: &str, server: &Url) -> bool {
    let Ok(url) = Url::parse(resource) else { return false };
    if url.origin() != server.origin() || url.fragment().is_some() || !url.username().is_empty() {
        return false;
    }
    if url.query().is_some() && url.query() != server.query() {
        return false;
    }
    let (whole, prefix) = (server.path().trim_end_matches('/'), url.path().trim_end_matches('/'));
    whole.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    fn texts(urls: Vec<Url>) -> Vec<String> {
        urls.into_iter().map(String::from).collect()
    }

    #[test]
    fn issuers_are_https_or_on_this_machine() {
        for good in [
            "https://auth.example",
            "https://auth.example/t/1",
            "http://127.0.0.1:9",
            "http://[::1]/",
            "http://localhost:1",
        ] {
            assert!(parse_issuer(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "auth.example",
            "http://auth.example",
            "https://auth.example/?a=b",
            "https://auth.example/#x",
            "https://user:s3cret@auth.example/",
            "ftp://localhost/",
            "http://localhost.evil.test/",
            "http://127.0.0.1.evil.test/",
        ] {
            let Err(Error::InvalidArgument(reason)) = parse_issuer(bad) else { panic!("{bad} was accepted") };
            assert!(!reason.contains("s3cret"), "{reason}");
        }
    }

    #[test]
    fn what_a_remote_server_names_is_never_on_this_machine() {
        let (remote, local) = (url("https://mcp.example/mcp"), url("http://127.0.0.1:1/mcp"));
        assert!(parse_named("the endpoint", "https://auth.example/token", &remote).is_ok());
        assert!(parse_named("the endpoint", "http://localhost:2/token", &local).is_ok());
        for (text, server) in [
            ("http://localhost:2/token", &remote),
            ("http://auth.example/token", &remote),
            ("http://auth.example/token", &local),
            ("javascript:alert(1)", &local),
            ("https://a:b@auth.example/token", &local),
            ("https://auth.example/token#x", &remote),
        ] {
            assert!(matches!(parse_named("the endpoint", text, server), Err(Error::Protocol(_))), "{text}");
        }
    }

    #[test]
    fn a_lone_trailing_slash_is_the_one_difference_of_issuers() {
        assert!(same_issuer("https://a.example", "https://a.example"));
        assert!(same_issuer("https://a.example", "https://a.example/"));
        assert!(same_issuer("https://a.example/", "https://a.example"));
        for (one, other) in [
            ("https://a.example/t", "https://a.example/t/"),
            ("https://a.example", "https://A.example"),
            ("https://a.example", "https://a.example//"),
            ("https://a.example", "https://a.example:443"),
            ("https://a.example", "https://b.example"),
            ("https://a.example", ""),
        ] {
            assert!(!same_issuer(one, other), "{one} {other}");
        }
    }

    #[test]
    fn metadata_lies_where_the_standards_say() {
        let oauth = "https://a.example/.well-known/oauth-authorization-server";
        assert_eq!(
            texts(issuer_metadata_urls(&url("https://a.example/t/1"))),
            [
                format!("{oauth}/t/1"),
                "https://a.example/.well-known/openid-configuration/t/1".to_owned(),
                "https://a.example/t/1/.well-known/openid-configuration".to_owned(),
            ]
        );
        assert_eq!(
            texts(issuer_metadata_urls(&url("https://a.example/"))),
            [oauth.to_owned(), "https://a.example/.well-known/openid-configuration".to_owned()]
        );
        let root = "https://m.example/.well-known/oauth-protected-resource";
        assert_eq!(
            texts(resource_metadata_urls(&url("https://m.example/a/mcp"))),
            [format!("{root}/a/mcp"), root.into()]
        );
        assert_eq!(texts(resource_metadata_urls(&url("https://m.example/"))), [root]);
    }

    #[test]
    fn resources_are_the_server_or_a_prefix_by_whole_segments() {
        let server = url("https://m.example/a/mcp?tenant=1");
        for good in [
            "https://m.example/a/mcp",
            "https://m.example/a/mcp/",
            "https://m.example/a",
            "https://m.example",
            "https://M.example:443/",
            "https://m.example/a/mcp?tenant=1",
        ] {
            assert!(is_resource_of(good, &server), "{good}");
        }
        for bad in [
            "",
            "https://m.example/a/mc",
            "https://m.example/a/mcp/x",
            "https://m.example/b",
            "https://evil.example/a/mcp",
            "http://m.example/a/mcp",
            "https://m.example:8443/a/mcp",
            "https://m.example/a/mcp?tenant=2",
            "https://m.example/a/mcp#x",
            "https://m.example.evil.test/a/mcp",
            "https://u@m.example/a/mcp",
        ] {
            assert!(!is_resource_of(bad, &server), "{bad}");
        }
        assert_eq!(resource_of(&server), "https://m.example/a/mcp");
        assert_eq!(resource_of(&url("https://m.example/?x=1")), "https://m.example");
        assert_eq!(resource_of(&url("https://m.example/a/")), "https://m.example/a/");
    }
}
