//! Secrets replaced in texts that a server wrote.

pub(super) const REDACTED: &str = "[redacted]";
/// A shorter text is not treated as a secret: it may be part of an ordinary word.
const MIN_SECRET: usize = 4;

/// `text` with every occurrence of the secret replaced by "[redacted]".
pub(super) fn redact(text: &str, secret: &str) -> String {
    if secret.len() < MIN_SECRET { text.to_owned() } else { text.replace(secret, REDACTED) }
}
