//! Credentials leave nothing behind: not in memory once they are replaced or freed, and never in a text.

use std::fs;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use mcpclient::{Auth, Client, Error};

use crate::support::authority::{Authority, folder};
use crate::support::front::{Front, Rules};
use crate::support::oauth::Provider;
use crate::support::programs::Program;
use crate::support::{Answer, Connection, Fault, Handler, Request, Server, mcp};

// The last 16 bytes tell them apart: see scan.c.
const TOKEN: &str = "tok-good-token-of-the-test-6a0f3c1d9b7e2458";
const OTHER: &str = "tok-another-token-of-the-test-e81c55d20f9a4b36";
const HEADER: &str = "key-custom-header-of-the-test-93d1b0c7a6f54e28";

/// What scan.c is given instead of a secret.
fn masked(secret: &str) -> String {
    secret.bytes().map(|byte| format!("{:02x}", byte ^ 0x5a)).collect()
}

fn let_in(inner: impl Handler, tokens: &'static [&'static str]) -> impl Handler {
    move |request: &Request, connection: &mut Connection| {
        let said = request.header("Authorization").and_then(|said| said.strip_prefix("Bearer "));
        match said {
            Some(said) if tokens.contains(&said) => inner.handle(request, connection),
            _ => connection.send(&mcp::unauthorized()),
        }
    }
}

const BOTH: &[&str] = &[TOKEN, OTHER];

/// Runs one case of scan.c, whose own check is that nothing is left.
#[track_caller]
fn scan(case: &str, url: &str, ca: &str) {
    let name = format!("secrets-{}", thread::current().name().unwrap_or_default());
    let file = folder(&name).join("token");
    fs::write(&file, format!("{TOKEN}\n")).unwrap();
    let (token, header, other) = (masked(TOKEN), masked(HEADER), masked(OTHER));
    Program::linked("scan").run(&[case, url, ca, &token, &header, &other, file.to_str().unwrap()]);
}

#[track_caller]
fn scan_plainly(case: &str, handler: impl Handler, path: &str) {
    let server = Server::start(handler);
    scan(case, &server.url(path), "-");
}

#[track_caller]
fn scan_behind_tls(case: &str, handler: impl Handler, path: &str) {
    let authority = Authority::new("Authority of the secrets");
    let name = format!("secrets-{}", thread::current().name().unwrap_or_default());
    let file = authority.file(&folder(&name));
    let server = Server::start(handler);
    let front = Front::start(Rules::new(authority.issue_local()), &server);
    scan(case, &front.url(path), file.to_str().unwrap());
}

#[test]
fn nothing_is_left_after_use() {
    scan_plainly("used", let_in(mcp::legacy(mcp::LEGACY), BOTH), "/mcp");
    scan_plainly("used", let_in(mcp::modern(), BOTH), "/mcp");
}

#[test]
fn nothing_is_left_after_use_over_tls() {
    scan_behind_tls("used", let_in(mcp::legacy(mcp::LEGACY), BOTH), "/mcp");
    scan_behind_tls("used", let_in(mcp::sse(), BOTH), "/sse");
}

#[test]
fn nothing_is_left_after_use_over_http_with_sse() {
    scan_plainly("used", let_in(mcp::sse(), BOTH), "/sse");
}

#[test]
fn nothing_is_left_after_use_in_many_threads() {
    scan_plainly("threads", let_in(mcp::legacy(mcp::LEGACY), BOTH), "/mcp");
    scan_behind_tls("threads", let_in(mcp::sse(), BOTH), "/sse");
}

#[test]
fn a_rotated_token_is_gone_though_the_client_lives() {
    scan_plainly("rotated", let_in(mcp::legacy(mcp::LEGACY), BOTH), "/mcp");
    scan_behind_tls("rotated", let_in(mcp::modern(), BOTH), "/mcp");
}

#[test]
fn a_rotated_token_is_gone_over_http_with_sse() {
    scan_plainly("rotated", let_in(mcp::sse(), BOTH), "/sse");
}

#[test]
fn a_refused_token_is_gone_though_its_error_lives() {
    scan_plainly("refused", let_in(mcp::legacy(mcp::LEGACY), &[TOKEN]), "/mcp");
    scan_behind_tls("refused", let_in(mcp::sse(), &[TOKEN]), "/sse");
}

#[test]
fn an_unusable_token_is_gone() {
    scan_plainly("unusable", mcp::modern(), "/mcp");
}

/// An authorization server that gives the other token for a second, and the header's value to refresh it.
fn scan_oauth(case: &str) {
    let provider = Provider::start();
    provider.accept(OTHER);
    let response = format!(
        r#"{{"access_token":"{OTHER}","token_type":"Bearer","expires_in":1,"refresh_token":"{}"}}"#,
        HEADER.replace('/', "\\/")
    );
    provider.on_token(move |_| Some(Answer::json(response.clone())));
    let protected = provider.protect(mcp::modern());
    scan(case, &protected.url(), "-");
    let requests = provider.token_requests();
    assert_eq!(requests.len(), 2, "a grant and a refresh");
    assert_eq!(requests[1]["refresh_token"], HEADER);
}

#[test]
fn nothing_is_left_of_a_client_secret_and_its_tokens() {
    scan_oauth("service");
}

#[test]
fn nothing_is_left_of_a_login() {
    scan_oauth("person");
}

#[test]
fn a_token_of_a_file_is_gone() {
    scan_plainly("file", let_in(mcp::legacy(mcp::LEGACY), BOTH), "/mcp");
}

#[test]
fn tokens_of_a_provider_are_gone() {
    scan_plainly("provider", let_in(mcp::legacy(mcp::LEGACY), &[TOKEN]), "/mcp");
}

#[test]
fn nothing_is_left_of_a_call_that_was_interrupted() {
    scan_plainly("interrupted", Fault::Silence, "/mcp");
    scan_plainly("interrupted", Fault::Silence, "/sse");
    scan_behind_tls("interrupted", Fault::Silence, "/mcp");
}

#[test]
fn nothing_is_left_of_a_header_larger_than_any_buffer() {
    scan_plainly("large", let_in(mcp::legacy(mcp::LEGACY), BOTH), "/mcp");
}

/// A logger of the host that wants to hear everything.
#[derive(Default)]
struct Listening(Mutex<String>);

impl log::Log for Listening {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        *self.0.lock().unwrap() += &format!("{}: {}\n", record.target(), record.args());
    }

    fn flush(&self) {}
}

#[track_caller]
fn without_secrets(text: &str) {
    for secret in [TOKEN, OTHER, HEADER, PASSWORD] {
        // Neither the whole nor a good part of it, in any case, or as a list of numbers.
        let part = &secret[secret.len() - 16..];
        assert!(!text.contains(part), "{text}");
        assert!(!text.to_ascii_lowercase().contains(&part.to_ascii_lowercase()), "{text}");
        let numbers = format!("{:?}", part.as_bytes());
        assert!(!text.contains(numbers.trim_matches(['[', ']'])), "{text}");
    }
}

const PASSWORD: &str = "pass7d0e4f82b1c96a35";

fn client_with_secrets(url: &str) -> Client {
    let client = Client::new(url).unwrap();
    client.set_proxy(Some("")).unwrap();
    client.set_timeout(Some(Duration::from_secs(10)));
    client.set_bearer_token(Some(TOKEN)).unwrap();
    client.set_header("X-Api-Key", Some(HEADER)).unwrap();
    client
}

/// Every text that a client and its errors give of themselves.
fn texts(client: &Client, outcome: Result<(), Error>) -> String {
    let error = outcome.err().map(|error| {
        let more = (error.www_authenticate().map(str::to_owned), error.challenge_parameter("error_description"));
        format!("{error} {error:?} {error:#?} {more:?}")
    });
    format!("{client:?} {client:#?} {error:?}")
}

#[test]
fn no_text_has_a_secret() {
    static LOGGER: std::sync::LazyLock<Listening> = std::sync::LazyLock::new(Listening::default);
    log::set_logger(&*LOGGER).unwrap();
    let mut said = String::new();

    // Servers that repeat what they got, wherever. What they say may be logged, as anything that a server says.
    for (handler, path) in [
        (Box::new(echo) as Box<dyn Handler>, "/mcp"),
        (Box::new(Answer::status(302).header("Location", &format!("http://elsewhere.test/{TOKEN}/{HEADER}"))), "/mcp"),
        (Box::new(Answer::text(200, &format!("text/{TOKEN}"), "x")), "/mcp"),
        (Box::new(chooses_a_secret), "/mcp"),
        (Box::new(mcp::sse_at(|_| format!("http://elsewhere.test/{TOKEN}/{HEADER}"))), "/sse"),
    ] {
        let server =
            Server::start(move |request: &Request, connection: &mut Connection| handler.handle(request, connection));
        let client = client_with_secrets(&server.url(path));
        let texts =
            texts(&client, client.ping()) + &texts(&client, client.call_tool("x", Some(r#"{"a":1}"#)).map(drop));
        assert!(texts.contains("[redacted]"), "the server at {path} did repeat it: {texts}");
        said += &texts;
    }
    log::set_max_level(log::LevelFilter::Trace);

    // Good and refused, in the clear.
    for (handler, path) in [
        (Box::new(let_in(mcp::legacy(mcp::LEGACY), BOTH)) as Box<dyn Handler>, "/mcp"),
        (Box::new(let_in(mcp::modern(), BOTH)), "/mcp"),
        (Box::new(let_in(mcp::sse(), BOTH)), "/sse"),
        (Box::new(let_in(mcp::legacy(mcp::LEGACY), &[])), "/mcp"),
        (Box::new(let_in(mcp::sse(), &[])), "/sse"),
        (Box::new(Answer::status(308).header("Location", "http://elsewhere.test/")), "/mcp"),
        (Box::new(Fault::NotHttp), "/mcp"),
        (Box::new(Fault::ResetInBody), "/mcp"),
    ] {
        let server =
            Server::start(move |request: &Request, connection: &mut Connection| handler.handle(request, connection));
        let client = client_with_secrets(&server.url(path));
        said += &texts(&client, client.ping());
        said += &texts(&client, client.call_tool("x", Some(r#"{"a":1}"#)).map(drop));
    }

    // Over TLS, trusted and not.
    let authority = Authority::new("Authority of the logs");
    let file = authority.file(&folder("secrets-logs"));
    let server = Server::start(let_in(mcp::legacy(mcp::LEGACY), BOTH));
    let front = Front::start(Rules::new(authority.issue_local()), &server);
    let client = client_with_secrets(&front.url("/mcp"));
    said += &texts(&client, client.ping());
    client.set_ca_file(Some(&file)).unwrap();
    client.ping().unwrap();
    said += &texts(&client, client.ping());

    // Through a proxy that wants other credentials.
    let proxy = Server::start(Answer::status(407));
    let client = client_with_secrets("https://somewhere.test/mcp");
    let with_password = format!("http://user:{PASSWORD}@{}", proxy.origin().trim_start_matches("http://"));
    client.set_proxy(Some(&with_password)).unwrap();
    said += &texts(&client, client.ping());
    for bad in
        [format!("socks5://user:{PASSWORD}@h:1"), format!("http://user:{PASSWORD}@"), format!("ftp://{PASSWORD}")]
    {
        said += &texts(&client, client.set_proxy(Some(&bad)));
    }

    // What is refused when it is set.
    for bad in [format!("{TOKEN}\n"), format!("Bearer {TOKEN}"), format!("{TOKEN} {OTHER}"), format!("{TOKEN}é")] {
        said += &texts(&client, client.set_bearer_token(Some(&bad)));
        said += &format!("{:?}", Auth::bearer(&bad));
    }
    said += &texts(&client, client.set_header("X-Api-Key", Some(&format!("{HEADER}\r\nX: y"))));
    said += &format!("{:?}", Client::new(&format!("http://user:{PASSWORD}@h/")));
    let auth = Auth::bearer(TOKEN).unwrap();
    auth.set_token(OTHER).unwrap();
    said += &format!("{auth:?}");

    // A provider sees its request, and may show it.
    let shown = Arc::new(Mutex::new(String::new()));
    let showing = Arc::clone(&shown);
    let provider = Auth::token_provider(move |request| {
        request.set(OTHER).unwrap();
        *showing.lock().unwrap() += &format!("{request:?} {request:#?}");
    });
    let server = Server::start(let_in(mcp::modern(), &[TOKEN]));
    let client = client_with_secrets(&server.url("/mcp"));
    client.set_auth(Some(&provider)).unwrap();
    said += &texts(&client, client.ping());

    without_secrets(&said);
    assert!(!shown.lock().unwrap().is_empty());
    without_secrets(&shown.lock().unwrap());
    let logged = LOGGER.0.lock().unwrap().clone();
    for layer in ["ureq", "rustls"] {
        assert!(logged.contains(layer), "{layer} says something at this level: {logged}");
    }
    without_secrets(&logged);
    // ureq logs bytes in rows of 16, which would hide a secret that does not begin with a row.
    let rows = logged.lines().filter(|line| line.starts_with("ureq_proto::util: "));
    let bytes: String = rows.map(|row| &row[row.len() - 16..]).collect();
    assert!(bytes.contains("POST./mcp.HTTP/1.1"), "the rows are read as they are written: {bytes}");
    without_secrets(&bytes);
}

/// A server that chooses a token for the protocol version.
fn chooses_a_secret(request: &Request, connection: &mut Connection) -> std::io::Result<()> {
    connection.send(&match request.name() {
        "initialize" => Answer::result(request, mcp::initialize_result(TOKEN)),
        _ => Answer::status(404),
    })
}

/// A server that shows everything it gets in its refusal.
fn echo(request: &Request, connection: &mut Connection) -> std::io::Result<()> {
    let head = String::from_utf8_lossy(&request.head).replace("\r\n", " ");
    let body =
        serde_json::json!({"jsonrpc": "2.0", "id": request.id(), "error": {"code": -1, "message": head, "data": head}});
    connection.send(&Answer::text(403, "application/json", body.to_string()).header("WWW-Authenticate", &head))
}

#[test]
fn every_promise_names_tests_that_exist() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("SECURITY.md")).unwrap();
    let rows: Vec<_> = page.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| promise")).collect();
    let mut count = 0;
    for row in rows.iter().filter(|row| !row.starts_with("| ---")) {
        let (_, tests) = row.trim_end_matches('|').rsplit_once('|').unwrap();
        let mut file = String::new();
        for name in tests.split('`').skip(1).step_by(2) {
            if name.ends_with(".rs") {
                let folder = if name.starts_with("src/") { "" } else { "tests" };
                file = fs::read_to_string(root.join(folder).join(name)).unwrap_or_else(|_| panic!("{name} in {row}"));
                file = file.replace("    #[test]\n    fn", "#[test]\nfn"); // of a module inside
                continue;
            }
            // A test, or a case of both drivers.
            let known =
                file.contains(&format!("#[test]\nfn {name}()")) || file.contains(&format!("fn {name}<D: Driver>()"));
            assert!(known, "{name} in {row}");
            count += 1;
        }
        assert!(tests.contains(".rs`"), "no test: {row}");
    }
    assert!(count > 40, "the page was not understood: {count}");
}
