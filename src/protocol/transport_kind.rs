//! The transports by name.

/// A transport of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[repr(i32)]
pub enum TransportKind {
    /// Detected by asking the server.
    #[default]
    Auto = 0,
    /// [Streamable HTTP](https://modelcontextprotocol.io/specification/2025-11-25/basic/transports), of 2025-03-26 and
    /// later.
    StreamableHttp = 1,
    /// [HTTP with SSE](https://modelcontextprotocol.io/specification/2024-11-05/basic/transports), of 2024-11-05.
    Sse = 2,
    /// [stdio](https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#stdio), the standard streams of a
    /// program that the client starts.
    Stdio = 3,
}

impl TransportKind {
    /// The transport that has this number in the C API.
    pub fn from_number(number: i32) -> Option<TransportKind> {
        let known = [TransportKind::Auto, TransportKind::StreamableHttp, TransportKind::Sse, TransportKind::Stdio];
        known.into_iter().find(|known| *known as i32 == number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transports_have_their_numbers() {
        assert_eq!(TransportKind::from_number(2), Some(TransportKind::Sse));
        assert_eq!(TransportKind::from_number(3), Some(TransportKind::Stdio));
        assert_eq!(TransportKind::from_number(4), None);
        assert_eq!(TransportKind::from_number(-1), None);
    }
}
