//! What is refused when it is set, and what cannot be set now.

use std::path::Path;
use std::time::Duration;

use mcpclient::{Status, TransportKind};

use crate::support::mcp::{LEGACY, legacy, modern, sse_at};
use crate::support::*;

cases!(
    urls,
    tokens_by_position_and_reason,
    header_names,
    header_values,
    reserved_headers,
    a_refused_setting_changes_nothing,
    what_cannot_change_while_connected,
    what_may_change_while_connected,
    files_of_the_tls_settings,
    proxies,
    limits_of_an_answer,
    urls_that_no_request_can_carry,
);

fn urls<D: Driver>() {
    for url in [
        "",
        "/mcp",
        "example.com/mcp",
        "ftp://example.com/",
        "http://",
        "https:///mcp",
        "http://[::1/mcp",
        "http://a b/",
    ] {
        assert_eq!(D::new(url).err().map(|failure| failure.status), Some(Status::InvalidArgument as i32), "{url}");
    }
    for url in [
        "http://example.com",
        "https://example.com:8443/a/b?c=d",
        "HTTP://[::1]:80/mcp",
        "https://b\u{fc}cher.example/",
    ] {
        assert!(D::new(url).is_ok(), "{url}");
    }
    if let Err(failure) = D::new("http://user:s3cret@exa mple.com/") {
        assert!(!failure.message.contains("s3cret"), "{}", failure.message);
    }
}

/// A bad token, and the words that tell a person what is wrong with it.
const TOKENS: [(&str, &str); 12] = [
    ("", "empty"),
    ("Bearer s3cret", "Bearer"),
    ("bearer s3cret", "Bearer"),
    ("BEARER  s3cret", "Bearer"),
    ("s3cret\n", "byte 6"),
    ("s3cret\r\nX-Evil: 1", "byte 6"),
    (" s3cret", "byte 0"),
    ("s3cret s3cret", "byte 6"),
    ("s3cret\t", "byte 6"),
    ("s3cret\u{7f}", "byte 6"),
    ("s3cr\u{e9}t", "byte 4"),
    ("s3cret\u{2028}", "byte 6"),
];

fn tokens_by_position_and_reason<D: Driver>() {
    let client = D::new("http://example.com/mcp").unwrap();
    let auth = D::bearer_auth("tok").unwrap();
    for (token, reason) in TOKENS {
        let failures = [
            fails(client.set_bearer_token(Some(token)), Status::InvalidArgument),
            fails(D::set_token(&auth, token), Status::InvalidArgument),
            D::bearer_auth(token).err().unwrap(),
        ];
        for failure in failures {
            assert_eq!(failure.status, Status::InvalidArgument as i32);
            assert!(failure.message.contains(reason), "{token:?}: {}", failure.message);
            assert!(!failure.message.contains("s3cr"), "{}", failure.message);
        }
    }
    let message = fails(client.set_bearer_token(Some("s3cret\n")), Status::InvalidArgument).message;
    assert!(message.contains("line feed") && message.contains("file"), "{message}");
    client.set_bearer_token(Some("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")).unwrap();
    client.set_bearer_token(Some(&"long".repeat(4096))).unwrap();
}

fn header_names<D: Driver>() {
    let client = D::new("http://example.com/mcp").unwrap();
    for name in ["", " ", "X Y", "X:Y", "X-\u{e9}", "X\r\nY", "X\t", "(comment)", "X\"", "{x}", "X@Y", "X/Y"] {
        let failure = fails(client.set_header(name, Some("s3cret")), Status::InvalidArgument);
        assert!(!failure.message.contains("s3cret"), "{}", failure.message);
    }
    for name in ["X", "x-api-key", "X_Under_Score", "!#$%&'*+-.^_`|~09azAZ"] {
        client.set_header(name, Some("value")).unwrap();
    }
}

fn header_values<D: Driver>() {
    let client = D::new("http://example.com/mcp").unwrap();
    for (value, place) in [
        ("s3cret\n", "byte 6"),
        ("s3cret\r\nX-Evil: 1", "byte 6"),
        ("s3cret\u{1}", "byte 6"),
        ("s3cret\u{7f}", "byte 6"),
    ] {
        let failure = fails(client.set_header("X-API-Key", Some(value)), Status::InvalidArgument);
        assert!(failure.message.contains(place), "{}", failure.message);
        assert!(!failure.message.contains("s3cret"), "{}", failure.message);
    }
    for value in ["", "a b", "a\tb", "=?utf-8?", "\"quoted\", and; more"] {
        client.set_header("X-API-Key", Some(value)).unwrap();
    }
}

fn reserved_headers<D: Driver>() {
    let client = D::new("http://example.com/mcp").unwrap();
    for name in [
        "Host",
        "Content-Length",
        "content-type",
        "ACCEPT",
        "Transfer-Encoding",
        "Connection",
        "Mcp-Session-Id",
        "MCP-Protocol-Version",
        "mcp-method",
        "Mcp-Anything",
        "Last-Event-ID",
    ] {
        let failure = fails(client.set_header(name, Some("s3cret")), Status::InvalidArgument);
        let named = if name.to_lowercase().starts_with("mcp-") { "mcp-" } else { &name.to_lowercase() };
        assert!(failure.message.to_lowercase().contains(named), "{}", failure.message);
        assert!(!failure.message.contains("s3cret"), "{}", failure.message);
    }
}

fn a_refused_setting_changes_nothing<D: Driver>() {
    let server = Server::start(modern());
    let client: D = client(&server);
    client.set_bearer_token(Some("good")).unwrap();
    client.set_header("X-API-Key", Some("k1")).unwrap();
    client.set_bearer_token(Some("bad\n")).unwrap_err();
    client.set_header("X-API-Key", Some("bad\n")).unwrap_err();
    client.set_header("Authorization", Some("Basic x")).unwrap_err();
    client.ping().unwrap();
    let request = server.requests().remove(0);
    assert_eq!(request.header("Authorization"), Some("Bearer good"));
    assert_eq!(request.header("X-API-Key"), Some("k1"));
}

type Setting<D> = (&'static str, fn(&D) -> Outcome);

fn what_cannot_change_while_connected<D: Driver>() {
    let settings: [Setting<D>; 6] = [
        ("transport", |client| client.set_transport(TransportKind::StreamableHttp)),
        ("protocol version", |client| client.set_protocol_version(Some(LEGACY))),
        ("no protocol version", |client| client.set_protocol_version(None)),
        ("verification", |client| client.set_tls_verify(true)),
        ("authorities", |client| client.set_ca_file(None)),
        ("proxy", |client| client.set_proxy(Some(""))),
    ];
    let server = Server::start(legacy(LEGACY));
    let client: D = client(&server);
    for (name, set) in settings {
        set(&client).unwrap_or_else(|failure| panic!("{name} before: {failure:?}"));
        client.connect().unwrap();
        let failure = fails(set(&client), Status::InvalidState);
        assert!(failure.message.contains("close"), "{name}: {}", failure.message);
        client.ping().unwrap();
        client.close();
        set(&client).unwrap_or_else(|failure| panic!("{name} after: {failure:?}"));
    }
}

fn what_may_change_while_connected<D: Driver>() {
    let server = Server::start(legacy(LEGACY));
    let client: D = client(&server);
    client.connect().unwrap();
    client.set_bearer_token(Some("tok")).unwrap();
    client.set_header("X-API-Key", Some("k1")).unwrap();
    client.set_timeout(Duration::from_secs(4));
    client.set_max_response_bytes(1 << 20).unwrap();
    client.ping().unwrap();
    let ping = server.named("ping").remove(0);
    assert_eq!((ping.header("Authorization"), ping.header("X-API-Key")), (Some("Bearer tok"), Some("k1")));
}

fn files_of_the_tls_settings<D: Driver>() {
    let client = D::new("https://example.com/mcp").unwrap();
    for path in ["/nonexistent/ca.pem", "/dev/null", "/etc/hostname", "/"] {
        let failure = fails(client.set_ca_file(Some(Path::new(path))), Status::InvalidArgument);
        assert!(failure.message.contains(path), "{}", failure.message);
    }
    client.set_ca_file(None).unwrap();
}

fn proxies<D: Driver>() {
    let client = D::new("http://example.com/mcp").unwrap();
    for proxy in ["nonsense proxy", "http://", "gopher://proxy.example:1", "http://user:s3cret@:1"] {
        let failure = fails(client.set_proxy(Some(proxy)), Status::InvalidArgument);
        assert!(!failure.message.contains("s3cret"), "{}", failure.message);
    }
    for proxy in [None, Some(""), Some("http://proxy.example:3128"), Some("http://user:s3cret@proxy.example:3128")] {
        client.set_proxy(proxy).unwrap();
    }
}

fn limits_of_an_answer<D: Driver>() {
    let client = D::new("http://example.com/mcp").unwrap();
    client.set_max_response_bytes(u64::MAX).unwrap();
    client.set_max_response_bytes(1).unwrap();
    let server = Server::start(modern());
    let small: D = client_at(&server.url("/mcp"));
    small.set_max_response_bytes(20).unwrap();
    let failure = fails(small.ping(), Status::Protocol);
    assert!(failure.message.contains("20"), "{}", failure.message);
    small.set_max_response_bytes(u64::MAX).unwrap();
    small.ping().unwrap();
}

fn urls_that_no_request_can_carry<D: Driver>() {
    let long = "x".repeat(70_000);
    let Err(failure) = D::new(&format!("http://127.0.0.1:9/{long}")) else { panic!("accepted") };
    assert_eq!(failure.status, Status::InvalidArgument as i32);
    let server = Server::start(sse_at(move |session| format!("/{long}?session={session}")));
    fails(client_at::<D>(&server.url("/sse")).ping(), Status::Protocol);
}
