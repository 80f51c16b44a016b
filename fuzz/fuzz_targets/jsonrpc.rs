//! JSON-RPC messages from a server: a result that is found is the one that the message holds for that id; what the
//! library writes is read as what it was meant to be.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mcpclient::fuzzing::{Message, jsonrpc_read, jsonrpc_result, jsonrpc_written, value_in};
use serde_json::Value;

const ID: u64 = 1;

fuzz_target!(|bytes: &[u8]| {
    let messages = jsonrpc_read(bytes);
    let result = jsonrpc_result(bytes, ID);
    if messages.is_none() {
        assert_eq!(result, None);
    }
    if let Some(range) = result {
        let messages = messages.unwrap();
        assert!(messages.contains(&Message::Response(ID.to_string(), false)));
        let text = &bytes[range.clone()];
        // Not every text that serde_json passes over can be read: an escape may be half a surrogate pair.
        if let Ok(whole) = serde_json::from_slice::<Value>(bytes) {
            let found: Value = serde_json::from_slice(text).unwrap();
            let mut candidates = match &whole {
                Value::Array(batch) => batch.iter().collect(),
                one => vec![one],
            }
            .into_iter();
            assert!(candidates.any(|message| message["id"] == ID && message["result"] == found));
            assert_eq!(value_in(bytes, range).unwrap().json().as_bytes(), text);
        }
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        check_written(text);
    }
});

fn check_written(text: &str) {
    let [request, notification, error] = jsonrpc_written(ID, text);
    let id = ID.to_string();
    assert_eq!(jsonrpc_read(&request), Some(vec![Message::Request(id.clone(), text.into(), None)]));
    assert_eq!(jsonrpc_read(&notification), Some(vec![Message::Notification(text.into(), Some("{}".into()))]));
    assert_eq!(jsonrpc_read(&error), Some(vec![Message::Response(id, true)]));
    assert_eq!(serde_json::from_slice::<Value>(&error).unwrap()["error"]["message"], text);
}
