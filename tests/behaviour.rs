//! What the library does with servers that behave, and with those that refuse: each case once through the Rust API and
//! once through the C functions.

mod support;

#[path = "behaviour/answers.rs"]
mod answers;
#[path = "behaviour/challenges.rs"]
mod challenges;
#[path = "behaviour/credentials.rs"]
mod credentials;
#[path = "behaviour/fallback.rs"]
mod fallback;
#[path = "behaviour/http_sse.rs"]
mod http_sse;
#[path = "behaviour/negotiation.rs"]
mod negotiation;
#[path = "behaviour/redirects.rs"]
mod redirects;
#[path = "behaviour/review.rs"]
mod review;
#[path = "behaviour/sessions.rs"]
mod sessions;
#[path = "behaviour/settings.rs"]
mod settings;
#[path = "behaviour/timeouts.rs"]
mod timeouts;
#[path = "behaviour/token_sources.rs"]
mod token_sources;
