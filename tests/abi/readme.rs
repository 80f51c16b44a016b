//! The README's C examples compile as a reader would compile them.

use std::fs;
use std::path::Path;
use std::process::Command;

/// The text of each block that begins with ```c.
fn c_blocks(markdown: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut rest = markdown;
    while let Some((_, after)) = rest.split_once("\n```c\n") {
        let (block, next) = after.split_once("\n```").expect("each block has an end");
        blocks.push(block.to_owned());
        rest = next;
    }
    blocks
}

/// A whole program is taken as it is; anything else is the inside of a function that has a client.
fn as_file(block: &str) -> String {
    if block.contains("int main(") {
        return format!("{block}\n");
    }
    format!(
        "#include <mcpclient.h>\n#include <stdio.h>\n\nvoid example(mcpclient *client);\nvoid example(mcpclient *client)\n{{\n{block}\n}}\n"
    )
}

fn compiles(name: &str, source: &str) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let file = folder.join(format!("{name}.c"));
    fs::write(&file, source).unwrap();
    let flags = ["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only"];
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let compiler = std::env::var("CC").unwrap_or_else(|_| "cc".to_owned());
    let output = Command::new(compiler).args(flags).arg("-I").arg(root.join("include")).arg(&file).output().unwrap();
    assert!(output.status.success(), "{name}:\n{source}\n{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn every_c_block_of_the_documentation_compiles() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut checked = 0;
    for document in ["README.md", "docs/c.md", "docs/threads.md", "docs/protocol.md"] {
        let Ok(text) = fs::read_to_string(root.join(document)) else { continue };
        for (number, block) in c_blocks(&text).iter().enumerate() {
            let name = format!("{}-{number}", document.replace(['/', '.'], "-"));
            compiles(&name, &as_file(block));
            checked += 1;
        }
    }
    assert!(checked >= 6, "only {checked} examples were found");
}
