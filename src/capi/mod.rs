//! The C ABI: every type, constant and function of `mcpclient.h`, which `build.rs` generates from these files.
//!
//! The doc comments of everything exported are the manual that C programmers read, so they are written in the terms of
//! C. Notes for readers of this code stand in `//` comments, which do not reach the header.
//!
//! An exported function reads its arguments ([`arg`]), calls the safe core and writes its outputs, all inside a closure
//! of [`outcome`] (a result becomes a status and an error object) or [`guard`] (it cannot fail). Both catch panics. The
//! function is `unsafe` because it trusts the caller to keep the contract of the header: each pointer is NULL or points
//! to what its type says, alive for as long as the header asks. What can be checked is checked, and is an error instead
//! of undefined behaviour.

#![allow(non_camel_case_types)] // the types are named as in C
#![allow(clippy::missing_safety_doc)] // the header's opening page states the contract once, for all functions

// The order of these lines is the order of the header.

/// The version of the library.
pub mod version;

/// The status codes.
pub mod status;

/// The client's life: made, connected, pinged, closed, freed.
pub mod client;

/// How a client talks to its server: transport, protocol version, time and size limits.
pub mod settings;

/// What a client sends to be let in.
pub mod credentials;

/// How a client reaches its server: TLS and proxy.
pub mod network;

/// Credentials that several clients share.
pub mod auth;

/// Any request and notification.
pub mod requests;

/// The server's tools.
pub mod tools;

/// The server's resources.
pub mod resources;

/// The server's prompts, and completion of their arguments.
pub mod prompts;

/// What the server sends and asks on its own.
pub mod handlers;

/// Results, read by JSON Pointer.
pub mod value;

/// The error object.
pub mod error;

mod arg;
mod guard;
mod outcome;
mod text;
mod user_data;
