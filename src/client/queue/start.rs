//! Starting operations.

use std::sync::Arc;

use crate::base::cancel::CancelCount;
use crate::base::error::Error;
use crate::client::Client;
use crate::client::lists::ListKind;
use crate::client::operation::{message_params, parse_object};
use crate::client::queue::state::{Job, Work};
use crate::client::queue::{Queue, shared, worker};

impl Queue {
    /// Starts a call with the limits of `client`, which count from now. Returns its number, never 0 and never used again.
    fn start(&self, client: &Client, user_data: usize, work: Work) -> Result<u64, Error> {
        let shared = self.shared();
        let cancels: Arc<CancelCount> = Arc::default();
        let operation = client.operation().cancelled_by(&cancels);
        let wake_guard = operation.call.wake_when_cancelled(shared::wake_of(&shared));
        let client = client.share();
        let number = {
            let mut state = shared.lock();
            let number = state.admit()?;
            state.wait(Job { number, user_data, client, operation, cancels, work, wake_guard });
            number
        };
        if let Err(error) = worker::ensure_threads(&shared) {
            let withdrawn = shared.lock().withdraw(number);
            if withdrawn.is_some() {
                return Err(Error::Internal(format!("no thread can be started: {error}")));
            }
        }
        Ok(number)
    }

    /// As [`Client::connect`].
    ///
    /// # Errors
    /// Those of a full queue: [`Error::InvalidState`], [`Error::Internal`]. What goes wrong later is in the event.
    pub fn start_connect(&self, client: &Client, user_data: usize) -> Result<u64, Error> {
        self.start(client, user_data, Box::new(|operation| operation.connect().map(|()| None)))
    }

    /// As [`Client::ping`].
    ///
    /// # Errors
    /// As [`Queue::start_connect`].
    pub fn start_ping(&self, client: &Client, user_data: usize) -> Result<u64, Error> {
        self.start(client, user_data, Box::new(|operation| operation.ping().map(|()| None)))
    }

    /// As [`Client::request`]; the event has the result.
    ///
    /// # Errors
    /// As [`Queue::start_connect`], and [`Error::InvalidArgument`] for parameters that are not a JSON object.
    pub fn start_request(
        &self,
        client: &Client,
        method: &str,
        params: Option<&str>,
        user_data: usize,
    ) -> Result<u64, Error> {
        let params = message_params(method, params)?;
        let method = method.to_owned();
        let work: Work = Box::new(move |operation| operation.any_request(&method, params).map(Some));
        self.start(client, user_data, work)
    }

    /// A list with all its pages; the event has an array.
    ///
    /// # Errors
    /// As [`Queue::start_connect`].
    pub fn start_list(&self, client: &Client, kind: ListKind, user_data: usize) -> Result<u64, Error> {
        self.start(client, user_data, Box::new(move |operation| operation.list(kind.list()).map(Some)))
    }

    /// As [`Client::notify`].
    ///
    /// # Errors
    /// As [`Queue::start_request`].
    pub fn start_notify(
        &self,
        client: &Client,
        method: &str,
        params: Option<&str>,
        user_data: usize,
    ) -> Result<u64, Error> {
        message_params(method, params)?;
        let (method, params) = (method.to_owned(), params.map(str::to_owned));
        let work: Work = Box::new(move |operation| operation.notify(&method, params.as_deref()).map(|()| None));
        self.start(client, user_data, work)
    }

    /// As [`Client::listen`]: the event says whether the stream was opened.
    ///
    /// # Errors
    /// As [`Queue::start_request`].
    pub fn start_listen(&self, client: &Client, filter: Option<&str>, user_data: usize) -> Result<u64, Error> {
        let filter = parse_object("filter", filter)?;
        let work: Work = Box::new(move |operation| operation.listen(filter.as_ref()).map(|()| None));
        self.start(client, user_data, work)
    }

    /// As [`Client::close`].
    ///
    /// # Errors
    /// As [`Queue::start_connect`].
    pub fn start_close(&self, client: &Client, user_data: usize) -> Result<u64, Error> {
        let work: Work = Box::new(|operation| {
            operation.close();
            Ok(None)
        });
        self.start(client, user_data, work)
    }
}
