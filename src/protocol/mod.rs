//! The messages of MCP, apart from how they travel.

pub(crate) mod discover;
pub(crate) mod headers;
pub(crate) mod initialize;
pub(crate) mod jsonrpc;
pub(crate) mod meta;
mod outline;
mod version;

pub(crate) use version::Version;
