//! The header parameters of a session's tools.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use crate::base::lock::{Guard, lock};
use crate::protocol::tool_headers::ToolHeaders;

type Tools = HashMap<String, Arc<ToolHeaders>>;

/// The header parameters by tool name; unknown until the tools have been listed.
#[derive(Default)]
pub(crate) struct ToolHeaderTable(Mutex<Option<Tools>>);

impl ToolHeaderTable {
    fn tools(&self) -> Guard<'_, Option<Tools>> {
        lock(&self.0)
    }

    pub(crate) fn replace(&self, tools: impl IntoIterator<Item = (String, ToolHeaders)>) {
        *self.tools() = Some(tools.into_iter().map(|(name, headers)| (name, Arc::new(headers))).collect());
    }

    pub(crate) fn is_known(&self) -> bool {
        self.tools().is_some()
    }

    pub(crate) fn get(&self, name: &str) -> Option<Arc<ToolHeaders>> {
        self.tools().as_ref()?.get(name).cloned()
    }
}
