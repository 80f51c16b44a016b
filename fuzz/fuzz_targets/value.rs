//! JSON text: read exactly when serde_json reads it, with the same value at every pointer, and printed as the same value.
//! Beyond that, text that is not Unicode is repaired and numbers are not refused for their size.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mcpclient::fuzzing::{Node, Value, value};
use serde_json::Value as Expected;

fuzz_target!(|text: &[u8]| {
    let expected = serde_json::from_slice::<Expected>(text);
    let found = value(text);
    if let Ok(expected) = &expected {
        let found = found.as_ref().unwrap();
        compare(found.root(), expected);
    }
    let Ok(found) = found else { return };
    walk(&found);
    // What was printed is read as the same, and a copy prints the same.
    let printed = found.json().to_owned();
    let again = value(printed.as_bytes()).unwrap();
    assert_eq!(again.json(), printed);
    assert_eq!(found.root().to_value().json(), printed);
    // The only texts that serde_json refuses and this reader takes: too deep for it, not Unicode, or with huge numbers.
    if expected.is_err()
        && let Err(error) = serde_json::from_str::<Expected>(&printed)
    {
        let reason = error.to_string();
        assert!(reason.contains("number out of range") || reason.contains("recursion limit"), "{reason}: {printed}");
    }
});

/// Every part can be reached by index and by pointer, and every string ends with a NUL.
fn walk(value: &Value) {
    let mut nodes = vec![value.root()];
    while let Some(node) = nodes.pop() {
        for index in 0..node.count() {
            let child = node.element(index).unwrap();
            assert_eq!(node.key(index).is_some(), !node.to_json().starts_with('['));
            nodes.push(child);
        }
        assert!(node.element(node.count()).is_none());
        assert_eq!(node.as_str().is_some(), node.to_json().starts_with('"'));
    }
}

fn compare(found: Node<'_>, expected: &Expected) {
    assert_eq!(serde_json::from_str::<Expected>(&found.to_json()).unwrap(), *expected);
    assert_eq!(found.as_bool(), expected.as_bool());
    assert_eq!(found.as_str(), expected.as_str());
    assert_eq!(found.as_f64().map(f64::to_bits), expected.as_f64().map(f64::to_bits));
    if let Some(integer) = expected.as_i64() {
        assert_eq!(found.as_i64(), Some(integer));
    } else if let Some(integer) = found.as_i64() {
        assert_eq!(expected.as_f64(), Some(integer as f64));
    }
    match expected {
        Expected::Array(elements) => {
            assert_eq!(found.count(), elements.len());
            for (index, element) in elements.iter().enumerate() {
                compare(found.element(index).unwrap(), element);
                assert_eq!(found.get(&format!("/{index}")).unwrap().to_json(), found.element(index).unwrap().to_json());
            }
        }
        Expected::Object(members) => {
            // serde_json keeps one member of those with the same name.
            assert!(found.count() >= members.len());
            for (name, member) in members {
                let name = name.replace('~', "~0").replace('/', "~1");
                compare(found.get(&format!("/{name}")).unwrap(), member);
            }
        }
        _ => assert_eq!(found.count(), 0),
    }
    assert!(found.get("/~").is_none());
}
