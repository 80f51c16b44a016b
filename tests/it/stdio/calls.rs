//! Calls, in both eras.

use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use mcpclient::{Status, TransportKind};
use serde_json::json;

use super::{client, shell};
use crate::support::pace::{stretched, until};
use crate::support::{Driver, cases, fails};

cases!(
    every_call_in_both_eras,
    a_dual_server_is_spoken_to_in_the_newer_era,
    versions_can_be_pinned,
    a_program_that_ends_at_the_question_is_of_the_older_era,
    a_program_that_ignores_the_question_is_of_the_older_era,
    a_program_that_starts_slowly_is_not_taken_for_an_old_one,
    progress_arrives,
    elicitation_in_both_eras,
    a_cancelled_call_is_told_to_the_server,
    a_call_that_times_out_is_told_to_the_server,
    sixteen_threads_share_one_program,
    pretty_printed_arguments_are_one_line,
    large_messages_both_ways,
    a_result_over_the_limit,
    subscriptions_in_both_eras,
    log_lines_on_stdout_are_skipped,
    a_time_out_tells_of_log_lines,
    a_structured_log_line_is_no_message,
    a_response_that_is_none,
);

const ERAS: [&str; 2] = ["--modern-only", "--legacy-only"];

fn every_call_in_both_eras<D: Driver>() {
    for (era, version) in [("--modern-only", "2026-07-28"), ("--legacy-only", "2025-11-25")] {
        let client: D = client(&[era]);
        assert_eq!((client.transport_in_use(), client.process_id()), (TransportKind::Auto, 0));
        client.connect().unwrap();
        assert_eq!(client.transport_in_use(), TransportKind::Stdio);
        assert_eq!(client.protocol_version().as_deref(), Some(version));
        let pid = client.process_id();
        client.ping().unwrap();
        let tools = client.list_tools().unwrap();
        assert_eq!(tools[0]["name"], "echo");
        let result = client.call_tool_with("echo", Some(r#"{"text":"héllo\n"}"#)).unwrap();
        assert_eq!(result["content"][0]["text"], "héllo\n");
        assert_eq!(client.list_resources().unwrap()[0]["uri"], "demo://a");
        assert_eq!(client.read_resource("demo://a").unwrap()["contents"][0]["text"], "about");
        assert_eq!(client.list_prompts().unwrap()[0]["name"], "greet");
        assert_eq!(client.get_prompt("greet", None).unwrap()["messages"], json!([]));
        assert!(client.server_info().unwrap()["capabilities"]["tools"].is_object());
        client.notify("notifications/roots/list_changed", None).unwrap();
        let failure = fails(client.call_tool_with("unknown", None), Status::Rpc);
        assert_eq!(failure.rpc_code, -32602);
        assert_eq!(client.process_id(), pid, "one program serves all calls");
        client.close();
        assert_eq!((client.transport_in_use(), client.process_id()), (TransportKind::Auto, 0));
        client.ping().unwrap();
        assert_ne!(client.process_id(), pid);
    }
}

fn a_dual_server_is_spoken_to_in_the_newer_era<D: Driver>() {
    let client: D = client(&[]);
    client.ping().unwrap();
    assert_eq!(client.protocol_version().as_deref(), Some("2026-07-28"));
}

fn versions_can_be_pinned<D: Driver>() {
    for version in ["2026-07-28", "2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"] {
        let client: D = client(&[]);
        client.set_protocol_version(Some(version)).unwrap();
        client.ping().unwrap();
        assert_eq!(client.protocol_version().as_deref(), Some(version));
        client.call_tool("echo").unwrap();
    }
}

fn a_program_that_ends_at_the_question_is_of_the_older_era<D: Driver>() {
    let client: D = client(&["--end-at-discover"]);
    client.ping().unwrap();
    assert_eq!(client.protocol_version().as_deref(), Some("2025-11-25"));
    client.close();
    // The second time it is not asked, so that it need not be started twice.
    let start = Instant::now();
    client.ping().unwrap();
    assert!(start.elapsed() < stretched(Duration::from_secs(2)));
}

fn a_program_that_ignores_the_question_is_of_the_older_era<D: Driver>() {
    let client: D = client(&["--silent-at-discover"]);
    client.ping().unwrap();
    assert_eq!(client.protocol_version().as_deref(), Some("2025-11-25"));
    client.call_tool("echo").unwrap();
}

fn a_program_that_starts_slowly_is_not_taken_for_an_old_one<D: Driver>() {
    for (era, version) in ERAS.into_iter().zip(["2026-07-28", "2025-11-25"]) {
        let client: D = client(&["--start-ms", "5500", era]);
        client.ping().unwrap();
        assert_eq!(client.protocol_version().as_deref(), Some(version));
        client.call_tool("echo").unwrap();
    }
}

fn progress_arrives<D: Driver>() {
    for era in ERAS {
        let client: D = client(&[era]);
        let heard = Arc::new(Mutex::new(Vec::new()));
        let note = heard.clone();
        let handler = move |_: &str, params: &serde_json::Value| {
            note.lock().unwrap().push(params["progress"].as_u64().unwrap());
        };
        client.on_notification(Some("notifications/progress"), Some(Box::new(handler))).unwrap();
        client.call_tool("progress").unwrap();
        until("three steps", || heard.lock().unwrap().len() == 3);
        assert_eq!(*heard.lock().unwrap(), [1, 2, 3]);
    }
}

fn elicitation_in_both_eras<D: Driver>() {
    for era in ERAS {
        let client: D = client(&[era]);
        client
            .on_request(
                "elicitation/create",
                Some(Box::new(|_, params, reply| {
                    assert_eq!(params["message"], "Your name?");
                    reply.result(r#"{"action":"accept","content":{"name":"Ada"}}"#).unwrap();
                })),
            )
            .unwrap();
        let text = client.call_tool("ask").unwrap();
        assert!(text.contains("\"Ada\""), "{era}: {text}");
    }
}

/// The lines of a program's stderr.
fn lines_of<D: Driver>(client: &D) -> Arc<Mutex<Vec<String>>> {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let note = lines.clone();
    client.on_stderr(Some(Box::new(move |line| note.lock().unwrap().push(line.to_owned())))).unwrap();
    lines
}

fn a_cancelled_call_is_told_to_the_server<D: Driver>() {
    for era in ERAS {
        let client = Arc::new(client::<D>(&[era]));
        let lines = lines_of(&*client);
        client.ping().unwrap();
        let calling = thread::spawn({
            let client = client.clone();
            move || client.call_tool("never")
        });
        thread::sleep(stretched(Duration::from_millis(200)));
        let start = Instant::now();
        client.cancel();
        fails(calling.join().unwrap(), Status::Cancelled);
        assert!(start.elapsed() < stretched(Duration::from_millis(200)));
        until("the server is told", || lines.lock().unwrap().iter().any(|line| line.starts_with("cancelled ")));
        client.ping().unwrap();
    }
}

fn a_call_that_times_out_is_told_to_the_server<D: Driver>() {
    let client: D = client(&[]);
    let lines = lines_of(&client);
    client.ping().unwrap();
    client.set_timeout(Duration::from_millis(100));
    let failure = fails(client.call_tool("never"), Status::Timeout);
    assert!(!failure.message.contains("stdout"), "{failure:?}");
    until("the server is told", || lines.lock().unwrap().iter().any(|line| line.starts_with("cancelled ")));
}

fn sixteen_threads_share_one_program<D: Driver>() {
    let client: D = client(&[]);
    client.connect().unwrap();
    thread::scope(|scope| {
        for thread in 0..16 {
            let client = &client;
            scope.spawn(move || {
                for call in 0..50 {
                    let text = format!("{thread} {call}");
                    let result = client.call_tool_with("echo", Some(&json!({"text": text}).to_string())).unwrap();
                    assert_eq!(result["content"][0]["text"], text.as_str());
                }
            });
        }
    });
}

fn pretty_printed_arguments_are_one_line<D: Driver>() {
    let client: D = client(&[]);
    let result = client.call_tool_with("echo", Some("{\r\n  \"text\":\n    \"a\\nb\"\r\n}\n")).unwrap();
    assert_eq!(result["content"][0]["text"], "a\nb");
}

fn large_messages_both_ways<D: Driver>() {
    let client: D = client(&[]);
    let text = "é".repeat(3 * 1024 * 1024);
    let result = client.call_tool_with("echo", Some(&json!({"text": text}).to_string())).unwrap();
    assert!(result["content"][0]["text"] == text.as_str());
}

fn a_result_over_the_limit<D: Driver>() {
    let client: D = client(&[]);
    client.set_max_response_bytes(100_000).unwrap();
    client.ping().unwrap();
    let pid = client.process_id();
    let failure = fails(client.call_tool_with("large", Some(r#"{"bytes":200000}"#)), Status::Protocol);
    assert!(failure.message.contains("100000 bytes"), "{failure:?}");
    // The next call starts another program.
    client.ping().unwrap();
    assert_ne!(client.process_id(), pid);
}

fn subscriptions_in_both_eras<D: Driver>() {
    for (era, filter, method) in [
        ("--modern-only", r#"{"toolsListChanged":true}"#, "notifications/tools/list_changed"),
        ("--legacy-only", r#"{"resourceSubscriptions":["demo://a"]}"#, "notifications/resources/updated"),
    ] {
        let client: D = client(&[era]);
        let lines = lines_of(&client);
        let heard = Arc::new(Mutex::new(0));
        let note = heard.clone();
        client.on_notification(Some(method), Some(Box::new(move |_, _| *note.lock().unwrap() += 1))).unwrap();
        client.listen(Some(filter)).unwrap();
        client.call_tool("change").unwrap();
        until("a change", || *heard.lock().unwrap() == 1);
        if era == "--modern-only" {
            // The server ends it, and it is opened again.
            client.call_tool("end_subscription").unwrap();
            until("another change", || {
                client.call_tool("change").unwrap();
                *heard.lock().unwrap() > 1
            });
        }
        // A program that takes the place of one that has ended is listened to as well. What the first has said must not be
        // taken for what the next says.
        let before = settled(&heard);
        fails(client.call_tool("crash"), Status::Network);
        until("a change of the next program", || {
            client.call_tool("change").unwrap();
            *heard.lock().unwrap() > before
        });
        settled(&heard);
        client.stop_listening();
        if era == "--modern-only" {
            until("the end of the subscription", || {
                lines.lock().unwrap().iter().any(|line| line.contains("cancelled"))
            });
        }
        until("no more changes", || {
            let before = *heard.lock().unwrap();
            client.call_tool("change").unwrap();
            client.call_tool("echo").unwrap();
            thread::sleep(Duration::from_millis(50));
            *heard.lock().unwrap() == before
        });
    }
}

/// The count once it no longer changes: notifications are handed over on another thread.
fn settled(count: &Mutex<i32>) -> i32 {
    loop {
        let before = *count.lock().unwrap();
        thread::sleep(stretched(Duration::from_millis(300)));
        if *count.lock().unwrap() == before {
            return before;
        }
    }
}

fn log_lines_on_stdout_are_skipped<D: Driver>() {
    let client: D = client(&["--log-lines", "3"]);
    client.ping().unwrap();
    client.call_tool_with("print", Some(r#"{"text":"[INFO] working {}"}"#)).unwrap();
    client.ping().unwrap();
}

fn a_time_out_tells_of_log_lines<D: Driver>() {
    let client: D = shell("echo 'Listening on port 3000'; echo again; sleep 1000");
    client.set_grace(Duration::ZERO).unwrap();
    client.set_timeout(stretched(Duration::from_millis(500)));
    let failure = fails(client.ping(), Status::Timeout);
    let reason = "the server wrote 2 lines that are no messages, the first: Listening on port 3000";
    assert!(failure.message.contains(reason), "{failure:?}");
}

fn a_structured_log_line_is_no_message<D: Driver>() {
    let client: D = client(&[]);
    let line = json!({"text": r#"{"level":"info","id":7,"msg":"started"}"#}).to_string();
    client.call_tool_with("print", Some(&line)).unwrap();
    client.ping().unwrap();
}

fn a_response_that_is_none<D: Driver>() {
    for line in [r#"{"id":3,"result":{}}"#, r#"{"jsonrpc":"2.0"}"#, r#"{"jsonrpc":"1.0","id":1,"result":{}}"#] {
        let client: D = client(&[]);
        client.ping().unwrap();
        let pid = client.process_id();
        let line = json!({"text": line}).to_string();
        fails(client.call_tool_with("print", Some(&line)), Status::Protocol);
        client.ping().unwrap();
        assert_ne!(client.process_id(), pid, "the program is ended");
    }
}
