//! Generates `mcpclient.h`: cbindgen writes the declarations, this file arranges them in sections.
//!
//! A section is a module of src/capi, titled by its doc comment in src/capi/mod.rs. It has the module's constants, types
//! and functions, in this order. The handles come first, because any section may use them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Where the opening page and the macros of cbindgen.toml end.
const LAST_MACRO: &str = "#define MCPCLIENT_VERSION_AT_LEAST";
const WIDTH: usize = 80;

pub fn generate() -> String {
    let config = cbindgen::Config::from_file("cbindgen.toml").expect("cbindgen.toml is readable");
    let mut header = Vec::new();
    cbindgen::Builder::new()
        .with_config(config)
        // A file, not the crate: its modules are followed, and cargo is not asked about dependencies.
        .with_src("src/capi/mod.rs")
        .generate()
        .expect("the header can be generated")
        .write(&mut header);
    let header = String::from_utf8(header).expect("the sources are UTF-8");
    arrange(&tidy(&header), &sections())
}

/// A module of src/capi.
struct Section {
    title: String,
    text: Vec<String>,
    /// The names that it exports.
    names: Vec<String>,
}

fn sections() -> Vec<Section> {
    let root = fs::read_to_string("src/capi/mod.rs").expect("src/capi/mod.rs is readable");
    let (mut comment, mut sections) = (Vec::new(), Vec::new());
    for line in root.lines() {
        if let Some(text) = line.strip_prefix("///") {
            comment.push(text.trim().to_owned());
        } else if let Some(module) = line.strip_prefix("pub mod ") {
            let mut comment = std::mem::take(&mut comment).into_iter();
            let title = comment.next().expect("each exported module has a title");
            let names = exported_names(module.trim_end_matches(';'));
            sections.push(Section { title, text: comment.filter(|line| !line.is_empty()).collect(), names });
        }
    }
    sections
}

fn exported_names(module: &str) -> Vec<String> {
    let path = Path::new("src/capi").join(module).with_extension("rs");
    let source = fs::read_to_string(path).expect("each exported module is a file of src/capi");
    let starts = ["pub unsafe extern \"C\" fn ", "pub const ", "pub struct ", "pub type "];
    let name = |line: &str| {
        let rest = starts.iter().find_map(|start| line.strip_prefix(start))?;
        rest.split(|char: char| !char.is_alphanumeric() && char != '_').next().map(str::to_owned)
    };
    source.lines().filter_map(name).collect()
}

/// Breaks long declarations, where cbindgen has no setting for it.
fn tidy(header: &str) -> String {
    let mut tidied = String::with_capacity(header.len());
    for line in header.lines() {
        let is_aligned = line.starts_with("          ");
        tidied.push_str(if is_aligned { "    " } else { "" });
        tidied.push_str(if is_aligned { line.trim_start() } else { line });
        tidied.push('\n');
    }
    // The pointer behind an output pointer has no mark.
    tidied.replace("*MCPCLIENT_NULLABLE *MCPCLIENT_NULLABLE", "**MCPCLIENT_NULLABLE")
}

/// Puts the declarations, which cbindgen sorts by kind, into their sections.
fn arrange(header: &str, sections: &[Section]) -> String {
    let macros = header.find(LAST_MACRO).expect("cbindgen.toml defines it");
    let start = macros + header[macros..].find("\n\n").expect("declarations follow") + 2;
    let end = header.rfind("#ifdef __cplusplus").expect("cbindgen ends extern \"C\"");
    let trailer = &header[end + header[end..].find("#if defined").expect("cbindgen.toml has a trailer")..];

    let blocks = header[start..end].split("\n\n").map(str::trim).filter(|block| block.starts_with("/**"));
    let (handles, blocks): (Vec<&str>, Vec<&str>) =
        blocks.partition(|block| declaration(block).starts_with("typedef struct"));
    let mut blocks: BTreeMap<&str, &str> = blocks.into_iter().map(|block| (name(block), block)).collect();
    let mut arranged = header[..start].to_owned();
    arranged.push_str("#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n");
    push_section(&mut arranged, "Handles", &[], &handles);
    for Section { title, text, names } in sections {
        let mut own: Vec<&str> = names.iter().filter_map(|name| blocks.remove(name.as_str())).collect();
        own.sort_by_key(|block| rank(block));
        push_section(&mut arranged, title, text, &own);
    }
    assert!(blocks.is_empty(), "in no section: {:?}", blocks.keys());
    arranged.push_str("#ifdef __cplusplus\n} /* extern \"C\" */\n#endif\n\n");
    arranged + trailer
}

fn push_section(to: &mut String, title: &str, text: &[String], blocks: &[&str]) {
    let rule = "-".repeat(WIDTH - 3);
    *to += &format!("/* {rule}\n * {title}\n");
    if !text.is_empty() {
        *to += &format!(" *\n * {}\n", text.join("\n * "));
    }
    *to += &format!(" * {} */\n\n", &rule[3..]);
    for (at, block) in blocks.iter().enumerate() {
        let is_followed = blocks.get(at + 1).is_some_and(|next| rank(block) == 0 && rank(next) == 0);
        *to += &shortened(block);
        *to += if is_followed { "\n" } else { "\n\n" }; // constants stand together
    }
}

fn declaration(block: &str) -> &str {
    block.split_once("*/\n").expect("a comment stands above each declaration").1
}

/// Constants before types before functions.
fn rank(block: &str) -> usize {
    let declaration = declaration(block);
    ["#define", "typedef"].iter().position(|start| declaration.starts_with(start)).unwrap_or(2)
}

/// What a block declares.
fn name(block: &str) -> &str {
    let declaration = declaration(block);
    let is_part = |char: char| char.is_alphanumeric() || char == '_';
    let name = match declaration.split_once("(*") {
        Some((_, callback)) if declaration.starts_with("typedef") => callback.trim_start_matches("MCPCLIENT_NULLABLE "),
        _ if declaration.starts_with("#define") => declaration.trim_start_matches("#define "),
        _ => {
            let before = declaration.split(['(', ';']).next().unwrap_or_default();
            &before[before.rfind(|char| !is_part(char)).map_or(0, |at| at + 1)..]
        }
    };
    name.split(|char| !is_part(char)).next().unwrap_or_default()
}

/// The block with a comment of one line where it fits into one.
fn shortened(block: &str) -> String {
    let (comment, declaration) = block.split_once("*/\n").expect("a comment stands above each declaration");
    let lines: Vec<&str> = comment.trim_start_matches("/**\n").trim_end().lines().collect();
    match lines.as_slice() {
        [line] if line.len() + " */".len() < WIDTH => {
            format!("/** {} */\n{declaration}", line.trim_start_matches(" * "))
        }
        _ => block.to_owned(),
    }
}
