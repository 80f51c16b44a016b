//! What this process was started with.

use std::collections::BTreeMap;
use std::fs;

use nix::sys::signal::{SigSet, SigmaskHow, Signal};
use serde_json::{Value, json};

pub fn environment() -> Value {
    let variables: BTreeMap<String, String> = std::env::vars().collect();
    json!(variables)
}

pub fn describe() -> Value {
    json!({
        "pid": std::process::id(),
        "group": status("NSpgid"),
        "directory": std::env::current_dir().map(|path| path.display().to_string()).unwrap_or_default(),
        "arguments": std::env::args().skip(1).collect::<Vec<_>>(),
        "descriptors": descriptors(),
        "blocked": status("SigBlk"),
        "ignored": status("SigIgn"),
    })
}

/// A line of `/proc/self/status`.
fn status(name: &str) -> String {
    let text = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    line.unwrap_or_default().trim().to_owned()
}

fn descriptors() -> Vec<String> {
    let entries = fs::read_dir("/proc/self/fd").into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        // The folder that is being read has a descriptor of its own.
        .filter(|entry| fs::read_link(entry.path()).is_ok_and(|target| !target.ends_with("fd")))
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// Has SIGTERM wait for ever.
pub fn ignore_term() {
    let mut signals = SigSet::empty();
    signals.add(Signal::SIGTERM);
    signals.thread_swap_mask(SigmaskHow::SIG_BLOCK).expect("the mask can be set");
}
