//! Tokens and custom headers: what is accepted is safe in a request, what is refused is not repeated.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mcpclient::fuzzing::{header_name, header_value, token};

fuzz_target!(|bytes: &[u8]| {
    check_token(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        check_name(text);
        check_value(text);
    }
});

fn check_token(bytes: &[u8]) {
    let around = format!("before {} after", String::from_utf8_lossy(bytes));
    match token(bytes, &around) {
        Ok((authorization, redacted)) => {
            assert_eq!(authorization.as_bytes(), [b"Bearer ", bytes].concat());
            assert!(bytes.iter().all(u8::is_ascii_graphic));
            assert!(authorization.is_sensitive());
            let bare = std::str::from_utf8(bytes).unwrap();
            // Other tokens may coincide with parts of what stands in the result anyway.
            if bare.len() > 8 && !bare.contains(['[', ']']) {
                assert!(!redacted.contains(bare));
            }
        }
        // What starts with the scheme is refused for that.
        Err(_) if bytes.get(..7).is_some_and(|start| start.eq_ignore_ascii_case(b"Bearer ")) => {}
        Err(reason) => check_reason(bytes, &reason, |other| token(other, "").unwrap_err()),
    }
}

fn check_name(text: &str) {
    if let Ok(name) = header_name(text) {
        assert_eq!(name, text.to_ascii_lowercase());
        assert!(!name.starts_with("mcp-"));
        let reserved = ["host", "content-length", "content-type", "transfer-encoding", "connection", "last-event-id"];
        assert!(!reserved.contains(&name.as_str()));
    }
}

fn check_value(text: &str) {
    match header_value(text) {
        Ok(value) => {
            assert_eq!(value.as_bytes(), text.as_bytes());
            assert_eq!(http::HeaderValue::from_bytes(text.as_bytes()).unwrap(), value);
            assert_eq!(text.trim_matches([' ', '\t']), text);
            assert!(value.is_sensitive());
        }
        Err(reason) => check_reason(text.as_bytes(), &reason, |other| {
            header_value(std::str::from_utf8(other).unwrap()).unwrap_err()
        }),
    }
}

/// A reason depends only on the byte that it names: with all others replaced it stays the same.
fn check_reason(bytes: &[u8], reason: &str, refused: impl Fn(&[u8]) -> String) {
    let mut other = vec![b'x'; bytes.len()];
    if let Some((_, position)) = reason.rsplit_once("byte ") {
        let digits = position.split(|character: char| !character.is_ascii_digit()).next().unwrap();
        let position: usize = digits.parse().unwrap();
        other[position] = bytes[position];
    }
    assert_eq!(refused(&other), reason);
}
