//! Scopes, and the settings of each handle.

use std::time::Duration;

use serde_json::value::RawValue;

use crate::base::call::{Limits, ProgressHandler};
use crate::base::error::Error;
use crate::client::Client;
use crate::client::handle::{Handle, Options};
use crate::http::config::RequestConfig;
use crate::protocol::meta;

impl Client {
    /// A second handle on the same server, with limits, progress handler, `_meta` and cancellation of its own. It inherits
    /// the limits of the client until it sets its own, and shares everything else. A scope of a scope is one of the client.
    pub fn scope(&self) -> Client {
        Client { state: self.state.clone(), handle: Handle::new_scope() }
    }

    /// Fails through a scope: the setting is one of the client as a whole.
    pub(super) fn refuse_through_scope(&self, what: &str) -> Result<(), Error> {
        match self.handle.scope() {
            None => Ok(()),
            Some(_) => Err(Error::InvalidState(format!("{what} cannot be set through a scope: set it on the client"))),
        }
    }

    /// Changes a limit of this handle: in the settings of the client, or in the options of the scope.
    fn change_limit(&self, of_client: impl Fn(&mut Limits), of_scope: impl Fn(&mut Options)) {
        if self.handle.scope().is_some() {
            return self.handle.change(of_scope);
        }
        self.shared().settings.request.rcu(|before| {
            let mut after = RequestConfig::clone(before);
            of_client(&mut after.limits);
            after
        });
    }

    /// The time limit of each call, from end to end; `None`: no limit. 30 seconds unless set.
    pub fn set_timeout(&self, timeout: Option<Duration>) {
        self.change_limit(|limits| limits.timeout = timeout, |options| options.timeout = Some(timeout));
    }

    /// The time limit for opening one connection; `None`: as long as the call. 10 seconds unless set.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for a client of a program.
    pub fn set_connect_timeout(&self, timeout: Option<Duration>) -> Result<(), Error> {
        timeout.map_or(Ok(()), |_| self.require_url())?;
        self.change_limit(|limits| limits.connect_timeout = timeout, |options| options.connect_timeout = Some(timeout));
        Ok(())
    }

    /// The most bytes of one response, decoded. 64 MiB unless set.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for 0.
    pub fn set_max_response_bytes(&self, bytes: u64) -> Result<(), Error> {
        if bytes == 0 {
            return Err(Error::InvalidArgument("a limit of 0 bytes would refuse every response".to_owned()));
        }
        self.change_limit(
            |limits| limits.max_response_bytes = bytes,
            |options| options.max_response_bytes = Some(bytes),
        );
        Ok(())
    }

    /// Whether each progress notification starts the time limit of its call anew, up to [`Client::set_longest`]. Off unless
    /// set.
    pub fn set_timeout_on_progress(&self, restart: bool) {
        self.change_limit(
            |limits| limits.restarts_on_progress = restart,
            |options| options.restarts_on_progress = Some(restart),
        );
    }

    /// The time limit of a call whose progress moves its deadline; `None`: no limit. 10 minutes unless set.
    pub fn set_longest(&self, longest: Option<Duration>) {
        self.change_limit(|limits| limits.longest = longest, |options| options.longest = Some(longest));
    }

    /// Calls `handler` with the progress of the calls made through this handle; `None` removes it. It runs on the thread of
    /// the call, or over HTTP+SSE on a thread of the library.
    pub fn on_progress(&self, handler: Option<ProgressHandler>) {
        self.handle.change_attachments(|attachments| attachments.progress.clone_from(&handler));
    }

    /// Adds a member to `_meta` of each request made through this handle; `None` removes it. What a call brings in its own
    /// `_meta` wins.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a key that breaks the grammar, has a reserved prefix or is `progressToken`, for text
    /// that is not JSON, and for a `traceparent`, `tracestate` or `baggage` that W3C Trace Context does not allow.
    pub fn set_meta(&self, key: &str, json: Option<&str>) -> Result<(), Error> {
        meta::check_key(key)?;
        let value: Option<Box<RawValue>> = json.map(|json| meta::parse_member(key, json)).transpose()?;
        self.handle.change_attachments(|attachments| {
            match &value {
                Some(value) => attachments.meta.insert(key.to_owned(), value.clone()),
                None => attachments.meta.remove(key),
            };
        });
        Ok(())
    }
}
