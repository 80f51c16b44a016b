//! Connections that die between two calls, or bring what nobody asked for.

use crate::support::mcp::{LEGACY, legacy, modern, sse};
use crate::support::*;

cases!(
    connections_that_died_while_idle,
    a_server_that_closes_after_each_answer,
    a_server_that_says_so_when_it_closes,
    answers_that_nobody_asked_for,
    a_late_refusal_on_an_idle_connection,
    a_server_that_comes_back,
);

fn servers() -> [(Server, &'static str); 3] {
    [(Server::start(modern()), "/mcp"), (Server::start(legacy(LEGACY)), "/mcp"), (Server::start(sse()), "/sse")]
}

fn connections_that_died_while_idle<D: Driver>() {
    for end in [Server::hang_up, Server::reset_all] {
        for (server, path) in servers() {
            let client: D = client_at(&server.url(path));
            for _ in 0..5 {
                client.ping().unwrap_or_else(|failure| panic!("{path}: {failure:?}"));
                end(&server);
            }
            client.ping().unwrap();
        }
    }
}

fn a_server_that_closes_after_each_answer<D: Driver>() {
    for (server, path) in servers() {
        server.on("POST", Fault::CloseAfterAnswer);
        let client: D = client_at(&server.url(path));
        (0..20).for_each(|_| client.ping().unwrap());
    }
}

fn a_server_that_says_so_when_it_closes<D: Driver>() {
    for model in [modern(), legacy(LEGACY)] {
        let server = Server::start(model.reshaped(|answer| answer.header("Connection", "close")));
        let client: D = client(&server);
        (0..10).for_each(|_| client.ping().unwrap());
        let pings = server.requests().len();
        assert!(server.connections() >= 10.min(pings), "a connection was used after its end was announced");
    }
}

/// What follows an answer on its connection is not the answer to the next request.
fn answers_that_nobody_asked_for<D: Driver>() {
    for (server, path) in servers() {
        server.on("POST", Fault::OneAnswerTooMany);
        let client: D = client_at(&server.url(path));
        (0..10).for_each(|_| client.ping().unwrap_or_else(|failure| panic!("{path}: {failure:?}")));
    }
}

/// Proxies say 408 on a connection that was idle for long, then close it.
fn a_late_refusal_on_an_idle_connection<D: Driver>() {
    for model in [modern(), legacy(LEGACY)] {
        let server = Server::start(model);
        let client: D = client(&server);
        for close in [false, true] {
            client.ping().unwrap();
            server.blurt("HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
            if close {
                server.hang_up();
            }
            client.ping().unwrap();
        }
    }
}

/// The same client, whatever happened to the server in between.
fn a_server_that_comes_back<D: Driver>() {
    for (server, path) in servers() {
        let client: D = client_at(&server.url(path));
        client.ping().unwrap();
        for fault in [Fault::Close, Fault::Reset] {
            server.hang_up();
            server.on("*", fault);
            client.ping().unwrap_err();
            client.ping().unwrap_err();
            server.heal();
            client.ping().unwrap();
        }
    }
}
