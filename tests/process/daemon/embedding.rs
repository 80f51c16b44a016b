//! What docs/embedding.md says a host may rely on.

use std::io::{self, Write};

use serde_json::json;

use super::hosts::{run_behind_tls, run_plainly};
use crate::support::authority::{Authority, folder};
use crate::support::front::{Front, Rules};
use crate::support::programs::{self, Program};
use crate::support::{Answer, Connection, Handler, Request, Server, mcp};

/// A server of HTTP+SSE that says something of its own before each response to a ping.
fn talkative() -> impl Handler {
    let server = mcp::sse();
    move |request: &Request, connection: &mut Connection| -> io::Result<()> {
        if request.name() == "ping" {
            let note = json!({"jsonrpc": "2.0", "method": "notifications/tools/list_changed"});
            mcp::say(request, connection, &note)?;
        }
        server.handle(request, connection)
    }
}

#[test]
fn a_child_that_closes_what_it_inherited_keeps_the_files_that_it_opens() {
    let program = Program::linked("closefrom");
    for path in ["/mcp", "/sse"] {
        let folder = folder(&format!("closefrom{}", path.replace('/', "-")));
        let more = [folder.to_str().unwrap()];
        match path {
            "/sse" => drop(run_plainly(&program, mcp::sse(), path, &more)),
            _ => {
                run_plainly(&program, mcp::legacy(mcp::LEGACY), path, &more);
                run_behind_tls(&program, mcp::modern(), path, &more);
            }
        }
    }
}

#[test]
fn a_crash_in_a_callback_reaches_the_hosts_handler() {
    run_plainly(&Program::linked("crash"), talkative(), "/sse", &[]);
}

#[test]
fn a_cancelled_thread_ends_after_its_call() {
    let program = Program::linked("pthread_cancel");
    run_plainly(&program, talkative(), "/sse", &[]);
    run_behind_tls(&program, talkative(), "/sse", &[]);
}

#[test]
fn a_client_is_freed_at_any_stage_of_an_exit() {
    let program = Program::linked("exit");
    for stage in ["atexit", "destructor", "quick_exit", "thread"] {
        run_plainly(&program, talkative(), "/sse", &[stage]);
        run_plainly(&program, mcp::legacy(mcp::LEGACY), "/mcp", &[stage]);
        run_behind_tls(&program, mcp::modern(), "/mcp", &[stage]);
    }
}

/// A program with the environment of a machine behind a proxy that refuses, and with an authority of its own.
fn environment(certificates: &str) -> Program {
    let program = Program::linked("environment").with("SSL_CERT_FILE", certificates).with("NO_PROXY", "");
    let names = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
    names.into_iter().fold(program, |program, name| program.with(name, "http://127.0.0.1:1"))
}

#[test]
fn no_variable_counts_in_a_program_with_raised_privileges() {
    let authority = Authority::new("Authority of the environment");
    let file = authority.file(&folder("environment"));
    let program = environment(file.to_str().unwrap());
    let server = Server::start(mcp::modern());
    let front = Front::start(Rules::new(authority.issue_local()), &server);
    let run = |url: &str, proxy: &str, mode: &str| program.run(&[url, proxy, mode]);
    assert_eq!(run(&server.url("/mcp"), "-", "as usual"), "MCPCLIENT_ERROR_NETWORK\n", "the proxy is used");
    assert_eq!(run(&server.url("/mcp"), "-", "raised"), "MCPCLIENT_OK\n");
    assert_eq!(run(&front.url("/mcp"), "no proxy", "as usual"), "MCPCLIENT_OK\n", "the certificates are trusted");
    assert_eq!(run(&front.url("/mcp"), "no proxy", "raised"), "MCPCLIENT_ERROR_TLS\n");
}

#[test]
fn no_variable_is_read_when_the_proxy_is_set_by_a_call() {
    run_plainly(&environment("-"), mcp::legacy(mcp::LEGACY), "/mcp", &["count"]);
    run_plainly(&environment("-"), mcp::sse(), "/sse", &["count"]);
    run_behind_tls(&environment("-"), mcp::legacy(mcp::LEGACY), "/mcp", &["count"]);
}

#[test]
fn a_name_service_that_does_not_answer_costs_one_thread() {
    run_plainly(&Program::linked("lookups"), mcp::legacy(mcp::LEGACY), "/mcp", &[]);
}

#[test]
fn a_limit_of_the_process_is_named_whatever_it_stops() {
    let program = Program::linked("limits");
    run_plainly(&program, mcp::legacy(mcp::LEGACY), "/mcp", &[]);
    run_behind_tls(&program, mcp::modern(), "/mcp", &[]);
    run_plainly(&program, mcp::sse(), "/sse", &[]);
}

/// The stack in KiB that the header promises to be enough; what is compiled without optimization takes more.
fn stack() -> &'static str {
    if programs::is_shipped_library() { "64" } else { "256" }
}

fn gzip(answer: Answer) -> Answer {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(answer.body()).unwrap();
    answer.with_body(encoder.finish().unwrap()).header("Content-Encoding", "gzip")
}

/// A list of tools as deep as JSON may be.
fn deep(server: impl Handler) -> impl Handler {
    move |request: &Request, connection: &mut Connection| -> io::Result<()> {
        if request.name() != "tools/list" {
            return server.handle(request, connection);
        }
        let (open, close) = ("{\"a\":[".repeat(58), "]}".repeat(58));
        let tool = format!(r#"{{"name":"deep","inputSchema":{{"type":"object","properties":{open}{close}}}}}"#);
        let result = format!(r#"{{"resultType":"complete","tools":[{tool}]}}"#);
        connection.send(&gzip(Answer::json(format!(r#"{{"jsonrpc":"2.0","id":{},"result":{result}}}"#, request.id()))))
    }
}

#[test]
fn a_small_stack_is_enough() {
    let program = Program::linked("stack");
    run_plainly(&program, deep(mcp::legacy(mcp::LEGACY)), "/mcp", &[stack()]);
    run_plainly(&program, deep(mcp::legacy(mcp::LEGACY).reshaped(gzip)), "/mcp", &[stack()]);
    run_plainly(&program, deep(mcp::modern().reshaped(|answer| gzip(answer.into_events()))), "/mcp", &[stack()]);
    run_plainly(&program, talkative(), "/sse", &[stack()]);
    run_behind_tls(&program, deep(mcp::legacy(mcp::LEGACY).reshaped(gzip)), "/mcp", &[stack()]);
    run_behind_tls(&program, deep(mcp::modern()), "/mcp", &[stack()]);
    run_behind_tls(&program, talkative(), "/sse", &[stack()]);
}

/// A tool that announces 60 MB and sends one byte, and two with a result of 20 MB, as JSON and as an event.
fn large() -> impl Handler {
    let server = mcp::modern();
    move |request: &Request, connection: &mut Connection| -> io::Result<()> {
        let result = || {
            let text = json!({"type": "text", "text": "x".repeat(20_000_000)});
            Answer::result(request, json!({"resultType": "complete", "content": [text]}))
        };
        match request.message["params"]["name"].as_str() {
            Some("announce") => {
                connection
                    .raw("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 60000000\r\n\r\n{")?;
                connection.hold()
            }
            Some("json") => connection.send(&result()),
            Some("events") => connection.send(&result().into_events()),
            _ => server.handle(request, connection),
        }
    }
}

#[test]
fn a_large_response_where_memory_is_limited_is_an_error() {
    run_plainly(&Program::linked("memory"), large(), "/mcp", &[]);
}
