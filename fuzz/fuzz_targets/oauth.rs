//! What authorization servers, browsers and stores write for OAuth.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mcpclient::fuzzing::oauth;

fuzz_target!(|text: &str| {
    let (requested, has_state) = oauth(text);
    assert!(requested.is_none_or(|url| url.starts_with("http://127.0.0.1:7/")));
    assert!(!has_state || text.contains('='), "a state without a value");
});
