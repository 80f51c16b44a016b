//! JSON text in the making: after each call the text can be read, and what was set last is there.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mcpclient::fuzzing::{JsonBuilder, value};

fuzz_target!(|steps: Vec<(u8, String, String)>| {
    let mut json = JsonBuilder::new();
    for (kind, pointer, text) in steps {
        let before = json.text().to_owned();
        let number = text.len() as i64 - 8;
        let (set, expected) = match kind % 6 {
            0 => (json.set_string(&pointer, &text), serde_json::to_string(&text).unwrap()),
            1 => (json.set_int64(&pointer, number), number.to_string()),
            2 => (json.set_double(&pointer, number as f64 / 3.0), format!("{:?}", number as f64 / 3.0)),
            3 => (json.set_bool(&pointer, true), "true".to_owned()),
            4 => (json.set_null(&pointer), "null".to_owned()),
            _ => {
                let parsed = value(text.as_bytes()).map(|value| value.json().to_owned());
                (json.set_json(&pointer, &text), parsed.unwrap_or_default())
            }
        };
        let after = value(json.text().as_bytes()).unwrap();
        assert_eq!(after.json(), json.text());
        match set {
            Err(_) => assert_eq!(json.text(), before),
            Ok(()) if !pointer.split('/').any(|token| token == "-") => {
                assert_eq!(after.get(&pointer).unwrap().to_json(), expected, "{pointer:?}");
            }
            Ok(()) => {}
        }
    }
});
