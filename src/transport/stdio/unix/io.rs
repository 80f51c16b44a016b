//! The thread that reads and writes a program's streams, and sees the program to its end.
//!
//! It writes, too: SIGPIPE is raised in the thread that writes, and this one blocks every signal.

use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use rustix::process::Signal;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::child::{Child, State};
use super::launcher::Launcher;
use super::lines::Lines;
use super::shared::{MOST_KILLING, Shared};
use super::stderr::{Stderr, quoted};
use crate::base::call::Call;
use crate::base::cancel::CancelEpoch;
use crate::json::Limits;
use crate::transport::channel::{self, Inbox};
use crate::transport::message::ServerMessage;
use crate::transport::pending::End;

/// How much is read at once.
const STEP: usize = 64 * 1024;
/// A longer line that cannot be read as a message is a protocol error.
const LONGEST_NOISE: usize = 64 * 1024;
/// How long the rest of a program's output and its exit status are waited for, once something says that it ends.
const COLLECTING: Duration = Duration::from_millis(500);
/// How often a program is looked at that is ending, where the system does not tell of its end.
const LOOK: Duration = Duration::from_millis(10);

/// Where a program is on its way to its end.
enum Phase {
    Running,
    /// It ends by itself: what it still says is read before the callers are told.
    Collecting {
        until: Instant,
    },
    /// The callers have been told, and its stdin is closed.
    Closing {
        until: Instant,
        step: Step,
    },
}

/// What was done to end a program.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    ClosedStdin,
    Terminated,
    Killed,
}

/// What was ready.
#[derive(Default)]
struct Ready {
    woken: bool,
    stdin: bool,
    stdin_broken: bool,
    stdout: bool,
    stderr: bool,
}

pub(super) struct Io {
    pub(super) child: Child,
    pub(super) stdin: Option<Arc<File>>,
    pub(super) stdout: Option<File>,
    pub(super) stderr: Option<File>,
    pub(super) shared: Arc<Shared>,
    pub(super) launcher: Arc<Launcher>,
    pub(super) inbox: Inbox,
    pub(super) lines: Lines,
    pub(super) log: Stderr,
    /// Ends with the program.
    pub(super) call: Call,
    /// Ends the callbacks.
    pub(super) stop: Arc<CancelEpoch>,
    pub(super) started: Instant,
    /// The message that is being written, and how much of it was.
    pub(super) writing: Option<(Vec<u8>, usize)>,
}

impl Drop for Io {
    /// However the thread ends, no caller waits for more, and the program does not go on.
    fn drop(&mut self) {
        self.tell(End::Network("the program is no longer read".to_owned()));
        self.close_stdin();
        if self.child.state() != State::Reaped {
            self.child.signal_group(Signal::KILL);
            let limit = Instant::now() + MOST_KILLING;
            while self.child.state() == State::Running && Instant::now() < limit {
                thread::sleep(LOOK);
            }
            self.child.reap();
        }
        self.stop.cancel_all();
        self.launcher.finished(&self.shared);
        self.shared.set_finished();
    }
}

impl Io {
    pub(super) fn run(mut self) {
        let mut phase = Phase::Running;
        let mut buffer = vec![0; STEP];
        loop {
            let ready = self.wait(&phase);
            if ready.woken {
                self.shared.clear_waker();
            }
            if ready.stdin_broken {
                self.close_stdin();
            }
            if ready.stdin {
                self.write();
            }
            if ready.stderr {
                self.read_stderr(&mut buffer);
            }
            let mut fault = None;
            if ready.stdout {
                fault = self.read_stdout(&mut buffer, &phase).err();
            }
            match self.next(phase, fault) {
                Some(next) => phase = next,
                None => return,
            }
        }
    }

    fn wait(&self, phase: &Phase) -> Ready {
        let has_output = self.writing.is_some() || !self.shared.outbox().is_empty();
        let stdin_events = if has_output { PollFlags::POLLOUT } else { PollFlags::empty() };
        // Once it has ended, a descriptor that says so would wake the thread for ever.
        let watch = if matches!(phase, Phase::Running) { self.child.watch() } else { self.ending_watch() };
        let descriptors: [Option<(BorrowedFd<'_>, PollFlags)>; 5] = [
            Some((self.shared.waker().as_fd(), PollFlags::POLLIN)),
            self.stdin.as_ref().map(|file| (file.as_fd(), stdin_events)),
            self.stdout.as_ref().map(|file| (file.as_fd(), PollFlags::POLLIN)),
            self.stderr.as_ref().map(|file| (file.as_fd(), PollFlags::POLLIN)),
            watch.map(|watch| (watch, PollFlags::POLLIN)),
        ];
        let mut polled: Vec<PollFd<'_>> =
            descriptors.iter().flatten().map(|(descriptor, events)| PollFd::new(*descriptor, *events)).collect();
        // An error leaves all of them unready, and the loop goes on: EINTR.
        let _ = poll(&mut polled, self.timeout(phase));
        let mut answers = polled.iter().map(|polled| polled.revents().unwrap_or(PollFlags::empty()));
        let mut flags = descriptors.iter().map(|descriptor| match descriptor {
            Some(_) => answers.next().unwrap_or(PollFlags::empty()),
            None => PollFlags::empty(),
        });
        let mut next = || flags.next().unwrap_or(PollFlags::empty());
        let (waker, stdin, stdout, stderr) = (next(), next(), next(), next());
        let broken = PollFlags::POLLERR | PollFlags::POLLNVAL;
        Ready {
            woken: !waker.is_empty(),
            stdin: stdin.contains(PollFlags::POLLOUT),
            stdin_broken: stdin.intersects(broken),
            stdout: !stdout.is_empty(),
            stderr: !stderr.is_empty(),
        }
    }

    /// The descriptor that tells of the end, while that has not come.
    fn ending_watch(&self) -> Option<BorrowedFd<'_>> {
        self.child.watch().filter(|_| self.child.state() == State::Running)
    }

    fn timeout(&self, phase: &Phase) -> PollTimeout {
        let until = match phase {
            Phase::Running => return PollTimeout::NONE,
            Phase::Collecting { until } | Phase::Closing { until, .. } => *until,
        };
        let mut left = until.saturating_duration_since(Instant::now()) + Duration::from_millis(1);
        if self.child.watch().is_none() {
            left = left.min(LOOK);
        }
        PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX)
    }

    /// What follows; `None` when the program has ended and its thread is done.
    fn next(&mut self, phase: Phase, fault: Option<String>) -> Option<Phase> {
        if let Some(reason) = fault.filter(|_| !matches!(phase, Phase::Closing { .. })) {
            return Some(self.close(End::Protocol(reason)));
        }
        match phase {
            Phase::Running | Phase::Collecting { .. } if self.shared.outbox().is_closed() => {
                Some(self.close(End::Network("the client was closed".to_owned())))
            }
            Phase::Running if self.is_ending() => Some(Phase::Collecting { until: Instant::now() + COLLECTING }),
            Phase::Running => Some(Phase::Running),
            Phase::Collecting { until } => {
                let all = self.stdout.is_none() && self.stderr.is_none() && self.child.state() != State::Running;
                if !all && Instant::now() < until {
                    return Some(Phase::Collecting { until });
                }
                let reason = self.reason();
                self.launcher.ended(self.started.elapsed(), &reason);
                Some(self.close(End::Network(reason)))
            }
            Phase::Closing { until, step } => self.advance(until, step),
        }
    }

    fn is_ending(&self) -> bool {
        self.stdin.is_none() || self.stdout.is_none() || self.child.state() != State::Running
    }

    /// Why the program is of no use any more.
    fn reason(&mut self) -> String {
        self.log.end();
        let mut reason = match (self.child.state(), self.child.exit()) {
            (State::Running, _) if self.stdout.is_none() => "the program closed its stdout".to_owned(),
            (State::Running, _) => "the program closed its stdin".to_owned(),
            (_, Some(exit)) => format!("the program ended {exit}"),
            (_, None) => "the program ended".to_owned(),
        };
        if !self.log.last().is_empty() {
            reason += &format!("; the last line on its stderr: {}", quoted(self.log.last(), &self.shared.program));
        }
        reason + &self.shared.about_noise()
    }

    fn tell(&self, end: End) {
        self.shared.pending.end(end);
    }

    /// Tells the callers, and begins to end the program.
    fn close(&mut self, end: End) -> Phase {
        self.tell(end);
        self.close_stdin();
        Phase::Closing { until: Instant::now() + self.shared.program.grace, step: Step::ClosedStdin }
    }

    /// The specification's order: close stdin, wait, SIGTERM, wait, SIGKILL.
    fn advance(&mut self, until: Instant, step: Step) -> Option<Phase> {
        let has_ended = self.child.state() != State::Running;
        // A process that has left the group may hold stdout for as long as it wants.
        if has_ended && (self.stdout.is_none() || step == Step::Killed) {
            self.finish(step);
            return None;
        }
        if Instant::now() < until {
            return Some(Phase::Closing { until, step });
        }
        let grace = self.shared.program.grace;
        let (signal, step, wait) = match step {
            Step::ClosedStdin if !grace.is_zero() => (Signal::TERM, Step::Terminated, grace),
            Step::ClosedStdin | Step::Terminated => (Signal::KILL, Step::Killed, MOST_KILLING),
            Step::Killed => {
                self.finish(step); // nothing ends it
                return None;
            }
        };
        self.child.signal_group(signal);
        Some(Phase::Closing { until: Instant::now() + wait, step })
    }

    /// Ends what the program has left behind in its group, and reaps it.
    fn finish(&mut self, step: Step) {
        if step == Step::ClosedStdin {
            self.child.signal_group(Signal::TERM);
        }
        self.child.reap();
        let mut buffer = vec![0; STEP];
        while self.read_stderr(&mut buffer) {}
        self.log.end();
        self.log.flush();
    }

    fn close_stdin(&mut self) {
        self.shared.forget_stdin();
        self.stdin = None;
        self.writing = None;
    }

    /// Writes as much as the program takes.
    fn write(&mut self) {
        loop {
            if self.writing.is_none() {
                self.writing = self.shared.outbox().pop().map(|line| (line, 0));
            }
            let (Some((line, written)), Some(stdin)) = (&mut self.writing, &self.stdin) else { return };
            match (&**stdin).write(&line[*written..]) {
                Ok(amount) => *written += amount,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(_) => return self.close_stdin(),
            }
            if self.writing.as_ref().is_some_and(|(line, written)| *written == line.len()) {
                self.writing = None;
            }
        }
    }

    /// Whether there was anything to read.
    fn read_stderr(&mut self, buffer: &mut [u8]) -> bool {
        match read(&mut self.stderr, buffer) {
            Some(amount @ 1..) => {
                self.log.push(&buffer[..amount]);
                true
            }
            Some(0) | None => false,
        }
    }

    /// Reads messages; the error is a fault of the server.
    fn read_stdout(&mut self, buffer: &mut [u8], phase: &Phase) -> Result<(), String> {
        let Some(amount @ 1..) = read(&mut self.stdout, buffer) else { return Ok(()) };
        if matches!(phase, Phase::Closing { .. }) {
            return Ok(()); // read so that a server that writes can end
        }
        let mut complete = Vec::new();
        let pushed = self.lines.push(&buffer[..amount], |line| complete.push(line));
        complete.into_iter().try_for_each(|line| self.accept(line))?;
        pushed.map_err(|_| format!("the server wrote a line of more than {} bytes", self.lines.limit()))
    }

    fn accept(&mut self, line: Vec<u8>) -> Result<(), String> {
        if line.iter().all(u8::is_ascii_whitespace) {
            return Ok(());
        }
        // Reading takes the line apart; of one that turns out to be no message, its text is needed.
        let text = (line.len() <= LONGEST_NOISE).then(|| line.clone());
        let others = match channel::dispatch(line, &Limits::of_response(&self.call), &self.shared.pending) {
            Ok(others) => others,
            Err(error) => match text.filter(|text| !is_meant_as_message(text)) {
                Some(text) => {
                    self.shared.note_noise(&text);
                    return Ok(());
                }
                None => return Err(error.to_string()),
            },
        };
        for message in others {
            // Since 2026-07-28 a server sends no requests.
            let is_request = matches!(message, ServerMessage::Request { .. });
            if !(is_request && self.shared.is_modern.load(Ordering::SeqCst)) {
                self.inbox.accept(message);
            }
        }
        Ok(())
    }
}

/// Whether a text that cannot be read is meant as a message of JSON-RPC, so that a caller would wait for it without success.
fn is_meant_as_message(text: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Envelope {
        jsonrpc: Option<IgnoredAny>,
        id: Option<IgnoredAny>,
        result: Option<IgnoredAny>,
        error: Option<IgnoredAny>,
    }
    serde_json::from_slice(text).is_ok_and(|Envelope { jsonrpc, id, result, error }| {
        jsonrpc.is_some() || (id.is_some() && (result.is_some() || error.is_some()))
    })
}

/// Reads what is there; closes the stream at its end. `None`: nothing is there.
fn read(stream: &mut Option<File>, buffer: &mut [u8]) -> Option<usize> {
    match stream.as_mut()?.read(buffer) {
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => None,
        Ok(amount @ 1..) => Some(amount),
        Ok(0) | Err(_) => {
            *stream = None;
            Some(0)
        }
    }
}
