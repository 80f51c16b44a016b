//! What needs a process of its own: C programs that host the library, searches of their memory, long runs.

#[path = "../support/mod.rs"]
mod support;

mod daemon;
mod secrets;
mod soak;
