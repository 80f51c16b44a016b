//! Processes that host the library, written in C: forks, signals, loading and unloading.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::net::{Shutdown, TcpListener};
use std::thread;
use std::time::Duration;

use crate::support::authority::{Authority, folder};
use crate::support::front::{Front, Rules};
use crate::support::programs::{Program, library};
use crate::support::{Handler, Request, Server, mcp};

/// Runs a program against a server behind TLS, and gives the server's record.
pub(super) fn run_behind_tls(program: &Program, handler: impl Handler, path: &str, more: &[&str]) -> Vec<Request> {
    let authority = Authority::new("Authority of the hosts");
    let name = format!("hosts-{}", thread::current().name().unwrap_or_default().replace("::", "-"));
    let file = authority.file(&folder(&name));
    let server = Server::start(handler);
    let front = Front::start(Rules::new(authority.issue_local()), &server);
    program.run(&[&[front.url_by_address(path).as_str(), file.to_str().unwrap()], more].concat());
    server.requests()
}

pub(super) fn run_plainly(program: &Program, handler: impl Handler, path: &str, more: &[&str]) -> Vec<Request> {
    let server = Server::start(handler);
    program.run(&[&[server.url(path).as_str(), "-"], more].concat());
    server.requests()
}

/// What fork.c must leave behind at a server with sessions: two parents' sessions and five children's.
#[track_caller]
fn check_family(requests: &[Request]) {
    let session = |request: &Request| request.header("Mcp-Session-Id").map(str::to_owned);
    let mut carried: BTreeMap<usize, BTreeSet<String>> = BTreeMap::new();
    for request in requests {
        carried.entry(request.connection).or_default().extend(session(request));
    }
    assert!(carried.values().all(|sessions| sessions.len() <= 1), "no connection is shared: {carried:?}");

    let opened = requests.iter().filter(|request| request.name() == "initialize").count();
    // Two parents, and the children of `work`, `work_and_free` (twice), `close_and_work`, and a child with its own.
    assert_eq!(opened, 2 + 1 + 2 + 1 + 2, "sessions");
    let ended: Vec<_> = requests.iter().filter(|request| request.method == "DELETE").filter_map(session).collect();
    let distinct: BTreeSet<_> = ended.iter().collect();
    assert_eq!(ended.len(), distinct.len(), "no session is ended twice");
    // The child of `work` and the one with a child of its own leave without a word; all others end their sessions.
    assert_eq!(ended.len(), opened - 2, "sessions ended");

    let parent = requests.iter().find_map(session).unwrap();
    let last_ping =
        requests.iter().rposition(|request| request.name() == "ping" && session(request) == Some(parent.clone()));
    let end =
        requests.iter().position(|request| request.method == "DELETE" && session(request) == Some(parent.clone()));
    assert!(last_ping.unwrap() < end.unwrap(), "the parent's session lives until the parent ends it");
}

#[test]
fn a_fork_leaves_both_processes_a_working_client() {
    let program = Program::linked("fork");
    check_family(&run_plainly(&program, mcp::legacy(mcp::LEGACY), "/mcp", &[]));
    run_plainly(&program, mcp::modern(), "/mcp", &[]);
}

#[test]
fn a_fork_leaves_both_processes_a_working_client_over_tls() {
    let program = Program::linked("fork");
    check_family(&run_behind_tls(&program, mcp::legacy(mcp::LEGACY), "/mcp", &[]));
    run_behind_tls(&program, mcp::sse(), "/sse", &[]);
}

#[test]
fn a_fork_leaves_both_processes_a_working_client_over_http_with_sse() {
    check_streams(&run_plainly(&Program::linked("fork"), mcp::sse(), "/sse", &[]));
}

#[test]
fn a_child_that_lives_on_keeps_no_connection_of_its_parent_open() {
    let program = Program::linked("fork_close");
    run_plainly(&program, mcp::modern(), "/mcp", &[]);
    run_plainly(&program, mcp::legacy(mcp::LEGACY), "/mcp", &[]);
    run_behind_tls(&program, mcp::modern(), "/mcp", &[]);
}

/// As in namespaces of process numbers: the number says nothing.
#[test]
fn a_child_with_the_process_number_of_its_parent_has_a_client_of_its_own() {
    let program = Program::linked("fork_same_pid");
    check_family(&run_plainly(&program, mcp::legacy(mcp::LEGACY), "/mcp", &[]));
    check_family(&run_behind_tls(&program, mcp::legacy(mcp::LEGACY), "/mcp", &[]));
    check_streams(&run_plainly(&program, mcp::sse(), "/sse", &[]));
}

/// The same over HTTP+SSE.
#[track_caller]
fn check_streams(requests: &[Request]) {
    let streams = requests.iter().filter(|request| request.method == "GET").count();
    assert_eq!(streams, 2 + 1 + 2 + 1 + 2, "each process that works has a stream of its own");
    let pings = |session: &str| {
        requests.iter().filter(|request| request.name() == "ping" && mcp::session(request) == Some(session)).count()
    };
    // The first parent pings once, and six times for each of its five children.
    assert_eq!(pings("s0"), 1 + 5 * 6, "the parent's stream serves the parent to the end");
}

#[test]
fn a_fork_among_busy_threads_makes_no_deadlock() {
    let program = Program::linked("fork_busy");
    run_plainly(&program, mcp::legacy(mcp::LEGACY), "/mcp", &["100"]);
    run_plainly(&program, mcp::modern(), "/mcp", &["100"]);
}

#[test]
fn a_fork_among_busy_threads_makes_no_deadlock_over_http_with_sse() {
    run_plainly(&Program::linked("fork_busy"), mcp::sse(), "/sse", &["100"]);
}

#[test]
fn a_fork_among_busy_threads_makes_no_deadlock_over_tls() {
    run_behind_tls(&Program::linked("fork_busy"), mcp::legacy(mcp::LEGACY), "/mcp", &["30"]);
}

#[test]
fn a_signal_every_millisecond_is_no_error() {
    let program = Program::linked("alarm");
    run_plainly(&program, mcp::legacy(mcp::LEGACY), "/mcp", &[]);
    run_plainly(&program, mcp::modern(), "/mcp", &[]);
    run_plainly(&program, mcp::sse(), "/sse", &[]);
    run_behind_tls(&program, mcp::legacy(mcp::LEGACY), "/mcp", &[]);
}

#[test]
fn a_write_into_a_dead_connection_raises_no_signal() {
    let resetting = TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = |listener: &TcpListener| format!("http://{}/mcp", listener.local_addr().unwrap());
    let urls = [url(&resetting), url(&silent)];
    // Both threads end with the process.
    thread::spawn(move || {
        for stream in resetting.incoming() {
            let mut stream = stream.unwrap();
            stream.read_exact(&mut [0; 1000]).unwrap();
            // To write after such an end is EPIPE; after a reset alone it would be ECONNRESET, which has no signal.
            stream.shutdown(Shutdown::Write).unwrap();
            thread::sleep(Duration::from_millis(10));
            socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
        }
    });
    thread::spawn(move || {
        let streams: Vec<_> = silent.incoming().collect();
        drop(streams);
    });
    Program::linked("sigpipe").run(&[&urls[0], &urls[1]]);
}

#[test]
fn a_name_service_that_does_not_answer_holds_nobody() {
    let said = Program::linked("resolver").run(&[]);
    println!("{said}");
    let took = |what: &str| {
        let line = said.lines().find_map(|line| line.strip_prefix(what)?.strip_suffix(" ms")).unwrap();
        line.parse::<f64>().unwrap()
    };
    assert!(took("cancelled after ") < 100.0);
    assert!(took("freed after ") < 1000.0);
    assert!((300.0..800.0).contains(&took("timed out after ")));
    assert!((300.0..800.0).contains(&took("gave up after ")));
    assert!(took("closed after ") < 1000.0);
}

#[test]
fn loading_and_unloading_a_hundred_times_leaves_nothing_behind() {
    let authority = Authority::new("Authority of the loader");
    let file = authority.file(&folder("hosts-load"));
    let (streamable, sse) = (Server::start(mcp::legacy(mcp::LEGACY)), Server::start(mcp::sse()));
    let behind = Server::start(mcp::modern());
    let front = Front::start(Rules::new(authority.issue_local()), &behind);
    let urls = [streamable.url("/mcp"), sse.url("/sse"), front.url("/mcp"), sse.url("/sse")];
    let library = library();
    let mut arguments = vec![library.to_str().unwrap(), file.to_str().unwrap()];
    arguments.extend(urls.iter().map(String::as_str));
    let said = Program::alone("load").run(&arguments);
    println!("{said}");
    let more: i64 = said.split(' ').next().unwrap().parse().unwrap();
    assert!(more < 1024, "{said}");
}
