//! Hosts of a server that is a program, with their own ways to treat children.

use std::{env, fs};

use crate::support::programs::{LONGEST_RUN, Program};

/// What may stay more than a fifth of the way in: the allocator is never quite still.
const MOST_MORE_KIB: i64 = 1024;

/// The server, which cargo has built with the tests.
fn server() -> String {
    let tests = env::current_exe().unwrap();
    tests.ancestors().nth(2).unwrap().join("examples/stdio_server").to_str().unwrap().to_owned()
}

fn host(mode: &str) {
    Program::linked("stdio").run(&[&server(), mode]);
}

#[test]
fn a_host_keeps_its_own_children() {
    host("child");
}

#[test]
fn a_host_may_ignore_its_children() {
    host("ignore");
}

#[test]
fn a_host_may_have_the_system_reap() {
    host("nocldwait");
}

#[test]
fn a_host_may_reap_everything() {
    host("reap");
}

#[test]
fn a_host_may_fork() {
    host("fork");
}

#[test]
fn the_examples() {
    let stdio = Program::example("stdio").with("TOOL", "echo").with("ARGUMENTS", r#"{"text":"hello"}"#);
    let said = stdio.run(&[&server(), "--legacy-only"]);
    assert!(said.contains("and speaks 2025-11-25. Its tools:\necho\n") && said.ends_with("hello\n"), "{said}");

    let file = env::temp_dir().join(format!("mcpclient-example-{}.json", std::process::id()));
    let text =
        format!(r#"{{"mcpServers": {{"local": {{"command": "{}"}}, "other": {{"url": "http://h/"}}}}}}"#, server());
    fs::write(&file, text).unwrap();
    let config = Program::example("config");
    let path = file.to_str().unwrap();
    assert_eq!(config.run(&[path, "local"]), "local is there.\n");
    let listed = config.run(&[path]);
    assert!(listed.contains("local ") && listed.contains("http://h/"), "{listed}");
    fs::remove_file(file).unwrap();
}

/// A thousand pings, or as many as `SOAK` says: `make soak` says 100000.
#[test]
fn soak() {
    let pings = env::var("SOAK").unwrap_or_else(|_| "1000".to_owned());
    let said = Program::linked("stdio").run_within(&[&server(), "soak", &pings], 100 * LONGEST_RUN);
    println!("stdio:\n{said}");
    let figure = |line: usize, name: &str| -> i64 {
        let words: Vec<&str> = said.lines().nth(line).unwrap().split(' ').collect();
        words[1 + words.iter().position(|word| *word == name).unwrap()].parse().unwrap()
    };
    assert!(figure(1, "rss") - figure(0, "rss") < MOST_MORE_KIB, "{said}");
    assert_eq!(figure(0, "files"), figure(1, "files"), "{said}");
    assert_eq!(figure(0, "threads"), figure(1, "threads"), "{said}");
}
