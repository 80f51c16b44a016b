//! What reading a text may take, and how it can fail.

use crate::base::call::Call;
use crate::base::error::Error;

/// What reading a text may take.
pub(crate) struct Limits<'a> {
    /// The most bytes of what is made beside the text.
    pub(crate) memory: usize,
    /// The call whose deadline and cancellation end the reading.
    pub(crate) call: Option<&'a Call>,
    /// Reads a response of which only the error counts: the member "result" of the whole is checked, and kept without
    /// what is inside.
    pub(crate) without_result: bool,
}

impl<'a> Limits<'a> {
    /// For texts of the caller's own.
    pub(crate) const NONE: Limits<'static> = Limits { memory: usize::MAX, call: None, without_result: false };
    /// How much larger than its text, at the largest that a text may be, what is made of it may be.
    const FACTOR: u64 = 4;

    /// For the messages that a server sends within a call.
    pub(crate) fn of_response(call: &'a Call) -> Limits<'a> {
        let memory = call.max_response_bytes().saturating_mul(Limits::FACTOR);
        Limits {
            memory: usize::try_from(memory).unwrap_or(usize::MAX),
            call: Some(call),
            without_result: call.discards_result(),
        }
    }

    pub(super) fn check(&self) -> Result<(), ReadError> {
        self.call.map_or(Ok(()), |call| call.remaining().map(drop).map_err(ReadError::Over))
    }
}

/// What is wrong with a text, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) reason: &'static str,
    pub(super) at: usize,
}

impl Fault {
    pub(super) const fn new(reason: &'static str, at: usize) -> Fault {
        Fault { reason, at }
    }
}

impl From<Fault> for ReadError {
    #[cold]
    fn from(fault: Fault) -> ReadError {
        ReadError::Syntax { reason: fault.reason, at: fault.at }
    }
}

/// Why a text was not read. The text itself is not repeated.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    #[error("{reason} at byte {at}")]
    Syntax {
        reason: &'static str,
        /// From 0.
        at: usize,
    },
    #[error("it takes more memory than the limit of the response allows")]
    TooLarge,
    #[error("there is not enough memory for it")]
    NoMemory,
    /// The deadline has passed, or the call was cancelled.
    #[error("{0}")]
    Over(Error),
}

impl ReadError {
    /// The error of a call to which a server has sent this text.
    pub(crate) fn in_response(self, what: &str) -> Error {
        match self {
            ReadError::Over(error) => error,
            ReadError::Syntax { .. } => Error::Protocol(format!("{what} is not valid JSON: {self}")),
            ReadError::TooLarge => Error::Protocol(format!("{what} cannot be read: {self}")),
            ReadError::NoMemory => Error::NoResources(format!("{what} cannot be read: {self}")),
        }
    }

    /// The error for a text of the caller's own.
    pub(crate) fn in_argument(self, what: &str, text: &str) -> Error {
        let place = match &self {
            ReadError::Syntax { reason, at } => {
                let before = &text.as_bytes()[..(*at).min(text.len())];
                let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
                let column = 1 + before.iter().rev().take_while(|byte| **byte != b'\n').count();
                format!("{reason} at line {line} column {column}")
            }
            other => other.to_string(),
        };
        Error::InvalidArgument(format!("{what} is not valid JSON: {place}"))
    }
}
