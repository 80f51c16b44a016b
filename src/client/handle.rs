//! What a handle on a client, or on a scope of it, has of its own: limits, attachments, cancellation.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;

use crate::base::call::{Attachments, Call, Limits};
use crate::base::cancel::CancelCount;

/// What one handle has of its own. Clones refer to the same.
#[derive(Debug, Clone, Default)]
pub(crate) struct Handle(Arc<Own>);

#[derive(Debug, Default)]
struct Own {
    /// Cancels the calls of a scope; `None`: the handle is that of the client.
    scope: Option<Arc<CancelCount>>,
    options: ArcSwapOption<Options>,
}

/// What was set through the handle. The limits of the client itself are in its settings, since scopes inherit them.
#[derive(Clone, Default)]
pub(super) struct Options {
    pub(super) timeout: Option<Option<Duration>>,
    pub(super) connect_timeout: Option<Option<Duration>>,
    pub(super) max_response_bytes: Option<u64>,
    pub(super) restarts_on_progress: Option<bool>,
    pub(super) longest: Option<Option<Duration>>,
    attachments: Option<Arc<Attachments>>,
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options").field("attachments", &self.attachments).finish_non_exhaustive()
    }
}

impl Handle {
    pub(super) fn new_scope() -> Handle {
        Handle(Arc::new(Own { scope: Some(Arc::default()), ..Own::default() }))
    }

    pub(super) fn scope(&self) -> Option<&Arc<CancelCount>> {
        self.0.scope.as_ref()
    }

    /// The limits of calls through this handle.
    pub(super) fn limits(&self, client: Limits) -> Limits {
        let options = self.0.options.load();
        let Some(own) = options.as_deref() else { return client };
        Limits {
            timeout: own.timeout.unwrap_or(client.timeout),
            connect_timeout: own.connect_timeout.unwrap_or(client.connect_timeout),
            max_response_bytes: own.max_response_bytes.unwrap_or(client.max_response_bytes),
            restarts_on_progress: own.restarts_on_progress.unwrap_or(client.restarts_on_progress),
            longest: own.longest.unwrap_or(client.longest),
        }
    }

    /// The call as one of this handle.
    pub(super) fn mark(&self, call: Call) -> Call {
        let options = self.0.options.load();
        let call = call.attaching(options.as_ref().and_then(|options| options.attachments.clone()));
        match self.scope() {
            None => call,
            Some(scope) => call.of_scope(scope),
        }
    }

    pub(super) fn change(&self, change: impl Fn(&mut Options)) {
        self.0.options.rcu(|before| {
            let mut after = before.as_deref().cloned().unwrap_or_default();
            change(&mut after);
            Some(Arc::new(after))
        });
    }

    pub(super) fn change_attachments(&self, change: impl Fn(&mut Attachments)) {
        self.change(|options| {
            let mut after = options.attachments.as_deref().cloned().unwrap_or_default();
            change(&mut after);
            options.attachments = Some(Arc::new(after));
        });
    }
}
