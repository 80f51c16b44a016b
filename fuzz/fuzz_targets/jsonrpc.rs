//! JSON-RPC messages from a server: a result that is found is the one that the message holds for that id; what the
//! library writes is read as what it was meant to be.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mcpclient::fuzzing::{Message, jsonrpc_read, jsonrpc_result, jsonrpc_written};
use serde_json::Value;

const ID: u64 = 1;

fuzz_target!(|bytes: &[u8]| {
    let messages = jsonrpc_read(bytes);
    let result = jsonrpc_result(bytes, ID);
    if messages.is_none() {
        assert!(result.is_none());
    }
    if let Some(result) = result {
        let messages = messages.unwrap();
        assert!(messages.contains(&Message::Response(Some(ID), false)));
        if let Ok(whole) = serde_json::from_slice::<Value>(bytes) {
            let found: Value = serde_json::from_str(result.json()).unwrap();
            let mut candidates = match &whole {
                Value::Array(batch) => batch.iter().collect(),
                one => vec![one],
            }
            .into_iter();
            assert!(candidates.any(|message| is_id(&message["id"]) && message["result"] == found));
        }
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        check_written(text);
    }
});

fn is_id(id: &Value) -> bool {
    match id {
        Value::String(text) => text.parse() == Ok(ID),
        id => id.as_f64() == Some(ID as f64),
    }
}

fn check_written(text: &str) {
    let [request, notification, error] = jsonrpc_written(ID, text);
    assert_eq!(jsonrpc_read(&request), Some(vec![Message::Request(ID.to_string(), text.into(), None)]));
    assert_eq!(jsonrpc_read(&notification), Some(vec![Message::Notification(text.into(), Some("{}".into()))]));
    assert_eq!(jsonrpc_read(&error), Some(vec![Message::Response(Some(ID), true)]));
    assert_eq!(serde_json::from_slice::<Value>(&error).unwrap()["error"]["message"], text);
}
