//! What a program writes to its stderr: handed to a callback or to this process's stderr, and the last line kept for errors.

use std::io::Write;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::lines::{Lines, Overflow};
use crate::base::call::Call;
use crate::base::foreign;
use crate::base::text;
use crate::base::threads::Threads;
use crate::transport::queue::WorkQueue;
use crate::transport::stdio::Program;

/// The longest line in bytes; the rest of a longer one is dropped.
const LONGEST: usize = 8 * 1024;
/// How many lines may wait; more are dropped rather than stopping the program.
const MOST_WAITING: usize = 1024;
/// How long the callback gets for the lines that wait when the program has ended.
const FLUSHING: Duration = Duration::from_millis(500);

/// The lines of a program's stderr.
pub(super) struct Stderr {
    lines: Lines,
    queue: WorkQueue<String>,
    threads: Arc<Threads>,
    /// How many lines were dropped since the last that was not.
    dropped: usize,
    last: String,
}

impl Stderr {
    /// `call` is over when no callback may begin any more.
    pub(super) fn new(program: &Program, call: Call, threads: &Arc<Threads>) -> Stderr {
        let handler = program.on_stderr.clone();
        let work = move |line: String| {
            if call.is_cancelled() {
                return false;
            }
            match &handler {
                Some(handler) => foreign::run(|| handler(&line)),
                // There is nowhere to report that stderr cannot be written to.
                None => drop(std::io::stderr().write_all(format!("{line}\n").as_bytes())),
            }
            true
        };
        Stderr {
            lines: Lines::new(LONGEST, Overflow::Cut),
            // A thread of its own: a reader that does not take this process's stderr keeps no notification waiting.
            queue: WorkQueue::new("stderr", MOST_WAITING, 1, Arc::new(work)),
            threads: threads.clone(),
            dropped: 0,
            last: String::new(),
        }
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        let mut complete = Vec::new();
        let pushed = self.lines.push(bytes, |line| complete.push(line));
        debug_assert!(pushed.is_ok(), "long lines are cut");
        complete.iter().for_each(|line| self.hand_over(line));
    }

    /// Hands over the beginning of a line that was never completed.
    pub(super) fn end(&mut self) {
        if let Some(line) = self.lines.rest() {
            self.hand_over(&line);
        }
    }

    /// Waits for the callback to get all lines, but not for one that takes its time.
    pub(super) fn flush(&self) {
        let limit = Instant::now() + FLUSHING;
        while !self.queue.is_idle() && Instant::now() < limit {
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// The last line that is not blank, as far as a message repeats it.
    pub(super) fn last(&self) -> &str {
        &self.last
    }

    fn hand_over(&mut self, line: &[u8]) {
        let line = String::from_utf8_lossy(line).replace('\0', "\u{fffd}");
        if !line.trim().is_empty() {
            self.last.clone_from(&line);
        }
        if self.dropped > 0 {
            let note = format!("[libmcpclient: {} lines were dropped]", self.dropped);
            match self.queue.push(note, &self.threads) {
                Ok(()) => self.dropped = 0,
                Err(_) => {
                    self.dropped += 1;
                    return;
                }
            }
        }
        self.dropped += usize::from(self.queue.push(line, &self.threads).is_err());
    }
}

/// A program's line for a message.
pub(super) fn quoted(line: &str, program: &Program) -> String {
    text::one_line(&program.redact(line))
}
