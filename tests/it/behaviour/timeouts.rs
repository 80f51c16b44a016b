//! The deadline of a call is one for all that the call does.

use std::net::TcpListener;
use std::time::Duration;

use mcpclient::Status;

use crate::support::mcp::{LEGACY, legacy, modern, sse};
use crate::support::*;

cases!(
    one_deadline_for_several_requests,
    the_deadline_counts_while_bytes_come_in,
    no_deadline_waits,
    a_new_deadline_holds_from_the_next_call_on,
    nobody_listens,
    a_name_that_does_not_resolve,
    a_listener_that_never_accepts,
    a_timed_out_call_leaves_no_answer_behind,
);

const DEADLINE: Duration = Duration::from_millis(500);
const ENOUGH: Duration = Duration::from_millis(1000);

#[track_caller]
fn times_out(client: &impl Driver) {
    client.set_timeout(DEADLINE);
    let (time, outcome) = timed(|| client.ping());
    let failure = fails(outcome, Status::Timeout);
    assert!(failure.message.contains("500"), "{}", failure.message);
    assert!(time >= DEADLINE - Duration::from_millis(20) && time < stretched(ENOUGH), "{time:?}");
}

/// Each step takes less than the deadline, together they take more.
fn one_deadline_for_several_requests<D: Driver>() {
    for path in ["/mcp", "/sse"] {
        let server = if path == "/sse" { Server::start(sse()) } else { Server::start(legacy(LEGACY)) };
        server.on("*", |request: &Request, connection: &mut Connection| {
            connection.wait(Duration::from_millis(220))?;
            connection.pass(request)
        });
        times_out(&client_at::<D>(&server.url(path)));
    }
}

fn the_deadline_counts_while_bytes_come_in<D: Driver>() {
    for fault in [Fault::TrickledHead, Fault::TrickledBody, Fault::Comments] {
        let server = Server::start(fault);
        times_out(&client::<D>(&server));
    }
}

fn no_deadline_waits<D: Driver>() {
    let server = Server::start(modern());
    let client: D = client(&server);
    client.set_timeout(Duration::from_millis(100));
    client.set_timeout(Duration::ZERO);
    server.once("*", |request: &Request, connection: &mut Connection| {
        connection.wait(Duration::from_millis(400))?;
        connection.pass(request)
    });
    client.ping().unwrap();
}

fn a_new_deadline_holds_from_the_next_call_on<D: Driver>() {
    let server = Server::start(modern());
    let client: D = client(&server);
    client.ping().unwrap();
    server.on("*", Fault::Silence);
    times_out(&client);
    server.heal();
    client.ping().unwrap();
}

fn nobody_listens<D: Driver>() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    for path in ["mcp", "sse"] {
        let client: D = client_at(&format!("http://{address}/{path}"));
        let failure = fails(client.ping(), Status::Network);
        assert!(failure.message.contains(&address.to_string()), "{}", failure.message);
        assert!(failure.message.to_lowercase().contains("refused"), "{}", failure.message);
    }
}

fn a_name_that_does_not_resolve<D: Driver>() {
    // RFC 6761: a name that never exists.
    let client: D = client_at("http://no-such-host.invalid/mcp");
    let (time, outcome) = timed(|| client.ping());
    let failure = outcome.unwrap_err();
    // A machine without a name server may take its time to say so.
    let expected = [Status::Network as i32, Status::Timeout as i32];
    assert!(expected.contains(&failure.status), "{failure:?}");
    assert!(time < stretched(Duration::from_millis(5500)), "{time:?}");
    if failure.status == Status::Network as i32 {
        assert!(failure.message.contains("no-such-host.invalid"), "{}", failure.message);
    }
}

/// The kernel accepts, the program does not: as much as a wait for an answer.
fn a_listener_that_never_accepts<D: Driver>() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    times_out(&client_at::<D>(&format!("http://{}/mcp", listener.local_addr().unwrap())));
}

fn a_timed_out_call_leaves_no_answer_behind<D: Driver>() {
    for path in ["/mcp", "/sse"] {
        let server = if path == "/sse" { Server::start(sse()) } else { Server::start(legacy(LEGACY)) };
        let client: D = client_at(&server.url(path));
        client.ping().unwrap();
        server.once("ping", |request: &Request, connection: &mut Connection| {
            connection.wait(Duration::from_millis(700))?;
            connection.pass(request)
        });
        times_out(&client);
        client.set_timeout(Duration::from_secs(5));
        client.ping().unwrap();
        client.ping().unwrap();
    }
}
