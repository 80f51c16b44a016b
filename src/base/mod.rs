//! What every layer stands on: deadlines and cancellation, errors, threads, text for messages.

pub(crate) mod call;
pub(crate) mod error;
pub(crate) mod text;
pub(crate) mod threads;
