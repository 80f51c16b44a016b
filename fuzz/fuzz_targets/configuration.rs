//! Configuration files: JSON with servers is read as serde_json reads it, and nothing makes a client or a message misbehave.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mcpclient::fuzzing::configuration;
use serde_json::Value;

fuzz_target!(|text: &str| {
    let json = serde_json::from_str::<Value>(text).ok();
    let config = match configuration(text) {
        Ok(config) => config,
        Err(message) => {
            assert!(!message.is_empty() && !message.contains('\n'), "{message:?}");
            return;
        }
    };
    config.set_variable("VAR", Some("value")).unwrap();
    let names: Vec<String> = config.names().map(str::to_owned).collect();
    for name in &names {
        let entry = config.entry(name).expect("an entry for each name");
        if let Err(error) = config.client(Some(name)) {
            assert!(!error.to_string().contains('\n'), "{error}");
        }
        // Comments and trailing commas apart, both readers see the same.
        if let Some(servers) = json.as_ref().map(|json| json.get("mcpServers").or(json.get("servers")).unwrap_or(json)) {
            let expected = servers.get(name).expect("serde_json has it as well");
            // serde_json keeps one of the members of the same name.
            assert!(entry.count("") >= expected.as_object().map_or(0, serde_json::Map::len));
        }
    }
});
