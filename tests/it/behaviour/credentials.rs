//! Bearer tokens, auth objects and custom headers.

use std::sync::Arc;
use std::thread;

use mcpclient::Status;

use crate::support::mcp::{LEGACY, legacy, modern, require_bearer, require_header, sse};
use crate::support::*;

cases!(
    on_every_request_of_streamable_http,
    on_every_request_of_http_sse,
    custom_headers_replace_and_disappear,
    another_scheme_by_header,
    no_credentials_no_header,
    a_token_is_rotated_between_calls,
    the_last_setter_of_a_token_wins,
    one_auth_object_serves_many_clients,
    an_auth_object_outlives_its_handle,
    rotation_while_calls_are_running,
    token_and_authorization_header_exclude_each_other,
    a_refused_token_is_sent_once,
);

/// POST and DELETE, notifications included.
fn on_every_request_of_streamable_http<D: Driver>() {
    for model in [legacy(LEGACY), modern()] {
        let server = Server::start(model);
        let client: D = client(&server);
        client.set_bearer_token(Some("tok-1._~+/==")).unwrap();
        client.set_header("X-API-Key", Some("k 1; \"quoted\"")).unwrap();
        client.set_header("x-tenant", Some("")).unwrap();
        client.ping().unwrap();
        client.ping().unwrap();
        drop(client);
        for request in server.requests() {
            assert_eq!(request.header("Authorization"), Some("Bearer tok-1._~+/=="), "{}", request.name());
            assert_eq!(request.header("X-API-Key"), Some("k 1; \"quoted\""), "{}", request.name());
            assert_eq!(request.header("X-Tenant"), Some(""), "{}", request.name());
            let count = request.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("authorization")).count();
            assert_eq!(count, 1, "{}", request.name());
        }
    }
}

/// GET and POST.
fn on_every_request_of_http_sse<D: Driver>() {
    let server = Server::start(require_bearer("tok", require_header("X-API-Key", "k1", sse())));
    let client: D = client_at(&server.url("/sse"));
    client.set_bearer_token(Some("tok")).unwrap();
    client.set_header("X-API-Key", Some("k1")).unwrap();
    client.ping().unwrap();
    assert_eq!(server.names(), ["GET", "initialize", "notifications/initialized", "ping"]);
}

fn custom_headers_replace_and_disappear<D: Driver>() {
    let server = Server::start(modern());
    let client: D = client(&server);
    let sent = |name: &str| {
        client.ping().unwrap();
        let request = server.requests().pop().unwrap();
        let values = request.headers.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name));
        values.map(|(_, value)| value.clone()).collect::<Vec<_>>()
    };
    client.set_header("X-API-Key", Some("one")).unwrap();
    assert_eq!(sent("X-API-Key"), ["one"]);
    client.set_header("x-api-KEY", Some("two")).unwrap();
    assert_eq!(sent("X-API-Key"), ["two"]);
    client.set_header("X-Api-Key", None).unwrap();
    assert!(sent("X-API-Key").is_empty());
    client.set_header("X-Never-Set", None).unwrap();
    for number in 0..40 {
        client.set_header(&format!("X-Number-{number}"), Some(&number.to_string())).unwrap();
    }
    assert_eq!(sent("X-Number-39"), ["39"]);
    assert_eq!(sent("X-Number-0"), ["0"]);
    client.set_header("User-Agent", Some("monitor/1")).unwrap();
    assert_eq!(sent("User-Agent"), ["monitor/1"]);
}

fn another_scheme_by_header<D: Driver>() {
    let server = Server::start(require_header("Authorization", "Basic dXNlcjpwYXNz", legacy(LEGACY)));
    let client: D = client(&server);
    client.set_header("Authorization", Some("Basic dXNlcjpwYXNz")).unwrap();
    client.ping().unwrap();
    drop(client);
    assert_eq!(server.named("DELETE")[0].header("Authorization"), Some("Basic dXNlcjpwYXNz"));
}

fn no_credentials_no_header<D: Driver>() {
    let server = Server::start(require_bearer("tok", modern()));
    let client: D = client(&server);
    fails(client.ping(), Status::Unauthorized);
    client.set_bearer_token(Some("tok")).unwrap();
    client.ping().unwrap();
    client.set_bearer_token(None).unwrap();
    fails(client.ping(), Status::Unauthorized);
    let last = server.requests().pop().unwrap();
    assert_eq!(last.header("Authorization"), None);
    assert_eq!(last.header("Cookie"), None);
}

fn a_token_is_rotated_between_calls<D: Driver>() {
    for path in ["/mcp", "/sse"] {
        let server = if path == "/sse" { Server::start(sse()) } else { Server::start(legacy(LEGACY)) };
        let client: D = client_at(&server.url(path));
        for token in ["first", "second", "third"] {
            client.set_bearer_token(Some(token)).unwrap();
            client.ping().unwrap();
        }
        let sent: Vec<_> =
            server.named("ping").iter().map(|ping| ping.header("Authorization").unwrap().to_owned()).collect();
        assert_eq!(sent, ["Bearer first", "Bearer second", "Bearer third"]);
        assert_eq!(server.named("initialize").len(), 1);
    }
}

fn the_last_setter_of_a_token_wins<D: Driver>() {
    let server = Server::start(modern());
    let client: D = client(&server);
    let auth = D::bearer_auth("of-the-object").unwrap();
    let sent = || {
        client.ping().unwrap();
        server.requests().pop().unwrap().header("Authorization").map(str::to_owned)
    };
    client.set_bearer_token(Some("of-the-client")).unwrap();
    client.set_auth(Some(&auth)).unwrap();
    assert_eq!(sent().as_deref(), Some("Bearer of-the-object"));
    client.set_bearer_token(Some("again")).unwrap();
    D::set_token(&auth, "not-used").unwrap();
    assert_eq!(sent().as_deref(), Some("Bearer again"));
    client.set_auth(None).unwrap();
    assert_eq!(sent(), None);
}

fn one_auth_object_serves_many_clients<D: Driver>() {
    let server = Server::start(modern());
    let clients: Vec<D> = (0..3).map(|_| client(&server)).collect();
    let auth = D::bearer_auth("old").unwrap();
    clients.iter().for_each(|client| client.set_auth(Some(&auth)).unwrap());
    clients.iter().for_each(|client| client.ping().unwrap());
    D::set_token(&auth, "new").unwrap();
    clients.iter().for_each(|client| client.ping().unwrap());
    let sent: Vec<_> =
        server.requests().iter().map(|request| request.header("Authorization").unwrap().to_owned()).collect();
    assert_eq!(sent[..3], ["Bearer old"; 3]);
    assert_eq!(sent[3..], ["Bearer new"; 3]);
}

fn an_auth_object_outlives_its_handle<D: Driver>() {
    let server = Server::start(require_bearer("tok", modern()));
    let client: D = client(&server);
    client.set_auth(Some(&D::bearer_auth("tok").unwrap())).unwrap();
    client.ping().unwrap();
}

/// No request carries half of one token and half of another, and none carries none.
fn rotation_while_calls_are_running<D: Driver>() {
    let server = Server::start(modern());
    let client: Arc<D> = Arc::new(client(&server));
    let auth = Arc::new(D::bearer_auth(&"a".repeat(300)).unwrap());
    client.set_auth(Some(&auth)).unwrap();
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..25).for_each(|_| client.ping().unwrap()));
        }
        for letter in "bcdefghij".chars().cycle().take(200) {
            D::set_token(&auth, &letter.to_string().repeat(300)).unwrap();
        }
    });
    for request in server.requests() {
        let token = request.header("Authorization").unwrap().strip_prefix("Bearer ").unwrap().to_owned();
        let first = token.chars().next().unwrap();
        assert_eq!(token, first.to_string().repeat(300));
    }
}

fn token_and_authorization_header_exclude_each_other<D: Driver>() {
    let server = Server::start(modern());
    let client: D = client(&server);
    let auth = D::bearer_auth("tok").unwrap();
    client.set_bearer_token(Some("tok")).unwrap();
    let failure = fails(client.set_header("authorization", Some("Basic c2VjcmV0")), Status::InvalidState);
    assert!(failure.message.contains("token") && !failure.message.contains("c2VjcmV0"), "{}", failure.message);
    client.set_bearer_token(None).unwrap();
    client.set_header("authorization", Some("Basic c2VjcmV0")).unwrap();
    for outcome in [client.set_bearer_token(Some("s3cret")), client.set_auth(Some(&auth))] {
        let failure = fails(outcome, Status::InvalidState);
        assert!(failure.message.contains("Authorization"), "{}", failure.message);
        assert!(!failure.message.contains("c2VjcmV0") && !failure.message.contains("s3cret"), "{}", failure.message);
    }
    client.ping().unwrap();
    assert_eq!(server.requests()[0].header("Authorization"), Some("Basic c2VjcmV0"));
    client.set_header("Authorization", None).unwrap();
    client.set_auth(Some(&auth)).unwrap();
    client.ping().unwrap();
    assert_eq!(server.requests()[1].header("Authorization"), Some("Bearer tok"));
}

fn a_refused_token_is_sent_once<D: Driver>() {
    for path in ["/mcp", "/sse"] {
        let server = Server::start(mcp::unauthorized());
        let client: D = client_at(&server.url(path));
        client.set_bearer_token(Some("wrong")).unwrap();
        fails(client.ping(), Status::Unauthorized);
        assert_eq!(server.requests().len(), 1, "{:?}", server.names());
        fails(client.ping(), Status::Unauthorized);
        assert_eq!(server.requests().len(), 2, "{:?}", server.names());
    }
}
