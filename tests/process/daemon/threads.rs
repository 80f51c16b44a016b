//! Many threads on one client, and the threads that the library starts itself.

use std::collections::BTreeSet;
use std::fs;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use mcpclient::{Status, TransportKind};

use libc::{SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGSYS, SIGTRAP};

use crate::support::rust_driver::Rust;
use crate::support::{Ask, Connection, Driver, Handler, Request, Server, alone, cases, client_at, mcp, until};

cases!(streamable_http_in_many_threads, the_modern_era_in_many_threads, http_with_sse_in_many_threads,);

const THREADS: usize = 16;
const PINGS: usize = 40;

/// Long, so that a torn one would show.
fn token(number: usize) -> String {
    format!("{number:06}").repeat(100)
}

/// Lets only whole tokens in, and notes those that are not.
fn whole_tokens_only(inner: impl Handler, torn: Arc<Mutex<Vec<String>>>) -> impl Handler {
    move |request: &Request, connection: &mut Connection| {
        let said = request.header("Authorization").unwrap_or_default();
        let number = said.strip_prefix("Bearer ").and_then(|token| token.get(..6)?.parse().ok());
        match number.is_some_and(|number| said == format!("Bearer {}", token(number))) {
            true => inner.handle(request, connection),
            false => {
                torn.lock().unwrap().push(said.to_owned());
                connection.send(&mcp::unauthorized())
            }
        }
    }
}

/// Pings and calls a tool from many threads while others rotate the token, and as `disturb` does.
fn storm<D: Driver>(client: &Arc<D>, auth: &D::Auth, disturb: impl Fn(&D) + Sync, allowed: &[Status]) -> usize {
    let (done, answered) = (AtomicBool::new(false), AtomicUsize::new(0));
    thread::scope(|scope| {
        let pinging: Vec<_> = (0..THREADS)
            .map(|_| {
                scope.spawn(|| {
                    for number in 0..PINGS {
                        match Ask::ALL[number % 2].of(&**client) {
                            Ok(()) => drop(answered.fetch_add(1, Ordering::SeqCst)),
                            Err(failure) => {
                                let known = allowed.iter().any(|status| *status as i32 == failure.status);
                                assert!(known, "{failure:?}");
                            }
                        }
                    }
                })
            })
            .collect();
        scope.spawn(|| {
            for number in 1.. {
                if done.load(Ordering::SeqCst) {
                    break;
                }
                D::set_token(auth, &token(number % 1_000_000)).unwrap();
                thread::sleep(Duration::from_micros(100));
            }
        });
        scope.spawn(|| {
            while !done.load(Ordering::SeqCst) {
                disturb(client);
            }
        });
        let failed = pinging.into_iter().map(|thread| thread.join()).filter(Result::is_err).count();
        done.store(true, Ordering::SeqCst);
        assert_eq!(failed, 0, "threads that saw another error");
    });
    answered.load(Ordering::SeqCst)
}

fn in_many_threads<D: Driver>(handler: impl Handler, path: &str) {
    let torn = Arc::default();
    let server = Server::start(whole_tokens_only(handler, Arc::clone(&torn)));
    let client: Arc<D> = Arc::new(client_at(&server.url(path)));
    client.set_timeout(Duration::from_secs(60));
    let auth = D::bearer_auth(&token(0)).unwrap();
    client.set_auth(Some(&auth)).unwrap();

    let all = THREADS * PINGS;
    assert_eq!(storm(&client, &auth, |_| thread::sleep(Duration::from_millis(1)), &[]), all, "no answer is lost");
    let cancel = |client: &D| {
        thread::sleep(Duration::from_millis(3));
        client.cancel();
    };
    let answered = storm(&client, &auth, cancel, &[Status::Cancelled]);
    println!("{path}: {answered} of {all} answered while calls were cancelled");
    let close = |client: &D| {
        thread::sleep(Duration::from_millis(20));
        client.close();
    };
    // A call that is closed under again and again finds its session gone.
    let answered = storm(&client, &auth, close, &[Status::Network, Status::Http]);
    println!("{path}: {answered} of {all} answered while the client was closed");
    assert!(answered > 0);
    client.ping().unwrap();
    assert_eq!(*torn.lock().unwrap(), Vec::<String>::new(), "credentials are whole");
}

fn streamable_http_in_many_threads<D: Driver>() {
    in_many_threads::<D>(mcp::legacy(mcp::LEGACY), "/mcp");
}

fn the_modern_era_in_many_threads<D: Driver>() {
    in_many_threads::<D>(mcp::modern(), "/mcp");
}

fn http_with_sse_in_many_threads<D: Driver>() {
    in_many_threads::<D>(mcp::sse(), "/sse");
}

/// The names of the library's own threads in this process, checked to block every signal but those of a fault.
fn own_threads() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for task in fs::read_dir("/proc/self/task").unwrap() {
        let Ok(status) = fs::read_to_string(task.unwrap().path().join("status")) else { continue };
        let line = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).unwrap().trim();
        let name = line("Name:").to_owned();
        if name.starts_with("mcpclient-") {
            let blocked = u64::from_str_radix(line("SigBlk:"), 16).unwrap();
            // SIGKILL and SIGSTOP cannot be blocked, 32 and 33 belong to the C library.
            let signal = |number: i32| 1u64 << (number - 1);
            let unblockable = [libc::SIGKILL, libc::SIGSTOP, 32, 33].map(signal).iter().sum::<u64>();
            let of_a_fault = [SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS].map(signal).iter().sum::<u64>();
            assert_eq!(blocked & !unblockable, !unblockable & !of_a_fault, "{name} blocks {blocked:016x}");
            names.insert(name);
        }
    }
    names
}

/// Alone in its process, since other tests make the library start threads too.
#[test]
fn the_librarys_threads_are_few_and_named_and_block_the_hosts_signals() {
    const CASE: &str = "daemon::threads::the_librarys_threads_are_few_and_named_and_block_the_hosts_signals";
    if !alone::is_child(CASE) {
        alone::run(CASE, &[]);
        return;
    }
    let server = Server::start(mcp::legacy(mcp::LEGACY));
    let client: Rust = client_at(&server.url("/mcp"));
    client.ping().unwrap();
    assert!(own_threads().is_empty(), "a ping over Streamable HTTP needs no thread");

    let server = Server::start(mcp::sse());
    let client: Rust = client_at(&server.url("/sse"));
    for _ in 0..3 {
        client.ping().unwrap();
    }
    assert_eq!(client.transport_in_use(), TransportKind::Sse);
    assert_eq!(own_threads(), BTreeSet::from(["mcpclient-sse".to_owned()]));
    // What the server says on its own is handed over on another (the kernel keeps 15 bytes of a name).
    server.push("event: message\ndata: {\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"ping\"}\n\n");
    assert!(server.saw(|request| request.name() == "response"));
    assert_eq!(own_threads(), ["mcpclient-pings", "mcpclient-sse"].map(str::to_owned).into());
    client.close();
    until("close joins them", || own_threads().is_empty()); // the kernel lists a joined thread for a moment

    // A name service that is slow has a thread; it ends with the answer.
    let client: Rust = client_at("http://nowhere.invalid/mcp");
    assert!(client.ping().is_err());
    client.close();
    until("the thread ends with the lookup", || own_threads().is_empty());
}
