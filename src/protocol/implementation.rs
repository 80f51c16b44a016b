//! `Implementation` of the protocol's schema: who a client or server is.

use crate::base::text;

/// The client's `clientInfo`.
#[derive(Debug, Clone)]
pub(crate) struct Implementation {
    pub(crate) name: String,
    pub(crate) version: String,
}

impl Default for Implementation {
    fn default() -> Implementation {
        Implementation { name: "libmcpclient".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() }
    }
}

impl Implementation {
    /// `{"name":...,"version":...}`
    pub(crate) fn to_json(&self) -> String {
        format!("{{\"name\":{},\"version\":{}}}", text::quoted(&self.name), text::quoted(&self.version))
    }
}
