//! Streams outside any call: the one that the caller asks for, and the one that handlers imply.

use std::sync::Arc;

use crate::base::error::Error;
use crate::client::listener::Listener;
use crate::client::operation::Operation;
use crate::protocol::jsonrpc::JsonObject;
use crate::session::Session;

impl Operation<'_> {
    /// Opens the server's own stream when handlers are set that it may address. A server without one does without.
    pub(super) fn open_stream(&self, session: &Arc<Session>) {
        let is_wanted = !self.dispatcher.handlers.load().is_empty() && session.may_have_stream();
        if is_wanted && !self.process.is_listening() {
            Listener::start_aside(self.process, self.dispatcher, self.call, session);
        }
    }

    /// Listens to what the filter says, in place of what was listened to before.
    pub(crate) fn listen(&self, filter: Option<&JsonObject>) -> Result<(), Error> {
        let session = self.process.session(self.call, self.dispatcher)?.session;
        self.renewing(session, |session| {
            self.process.wait_for_parting(self.call)?;
            if let Some(present) = self.process.listener() {
                if present.change(self.call, session, filter)? {
                    return Ok(());
                }
                // What tries to open a stream again would be in the way of the new one.
                if !present.is_open(self.call)? {
                    self.process.drop_listener(&present);
                    present.leave(self.call, session)?;
                }
            }
            Listener::start(self.process, self.dispatcher, self.call, session, filter)
        })
    }
}
