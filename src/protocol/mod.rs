//! The messages of MCP as data: no I/O.

pub(crate) mod discover;
pub(crate) mod elicitation;
pub(crate) mod headers;
pub(crate) mod implementation;
pub(crate) mod initialize;
pub(crate) mod jsonrpc;
pub(crate) mod meta;
pub(crate) mod server_info;
pub(crate) mod subscriptions;
pub(crate) mod tasks;
pub(crate) mod tool_headers;
pub(crate) mod transport_kind;
pub(crate) mod version;
pub(crate) mod www_authenticate;
