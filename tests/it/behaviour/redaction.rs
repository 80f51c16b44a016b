//! A server that repeats a credential in what it says: no error shows it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use mcpclient::Status;

use crate::support::*;

cases!(
    the_refused_token_is_not_shown_when_there_is_no_other,
    a_token_that_was_replaced_meanwhile_is_not_shown,
    header_values_beyond_ascii_are_not_shown,
);

/// A 401 or 403 whose body repeats what was sent.
fn echo(status: u16) -> impl Handler {
    move |request: &Request, connection: &mut Connection| {
        let sent = format!("not good: {}", request.header("Authorization").unwrap_or_default());
        let challenge = format!("Bearer realm=\"{sent}\"");
        connection.send(&Answer::text(status, "text/plain", sent).header("WWW-Authenticate", &challenge))
    }
}

fn shows_none(failure: &Failure, secret: &str) {
    assert!(!format!("{failure:?}").contains(secret), "{failure:?}");
    assert!(failure.message.contains("[redacted]"), "{failure:?}");
}

fn the_refused_token_is_not_shown_when_there_is_no_other<D: Driver>() {
    let server = Server::start(echo(401));
    let count = AtomicUsize::new(0);
    let auth = D::token_provider(move |request| {
        if count.fetch_add(1, Ordering::SeqCst) == 0 {
            request.set("s3cret-token-123").unwrap();
        }
    });
    let client: D = client(&server);
    client.set_auth(Some(&auth)).unwrap();
    shows_none(&fails(client.ping(), Status::Unauthorized), "s3cret-token-123");
}

fn a_token_that_was_replaced_meanwhile_is_not_shown<D: Driver>() {
    let auth = Arc::new(D::bearer_auth("s3cret-token-123").unwrap());
    let rotated = Arc::clone(&auth);
    let server = Server::start(move |request: &Request, connection: &mut Connection| {
        D::set_token(&rotated, "another-token").unwrap();
        echo(403).handle(request, connection)
    });
    let client: D = client(&server);
    client.set_auth(Some(&auth)).unwrap();
    shows_none(&fails(client.ping(), Status::Forbidden), "s3cret-token-123");
}

fn header_values_beyond_ascii_are_not_shown<D: Driver>() {
    let server = Server::start(Answer::text(403, "text/plain", "not good: schl\u{fc}ssel-s3cret"));
    let client: D = client(&server);
    client.set_header("X-API-Key", Some("schl\u{fc}ssel-s3cret")).unwrap();
    shows_none(&fails(client.ping(), Status::Forbidden), "s3cret");
}
