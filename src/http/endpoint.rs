//! URLs and origins ([RFC 6454](https://www.rfc-editor.org/rfc/rfc6454)): where credentials may be sent.

use ::http::Uri;
use url::Url;

use crate::base::error::Error;

/// Where requests go: a URL in the two forms that are needed.
#[derive(Debug, Clone)]
pub(crate) struct Endpoint {
    url: Url,
    uri: Uri,
}

impl Endpoint {
    pub(crate) fn new(url: Url) -> Result<Endpoint, Error> {
        let uri = url.as_str().split('#').next().unwrap_or_default();
        let uri = uri.parse().map_err(|_| Error::InvalidArgument("the URL cannot be sent over HTTP".to_owned()))?;
        Ok(Endpoint { url, uri })
    }

    pub(crate) fn url(&self) -> &Url {
        &self.url
    }

    pub(crate) fn uri(&self) -> &Uri {
        &self.uri
    }
}

/// Parses the URL of an MCP endpoint. The error text is one line and repeats no part that may be a secret.
pub(crate) fn parse(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|reason| match reason {
        url::ParseError::RelativeUrlWithoutBase => {
            "the URL has no scheme: https://host/path or http://host/path is expected".to_owned()
        }
        other => format!("not a URL: {other}"),
    })?;
    check(&url)?;
    // The URL standard would take "mcp" for the host of "https:///mcp", where the host was left out.
    let after_scheme = text.split_once(':').and_then(|(_, rest)| rest.strip_prefix("//"));
    if after_scheme.is_none_or(|rest| rest.starts_with(['/', '\\'])) {
        return Err("the URL has no host".to_owned());
    }
    Ok(url)
}

/// Resolves a reference, such as a redirect's target, against the URL of the response that holds it.
pub(crate) fn resolve(base: &Url, reference: &str) -> Result<Url, String> {
    let url = base.join(reference).map_err(|reason| format!("not a URL: {reason}"))?;
    check(&url)?;
    Ok(url)
}

fn check(url: &Url) -> Result<(), String> {
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("the URL's scheme is {}: it must begin with http:// or https://", url.scheme()));
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err("the URL has no host".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("the URL holds a user name or password: give credentials as a token or header".to_owned());
    }
    Ok(())
}

/// Whether credentials for one URL may be sent to the other: same scheme, host and port.
pub(crate) fn same_origin(one: &Url, other: &Url) -> bool {
    one.origin() == other.origin()
}

/// The URL as messages show it: without query and fragment, which may hold secrets.
pub(crate) fn display(url: &Url) -> String {
    format!("{}{}", url.origin().ascii_serialization(), url.path())
}

/// Whether the path names the HTTP+SSE transport of 2024-11-05: it has the segment `sse`.
pub(crate) fn names_sse(url: &Url) -> bool {
    url.path_segments().is_some_and(|mut segments| segments.any(|segment| segment == "sse"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_http_urls_with_a_host_and_without_credentials() {
        assert!(parse("http://localhost:8000/mcp").is_ok());
        assert!(parse("https://[::1]/mcp?tenant=1").is_ok());
        for bad in [
            "",
            "mcp",
            "ftp://host/",
            "file:///etc/passwd",
            "http://",
            "https:///mcp",
            "http:mcp",
            "http://user:secret@host/",
        ] {
            let reason = parse(bad).unwrap_err();
            assert!(!reason.contains("secret"), "{reason}");
        }
    }

    #[test]
    fn origins_differ_in_scheme_host_or_port() {
        let base = parse("https://example.com/mcp").unwrap();
        for (other, expected) in [
            ("https://example.com:443/other", true),
            ("https://EXAMPLE.com/", true),
            ("http://example.com/mcp", false),
            ("https://example.com:8443/mcp", false),
            ("https://api.example.com/mcp", false),
            ("https://example.com.evil.test/mcp", false),
        ] {
            assert_eq!(same_origin(&base, &parse(other).unwrap()), expected, "{other}");
        }
    }

    #[test]
    fn references_resolve_against_their_base() {
        let base = parse("http://h:1/a/sse?x=1").unwrap();
        assert_eq!(resolve(&base, "/messages/?session_id=5").unwrap().as_str(), "http://h:1/messages/?session_id=5");
        assert_eq!(resolve(&base, "messages").unwrap().as_str(), "http://h:1/a/messages");
        assert!(!same_origin(&base, &resolve(&base, "//evil.test/x").unwrap()));
        assert!(resolve(&base, "javascript:alert(1)").is_err());
    }

    #[test]
    fn messages_show_no_query() {
        assert_eq!(display(&parse("http://h:1/mcp?key=secret#f").unwrap()), "http://h:1/mcp");
    }

    #[test]
    fn the_segment_sse_names_the_older_transport() {
        for (url, expected) in [
            ("http://h/sse", true),
            ("http://h/sse/", true),
            ("http://h/api/sse/stream", true),
            ("http://h/api/sse?param=value", true),
            ("http://h/mcp", false),
            ("http://h/sservice", false),
            ("http://h/assets/file", false),
            ("http://h/mcp?x=/sse/", false),
            ("http://sse/mcp", false),
        ] {
            assert_eq!(names_sse(&parse(url).unwrap()), expected, "{url}");
        }
    }
}
