//! The structure of the source: imports point downwards only, and never in a circle. What clippy can check (SAFETY comments,
//! `unwrap`) is denied in `src/lib.rs`.

use std::collections::{BTreeMap, BTreeSet};
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
        self.is_capi() || ["base/platform/unix.rs", "transport/stdio/unix/spawn.rs"].contains(&self.name.as_str())
    }

    /// The code that is shipped: without comments, without tests.
    fn code(&self) -> String {
        if self.name.ends_with("tests.rs") || self.name.contains("/tests/") {
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
            let guards =
                ["outcome::status(", "outcome::handle(", "outcome::pointer(", "guard::plain(", "guard::reading("];
            let guarded = guards.iter().any(|form| first.starts_with(form));
            assert!(guarded, "{name} begins with {first}");
            count += 1;
        }
        let exports = code.matches("no_mangle").count();
        assert_eq!(exports, code.matches("pub unsafe extern \"C\" fn ").count(), "exports of {}", source.name);
    }
    assert!(count > 50, "the exported functions were not found");
}

/// A callback may free its client: a call keeps it alive by `client::of`. The functions of a queue keep the handle that they
/// are given only until they return, and run no callback.
#[test]
fn calls_keep_their_client_alive() {
    for source in sources().iter().filter(|source| source.is_capi() && !source.name.ends_with("/queue.rs")) {
        let borrows = source.code().matches("arg::required(client").count();
        assert_eq!(borrows, usize::from(source.name == "capi/client.rs"), "src/{} borrows a client", source.name);
    }
}

/// Foreign code must not run under a lock, which debug builds check where they count the locks.
#[test]
fn every_lock_is_counted() {
    for source in sources().iter().filter(|source| source.name != "base/lock.rs") {
        let code = source.code();
        let takes = ["MutexGuard", "PoisonError", "RwLock"].iter().find(|word| code.contains(**word));
        assert_eq!(takes, None, "src/{} does not use base/lock.rs", source.name);
    }
}

#[test]
fn only_the_http_folder_names_the_http_library() {
    for source in sources().iter().filter(|source| !source.name.starts_with("http/")) {
        assert!(!source.says("ureq"), "{} names ureq", source.name);
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
fn files_are_short_and_the_top_level_is_small() {
    for source in sources() {
        let lines = source.text.lines().count();
        assert!(lines <= 430 || source.name.ends_with("tests.rs"), "src/{} has {lines} lines", source.name);
    }
    let entries = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).unwrap().count();
    assert!(entries <= 10, "src has {entries} entries");
}

/// The layers from the top down; those of one line stand side by side and do not import each other.
const LAYERS: [&[&str]; 9] = [
    &["capi"],
    &["lib.rs"],
    &["client"],
    &["session"],
    &["transport"],
    &["http"],
    &["auth", "protocol"],
    &["json"],
    &["base"],
];

fn layer(file: &str) -> (usize, &str) {
    let name = file.split('/').next().unwrap();
    let rank = LAYERS.iter().position(|layer| layer.contains(&name));
    (rank.unwrap_or_else(|| panic!("src/{name} belongs to no layer")), name)
}

/// The paths of a use tree such as `a::{self, b::{C, D}}`.
fn expand(prefix: &str, tree: &str, paths: &mut Vec<String>) {
    let Some((path, group)) = tree.split_once('{') else {
        paths.push(format!("{prefix}{}", tree.trim()));
        return;
    };
    let prefix = format!("{prefix}{}", path.trim());
    let group = group.trim_end().strip_suffix('}').unwrap_or(group);
    let (mut depth, mut start) = (0, 0);
    for (at, char) in group.char_indices().chain([(group.len(), ',')]) {
        match char {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                expand(&prefix, &group[start..at], paths);
                start = at + 1;
            }
            _ => {}
        }
    }
}

/// The module of a file as a path from the crate: `http/mod.rs` is `http`.
fn module(file: &str) -> String {
    let name = file.trim_end_matches(".rs");
    name.trim_end_matches("/mod").replace('/', "::").replace("lib", "")
}

impl Source {
    /// Every path into the crate that the code names, from the crate's root.
    fn paths(&self) -> Vec<String> {
        let code = self.code();
        let mut paths = Vec::new();
        for (keyword, base) in [("crate::", String::new()), ("super::", self.parent())] {
            for (at, _) in code.match_indices(keyword) {
                let before = code[..at].chars().next_back();
                if before.is_some_and(|char| char.is_alphanumeric() || char == '_' || char == ':') {
                    continue;
                }
                let rest = &code[at + keyword.len()..];
                expand(&base, &rest[..path_length(rest)], &mut paths);
            }
        }
        paths
    }

    /// The module that `super` means, as a prefix of a path.
    fn parent(&self) -> String {
        match module(&self.name).rsplit_once("::") {
            Some((parent, _)) => format!("{parent}::"),
            None => String::new(),
        }
    }
}

/// How long a path is that begins here, with its group if it ends in one.
fn path_length(text: &str) -> usize {
    let mut depth = 0;
    for (at, char) in text.char_indices() {
        match char {
            '{' if depth > 0 || at == 0 || text[..at].ends_with("::") => depth += 1,
            '}' if depth > 0 => depth -= 1,
            _ if depth > 0 => {}
            _ if char.is_alphanumeric() || char == '_' || char == ':' => {}
            _ => return at,
        }
        if depth == 0 && char == '}' {
            return at + 1;
        }
    }
    text.len()
}

/// Which files each file imports.
fn imports() -> BTreeMap<String, BTreeSet<String>> {
    let sources = sources();
    let files: BTreeMap<String, &str> = sources.iter().map(|source| (module(&source.name), &*source.name)).collect();
    let file_of = |path: &str| {
        let mut module = path;
        loop {
            match (files.get(module), module.rsplit_once("::")) {
                (Some(file), _) => return (*file).to_owned(),
                (None, Some((parent, _))) => module = parent,
                (None, None) => return "lib.rs".to_owned(),
            }
        }
    };
    let of = |source: &Source| {
        let files: BTreeSet<String> = source.paths().iter().map(|path| file_of(path)).collect();
        (source.name.clone(), files.into_iter().filter(|file| *file != source.name).collect())
    };
    sources.iter().map(of).collect()
}

#[test]
fn imports_point_downwards() {
    let imports = imports();
    let count: usize = imports.values().map(BTreeSet::len).sum();
    assert!(count > 150, "the imports were not found: {count}");
    for (file, imported) in &imports {
        for other in imported {
            let ((from, name), (to, other_name)) = (layer(file), layer(other));
            assert!(from < to || name == other_name, "src/{file} imports src/{other}, which is not below it");
        }
    }
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    let mut imports = imports();
    // What imports nothing that is left cannot be part of a circle.
    loop {
        let before = imports.len();
        let left: BTreeSet<String> = imports.keys().cloned().collect();
        imports.retain(|_, imported| imported.iter().any(|other| left.contains(other)));
        if imports.len() == before {
            break;
        }
    }
    // Nor can what nothing that is left imports.
    loop {
        let before = imports.len();
        let imported: BTreeSet<String> = imports.values().flatten().cloned().collect();
        imports.retain(|file, _| imported.contains(file));
        if imports.len() == before {
            break;
        }
    }
    assert!(imports.is_empty(), "a circle ties these files: {:?}", imports.keys());
}

#[test]
fn use_trees_are_expanded() {
    let mut paths = Vec::new();
    expand("", "http::{self, endpoint::{self, Endpoint}, tls}", &mut paths);
    assert_eq!(paths, ["http::self", "http::endpoint::self", "http::endpoint::Endpoint", "http::tls"]);
    assert_eq!(path_length("a::{b::{C, D}, e};"), "a::{b::{C, D}, e}".len());
    assert_eq!(path_length("{A, B};"), "{A, B}".len());
    assert_eq!(path_length("a::b(c)"), "a::b".len());
}
