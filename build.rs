//! Generates the header and names the library for the linker.

#[cfg(feature = "generate-header")]
#[path = "build/header.rs"]
mod header;

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    #[cfg(feature = "generate-header")]
    write_header();
    link_cdylib();
}

/// Writes `mcpclient.h` to the build's own folder; a test compares it with the committed one.
#[cfg(feature = "generate-header")]
fn write_header() {
    println!("cargo::rerun-if-changed=build/header.rs");
    println!("cargo::rerun-if-changed=cbindgen.toml");
    println!("cargo::rerun-if-changed=src/capi");
    let out = env::var_os("OUT_DIR").expect("cargo sets OUT_DIR");
    let path = std::path::Path::new(&out).join("mcpclient.h");
    std::fs::write(path, header::generate()).expect("OUT_DIR is writable");
}

/// The shared library's own name. Its number is the major version, as the Makefile and cargo-c have it.
fn link_cdylib() {
    let abi = env::var("CARGO_PKG_VERSION_MAJOR").expect("cargo sets CARGO_PKG_VERSION_MAJOR");
    let family = env::var("CARGO_CFG_TARGET_FAMILY").unwrap_or_default();
    let vendor = env::var("CARGO_CFG_TARGET_VENDOR").unwrap_or_default();
    if vendor == "apple" {
        println!("cargo::rustc-link-arg-cdylib=-Wl,-install_name,@rpath/libmcpclient.{abi}.dylib");
    } else if family.split(',').any(|family| family == "unix") {
        println!("cargo::rustc-link-arg-cdylib=-Wl,-soname,libmcpclient.so.{abi}");
        // A host may unload the library while one of its threads is about to end: the code must outlive it.
        println!("cargo::rustc-link-arg-cdylib=-Wl,-z,nodelete");
    }
}
