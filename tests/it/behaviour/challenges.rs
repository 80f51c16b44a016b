//! What an error says of a 401, a 403 and other refusals (RFC 9110, section 11; RFC 6750, section 3).

use mcpclient::Status;

use crate::support::mcp::{LEGACY, legacy, sse};
use crate::support::*;

cases!(
    parameters_of_the_bearer_challenge,
    several_headers_are_one_list,
    a_broken_header_spoils_no_other,
    the_reason_is_in_the_message,
    the_body_gives_the_reason_when_no_header_does,
    a_challenge_of_the_event_stream,
    what_is_not_there,
    texts_are_cleaned_and_cut,
    a_token_that_the_server_repeats_is_not_repeated,
);

/// A header, and what of it the Bearer challenge says: error, error_description, scope, resource_metadata, realm.
const HEADERS: [(&str, [Option<&str>; 5]); 13] = [
    ("Bearer", [None; 5]),
    ("Bearer realm=\"mcp\"", [None, None, None, None, Some("mcp")]),
    (
        r#"Bearer error="invalid_token", error_description="The token, \"x\", expired""#,
        [Some("invalid_token"), Some(r#"The token, "x", expired"#), None, None, None],
    ),
    (
        r#"bearer ERROR=insufficient_scope , Scope = "a b" ,resource_metadata="https://as.example/.well-known/x?a=b,c""#,
        [Some("insufficient_scope"), None, Some("a b"), Some("https://as.example/.well-known/x?a=b,c"), None],
    ),
    (r#"Basic realm="b", Bearer error="e1""#, [Some("e1"), None, None, None, None]),
    (r#"Bearer error="e1", Basic realm="b""#, [Some("e1"), None, None, None, None]),
    (r#"Digest qop="auth, Bearer error=x", nonce="n", Bearer scope=s"#, [None, None, Some("s"), None, None]),
    (r#"Negotiate YII=, Bearer realm="r", error=e"#, [Some("e"), None, None, None, Some("r")]),
    (r#"Bearer error="", scope="""#, [Some(""), None, Some(""), None, None]),
    (r#"Basic realm="Bearer error=x""#, [None; 5]),
    (r#"DPoP algs="ES256", error="other""#, [Some("other"), None, None, None, None]),
    (r#"Digest error="other""#, [None; 5]),
    (r#"Bearer   error="e1"  ,,  scope="s""#, [Some("e1"), None, Some("s"), None, None]),
];

fn parameters_of_the_bearer_challenge<D: Driver>() {
    for (header, expected) in HEADERS {
        for (status, refused) in [(401, Status::Unauthorized), (403, Status::Forbidden)] {
            let server = Server::start(Answer::status(status).header("WWW-Authenticate", header));
            let client: D = client(&server);
            let failure = fails(client.ping(), refused);
            assert_eq!(failure.http_status, i32::from(status));
            assert_eq!(failure.www_authenticate.as_deref(), Some(header));
            let names = ["error", "error_description", "scope", "resource_metadata", "realm"];
            assert_eq!(names.map(|name| failure.parameter(name)), expected, "{header}");
        }
    }
}

fn several_headers_are_one_list<D: Driver>() {
    let answer = Answer::status(401)
        .header("WWW-Authenticate", r#"Basic realm="first""#)
        .header("www-authenticate", r#"Bearer error="invalid_token""#)
        .header("X-Other", "x")
        .header("WWW-Authenticate", r#"Bearer error="second", scope="s""#);
    let server = Server::start(answer);
    let client: D = client(&server);
    let failure = fails(client.ping(), Status::Unauthorized);
    assert_eq!(failure.parameter("error"), Some("invalid_token"));
    let whole = failure.www_authenticate.unwrap();
    let places = ["Basic realm=\"first\"", "Bearer error=\"invalid_token\"", "error=\"second\""];
    let found: Vec<_> = places.iter().map(|place| whole.find(place).unwrap_or_else(|| panic!("{whole}"))).collect();
    assert!(found.is_sorted(), "{whole}");
}

fn a_broken_header_spoils_no_other<D: Driver>() {
    let answer = Answer::status(401)
        .header("WWW-Authenticate", r#"Basic realm="unclosed"#)
        .header("WWW-Authenticate", r#"Bearer error="invalid_token""#);
    let server = Server::start(answer);
    let client: D = client(&server);
    assert_eq!(fails(client.ping(), Status::Unauthorized).parameter("error"), Some("invalid_token"));
}

fn the_reason_is_in_the_message<D: Driver>() {
    let challenge = r#"Bearer error="invalid_token", error_description="The access token expired at noon""#;
    for (status, refused) in [(401, Status::Unauthorized), (403, Status::Forbidden)] {
        let server = Server::start(Answer::text(status, "text/plain", "body").header("WWW-Authenticate", challenge));
        let client: D = client(&server);
        client.set_bearer_token(Some("s3cret-token")).unwrap();
        let failure = fails(client.ping(), refused);
        assert!(failure.message.contains("The access token expired at noon"), "{}", failure.message);
        assert!(failure.message.contains(&status.to_string()), "{}", failure.message);
        assert!(!failure.message.contains("s3cret"), "{}", failure.message);
    }
}

fn the_body_gives_the_reason_when_no_header_does<D: Driver>() {
    for (media_type, body, reason) in [
        (
            "application/json",
            r#"{"error": "invalid_token", "error_description": "Token is too old"}"#,
            "Token is too old",
        ),
        ("application/json", r#"{"error": {"message": "Who are you?"}}"#, "Who are you?"),
        ("application/json", r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32001,"message":"Sign in"}}"#, "Sign in"),
        ("application/json", r#"{"detail": "Not authenticated"}"#, "Not authenticated"),
        ("text/plain; charset=utf-8", "No key, no tea \u{2615}", "No key, no tea \u{2615}"),
        ("text/html", "<html><h1>Sign in first</h1></html>", "Sign in first"),
    ] {
        for (status, refused) in [(401, Status::Unauthorized), (403, Status::Forbidden), (503, Status::Http)] {
            let server = Server::start(Answer::text(status, media_type, body));
            let client: D = client(&server);
            let failure = fails(client.ping(), refused);
            assert!(failure.message.contains(reason), "{status} {body}: {}", failure.message);
            assert_eq!(failure.www_authenticate, None);
        }
    }
}

fn a_challenge_of_the_event_stream<D: Driver>() {
    let server = Server::start(mcp::require_bearer("right", sse()));
    let client: D = client_at(&server.url("/sse"));
    client.set_bearer_token(Some("wrong")).unwrap();
    let failure = fails(client.ping(), Status::Unauthorized);
    assert_eq!(failure.parameter("error"), Some("invalid_token"));
    assert_eq!(failure.parameter("error_description"), Some("The access token expired"));
}

fn what_is_not_there<D: Driver>() {
    let server = Server::start(legacy(LEGACY));
    let client: D = client(&server);
    server.once("*", Answer::status(401));
    let failure = fails(client.ping(), Status::Unauthorized);
    assert_eq!((failure.www_authenticate, failure.challenge), (None, Vec::new()));
    assert_eq!((failure.rpc_code, failure.rpc_data), (0, None));
    server.once("*", Fault::Reset);
    server.once("*", Fault::Reset);
    let failure = fails(client.ping(), Status::Network);
    assert_eq!((failure.http_status, failure.rpc_code), (0, 0));
    assert_eq!((failure.www_authenticate, failure.challenge, failure.rpc_data), (None, Vec::new(), None));
}

/// One line for a person: no control characters, no page of HTML, no broken UTF-8, no megabytes.
fn texts_are_cleaned_and_cut<D: Driver>() {
    let noise = "<html>\r\n\t\u{1b}[31mred\u{7}\u{0}\u{202e}sdrawkcab</html>".as_bytes();
    let bodies = [
        noise.to_vec(),
        [b"\xff\xfe<p>".as_slice(), noise].concat(),
        noise.repeat(20_000),
        format!("{{\"error\": {{\"message\": \"{}\"}}}}", "long ".repeat(20_000)).into_bytes(),
    ];
    for body in bodies {
        for status in [400, 401, 403, 404, 418, 429, 500, 502, 503] {
            let server = Server::start(Answer::text(status, "text/html", body.clone()));
            let client: D = client(&server);
            let failure = client.ping().unwrap_err();
            assert_eq!(failure.http_status, i32::from(status), "{failure:?}");
            assert!(failure.message.contains(&status.to_string()), "{}", failure.message);
            assert!(failure.message.len() < 1000, "{} bytes", failure.message.len());
            let odd = |letter: char| letter.is_control() || letter == '\u{202e}';
            assert!(!failure.message.contains(odd), "{:?}", failure.message);
        }
    }
    let challenge = format!("Bearer error=\"e\x1b[31m\", error_description=\"{}\"", "long ".repeat(1000));
    let server = Server::start(Answer::status(401).header("WWW-Authenticate", &challenge));
    let client: D = client(&server);
    let message = client.ping().unwrap_err().message;
    assert!(message.len() < 1000 && !message.contains(char::is_control), "{message:?}");
}

/// Some servers quote the credential that they refuse.
fn a_token_that_the_server_repeats_is_not_repeated<D: Driver>() {
    let secret = "s3cret-token-0123456789";
    let answers = [
        Answer::text(401, "text/plain", format!("unknown token {secret}")),
        Answer::text(401, "application/json", format!("{{\"error_description\": \"unknown token {secret}\"}}")),
        Answer::status(401).header("WWW-Authenticate", &format!("Bearer error_description=\"bad {secret}\"")),
        Answer::text(500, "text/plain", format!("key {secret} crashed")),
    ];
    for answer in answers {
        let server = Server::start(answer);
        let client: D = client(&server);
        client.set_bearer_token(Some(secret)).unwrap();
        client.set_header("X-API-Key", Some(secret)).unwrap();
        let failure = client.ping().unwrap_err();
        assert!(!failure.message.contains(secret), "{}", failure.message);
    }
}
