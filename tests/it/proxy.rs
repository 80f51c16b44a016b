//! Proxies: which one is taken, what it gets to see, and what happens when it refuses.

mod recorder;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use mcpclient::{Status, TransportKind};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use recorder::{Manner, Recorder};

use crate::support::alone;
use crate::support::authority::{self, Authority, folder};
use crate::support::front::{Front, Rules};
use crate::support::rust_driver::Rust;
use crate::support::{Driver, Server, cases, fails, mcp, skipped, stretched};

cases!(
    a_proxy_set_by_call_is_asked_to_connect,
    a_proxy_sees_no_credentials,
    http_with_sse_goes_through_a_proxy,
    a_proxy_gets_its_own_credentials,
    a_proxy_may_itself_be_behind_tls,
    a_refusal_of_the_proxy_is_one,
    a_proxy_that_cannot_be_is_refused_when_it_is_set,
    a_proxy_of_the_field_connects,
    a_proxy_of_the_field_wants_its_password,
    a_dead_proxy_is_named,
);

const TOKEN: &str = "tok-of-the-proxy-test";
const HEADER: &str = "key-of-the-proxy-test";

/// A server in the clear and the same behind TLS, each with a proxy that leads to it.
struct Site {
    front: Front,
    server: Server,
    authority: Authority,
    file: PathBuf,
}

impl Site {
    fn new(name: &str) -> Site {
        let authority = Authority::new("Authority of the proxied");
        let server = Server::start(mcp::require_bearer(TOKEN, mcp::legacy(mcp::LEGACY)));
        let names = authority.issue(&["localhost", "127.0.0.1", "somewhere.test"], authority::Validity::Now);
        let front = Front::start(Rules::new(names), &server);
        let file = authority.file(&folder(&format!("proxy-{name}")));
        Site { front, server, authority, file }
    }

    fn http(&self) -> SocketAddr {
        self.server.origin().strip_prefix("http://").unwrap().parse().unwrap()
    }

    /// A URL whose host only the proxy knows.
    fn url(&self, scheme: &str) -> String {
        format!("{scheme}://somewhere.test:4711/mcp")
    }

    fn proxy(&self, scheme: &str, manner: Manner) -> Recorder {
        Recorder::start(manner, if scheme == "https" { self.front.address } else { self.http() })
    }

    fn client<D: Driver>(&self, scheme: &str) -> D {
        client_of(&self.url(scheme), &self.file)
    }
}

fn client_of<D: Driver>(url: &str, authority: &Path) -> D {
    let client = D::new(url).unwrap();
    client.set_timeout(stretched(Duration::from_secs(10)));
    client.set_ca_file(Some(authority)).unwrap();
    client.set_bearer_token(Some(TOKEN)).unwrap();
    client.set_header("X-Api-Key", Some(HEADER)).unwrap();
    client
}

fn a_proxy_set_by_call_is_asked_to_connect<D: Driver>() {
    let site = Site::new("set");
    for scheme in ["http", "https"] {
        let proxy = site.proxy(scheme, Manner::Willing);
        let client: D = site.client(scheme);
        client.set_proxy(Some(&proxy.url())).unwrap();
        client.ping().unwrap();
        client.ping().unwrap();
        let heads = proxy.heads();
        assert_eq!(heads.len(), 1, "the connection is kept: {heads:?}");
        assert!(heads[0].starts_with("CONNECT somewhere.test:4711 HTTP/1.1\r\n"), "{heads:?}");
        assert!(heads[0].contains("Host: somewhere.test:4711\r\n"), "{heads:?}");
    }
}

fn a_proxy_sees_no_credentials<D: Driver>() {
    let site = Site::new("sees");
    let proxy = site.proxy("https", Manner::Willing);
    let client: D = site.client("https");
    client.set_proxy(Some(&proxy.url())).unwrap();
    for _ in 0..3 {
        client.ping().unwrap();
        client.close();
    }
    let seen = proxy.everything().to_ascii_lowercase();
    assert!(seen.len() > 2000, "the tunnels are recorded");
    for secret in [TOKEN, HEADER, "authorization", "x-api-key"] {
        assert!(!seen.contains(secret), "{seen}");
    }

    // In plain HTTP it could read the tunnel, but is told nothing.
    let proxy = site.proxy("http", Manner::Willing);
    let client: D = site.client("http");
    client.set_proxy(Some(&proxy.url())).unwrap();
    client.ping().unwrap();
    let heads = proxy.heads().concat().to_ascii_lowercase();
    for secret in [TOKEN, HEADER, "authorization", "x-api-key"] {
        assert!(!heads.contains(secret), "{heads}");
    }
    assert!(site.server.requests().iter().all(|request| request.header("Proxy-Authorization").is_none()));
}

fn http_with_sse_goes_through_a_proxy<D: Driver>() {
    let server = Server::start(mcp::sse());
    let proxy = Recorder::start(Manner::Willing, server.origin().strip_prefix("http://").unwrap().parse().unwrap());
    let client = D::new("http://somewhere.test/sse").unwrap();
    client.set_proxy(Some(&proxy.url())).unwrap();
    for _ in 0..3 {
        client.ping().unwrap();
    }
    assert_eq!(client.transport_in_use(), TransportKind::Sse);
    client.close();
    client.ping().unwrap();
    assert!(proxy.heads().iter().all(|head| head.starts_with("CONNECT somewhere.test:80 ")));
}

fn a_proxy_gets_its_own_credentials<D: Driver>() {
    let site = Site::new("credentials");
    for (user, expected) in [
        ("user:pass", "dXNlcjpwYXNz"),
        ("user:p%40ss%3Aword", "dXNlcjpwQHNzOndvcmQ="), // user:p@ss:word
    ] {
        let proxy = site.proxy("https", Manner::Willing);
        let client: D = site.client("https");
        client.set_proxy(Some(&format!("http://{user}@{}", proxy.address))).unwrap();
        client.ping().unwrap();
        let head = proxy.heads().remove(0);
        assert!(head.contains(&format!("Proxy-Authorization: Basic {expected}\r\n")), "{head}");
    }
    assert!(site.server.requests().iter().all(|request| request.header("Proxy-Authorization").is_none()));
}

fn a_proxy_may_itself_be_behind_tls<D: Driver>() {
    let site = Site::new("nested");
    for scheme in ["http", "https"] {
        let proxy = site.proxy(scheme, Manner::Willing);
        let front = Front::start_before(Rules::new(site.authority.issue_local()), proxy.address);
        let client: D = site.client(scheme);
        client.set_proxy(Some(&front.url("").replace("https://", "https://user:pass@"))).unwrap();
        client.ping().unwrap();
        assert!(proxy.heads()[0].starts_with("CONNECT somewhere.test:4711 "));
        assert!(proxy.heads()[0].contains("Proxy-Authorization: Basic dXNlcjpwYXNz\r\n"));
    }
}

fn a_refusal_of_the_proxy_is_one<D: Driver>() {
    let site = Site::new("refusing");
    for (manner, part) in [
        (Manner::Refusing("407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=x"), "407"),
        (Manner::Refusing("403 Forbidden"), "403"),
        (Manner::Refusing("502 Bad Gateway"), "502"),
        (Manner::Closing, "proxy"),
        (Manner::Babbling, "not valid HTTP"),
    ] {
        let proxy = site.proxy("https", manner.clone());
        let client: D = site.client("https");
        client.set_proxy(Some(&format!("http://user:s3cret-word@{}", proxy.address))).unwrap();
        let status = if part == "not valid HTTP" { Status::Protocol } else { Status::Network };
        let message = fails(client.ping(), status).message;
        assert!(message.contains(part), "{manner:?}: {message}");
        assert!(status == Status::Protocol || message.contains("proxy"), "{manner:?}: {message}");
        assert!(!message.contains("s3cret-word"), "{message}");
        assert!(!proxy.everything().contains(TOKEN));
    }
    assert_eq!(site.server.connections(), 0);

    let proxy = site.proxy("https", Manner::Silent);
    let client: D = site.client("https");
    client.set_proxy(Some(&proxy.url())).unwrap();
    client.set_timeout(Duration::from_millis(300));
    fails(client.ping(), Status::Timeout);

    // No server is there.
    client.set_proxy(Some("http://127.0.0.1:1")).unwrap();
    fails(client.ping(), Status::Network);
}

fn a_proxy_that_cannot_be_is_refused_when_it_is_set<D: Driver>() {
    let client = D::new("http://localhost/").unwrap();
    for bad in ["socks5://s3cret:s3cret@h:1", "ftp://h", "http://", "http://s3cret@:1", "h:70000", "http://h:s3cret"] {
        let message = fails(client.set_proxy(Some(bad)), Status::InvalidArgument).message;
        assert!(!message.contains("s3cret"), "{message}");
    }
}

/// How a case of the environment is to go.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    Proxied,
    Direct,
}

/// The environment is the process's, so each case has one of its own.
#[test]
fn the_environment_names_the_proxy() {
    use Way::{Direct, Proxied};
    const CASE: &str = "proxy::the_environment_names_the_proxy";
    if alone::is_child(CASE) {
        let variable = |name: &str| env::var(name).unwrap();
        let client: Rust = client_of(&variable("TEST_URL"), Path::new(&variable("TEST_CA")));
        if let Ok(proxy) = env::var("TEST_PROXY") {
            client.set_proxy(Some(&proxy)).unwrap();
        }
        client.ping().unwrap();
        return;
    }
    let site = Site::new("environment");
    let (http, https) = (site.server.url("/mcp"), site.front.url("/mcp"));
    let http_port = format!("127.0.0.1:{}", site.http().port());
    let off = Some("");
    for (url, variables, set, way) in [
        (&https, &[("HTTPS_PROXY", "P")][..], None, Proxied),
        (&https, &[("https_proxy", "P")], None, Proxied),
        (&https, &[("HTTP_PROXY", "P")], None, Direct),
        (&http, &[("HTTP_PROXY", "P")], None, Proxied),
        (&http, &[("http_proxy", "P")], None, Proxied),
        (&http, &[("HTTPS_PROXY", "P")], None, Direct),
        (&http, &[("ALL_PROXY", "P")], None, Proxied),
        (&https, &[("all_proxy", "P")], None, Proxied),
        (&http, &[("HTTP_PROXY", "http://127.0.0.1:1"), ("http_proxy", "P")], None, Proxied),
        (&http, &[("HTTP_PROXY", "P"), ("NO_PROXY", "127.0.0.1")], None, Direct),
        (&http, &[("HTTP_PROXY", "P"), ("no_proxy", "127.0.0.1")], None, Direct),
        (&http, &[("HTTP_PROXY", "P"), ("NO_PROXY", &http_port)], None, Direct),
        (&http, &[("HTTP_PROXY", "P"), ("NO_PROXY", "127.0.0.1:1, other.test")], None, Proxied),
        (&https, &[("HTTPS_PROXY", "P"), ("NO_PROXY", "*")], None, Direct),
        (&https, &[("HTTPS_PROXY", "P"), ("no_proxy", "host,localhost")], None, Direct),
        (&https, &[("ALL_PROXY", "P"), ("no_proxy", "*")], None, Direct),
        // What is set by call overrides the environment.
        (&http, &[("HTTP_PROXY", "P")], off, Direct),
        (&https, &[("HTTPS_PROXY", "P"), ("ALL_PROXY", "P")], off, Direct),
        (&http, &[("HTTP_PROXY", "http://127.0.0.1:1")], Some("P"), Proxied),
        (&https, &[("NO_PROXY", "*"), ("no_proxy", "*")], Some("P"), Proxied),
    ] {
        let proxy = site.proxy(if *url == https { "https" } else { "http" }, Manner::Willing);
        let proxy_url = proxy.url();
        let fill = |value: &'static str| if value == "P" { proxy_url.clone() } else { value.to_owned() };
        let mut given: Vec<(&str, String)> =
            vec![("TEST_URL", url.clone()), ("TEST_CA", site.file.display().to_string())];
        for (name, value) in variables {
            given.push((name, if *value == "P" { proxy_url.clone() } else { value.to_string() }));
        }
        given.extend(set.map(|set| ("TEST_PROXY", fill(set))));
        let given: Vec<(&str, &str)> = given.iter().map(|(name, value)| (*name, value.as_str())).collect();
        alone::run(CASE, &given);
        let proxied = if proxy.heads().is_empty() { Direct } else { Proxied };
        assert_eq!(proxied, way, "{url} {variables:?} {set:?}");
    }
}

#[test]
fn an_environment_that_makes_no_sense_is_named() {
    const CASE: &str = "proxy::an_environment_that_makes_no_sense_is_named";
    if !alone::is_child(CASE) {
        alone::run(CASE, &[("https_proxy", "socks5://user:s3cret-word@h:1")]);
        return;
    }
    let client = Rust::new("https://somewhere.test/").unwrap();
    let message = fails(client.ping(), Status::InvalidState).message;
    assert!(message.contains("HTTPS_PROXY") && !message.contains("s3cret-word"), "{message}");
}

/// A proxy of the field, in a virtual environment of its own.
struct RealProxy {
    child: Child,
    port: u16,
}

const PINNED: &str = "proxy.py==2.4.10";

impl RealProxy {
    /// `None` where it cannot be installed; with CI=true that is a failure.
    fn start(name: &str, more: &[&str]) -> Option<RealProxy> {
        static INSTALLED: std::sync::OnceLock<Option<PathBuf>> = std::sync::OnceLock::new();
        let Some(python) = INSTALLED.get_or_init(install) else {
            let how = "make test with a network, and Debian's python3-venv";
            skipped("a real proxy", &format!("{PINNED} cannot be installed"), how);
            return None;
        };
        let port_file = folder(&format!("proxy-real-{name}")).join("port");
        let _ = fs::remove_file(&port_file);
        let child = Command::new(python)
            .args([
                "-m",
                "proxy",
                "--hostname",
                "127.0.0.1",
                "--port",
                "0",
                "--num-workers",
                "1",
                "--num-acceptors",
                "1",
            ])
            .arg("--port-file")
            .arg(&port_file)
            .args(more)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut proxy = RealProxy { child, port: 0 };
        let limit = Instant::now() + stretched(Duration::from_secs(60));
        while proxy.port == 0 {
            assert!(Instant::now() < limit, "{PINNED} does not start");
            thread::sleep(Duration::from_millis(20));
            proxy.port = fs::read_to_string(&port_file).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(0);
        }
        Some(proxy)
    }
}

impl Drop for RealProxy {
    fn drop(&mut self) {
        // It has children of its own, which it ends when asked to.
        let child = Pid::from_raw(self.child.id().try_into().unwrap());
        kill(child, Signal::SIGTERM).unwrap();
        let _ = self.child.wait();
    }
}

fn install() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(PINNED.replace("==", "-"));
    let python = folder.join("bin/python");
    let run = |program: &Path, arguments: &[&str]| {
        let done = Command::new(program).args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status();
        done.is_ok_and(|status| status.success())
    };
    if !run(&python, &["-c", "import proxy"]) {
        let place = folder.to_str().unwrap();
        let made = run(Path::new("python3"), &["-m", "venv", "--clear", place]);
        if !made || !run(&python, &["-m", "pip", "install", "--quiet", PINNED]) {
            return None;
        }
    }
    Some(python)
}

fn a_proxy_of_the_field_connects<D: Driver>() {
    let site = Site::new("field");
    let Some(proxy) = RealProxy::start("open", &[]) else { return };
    for url in [site.server.url("/mcp"), site.front.url("/mcp")] {
        let client: D = client_of(&url, &site.file);
        client.set_proxy(Some(&format!("http://127.0.0.1:{}", proxy.port))).unwrap();
        for _ in 0..3 {
            client.ping().unwrap();
            client.close();
        }
        client.ping().unwrap();
    }
}

fn a_proxy_of_the_field_wants_its_password<D: Driver>() {
    let site = Site::new("field-password");
    let Some(proxy) = RealProxy::start("closed", &["--basic-auth", "user:s3cret-word"]) else { return };
    let client: D = client_of(&site.front.url("/mcp"), &site.file);
    client.set_proxy(Some(&format!("http://user:s3cret-word@127.0.0.1:{}", proxy.port))).unwrap();
    client.ping().unwrap();
    client.close();
    client.set_proxy(Some(&format!("http://user:wrong-s3cret@127.0.0.1:{}", proxy.port))).unwrap();
    let message = fails(client.ping(), Status::Network).message;
    assert!(message.contains("407") && !message.contains("s3cret"), "{message}");
}

fn a_dead_proxy_is_named<D: Driver>() {
    let dead = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let server = Server::start(crate::support::mcp::modern());
    let client: D = crate::support::client_at(&server.url("/mcp"));
    client.set_proxy(Some(&format!("http://user:s3cret@{dead}"))).unwrap();
    let failure = fails(client.ping(), Status::Network);
    assert!(failure.message.contains(&format!("the proxy {dead} refused the connection")), "{failure:?}");
    assert!(!failure.message.contains("s3cret"), "{failure:?}");
}
