//! The programs of tests/abi/c: compiled with strict flags against the header, linked with either library, and run against
//! a scripted server.
//!
//! `C_RUNNER`, such as `valgrind -q --error-exitcode=1`, runs them under another program; `C_LIBRARIES` is the folder of
//! the libraries, such as those of `make`; `CC` is the compiler, `C_FLAGS` are more of its flags. tests/outside/sanitizers
//! and tests/outside/platforms use them.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use std::{env, fs, io};

use serde_json::{Value, json};

use crate::support::programs::{self, LONGEST_RUN};
use crate::support::{Answer, Connection, Handler, Request, Server, event, mcp};

const FLAGS: [&str; 6] = ["-std=c99", "-D_POSIX_C_SOURCE=200809L", "-Wall", "-Wextra", "-Wpedantic", "-Werror"];

pub fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// The folder of the libraries: those of `C_LIBRARIES`, or where cargo put its own for these tests.
fn libraries() -> PathBuf {
    match env::var_os("C_LIBRARIES") {
        Some(folder) => Path::new(env!("CARGO_MANIFEST_DIR")).join(folder),
        None => env::current_exe().unwrap().parent().unwrap().to_owned(),
    }
}

#[derive(Clone, Copy, Debug)]
pub enum Link {
    Shared,
    Static,
}

/// A folder for one program, its own working directory.
pub fn folder(name: &str, link: Link) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{link:?}"));
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// The libraries that a static link needs, as the Makefile puts them into mcpclient.pc.
fn native_libraries() -> Vec<String> {
    let makefile = fs::read_to_string(path("Makefile")).unwrap();
    let lists = makefile.lines().filter_map(|line| line.strip_prefix("STATIC_LIBS    := "));
    let list = if cfg!(target_vendor = "apple") { lists.take(1).last() } else { lists.skip(1).last() };
    list.unwrap().split_whitespace().map(str::to_owned).collect()
}

pub fn link_arguments(link: Link, folder: &Path) -> Vec<String> {
    let libraries = libraries();
    match link {
        Link::Static => {
            let archive = libraries.join("libmcpclient.a").display().to_string();
            // Without the debug sections of the archive, which take most of the time to link.
            [vec!["-Wl,-S".to_owned(), archive], native_libraries()].concat()
        }
        Link::Shared => {
            let (file, name) = match cfg!(target_vendor = "apple") {
                true => ("libmcpclient.dylib", "libmcpclient.0.dylib"),
                false => ("libmcpclient.so", "libmcpclient.so.0"),
            };
            let by_its_own_name = folder.join(name);
            let _ = fs::remove_file(&by_its_own_name);
            std::os::unix::fs::symlink(libraries.join(file), &by_its_own_name).unwrap();
            vec![by_its_own_name.display().to_string(), format!("-Wl,-rpath,{}", folder.display())]
        }
    }
}

fn compile(source: &Path, link: Link) -> PathBuf {
    compile_with(source, link, &[])
}

pub fn compile_with(source: &Path, link: Link, flags: &[&str]) -> PathBuf {
    let name = source.file_stem().unwrap().to_str().unwrap();
    let folder = folder(name, link);
    let program = folder.join(name);
    let mut command = Command::new(env::var("CC").unwrap_or_else(|_| "cc".to_owned()));
    command.args(FLAGS).args(["-pthread", "-g", "-I"]).arg(path("include")).arg("-o").arg(&program).arg(source);
    let more = env::var("C_FLAGS").unwrap_or_default();
    let output =
        command.args(flags).args(more.split_whitespace()).args(link_arguments(link, &folder)).output().unwrap();
    let messages = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && messages.is_empty(), "{name} ({link:?}):\n{messages}");
    program
}

pub fn run(program: &Path, argument: &str) -> Output {
    let runner = env::var("C_RUNNER").unwrap_or_default();
    let mut words: Vec<&str> = runner.split_whitespace().collect();
    words.push(program.to_str().unwrap());
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).arg(argument).current_dir(program.parent().unwrap());
    programs::run(&mut command, program, LONGEST_RUN)
}

/// Compiles and runs `tests/abi/c/<name>.c` with both libraries.
#[track_caller]
fn passes(name: &str) {
    let server = Server::start(server());
    for link in [Link::Shared, Link::Static] {
        let program = compile(&path("tests/abi/c").join(name).with_extension("c"), link);
        let output = run(&program, &server.origin());
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && said.is_empty(), "{name} ({link:?}): {}\n{said}", output.status);
    }
}

macro_rules! programs {
    ($($name:ident),+ $(,)?) => {
        const PROGRAMS: &[&str] = &[$(stringify!($name)),+];
        $(#[test] fn $name() { passes(stringify!($name)) })+
    };
}
programs!(
    callbacks,
    enums,
    errors,
    freeing,
    json,
    null_arguments,
    ownership,
    queue,
    results,
    scopes,
    threads,
    values,
    version,
);

#[test]
fn no_program_is_forgotten() {
    for entry in fs::read_dir(path("tests/abi/c")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let Some(program) = name.strip_suffix(".c").filter(|name| *name != "header_twice") else { continue };
        assert!(PROGRAMS.contains(&program), "tests/abi/c/{name} is not run");
    }
}

#[test]
fn no_function_with_a_pointer_is_spared_null() {
    let header = fs::read_to_string(path("include/mcpclient.h")).unwrap();
    let program = fs::read_to_string(path("tests/abi/c/null_arguments.c")).unwrap();
    let code = header.lines().filter(|line| !line.starts_with([' ', '/', '#']) && !line.starts_with("typedef"));
    let mut count = 0;
    for line in code.filter(|line| line.contains('(')) {
        let (before, parameters) = line.split_once('(').unwrap();
        let name = before.rsplit([' ', '*']).next().unwrap();
        if parameters.contains('*') {
            let called = program.contains(&format!("{name}(")) || program.contains(&format!("{name},"));
            assert!(called, "{name} is never called with NULL");
            count += 1;
        }
    }
    assert!(count > 50, "the header was not understood");
}

/// The server of all programs, one behaviour for each path.
pub fn server() -> impl Handler {
    let open = mcp::legacy(mcp::LEGACY);
    let locked = mcp::require_bearer("letmein", mcp::legacy(mcp::LEGACY));
    let rotating = mcp::modern();
    move |request: &Request, connection: &mut Connection| match (request.target.as_str(), request.name()) {
        ("/mcp", "tools/list") => connection.send(&list_tools(request)),
        ("/mcp", "tools/call") => call_tool(request, connection),
        ("/mcp", _) => open.handle(request, connection),
        ("/chatty", "GET") => chat(connection),
        ("/chatty", _) => open.handle(request, connection),
        ("/locked", _) => locked.handle(request, connection),
        ("/rotating", _) if is_good(request.header("Authorization")) => rotating.handle(request, connection),
        ("/rotating", _) => connection.send(&mcp::unauthorized()),
        _ => connection.send(&Answer::status(404)),
    }
}

fn is_good(authorization: Option<&str>) -> bool {
    authorization.is_some_and(|value| value.starts_with("Bearer good"))
}

/// Two pages.
fn list_tools(request: &Request) -> Answer {
    let tool = |name: &str| json!({"name": name, "inputSchema": {"type": "object"}});
    Answer::result(
        request,
        match request.message["params"]["cursor"].as_str() {
            None => json!({"tools": [tool("first"), tool("second")], "nextCursor": "more"}),
            Some(_) => json!({"tools": [tool("third")]}),
        },
    )
}

fn call_tool(request: &Request, connection: &mut Connection) -> io::Result<()> {
    let params = &request.message["params"];
    match params["name"].as_str() {
        Some("echo") => connection.send(&Answer::result(request, tool_result(&params["arguments"]))),
        Some("ask") => ask(request, connection),
        Some("meta") => connection.send(&Answer::result(request, tool_result(&params["_meta"]))),
        Some("progress") => report_progress(request, connection),
        Some("wait") => connection.hold(),
        _ => {
            let error = json!({"code": -32050, "message": "out of order", "data": {"reason": "tests"}});
            let message = json!({"jsonrpc": "2.0", "id": request.id(), "error": error});
            connection.send(&Answer::json(message.to_string()))
        }
    }
}

fn tool_result(structured: &Value) -> Value {
    json!({"content": [{"type": "text", "text": structured.to_string()}], "structuredContent": structured})
}

/// Sends notifications on a stream outside calls, until the client hangs up.
fn chat(connection: &mut Connection) -> io::Result<()> {
    connection.begin_events()?;
    loop {
        connection.chunk(event(r#"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#))?;
        connection.wait(Duration::from_millis(20))?;
    }
}

/// Reports progress twice, if the client wants it.
fn report_progress(request: &Request, connection: &mut Connection) -> io::Result<()> {
    let token = &request.message["params"]["_meta"]["progressToken"];
    connection.begin_events()?;
    for progress in (1..=2).filter(|_| !token.is_null()) {
        let params = json!({"progressToken": token, "progress": progress});
        let message = json!({"jsonrpc": "2.0", "method": "notifications/progress", "params": params});
        connection.chunk(event(&message.to_string()))?;
    }
    let result = json!({"jsonrpc": "2.0", "id": request.id(), "result": tool_result(&json!({}))});
    connection.chunk(event(&result.to_string()))?;
    connection.end_chunks()
}

/// Sends a notification, asks for the user's name, and returns the client's response as the tool's result.
fn ask(request: &Request, connection: &mut Connection) -> io::Result<()> {
    static QUESTIONS: AtomicUsize = AtomicUsize::new(0);
    let id = json!(format!("question {}", QUESTIONS.fetch_add(1, Ordering::SeqCst)));
    let note =
        json!({"jsonrpc": "2.0", "method": "notifications/message", "params": {"level": "info", "data": "working"}});
    let params = json!({"message": "Your name?", "requestedSchema": {"type": "object", "properties": {}}});
    let question = json!({"jsonrpc": "2.0", "id": id, "method": "elicitation/create", "params": params});
    connection.begin_events()?;
    connection.chunk(event(&note.to_string()))?;
    connection.chunk(event(&question.to_string()))?;
    let answer = RefCell::new(Value::Null);
    connection.wait_for(|request| {
        let fits = request.name() == "response" && *request.id() == id;
        if fits {
            *answer.borrow_mut() = request.message.clone();
        }
        fits
    })?;
    let result = json!({"jsonrpc": "2.0", "id": request.id(), "result": tool_result(&answer.take())});
    connection.chunk(event(&result.to_string()))?;
    connection.end_chunks()
}
