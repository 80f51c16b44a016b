//! What the library does when things go wrong: each fault at each moment of a conversation, once through the Rust API
//! and once through the C functions. A call comes back in time with the right status, and the next one works again.

mod support;

#[path = "faults/connections.rs"]
mod connections;
#[path = "faults/http_sse.rs"]
mod http_sse;
#[path = "faults/memory.rs"]
mod memory;
#[path = "faults/refusals.rs"]
mod refusals;
#[path = "faults/streamable_http.rs"]
mod streamable_http;
#[path = "faults/table.rs"]
mod table;
