//! Systems on which the library starts no programs.

use std::convert::Infallible;
use std::sync::Arc;

use crate::base::call::Call;
use crate::base::error::Error;
use crate::base::threads::Threads;
use crate::json::Value;
use crate::transport::message::{MessageHandler, Request};
use crate::transport::stdio::Program;

/// Nothing is started.
#[derive(Default)]
pub(crate) struct Launcher;

impl Launcher {
    pub(crate) fn ends_at_discover(&self) -> bool {
        false
    }

    pub(crate) fn set_ends_at_discover(&self) {}

    pub(crate) fn end_all(&self) {}

    pub(crate) fn abandon(&self) {}
}

/// There is none.
pub(crate) struct Stdio(Infallible);

impl Stdio {
    pub(crate) fn start(
        _program: &Arc<Program>,
        _handler: Arc<dyn MessageHandler>,
        _threads: &Arc<Threads>,
        _launcher: &Arc<Launcher>,
    ) -> Result<Stdio, Error> {
        Err(Error::Unsupported("this version of the library starts no programs on this system".to_owned()))
    }

    pub(crate) fn process_id(&self) -> i32 {
        match self.0 {}
    }

    pub(crate) fn is_open(&self) -> bool {
        match self.0 {}
    }

    pub(crate) fn ignore_requests(&self) {
        match self.0 {}
    }

    pub(crate) fn request(&self, _call: &Call, _request: &Request<'_>) -> Result<Value, Error> {
        match self.0 {}
    }

    pub(crate) fn begin(&self, _id: u64, _message: &[u8]) -> Result<(), Error> {
        match self.0 {}
    }

    pub(crate) fn forget(&self, _id: u64) {
        match self.0 {}
    }

    pub(crate) fn wait(&self, _call: &Call, _id: u64) -> Result<Value, Error> {
        match self.0 {}
    }

    pub(crate) fn wait_first(&self, _call: &Call, _ids: &[u64]) -> Result<(u64, Result<Value, Error>), Error> {
        match self.0 {}
    }

    pub(crate) fn subscribe(&self, _call: &Call, _request: &Request<'_>) -> Result<Value, Error> {
        match self.0 {}
    }

    pub(crate) fn wait_for_end(&self, _call: &Call) {
        match self.0 {}
    }

    pub(crate) fn wait_for_end_of(&self, _call: &Call, _id: u64) {
        match self.0 {}
    }

    pub(crate) fn give_up(&self, _id: u64) {
        match self.0 {}
    }

    pub(crate) fn take_back(&self, _id: u64) {
        match self.0 {}
    }

    pub(crate) fn notify(&self, _message: &[u8]) -> Result<(), Error> {
        match self.0 {}
    }

    pub(crate) fn end(&self) {
        match self.0 {}
    }
}
