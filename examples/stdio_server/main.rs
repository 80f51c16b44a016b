//! A small MCP server over stdio for the tests: both eras of the protocol, tools that tell what the process was started
//! with, and the faults of servers on demand.
//!
//! ```text
//! cargo run --example stdio_server -- [--modern-only | --legacy-only] [--log-lines N] [--start-ms N]
//!                                     [--end-at-discover | --silent-at-discover] [--ignore-term]
//! ```

mod process;
mod tools;

use std::io::{self, BufRead, Write};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

const MODERN: &str = "2026-07-28";
const LEGACY: [&str; 4] = ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"];

/// What the command line asks for.
#[derive(Default)]
struct Options {
    modern_only: bool,
    legacy_only: bool,
    end_at_discover: bool,
    silent_at_discover: bool,
}

/// The server's side of the two pipes.
struct Server {
    options: Options,
    lines: io::Lines<io::StdinLock<'static>>,
    /// The version that `initialize` has agreed on.
    version: Option<String>,
    /// The id of the subscription (2026-07-28).
    subscription: Option<Value>,
    /// Resources that are subscribed to (until 2025-11-25).
    resources: Vec<String>,
    requests: u64,
}

fn main() {
    let mut options = Options::default();
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut number = || arguments.next().and_then(|text| text.parse().ok()).expect("a number");
        match argument.as_str() {
            "--modern-only" => options.modern_only = true,
            "--legacy-only" => options.legacy_only = true,
            "--end-at-discover" => options.end_at_discover = true,
            "--silent-at-discover" => options.silent_at_discover = true,
            "--log-lines" => (0..number()).for_each(|line| println!("Listening, says line {line}...")),
            "--start-ms" => thread::sleep(Duration::from_millis(number())),
            "--ignore-term" => process::ignore_term(),
            other => panic!("unknown option {other}"),
        }
    }
    let lines = io::stdin().lock().lines();
    Server { options, lines, version: None, subscription: None, resources: Vec::new(), requests: 0 }.run();
}

impl Server {
    fn run(&mut self) {
        while let Some(message) = self.read() {
            self.answer(&message);
        }
    }

    fn read(&mut self) -> Option<Value> {
        let line = self.lines.next()?.ok()?;
        Some(serde_json::from_str(&line).unwrap_or_else(|error| panic!("not JSON: {error}")))
    }

    fn answer(&mut self, message: &Value) {
        let params = &message["params"];
        let method = message["method"].as_str().unwrap_or_default();
        if message.get("id").is_none() {
            if method == "notifications/cancelled" {
                eprintln!("cancelled {}", params["requestId"]);
                self.subscription.take_if(|id| *id == params["requestId"]);
            }
            return;
        }
        let is_modern = params["_meta"].get("io.modelcontextprotocol/protocolVersion").is_some();
        let result = match (is_modern, method) {
            (true, _) if self.options.end_at_discover => std::process::exit(3),
            (true, _) if self.options.silent_at_discover => return,
            (true, _) if self.options.legacy_only => Err(error(-32601, "Method not found")),
            (true, _) => self.modern(message, method, params),
            (false, _) if self.options.modern_only => Err(error(-32600, "Only 2026-07-28 is spoken here")),
            (false, _) => self.legacy(method, params),
        };
        match result {
            Ok(None) => {}
            Ok(Some(result)) => send(&json!({"jsonrpc": "2.0", "id": message["id"], "result": result})),
            Err(error) => send(&json!({"jsonrpc": "2.0", "id": message["id"], "error": error})),
        }
    }

    fn modern(&mut self, message: &Value, method: &str, params: &Value) -> Result<Option<Value>, Value> {
        let mut result = match method {
            "server/discover" => json!({"supportedVersions": [MODERN], "capabilities": capabilities()}),
            "subscriptions/listen" => {
                let id = message["id"].clone();
                let meta = json!({"io.modelcontextprotocol/subscriptionId": id});
                notify(
                    "notifications/subscriptions/acknowledged",
                    &json!({"_meta": meta, "notifications": params["notifications"]}),
                );
                self.subscription = Some(id);
                return Ok(None);
            }
            _ => match self.common(method, params)? {
                Some(result) => result,
                None => return Ok(None),
            },
        };
        if result.get("resultType").is_none() {
            result["resultType"] = json!("complete");
        }
        result["ttlMs"] = json!(0);
        result["cacheScope"] = json!("private");
        Ok(Some(result))
    }

    fn legacy(&mut self, method: &str, params: &Value) -> Result<Option<Value>, Value> {
        match method {
            "initialize" => {
                let asked = params["protocolVersion"].as_str().unwrap_or_default();
                let version = LEGACY.into_iter().find(|known| *known == asked).unwrap_or(LEGACY[0]);
                self.version = Some(version.to_owned());
                let info = json!({"name": "stdio-server", "version": "1"});
                Ok(Some(json!({"protocolVersion": version, "capabilities": capabilities(), "serverInfo": info})))
            }
            "ping" => Ok(Some(json!({}))),
            "resources/subscribe" => {
                self.resources.extend(params["uri"].as_str().map(str::to_owned));
                Ok(Some(json!({})))
            }
            "resources/unsubscribe" => {
                self.resources.retain(|uri| params["uri"] != uri.as_str());
                Ok(Some(json!({})))
            }
            _ => self.common(method, params),
        }
    }

    fn common(&mut self, method: &str, params: &Value) -> Result<Option<Value>, Value> {
        match method {
            "tools/list" => Ok(Some(json!({"tools": tools::definitions()}))),
            "tools/call" => tools::call(self, params),
            "resources/list" => Ok(Some(json!({"resources": [{"uri": "demo://a", "name": "a"}]}))),
            "resources/read" => Ok(Some(json!({"contents": [{"uri": params["uri"], "text": "about"}]}))),
            "prompts/list" => Ok(Some(json!({"prompts": [{"name": "greet"}]}))),
            "prompts/get" => Ok(Some(json!({"messages": []}))),
            _ => Err(error(-32601, "Method not found")),
        }
    }

    /// Tells of changes in the way of the era.
    fn tell_of_changes(&self) {
        if let Some(id) = &self.subscription {
            let meta = json!({"io.modelcontextprotocol/subscriptionId": id});
            notify("notifications/tools/list_changed", &json!({"_meta": meta}));
        }
        self.resources.iter().for_each(|uri| notify("notifications/resources/updated", &json!({"uri": uri})));
    }

    /// Sends a request to the client, and waits for its response; other messages are answered meanwhile.
    fn ask(&mut self, method: &str, params: &Value) -> Option<Value> {
        self.requests += 1;
        let id = json!(format!("server-{}", self.requests));
        send(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}));
        loop {
            let message = self.read()?;
            if message.get("method").is_none() && message["id"] == id {
                return Some(message);
            }
            self.answer(&message);
        }
    }
}

fn capabilities() -> Value {
    json!({"tools": {"listChanged": true}, "resources": {"subscribe": true}, "prompts": {}})
}

fn error(code: i32, message: &str) -> Value {
    json!({"code": code, "message": message})
}

fn notify(method: &str, params: &Value) {
    send(&json!({"jsonrpc": "2.0", "method": method, "params": params}));
}

/// Writes one message as one line.
fn send(message: &Value) {
    let mut stdout = io::stdout().lock();
    // Without a client there is nothing left to do.
    if writeln!(stdout, "{message}").and_then(|()| stdout.flush()).is_err() {
        std::process::exit(0);
    }
}
