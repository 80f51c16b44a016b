//! URLs: each one that is accepted leads where its origin says, also in the eyes of the HTTP client, and shows no secret.
//!
//! The first line is the URL of an endpoint, the rest what its server refers to.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mcpclient::fuzzing::{Endpoint, endpoint, resolved};

fuzz_target!(|text: &str| {
    let (first, reference) = text.split_once('\n').unwrap_or((text, ""));
    let base = match endpoint(first) {
        Ok(base) => base,
        Err(reason) => return assert!(!reason.contains(['\r', '\n'])),
    };
    check(&base);
    if let Ok((target, same)) = resolved(&base, reference) {
        check(&target);
        assert_eq!(same, address(&base) == address(&target));
    }
});

fn check(endpoint: &Endpoint) {
    let url = &endpoint.url;
    assert!(matches!(url.scheme(), "http" | "https"));
    assert!(url.username().is_empty() && url.password().is_none());
    assert!(url.as_str().bytes().all(|byte| byte.is_ascii_graphic()));
    assert!(!endpoint.display.contains(['?', '#']) && url.as_str().starts_with(&endpoint.display));
    assert_eq!(endpoint.names_sse, url.path().split('/').any(|segment| segment == "sse"));
    let again = mcpclient::fuzzing::endpoint(url.as_str()).expect("what was accepted once");
    assert_eq!(again.url, *url);

    // The HTTP client has a parser of its own, and connects to what that one finds.
    if let Ok(uri) = url.as_str().split('#').next().unwrap().parse::<http::Uri>() {
        assert_eq!(uri.scheme_str(), Some(url.scheme()));
        assert_eq!(uri.host(), url.host_str());
        assert_eq!(uri.port_u16(), url.port());
        assert_eq!(uri.path(), url.path());
        assert_eq!(uri.query().unwrap_or_default(), url.query().unwrap_or_default());
        assert!(!uri.authority().unwrap().as_str().contains('@'));
    }
}

fn address(endpoint: &Endpoint) -> (String, String, Option<u16>) {
    let url = &endpoint.url;
    (url.scheme().to_owned(), url.host_str().unwrap_or_default().to_owned(), url.port_or_known_default())
}
