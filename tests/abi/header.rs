//! `include/mcpclient.h` is what build.rs makes of src/capi, is a complete manual for C programmers, and compiles
//! in every dialect of C and C++.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use crate::support::skipped;

const WARNINGS: [&str; 4] = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"];
/// Parameters that the opening page describes for all functions.
const COMMON_PARAMETERS: [&str; 6] = ["queue", "operation_out", "client", "user_data", "user_data_free", "error_out"];

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn header() -> String {
    fs::read_to_string(path("include/mcpclient.h")).unwrap()
}

/// A comment and the declaration that it describes.
struct Item {
    comment: String,
    declaration: String,
}

/// What stands in the sections: constants, types, functions.
fn items() -> Vec<Item> {
    let header = header();
    let (_, sections) = header.split_once("extern \"C\" {").unwrap();
    let (sections, _) = sections.rsplit_once("#ifdef __cplusplus").unwrap();
    let mut items = Vec::new();
    for piece in sections.split("\n/**").skip(1) {
        let (comment, rest) = piece.split_once("*/\n").unwrap();
        let (declaration, rest) = rest.split_once("\n\n").unwrap_or((rest, ""));
        items.push(Item { comment: comment.to_owned(), declaration: declaration.trim().to_owned() });
        let undocumented = rest.split("\n\n").filter(|text| !text.trim().is_empty() && !text.starts_with("/* ---"));
        items.extend(undocumented.map(|text| Item { comment: String::new(), declaration: text.to_owned() }));
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

    /// A function's parameters as they are declared.
    fn parameters(&self) -> Vec<String> {
        let (_, list) = self.declaration.split_once('(').unwrap();
        let list = list.trim_end_matches(");").replace(")(void *MCPCLIENT_NULLABLE user_data", "");
        list.split(',').map(|text| text.trim().to_owned()).filter(|text| text != "void").collect()
    }

    /// The comment on one line.
    fn prose(&self) -> String {
        let words = self.comment.split_whitespace().filter(|word| *word != "*");
        words.collect::<Vec<_>>().join(" ")
    }

    /// What the comment says of each parameter, in its order.
    fn described(&self) -> Vec<(String, String)> {
        let prose = self.prose();
        let (prose, _) = prose.split_once("@return").unwrap_or((&prose, ""));
        let tags = prose.split("@param ").skip(1).filter_map(|text| text.split_once(' '));
        tags.map(|(name, text)| (name.to_owned(), text.to_owned())).collect()
    }
}

/// The name of a parameter.
fn name(parameter: &str) -> &str {
    parameter.rsplit(|char: char| !char.is_alphanumeric() && char != '_').find(|word| !word.is_empty()).unwrap()
}

#[cfg(feature = "generate-header")]
#[test]
fn the_committed_header_is_the_generated_one() {
    let generated = fs::read_to_string(concat!(env!("OUT_DIR"), "/mcpclient.h")).unwrap();
    if env::var_os("UPDATE_HEADER").is_some() {
        fs::write(path("include/mcpclient.h"), &generated).unwrap();
    }
    assert!(header() == generated, "include/mcpclient.h is not what src/capi says: run `make header`");
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
fn functions_describe_their_parameters_and_results() {
    for item in items() {
        let Some(function) = item.function() else { continue };
        let described: Vec<String> = item.described().into_iter().map(|(name, _)| name).collect();
        let parameters = item.parameters();
        let is_needed = |name: &&str| !COMMON_PARAMETERS.contains(name) || described.iter().any(|known| known == name);
        let needed: Vec<&str> = parameters.iter().map(|parameter| name(parameter)).filter(is_needed).collect();
        assert_eq!(described, needed, "the parameters of {function}");
        let (result, _) = item.declaration.split_once(function).unwrap();
        let result = result.split_whitespace().last().unwrap();
        let returns = item.comment.contains("@return ");
        assert!(returns || ["void", "mcpclient_status"].contains(&result), "the result of {function}");
        assert!(!returns || result != "void", "{function} returns nothing");
    }
}

#[test]
fn parameters_are_nullable_where_their_description_says_so() {
    for item in items() {
        let Some(function) = item.function() else { continue };
        let described: BTreeMap<String, String> = item.described().into_iter().collect();
        for parameter in item.parameters() {
            let name = name(&parameter);
            let is_nullable = parameter.contains("MCPCLIENT_NULLABLE");
            match described.get(name) {
                // NULL for any output and callback is allowed by the opening page.
                _ if name.ends_with("_out") || parameter.contains("_callback ") => {}
                Some(text) => assert_eq!(text.contains("NULL"), is_nullable, "{function}: {name}"),
                None => assert_eq!(name.starts_with("user_data"), is_nullable, "{function}: {name}"),
            }
        }
    }
}

#[test]
fn functions_say_how_long_what_they_return_is_valid() {
    for item in items() {
        let Some(function) = item.function() else { continue };
        let borrows = item.declaration.contains("const char *") && !item.declaration.contains("mcpclient_status ");
        let (result, _) = item.declaration.split_once(function).unwrap();
        if borrows && result.contains("const char *") {
            // By default, as long as the handle that it was read from.
            let has_handle = item.parameters().first().is_some_and(|first| first.contains("const mcpclient_"));
            assert!(has_handle || item.prose().contains("Valid "), "{function}: how long its result is valid");
        }
    }
}

#[test]
fn what_is_common_is_said_once() {
    for text in ["The caller frees", "The library copies", "Does not block", "Connects first", "The client."] {
        let count = items().iter().filter(|item| item.prose().contains(text)).count();
        assert_eq!(count, 0, "\"{text}\" is said on the opening page, and {count} times more");
    }
    for item in items() {
        let prose = item.prose();
        let repeats = prose.contains("MCPCLIENT_ERROR_INTERNAL") && item.function().is_some();
        assert!(!repeats, "any function may return this: {}", item.declaration);
    }
}

#[test]
fn sections_have_titles() {
    let header = header();
    let titles = header.split("/* ----").skip(1).filter_map(|text| text.lines().nth(1)).collect::<Vec<_>>();
    assert!(titles.len() > 10 && titles[0] == " * Handles", "{titles:?}");
    for title in titles {
        assert!(!title.ends_with('.') && title.len() > " * ".len(), "{title} is no title");
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
        skipped(&format!("the header with {compiler}"), "it is not installed", "apt-get install gcc g++ clang");
    }
}

#[test]
fn it_compiles_alone_and_twice_as_c() {
    for compiler in ["cc", "gcc", "clang"] {
        compiles(compiler, ["c99", "c11", "c17"], "header_twice.c");
    }
    // As by -ansi with the types of C99, which clang does not allow: no comment of C++ anywhere.
    compiles("gcc", ["gnu89", "c89", "c90"], "header_twice.c");
}

#[test]
fn it_compiles_alone_and_twice_as_cpp() {
    for compiler in ["g++", "clang++"] {
        compiles(compiler, ["c++11", "c++17", "c++20"], "header.cc");
    }
}

#[test]
fn both_headers_compile_beside_the_macros_of_others() {
    for compiler in ["g++", "clang++"] {
        compiles(compiler, ["c++17", "c++20", "gnu++17"], "hostile_macros.cc");
    }
}
