//! Passes the messages of a server to the handlers of the client.

use crate::json::Value;
use crate::protocol::jsonrpc;
use crate::protocol::version::Version;
use crate::session::callbacks::{PROGRESS, ask, notify};
use crate::session::shared::Shared;
use crate::transport::message::MessageHandler;

impl MessageHandler for Shared {
    fn on_notification(&self, method: &str, params: Option<&Value>) {
        self.cache.on_notification(method);
        if method == PROGRESS {
            self.progress.report(params);
        }
        // One after the other: a handler that runs does not keep another one from being dropped.
        for key in [Some(method), None] {
            let handler = self.handlers.load().notification(key);
            if let Some(handler) = handler {
                notify(handler, method, params);
            }
        }
    }

    fn on_request(&self, id: &str, method: &str, params: Option<&Value>) -> Vec<u8> {
        if method == "ping" {
            return jsonrpc::result(id, "{}");
        }
        let handler = self.handlers.load().request(method);
        // Which capability a request needs is the same in all revisions of the older era.
        match ask(handler, method, params, &self.capabilities(Version::LEGACY)) {
            Ok(result) => jsonrpc::result(id, &result),
            Err((code, message)) => jsonrpc::error(id, code, &message),
        }
    }

    fn max_waiting_bytes(&self) -> usize {
        usize::try_from(self.settings.request.load().limits.max_response_bytes).unwrap_or(usize::MAX)
    }
}
