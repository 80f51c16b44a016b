//! Deadlines and cancellation, errors, threads, text for messages. Imports nothing else of the crate.

mod alarm;
pub(crate) mod call;
pub(crate) mod cancel;
pub(crate) mod environment;
pub(crate) mod error;
pub(crate) mod file;
pub(crate) mod foreign;
pub(crate) mod lock;
pub(crate) mod platform;
pub(crate) mod resources;
pub(crate) mod text;
pub(crate) mod threads;
pub(crate) mod wait_group;
