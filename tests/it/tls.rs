//! TLS: who is trusted, which check fails in words, client certificates, versions.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use mcpclient::{Client, Status, TransportKind};
use rustls::ProtocolVersion;
use rustls::version::{TLS12, TLS13};

use crate::support::alone;
use crate::support::authority::{Authority, Issued, Validity, folder};
use crate::support::front::{Front, Handshake, Rules};
use crate::support::rust_driver::Rust;
use crate::support::{Answer, Connection, Driver, Outcome, Request, Server, cases, fails, mcp, stretched};

cases!(
    an_authority_of_ones_own_is_trusted,
    an_address_is_checked_like_a_name,
    http_with_sse_goes_over_tls,
    each_failed_check_is_named,
    the_message_names_the_hosts_that_the_certificate_is_for,
    a_self_signed_certificate_can_be_trusted_itself,
    a_bundle_of_authorities_is_trusted_as_a_whole,
    both_versions_of_tls_are_spoken,
    a_client_certificate_is_shown_when_the_server_wants_one,
    a_client_certificate_that_the_server_refuses_is_named,
    a_client_certificate_is_not_shown_unasked,
    what_cannot_be_read_is_refused_when_it_is_set,
    a_server_without_tls_is_no_tls_server,
    a_tls_server_is_no_server_of_plain_http,
    a_handshake_cut_short_is_a_failure_of_the_network,
    a_response_that_is_cut_off_on_the_way_is_not_accepted_as_complete,
);

/// A server behind TLS, with its authority's file.
struct Site {
    // Fields are dropped in this order: who is in front goes first.
    front: Front,
    server: Server,
    authority: PathBuf,
}

impl Site {
    fn new(name: &str) -> Site {
        Site::with(name, |_| {})
    }

    fn with(name: &str, change: impl FnOnce(&mut Rules)) -> Site {
        let authority = Authority::new("Authority of the tests");
        let mut rules = Rules::new(authority.issue_local());
        change(&mut rules);
        let server = Server::start(mcp::legacy(mcp::LEGACY));
        Site { front: Front::start(rules, &server), server, authority: authority.file(&folder(name)) }
    }

    /// A client of this server that trusts only its authority.
    fn client<D: Driver>(&self) -> D {
        let client: D = client_of(&self.front.url("/mcp"));
        client.set_ca_file(Some(&self.authority)).unwrap();
        client
    }

    fn handshake(&self) -> Handshake {
        self.front.handshakes(1).remove(0)
    }
}

fn client_of<D: Driver>(url: &str) -> D {
    let client = D::new(url).unwrap();
    client.set_proxy(Some("")).unwrap();
    client.set_timeout(stretched(Duration::from_secs(10)));
    client
}

/// The ping fails for a reason of TLS, and the message says which.
#[track_caller]
fn refuses<D: Driver>(client: &D, reason: &str) {
    let message = fails(client.ping(), Status::Tls).message;
    assert!(message.contains(reason), "{reason:?} is not in {message:?}");
}

#[track_caller]
fn invalid(outcome: Outcome, reason: &str) {
    let message = fails(outcome, Status::InvalidArgument).message;
    assert!(message.contains(reason), "{reason:?} is not in {message:?}");
}

fn an_authority_of_ones_own_is_trusted<D: Driver>() {
    let site = Site::new("own-authority");
    let client: D = site.client();
    client.ping().unwrap();
    client.ping().unwrap();
    let handshake = site.handshake();
    assert_eq!(handshake.version, Some(ProtocolVersion::TLSv1_3));
    assert_eq!(handshake.name.as_deref(), Some("localhost"));
    assert_eq!(handshake.alpn.as_deref(), Some(&b"http/1.1"[..]), "HTTP/2 is offered by the server, not by the client");
    assert_eq!(site.front.handshakes(1).len(), 1, "the connection is kept");
}

fn an_address_is_checked_like_a_name<D: Driver>() {
    let site = Site::new("address");
    let client: D = client_of(&site.front.url_by_address("/mcp"));
    client.set_ca_file(Some(&site.authority)).unwrap();
    client.ping().unwrap();

    let authority = Authority::new("Names only");
    let server = Server::start(mcp::modern());
    let front = Front::start(Rules::new(authority.issue(&["localhost"], Validity::Now)), &server);
    let client: D = client_of(&front.url_by_address("/mcp"));
    client.set_ca_file(Some(&authority.file(&folder("names-only")))).unwrap();
    refuses(&client, "not valid for this host name");
}

fn http_with_sse_goes_over_tls<D: Driver>() {
    let authority = Authority::new("SSE");
    let server = Server::start(mcp::sse());
    let front = Front::start(Rules::new(authority.issue_local()), &server);
    let client: D = client_of(&front.url("/sse"));
    client.set_ca_file(Some(&authority.file(&folder("sse")))).unwrap();
    for _ in 0..3 {
        client.ping().unwrap();
    }
    assert_eq!(client.transport_in_use(), TransportKind::Sse);
    client.close();
    client.ping().unwrap();
}

fn each_failed_check_is_named<D: Driver>() {
    let (trusted, other) = (Authority::new("Trusted"), Authority::new("Other"));
    let file = trusted.file(&folder("checks"));
    for (identity, reason) in [
        (trusted.issue(&["elsewhere.test"], Validity::Now), "it is not valid for this host name"),
        (trusted.issue(&["localhost"], Validity::Past), "it has expired"),
        (trusted.issue(&["localhost"], Validity::Future), "it is not valid yet"),
        (other.issue(&["localhost"], Validity::Now), "its issuer is unknown"),
        (Issued::self_signed(&["localhost"]), "its issuer is unknown: it is self-signed, or"),
    ] {
        let server = Server::start(mcp::modern());
        let front = Front::start(Rules::new(identity), &server);
        let client: D = client_of(&front.url("/mcp"));
        client.set_ca_file(Some(&file)).unwrap();
        client.set_bearer_token(Some("t0ken-of-this-test")).unwrap();
        refuses(&client, reason);
        assert_eq!(server.connections(), 0, "nothing is sent to a server that is not trusted");
        assert!(front.handshakes(1)[0].failure.is_some());

        // Without verification, which is for tests, it is accepted; with it again, refused as before.
        client.set_tls_verify(false).unwrap();
        client.ping().unwrap();
        client.close();
        client.set_tls_verify(true).unwrap();
        refuses(&client, reason);
    }
}

fn the_message_names_the_hosts_that_the_certificate_is_for<D: Driver>() {
    let authority = Authority::new("Wrong host");
    let server = Server::start(mcp::modern());
    let front = Front::start(Rules::new(authority.issue(&["elsewhere.test"], Validity::Now)), &server);
    let client: D = client_of(&front.url("/mcp"));
    client.set_ca_file(Some(&authority.file(&folder("wrong-host")))).unwrap();
    refuses(&client, "localhost");
    refuses(&client, "elsewhere.test");
}

fn a_self_signed_certificate_can_be_trusted_itself<D: Driver>() {
    let identity = Issued::self_signed(&["localhost"]);
    let (file, _) = identity.files(&folder("self-signed"));
    let server = Server::start(mcp::modern());
    let front = Front::start(Rules::new(identity), &server);
    let client: D = client_of(&front.url("/mcp"));
    client.set_ca_file(Some(&file)).unwrap();
    client.ping().unwrap();
}

fn a_bundle_of_authorities_is_trusted_as_a_whole<D: Driver>() {
    let site = Site::new("bundle");
    let other = folder("bundle-other");
    let bundle = [fs::read(Authority::new("Other").file(&other)).unwrap(), fs::read(&site.authority).unwrap()].concat();
    let file = other.join("bundle.pem");
    fs::write(&file, bundle).unwrap();
    let client: D = client_of(&site.front.url("/mcp"));
    client.set_ca_file(Some(&file)).unwrap();
    client.ping().unwrap();
}

fn both_versions_of_tls_are_spoken<D: Driver>() {
    for (version, expected) in [(&TLS12, ProtocolVersion::TLSv1_2), (&TLS13, ProtocolVersion::TLSv1_3)] {
        let site = Site::with("versions", |rules| rules.versions = vec![version]);
        let client: D = site.client();
        for _ in 0..3 {
            client.ping().unwrap();
        }
        assert_eq!(site.handshake().version, Some(expected));
    }
}

fn a_client_certificate_is_shown_when_the_server_wants_one<D: Driver>() {
    for version in [&TLS12, &TLS13] {
        for required in [true, false] {
            let (clients, files) = (Authority::new("Clients"), folder("shown"));
            let (certificate, key) = clients.issue(&["client"], Validity::Now).files(&files);
            let site = Site::with("wanted", |rules| {
                rules.versions = vec![version];
                rules.clients = Some((clients, required));
            });
            let client: D = site.client();
            client.set_client_certificate(Some((&certificate, &key))).unwrap();
            client.ping().unwrap();
            assert!(site.handshake().client_certificate, "{version:?} {required}");

            client.close();
            client.set_client_certificate(None).unwrap();
            match required {
                true => refuses(&client, "the server wants a client certificate"),
                false => client.ping().unwrap(),
            }
            assert!(!site.front.handshakes(2)[1].client_certificate);
        }
    }
}

fn a_client_certificate_that_the_server_refuses_is_named<D: Driver>() {
    for version in [&TLS12, &TLS13] {
        for (validity, known) in [(Validity::Now, false), (Validity::Past, true)] {
            let (clients, files) = (Authority::new("Clients"), folder("refused"));
            let issuer = if known { &clients } else { &Authority::new("Others") };
            let (certificate, key) = issuer.issue(&["client"], validity).files(&files);
            let site = Site::with("refusing", |rules| {
                rules.versions = vec![version];
                rules.clients = Some((clients, true));
            });
            let client: D = site.client();
            client.set_client_certificate(Some((&certificate, &key))).unwrap();
            refuses(&client, "the server did not accept the client's certificate");
            assert_eq!(site.server.connections(), 0);
        }
    }
}

fn a_client_certificate_is_not_shown_unasked<D: Driver>() {
    let files = folder("unasked");
    let (certificate, key) = Authority::new("Clients").issue(&["client"], Validity::Now).files(&files);
    let site = Site::new("not-asking");
    let client: D = site.client();
    client.set_client_certificate(Some((&certificate, &key))).unwrap();
    client.ping().unwrap();
    assert!(!site.handshake().client_certificate);
}

fn what_cannot_be_read_is_refused_when_it_is_set<D: Driver>() {
    let folder = folder("unreadable");
    let identity = Authority::new("Readable").issue(&["client"], Validity::Now);
    let (certificate, key) = identity.files(&folder);
    let (_, other_key) = {
        let folder = folder.join("other");
        fs::create_dir_all(&folder).unwrap();
        Authority::new("Other").issue(&["client"], Validity::Now).files(&folder)
    };
    let file = |name: &str, content: &[u8]| {
        let path = folder.join(name);
        fs::write(&path, content).unwrap();
        path
    };
    let (missing, empty) = (folder.join("missing.pem"), file("empty.pem", b""));
    let text = file("text.pem", b"certificate");
    let cut = file("cut.pem", &fs::read(&certificate).unwrap()[..200]);
    let broken = file("broken.pem", b"-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n");
    let hollow = file("hollow.pem", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    let hollow_key = file("hollow-key.pem", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
    let binary = file("binary.pem", &[0xff, 0, 0x80, b'\n'].repeat(100));

    let client: D = client_of("https://localhost/");
    let set = |path: &Path| client.set_ca_file(Some(path));
    invalid(set(&missing), "missing.pem: No such file");
    invalid(set(&folder), "directory");
    let fifo = folder.join("fifo.pem");
    let _ = fs::remove_file(&fifo);
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    invalid(set(&fifo), "fifo.pem: it is not a regular file"); // at once: no writer is waited for
    invalid(set(Path::new("/dev/zero")), "it is not a regular file");
    invalid(client.set_client_certificate(Some((&certificate, &fifo))), "fifo.pem: it is not a regular file");
    for path in [&empty, &text, &binary, &key] {
        invalid(set(path), "holds no certificate in PEM form");
    }
    invalid(set(&cut), "cut.pem is not valid PEM");
    invalid(set(&broken), "broken.pem is not valid PEM");
    invalid(set(&hollow), "hollow.pem holds a certificate that cannot be used");

    let set = |certificate: &Path, key: &Path| client.set_client_certificate(Some((certificate, key)));
    invalid(set(&missing, &key), "missing.pem: No such file");
    invalid(set(&certificate, &missing), "missing.pem: No such file");
    for path in [&empty, &text, &binary, &certificate] {
        invalid(set(&certificate, path), "holds no private key in PEM form");
    }
    for path in [&empty, &text, &binary, &key] {
        invalid(set(path, &key), "holds no certificate in PEM form");
    }
    invalid(set(&certificate, &hollow_key), "cannot be used");
    invalid(set(&hollow, &key), "cannot be used");
    invalid(set(&certificate, &other_key), "do not belong together");
    set(&certificate, &key).unwrap();
}

#[test]
fn the_private_key_is_in_no_message_and_no_debug_output() {
    let folder = folder("private");
    let identity = Authority::new("Private").issue(&["client"], Validity::Now);
    let (certificate, key) = identity.files(&folder);
    let secret = fs::read_to_string(&key).unwrap().lines().nth(1).unwrap().to_owned();
    let client = Client::new("https://localhost:1/").unwrap();
    client.set_proxy(Some("")).unwrap();
    client.set_client_certificate(Some((&certificate, &key))).unwrap();
    let error = client.ping().unwrap_err();
    // A key that is none, and one that is not the certificate's.
    let broken = folder.join("broken.pem");
    fs::write(&broken, fs::read_to_string(&key).unwrap().replace("PRIVATE KEY", "PRIVATE DIARY")).unwrap();
    let unreadable = client.set_client_certificate(Some((&certificate, &broken))).unwrap_err();
    let others = folder.join("others");
    fs::create_dir_all(&others).unwrap();
    let (other, _) = Authority::new("Other").issue(&["other"], Validity::Now).files(&others);
    let mismatched = client.set_client_certificate(Some((&other, &key))).unwrap_err();
    let errors = [error, unreadable, mismatched].map(|error| format!("{error} {error:?}"));
    let numbers = format!("{:?}", &identity.key().secret_der()[40..60]);
    for text in errors.into_iter().chain([format!("{client:?}")]) {
        assert!(!text.contains(&secret[..20]), "{text}");
        assert!(!text.contains(numbers.trim_matches(['[', ']'])), "{text}");
    }
}

fn a_server_without_tls_is_no_tls_server<D: Driver>() {
    let server = Server::start(mcp::modern());
    let client: D = client_of(&server.url("/mcp").replace("http://", "https://"));
    client.set_timeout(Duration::from_millis(500));
    // A server of plain HTTP takes the handshake for a request line without an end.
    fails(client.ping(), Status::Timeout);
    drop(server);

    let greeting = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}/", greeting.local_addr().unwrap());
    let answering = std::thread::spawn(move || {
        let (mut stream, _) = greeting.accept().unwrap();
        std::io::Write::write_all(&mut stream, b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
        std::io::Read::read_to_end(&mut stream, &mut Vec::new())
    });
    let client: D = client_of(&url);
    refuses(&client, "the port does not speak TLS");
    drop(client);
    drop(answering.join().unwrap());
}

fn a_tls_server_is_no_server_of_plain_http<D: Driver>() {
    let site = Site::new("plain");
    let client: D = client_of(&site.front.url("/mcp").replace("https://", "http://"));
    client.set_bearer_token(Some("t0ken-of-this-test")).unwrap();
    let failure = client.ping().unwrap_err();
    assert!([Status::Protocol as i32, Status::Network as i32].contains(&failure.status), "{failure:?}");
    assert_eq!(site.server.connections(), 0);
}

fn a_handshake_cut_short_is_a_failure_of_the_network<D: Driver>() {
    let closing = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}/", closing.local_addr().unwrap());
    let closer = std::thread::spawn(move || {
        let (mut stream, _) = closing.accept().unwrap();
        std::io::Read::read(&mut stream, &mut [0; 1024]).unwrap();
    });
    let outcome = client_of::<D>(&url).ping();
    fails(outcome, Status::Network);
    closer.join().unwrap();
}

fn a_response_that_is_cut_off_on_the_way_is_not_accepted_as_complete<D: Driver>() {
    for cuts_off in [true, false] {
        let site = Site::with("cut-off", |rules| rules.cuts_off = cuts_off);
        let client: D = site.client();
        client.ping().unwrap();
        // Only the end of the connection marks the end of this body: TLS must tell whose end it is.
        site.server.once("ping", |request: &Request, connection: &mut Connection| {
            connection.send(&Answer::result(request, serde_json::json!({})).until_close())
        });
        match cuts_off {
            true => drop(fails(client.ping(), Status::Network)),
            false => client.ping().unwrap(),
        }
        client.ping().unwrap();
    }

    let server = Server::start(mcp::legacy(mcp::LEGACY));
    let client: D = client_of(&server.url("/mcp"));
    client.ping().unwrap();
    server.once("ping", |request: &Request, connection: &mut Connection| {
        for piece in Answer::result(request, serde_json::json!({})).until_close().pieces() {
            connection.raw(piece)?;
        }
        connection.reset()
    });
    fails(client.ping(), Status::Network);
    client.ping().unwrap();
}

/// The system's trust store is what `SSL_CERT_FILE` names, where that is set: only a new process can be told.
#[test]
fn the_systems_trust_store_is_the_default_and_gives_way_to_a_file() {
    const CASE: &str = "tls::the_systems_trust_store_is_the_default_and_gives_way_to_a_file";
    if !alone::is_child(CASE) {
        let site = Site::new("system");
        let other = Authority::new("Other").file(&folder("system-other"));
        let url = site.front.url("/mcp");
        let (own, other) = (site.authority.to_str().unwrap(), other.to_str().unwrap());
        for (system, extra, trusted) in [
            (own, "", "yes"),    // the store has the authority
            (other, "", "no"),   // it does not
            (own, other, "no"),  // a file that does not replaces the store
            (other, own, "yes"), // a file that does
        ] {
            let variables =
                [("SSL_CERT_FILE", system), ("TEST_URL", &url), ("TEST_CA", extra), ("TEST_TRUSTED", trusted)];
            alone::run(CASE, &variables);
        }
        return;
    }
    let variable = |name| std::env::var(name).unwrap();
    let client: Rust = client_of(&variable("TEST_URL"));
    let file = variable("TEST_CA");
    if !file.is_empty() {
        client.set_ca_file(Some(Path::new(&file))).unwrap();
    }
    match variable("TEST_TRUSTED").as_str() {
        "yes" => client.ping().unwrap(),
        _ => refuses(&client, "its issuer is unknown"),
    }
    // Taken back, the store counts again.
    client.close();
    client.set_ca_file(None).unwrap();
    let system_trusts = variable("SSL_CERT_FILE") == file || file.is_empty() == (variable("TEST_TRUSTED") == "yes");
    match system_trusts {
        true => client.ping().unwrap(),
        false => refuses(&client, "its issuer is unknown"),
    }
}
