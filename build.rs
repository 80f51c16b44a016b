//! Generates the header next to the library and names the library for the linker.

use std::env;
use std::fs;
use std::path::Path;

/// Changes when the ABI breaks.
const ABI: &str = "0";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=cbindgen.toml");
    println!("cargo::rerun-if-changed=src/capi");
    write_header();
    link_cdylib();
}

/// Writes `mcpclient.h` to the build's own folder; a test compares it with the committed one.
fn write_header() {
    let out = env::var_os("OUT_DIR").expect("cargo sets OUT_DIR");
    let config = cbindgen::Config::from_file("cbindgen.toml").expect("cbindgen.toml is readable");
    let mut header = Vec::new();
    cbindgen::Builder::new()
        .with_config(config)
        // A file, not the crate: its modules are followed, and cargo is not asked about dependencies.
        .with_src("src/capi/mod.rs")
        .generate()
        .expect("the header can be generated")
        .write(&mut header);
    let header = String::from_utf8(header).expect("the header is made of UTF-8 files");
    fs::write(Path::new(&out).join("mcpclient.h"), tidy(&header)).expect("OUT_DIR is writable");
}

/// Makes long declarations readable, where cbindgen has no setting for it.
fn tidy(header: &str) -> String {
    let mut tidied = String::with_capacity(header.len());
    for line in header.lines() {
        let aligned = line.starts_with("          ");
        tidied.push_str(if aligned { "    " } else { "" });
        tidied.push_str(if aligned { line.trim_start() } else { line });
        tidied.push('\n');
    }
    tidied
        // What an output pointer points to is NULL before the call, whatever is said about it.
        .replace("*MCPCLIENT_NULLABLE *MCPCLIENT_NULLABLE", "**MCPCLIENT_NULLABLE")
        // These two callbacks may be NULL; cbindgen cannot tell through the typedef.
        .replace(
            "mcpclient_notification_callback callback",
            "mcpclient_notification_callback MCPCLIENT_NULLABLE callback",
        )
        .replace("mcpclient_request_callback callback", "mcpclient_request_callback MCPCLIENT_NULLABLE callback")
}

fn link_cdylib() {
    let family = env::var("CARGO_CFG_TARGET_FAMILY").unwrap_or_default();
    let vendor = env::var("CARGO_CFG_TARGET_VENDOR").unwrap_or_default();
    if vendor == "apple" {
        println!("cargo::rustc-link-arg-cdylib=-Wl,-install_name,@rpath/libmcpclient.{ABI}.dylib");
    } else if family.split(',').any(|family| family == "unix") {
        println!("cargo::rustc-link-arg-cdylib=-Wl,-soname,libmcpclient.so.{ABI}");
        // A host may unload the library while one of its threads is about to end: the code must outlive it.
        println!("cargo::rustc-link-arg-cdylib=-Wl,-z,nodelete");
    }
}
