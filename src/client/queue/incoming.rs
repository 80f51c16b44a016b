//! Notifications and requests of servers as events.

use std::sync::{Arc, Weak};

use crate::base::call::Limits;
use crate::base::error::Error;
use crate::client::Client;
use crate::client::fork::ForkGuard;
use crate::client::queue::Queue;
use crate::client::queue::event::{Event, EventKind, ReplySlot};
use crate::client::queue::shared::Shared;
use crate::client::sessions::SessionManager;
use crate::json::Value;
use crate::protocol::jsonrpc::INTERNAL_ERROR;
use crate::session::callbacks::{NotificationHandler, Reply, RequestHandler};

impl Queue {
    /// Turns notifications of a method, `None`: of all, into events. They take the place of a handler. It ends with the
    /// queue, or when a handler is set or removed for the method.
    ///
    /// # Errors
    /// [`Error::InvalidState`] when a handler is set for the method; through a scope.
    pub fn notifications(&self, client: &Client, method: Option<&str>, user_data: usize) -> Result<(), Error> {
        if client.shared().handlers.load().handles_notification(method) {
            return Err(taken("notifications", method));
        }
        let queue = Arc::downgrade(&self.0);
        let handler: NotificationHandler = Arc::new(move |method: &str, params: &Value| {
            let Some(shared) = current(&queue) else { return };
            let kind = EventKind::Notification { method: method.to_owned(), params: params.clone() };
            shared.change(|state| state.push_notification(Event { user_data, kind }));
        });
        client.on_notification(method, Some(handler))
    }

    /// Turns requests of a method into events. The server waits for the reply of the event.
    ///
    /// # Errors
    /// [`Error::InvalidState`] when a handler is set for the method; through a scope. [`Error::InvalidArgument`] for an
    /// empty method.
    pub fn requests(&self, client: &Client, method: &str, user_data: usize) -> Result<(), Error> {
        if client.shared().handlers.load().handles_request(method) {
            return Err(taken("requests", Some(method)));
        }
        let queue = Arc::downgrade(&self.0);
        // Not the client itself, which owns the handler.
        let sessions = Arc::downgrade(&client.process().sessions);
        let handler: RequestHandler = Arc::new(move |method: &str, params: &Value, reply: &mut Reply| {
            match (current(&queue), sessions.upgrade()) {
                (Some(shared), Some(sessions)) => ask(&shared, &sessions, user_data, method, params, reply),
                _ => reply.error(INTERNAL_ERROR, "the client has stopped answering requests"),
            }
        });
        client.on_request(method, Some(handler))
    }
}

fn current(queue: &Weak<ForkGuard<Shared>>) -> Option<Arc<Shared>> {
    Some(queue.upgrade()?.current(Shared::of_child))
}

fn taken(what: &str, method: Option<&str>) -> Error {
    let method = method.unwrap_or("every method");
    Error::InvalidState(format!("a handler is set for {what} of {method}: remove it first"))
}

/// Waits for the program's reply, until the calls of the client are cancelled or the client is closed.
fn ask(shared: &Shared, sessions: &SessionManager, user_data: usize, method: &str, params: &Value, reply: &mut Reply) {
    // Begins before the program can see the event and cancel.
    let call = sessions.call(Limits { timeout: None, ..Limits::default() });
    let slot = ReplySlot::new();
    let kind = EventKind::Request { method: method.to_owned(), params: params.clone(), reply: slot.deferred() };
    let refused = shared.change(|state| state.push_request(Event { user_data, kind })).err();
    match refused {
        Some(_) => reply.error(INTERNAL_ERROR, "too many requests are waiting for a response"),
        None => *reply = slot.wait(&call),
    }
}
