//! Connections that die between two calls, or bring bytes that were not requested.

use std::time::Duration;

use crate::support::mcp::{LEGACY, legacy, modern, sse};
use crate::support::*;

cases!(
    connections_that_died_while_idle,
    a_server_that_closes_after_each_answer,
    a_server_that_says_so_when_it_closes,
    answers_that_nobody_asked_for,
    a_late_refusal_on_an_idle_connection,
    a_server_that_comes_back,
    idle_connections_that_the_server_closed_are_closed_too,
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

/// The same client after a fault of the server.
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

/// The sockets of this process whose other side, at that server, has closed them: state 08 is CLOSE_WAIT.
fn half_closed(server: &Server) -> usize {
    let port: u16 = server.origin().rsplit(':').next().unwrap().parse().unwrap();
    let table = std::fs::read_to_string("/proc/self/net/tcp").unwrap();
    let fields = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    fields.filter(|fields| fields[2].ends_with(&format!(":{port:04X}")) && fields[3] == "08").count()
}

#[cfg_attr(not(target_os = "linux"), allow(dead_code))]
fn idle_connections_that_the_server_closed_are_closed_too<D: Driver>() {
    const BURST: usize = 40;
    for (server, path) in servers() {
        let client: D = client_at(&server.url(path));
        client.ping().unwrap();
        server.on("POST", |request: &Request, connection: &mut Connection| {
            std::thread::sleep(Duration::from_millis(100)); // so that all are under way at once
            connection.pass(request)
        });
        let start = std::sync::Barrier::new(BURST);
        std::thread::scope(|scope| {
            for _ in 0..BURST {
                scope.spawn(|| {
                    start.wait();
                    client.ping().unwrap();
                });
            }
        });
        assert!(server.connections() > BURST / 2, "{}", server.connections());
        server.heal();
        std::thread::sleep(Duration::from_millis(1100)); // they are examined once a second
        server.hang_up();
        (0..3).for_each(|_| client.ping().unwrap());
        assert!(half_closed(&server) <= 2, "{path}: {} of {}", half_closed(&server), server.connections());
    }
}
