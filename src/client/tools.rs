//! `tools/call`.

use std::sync::Arc;

use ::http::{HeaderName, HeaderValue};

use crate::base::error::Error;
use crate::client::lists::TOOLS;
use crate::client::operation::Operation;
use crate::client::tasks;
use crate::json::Value;
use crate::protocol::jsonrpc::{HEADER_MISMATCH, JsonObject};
use crate::protocol::tool_headers::{TOOLS_CALL, ToolHeaders};
use crate::session::{Request, Session};

impl Operation {
    /// Calls a tool. A tool's own error (`isError`) is a result, not an [`Error`].
    pub(super) fn call_tool(&self, params: JsonObject) -> Result<Value, Error> {
        let mut attempt = self.begin()?;
        loop {
            attempt.session().require("tools")?;
            match self.call_tool_on(attempt.session(), &params) {
                Ok(value) => return Ok(value),
                Err(error) => attempt.renew(error, TOOLS_CALL)?,
            }
        }
    }

    /// Calls a tool, and follows the task that the server makes of it.
    fn call_tool_on(&self, session: &Arc<Session>, params: &JsonObject) -> Result<Value, Error> {
        match self.send_tool_call(session, params) {
            Ok(created) if session.version.is_modern() && tasks::is_task(&created) => {
                self.follow_task(session, &created, "")
            }
            Err(error) if self.must_be_task(session, &error) => {
                let created = self.send_tool_call(session, &tasks::with_task(params)?)?;
                self.follow_task(session, &created, "/task")
            }
            result => result,
        }
    }

    /// Calls a tool; again with other headers if the server refuses them.
    pub(super) fn send_tool_call(&self, session: &Session, params: &JsonObject) -> Result<Value, Error> {
        self.restore_tool_headers(session);
        match self.rounds(session, &request(session, params)?) {
            Err(error) if error.rpc_code() == Some(HEADER_MISMATCH) && session.version.is_modern() => {
                self.refresh_tool_headers(session, error)?;
                self.rounds(session, &request(session, params)?)
            }
            result => result,
        }
    }

    /// Lists the tools again. When that fails, the error of the call is returned, which says what is wrong, unless the call
    /// has ended.
    fn refresh_tool_headers(&self, session: &Session, mismatch: Error) -> Result<(), Error> {
        self.shared.cache.remove(TOOLS.method);
        match self.all_pages(session, TOOLS) {
            Ok(_) => Ok(()),
            Err(error) if error.ends_call() => Err(error),
            Err(_) => Err(mismatch),
        }
    }

    /// Takes the header parameters from a cached list of another session.
    fn restore_tool_headers(&self, session: &Session) {
        let settings = &self.shared.settings;
        if !session.mirrors_tool_params() || session.tool_headers.is_known() || !settings.session.load().cache {
            return;
        }
        let cached = self.shared.cache.get(TOOLS.method, &settings.request.load().credentials);
        if let Some(tools) = cached {
            let headers = tools.root().elements().filter_map(|tool| ToolHeaders::of_tool(&tool.to_json()));
            session.tool_headers.replace(headers);
        }
    }
}

fn request(session: &Session, params: &JsonObject) -> Result<Request<'static>, Error> {
    Ok(Request { headers: param_headers(session, params)?, ..Request::with(TOOLS_CALL, params.clone()) })
}

/// The headers that mirror the tool's arguments.
fn param_headers(session: &Session, params: &JsonObject) -> Result<Vec<(HeaderName, HeaderValue)>, Error> {
    let name: Option<String> = params.get("name").and_then(|name| serde_json::from_str(name.get()).ok());
    let known = name.and_then(|name| session.tool_headers.get(&name));
    match (known, params.get("arguments")) {
        (Some(headers), Some(arguments)) => headers.values(arguments.get()),
        _ => Ok(Vec::new()),
    }
}
