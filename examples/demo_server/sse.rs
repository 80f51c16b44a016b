//! The HTTP+SSE transport of 2024-11-05: a GET opens the event stream on which the server answers, its first event
//! names the path to which the client posts.
//!
//! The rules followed (<https://modelcontextprotocol.io/specification/2024-11-05/basic/transports>): the first event
//! is `endpoint`, every message of the server is an event `message`. The specification is silent on the answer to a
//! POST; 202 is what clients expect.

use std::collections::HashMap;
use std::io::{self, Write};
use std::net::TcpStream;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;

use crate::handshake;
use crate::http::Request;
use crate::jsonrpc::{INVALID_REQUEST, PARSE_ERROR, RpcError};
use crate::random;
use crate::response::Response;

/// Where clients of this transport post their messages.
pub const MESSAGES_PATH: &str = "/messages";
/// A comment this often keeps proxies from closing the stream, and tells the server when the client has gone.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// All open streams: the id in each one's endpoint, and the way to its thread.
#[derive(Default)]
pub struct Streams(Mutex<HashMap<String, Sender<Value>>>);

/// A stream that is about to open.
pub struct Events {
    id: String,
    messages: Receiver<Value>,
}

impl Streams {
    /// Prepares a stream.
    pub fn open(&self) -> Events {
        let (sender, messages) = mpsc::channel();
        let id = random::session_id();
        self.lock().insert(id.clone(), sender);
        Events { id, messages }
    }

    /// Takes a posted message; its response goes out on the stream.
    pub fn post(&self, request: &Request) -> Response {
        let id = request.query.split('&').find_map(|pair| pair.strip_prefix("session_id="));
        let Some(stream) = id.and_then(|id| self.lock().get(id).cloned()) else {
            return Response::json(404, &RpcError::new(INVALID_REQUEST, "No such stream").to_response(None));
        };
        let Ok(message) = serde_json::from_slice(&request.body) else {
            return Response::json(400, &RpcError::new(PARSE_ERROR, "Parse error").to_response(None));
        };
        if let Some(response) = handshake::answer_message(&message) {
            // It fails when the client has just closed its stream, and then does not wait for the response.
            let _ = stream.send(response);
        }
        Response::empty(202)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Sender<Value>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes a stream until its client goes away.
pub fn stream(stream: &TcpStream, streams: &Streams, events: Events) -> io::Result<()> {
    let outcome = write_events(stream, &events);
    streams.lock().remove(&events.id);
    outcome
}

fn write_events(mut stream: &TcpStream, events: &Events) -> io::Result<()> {
    // No Content-Length: the end of the connection is the end of the stream.
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n\
                X-Accel-Buffering: no\r\nConnection: close\r\n\r\n";
    let endpoint = format!("event: endpoint\ndata: {MESSAGES_PATH}?session_id={}\n\n", events.id);
    stream.write_all(format!("{head}{endpoint}").as_bytes())?;
    loop {
        let event = match events.messages.recv_timeout(KEEP_ALIVE) {
            Ok(message) => format!("event: message\ndata: {message}\n\n"),
            Err(RecvTimeoutError::Timeout) => ": keep-alive\n\n".to_owned(),
            Err(RecvTimeoutError::Disconnected) => return Ok(()),
        };
        stream.write_all(event.as_bytes())?;
    }
}
