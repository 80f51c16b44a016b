//! JSON (RFC 8259): one reader for everything that a server sends, values read by JSON Pointer (RFC 6901) or step by step,
//! and JSON text in the making.
//!
//! A text is read once, in place ([`reader`]): its strings are decoded where they stand, and beside it a list of slots of
//! 16 bytes says what is where ([`document`]). So a result costs its size and 16 bytes for each value and name in it, a
//! part is a view that costs nothing, and C reads strings without a copy.

mod builder;
mod copy;
mod document;
mod limits;
mod node;
mod numbers;
mod pointer;
mod print;
mod reader;
mod slot;
mod strings;
mod texts;
mod value;

pub use builder::JsonBuilder;
pub(crate) use document::Document;
pub(crate) use limits::{Limits, ReadError};
pub use node::{Kind, Node};
pub(crate) use slot::Slot;
pub use value::Value;

#[cfg(test)]
mod tests;
