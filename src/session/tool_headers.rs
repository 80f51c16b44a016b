//! The header parameters of a session's tools.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::protocol::tool_headers::ToolHeaders;

type Tools = HashMap<String, Arc<ToolHeaders>>;

/// The header parameters by tool name; unknown until the tools have been listed.
#[derive(Default)]
pub(crate) struct ToolHeaderTable(Mutex<Option<Tools>>);

impl ToolHeaderTable {
    fn tools(&self) -> MutexGuard<'_, Option<Tools>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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
