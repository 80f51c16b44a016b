//! A small MCP server to try a client against: both eras of the protocol, both HTTP transports, a bearer token or an
//! API key.
//!
//! ```text
//! cargo run --example demo_server -- --port 8000 --token secret
//! listening http://127.0.0.1:8000
//! ```
//!
//! | path | transport | revisions |
//! | --- | --- | --- |
//! | `/mcp` | Streamable HTTP | 2026-07-28, and by handshake 2025-11-25, 2025-06-18, 2025-03-26, 2024-11-05 |
//! | `/sse`, `/messages` | HTTP+SSE of 2024-11-05 | by handshake, the same four |
//!
//! It is a server for one machine: it listens on 127.0.0.1 only, and plain HTTP is all it speaks.

mod auth;
mod catalog;
mod handshake;
mod header_value;
mod http;
mod jsonrpc;
mod options;
mod random;
mod response;
mod routes;
mod sessions;
mod sse;
mod stateless;

use std::io::{self, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use http::Received;
use options::Command;
use response::Response;
use routes::{Reply, Server};

/// Each connection has a thread, so their number is what keeps a stray client from using up the machine.
const MAX_CONNECTIONS: usize = 128;
/// How long a connection may stay silent, between requests as well as within one.
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);

fn main() -> ExitCode {
    let options = match options::parse(std::env::args().skip(1)) {
        Ok(Command::Serve(options)) => options,
        Ok(Command::Help) => {
            print!("{}", options::HELP);
            return ExitCode::SUCCESS;
        }
        Err(message) => {
            eprintln!("demo_server: {message}\n\n{}", options::HELP);
            return ExitCode::from(2);
        }
    };
    match serve(options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("demo_server: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve(options: options::Options) -> io::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port))?;
    println!("listening http://{}", listener.local_addr()?);
    io::stdout().flush()?;
    if options.until_stdin_closes {
        thread::spawn(exit_when_stdin_closes);
    }
    let server = Arc::new(Server::new(options));
    let open = Arc::new(AtomicUsize::new(0));
    for stream in listener.incoming() {
        // An error here concerns the one connection that failed, not the listener.
        let Ok(stream) = stream else { continue };
        if open.fetch_add(1, Ordering::Relaxed) >= MAX_CONNECTIONS {
            open.fetch_sub(1, Ordering::Relaxed);
            let _ = response::write(&stream, &Response::text(503, "too many connections"), false, false);
            continue;
        }
        let (server, open) = (Arc::clone(&server), Arc::clone(&open));
        thread::spawn(move || {
            // An error of the connection ends it, and cannot be reported to the client.
            let _ = serve_connection(&server, stream);
            open.fetch_sub(1, Ordering::Relaxed);
        });
    }
    Ok(())
}

/// The process that starts the server holds the other end of its stdin, so it cannot outlive a script that was killed.
fn exit_when_stdin_closes() {
    let _ = io::copy(&mut io::stdin(), &mut io::sink());
    std::process::exit(0);
}

/// Answers one request after the other until either side wants to close.
fn serve_connection(server: &Server, stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(IDLE_TIMEOUT))?;
    stream.set_write_timeout(Some(IDLE_TIMEOUT))?;
    let mut reader = BufReader::new(stream.try_clone()?);
    loop {
        let request = match http::read_request(&mut reader, &stream)? {
            Received::Request(request) => request,
            Received::Closed => return Ok(()),
            Received::Refused(response) => {
                response::write(&stream, &response, false, false)?;
                return response::linger(&stream);
            }
        };
        match server.route(&request) {
            Reply::Response(response) => {
                response::write(&stream, &response, request.method == "HEAD", request.keep_alive)?;
            }
            Reply::EventStream(events) => return sse::stream(&stream, &server.streams, events),
        }
        if !request.keep_alive {
            return response::linger(&stream);
        }
    }
}
