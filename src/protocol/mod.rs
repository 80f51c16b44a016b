//! The messages of MCP, apart from how they travel.

pub(crate) mod discover;
pub(crate) mod elicitation;
pub(crate) mod headers;
pub(crate) mod initialize;
pub(crate) mod jsonrpc;
pub(crate) mod meta;
pub(crate) mod server_info;
pub(crate) mod tool_headers;
mod version;
pub(crate) mod www_authenticate;

pub(crate) use version::Version;
