//! Servers that lie about who they are, and authorization servers that never end.

use std::sync::Arc;
use std::time::Duration;

use mcpclient::Status;
use serde_json::json;

use super::client_of;
use crate::support::mcp::modern;
use crate::support::oauth::{Protected, Provider, query};
use crate::support::*;

cases!(
    a_document_about_another_resource,
    a_document_on_another_origin,
    a_document_of_another_issuer,
    a_response_of_another_issuer,
    an_authorization_server_over_http_or_not_at_all,
    a_document_that_is_huge_or_endless_or_none,
    a_token_endpoint_that_hangs,
    redirects_stay_within_their_origin,
    the_clients_own_headers_stay_at_home,
    metadata_is_looked_for_where_it_may_lie,
);

fn start<D: Driver>() -> (Arc<Provider>, Protected, D::Auth) {
    let provider = Arc::new(Provider::start());
    let protected = provider.protect(modern());
    let auth = D::client_credentials(None, "my-daemon", "s3cret-of-the-daemon").unwrap();
    (provider, protected, auth)
}

/// Nothing secret has gone to that server.
#[track_caller]
fn got_nothing(provider: &Provider) {
    assert_eq!(provider.token_requests().len(), 0);
    assert!(!String::from_utf8_lossy(&provider.server.received()).contains("Authorization"));
}

fn a_document_about_another_resource<D: Driver>() {
    for resource in
        [json!("https://evil.example/mcp"), json!(null), json!(7), json!("/mcp"), json!("http://127.0.0.1:1/mcp")]
    {
        let (provider, protected, auth) = start::<D>();
        protected.metadata("resource", resource.clone());
        fails(client_of::<D>(&protected, &auth).ping(), Status::Protocol);
        assert_eq!(provider.server.requests().len(), 0, "{resource}");
    }
}

fn a_document_on_another_origin<D: Driver>() {
    let (provider, protected, auth) = start::<D>();
    for url in [
        format!("{}/.well-known/oauth-protected-resource/mcp", provider.issuer()),
        "https://evil.example/x".to_owned(),
        "/relative".to_owned(),
        "file:///etc/passwd".to_owned(),
    ] {
        protected.challenge(&format!("Bearer resource_metadata=\"{url}\""));
        fails(client_of::<D>(&protected, &auth).ping(), Status::Protocol);
    }
    assert_eq!(provider.server.requests().len(), 0);
    // A place of the server that is not there is no reason to look elsewhere.
    protected.challenge(&format!("Bearer resource_metadata=\"{}\"", protected.server.url("/.well-known/none")));
    fails(client_of::<D>(&protected, &auth).ping(), Status::Unauthorized);
    assert_eq!(provider.server.requests().len(), 0);
}

fn a_document_of_another_issuer<D: Driver>() {
    for issuer in ["https://evil.example", "", "http://127.0.0.1:1"] {
        let (provider, protected, auth) = start::<D>();
        provider.metadata("issuer", issuer.into());
        fails(client_of::<D>(&protected, &auth).ping(), Status::Protocol);
        got_nothing(&provider);
    }
    // The one difference that is allowed (Google's and Auth0's documents).
    let (provider, protected, auth) = start::<D>();
    provider.metadata("issuer", format!("{}/", provider.issuer()).into());
    client_of::<D>(&protected, &auth).ping().unwrap();
}

fn a_response_of_another_issuer<D: Driver>() {
    for (advertised, iss) in [(true, None), (true, Some("https://evil.example")), (false, Some("https://evil.example"))]
    {
        let (provider, protected, _) = start::<D>();
        provider.metadata("authorization_response_iss_parameter_supported", advertised.into());
        let browser = provider.clone();
        let auth = D::login(move |login| {
            let mut url = browser.agree(&login.url());
            if let Some(iss) = iss {
                url = format!("{url}&iss={iss}&error=shown&error_description=shown");
            }
            assert!(query(&url).contains_key("code"));
            login.finish(&url).unwrap();
        });
        let failure = fails(client_of::<D>(&protected, &auth).ping(), Status::Protocol);
        assert!(!failure.message.contains("shown") && failure.parameter("error").is_none(), "{failure:?}");
        got_nothing(&provider);
    }
}

fn an_authorization_server_over_http_or_not_at_all<D: Driver>() {
    let (_, protected, auth) = start::<D>();
    for issuer in
        ["http://auth.example", "ftp://auth.example", "auth.example", "https://u:p@auth.example", "https://a.example?x"]
    {
        protected.metadata("authorization_servers", json!([issuer]));
        fails(client_of::<D>(&protected, &auth).ping(), Status::Protocol);
    }
    // Refused connections are a matter of the network, and the message says whose.
    protected.metadata("authorization_servers", json!(["http://127.0.0.1:1"]));
    let failure = fails(client_of::<D>(&protected, &auth).ping(), Status::Network);
    assert!(failure.message.contains("authorization server http://127.0.0.1:1"), "{failure:?}");
    protected.metadata("authorization_servers", json!([]));
    let failure = fails(client_of::<D>(&protected, &auth).ping(), Status::Unauthorized);
    assert!(failure.message.contains("no metadata"), "{failure:?}");
}

fn a_document_that_is_huge_or_endless_or_none<D: Driver>() {
    let path = "/.well-known/oauth-authorization-server";
    for (answer, status) in [
        (Answer::json("x".repeat(300 * 1024)), Status::Protocol),
        (Answer::json(format!("{{\"issuer\":\"{}\"}}", "x".repeat(300 * 1024))).in_pieces(4096), Status::Protocol),
        (Answer::json("<html>"), Status::Protocol),
        (Answer::json("[]"), Status::Protocol),
        (Answer::json("[".repeat(100_000)), Status::Protocol),
        (Answer::status(500), Status::Http),
        (Answer::status(404), Status::Unauthorized),
    ] {
        let (provider, protected, auth) = start::<D>();
        provider.at(path, answer);
        fails(client_of::<D>(&protected, &auth).ping(), status);
        got_nothing(&provider);
    }
}

fn a_token_endpoint_that_hangs<D: Driver>() {
    let (_, protected, auth) = start::<D>();
    let hanging = Server::start(|_: &Request, connection: &mut Connection| connection.hold());
    let metadata = json!({"issuer": "http://127.0.0.1:2", "token_endpoint": hanging.url("/token")});
    D::set_oauth(&auth, OAuth::Metadata(Some(&metadata.to_string()))).unwrap();
    let client: D = client_of(&protected, &auth);
    client.set_timeout(Duration::from_millis(500));
    let (elapsed, outcome) = timed(|| client.ping());
    let failure = fails(outcome, Status::Timeout);
    assert!(elapsed < stretched(Duration::from_secs(3)) && failure.message.contains(&hanging.origin()), "{failure:?}");
    client.set_timeout(Duration::from_secs(60));
    std::thread::scope(|scope| {
        let call = scope.spawn(|| client.ping());
        until("a token request", || hanging.requests().len() == 2);
        client.cancel();
        fails(call.join().unwrap(), Status::Cancelled);
    });
}

fn redirects_stay_within_their_origin<D: Driver>() {
    let (provider, protected, auth) = start::<D>();
    let document = "/.well-known/oauth-authorization-server";
    let found = provider.server.url("/elsewhere");
    provider.at(document, Answer::status(302).header("Location", "/elsewhere"));
    let issuer = provider.issuer();
    let metadata = json!({"issuer": issuer, "token_endpoint": format!("{issuer}/token")});
    provider.at("/elsewhere", Answer::json(metadata.to_string()));
    client_of::<D>(&protected, &auth).ping().unwrap();
    assert!(found.ends_with("/elsewhere"));
    // To another origin, or round and round, there is no way.
    let (other, protected, auth) = start::<D>();
    other.at(document, Answer::status(302).header("Location", &found));
    fails(client_of::<D>(&protected, &auth).ping(), Status::Http);
    other.at(document, Answer::status(302).header("Location", document));
    fails(client_of::<D>(&protected, &auth).ping(), Status::Protocol);
    // A POST follows no redirect at all.
    let (other, protected, auth) = start::<D>();
    other.at("/token", Answer::status(307).header("Location", "/elsewhere"));
    fails(client_of::<D>(&protected, &auth).ping(), Status::Http);
    assert_eq!(other.requests_at("/elsewhere").len(), 0);
}

fn the_clients_own_headers_stay_at_home<D: Driver>() {
    let (provider, protected, auth) = start::<D>();
    let client: D = client_of(&protected, &auth);
    client.set_header("X-Api-Key", Some("key-of-the-mcp-server")).unwrap();
    client.ping().unwrap();
    assert!(!String::from_utf8_lossy(&provider.server.received()).contains("key-of-the-mcp-server"));
    let own = protected.server.requests();
    let documents = own.iter().filter(|request| request.target.starts_with("/.well-known/"));
    assert!(documents.into_iter().all(|request| request.header("Authorization").is_none()));
    assert!(!String::from_utf8_lossy(&protected.server.received()).contains("s3cret-of-the-daemon"));
}

fn metadata_is_looked_for_where_it_may_lie<D: Driver>() {
    let (provider, protected, auth) = start::<D>();
    protected.challenge("Bearer");
    protected.without_document();
    // Without any document the server's origin would be its authorization server, as in 2025-03-26.
    fails(client_of::<D>(&protected, &auth).ping(), Status::Unauthorized);
    let asked: Vec<String> = protected.server.requests().into_iter().map(|request| request.target).collect();
    assert_eq!(
        asked[1..],
        [
            "/.well-known/oauth-protected-resource/mcp",
            "/.well-known/oauth-protected-resource",
            "/.well-known/oauth-authorization-server",
            "/.well-known/openid-configuration",
        ]
    );
    // With the issuer set, the program has said which one it is.
    let auth = D::client_credentials(Some(&provider.issuer()), "my-daemon", "s3cret-of-the-daemon").unwrap();
    client_of::<D>(&protected, &auth).ping().unwrap();
    assert_eq!(provider.token_requests()[0]["resource"], protected.url());
}
