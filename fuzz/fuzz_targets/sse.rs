//! An event stream gives the same events however it is split, and those that a plain reading of the standard gives.
//!
//! The first two bytes are the lengths of the pieces; the rest is the stream.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mcpclient::fuzzing::{Stream, event_stream};

fuzz_target!(|input: &[u8]| {
    let [even, odd, bytes @ ..] = input else { return };
    let (even, odd) = (*even, *odd);
    let expected = by_the_standard(bytes);
    assert_eq!(event_stream([bytes], usize::MAX), expected);
    assert_eq!(event_stream(pieces(bytes, even, odd), usize::MAX), expected);

    let limit = usize::from(odd);
    let limited = event_stream(pieces(bytes, even, odd), limit);
    assert!(expected.events.starts_with(&limited.events));
    assert!(limited.too_large || limited == expected);
    for (_, data, _) in &limited.events {
        assert!(data.len() <= limit);
    }
});

fn pieces(bytes: &[u8], even: u8, odd: u8) -> impl Iterator<Item = &[u8]> {
    let mut rest = bytes;
    let mut lengths = [even, odd].into_iter().cycle();
    std::iter::from_fn(move || {
        let length = usize::from(lengths.next()?) + 1;
        let (piece, tail) = rest.split_at(length.min(rest.len()));
        rest = tail;
        (!piece.is_empty()).then_some(piece)
    })
}

/// Slow and simple: the whole stream at once, line by line.
fn by_the_standard(bytes: &[u8]) -> Stream {
    let mut stream = Stream::default();
    let (mut name, mut data, mut id) = (Vec::new(), Vec::new(), None);
    for line in lines(bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes)) {
        if line.is_empty() {
            let event_id: Option<String> = id.take();
            if let Some(id) = &event_id {
                stream.last_event_id = Some(id.clone()).filter(|id| !id.is_empty());
            }
            let name = std::mem::take(&mut name);
            if data.pop().is_some() {
                let name = if name.is_empty() { "message".into() } else { text(&name) };
                stream.events.push((name, std::mem::take(&mut data), event_id));
            }
            continue;
        }
        let (field, value) = match line.iter().position(|byte| *byte == b':') {
            Some(colon) => (&line[..colon], &line[colon + 1..]),
            None => (line, &line[line.len()..]),
        };
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match field {
            b"event" => name = value.to_vec(),
            b"data" => {
                data.extend_from_slice(value);
                data.push(b'\n');
            }
            b"id" if !value.contains(&0) => id = Some(text(value)),
            b"retry" if value.iter().all(u8::is_ascii_digit) => {
                stream.retry = text(value).parse::<u64>().ok().map(u128::from).or(stream.retry);
            }
            _ => {}
        }
    }
    stream
}

/// The finished lines.
fn lines(mut rest: &[u8]) -> Vec<&[u8]> {
    let mut lines = Vec::new();
    while let Some(end) = rest.iter().position(|byte| matches!(byte, b'\r' | b'\n')) {
        lines.push(&rest[..end]);
        let length = if rest[end..].starts_with(b"\r\n") { 2 } else { 1 };
        rest = &rest[end + length..];
    }
    lines
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
