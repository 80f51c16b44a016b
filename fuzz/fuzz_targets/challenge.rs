//! `WWW-Authenticate` headers, one a line: what is read from them can be written by the grammar and read again.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mcpclient::fuzzing::{Challenges, challenges};

fuzz_target!(|text: &str| {
    let headers: Vec<&str> = text.lines().collect();
    let (found, error) = challenges(&headers, "error");

    let length: usize = found.iter().map(|(scheme, params)| scheme.len() + params_length(params)).sum();
    assert!(length <= text.len(), "more was read than there is");
    for (scheme, params) in &found {
        assert!(is_token(scheme));
        assert!(params.iter().all(|(name, _)| is_token(name) && *name == name.to_ascii_lowercase()));
    }

    let is_bearer = |scheme: &str| ["bearer", "dpop"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
    let bearer = found.iter().filter(|(scheme, _)| is_bearer(scheme));
    let first = bearer.flat_map(|(_, params)| params).find(|(name, _)| name == "error").map(|(_, value)| value.clone());
    assert_eq!(error, first);

    let written = written(&found);
    assert_eq!(challenges(&[&written], "error"), (found, error), "written as {written:?}");
});

fn params_length(params: &[(String, String)]) -> usize {
    params.iter().map(|(name, value)| name.len() + value.len()).sum()
}

fn is_token(text: &str) -> bool {
    !text.is_empty() && http::HeaderName::from_bytes(text.as_bytes()).is_ok()
}

fn written(challenges: &Challenges) -> String {
    let mut elements = Vec::new();
    for (scheme, params) in challenges {
        let mut separator = " ";
        let mut challenge = scheme.clone();
        for (name, value) in params {
            let value = value.replace('\\', "\\\\").replace('"', "\\\"");
            challenge += &format!("{separator}{name}=\"{value}\"");
            separator = ", ";
        }
        elements.push(challenge);
    }
    elements.join(", ")
}
