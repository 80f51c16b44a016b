//! The programs that a client has started in this process: how often they may be started, and how all of them end.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::shared::Shared;
use crate::base::error::Error;
use crate::base::lock::{Guard, lock, try_lock};

/// A program that lived shorter than this was of no use.
const SHORT: Duration = Duration::from_secs(1);
/// How many short lives in a row are enough to wait before the next start, and how long that is.
const MOST_SHORT: u32 = 3;
const PAUSE: Duration = Duration::from_secs(5);

/// Starts and ends of a client's programs.
#[derive(Default)]
pub(crate) struct Launcher(Mutex<State>);

#[derive(Default)]
struct State {
    running: Vec<Arc<Shared>>,
    /// How many programs in a row ended by themselves shortly after their start.
    short_lives: u32,
    /// When the last one ended, and why.
    last_end: Option<(Instant, String)>,
    /// Whether the program ends when it is asked `server/discover`.
    ends_at_discover: bool,
}

impl Launcher {
    fn state(&self) -> Guard<'_, State> {
        lock(&self.0)
    }

    /// Fails while the program ends again and again.
    pub(super) fn check(&self) -> Result<(), Error> {
        let state = self.state();
        match &state.last_end {
            Some((end, reason)) if state.short_lives >= MOST_SHORT && end.elapsed() < PAUSE => {
                Err(Error::network(format!("{reason} ({} times in a row)", state.short_lives)))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn started(&self, shared: &Arc<Shared>) {
        self.state().running.push(shared.clone());
    }

    /// Notes that a program has ended by itself.
    pub(super) fn ended(&self, lived: Duration, reason: &str) {
        let mut state = self.state();
        state.short_lives = if lived < SHORT { state.short_lives + 1 } else { 0 };
        state.last_end = Some((Instant::now(), reason.to_owned()));
    }

    pub(super) fn finished(&self, shared: &Shared) {
        self.state().running.retain(|other| !std::ptr::eq(&raw const **other, shared));
    }

    pub(crate) fn ends_at_discover(&self) -> bool {
        self.state().ends_at_discover
    }

    pub(crate) fn set_ends_at_discover(&self) {
        self.state().ends_at_discover = true;
    }

    /// Ends all programs, and waits for that as long as their grace allows.
    pub(crate) fn end_all(&self) {
        let running = self.state().running.clone();
        running.iter().for_each(|shared| shared.close());
        running.iter().for_each(|shared| shared.wait_for_end());
    }

    /// Leaves the programs of a parent alone in its child after a fork: closes what would keep their stdin open.
    pub(crate) fn abandon(&self) {
        if let Some(state) = try_lock(&self.0) {
            state.running.iter().for_each(|shared| shared.abandon());
        }
    }
}
