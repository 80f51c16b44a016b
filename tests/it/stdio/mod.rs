//! Servers that are programs: `examples/stdio_server`, and shells around it for what programs do to a client.

mod calls;
mod ends;
mod hygiene;

use std::env;
use std::path::PathBuf;
use std::time::Duration;

use crate::support::Driver;
use crate::support::pace::stretched;

/// The server, which cargo has built with the tests.
fn server() -> String {
    let tests = env::current_exe().unwrap();
    let folder: PathBuf = tests.ancestors().nth(2).unwrap().join("examples");
    folder.join("stdio_server").to_str().unwrap().to_owned()
}

/// A client of the server with these arguments; its stderr is discarded.
fn client<D: Driver>(arguments: &[&str]) -> D {
    prepared(D::stdio(&server(), arguments).unwrap())
}

/// A client of a shell's command, in which `"$0"` is the server.
fn shell<D: Driver>(script: &str) -> D {
    prepared(D::stdio("sh", &["-c", script, &server()]).unwrap())
}

fn prepared<D: Driver>(client: D) -> D {
    client.set_timeout(stretched(Duration::from_secs(10)));
    client.on_stderr(Some(Box::new(|_| {}))).unwrap();
    client
}

/// Whether a process is there and has not ended.
fn is_alive(pid: i32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    status.rsplit(')').next().is_some_and(|rest| !rest.is_empty() && !rest.trim_start().starts_with('Z'))
}

/// Whether a process has ended and was not reaped.
fn is_zombie(pid: i32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    status.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('Z'))
}
