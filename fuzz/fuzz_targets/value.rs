//! JSON text: accepted exactly when serde_json accepts it, with the same value at every pointer.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mcpclient::fuzzing::{Value, c_string, value, value_in};
use serde_json::Value as Expected;

fuzz_target!(|text: &[u8]| {
    let expected = serde_json::from_slice::<Expected>(text);
    let found = value(text);
    assert_eq!(found.is_ok(), expected.is_ok(), "{found:?}, {expected:?}");
    let (Ok(found), Ok(expected)) = (found, expected) else {
        return;
    };
    assert_eq!(found.json().as_bytes(), text);
    compare(&found, "", &expected);

    let message = [b"{\"result\":", text, b",\"id\":1}"].concat();
    let inside = value_in(&message, 10..10 + text.len()).unwrap();
    assert_eq!(inside.json().as_bytes(), text);
    compare(&inside, "", &expected);
});

fn compare(found: &Value, pointer: &str, expected: &Expected) {
    assert!(found.get(pointer).is_some(), "nothing at {pointer:?}");
    let part = found.json_at(pointer).unwrap();
    assert_eq!(serde_json::from_str::<Expected>(part).unwrap(), *expected);
    assert_eq!(found.is_null(pointer), expected.is_null());
    assert_eq!(found.bool(pointer), expected.as_bool());
    assert_eq!(found.string(pointer), expected.as_str());
    let for_c = expected.as_str().map(str::as_bytes).filter(|text| !text.contains(&0));
    assert_eq!(c_string(found, pointer), for_c);
    assert_eq!(found.double(pointer).map(f64::to_bits), expected.as_f64().map(f64::to_bits));
    if let Some(integer) = expected.as_i64() {
        assert_eq!(found.int64(pointer), Some(integer));
    } else if let Some(integer) = found.int64(pointer) {
        assert_eq!(expected.as_f64(), Some(integer as f64));
    }
    match expected {
        Expected::Array(elements) => {
            assert_eq!(found.count(pointer), elements.len());
            for (index, element) in elements.iter().enumerate() {
                compare(found, &format!("{pointer}/{index}"), element);
            }
        }
        Expected::Object(members) => {
            // serde_json keeps one member of those with the same name.
            assert!(found.count(pointer) >= members.len());
            for (name, member) in members {
                let name = name.replace('~', "~0").replace('/', "~1");
                compare(found, &format!("{pointer}/{name}"), member);
            }
        }
        _ => assert_eq!(found.count(pointer), 0),
    }
    assert!(found.get(&format!("{pointer}/~")).is_none());
}
