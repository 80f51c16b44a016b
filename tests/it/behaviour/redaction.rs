//! A server that repeats a credential in what it says: no error shows it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use mcpclient::Status;

use crate::support::*;

cases!(
    the_refused_token_is_not_shown_when_there_is_no_other,
    a_token_that_was_replaced_meanwhile_is_not_shown,
    header_values_beyond_ascii_are_not_shown,
    no_encoding_of_a_token_is_shown,
    the_parts_of_a_basic_pair_are_not_shown,
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

/// The ways in which the software of servers writes a string.
fn encodings(secret: &str) -> Vec<String> {
    let each = |to: &dyn Fn(u8) -> String| secret.bytes().map(to).collect::<String>();
    let in_json = |text: &str| text.replace('\\', "\\\\").replace('/', "\\/");
    vec![
        in_json(secret),
        each(&|byte| format!("\\u{byte:04x}")),
        each(&|byte| format!("%{byte:02X}")),
        each(&|byte| format!("&#{byte};")),
        each(&|byte| format!("{}\u{200b}", char::from(byte))),
        each(&|byte| format!("{byte:02x}")),
    ]
}

fn no_encoding_of_a_token_is_shown<D: Driver>() {
    const TOKEN: &str = "abc/DEF+ghi/jkl==";
    for encoded in encodings(TOKEN) {
        let json = encoded.clone();
        let server = Server::start(move |request: &Request, connection: &mut Connection| match request.name() {
            "ping" => {
                let error = format!(r#"{{"code":-32050,"message":"bad {json}","data":{{"got":"Bearer {json}"}}}}"#);
                connection.send(&Answer::json(format!(r#"{{"jsonrpc":"2.0","id":{},"error":{error}}}"#, request.id())))
            }
            _ => mcp::legacy(mcp::LEGACY).without_sessions().handle(request, connection),
        });
        let client: D = client(&server);
        client.set_bearer_token(Some(TOKEN)).unwrap();
        client.set_protocol_version(Some(mcp::LEGACY)).unwrap();
        let failure = fails(client.ping(), Status::Rpc);
        hides(&failure, TOKEN, &encoded);
        let data = failure.rpc_data.unwrap().replace('\u{200b}', "");
        assert_eq!(data, r#"{"got":"Bearer [redacted]"}"#);

        for (media_type, body) in [
            ("application/json", format!(r#"{{"why":"bad {encoded}"}}"#)),
            ("application/json", format!(r#"{{"error":"bad {encoded}"}}"#)),
            ("text/html", format!("<p>bad {encoded}</p>")),
        ] {
            for status in [401, 403, 500] {
                let challenge = encoded.replace('\u{200b}', "");
                let challenge = format!("Bearer error=\"invalid_token\", error_description=\"bad {challenge}\"");
                let answer = Answer::text(status, media_type, body.clone());
                server.on("*", if status == 500 { answer } else { answer.header("WWW-Authenticate", &challenge) });
                hides(&client.ping().unwrap_err(), TOKEN, &encoded);
                server.heal();
            }
        }
    }
}

/// Neither the secret nor its encoding is anywhere in the failure.
#[track_caller]
fn hides(failure: &Failure, secret: &str, encoded: &str) {
    let mut texts = vec![failure.message.clone()];
    texts.extend(failure.rpc_data.clone());
    texts.extend(failure.www_authenticate.clone());
    texts.extend(failure.challenge.iter().map(|(_, value)| value.clone()));
    for text in texts {
        for hidden in [secret, encoded, &encoded.replace('\u{200b}', "")] {
            assert!(!text.contains(hidden), "{encoded}: {failure:?}");
        }
    }
    assert!(failure.message.contains("[redacted]"), "{encoded}: {failure:?}");
}

fn the_parts_of_a_basic_pair_are_not_shown<D: Driver>() {
    let server = Server::start(Answer::text(403, "text/plain", "the password pass-w0rd of dana is wrong"));
    let client: D = client(&server);
    client.set_header("Authorization", Some("Basic ZGFuYTpwYXNzLXcwcmQ=")).unwrap(); // dana:pass-w0rd
    shows_none(&fails(client.ping(), Status::Forbidden), "pass-w0rd");
}
