//! A long time of pings with failures mixed in: memory, descriptors and threads stay where they were.
//!
//! A thousand pings for each transport, or as many as `SOAK` says: `make soak` says 100000.

use std::env;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::support::authority::{Authority, folder};
use crate::support::front::{Front, Rules};
use crate::support::programs::Program;
use crate::support::{Answer, Connection, Fault, Handler, Request, Server, mcp};

/// What may stay more than a fifth of the way in: the allocator is never quite still.
const MOST_MORE_KIB: i64 = 1024;

const FAULTS: [Fault; 12] = [
    Fault::Reset,
    Fault::ResetInHead,
    Fault::ResetInBody,
    Fault::Close,
    Fault::CloseInHead,
    Fault::TruncatedLength,
    Fault::TruncatedChunk,
    Fault::TruncatedStream,
    Fault::BadChunkSize,
    Fault::NotHttp,
    Fault::BadStatusLine,
    Fault::CloseAfterAnswer,
];

/// Every hundredth request meets something else than `inner`.
fn failing(inner: impl Handler) -> impl Handler {
    let count = AtomicUsize::new(0);
    move |request: &Request, connection: &mut Connection| {
        let number = count.fetch_add(1, Ordering::SeqCst);
        if request.method != "POST" || number % 100 != 99 {
            return inner.handle(request, connection);
        }
        match number / 100 % (FAULTS.len() + 4) {
            0 => connection.send(&Answer::text(502, "text/html", "<h1>Bad gateway</h1>")),
            1 => connection.send(&mcp::unauthorized()),
            2 => connection.send(&Answer::status(404)),
            3 => connection.send(&Answer::status(307).header("Location", "http://elsewhere.test/")),
            fault => FAULTS[fault - 4].handle(request, connection),
        }
    }
}

struct Figures {
    answered: i64,
    failed: i64,
    memory: i64,
    files: i64,
    threads: i64,
}

fn read(line: &str) -> Figures {
    let words: Vec<&str> = line.split(' ').collect();
    let after = |name: &str| {
        let at = words.iter().position(|word| *word == name).unwrap();
        words[at + 1].parse().unwrap()
    };
    Figures {
        answered: after("answered"),
        failed: after("failed"),
        memory: after("rss"),
        files: after("files"),
        threads: after("threads"),
    }
}

fn soak(name: &str, server: Arc<Server>, url: &str, ca: &str) {
    let pings = env::var("SOAK").unwrap_or_else(|_| "1000".to_owned());
    // What the server has recorded is of no use here, and would fill the memory.
    let forgetting = Arc::downgrade(&server);
    std::thread::spawn(move || {
        while let Some(server) = forgetting.upgrade() {
            server.forget();
            drop(server);
            std::thread::sleep(Duration::from_millis(500));
        }
    });
    let said = Program::linked("soak").run_within(&[url, ca, &pings], Duration::from_secs(4 * 3600));
    println!("{name}:\n{said}");
    let [early, late] = [0, 1].map(|line| read(said.lines().nth(line).unwrap()));
    assert_eq!(late.answered + late.failed, pings.parse::<i64>().unwrap());
    assert!(late.failed > 0 && late.failed < late.answered / 4, "{name}: {said}");
    assert!(late.memory - early.memory < MOST_MORE_KIB, "{name}: {said}");
    assert_eq!(late.files, early.files, "{name}: {said}");
    assert_eq!(late.threads, early.threads, "{name}: {said}");
}

fn soak_plainly(name: &str, handler: impl Handler, path: &str) {
    let server = Arc::new(Server::start(failing(handler)));
    let url = server.url(path);
    soak(name, server, &url, "-");
}

#[test]
fn streamable_http_with_sessions() {
    soak_plainly("Streamable HTTP, 2025-11-25", mcp::legacy(mcp::LEGACY), "/mcp");
}

#[test]
fn streamable_http_without_sessions() {
    soak_plainly("Streamable HTTP, 2026-07-28", mcp::modern(), "/mcp");
}

#[test]
fn http_with_sse() {
    soak_plainly("HTTP+SSE", mcp::sse(), "/sse");
}

#[test]
fn tls() {
    let authority = Authority::new("Authority of the soak");
    let file = authority.file(&folder("soak"));
    let server = Arc::new(Server::start(failing(mcp::legacy(mcp::LEGACY))));
    let front = Front::start(Rules::new(authority.issue_local()), &server);
    soak("TLS", server, &front.url_by_address("/mcp"), file.to_str().unwrap());
}
