//! The library against scripted servers: most cases run once through the Rust API and once through the C functions.

#[path = "../support/mod.rs"]
mod support;

mod behaviour;
mod config;
mod faults;
mod listening;
mod oauth;
mod operations;
mod proxy;
mod queue;
mod scopes;
#[cfg(target_os = "linux")]
mod stdio;
mod tasks;
mod tls;
