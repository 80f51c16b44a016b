//! The programs in README.md, docs/ and the header work as they are pasted: each is compiled with strict flags and run against a
//! scripted server that has what they ask for, one that refuses everything, and one whose results have other shapes. A
//! leak or a crash fails the test, where the compiler has AddressSanitizer.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;
use std::{env, fs};

use serde_json::{Value, json};

use super::c_programs::{self, Link, path};
use crate::support::programs::{self, LONGEST_RUN};
use crate::support::{Answer, Connection, Handler, Request, Server, mcp, skipped};

/// What is written for a reader to put in place of.
const URL: &str = "https://example.com/mcp";
const TOKEN: &str = "demo-token";

/// A block of code.
struct Block {
    language: String,
    text: String,
}

impl Block {
    fn is_program(&self) -> bool {
        self.text.contains("int main(")
    }
}

fn documents() -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(path("docs")).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.retain(|path| path.extension().is_some_and(|extension| extension == "md"));
    found.push(path("README.md"));
    found.sort();
    assert!(found.len() > 5, "the documents were not found");
    found
}

/// The blocks of a document that are marked with this language, in order.
fn blocks(document: &Path, language: &str) -> Vec<Block> {
    let text = fs::read_to_string(document).unwrap();
    let mut blocks = Vec::new();
    let mut rest = text.as_str();
    while let Some((_, after)) = rest.split_once("\n```") {
        let (marked, after) = after.split_once('\n').unwrap();
        let (text, next) = after.split_once("```").expect("each block has an end");
        blocks.push(Block { language: marked.to_owned(), text: text.to_owned() });
        rest = next;
    }
    blocks.retain(|block| block.language == language);
    blocks
}

/// A name for the files of a document's block.
fn name_of(document: &Path, what: &str) -> String {
    format!("documented-{}-{what}", document.file_stem().unwrap().to_str().unwrap())
}

/// The server that the documents describe, for clients with the token or without one.
fn described() -> impl Handler {
    let base = mcp::modern();
    move |request: &Request, connection: &mut Connection| {
        if request.header("Authorization").is_some_and(|value| value != format!("Bearer {TOKEN}")) {
            return connection.send(&mcp::unauthorized());
        }
        match request.name() {
            "server/discover" => connection.send(&Answer::result(request, discovered())),
            "tools/list" => connection.send(&Answer::result(
                request,
                json!({"resultType": "complete", "tools": [
                    {"name": "add", "inputSchema": {"type": "object"}},
                    {"name": "echo", "inputSchema": {"type": "object"}},
                ]}),
            )),
            "tools/call" => connection.send(&Answer::result(
                request,
                json!({"resultType": "complete",
                "content": [{"type": "text", "text": "5"}], "structuredContent": {"sum": 5}}),
            )),
            "subscriptions/listen" => subscribe(request, connection),
            _ => base.handle(request, connection),
        }
    }
}

fn discovered() -> Value {
    let mut result = mcp::discover_result();
    result["capabilities"] = json!({"tools": {"listChanged": true}, "resources": {"subscribe": true}});
    result
}

fn subscribe(request: &Request, connection: &mut Connection) -> std::io::Result<()> {
    let method = "notifications/subscriptions/acknowledged";
    let agreed = json!({"notifications": request.message["params"]["notifications"]});
    let message = json!({"jsonrpc": "2.0", "method": method, "params": agreed});
    connection.begin_events()?;
    connection.chunk(crate::support::event(&message.to_string()))?;
    connection.hold()
}

/// Results that the specification allows and a simple program does not expect, or that it does not even allow.
fn strange() -> impl Handler {
    let base = mcp::modern();
    move |request: &Request, connection: &mut Connection| match request.name() {
        "server/discover" => connection.send(&Answer::result(request, discovered())),
        "tools/list" => {
            let tools = json!({"resultType": "complete", "tools": [{}, {"name": 7}, null, {"name": null}]});
            connection.send(&Answer::result(request, tools))
        }
        "tools/call" => {
            let image = json!({"type": "image", "data": "", "mimeType": "image/png"});
            connection.send(&Answer::result(request, json!({"resultType": "complete", "content": [image]})))
        }
        "subscriptions/listen" => connection.send(&Answer::error(request, 200, -32601, "Method not found")),
        _ => base.handle(request, connection),
    }
}

/// What the compiler needs so that leaks and bad accesses end the program; nothing where it cannot.
fn checked() -> &'static [&'static str] {
    static FLAGS: OnceLock<&[&str]> = OnceLock::new();
    FLAGS.get_or_init(|| {
        let folder = c_programs::folder("documented-probe", Link::Shared);
        let (source, program) = (folder.join("probe.c"), folder.join("probe"));
        fs::write(&source, "int main(void) { return 0; }\n").unwrap();
        let compiler = env::var("CC").unwrap_or_else(|_| "cc".to_owned());
        let made = Command::new(compiler).arg("-fsanitize=address").arg(&source).arg("-o").arg(&program).output();
        let works = made.is_ok_and(|output| output.status.success())
            && Command::new(&program).output().is_ok_and(|output| output.status.success());
        match works {
            true => &["-fsanitize=address"],
            false => {
                skipped("leaks of the documented programs", "no AddressSanitizer", "apt-get install gcc");
                &[]
            }
        }
    })
}

/// Runs a program with a token in the environment.
fn run(command: &mut Command, place: &Path, token: &str) -> Output {
    programs::run(command.env("MCP_TOKEN", token).env("NO_PROXY", "*"), place, LONGEST_RUN)
}

/// A whole program: it ends well with the right token, and with a failure and a message otherwise.
fn whole_program_works(what: &str, program: impl Fn(&str) -> (Command, PathBuf)) {
    let server = Server::start(described());
    let (mut command, place) = program(&server.url("/mcp"));
    let output = run(&mut command, &place, TOKEN);
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && complaint.is_empty(), "{what}: {}\n{complaint}", output.status);
    assert!(!output.stdout.is_empty(), "{what} prints nothing");

    let output = run(&mut command, &place, "another-token");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{what} with a wrong token: {}\n{complaint}", output.status);
    assert!(complaint.contains("401"), "{what} with a wrong token: {complaint}");

    for url in ["http://127.0.0.1:1/mcp", "nonsense"] {
        let (mut command, place) = program(url);
        let output = run(&mut command, &place, TOKEN);
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{what} at {url}: {}\n{complaint}", output.status);
        assert!(!complaint.is_empty() && !complaint.contains("Sanitizer"), "{what} at {url}: {complaint}");
    }
}

/// Functions of the block, which go before `main`, and its statements.
fn split(block: &str) -> (&str, &str) {
    block.rfind("\n}\n").filter(|_| block.starts_with("static ")).map_or(("", block), |at| block.split_at(at + 3))
}

/// The blocks that are the inside of a function which has a client, one after the other, each with a client of its own.
fn program_of_fragments(fragments: &[&Block]) -> String {
    let mut text = "#include <mcpclient.h>\n#include <stdio.h>\n#include <stdlib.h>\n\n".to_owned();
    for (number, block) in fragments.iter().enumerate() {
        let (functions, statements) = split(&block.text);
        text += &format!("{functions}\nstatic void fragment_{number}(mcpclient *client)\n{{\n{statements}}}\n\n");
    }
    text += "int main(int argc, char **argv)\n{\n    mcpclient *client;\n    (void)argc;\n";
    for (number, block) in fragments.iter().enumerate() {
        text += "    client = mcpclient_new(argv[1], NULL);\n    if (client == NULL)\n        return 1;\n";
        text += "    mcpclient_set_timeout_ms(client, 5000, NULL);\n";
        text += &format!("    fragment_{number}(client);\n");
        if !block.text.contains("mcpclient_free(client)") {
            text += "    mcpclient_free(client);\n";
        }
    }
    text + "    return 0;\n}\n"
}

#[test]
fn c_programs_work() {
    let mut count = 0;
    for document in documents() {
        for (number, block) in blocks(&document, "c").iter().filter(|block| block.is_program()).enumerate() {
            let name = name_of(&document, &number.to_string());
            whole_program_works(&name, |url| {
                let program = compile_c(&name, &block.text.replace(URL, url));
                let mut command = Command::new(&program);
                command.arg(url);
                (command, program)
            });
            count += 1;
        }
    }
    assert!(count >= 2, "only {count} programs were found");
}

#[test]
fn c_fragments_work_with_any_server() {
    let mut count = 0;
    for document in documents() {
        let blocks = blocks(&document, "c");
        let fragments: Vec<&Block> = blocks.iter().filter(|block| !block.is_program()).collect();
        if fragments.is_empty() {
            continue;
        }
        count += fragments.len();
        let program = compile_c(&name_of(&document, "fragments"), &program_of_fragments(&fragments));
        for (kind, server) in [
            ("described", Server::start(described())),
            ("strange", Server::start(strange())),
            (
                "refusing",
                Server::start(|_: &Request, connection: &mut Connection| connection.send(&mcp::unauthorized())),
            ),
        ] {
            let output = run(Command::new(&program).arg(server.url("/mcp")), &program, TOKEN);
            let complaint = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{} ({kind}): {}\n{complaint}", program.display(), output.status);
        }
    }
    assert!(count >= 8, "only {count} fragments were found");
}

#[test]
fn the_examples_of_the_header_work() {
    const FIRST_LINE: &str = "#include <mcpclient.h>\n";
    let header = fs::read_to_string(path("include/mcpclient.h")).unwrap();
    let (opening, _) = header.split_once("*/").unwrap();
    let lines = opening.lines().filter_map(|line| line.strip_prefix(" *     "));
    let examples: String = lines.flat_map(|line| [line, "\n"]).collect();
    let server = Server::start(c_programs::server());
    let expected = ["The server works.\n", "{\"text\":\"Hello\"}\n"];
    for (number, (example, output)) in examples.split(FIRST_LINE).skip(1).zip(expected).enumerate() {
        let program = compile_c(&format!("documented-header-{number}"), &(FIRST_LINE.to_owned() + example));
        let good = c_programs::run(&program, &server.url("/mcp"));
        assert_eq!(String::from_utf8_lossy(&good.stdout), output);
        assert!(good.status.success() && good.stderr.is_empty(), "example {number}");
        let bad = c_programs::run(&program, "nowhere");
        assert!(!bad.status.success() && !bad.stderr.is_empty(), "example {number} does not report a bad URL");
    }
    assert_eq!(examples.matches(FIRST_LINE).count(), expected.len());
}

fn compile_c(name: &str, text: &str) -> PathBuf {
    let source = c_programs::folder(name, Link::Shared).join(format!("{name}.c"));
    fs::write(&source, text).unwrap();
    c_programs::compile_with(&source, Link::Shared, checked())
}

#[test]
fn cpp_programs_work() {
    let document = path("docs/cpp.md");
    let blocks = blocks(&document, "cpp");
    let compiler = env::var("CXX").unwrap_or_else(|_| "c++".to_owned());
    if Command::new(&compiler).arg("--version").output().is_err() {
        return skipped("the C++ programs of the documentation", "c++ is not installed", "apt-get install g++");
    }
    let compile = |what: &str, text: &str| {
        let name = name_of(&document, what);
        let folder = c_programs::folder(&name, Link::Shared);
        let (source, program) = (folder.join(format!("{name}.cc")), folder.join(&name));
        fs::write(&source, text).unwrap();
        let mut command = Command::new(&compiler);
        command.args(["-std=c++17", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-Wno-unused-parameter"]);
        command.args(checked()).arg("-I").arg(path("include")).arg("-o").arg(&program).arg(&source);
        let output = command.args(c_programs::link_arguments(Link::Shared, &folder)).output().unwrap();
        assert!(output.status.success(), "{name}:\n{text}\n{}", String::from_utf8_lossy(&output.stderr));
        program
    };
    let program = blocks.iter().find(|block| block.is_program()).expect("a whole program");
    whole_program_works("docs/cpp.md", |url| {
        let program = compile("program", &program.text.replace(URL, url));
        let mut command = Command::new(&program);
        command.arg(url);
        (command, program)
    });

    // What the fragments call, and a client for each.
    let mut text =
        "#include <mcpclient.hpp>\n#include <iostream>\n#include <optional>\n#include <string>\n\n".to_owned();
    text += "[[maybe_unused]] static void log_in(const std::optional<std::string> &) {}\n";
    text += "[[maybe_unused]] static std::string fetch_token(bool) { return \"demo-token\"; }\n\n";
    text += "int main(int, char **argv)\n{\n";
    for block in blocks.iter().filter(|block| !block.is_program()) {
        text += &format!("    {{\n        mcpclient::client client(argv[1]);\n{}    }}\n", block.text);
    }
    let program = compile("fragments", &(text + "}\n"));
    let server = Server::start(described());
    let output = run(Command::new(&program).arg(server.url("/mcp")), &program, TOKEN);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn python_programs_work_in_order() {
    if Command::new("python3").arg("--version").output().is_err() {
        return skipped(
            "the Python programs of the documentation",
            "python3 is not installed",
            "apt-get install python3",
        );
    }
    let document = path("docs/python.md");
    let text: String = blocks(&document, "python").iter().map(|block| block.text.clone() + "\n").collect();
    assert!(text.contains("mcpclient_free(client)"), "the programs end with the client");
    let name = name_of(&document, "all");
    whole_program_works("docs/python.md", |url| {
        let folder = c_programs::folder(&name, Link::Shared);
        c_programs::link_arguments(Link::Shared, &folder); // makes the library's own name there
        let library = folder.join("libmcpclient.so.0");
        let script = folder.join("program.py");
        let text =
            text.replace(URL, url).replace("\"libmcpclient.so.0\"", &format!("{:?}", library.display().to_string()));
        fs::write(&script, text).unwrap();
        let mut command = Command::new("python3");
        command.arg(&script);
        (command, script)
    });
}

#[test]
fn no_program_has_a_token_on_a_command_line() {
    for document in documents() {
        for block in blocks(&document, "sh") {
            for line in block.text.lines() {
                let shown = line.contains("Bearer ") || line.contains("--token ") || line.contains("X-API-Key: ");
                assert!(!shown, "{}: {line}", document.display());
            }
        }
    }
}
