//! Custom request headers, checked when they are set, and header values that hold secrets.

use ::http::{HeaderName, HeaderValue};
use bytes::Bytes;
use zeroize::Zeroizing;

use crate::base::text::is_token_char;

const ABOUT_THE_BODY: &str = "it describes the body, which the library writes";
const ABOUT_THE_RESPONSE: &str = "it says which responses the library can read";
const ABOUT_THE_CONNECTION: &str = "it is about the connection, which the library manages";

/// Headers that only the library sets, each with the reason.
const RESERVED: [(&str, &str); 17] = [
    ("Host", "it follows from the URL"),
    ("Content-Type", ABOUT_THE_BODY),
    ("Content-Length", ABOUT_THE_BODY),
    ("Content-Encoding", ABOUT_THE_BODY),
    ("Transfer-Encoding", ABOUT_THE_BODY),
    ("Trailer", ABOUT_THE_BODY),
    ("Accept", ABOUT_THE_RESPONSE),
    ("Accept-Encoding", ABOUT_THE_RESPONSE),
    ("TE", ABOUT_THE_RESPONSE),
    ("Connection", ABOUT_THE_CONNECTION),
    ("Keep-Alive", ABOUT_THE_CONNECTION),
    ("Proxy-Connection", ABOUT_THE_CONNECTION),
    ("Upgrade", ABOUT_THE_CONNECTION),
    ("HTTP2-Settings", ABOUT_THE_CONNECTION),
    ("Expect", ABOUT_THE_CONNECTION),
    ("Proxy-Authorization", "credentials for the proxy go into the proxy's URL"),
    ("Last-Event-ID", "it resumes a stream, which the library does"),
];

/// A header name (RFC 9110, section 5.1) that a caller may set. `Authorization` is one of them.
///
/// The error text is for a person; of the input it repeats only a reserved name.
pub(crate) fn parse_name(name: &str) -> Result<HeaderName, String> {
    if name.is_empty() {
        return Err("the header name is empty".to_owned());
    }
    if let Some((position, byte)) = find_byte(name.as_bytes(), |byte| !is_token_char(byte)) {
        return Err(format!("the header name has {} at byte {position}", describe(byte)));
    }
    if name.get(..4).is_some_and(|prefix| prefix.eq_ignore_ascii_case("Mcp-")) {
        return Err("a header whose name starts with \"Mcp-\" is set by the library: it belongs to MCP".to_owned());
    }
    if let Some((reserved, reason)) = RESERVED.iter().find(|(reserved, _)| reserved.eq_ignore_ascii_case(name)) {
        return Err(format!("the header {reserved} is set by the library: {reason}"));
    }
    HeaderName::from_bytes(name.as_bytes()).map_err(|_| "the header name is too long".to_owned())
}

/// A header value (RFC 9110, section 5.5), possibly empty, kept like a secret: see [`secret_value`].
///
/// Positions in the error text are byte offsets from 0; the value is never repeated.
pub(crate) fn parse_value(value: &str) -> Result<HeaderValue, String> {
    let bytes = value.as_bytes();
    if let Some((position, byte)) = find_byte(bytes, |byte| byte.is_ascii_control() && byte != b'\t') {
        return Err(refusal("the header value", byte, position));
    }
    // A recipient drops such white space, so the value would arrive changed.
    for position in [0, bytes.len().saturating_sub(1)] {
        if let Some(byte @ (b' ' | b'\t')) = bytes.get(position) {
            let edge = if position == 0 { "starts" } else { "ends" };
            return Err(format!("the header value {edge} with {} (byte {position})", describe(*byte)));
        }
    }
    Ok(secret_value("", bytes))
}

/// A sensitive header value in one allocation, shared by all clones and wiped when the last one is dropped.
///
/// The caller has checked that the bytes are allowed in a field value.
pub(super) fn secret_value(prefix: &str, secret: &[u8]) -> HeaderValue {
    // Exact capacity: growing would leave a copy in freed memory.
    let mut value = Zeroizing::new(Vec::with_capacity(prefix.len() + secret.len()));
    value.extend_from_slice(prefix.as_bytes());
    value.extend_from_slice(secret);
    let mut value = HeaderValue::from_maybe_shared(Bytes::from_owner(value)).expect("the caller checked every byte");
    value.set_sensitive(true);
    value
}

/// The first refused byte, with its offset from 0.
pub(super) fn find_byte(bytes: &[u8], refuse: impl Fn(u8) -> bool) -> Option<(usize, u8)> {
    bytes.iter().copied().enumerate().find(|(_, byte)| refuse(*byte))
}

/// The error text for `what`, without repeating it: "the token has a line feed at byte 41 (was it read from a file?)".
pub(super) fn refusal(what: &str, byte: u8, position: usize) -> String {
    let hint = if matches!(byte, b'\n' | b'\r') { " (was it read from a file?)" } else { "" };
    format!("{what} has {} at byte {position}{hint}", describe(byte))
}

fn describe(byte: u8) -> String {
    match byte {
        b'\n' => "a line feed".to_owned(),
        b'\r' => "a carriage return".to_owned(),
        b'\t' => "a tab".to_owned(),
        b' ' => "a space".to_owned(),
        0 => "a NUL".to_owned(),
        0x80.. => "a non-ASCII byte".to_owned(),
        0x21..=0x7e => format!("the character '{}'", char::from(byte)),
        _ => format!("the control character 0x{byte:02x}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_tokens() {
        for name in ["X-Api-Key", "Authorization", "Cookie", "User-Agent", "Origin", "x", "!#$%&'*+-.^_`|~09"] {
            assert_eq!(parse_name(name).unwrap().as_str(), name.to_ascii_lowercase());
        }
        let long = "x".repeat(70_000);
        for (name, reason) in [
            ("", "the header name is empty"),
            ("X Api", "the header name has a space at byte 1"),
            ("X-Api:", "the header name has the character ':' at byte 5"),
            ("X\r\nY", "the header name has a carriage return at byte 1"),
            ("naïve", "the header name has a non-ASCII byte at byte 2"),
            ("(x", "the header name has the character '(' at byte 0"),
            (&long, "the header name is too long"),
        ] {
            assert_eq!(parse_name(name).unwrap_err(), reason);
        }
    }

    #[test]
    fn names_that_the_library_sets_are_refused_in_any_case() {
        let contract = ["Host", "Content-Length", "Content-Type", "Accept", "Transfer-Encoding", "Connection"];
        let mcp = ["Last-Event-ID", "Mcp-Session-Id", "MCP-Protocol-Version", "mcp-", "mcp-anything"];
        let framing = ["te", "Trailer", "Upgrade", "Keep-Alive", "Expect", "Accept-Encoding", "Content-Encoding"];
        let proxy = ["Proxy-Authorization", "Proxy-Connection"];
        for name in contract.iter().chain(&mcp).chain(&framing).chain(&proxy) {
            for spelling in [name.to_string(), name.to_ascii_lowercase(), name.to_ascii_uppercase()] {
                let reason = parse_name(&spelling).unwrap_err();
                assert!(reason.contains("is set by the library: "), "{spelling}: {reason}");
            }
        }
        assert_eq!(parse_name("hOST").unwrap_err(), "the header Host is set by the library: it follows from the URL");
        for name in ["Mcp", "X-Mcp-Session-Id", "X-Host", "Accept-Language", "Hos"] {
            assert!(parse_name(name).is_ok(), "{name}");
        }
    }

    #[test]
    fn values_may_hold_all_that_a_field_value_may() {
        for value in ["", "x", "a b\tc", "gültig", "!\"#~", "é"] {
            assert_eq!(parse_value(value).unwrap().as_bytes(), value.as_bytes());
        }
    }

    #[test]
    fn values_are_refused_by_position_and_reason() {
        for (value, reason) in [
            ("secret\n", "the header value has a line feed at byte 6 (was it read from a file?)"),
            ("secret\r\nHost: x", "the header value has a carriage return at byte 6 (was it read from a file?)"),
            ("sec\0ret", "the header value has a NUL at byte 3"),
            ("\x07", "the header value has the control character 0x07 at byte 0"),
            ("x\x7f", "the header value has the control character 0x7f at byte 1"),
            (" secret", "the header value starts with a space (byte 0)"),
            ("\tsecret", "the header value starts with a tab (byte 0)"),
            ("secret ", "the header value ends with a space (byte 6)"),
            ("secret\t", "the header value ends with a tab (byte 6)"),
            (" ", "the header value starts with a space (byte 0)"),
        ] {
            assert_eq!(parse_value(value).unwrap_err(), reason);
        }
    }

    #[test]
    fn every_byte_is_allowed_or_refused_as_the_http_crate_does() {
        for code in 0..=0xff_u8 {
            let text = format!("a{}b", char::from(code));
            let allowed = HeaderValue::from_bytes(text.as_bytes()).is_ok();
            assert_eq!(parse_value(&text).is_ok(), allowed, "0x{code:02x}");
        }
    }

    #[test]
    fn a_value_is_sensitive_and_shared_by_its_clones() {
        let value = parse_value("swordfish").unwrap();
        assert!(value.is_sensitive());
        assert_eq!(format!("{value:?}"), "Sensitive");
        assert_eq!(value.as_bytes().as_ptr(), value.clone().as_bytes().as_ptr());
    }
}
