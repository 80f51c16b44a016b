//! What the shared library shows to the linker: the functions of the header and nothing else, under its own name.

#![cfg(all(unix, not(target_vendor = "apple")))]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// The library that cargo built for these tests, beside their executables.
fn library() -> PathBuf {
    let executable = env::current_exe().unwrap();
    executable.with_file_name("libmcpclient.so")
}

fn output(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).arg(library()).output().unwrap();
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The functions that the header declares.
fn declared() -> BTreeSet<String> {
    let header = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("include/mcpclient.h")).unwrap();
    let code = header.lines().filter(|line| !line.starts_with([' ', '/', '#']) && !line.starts_with("typedef"));
    let before_parenthesis = code.filter_map(|line| Some(line.split_once('(')?.0));
    before_parenthesis.filter_map(|text| text.rsplit([' ', '*']).next()).map(str::to_owned).collect()
}

#[test]
fn exactly_the_functions_of_the_header_are_exported() {
    let listing = output("nm", &["-D", "--defined-only", "--format=posix"]);
    let exported: BTreeSet<String> =
        listing.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect();
    let declared = declared();
    assert!(declared.len() > 50, "the header was not understood");
    assert_eq!(exported, declared);
}

#[test]
fn it_has_a_name_of_its_own_and_stays_loaded() {
    let dynamic = output("readelf", &["-d", "-W"]);
    assert!(dynamic.contains("Library soname: [libmcpclient.so.0]"), "{dynamic}");
    assert!(dynamic.contains("NODELETE"), "{dynamic}");
}

#[test]
fn it_needs_nothing_but_the_c_library() {
    let dynamic = output("readelf", &["-d", "-W"]);
    let needed = dynamic.lines().filter_map(|line| line.split_once("Shared library: [")).map(|(_, name)| name);
    for name in needed {
        let part_of_it = ["libc.", "libm.", "libgcc_s.", "libpthread.", "libdl.", "librt.", "ld-"];
        assert!(part_of_it.iter().any(|start| name.starts_with(start)), "the library needs {name}");
    }
}
