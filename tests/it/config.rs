//! Configuration files in the forms of the hosts that have them.

use std::fs;
use std::path::PathBuf;

use mcpclient::{Config, Status, TransportKind};
use serde_json::{Value, json};

use crate::support::pace::stretched;
use crate::support::{Driver, Request, Server, cases, fails, mcp};

cases!(
    a_remote_server_with_a_token,
    headers_and_variables,
    a_program_with_arguments_and_variables,
    transports_by_name,
    the_file_of_vs_code,
    oauth_is_what_the_program_has_set,
    what_an_entry_may_not_have,
    a_server_that_is_not_there,
    faults_have_a_position_and_no_value,
);

/// The server, which cargo has built with the tests.
fn program() -> String {
    let tests = std::env::current_exe().unwrap();
    tests.ancestors().nth(2).unwrap().join("examples/stdio_server").to_str().unwrap().to_owned()
}

fn configured<D: Driver>(config: &Value, name: Option<&str>) -> Result<D, crate::support::Failure> {
    D::configured(&config.to_string(), name, &[], None)
}

/// Pings, and gives the last request that the server got.
fn pinged<D: Driver>(server: &Server, client: &D) -> Request {
    client.set_proxy(Some("")).unwrap();
    client.set_timeout(stretched(std::time::Duration::from_secs(5)));
    client.ping().unwrap();
    server.requests().pop().unwrap()
}

fn a_remote_server_with_a_token<D: Driver>() {
    let server = Server::start(mcp::require_bearer("letmein", mcp::modern()));
    for entry in [
        json!({"url": server.url("/mcp"), "auth": "letmein"}),
        json!({"type": "http", "url": server.url("/mcp"), "headers": {"Authorization": "Bearer letmein"}}),
        json!({"serverUrl": server.url("/mcp"), "headers": {"authorization": "bearer letmein"}}),
        json!({"httpUrl": server.url("/mcp"), "auth": "letmein", "disabled": true, "timeout": 5, "env": {}}),
    ] {
        // FastMCP and Claude: under mcpServers; VS Code: under servers; FastMCP also without either.
        for config in [json!({"mcpServers": {"x": entry}}), json!({"servers": {"x": entry}}), json!({"x": entry})] {
            let client: D = configured(&config, Some("x")).unwrap();
            assert_eq!(pinged(&server, &client).header("Authorization"), Some("Bearer letmein"), "{config}");
        }
    }
}

fn headers_and_variables<D: Driver>() {
    let server = Server::start(mcp::modern());
    let entry = json!({
        "url": "${BASE:-http://nowhere.test}/mcp",
        "headers": {"X-Api-Key": "${input:key}", "X-Home": "${userHome}", "X-Price": "$5", "X-Path": "${env:PATH}"},
    });
    let variables = [("BASE", server.origin()), ("input:key", "k${y".to_owned()), ("userHome", "/home/ada".to_owned())];
    let variables: Vec<(&str, &str)> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let client = D::configured(&json!({"x": entry}).to_string(), None, &variables, None).unwrap();
    let request = pinged(&server, &client);
    assert_eq!(request.header("X-Api-Key"), Some("k${y"));
    assert_eq!(request.header("X-Home"), Some("/home/ada"));
    assert_eq!(request.header("X-Price"), Some("$5"));
    assert_eq!(request.header("X-Path").map(str::to_owned), std::env::var("PATH").ok());
}

fn a_program_with_arguments_and_variables<D: Driver>() {
    let entry = json!({
        "command": "${SERVER}",
        "args": ["--log-lines", "${LINES:-0}"],
        "env": {"TOKEN": "${input:token}", "PORT": 3000, "HOME": null},
        "cwd": "/",
        "keep_alive": true,
    });
    let program = program();
    let variables = [("SERVER", program.as_str()), ("input:token", "swordfish")];
    let client = D::configured(&json!({"mcpServers": {"x": entry}}).to_string(), None, &variables, None).unwrap();
    client.set_timeout(stretched(std::time::Duration::from_secs(5)));
    let environment: Value = serde_json::from_str(&client.call_tool("environment").unwrap()).unwrap();
    assert_eq!((&environment["TOKEN"], &environment["PORT"]), (&json!("swordfish"), &json!("3000")));
    let process: Value = serde_json::from_str(&client.call_tool("process").unwrap()).unwrap();
    assert_eq!((&process["directory"], &process["arguments"]), (&json!("/"), &json!(["--log-lines", "0"])));
    assert_eq!(client.transport_in_use(), TransportKind::Stdio);
}

fn transports_by_name<D: Driver>() {
    let modern = Server::start(mcp::modern());
    for (name, kind) in [("type", "http"), ("transport", "streamable-http"), ("type", "streamableHttp")] {
        let client: D = configured(&json!({"x": {"url": modern.url("/mcp"), name: kind}}), None).unwrap();
        pinged(&modern, &client);
        assert_eq!(client.transport_in_use(), TransportKind::StreamableHttp);
    }
    let older = Server::start(mcp::sse());
    for entry in [json!({"url": older.url("/sse")}), json!({"url": older.url("/sse"), "transport": "sse"})] {
        let client: D = configured(&json!({"x": entry}), None).unwrap();
        pinged(&older, &client);
        assert_eq!(client.transport_in_use(), TransportKind::Sse);
    }
    let both = json!({"command": program(), "type": "stdio", "transport": "stdio"});
    let client: D = configured(&json!({"x": both}), None).unwrap();
    client.ping().unwrap();
}

fn the_file_of_vs_code<D: Driver>() {
    let server = Server::start(mcp::require_bearer("from-the-prompt", mcp::modern()));
    let text = format!(
        r#"{{
  // The servers of this folder
  "inputs": [{{"type": "promptString", "id": "key", "description": "API key", "password": true}},],
  "servers": {{
    "remote": {{
      "type": "http",
      "url": "{}", /* the company's */
      "headers": {{"Authorization": "Bearer ${{input:key}}",}},
    }},
    "local": {{"type": "stdio", "command": "${{workspaceFolder}}/server"}},
  }},
}}"#,
        server.url("/mcp")
    );
    let variables = [("input:key", "from-the-prompt"), ("workspaceFolder", "/nowhere")];
    let remote = D::configured(&text, Some("remote"), &variables, None).unwrap();
    pinged(&server, &remote);
    let local = D::configured(&text, Some("local"), &variables, None).unwrap();
    let failure = fails(local.ping(), Status::InvalidState);
    assert!(failure.message.contains("/nowhere/server"), "{failure:?}");
    let failure = fails(D::configured(&text, Some("remote"), &[], None).map(drop), Status::InvalidArgument);
    let position = "line 8, column 36: servers.remote.headers.Authorization: the variable input:key is not set";
    assert_eq!(failure.message, position);
}

fn oauth_is_what_the_program_has_set<D: Driver>() {
    let server = Server::start(mcp::require_bearer("letmein", mcp::modern()));
    let text = json!({"x": {"url": server.url("/mcp"), "auth": "oauth"}}).to_string();
    let failure = fails(D::configured(&text, None, &[], None).map(drop), Status::InvalidState);
    assert!(failure.message.contains("mcpclient_config_set_auth"), "{failure:?}");
    let auth = D::bearer_auth("letmein").unwrap();
    pinged(&server, &D::configured(&text, None, &[], Some(&auth)).unwrap());
}

fn what_an_entry_may_not_have<D: Driver>() {
    use Status::{InvalidArgument, Unsupported};
    let url = "http://localhost:1/mcp";
    for (entry, status, reason) in [
        (json!({}), InvalidArgument, "x: there is neither a command nor a url"),
        (json!({"command": "a", "url": url}), InvalidArgument, "x: there are both a command and a url"),
        (json!({"url": url, "serverUrl": url}), InvalidArgument, "x: there is more than one url"),
        (json!({"command": 1}), InvalidArgument, "x.command is not a string"),
        (json!({"command": ""}), InvalidArgument, "x.command: the command is empty"),
        (json!({"command": "a", "args": "b"}), InvalidArgument, "x.args is not an array"),
        (json!({"command": "a", "args": ["b", 1]}), InvalidArgument, "x.args[1] is not a string"),
        (json!({"command": "a", "args": ["\u{0}"]}), InvalidArgument, "x.command: the argument 0 has a NUL"),
        (json!({"command": "a", "env": ["b"]}), InvalidArgument, "x.env is not an object"),
        (json!({"command": "a", "env": {"B": true}}), InvalidArgument, "x.env.B is not a string"),
        (json!({"command": "a", "env": {"": "b"}}), InvalidArgument, "the name of the variable is empty"),
        (json!({"command": "a", "cwd": {}}), InvalidArgument, "x.cwd is not a string"),
        (json!({"command": "a", "envFile": ".env"}), Unsupported, "x.envFile: files of environment variables"),
        (json!({"command": "a", "auth": "b"}), Unsupported, "x.auth: the server is a program"),
        (json!({"command": "a", "headers": {}}), Unsupported, "x.headers: the server is a program"),
        (json!({"command": "a", "type": "http"}), InvalidArgument, "x.type: the server is a program"),
        (json!({"url": url, "type": "stdio"}), InvalidArgument, "x.type: the server is no program"),
        (json!({"url": url, "type": "ws"}), Unsupported, "x.type: WebSockets"),
        (json!({"url": url, "transport": "grpc"}), InvalidArgument, "x.transport is not stdio, http"),
        (json!({"url": url, "type": "http", "transport": "sse"}), InvalidArgument, "type and transport differ"),
        (json!({"url": "ftp://h/"}), InvalidArgument, "x.url: the URL's scheme is ftp"),
        (json!({"url": url, "headers": {"A": 1}}), InvalidArgument, "x.headers.A is not a string"),
        (
            json!({"url": url, "headers": {"A": "b\n"}}),
            InvalidArgument,
            "x.headers.A: the header value has a line feed",
        ),
        (json!({"url": url, "headers": {"Host": "b"}}), InvalidArgument, "x.headers.Host: the header Host is set by"),
        (json!({"url": url, "headers": {"A": "b", "a": "c"}}), InvalidArgument, "x.headers.a: the header is set twice"),
        (
            json!({"url": url, "auth": "t", "headers": {"Authorization": "Basic b"}}),
            InvalidArgument,
            "x.headers.Authorization: there are both a header Authorization and auth",
        ),
        (
            json!({"url": url, "headers": {"Authorization": "Bearer Bearer t"}}),
            InvalidArgument,
            "the token starts with \"Bearer \"",
        ),
        (json!({"url": url, "auth": {"type": "oauth"}}), Unsupported, "x.auth: only a bearer token or \"oauth\""),
        (json!({"url": url, "auth": "to ken"}), InvalidArgument, "x.auth: the token has a space at byte 2"),
    ] {
        // Another entry is not hurt.
        let config = json!({"mcpServers": {"good": {"url": url}, "x": entry}});
        assert!(configured::<D>(&config, Some("good")).is_ok());
        let failure = fails(configured::<D>(&config, Some("x")).map(drop), status);
        assert!(failure.message.contains(reason), "{entry}: {failure:?}");
        assert!(failure.message.starts_with("line 1, column "), "{failure:?}");
    }
}

fn a_server_that_is_not_there<D: Driver>() {
    let none = json!({"mcpServers": {}});
    let failure = fails(configured::<D>(&none, None).map(drop), Status::InvalidArgument);
    assert_eq!(failure.message, "there are no servers");
    let two = json!({"mcpServers": {"github": {"url": "http://h/"}, "filesystem": {"command": "x"}}});
    let failure = fails(configured::<D>(&two, None).map(drop), Status::InvalidArgument);
    assert_eq!(failure.message, "one of several servers must be named: filesystem, github");
    let failure = fails(configured::<D>(&two, Some("githb")).map(drop), Status::InvalidArgument);
    assert_eq!(failure.message, "there is no server \"githb\": filesystem, github");
}

fn faults_have_a_position_and_no_value<D: Driver>() {
    for (text, message) in [
        ("[]", "line 1, column 1: the file is not an object"),
        ("{}", "line 1, column 1: there is no member mcpServers or servers"),
        ("{\"theme\": \"dark\"}", "line 1, column 1: there is no member mcpServers or servers"),
        ("{\"mcpServers\": []}", "line 1, column 16: mcpServers is not an object"),
        ("{\"mcpServers\": {\n\"x\": {}, \"x\": {}}}", "line 2, column 10: mcpServers.x: the name is used twice"),
        ("{\n  \"s3cret\n}", "line 2, column 3: a string is not closed"),
        ("{\"a\": \"s3cret\" \"b\"}", "line 1, column 16: expected `,` or `}`"),
    ] {
        let failure = fails(D::configured(text, None, &[], None).map(drop), Status::InvalidArgument);
        assert_eq!(failure.message, message);
    }
    let twice = "{\"x\": {\"url\": \"http://h/\", \"headers\": {\"A\": \"s3cret\", \"A\": \"s3cret\"}}}";
    let failure = fails(D::configured(twice, None, &[], None).map(drop), Status::InvalidArgument);
    assert_eq!(failure.message, "line 1, column 55: x.headers.A: the name is used twice");
}

/// A file of this test.
fn file(name: &str, content: &[u8]) -> PathBuf {
    let path = std::env::temp_dir().join(format!("mcpclient-config-{}-{name}", std::process::id()));
    fs::write(&path, content).unwrap();
    path
}

#[test]
fn files() {
    let good = file(
        "good.json",
        b"\xef\xbb\xbf{\"servers\": {\"b\": {\"command\": \"x\", \"note\": [1]}, \"a\": {\"url\": \"http://h/\"}}}",
    );
    let config = Config::load(&good).unwrap();
    assert_eq!(config.names().collect::<Vec<_>>(), ["b", "a"]);
    assert_eq!(config.entry("b").unwrap().json_at("/note").as_deref(), Some("[1]"));
    assert!(config.entry("c").is_none());
    assert!(config.client(Some("a")).is_ok());
    let shown = good.display();
    let refused = |path: &std::path::Path| Config::load(path).unwrap_err().to_string();
    let message = config.client(Some("c")).unwrap_err().to_string();
    assert_eq!(message, format!("{shown}: there is no server \"c\": b, a"));

    assert!(refused("/nowhere/mcp.json".as_ref()).starts_with("/nowhere/mcp.json: No such file"));
    assert!(refused("/".as_ref()).contains("directory"));
    assert!(refused("/dev/zero".as_ref()).contains("not a regular file"));
    let bad = file("bad.json", b"{\"mcpServers\": {\"a\": \xff}}");
    assert_eq!(refused(&bad), format!("{}: not UTF-8 at byte 21", bad.display()));
    let broken = file("broken.json", b"{\n \"mcpServers\": {,}\n}");
    assert!(refused(&broken).starts_with(&format!("{}:2:17: ", broken.display())), "{}", refused(&broken));
    let large = file("large.json", &vec![b' '; 1024 * 1024 + 1]);
    assert!(refused(&large).contains("more than 1048576 bytes"));
    for path in [good, bad, broken, large] {
        fs::remove_file(path).unwrap();
    }
}
