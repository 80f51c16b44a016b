//! Pages and gateways in front of a server: 4xx and 5xx with a body for a browser.

use std::time::Duration;

use mcpclient::Status;

use super::table::{DEADLINE, GRACE, limited, works_again};
use crate::support::mcp::{LEGACY, legacy, modern, sse};
use crate::support::*;

cases!(pages_of_a_gateway, a_refusal_whose_body_has_a_fault_of_its_own, a_refusal_with_an_endless_body_comes_soon,);

const PAGE: &str =
    "<!doctype html>\r\n<html>\x1b[2J\x00\x07<h1>Down for maintenance</h1>\r\n<p>Back at noon</html>\u{85}";

fn pages_of_a_gateway<D: Driver>() {
    for (model, path) in [("modern", "/mcp"), ("legacy", "/mcp"), ("sse", "/sse")] {
        for status in [400, 402, 404, 405, 408, 410, 413, 418, 429, 451, 500, 501, 502, 503, 504, 520, 599] {
            let server = match model {
                "modern" => Server::start(modern()),
                "legacy" => Server::start(legacy(LEGACY)),
                _ => Server::start(sse()),
            };
            let client: D = client_at(&server.url(path));
            for later in [false, true] {
                if later {
                    client.ping().unwrap();
                }
                server.on("*", Answer::text(status, "text/html", PAGE.to_owned() + &"more ".repeat(5000)));
                let failure = fails(client.ping(), Status::Http);
                assert_eq!(failure.http_status, i32::from(status), "{model}: {failure:?}");
                assert!(failure.message.contains("Down for maintenance"), "{}", failure.message);
                assert!(failure.message.len() < 600, "{}", failure.message);
                assert!(!failure.message.contains(char::is_control), "{:?}", failure.message);
                server.heal();
                works_again(&(model, status, later), &client);
            }
        }
    }
}

/// The status counts, even when the body fails.
fn a_refusal_whose_body_has_a_fault_of_its_own<D: Driver>() {
    const HEAD: &str = "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/html\r\n";
    type Body = fn(&mut Connection) -> std::io::Result<()>;
    let bodies: [(&str, Body); 7] = [
        ("truncated", |to| to.raw("Content-Length: 900\r\n\r\n<html>").and_then(|()| to.close())),
        ("reset", |to| to.raw("Content-Length: 900\r\n\r\n<html>").and_then(|()| to.reset())),
        ("silent", |to| to.raw("Content-Length: 900\r\n\r\n<html>").and_then(|()| to.hold())),
        ("trickling", |to| {
            to.raw("Transfer-Encoding: chunked\r\n\r\n")?;
            loop {
                to.chunk("x ").and_then(|()| to.wait(Duration::from_millis(5)))?;
            }
        }),
        ("bad chunks", |to| to.raw("Transfer-Encoding: chunked\r\n\r\nmany\r\n<html>").and_then(|()| to.close())),
        ("bad gzip", |to| to.raw("Content-Encoding: gzip\r\nContent-Length: 6\r\n\r\n<html>")),
        ("endless", |to| {
            to.raw("Transfer-Encoding: chunked\r\n\r\n")?;
            loop {
                to.chunk([b'x'; 65536])?;
            }
        }),
    ];
    for (name, body) in bodies {
        for path in ["/mcp", "/sse"] {
            let server = if path == "/sse" { Server::start(sse()) } else { Server::start(legacy(LEGACY)) };
            let client: D = limited(&server.url(path));
            works_again(&"nothing", &client);
            server.on("ping", move |_: &Request, to: &mut Connection| to.raw(HEAD).and_then(|()| body(to)));
            client.set_timeout(DEADLINE);
            let (time, outcome) = timed(|| client.ping());
            let failure = outcome.unwrap_err();
            assert_eq!((failure.status, failure.http_status), (Status::Http as i32, 503), "{name}: {failure:?}");
            assert!(time < DEADLINE + stretched(GRACE), "{name}: {time:?}");
            server.heal();
            works_again(&name, &client);
        }
    }
}

/// With all that its head says, long before the time limit.
fn a_refusal_with_an_endless_body_comes_soon<D: Driver>() {
    for (status, expected) in
        [(401, Status::Unauthorized), (403, Status::Forbidden), (404, Status::Http), (500, Status::Http)]
    {
        let server = Server::start(move |_: &Request, to: &mut Connection| {
            let challenge = "WWW-Authenticate: Bearer error=\"invalid_token\"";
            to.raw(format!("HTTP/1.1 {status} No\r\n{challenge}\r\nContent-Length: 900\r\n\r\nthe tok"))?;
            to.hold()
        });
        let client: D = client(&server);
        client.set_timeout(Duration::from_secs(60));
        client.set_protocol_version(Some(LEGACY)).unwrap();
        client.set_bearer_token(Some("token-of-the-test")).unwrap();
        let (time, outcome) = timed(|| client.ping());
        let failure = fails(outcome, expected);
        assert_eq!((failure.http_status, failure.parameter("error")), (status, Some("invalid_token")), "{failure:?}");
        assert!(!failure.message.contains("tok") || failure.message.contains("invalid_token"), "{failure:?}");
        assert!(time < stretched(Duration::from_secs(5)), "{time:?}");
    }
}
