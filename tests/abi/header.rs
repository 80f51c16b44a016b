//! `include/mcpclient.h` is what build.rs makes of src/capi, is a complete manual for C programmers, and compiles
//! wherever it is included.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

const GENERATED: &str = concat!(env!("OUT_DIR"), "/mcpclient.h");
const WARNINGS: [&str; 4] = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"];

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn header() -> String {
    fs::read_to_string(GENERATED).unwrap()
}

/// A comment and the declaration that it describes.
struct Item {
    comment: String,
    declaration: String,
}

/// What stands in the generated part: constants, types, functions.
fn items() -> Vec<Item> {
    let header = header();
    let (_, generated) = header.split_once("#define MCPCLIENT_VERSION_AT_LEAST").unwrap();
    let (generated, _) = generated.rsplit_once("#ifdef __cplusplus").unwrap();
    let mut items = Vec::new();
    for piece in generated.split("/**\n").skip(1) {
        let (comment, rest) = piece.split_once("*/\n").unwrap();
        let mut declarations = rest.split_inclusive("\n\n").filter(|text| !text.trim().is_empty());
        let declaration = declarations.next().unwrap_or_default().trim().to_owned();
        items.push(Item { comment: comment.to_owned(), declaration });
        for undocumented in declarations.filter(|text| text.contains("mcpclient_") || text.contains("MCPCLIENT_")) {
            items.push(Item { comment: String::new(), declaration: undocumented.trim().to_owned() });
        }
    }
    items
}

impl Item {
    /// The name of the function that is declared.
    fn function(&self) -> Option<&str> {
        let text = self.declaration.as_str();
        if text.starts_with('#') || text.starts_with("typedef") {
            return None;
        }
        let (before, _) = text.split_once('(')?;
        before.rsplit([' ', '*']).next()
    }

    /// The names of a function's parameters.
    fn parameters(&self) -> Vec<String> {
        let (_, list) = self.declaration.split_once('(').unwrap();
        let list = list.trim_end_matches(");").replace(")(void *MCPCLIENT_NULLABLE user_data", "");
        let name = |text: &str| {
            text.rsplit(|byte: char| !byte.is_alphanumeric() && byte != '_')
                .find(|word| !word.is_empty())
                .map(str::to_owned)
        };
        list.split(',').filter(|text| text.trim() != "void").filter_map(name).collect()
    }

    /// The comment on one line.
    fn prose(&self) -> String {
        let words = self.comment.split_whitespace().filter(|word| *word != "*");
        words.collect::<Vec<_>>().join(" ")
    }

    /// The parameters that the comment describes, in its order.
    fn described(&self) -> Vec<String> {
        let tags = self.comment.split("@param ").skip(1);
        tags.filter_map(|text| text.split_whitespace().next()).map(str::to_owned).collect()
    }
}

#[test]
fn the_committed_header_is_the_generated_one() {
    let committed = path("include/mcpclient.h");
    if env::var_os("UPDATE_HEADER").is_some() {
        fs::write(&committed, header()).unwrap();
    }
    let same = fs::read_to_string(&committed).unwrap() == header();
    assert!(same, "include/mcpclient.h is not what src/capi says: run `make header`");
}

#[test]
fn everything_is_described() {
    let items = items();
    assert!(items.iter().filter(|item| item.function().is_some()).count() > 50, "the header was not understood");
    for item in items {
        let comment = item.comment.trim_start_matches([' ', '*', '\n']);
        assert!(comment.starts_with(|first: char| first.is_alphabetic()), "no description of {}", item.declaration);
        assert!(comment.contains('.'), "no sentence about {}", item.declaration);
    }
}

#[test]
fn functions_describe_their_parameters_results_and_blocking() {
    for item in items() {
        let Some(name) = item.function() else { continue };
        assert_eq!(item.described(), item.parameters(), "the parameters of {name}");
        let returns = !item.declaration.starts_with("MCPCLIENT_API void") && !item.declaration.contains("\nvoid ");
        assert_eq!(item.comment.contains("@return "), returns, "the result of {name}");
        let prose = item.prose();
        assert!(prose.contains("not block") || prose.contains("Blocks"), "whether {name} blocks");
    }
}

#[test]
fn functions_say_who_frees_what() {
    for item in items() {
        let Some(name) = item.function() else { continue };
        let prose = item.prose();
        for text in item.parameters() {
            let is_text = item.declaration.contains(&format!("const char *{text}"))
                || item.declaration.contains(&format!("const char *MCPCLIENT_NULLABLE {text}"));
            let copied = format!("The library copies {text}.");
            assert!(!is_text || prose.contains(&copied), "{name}: {copied}");
        }
        let freed = "The caller frees it with mcpclient_";
        let outputs = item.declaration.matches("_out").count();
        let made = item.declaration.contains("MCPCLIENT_MUST_USE");
        assert_eq!(prose.matches(freed).count(), outputs + usize::from(made), "{name}: what the caller frees");
        let borrows = item.declaration.contains("\nconst char *") || item.declaration.contains("API const char *");
        let lasts = prose.contains("Valid until") || prose.contains("valid for as long as the library is loaded");
        assert!(!borrows || lasts, "{name}: how long its result is valid");
    }
}

#[test]
fn functions_that_return_a_status_list_what_can_come_back() {
    for item in items() {
        let Some(name) = item.function() else { continue };
        if item.declaration.contains("error_out") {
            let (_, result) = item.comment.split_once("@return").unwrap();
            assert!(result.contains("MCPCLIENT_ERROR_INVALID_ARGUMENT"), "{name}");
            assert!(result.contains("_INTERNAL."), "{name}");
        }
    }
}

#[test]
fn nothing_is_said_in_the_terms_of_another_language() {
    let header = header();
    for (number, line) in header.lines().enumerate() {
        for word in ["::", "Option<", "&str", "&mut", "Rust", " rust", "[`", "`]", "# Safety", "MaybeUninit", "dyn "] {
            assert!(!line.contains(word), "line {} has {word}: {line}", number + 1);
        }
        assert!(!line.contains('\t') && !line.ends_with(' '), "white space in line {}", number + 1);
    }
}

/// Compiles `tests/abi/c/<source>`; `false` when there is no such compiler.
fn compile(compiler: &str, standard: &str, source: &str) -> bool {
    let mut command = Command::new(compiler);
    command.arg(format!("-std={standard}")).args(WARNINGS).arg("-fsyntax-only");
    command.arg("-I").arg(path("include")).arg(path("tests/abi/c").join(source));
    let Ok(output) = command.output() else { return false };
    let messages = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && messages.is_empty(), "{compiler} -std={standard} {source}:\n{messages}");
    true
}

/// Compiles in three standards; what lacks its compiler is skipped, except where nothing may be.
fn compiles(compiler: &str, standards: [&str; 3], source: &str) {
    if !standards.into_iter().all(|standard| compile(compiler, standard, source)) {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "{compiler} is missing");
        eprintln!("skipped: {source} with {compiler}, which is not installed");
    }
}

#[test]
fn it_compiles_alone_and_twice_as_c() {
    for compiler in ["cc", "gcc", "clang"] {
        compiles(compiler, ["c99", "c11", "c17"], "header_twice.c");
    }
}

#[test]
fn it_compiles_alone_and_twice_as_cpp() {
    for compiler in ["g++", "clang++"] {
        compiles(compiler, ["c++11", "c++17", "c++20"], "header.cc");
    }
}
