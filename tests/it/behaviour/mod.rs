//! What the library does with servers that behave, and with those that refuse: each case once through the Rust API and
//! once through the C functions.

mod answers;
mod challenges;
mod credentials;
mod fallback;
mod http_sse;
mod messages;
mod negotiation;
mod redaction;
mod redirects;
mod sessions;
mod settings;
mod timeouts;
mod token_sources;
