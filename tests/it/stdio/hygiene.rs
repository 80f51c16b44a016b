//! What a program gets of this process, and what it does not.

use std::fs::File;
use std::os::fd::AsRawFd;
use std::sync::{Arc, Mutex};

use mcpclient::{Environment, Status, TransportKind};
use nix::sys::signal::{SigSet, SigmaskHow};
use serde_json::{Value, json};

use super::{client, shell};
use crate::support::pace::until;
use crate::support::{Driver, cases, fails};

cases!(
    no_signal_is_blocked_or_ignored,
    the_program_leads_a_group_and_has_three_descriptors,
    arguments_and_directory,
    the_environment_that_was_chosen,
    lines_of_stderr,
    what_a_program_has_no_use_for,
    what_a_url_has_no_use_for,
    what_cannot_change_while_it_runs,
    texts_that_the_system_cannot_take,
);

fn described<D: Driver>(client: &D) -> Value {
    serde_json::from_str(&client.call_tool("process").unwrap()).unwrap()
}

fn no_signal_is_blocked_or_ignored<D: Driver>() {
    // This process's tests run with SIGPIPE ignored; SIGCHLD and others are blocked in this thread.
    let before = SigSet::all().thread_swap_mask(SigmaskHow::SIG_SETMASK).unwrap();
    let client: D = client(&[]);
    let process = described(&client);
    before.thread_set_mask().unwrap();
    assert_eq!(process["blocked"], "0000000000000000");
    // The start-up code of Rust ignores SIGPIPE (13) in the server, and glibc its two own signals (32 and 33).
    let ignored = u64::from_str_radix(process["ignored"].as_str().unwrap(), 16).unwrap();
    assert_eq!(ignored & !(1 << 12 | 1 << 31 | 1 << 32), 0, "{ignored:x}");
}

fn the_program_leads_a_group_and_has_three_descriptors<D: Driver>() {
    let file = File::open("/dev/null").unwrap();
    // A descriptor that is not closed on exec, as many hosts have them.
    let leaked = rustix::io::dup(&file).unwrap();
    let client: D = client(&[]);
    let process = described(&client);
    assert_eq!(process["descriptors"], json!(["0", "1", "2"]), "{} leaked", leaked.as_raw_fd());
    let pid = process["pid"].to_string();
    assert_eq!(process["group"].as_str().unwrap().split_whitespace().last(), Some(pid.as_str()));
    assert_eq!(pid, client.process_id().to_string());
}

fn arguments_and_directory<D: Driver>() {
    let client: D = shell("cd . && exec \"$0\" --log-lines 0");
    client.set_working_directory(Some("/".as_ref())).unwrap();
    let process = described(&client);
    assert_eq!((&process["directory"], &process["arguments"]), (&json!("/"), &json!(["--log-lines", "0"])));
    client.close();
    client.set_working_directory(None).unwrap();
    let own = std::env::current_dir().unwrap().display().to_string();
    assert_eq!(described(&client)["directory"], own.as_str());
}

fn the_environment_that_was_chosen<D: Driver>() {
    let client: D = client(&[]);
    client.set_variable("TOKEN", Some("a=b c")).unwrap();
    let environment = || -> Value { serde_json::from_str(&client.call_tool("environment").unwrap()).unwrap() };
    let basic = environment();
    assert_eq!((&basic["TOKEN"], basic["PATH"].is_string()), (&json!("a=b c"), true));
    assert!(basic.get("CARGO_MANIFEST_DIR").is_none(), "{basic}");
    client.close();
    client.set_environment(Environment::All).unwrap();
    client.set_variable("TOKEN", None).unwrap();
    let all = environment();
    assert!(all["CARGO_MANIFEST_DIR"].is_string() && all.get("TOKEN").is_none(), "{all}");
    client.close();
    client.set_environment(Environment::None).unwrap();
    client.set_variable("ONLY", Some("")).unwrap();
    assert_eq!(environment(), json!({"ONLY": ""}));
}

fn lines_of_stderr<D: Driver>() {
    let client: D = shell("printf 'one\\r\\ntwo\\0\\n\\n%s' three >&2; exec \"$0\"");
    let lines = Arc::new(Mutex::new(Vec::new()));
    let note = lines.clone();
    client.on_stderr(Some(Box::new(move |line| note.lock().unwrap().push(line.to_owned())))).unwrap();
    client.call_tool_with("complain", Some(r#"{"lines":2}"#)).unwrap();
    let expected = ["one", "two\u{fffd}", "", "threecomplaint 0", "complaint 1"];
    until("all lines", || lines.lock().unwrap().len() == expected.len());
    assert_eq!(*lines.lock().unwrap(), expected);
    drop(client);
    assert_eq!(Arc::strong_count(&lines), 1, "the handler is let go with the client");
}

fn what_a_program_has_no_use_for<D: Driver>() {
    let client: D = client(&[]);
    let refused = |outcome| {
        let failure = fails(outcome, Status::Unsupported);
        assert!(failure.message.contains("credentials as environment variables"), "{failure:?}");
    };
    refused(client.set_bearer_token(Some("token")));
    refused(client.set_auth(Some(&D::bearer_auth("token").unwrap())));
    refused(client.set_header("X-Api-Key", Some("key")));
    refused(client.set_ca_file(Some("/etc/ssl/ca.pem".as_ref())));
    refused(client.set_client_certificate(Some(("/c.pem".as_ref(), "/k.pem".as_ref()))));
    refused(client.set_tls_verify(false));
    refused(client.set_proxy(Some("http://proxy:1")));
    refused(client.set_connect_timeout(std::time::Duration::from_secs(1)));
    client.set_bearer_token(None).unwrap();
    client.set_auth(None).unwrap();
    client.set_header("X-Api-Key", None).unwrap();
    client.set_ca_file(None).unwrap();
    client.set_client_certificate(None).unwrap();
    client.set_tls_verify(true).unwrap();
    client.set_proxy(None).unwrap();
    client.set_connect_timeout(std::time::Duration::ZERO).unwrap();
    for other in [TransportKind::Sse, TransportKind::StreamableHttp] {
        fails(client.set_transport(other), Status::Unsupported);
    }
    client.set_transport(TransportKind::Stdio).unwrap();
    client.set_transport(TransportKind::Auto).unwrap();
    client.ping().unwrap();
}

fn what_a_url_has_no_use_for<D: Driver>() {
    let client = D::new("http://127.0.0.1:1/mcp").unwrap();
    fails(client.set_environment(Environment::All), Status::Unsupported);
    fails(client.set_variable("A", Some("b")), Status::Unsupported);
    fails(client.set_working_directory(Some("/".as_ref())), Status::Unsupported);
    fails(client.on_stderr(Some(Box::new(|_| {}))), Status::Unsupported);
    fails(client.set_grace(std::time::Duration::ZERO), Status::Unsupported);
    fails(client.set_transport(TransportKind::Stdio), Status::Unsupported);
    assert_eq!(client.process_id(), 0);
}

fn what_cannot_change_while_it_runs<D: Driver>() {
    let client: D = client(&[]);
    client.ping().unwrap();
    fails(client.set_environment(Environment::All), Status::InvalidState);
    fails(client.set_variable("A", Some("b")), Status::InvalidState);
    fails(client.set_working_directory(None), Status::InvalidState);
    fails(client.on_stderr(None), Status::InvalidState);
    fails(client.set_grace(std::time::Duration::ZERO), Status::InvalidState);
    client.close();
    client.set_variable("A", Some("b")).unwrap();
}

fn texts_that_the_system_cannot_take<D: Driver>() {
    assert!(D::stdio("", &[]).is_err());
    let client: D = client(&[]);
    fails(client.set_variable("", Some("b")), Status::InvalidArgument);
    let failure = fails(client.set_variable("A=B", Some("swordfish")), Status::InvalidArgument);
    assert!(!failure.message.contains("swordfish"), "{failure:?}");
}
