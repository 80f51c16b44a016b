//! What the library does when things go wrong: each fault at each moment of a conversation, once through the Rust API
//! and once through the C functions. A call comes back in time with the right status, and the next one works again.

mod connections;
mod http_sse;
mod memory;
mod refusals;
mod streamable_http;
mod table;
