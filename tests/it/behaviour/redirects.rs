//! Redirects: followed within the origin when method and body stay the same, refused otherwise.

use mcpclient::{Status, TransportKind};

use crate::support::mcp::{LEGACY, legacy, modern, sse};
use crate::support::*;

cases!(
    followed_within_the_origin,
    followed_for_every_method,
    five_in_a_row_and_no_more,
    loops,
    other_statuses_are_refused,
    a_get_is_followed_whatever_the_status,
    a_permanent_redirect_is_paid_for_once,
    other_origins_are_refused_and_see_nothing,
    other_schemes_are_refused,
    without_a_target,
);

/// A server that sends everything for `/mcp` on to `location`, and does what `model` does elsewhere.
fn redirecting(status: u16, location: &str, model: impl Handler) -> Server {
    let location = location.to_owned();
    Server::start(move |request: &Request, connection: &mut Connection| match request.target.as_str() {
        "/mcp" => connection.send(&Answer::status(status).header("Location", &location)),
        _ => model.handle(request, connection),
    })
}

fn followed_within_the_origin<D: Driver>() {
    for status in [307, 308] {
        for location in ["/mcp/", "mcp/", "/other?x=1", "./mcp/#fragment"] {
            let server = redirecting(status, location, legacy(LEGACY));
            let client: D = client(&server);
            client.set_bearer_token(Some("tok")).unwrap();
            client.ping().unwrap_or_else(|failure| panic!("{status} {location}: {failure:?}"));
            let pings = server.named("ping");
            let (first, last) = (&pings[0], &pings[pings.len() - 1]);
            assert_ne!(last.target, "/mcp");
            assert!(!last.target.contains('#'), "{}", last.target);
            assert_eq!((&last.method, &last.body), (&first.method, &first.body));
            for name in ["Authorization", "Content-Type", "Accept", "Mcp-Session-Id", "Mcp-Protocol-Version"] {
                assert!(last.header(name).is_some(), "{name} is lost");
            }
        }
    }
    let server = Server::start(modern());
    let absolute = server.url("/there");
    server.on("*", move |request: &Request, connection: &mut Connection| match request.target.as_str() {
        "/mcp" => connection.send(&Answer::text(307, "text/plain", "moved").header("location", &absolute)),
        _ => connection.pass(request),
    });
    client::<D>(&server).ping().unwrap();
}

fn followed_for_every_method<D: Driver>() {
    let server = redirecting(307, "/mcp/", legacy(LEGACY));
    let client: D = client(&server);
    client.set_bearer_token(Some("tok")).unwrap();
    client.ping().unwrap();
    client.close();
    let deletes = server.named("DELETE");
    assert_eq!(deletes.last().map(|request| request.target.as_str()), Some("/mcp/"));
    assert!(deletes.iter().all(|request| request.header("Authorization") == Some("Bearer tok")));

    let server = redirecting(308, "/sse/", sse());
    let client: D = client_at(&server.url("/mcp"));
    client.set_transport(TransportKind::Sse).unwrap();
    client.ping().unwrap();
    assert_eq!(server.named("GET").iter().map(|get| get.target.as_str()).collect::<Vec<_>>(), ["/mcp", "/sse/"]);
}

fn five_in_a_row_and_no_more<D: Driver>() {
    for (steps, works) in [(1, true), (5, true), (6, false)] {
        let model = modern();
        let server = Server::start(move |request: &Request, connection: &mut Connection| {
            let step: usize = request.target.trim_start_matches("/mcp").parse().unwrap_or(0);
            if step == steps {
                return model.handle(request, connection);
            }
            connection.send(&Answer::status(307).header("Location", &format!("/mcp{}", step + 1)))
        });
        let client: D = client(&server);
        client.set_transport(TransportKind::StreamableHttp).unwrap();
        match works {
            true => client.ping().unwrap(),
            false => assert_eq!(fails(client.ping(), Status::Http).http_status, 307),
        }
    }
}

fn loops<D: Driver>() {
    for location in ["/mcp", ""] {
        let server = Server::start(Answer::status(308).header("Location", location));
        let client: D = client(&server);
        fails(client.ping(), Status::Http);
        assert!(server.names().len() <= 6, "{} requests", server.names().len());
    }
}

fn other_statuses_are_refused<D: Driver>() {
    for status in [300, 301, 302, 303, 304, 305, 306, 399] {
        for model in [true, false] {
            if !model && matches!(status, 301..=303) {
                continue; // a GET stays a GET
            }
            let server = match model {
                true => redirecting(status, "/elsewhere", legacy(LEGACY)),
                false => redirecting(status, "/elsewhere", sse()),
            };
            let client: D = client(&server);
            client.set_transport(if model { TransportKind::Auto } else { TransportKind::Sse }).unwrap();
            let failure = fails(client.ping(), Status::Http);
            assert_eq!(failure.http_status, i32::from(status));
            assert!(failure.message.contains(&server.url("/elsewhere")), "{}", failure.message);
            assert_eq!(server.requests().len(), 1, "{status}: {:?}", server.names());
        }
    }
}

/// nginx puts `return 301 /sse/;` in front of an HTTP+SSE server.
fn a_get_is_followed_whatever_the_status<D: Driver>() {
    for status in [301, 302, 303, 307, 308] {
        let server = redirecting(status, "/sse/", sse());
        let client: D = client(&server);
        client.set_transport(TransportKind::Sse).unwrap();
        client.ping().unwrap_or_else(|failure| panic!("{status}: {failure:?}"));
        let targets: Vec<_> = server.named("GET").iter().map(|get| get.target.clone()).collect();
        assert_eq!(targets, ["/mcp", "/sse/"]);
    }
}

fn a_permanent_redirect_is_paid_for_once<D: Driver>() {
    for (status, paid) in [(308, 1), (307, 3)] {
        let server = redirecting(status, "/mcp/", modern());
        let client: D = client(&server);
        client.ping().unwrap();
        client.ping().unwrap();
        client.ping().unwrap();
        let redirected = server.requests().iter().filter(|request| request.target == "/mcp").count();
        assert_eq!(redirected, paid, "{status}: {:?}", server.names());
        client.close();
        client.ping().unwrap();
        let redirected = server.requests().iter().filter(|request| request.target == "/mcp").count();
        assert_eq!(redirected, paid + 1, "a new session asks the URL again");
    }
}

fn other_origins_are_refused_and_see_nothing<D: Driver>() {
    let other = Server::start(modern());
    let port = other.origin().rsplit_once(':').unwrap().1.to_owned();
    for status in [301, 302, 303, 307, 308] {
        for target in [
            other.url("/mcp"),
            format!("http://localhost:{port}/mcp"),
            format!("//127.0.0.1:{port}/mcp"),
            format!(r"/\127.0.0.1:{port}/mcp"),
            format!("http://user@127.0.0.1:{port}/mcp"),
        ] {
            let server = redirecting(status, &target, modern());
            let client: D = client(&server);
            client.set_bearer_token(Some("secret-token")).unwrap();
            client.set_header("X-API-Key", Some("secret-key")).unwrap();
            let failure = fails(client.ping(), Status::Http);
            assert!(failure.message.contains(&port), "{target}: {}", failure.message);
            assert_eq!(failure.http_status, i32::from(status));
        }
    }
    assert_eq!((other.connections(), other.received()), (0, Vec::new()));
}

fn other_schemes_are_refused<D: Driver>() {
    // Where nothing but the scheme differs.
    let server = Server::start(|request: &Request, connection: &mut Connection| {
        let target = format!("https://{}/mcp", request.header("Host").unwrap());
        connection.send(&Answer::status(307).header("Location", &target))
    });
    let failure = fails(client::<D>(&server).ping(), Status::Http);
    assert!(failure.message.contains(&server.url("/mcp").replace("http:", "https:")), "{}", failure.message);
    assert_eq!((server.requests().len(), server.connections()), (1, 1));
    for target in
        ["https://127.0.0.1/mcp", "ftp://127.0.0.1/mcp", "file:///etc/passwd", "javascript:alert(1)", "http://"]
    {
        let server = redirecting(307, target, modern());
        let client: D = client(&server);
        let failure = fails(client.ping(), Status::Http);
        assert!(failure.message.contains(target), "{target}: {}", failure.message);
        assert_eq!(server.requests().len(), 1);
    }
}

fn without_a_target<D: Driver>() {
    let server = Server::start(Answer::text(307, "text/plain", "somewhere else"));
    let client: D = client(&server);
    assert_eq!(fails(client.ping(), Status::Http).http_status, 307);
    assert_eq!(server.requests().len(), 1);
}
