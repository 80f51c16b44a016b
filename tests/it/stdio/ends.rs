//! How programs end, by themselves and by the client.

use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use mcpclient::Status;

use super::{client, is_alive, is_zombie, prepared, server, shell};
use crate::support::pace::{stretched, until};
use crate::support::{Driver, cases, fails};

cases!(
    a_program_that_cannot_be_started,
    a_crash_in_the_middle_of_a_call,
    a_tools_call_is_sent_once,
    a_call_that_only_reads_is_repeated,
    a_signal_ends_the_program,
    a_program_that_ends_at_once_is_not_started_again_and_again,
    a_program_that_closes_its_stdout,
    a_program_that_closes_its_stdin,
    a_program_that_does_not_read,
    a_program_that_never_answers,
    closing_ends_the_program_by_its_stdin,
    a_program_that_ignores_sigterm_is_killed,
    a_program_that_waits_for_sigterm,
    helpers_end_with_the_program,
    helpers_of_a_crashed_program_end,
    a_program_that_writes_while_it_is_ended,
    cancelling_while_the_program_starts,
    closing_while_the_program_starts,
    a_value_of_a_variable_stands_in_no_error,
);

fn a_program_that_cannot_be_started<D: Driver>() {
    let failure = |command: &str| fails(D::stdio(command, &[]).unwrap().ping(), Status::InvalidState);
    let missing = failure("/nowhere/at-all");
    assert!(missing.message.contains("/nowhere/at-all cannot be started: No such file"), "{missing:?}");
    let missing = failure("mcpclient-no-such-program");
    assert!(missing.message.contains("mcpclient-no-such-program cannot be started: No such file"), "{missing:?}");
    let folder = failure("/");
    assert!(folder.message.contains("/ cannot be started: Permission denied"), "{folder:?}");
    let elsewhere = client::<D>(&[]);
    elsewhere.set_working_directory(Some("/nowhere".as_ref())).unwrap();
    let failure = fails(elsewhere.ping(), Status::InvalidState);
    assert!(failure.message.contains("the working directory /nowhere: No such file"), "{failure:?}");
}

fn a_crash_in_the_middle_of_a_call<D: Driver>() {
    let client: D = client(&[]);
    client.ping().unwrap();
    let pid = client.process_id();
    let crash = r#"{"status":7,"reason":"the disk is full"}"#;
    let failure = fails(client.call_tool_with("crash", Some(crash)), Status::Network);
    assert!(failure.message.contains("ended with status 7"), "{failure:?}");
    assert!(failure.message.contains("the last line on its stderr: fatal: the disk is full"), "{failure:?}");
    until("the program is reaped", || !is_zombie(pid) && !is_alive(pid));
    client.call_tool("echo").unwrap();
    assert_ne!(client.process_id(), pid);
}

fn a_tools_call_is_sent_once<D: Driver>() {
    let file = tempfile("once");
    let client: D = shell(&format!("echo x >>{file}; exec \"$0\""));
    client.ping().unwrap();
    fails(client.call_tool("crash"), Status::Network);
    thread::sleep(stretched(Duration::from_millis(200)));
    // To send it again, another program would have been started.
    assert_eq!(std::fs::read_to_string(&file).unwrap().lines().count(), 1);
    client.ping().unwrap();
    std::fs::remove_file(file).unwrap();
}

fn a_call_that_only_reads_is_repeated<D: Driver>() {
    let client: D = client(&[]);
    client.ping().unwrap();
    let pid = client.process_id();
    thread::scope(|scope| {
        // The program is busy with one call while others wait for it.
        let busy = scope.spawn(|| client.call_tool_with("sleep", Some(r#"{"ms":60000}"#)));
        thread::sleep(stretched(Duration::from_millis(200)));
        let reading = scope.spawn(|| client.list_tools());
        thread::sleep(stretched(Duration::from_millis(200)));
        nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), nix::sys::signal::SIGKILL).unwrap();
        let failure = fails(busy.join().unwrap(), Status::Network);
        assert!(failure.message.contains("ended by signal 9"), "{failure:?}");
        reading.join().unwrap().unwrap();
    });
    assert_ne!(client.process_id(), pid);
}

fn a_signal_ends_the_program<D: Driver>() {
    let client: D = client(&[]);
    client.ping().unwrap();
    let pid = client.process_id();
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), nix::sys::signal::SIGTERM).unwrap();
    until("the end is known", || client.process_id() == 0);
    until("the program is reaped", || !is_zombie(pid) && !is_alive(pid));
    client.ping().unwrap();
}

fn a_program_that_ends_at_once_is_not_started_again_and_again<D: Driver>() {
    let folder = tempfile("starts");
    let client: D = shell(&format!("echo x >>{folder}; echo 'no configuration' >&2; exit 2"));
    let starts = || std::fs::read_to_string(&folder).unwrap().lines().count();
    // Each call starts it twice: it might be one that ends at the question for its era.
    for _ in 0..3 {
        let failure = fails(client.ping(), Status::Network);
        assert!(failure.message.contains("ended with status 2"), "{failure:?}");
        assert!(failure.message.contains("stderr: no configuration"), "{failure:?}");
    }
    let before = starts();
    assert!((3..=4).contains(&before), "{before}");
    let start = Instant::now();
    let failure = fails(client.ping(), Status::Network);
    assert!(failure.message.contains("times in a row") && starts() == before, "{failure:?}");
    assert!(start.elapsed() < stretched(Duration::from_millis(500)));
    std::fs::remove_file(folder).unwrap();
}

/// A name for a file of this test.
fn tempfile(name: &str) -> String {
    static COUNT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let number = COUNT.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
    let file = format!("mcpclient-{name}-{}-{number}", std::process::id());
    std::env::temp_dir().join(file).to_str().unwrap().to_owned()
}

fn a_program_that_closes_its_stdout<D: Driver>() {
    let client: D = shell("exec >&-; sleep 1000");
    client.set_grace(Duration::ZERO).unwrap();
    let failure = fails(client.ping(), Status::Network);
    assert!(failure.message.contains("closed its stdout"), "{failure:?}");
}

fn a_program_that_closes_its_stdin<D: Driver>() {
    let client: D = shell("exec <&-; sleep 1000");
    client.set_grace(Duration::ZERO).unwrap();
    let failure = fails(client.ping(), Status::Network);
    assert!(failure.message.contains("closed its stdin"), "{failure:?}");
}

fn a_program_that_does_not_read<D: Driver>() {
    let client: D = shell("sleep 1000");
    client.set_grace(Duration::ZERO).unwrap();
    client.set_protocol_version(Some("2026-07-28")).unwrap();
    client.connect().unwrap();
    client.set_timeout(stretched(Duration::from_millis(300)));
    let large = format!("{{\"text\":\"{}\"}}", "x".repeat(3 * 1024 * 1024));
    thread::scope(|scope| {
        let calls: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let start = Instant::now();
                    let outcome = client.call_tool_with("echo", Some(&large));
                    (outcome.unwrap_err().status, start.elapsed())
                })
            })
            .collect();
        let ends: Vec<_> = calls.into_iter().map(|call| call.join().unwrap()).collect();
        // One is being written, another may wait, and the rest is refused.
        let of = |status: Status| ends.iter().filter(|(found, _)| *found == status as i32).count();
        let (waited, refused) = (of(Status::Timeout), of(Status::Network));
        assert!((1..=2).contains(&waited) && waited + refused == 4, "{ends:?}");
        assert!(ends.iter().all(|(_, time)| *time < stretched(Duration::from_secs(2))), "{ends:?}");
    });
}

fn a_program_that_never_answers<D: Driver>() {
    let client: D = shell("cat >/dev/null");
    client.set_timeout(stretched(Duration::from_millis(300)));
    let start = Instant::now();
    fails(client.ping(), Status::Timeout);
    assert!(start.elapsed() < stretched(Duration::from_secs(2)));
    client.close();
}

fn closing_ends_the_program_by_its_stdin<D: Driver>() {
    let client: D = shell("\"$0\"; echo 'ended by itself' >&2");
    let lines = Arc::new(Mutex::new(Vec::new()));
    let note = lines.clone();
    client.on_stderr(Some(Box::new(move |line| note.lock().unwrap().push(line.to_owned())))).unwrap();
    client.ping().unwrap();
    let pid = client.process_id();
    let start = Instant::now();
    client.close();
    assert!(start.elapsed() < stretched(Duration::from_secs(1)));
    assert!(!is_alive(pid) && !is_zombie(pid));
    assert_eq!(*lines.lock().unwrap(), ["ended by itself"]);
}

fn a_program_that_ignores_sigterm_is_killed<D: Driver>() {
    let client: D = shell("trap '' TERM; \"$0\"; while :; do sleep 1; done");
    client.set_grace(Duration::from_millis(200)).unwrap();
    client.ping().unwrap();
    let pid = client.process_id();
    let start = Instant::now();
    client.close();
    let took = start.elapsed();
    assert!(took >= Duration::from_millis(400) && took < stretched(Duration::from_millis(1500)), "{took:?}");
    assert!(!is_alive(pid) && !is_zombie(pid));
}

fn a_program_that_waits_for_sigterm<D: Driver>() {
    let client: D = shell("trap 'echo asked to end >&2; exit' TERM; \"$0\"; while :; do sleep 0.05; done");
    let lines = Arc::new(Mutex::new(Vec::new()));
    let note = lines.clone();
    client.on_stderr(Some(Box::new(move |line| note.lock().unwrap().push(line.to_owned())))).unwrap();
    client.set_grace(stretched(Duration::from_millis(500))).unwrap();
    client.ping().unwrap();
    let pid = client.process_id();
    client.close();
    assert!(!is_alive(pid) && !is_zombie(pid));
    // The shell may say as well that its own child was ended.
    assert!(lines.lock().unwrap().contains(&"asked to end".to_owned()));
}

fn helpers_end_with_the_program<D: Driver>() {
    let client: D = client(&[]);
    client.set_grace(Duration::from_millis(200)).unwrap();
    let helper: i32 = client.call_tool("helper").unwrap().parse().unwrap();
    assert!(is_alive(helper));
    // The helper holds the server's stdout.
    let start = Instant::now();
    client.close();
    assert!(start.elapsed() < stretched(Duration::from_secs(2)));
    until("the helper has ended", || !is_alive(helper));
}

fn helpers_of_a_crashed_program_end<D: Driver>() {
    let client: D = client(&[]);
    client.set_grace(Duration::from_millis(100)).unwrap();
    let helper: i32 = client.call_tool("helper").unwrap().parse().unwrap();
    fails(client.call_tool("crash"), Status::Network);
    until("the helper has ended", || !is_alive(helper));
}

fn a_program_that_writes_while_it_is_ended<D: Driver>() {
    // More than a pipe holds, so that it ends only when what it writes is read.
    let client: D = shell("\"$0\"; head -c 1000000 /dev/zero; echo done >&2");
    client.set_grace(stretched(Duration::from_secs(5))).unwrap();
    client.ping().unwrap();
    let start = Instant::now();
    client.close();
    assert!(start.elapsed() < stretched(Duration::from_secs(2)));
}

fn cancelling_while_the_program_starts<D: Driver>() {
    let client: D = shell("sleep 1000");
    client.set_grace(Duration::ZERO).unwrap();
    thread::scope(|scope| {
        let calling = scope.spawn(|| client.ping());
        thread::sleep(stretched(Duration::from_millis(200)));
        let start = Instant::now();
        client.cancel();
        fails(calling.join().unwrap(), Status::Cancelled);
        assert!(start.elapsed() < stretched(Duration::from_millis(200)));
    });
}

fn closing_while_the_program_starts<D: Driver>() {
    let client: D = shell("sleep 1000");
    client.set_grace(Duration::ZERO).unwrap();
    client.set_timeout(stretched(Duration::from_secs(1)));
    thread::scope(|scope| {
        let calling = scope.spawn(|| client.ping());
        thread::sleep(stretched(Duration::from_millis(200)));
        client.close();
        // The call goes on with another program, or fails: it does not hang.
        let _ = calling.join().unwrap();
    });
}

fn a_value_of_a_variable_stands_in_no_error<D: Driver>() {
    let client: D = prepared(D::stdio("sh", &["-c", "echo \"bad token $TOKEN\" >&2; exit 1", &server()]).unwrap());
    client.set_variable("TOKEN", Some("swordfish-secret")).unwrap();
    let failure = fails(client.ping(), Status::Network);
    assert!(failure.message.contains("bad token [redacted]"), "{failure:?}");
    let talkative: D = prepared(D::stdio("sh", &["-c", "echo \"using $TOKEN\"; sleep 1000"]).unwrap());
    talkative.set_variable("TOKEN", Some("swordfish-secret")).unwrap();
    talkative.set_grace(Duration::ZERO).unwrap();
    talkative.set_timeout(stretched(Duration::from_millis(300)));
    let failure = fails(talkative.ping(), Status::Timeout);
    assert!(failure.message.contains("using [redacted]"), "{failure:?}");
}
