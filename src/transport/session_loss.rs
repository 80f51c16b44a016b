//! What an error says about the session of its request.

use crate::base::error::Error;

/// Whether the server has dropped the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SessionLoss {
    /// The error says nothing about the session.
    None,
    /// Perhaps: another request on the session tells.
    Suspected,
    /// The server has dropped it, perhaps after it has carried out the request.
    Lost,
    /// The server has dropped it, and has not carried out the request.
    LostBefore,
}

impl SessionLoss {
    /// For the response to a request of a session. HTTP 404 is the specification's sign; servers also use other statuses
    /// and texts, which are too many to list, so every refusal raises a suspicion.
    pub(super) fn from_response(error: &Error) -> SessionLoss {
        match error.http_status() {
            Some(404 | 410) => SessionLoss::LostBefore,
            // A refused token must not be sent again, unless the session is why.
            Some(401) if mentions_session(error) => SessionLoss::Suspected,
            Some(401 | 403 | 407 | 408 | 425 | 429) => SessionLoss::None,
            Some(400..=499) => SessionLoss::Suspected,
            _ => SessionLoss::None,
        }
    }

    /// Whether the response to a request without parameters confirms the suspicion.
    pub(crate) fn is_confirmed_by(error: &Error) -> bool {
        SessionLoss::from_response(error) != SessionLoss::None
    }
}

/// Whether the server's text mentions the session.
fn mentions_session(error: &Error) -> bool {
    let reason = match error {
        Error::Http(response) | Error::Unauthorized(response) => &response.reason,
        Error::Rpc(rpc) => &rpc.message,
        _ => return false,
    };
    reason.to_ascii_lowercase().contains("session")
}
