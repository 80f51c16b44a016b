//! The text of a part of a value.
//!
//! The tree does not remember where its parts stand in the text: the way is walked again, since few parts are ever
//! wanted as text, and a place in each of them would cost more than that.

use std::collections::HashMap;

use serde_json::value::RawValue;

use crate::json::node::{array_index, unescape};

/// The text at a JSON Pointer that is known to lead somewhere.
pub(super) fn text<'a>(json: &'a str, pointer: &str) -> Option<&'a str> {
    let whole: &RawValue = serde_json::from_str(json).ok()?;
    pointer.split('/').skip(1).try_fold(whole.get(), child)
}

fn child<'a>(text: &'a str, token: &str) -> Option<&'a str> {
    let part = match text.starts_with('{') {
        true => {
            // Of members with the same name the last counts, here as in the tree.
            let members: HashMap<String, &RawValue> = serde_json::from_str(text).ok()?;
            *members.get(&*unescape(token)?)?
        }
        false => {
            let elements: Vec<&RawValue> = serde_json::from_str(text).ok()?;
            *elements.get(array_index(token)?)?
        }
    };
    Some(part.get())
}
