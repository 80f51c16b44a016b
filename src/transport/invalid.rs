//! Messages of a server that are not JSON-RPC: they are ignored, counted, and named when the response never arrives.

use crate::base::error::Error;
use crate::base::text;

/// The most bytes of a message that are kept for a quotation: more than it shows, so that a credential is whole when it is
/// redacted.
const MAX_KEPT: usize = 64 * 1024;
/// The most characters of a quotation.
const MAX_QUOTED: usize = 200;

/// The beginning of a message, for an error text.
pub(super) struct Excerpt(Vec<u8>);

impl Excerpt {
    pub(super) fn of(message: &[u8]) -> Excerpt {
        Excerpt(message[..message.len().min(MAX_KEPT)].to_vec())
    }

    /// The reason with a quotation.
    pub(super) fn add_to(&self, reason: &str, redact: impl Fn(&str) -> String) -> String {
        let text = String::from_utf8_lossy(&self.0);
        let quoted = redact(&text::without_markup(text::beginning(&text, MAX_KEPT - 4)));
        let quoted: String = text::one_line(&quoted).chars().take(MAX_QUOTED).collect();
        if quoted.is_empty() { reason.to_owned() } else { format!("{reason}: {quoted}") }
    }
}

/// How many messages were ignored, and why the latest one was.
#[derive(Debug, Default, Clone)]
pub(super) struct InvalidMessages {
    count: usize,
    latest: String,
}

impl InvalidMessages {
    pub(super) fn add(&mut self, reason: String) {
        self.count += 1;
        self.latest = reason;
    }

    /// Those that were added since `before`.
    pub(super) fn since(&self, before: &InvalidMessages) -> InvalidMessages {
        InvalidMessages { count: self.count - before.count, latest: self.latest.clone() }
    }

    /// The end of a sentence about a missing response; empty when no message was ignored.
    pub(super) fn note(&self) -> String {
        match self.count {
            0 => String::new(),
            1 => format!("; one message was ignored: {}", self.latest),
            count => format!("; {count} messages were ignored, the latest: {}", self.latest),
        }
    }

    /// The error of a call that got no response, with the note.
    pub(super) fn explain(&self, error: Error) -> Error {
        match error {
            Error::Timeout(text) => Error::Timeout(text + &self.note()),
            Error::Protocol(text) => Error::Protocol(text + &self.note()),
            error => error,
        }
    }
}
