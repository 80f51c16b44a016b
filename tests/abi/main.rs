//! The C ABI as a C program sees it, its documentation, and the rules for the source behind it.

#[path = "../support/mod.rs"]
mod support;

mod c_programs;
mod documentation;
mod header;
mod layering;
mod symbols;
