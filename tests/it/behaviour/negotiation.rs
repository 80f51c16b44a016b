//! Which era a server is of, and which revision both sides speak.

use mcpclient::{Status, TransportKind};
use serde_json::{Value, json};

use crate::support::mcp::{LEGACY, MODERN, discover_result, initialize_result, legacy, modern, unsupported_version};
use crate::support::*;

cases!(
    the_five_revisions,
    a_server_of_both_eras_is_modern,
    wire_of_the_newer_era,
    wire_of_the_older_era,
    incomplete_discover_answers_are_of_the_older_era,
    refusals_that_mean_the_older_era,
    refusals_that_never_mean_it,
    a_version_in_common_is_taken,
    nothing_in_common,
    a_complete_answer_without_a_version_in_common,
    a_server_that_answers_initialize_with_an_unknown_revision,
    a_pinned_revision_skips_the_question,
    a_pinned_revision_is_the_only_one_that_will_do,
    a_pinned_modern_revision_never_falls_back,
    an_unknown_revision_is_refused,
    version_and_transport_before_during_and_after,
    connect_is_what_the_first_ping_does,
    modern_servers_that_refuse_are_not_asked_to_initialize,
);

const OLDER: [&str; 4] = ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"];

fn the_five_revisions<D: Driver>() {
    for version in OLDER {
        for sessions in [false, true] {
            let model = if sessions { legacy(version) } else { legacy(version).without_sessions() };
            let server = Server::start(model);
            let client: D = client(&server);
            client.ping().unwrap_or_else(|failure| panic!("{version}: {failure:?}"));
            client.ping().unwrap();
            assert_eq!(client.protocol_version().as_deref(), Some(version));
            assert_eq!(server.named("initialize").len(), 1);
            assert_eq!(server.named("ping").len(), 2);
        }
    }
    let server = Server::start(modern());
    let client: D = client(&server);
    client.ping().unwrap();
    client.ping().unwrap();
    assert_eq!(client.protocol_version().as_deref(), Some(MODERN));
    assert!(server.names().iter().all(|name| name == "server/discover"), "{:?}", server.names());
}

fn a_server_of_both_eras_is_modern<D: Driver>() {
    let server = Server::start(legacy(LEGACY).and_modern());
    let client: D = client(&server);
    client.ping().unwrap();
    assert_eq!(client.protocol_version().as_deref(), Some(MODERN));
    assert!(server.named("initialize").is_empty());
}

fn wire_of_the_newer_era<D: Driver>() {
    let server = Server::start(modern());
    let client: D = client(&server);
    client.ping().unwrap();
    client.ping().unwrap();
    drop(client);
    let mut ids = Vec::new();
    for request in server.requests() {
        assert_eq!((request.method.as_str(), request.target.as_str()), ("POST", "/mcp"));
        let meta = &request.message["params"]["_meta"];
        assert_eq!(meta["io.modelcontextprotocol/protocolVersion"], MODERN);
        assert!(meta["io.modelcontextprotocol/clientInfo"]["name"].is_string(), "{meta}");
        assert!(meta["io.modelcontextprotocol/clientInfo"]["version"].is_string(), "{meta}");
        let capabilities = json!({"extensions": {"io.modelcontextprotocol/tasks": {}}});
        assert_eq!(meta["io.modelcontextprotocol/clientCapabilities"], capabilities);
        assert_eq!(request.header("Mcp-Protocol-Version"), Some(MODERN));
        assert_eq!(request.header("Mcp-Method"), Some("server/discover"));
        assert_eq!(request.header("Mcp-Session-Id"), None);
        assert!(request.id().is_number() || request.id().is_string());
        assert!(!ids.contains(request.id()), "the id {} came twice", request.id());
        ids.push(request.id().clone());
    }
}

fn wire_of_the_older_era<D: Driver>() {
    let server = Server::start(legacy("2025-06-18"));
    let client: D = client(&server);
    client.ping().unwrap();
    drop(client);
    let names = server.names();
    assert_eq!(names, ["server/discover", "initialize", "notifications/initialized", "ping", "DELETE"]);
    let requests = server.requests();
    let initialize = &requests[1];
    assert_eq!(initialize.message["params"]["protocolVersion"], LEGACY);
    assert!(initialize.message["params"]["clientInfo"]["name"].is_string());
    assert_eq!(initialize.message["params"]["capabilities"], json!({}));
    for leaked in ["Mcp-Protocol-Version", "Mcp-Session-Id", "Mcp-Method", "Mcp-Name"] {
        assert_eq!(initialize.header(leaked), None);
    }
    assert_eq!(requests[2].message.get("id"), None);
    for request in &requests[2..] {
        assert_eq!(request.header("Mcp-Protocol-Version"), Some("2025-06-18"));
        assert_eq!(request.header("Mcp-Session-Id"), Some("session-0"));
        assert_eq!(request.header("Mcp-Method"), None);
    }
}

/// What real servers leave out, though their revision would require it.
fn incomplete_discover_answers_are_of_the_older_era<D: Driver>() {
    let complete = discover_result();
    let members = ["resultType", "ttlMs", "cacheScope", "supportedVersions"];
    let without = |name: &str| {
        let mut result = complete.clone();
        result.as_object_mut().unwrap().remove(name);
        result
    };
    let mut results: Vec<Value> = members.into_iter().map(without).collect();
    results.extend([json!({}), json!({"tools": []})]);
    for result in results {
        let server = Server::start(legacy(LEGACY));
        let said = result.clone();
        server.on("server/discover", move |request: &Request, connection: &mut Connection| {
            connection.send(&Answer::result(request, said.clone()))
        });
        let client: D = client(&server);
        client.ping().unwrap_or_else(|failure| panic!("{result}: {failure:?}"));
        assert_eq!(client.protocol_version().as_deref(), Some(LEGACY), "{result}");
    }
}

fn refusals_that_mean_the_older_era<D: Driver>() {
    for transport in [TransportKind::Auto, TransportKind::StreamableHttp] {
        for status in [400, 404, 405, 406, 409, 410, 412, 413, 415, 417, 422, 500, 501] {
            falls_back::<D>(transport, Answer::status(status));
            falls_back::<D>(transport, Answer::text(status, "text/html", "<html>No such page</html>"));
            falls_back::<D>(transport, Answer::text(status, "application/json", r#"{"error": "no"}"#));
        }
        for body in ["null", "[]", "17", r#"{"ok":true}"#, ""] {
            falls_back::<D>(transport, Answer::json(body));
        }
        for (status, code) in [(200, -32601), (400, -32600), (404, -32601), (400, -32602), (500, -32603), (400, -32000)]
        {
            let body = json!({"jsonrpc": "2.0", "id": null, "error": {"code": code, "message": "no"}});
            falls_back::<D>(transport, Answer::text(status, "application/json", body.to_string()));
        }
    }
}

#[track_caller]
fn falls_back<D: Driver>(transport: TransportKind, refusal: Answer) {
    let server = Server::start(legacy(LEGACY));
    let said = refusal.clone();
    server.on("server/discover", move |request: &Request, connection: &mut Connection| {
        let body = String::from_utf8_lossy(said.body()).replace("\"id\":null", &format!("\"id\":{}", request.id()));
        connection.send(&said.clone().with_body(body))
    });
    let client: D = client(&server);
    client.set_transport(transport).unwrap();
    client.ping().unwrap_or_else(|failure| panic!("{refusal:?}: {failure:?}"));
    assert_eq!(server.names()[..2], ["server/discover", "initialize"], "{refusal:?}");
    assert_eq!(client.transport_in_use(), TransportKind::StreamableHttp);
}

/// Overload, gateways and refused credentials say nothing about the era: sent once, told as they are.
fn refusals_that_never_mean_it<D: Driver>() {
    for (status, expected) in [
        (401, Status::Unauthorized),
        (403, Status::Forbidden),
        (429, Status::Http),
        (502, Status::Http),
        (503, Status::Http),
        (504, Status::Http),
    ] {
        for body in ["", "<html>busy</html>", r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32000,"message":"no"}}"#] {
            let server = Server::start(legacy(LEGACY));
            server.on("*", Answer::text(status, "application/json", body));
            let client: D = client(&server);
            client.set_bearer_token(Some("some-token")).unwrap();
            let failure = fails(client.ping(), expected);
            assert_eq!(failure.http_status, i32::from(status), "{failure:?}");
            assert_eq!(server.names(), ["server/discover"], "{status}: sent once");
            server.heal();
            client.ping().unwrap();
        }
    }
}

fn a_version_in_common_is_taken<D: Driver>() {
    for supported in [&["2025-06-18"][..], &["2027-01-01", "2025-06-18"], &["2025-03-26", "2025-06-18", "draft"]] {
        let server = Server::start(legacy("2025-06-18"));
        server.on("server/discover", move |request: &Request, connection: &mut Connection| {
            connection.send(&unsupported_version(request, supported))
        });
        let client: D = client(&server);
        client.ping().unwrap_or_else(|failure| panic!("{supported:?}: {failure:?}"));
        assert_eq!(client.protocol_version().as_deref(), Some("2025-06-18"));
        assert_eq!(server.named("initialize")[0].message["params"]["protocolVersion"], "2025-06-18");
    }
}

fn nothing_in_common<D: Driver>() {
    let server = Server::start(modern());
    server.on("server/discover", |request: &Request, connection: &mut Connection| {
        connection.send(&unsupported_version(request, &["2027-01-01", "2028-01-01"]))
    });
    let client: D = client(&server);
    let failure = fails(client.ping(), Status::Unsupported);
    assert!(failure.message.contains("2027-01-01"), "{}", failure.message);
    assert_eq!(server.names(), ["server/discover"]);
}

fn a_complete_answer_without_a_version_in_common<D: Driver>() {
    let offering = |versions: Value| {
        let server = Server::start(legacy(LEGACY));
        server.on("server/discover", move |request: &Request, connection: &mut Connection| {
            let mut result = discover_result();
            result["supportedVersions"] = versions.clone();
            connection.send(&Answer::result(request, result))
        });
        server
    };
    let server = offering(json!(["2027-01-01"]));
    let client: D = client(&server);
    let failure = fails(client.ping(), Status::Unsupported);
    assert!(failure.message.contains("2027-01-01"), "{}", failure.message);
    assert_eq!(server.names(), ["server/discover"]);

    let server = offering(json!(["2027-01-01", LEGACY]));
    let client: D = crate::support::client(&server);
    client.ping().unwrap();
    assert_eq!(client.protocol_version().as_deref(), Some(LEGACY));
}

fn a_server_that_answers_initialize_with_an_unknown_revision<D: Driver>() {
    let server = Server::start(legacy(LEGACY));
    for version in ["2099-01-01", "1", ""] {
        server.on("initialize", move |request: &Request, connection: &mut Connection| {
            connection.send(&Answer::result(request, initialize_result(version)))
        });
        let client: D = client(&server);
        fails(client.ping(), Status::Unsupported);
        assert_eq!(client.protocol_version(), None);
        server.heal();
    }
}

fn a_pinned_revision_skips_the_question<D: Driver>() {
    for version in OLDER {
        let server = Server::start(legacy(version));
        let client: D = client(&server);
        client.set_protocol_version(Some(version)).unwrap();
        client.ping().unwrap();
        assert_eq!(server.names(), ["initialize", "notifications/initialized", "ping"]);
        assert_eq!(server.requests()[0].message["params"]["protocolVersion"], version);
        assert_eq!(client.protocol_version().as_deref(), Some(version));
    }
    let server = Server::start(modern());
    let client: D = client(&server);
    client.set_protocol_version(Some(MODERN)).unwrap();
    client.ping().unwrap();
    assert_eq!(server.names(), ["server/discover"]);
    client.close();
    client.set_protocol_version(None).unwrap();
    client.ping().unwrap();
}

fn a_pinned_revision_is_the_only_one_that_will_do<D: Driver>() {
    let server = Server::start(legacy("2025-03-26"));
    let client: D = client(&server);
    client.set_protocol_version(Some(LEGACY)).unwrap();
    let failure = fails(client.ping(), Status::Unsupported);
    assert!(failure.message.contains("2025-03-26") && failure.message.contains(LEGACY), "{}", failure.message);
    client.close();
    client.set_protocol_version(None).unwrap();
    client.ping().unwrap();
}

fn a_pinned_modern_revision_never_falls_back<D: Driver>() {
    let server = Server::start(legacy(LEGACY));
    let client: D = client(&server);
    client.set_protocol_version(Some(MODERN)).unwrap();
    client.ping().unwrap_err();
    assert_eq!(server.named("initialize").len() + server.named("GET").len(), 0, "{:?}", server.names());
}

fn an_unknown_revision_is_refused<D: Driver>() {
    let server = Server::start(modern());
    let client: D = client(&server);
    for version in ["", "2025-11-26", "latest", "2025-11-25 ", "2025-11-25\n"] {
        fails(client.set_protocol_version(Some(version)), Status::InvalidArgument);
    }
    client.ping().unwrap();
}

fn version_and_transport_before_during_and_after<D: Driver>() {
    let server = Server::start(legacy(LEGACY));
    let client: D = client(&server);
    let state = || (client.transport_in_use(), client.protocol_version());
    let connected = (TransportKind::StreamableHttp, Some(LEGACY.to_owned()));
    for _ in 0..2 {
        assert_eq!(state(), (TransportKind::Auto, None));
        client.ping().unwrap();
        assert_eq!(state(), connected);
        client.close();
    }
    assert_eq!(state(), (TransportKind::Auto, None));
    assert_eq!(server.named("initialize").len(), 2);
}

fn connect_is_what_the_first_ping_does<D: Driver>() {
    let server = Server::start(legacy(LEGACY));
    let client: D = client(&server);
    client.connect().unwrap();
    client.connect().unwrap();
    assert_eq!(server.names(), ["server/discover", "initialize", "notifications/initialized"]);
    client.ping().unwrap();
    assert_eq!(server.named("initialize").len(), 1);
}

/// -32020 and -32021 come from a server that understood the question.
fn modern_servers_that_refuse_are_not_asked_to_initialize<D: Driver>() {
    for code in [-32020, -32021] {
        let server = Server::start(modern());
        server.on("server/discover", move |request: &Request, connection: &mut Connection| {
            connection.send(&Answer::error(request, 400, code, "not like this"))
        });
        let client: D = client(&server);
        assert_eq!(fails(client.ping(), Status::Rpc).rpc_code, i32::try_from(code).unwrap());
        assert_eq!(server.names(), ["server/discover"]);
    }
}
