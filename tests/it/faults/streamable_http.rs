//! Faults of servers of the Streamable HTTP transport, of both eras.

use mcpclient::Status;

use super::table::{FAULTS, limited, meets, meets_with, side_by_side, works_again};
use crate::support::mcp::{LEGACY, legacy, modern};
use crate::support::*;

cases!(
    first_request_to_a_modern_server,
    later_ping_to_a_modern_server,
    question_to_a_legacy_server,
    handshake_with_a_legacy_server,
    last_step_of_the_handshake,
    later_ping_to_a_legacy_server,
    tool_of_a_modern_server,
    tool_of_a_legacy_server,
);

/// What the first request of a session meets. Text that is not UTF-8 is repaired, but the result is then one of a tool.
fn at_first(fault: Fault, expected: Option<Status>) -> Option<Status> {
    match fault {
        Fault::BadUtf8 | Fault::BadUtf8Event => Some(Status::Protocol),
        _ => expected,
    }
}

fn first_request_to_a_modern_server<D: Driver>() {
    side_by_side(&FAULTS, |&(fault, expected)| {
        let server = Server::start(modern());
        let client: D = limited(&server.url("/mcp"));
        server.on("*", fault);
        meets(&fault, &client, at_first(fault, expected));
        server.heal();
        works_again(&fault, &client);
    });
}

fn later_ping_to_a_modern_server<D: Driver>() {
    side_by_side(&FAULTS, |&(fault, expected)| {
        let server = Server::start(modern());
        let client: D = limited(&server.url("/mcp"));
        works_again(&"nothing", &client);
        server.on("*", fault);
        meets(&fault, &client, expected);
        sent_at_most_twice(fault, &server, 1);
        server.heal();
        works_again(&fault, &client);
        works_again(&fault, &client);
    });
}

/// Only the probe meets the fault, which says nothing about the server's era.
fn question_to_a_legacy_server<D: Driver>() {
    let connection_faults = &FAULTS[..18];
    side_by_side(connection_faults, |&(fault, expected)| {
        let server = Server::start(legacy(LEGACY));
        let client: D = limited(&server.url("/mcp"));
        server.on("server/discover", fault);
        meets(&fault, &client, expected);
        assert!(server.named("initialize").is_empty(), "{fault:?}: {:?}", server.names());
        server.heal();
        works_again(&fault, &client);
    });
}

fn handshake_with_a_legacy_server<D: Driver>() {
    side_by_side(&FAULTS, |&(fault, expected)| {
        let server = Server::start(legacy(LEGACY).without_sessions());
        let client: D = limited(&server.url("/mcp"));
        client.set_protocol_version(Some(LEGACY)).unwrap();
        server.on("initialize", fault);
        meets(&fault, &client, at_first(fault, expected));
        server.heal();
        works_again(&fault, &client);
    });
}

/// The notification that ends the handshake has no answer, but it must arrive.
fn last_step_of_the_handshake<D: Driver>() {
    let faults = [
        (Fault::Silence, Status::Timeout),
        (Fault::SilenceInHead, Status::Timeout),
        (Fault::TrickledHead, Status::Timeout),
        (Fault::Reset, Status::Network),
        (Fault::CloseInHead, Status::Network),
        (Fault::NotHttp, Status::Protocol),
        (Fault::EndlessHeaders, Status::Protocol),
    ];
    side_by_side(&faults, |&(fault, expected)| {
        let server = Server::start(legacy(LEGACY));
        let client: D = limited(&server.url("/mcp"));
        server.on("notifications/initialized", fault);
        meets(&fault, &client, Some(expected));
        assert_eq!(client.protocol_version(), None);
        server.heal();
        works_again(&fault, &client);
    });
}

fn later_ping_to_a_legacy_server<D: Driver>() {
    side_by_side(&FAULTS, |&(fault, expected)| {
        let server = Server::start(legacy(LEGACY));
        let client: D = limited(&server.url("/mcp"));
        works_again(&"nothing", &client);
        server.on("ping", fault);
        meets(&fault, &client, expected);
        sent_at_most_twice(fault, &server, 1);
        server.heal();
        works_again(&fault, &client);
        works_again(&fault, &client);
        assert_eq!(server.named("initialize").len(), 1, "{fault:?}: the session is still good");
    });
}

/// A tool may have side effects: the server receives its call once.
fn tool_of_a_modern_server<D: Driver>() {
    side_by_side(&FAULTS, |&(fault, expected)| {
        let server = Server::start(modern());
        let client: D = limited(&server.url("/mcp"));
        works_again(&"nothing", &client);
        server.on("*", fault);
        meets_with(Ask::Tool, &fault, &client, expected);
        assert_eq!(server.named("tools/call").len(), 2, "{fault:?}");
        server.heal();
        works_again(&fault, &client);
    });
}

fn tool_of_a_legacy_server<D: Driver>() {
    side_by_side(&FAULTS, |&(fault, expected)| {
        let server = Server::start(legacy(LEGACY));
        let client: D = limited(&server.url("/mcp"));
        works_again(&"nothing", &client);
        server.on("tools/call", fault);
        meets_with(Ask::Tool, &fault, &client, expected);
        assert_eq!(server.named("tools/call").len(), 2, "{fault:?}");
        server.heal();
        works_again(&fault, &client);
        assert_eq!(server.named("initialize").len(), 1, "{fault:?}: the session is still good");
    });
}

/// Once more, on a new connection, is fine when the old one may have been dead already; more is not.
fn sent_at_most_twice(fault: Fault, server: &Server, before: usize) {
    let pings = server.requests().iter().filter(|sent| ["ping", "server/discover"].contains(&sent.name())).count();
    let before = before + server.named("initialize").len();
    assert!(pings - before <= 2, "{fault:?}: {:?}", server.names());
}
