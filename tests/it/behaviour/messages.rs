//! What a message says, so that a person finds what to do.

use mcpclient::Status;

use crate::support::authority::{Issued, folder};
use crate::support::front::{Front, Rules};
use crate::support::rust_driver::Rust;
use crate::support::*;

cases!(
    a_url_without_a_scheme,
    no_credentials_were_sent,
    the_path_may_be_missing,
    a_dead_proxy_is_named,
    a_port_without_tls,
    an_authority_as_a_servers_certificate,
);

#[track_caller]
fn says(failure: &Failure, part: &str) {
    assert!(failure.message.contains(part), "{part:?} is not in {:?}", failure.message);
}

fn a_url_without_a_scheme<D: Driver>() {
    let refused = |url: &str| fails(D::new(url).map(drop), Status::InvalidArgument);
    says(&refused("example.com/mcp"), "the URL has no scheme: https://host/path");
    says(&refused("/mcp"), "the URL has no scheme");
    says(&refused("localhost:8000/mcp"), "it must begin with http:// or https://");
}

fn no_credentials_were_sent<D: Driver>() {
    for body in ["", "who are you?"] {
        let server = Server::start(Answer::text(401, "text/plain", body));
        let client: D = client(&server);
        says(&fails(client.ping(), Status::Unauthorized), "(no credentials were sent)");
        client.set_bearer_token(Some("token")).unwrap();
        assert!(!fails(client.ping(), Status::Unauthorized).message.contains("no credentials"));
        client.set_bearer_token(None).unwrap();
        client.set_header("X-API-Key", Some("key")).unwrap();
        assert!(!fails(client.ping(), Status::Unauthorized).message.contains("no credentials"));
    }
}

fn the_path_may_be_missing<D: Driver>() {
    let server = Server::start(Answer::text(404, "text/plain", "no such page"));
    let client: D = client_at(&server.url("/"));
    says(
        &fails(client.ping(), Status::Http),
        "no such page (the path of the URL may be missing: many servers have /mcp)",
    );
    let client: D = client_at(&server.url("/mcp"));
    assert!(!fails(client.ping(), Status::Http).message.contains("may be missing"));
}

fn a_dead_proxy_is_named<D: Driver>() {
    let client: D = client_at("http://example.test/mcp");
    client.set_proxy(Some("http://user:s3cret@127.0.0.1:1")).unwrap();
    let failure = fails(client.ping(), Status::Network);
    says(&failure, "the proxy 127.0.0.1:1 refused the connection");
    assert!(!failure.message.contains("s3cret"));
}

/// Alone in its process, for its environment.
#[test]
fn a_proxy_of_the_environment_is_named_with_its_variable() {
    const CASE: &str = "behaviour::messages::a_proxy_of_the_environment_is_named_with_its_variable";
    if !alone::is_child(CASE) {
        alone::run(CASE, &[("HTTP_PROXY", "http://127.0.0.1:1")]);
        return;
    }
    let failure = fails(Rust::new("http://example.test/mcp").unwrap().ping(), Status::Network);
    says(&failure, "the proxy 127.0.0.1:1 (from HTTP_PROXY) refused the connection");
}

fn a_port_without_tls<D: Driver>() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}/mcp", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        std::io::Write::write_all(&mut stream, b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
        let _ = std::io::Read::read_to_end(&mut stream, &mut Vec::new());
    });
    let client: D = client_at(&url);
    says(&fails(client.ping(), Status::Tls), "the port does not speak TLS: the URL may need http://");
    drop(client);
    server.join().unwrap();
}

/// As `openssl req -x509` makes it: the certificate of an authority, used by the server itself.
fn an_authority_as_a_servers_certificate<D: Driver>() {
    let certificate = Issued::authority(&["localhost", "127.0.0.1"]);
    let (file, _) = certificate.files(&folder("messages-authority"));
    let server = Server::start(mcp::modern());
    let front = Front::start(Rules::new(certificate), &server);
    let client: D = client_at(&front.url("/mcp"));
    client.set_ca_file(Some(&file)).unwrap();
    let failure = fails(client.ping(), Status::Tls);
    says(&failure, "-addext basicConstraints=CA:FALSE");
    assert!(!failure.message.contains("Other"), "{}", failure.message);
}
