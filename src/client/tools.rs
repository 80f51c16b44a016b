//! Calling tools.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::value::RawValue;

use crate::base::error::Error;
use crate::client::lists::TOOLS;
use crate::client::operation::Operation;
use crate::http::{HeaderName, HeaderValue};
use crate::json::Value;
use crate::protocol::jsonrpc::{HEADER_MISMATCH, JsonObject};
pub(crate) use crate::protocol::tool_headers::ToolHeaders;
use crate::session::config::TransportKind;
use crate::session::{Ask, Session};

/// Which headers the tools of a session ask for.
#[derive(Default)]
pub(crate) struct ToolHeaderTable(Mutex<Option<HashMap<String, Arc<ToolHeaders>>>>);

impl ToolHeaderTable {
    pub(crate) fn replace(&self, tools: Vec<(String, ToolHeaders)>) {
        let tools = tools.into_iter().map(|(name, headers)| (name, Arc::new(headers))).collect();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(tools);
    }

    fn is_empty(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_none()
    }

    fn get(&self, name: &str) -> Option<Arc<ToolHeaders>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).as_ref()?.get(name).cloned()
    }
}

impl Operation<'_> {
    /// Calls a tool. A tool that reports an error of its own (`isError`) has a result like any other.
    pub(crate) fn call_tool(&self, params: JsonObject) -> Result<Value, Error> {
        let ask = |session: &Session| -> Result<Ask<'static>, Error> {
            let headers = mirrored(session, &params)?;
            Ok(Ask { headers, ..Ask::with("tools/call", params.clone()) })
        };
        self.on_session(|session| {
            session.server.require("tools")?;
            self.recall_tools(session);
            match self.rounds(session, &ask(session)?) {
                Err(error) if error.rpc_code() == Some(HEADER_MISMATCH) && session.version.is_modern() => {
                    self.relearn(session, error)?;
                    self.rounds(session, &ask(session)?)
                }
                result => result,
            }
        })
    }

    /// Lists the tools again after a call with the wrong headers. When that fails, it is the call's error that tells the
    /// caller what is wrong, unless the call is over.
    fn relearn(&self, session: &Session, mismatch: Error) -> Result<(), Error> {
        self.cache.forget(TOOLS.method);
        match self.all_pages(session, TOOLS) {
            Ok(_) => Ok(()),
            Err(over @ (Error::Cancelled | Error::Timeout(_))) => Err(over),
            Err(_) => Err(mismatch),
        }
    }
}

impl Operation<'_> {
    /// A list that another session has fetched holds for this one too.
    fn recall_tools(&self, session: &Session) {
        if !mirrors_headers(session) || !session.tool_headers.is_empty() {
            return;
        }
        let settings = self.dispatcher.settings.load();
        let cached = settings.cache.then(|| self.cache.get(TOOLS.method, &settings.credentials)).flatten();
        let tools = cached.as_deref().and_then(|json| serde_json::from_str::<Vec<&RawValue>>(json).ok());
        if let Some(tools) = tools {
            session.tool_headers.replace(tools.iter().filter_map(|tool| ToolHeaders::of_tool(tool.get())).collect());
        }
    }
}

/// Whether parameters of tools go into headers: over Streamable HTTP since 2026-07-28.
pub(super) fn mirrors_headers(session: &Session) -> bool {
    session.version.is_modern() && session.transport() == TransportKind::StreamableHttp
}

fn mirrored(session: &Session, params: &JsonObject) -> Result<Vec<(HeaderName, HeaderValue)>, Error> {
    let name: Option<String> = params.get("name").and_then(|name| serde_json::from_str(name.get()).ok());
    let known = name.and_then(|name| session.tool_headers.get(&name));
    match (known, params.get("arguments")) {
        (Some(headers), Some(arguments)) => headers.values(arguments.get()),
        _ => Ok(Vec::new()),
    }
}
