//! Who may name whom: the lines between the C ABI, the safe core and the HTTP library.

use std::fs;
use std::path::{Path, PathBuf};

/// A file of src, by its path from there.
struct Source {
    name: String,
    text: String,
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        let entries: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        for entry in entries {
            if entry.is_dir() {
                folders.push(entry);
            } else if entry.extension().is_some_and(|extension| extension == "rs") {
                let name = entry.strip_prefix(&root).unwrap().to_str().unwrap().replace('\\', "/");
                found.push(Source { name, text: fs::read_to_string(entry).unwrap() });
            }
        }
    }
    assert!(found.len() > 30, "the sources were not found");
    found
}

impl Source {
    fn is_capi(&self) -> bool {
        self.name.starts_with("capi/")
    }

    /// The C ABI, and the calls to the operating system that no safe library offers.
    fn may_be_unsafe(&self) -> bool {
        self.is_capi() || self.name == "base/platform.rs"
    }

    /// The code that is shipped: without comments, without tests.
    fn code(&self) -> String {
        if self.name.ends_with("tests.rs") {
            return String::new();
        }
        let shipped = self.text.split("#[cfg(test)]\nmod tests").next().unwrap();
        let code = |line: &str| line.split_once("//").map_or(line, |(code, _)| code).to_owned();
        // "://" begins no comment, but nothing that is looked for here follows a URL on its line.
        shipped.lines().map(code).collect::<Vec<_>>().join("\n")
    }

    /// Whether `word` stands in the code as a word of its own.
    fn says(&self, word: &str) -> bool {
        let part_of_a_name = |text: &str, at: Option<char>| {
            !text.is_empty() && at.is_some_and(|char| char.is_alphanumeric() || char == '_')
        };
        let code = self.code();
        code.match_indices(word).any(|(at, _)| {
            let (before, after) = (&code[..at], &code[at + word.len()..]);
            !part_of_a_name(before, before.chars().next_back()) && !part_of_a_name(after, after.chars().next())
        })
    }
}

#[test]
fn only_the_c_abi_and_the_platform_module_are_unsafe() {
    for source in sources().iter().filter(|source| !source.may_be_unsafe()) {
        assert!(!source.says("unsafe"), "{} is unsafe", source.name);
    }
}

#[test]
fn every_unsafe_block_says_why_it_is_sound() {
    for source in sources().iter().filter(|source| source.may_be_unsafe()) {
        let lines: Vec<&str> = source.text.lines().collect();
        for (at, line) in lines.iter().enumerate() {
            let code = line.trim_start();
            if code.starts_with("//") || !(code.contains("unsafe {") || code.starts_with("unsafe impl")) {
                continue;
            }
            // Above the statement that the block is part of.
            let comment = lines[..at].iter().rev().take(3).any(|above| above.trim_start().starts_with("// SAFETY: "));
            assert!(comment, "src/{}:{}: no SAFETY comment", source.name, at + 1);
        }
    }
}

#[test]
fn nothing_but_the_root_names_the_c_abi() {
    for source in sources().iter().filter(|source| !source.is_capi() && source.name != "lib.rs") {
        assert!(!source.says("capi"), "{} names the C ABI", source.name);
    }
}

#[test]
fn every_exported_function_is_guarded() {
    let mut count = 0;
    for source in sources().iter().filter(|source| source.is_capi()) {
        let code = source.code();
        for function in code.split("pub unsafe extern \"C\" fn ").skip(1) {
            let name = function.split('(').next().unwrap();
            let (_, body) = function.split_once(" {\n").unwrap();
            let mut lines = body.lines().map(str::trim).filter(|line| !line.is_empty());
            let first = lines.find(|line| *line != "unsafe {" && !line.starts_with("let user_data = UserData::new("));
            let first = first.unwrap().trim_start_matches("unsafe { ");
            let guarded =
                ["outcome::status(", "outcome::handle(", "guard::plain("].iter().any(|form| first.starts_with(form));
            assert!(guarded, "{name} begins with {first}");
            count += 1;
        }
        let exports = code.matches("no_mangle").count();
        assert_eq!(exports, code.matches("pub unsafe extern \"C\" fn ").count(), "exports of {}", source.name);
    }
    assert!(count > 50, "the exported functions were not found");
}

#[test]
fn only_the_http_folder_names_the_http_library() {
    for source in sources().iter().filter(|source| !source.name.starts_with("http/")) {
        // Credentials are kept in the form in which they are sent, and fuzzed in it.
        let holds_credentials = source.name.starts_with("auth/") || source.name == "fuzzing.rs";
        let allowed = holds_credentials && !source.code().replace("ureq::http::", "").contains("ureq");
        assert!(allowed || !source.says("ureq"), "{} names ureq", source.name);
    }
}

/// In a program with raised privileges no variable counts, which one module knows.
#[test]
fn one_module_reads_the_environment() {
    for source in sources().iter().filter(|source| source.name != "base/environment.rs") {
        assert!(!source.says("env::var") && !source.says("env::var_os"), "src/{} reads the environment", source.name);
    }
}

#[test]
fn no_shipped_code_unwraps() {
    for source in sources() {
        let code = source.code();
        let lines = code.lines().enumerate().filter(|(_, line)| line.contains(".unwrap()"));
        let found: Vec<String> = lines.map(|(at, line)| format!("{}: {}", at + 1, line.trim())).collect();
        assert!(found.is_empty(), "src/{}: {found:?}", source.name);
    }
}

#[test]
fn no_file_grows_out_of_hand() {
    for source in sources() {
        let lines = source.text.lines().count();
        assert!(lines <= 450 || source.name.ends_with("tests.rs"), "src/{} has {lines} lines", source.name);
    }
}
