//! stdio: the server is a program that this process starts, and each message is a line on its standard streams
//! ([2026-07-28, "stdio"](https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/stdio)).

pub(crate) mod program;
#[cfg(unix)]
mod unix;
#[cfg(not(unix))]
mod unsupported;

pub(crate) use program::Program;
#[cfg(unix)]
pub(crate) use unix::{Launcher, Stdio};
#[cfg(not(unix))]
pub(crate) use unsupported::{Launcher, Stdio};
