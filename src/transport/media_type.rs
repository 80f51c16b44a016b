//! The media types of the HTTP transports.

pub(super) const JSON: &str = "application/json";
pub(super) const EVENT_STREAM: &str = "text/event-stream";
/// The `Accept` of a POST: the server chooses.
pub(super) const ACCEPT_BOTH: &str = "application/json, text/event-stream";
