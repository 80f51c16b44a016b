//! Choosing between Streamable HTTP and the HTTP+SSE of 2024-11-05.

use std::io;
use std::time::Duration;

use mcpclient::{Status, TransportKind};

use crate::support::mcp::{LEGACY, OLDEST, legacy, modern, sse};
use crate::support::*;

cases!(
    a_post_that_no_mcp_server_refused_leads_to_http_sse,
    other_refusals_do_not,
    an_answer_of_an_mcp_server_does_not,
    when_both_fail_the_first_refusal_is_told,
    the_segment_sse_chooses,
    a_url_that_names_sse_may_speak_streamable_http,
    a_pinned_transport_is_the_only_one,
    credentials_go_with_the_fallback,
    a_stream_without_an_endpoint_does_not_hide_the_refusal,
    a_deadline_that_passes_while_falling_back_is_a_timeout,
    what_is_refused_after_initialize_says_nothing_about_the_transport,
);

fn not_a_post(status: u16) -> Answer {
    Answer::text(status, "text/html", "<html>Not here</html>")
}

fn a_post_that_no_mcp_server_refused_leads_to_http_sse<D: Driver>() {
    for status in [400, 404, 405] {
        let server = Server::start(sse());
        for name in ["server/discover", "initialize"] {
            server.on(name, move |request: &Request, connection: &mut Connection| match request.target.as_str() {
                "/mcp" => connection.send(&not_a_post(status)),
                _ => connection.pass(request),
            });
        }
        let client: D = client(&server);
        client.ping().unwrap_or_else(|failure| panic!("{status}: {failure:?}"));
        client.ping().unwrap();
        assert_eq!(client.transport_in_use(), TransportKind::Sse);
        assert_eq!(client.protocol_version().as_deref(), Some(OLDEST));
        assert_eq!(server.named("GET")[0].target, "/mcp");
        assert_eq!(server.named("GET").len(), 1);
    }
}

fn other_refusals_do_not<D: Driver>() {
    for (status, expected) in [
        (401, Status::Unauthorized),
        (403, Status::Forbidden),
        (406, Status::Http),
        (415, Status::Http),
        (429, Status::Http),
        (500, Status::Http),
        (503, Status::Http),
    ] {
        let server = Server::start(sse());
        server.on("POST", not_a_post(status));
        let client: D = client(&server);
        assert_eq!(fails(client.ping(), expected).http_status, i32::from(status));
        assert!(server.named("GET").is_empty(), "{status}: {:?}", server.names());
    }
}

fn an_answer_of_an_mcp_server_does_not<D: Driver>() {
    for (status, code) in [(400, -32600), (404, -32601), (405, -32000), (400, -32602)] {
        let server = Server::start(sse());
        server.on("POST", move |request: &Request, connection: &mut Connection| {
            connection.send(&Answer::error(request, status, code, "written by an MCP server"))
        });
        let client: D = client(&server);
        let failure = fails(client.ping(), Status::Rpc);
        assert_eq!((failure.rpc_code, failure.http_status), (i32::try_from(code).unwrap(), i32::from(status)));
        assert!(failure.message.contains("written by an MCP server"), "{}", failure.message);
        assert!(server.named("GET").is_empty(), "{status} {code}: {:?}", server.names());
    }
}

/// "404 for POST" is what a person with a wrong path needs to read, not what GET was answered with.
fn when_both_fail_the_first_refusal_is_told<D: Driver>() {
    let server = Server::start(|request: &Request, connection: &mut Connection| {
        let status = if request.method == "POST" { 404 } else { 405 };
        connection.send(&Answer::text(status, "text/plain", format!("no {} here", request.method)))
    });
    let client: D = client(&server);
    let failure = fails(client.ping(), Status::Http);
    assert_eq!(failure.http_status, 404, "{failure:?}");
    assert!(failure.message.contains("no POST here"), "{}", failure.message);
    assert_eq!(client.transport_in_use(), TransportKind::Auto);
}

fn the_segment_sse_chooses<D: Driver>() {
    for path in ["/sse", "/sse/", "/api/sse/stream", "/mcp/sse/?x=1", "/api/sse?param=value"] {
        let server = Server::start(sse());
        let client: D = client_at(&server.url(path));
        client.ping().unwrap_or_else(|failure| panic!("{path}: {failure:?}"));
        assert_eq!(client.transport_in_use(), TransportKind::Sse);
        assert_eq!((server.names()[0].as_str(), server.requests()[0].target.as_str()), ("GET", path));
    }
    for path in ["/sservice", "/assets/file", "/mcp?via=/sse/", "/my-sse", "/"] {
        let server = Server::start(modern());
        let client: D = client_at(&server.url(path));
        client.ping().unwrap_or_else(|failure| panic!("{path}: {failure:?}"));
        assert_eq!(client.transport_in_use(), TransportKind::StreamableHttp);
        assert_eq!(server.requests()[0].target, path);
    }
}

fn a_url_that_names_sse_may_speak_streamable_http<D: Driver>() {
    for refusal in [Answer::status(405), Answer::status(404), Answer::status(400), Answer::json("{}")] {
        for model in [legacy(LEGACY), modern()] {
            let server = Server::start(model);
            server.on("GET", refusal.clone());
            let client: D = client_at(&server.url("/sse"));
            client.ping().unwrap_or_else(|failure| panic!("{refusal:?}: {failure:?}"));
            assert_eq!(client.transport_in_use(), TransportKind::StreamableHttp);
        }
    }
    // When both fail, the first refusal is told.
    let server = Server::start(not_a_post(404));
    server.on("GET", Answer::text(404, "text/plain", "no stream here"));
    let failure = fails(client_at::<D>(&server.url("/sse")).ping(), Status::Http);
    assert!(failure.message.contains("no stream here"), "{failure:?}");
}

fn a_pinned_transport_is_the_only_one<D: Driver>() {
    let streamable = Server::start(legacy(LEGACY));
    let client: D = client_at(&streamable.url("/sse"));
    client.set_transport(TransportKind::StreamableHttp).unwrap();
    client.ping().unwrap();
    assert!(streamable.named("GET").is_empty());

    let old = Server::start(sse());
    let client: D = client_at(&old.url("/mcp"));
    client.set_transport(TransportKind::StreamableHttp).unwrap();
    assert_eq!(fails(client.ping(), Status::Http).http_status, 405);
    assert!(old.named("GET").is_empty());
    client.set_transport(TransportKind::Sse).unwrap();
    client.ping().unwrap();
    assert_eq!(client.transport_in_use(), TransportKind::Sse);
}

fn credentials_go_with_the_fallback<D: Driver>() {
    let server = Server::start(mcp::require_bearer("tok", mcp::require_header("X-API-Key", "k1", sse())));
    let client: D = client(&server);
    client.set_bearer_token(Some("tok")).unwrap();
    client.set_header("X-API-Key", Some("k1")).unwrap();
    client.ping().unwrap();
    assert_eq!(client.transport_in_use(), TransportKind::Sse);
    for request in server.requests() {
        assert_eq!(request.header("Authorization"), Some("Bearer tok"), "{}", request.name());
        assert_eq!(request.header("X-API-Key"), Some("k1"), "{}", request.name());
    }
}

/// Refuses every POST, and opens a stream that names no endpoint.
fn without_an_endpoint(request: &Request, connection: &mut Connection) -> io::Result<()> {
    match request.method.as_str() {
        "GET" => {
            connection.begin_events()?;
            connection.hold()
        }
        _ => connection.send(&Answer::text(400, "text/plain", "tenant header missing")),
    }
}

/// GET opens the idle stream of a Streamable HTTP server, which never names an endpoint.
fn a_stream_without_an_endpoint_does_not_hide_the_refusal<D: Driver>() {
    let server = Server::start(without_an_endpoint);
    let client: D = client(&server);
    client.set_connect_timeout(Duration::from_millis(300)).unwrap();
    let (time, outcome) = timed(|| client.ping());
    let failure = fails(outcome, Status::Http);
    assert!(failure.message.contains("tenant header missing"), "{}", failure.message);
    assert_eq!(server.named("GET").len(), 1);
    assert!(time < stretched(Duration::from_secs(3)), "{time:?}");
}

fn a_deadline_that_passes_while_falling_back_is_a_timeout<D: Driver>() {
    let server = Server::start(without_an_endpoint);
    let client: D = client(&server);
    client.set_timeout(Duration::from_millis(500));
    fails(client.ping(), Status::Timeout);
    assert_eq!(server.named("GET").len(), 1);
}

fn what_is_refused_after_initialize_says_nothing_about_the_transport<D: Driver>() {
    let server = Server::start(legacy(LEGACY));
    server.on("notifications/initialized", Answer::text(400, "text/plain", "not today"));
    let client: D = client(&server);
    let failure = fails(client.ping(), Status::Http);
    assert!(failure.message.contains("not today"), "{}", failure.message);
    assert!(server.named("GET").is_empty(), "{:?}", server.names());
}
