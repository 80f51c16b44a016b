//! Programs on Unix: pipes, one thread for each program, signals.

mod child;
mod io;
mod launcher;
mod lines;
mod outbox;
mod shared;
mod spawn;
mod stderr;

use std::ffi::{CStr, CString};
use std::fs::File;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use crate::base::call::Call;
use crate::base::cancel::CancelEpoch;
use crate::base::error::{Error, RpcError};
use crate::base::threads::Threads;
use crate::base::{platform, resources, text};
use crate::json::Value;
use crate::protocol::jsonrpc;
use crate::transport::channel::{CANCELLED, Inbox};
use crate::transport::message::{MessageHandler, Request};
use crate::transport::pending::{Key, Outcome};
use crate::transport::stdio::program::{self, Program};
pub(crate) use launcher::Launcher;
use shared::Shared;

/// A program that runs.
pub(crate) struct Stdio {
    shared: Arc<Shared>,
}

impl Stdio {
    /// Starts the program, and a thread that reads and writes its streams.
    pub(crate) fn start(
        program: &Arc<Program>,
        handler: Arc<dyn MessageHandler>,
        threads: &Arc<Threads>,
        launcher: &Arc<Launcher>,
    ) -> Result<Stdio, Error> {
        launcher.check()?;
        let failed = |error: std::io::Error| {
            resources::exhausted(&error).unwrap_or_else(|| Error::Internal(format!("no pipe could be made: {error}")))
        };
        let [stdin, stdout, stderr] = [pipe().map_err(failed)?, pipe().map_err(failed)?, pipe().map_err(failed)?];
        let waker = std::io::pipe().map_err(failed)?;
        for descriptor in
            [stdin.write.as_fd(), stdout.read.as_fd(), stderr.read.as_fd(), waker.0.as_fd(), waker.1.as_fd()]
        {
            rustix::io::ioctl_fionbio(descriptor, true).map_err(|error| failed(error.into()))?;
        }
        let to_stdin = Arc::new(File::from(stdin.write));
        let child = spawn(program, [stdin.read.as_fd(), stdout.write.as_fd(), stderr.write.as_fd()])?;
        let shared = Arc::new(Shared::new(program.clone(), waker, child.pid(), &to_stdin));
        let stop = Arc::new(CancelEpoch::default());
        let call = Call::until_cancelled(&stop);
        let respond = {
            let shared = shared.clone();
            // Best effort: without it, the server's own time limit ends its wait.
            move |_: &Call, response: Vec<u8>| drop(shared.send(None, &response))
        };
        let io = io::Io {
            child,
            stdin: Some(to_stdin),
            stdout: Some(File::from(stdout.read)),
            stderr: Some(File::from(stderr.read)),
            shared: shared.clone(),
            launcher: launcher.clone(),
            lines: lines::Lines::new(handler.max_waiting_bytes(), lines::Overflow::Refuse),
            log: stderr::Stderr::new(program, call.clone(), threads),
            inbox: Inbox::new(handler, call.clone(), respond, threads),
            call,
            stop,
            started: Instant::now(),
            writing: None,
        };
        launcher.started(&shared);
        // Without a thread, `io` is dropped: stdin closes, which ends the program.
        threads.spawn("stdio", move || io.run()).map_err(|error| resources::no_thread(&error))?;
        Ok(Stdio { shared })
    }

    /// The process id of the program; 0 once it has ended.
    pub(crate) fn process_id(&self) -> i32 {
        self.shared.pid()
    }

    /// Whether the program can still be used.
    pub(crate) fn is_open(&self) -> bool {
        self.shared.pending.is_open()
    }

    /// Requests of the server are ignored from now on: since 2026-07-28 it sends none.
    pub(crate) fn ignore_requests(&self) {
        self.shared.is_modern.store(true, Ordering::SeqCst);
    }

    /// Sends a request and waits for its response. The error of a program that ends meanwhile lets the request be sent to
    /// another one, if it may be sent twice.
    pub(crate) fn request(&self, call: &Call, request: &Request<'_>) -> Result<Value, Error> {
        self.begin(request.id, request.message)?;
        let response = self.wait(call, request.id);
        self.forget(request.id);
        response.map_err(|error| match error {
            Error::Network(_) if !error.is_not_sent() => Error::session_lost(error.to_string()),
            other => other,
        })
    }

    /// Sends a request. Its response is waited for by [`Stdio::wait`] or [`Stdio::wait_first`], until [`Stdio::forget`].
    pub(crate) fn begin(&self, id: u64, message: &[u8]) -> Result<(), Error> {
        self.shared.pending.expect(Key::Response(id))?;
        self.shared.send(Some(id), message).inspect_err(|_| self.forget(id))
    }

    pub(crate) fn forget(&self, id: u64) {
        self.shared.pending.forget(Key::Response(id));
        self.shared.pending.forget(Key::Acknowledgment(id));
    }

    /// Waits for the response to a request.
    pub(crate) fn wait(&self, call: &Call, id: u64) -> Result<Value, Error> {
        self.wait_first(call, &[id]).and_then(|(_, response)| response)
    }

    /// Waits for the first response to one of several requests.
    pub(crate) fn wait_first(&self, call: &Call, ids: &[u64]) -> Result<(u64, Result<Value, Error>), Error> {
        let keys: Vec<Key> = ids.iter().map(|id| Key::Response(*id)).collect();
        match self.shared.pending.wait_any(call, &keys) {
            Ok((key, outcome)) => Ok((key.id(), self.redacted(outcome))),
            Err(error) => Err(self.explained(error, ids)),
        }
    }

    /// A request that was not written yet has no effect, so that it may be sent to another process. A server that writes
    /// other things to its stdout is the usual reason for a response that does not arrive.
    fn explained(&self, error: Error, ids: &[u64]) -> Error {
        match error {
            Error::Network(error) if ids.iter().all(|id| self.shared.take_back(*id)) => {
                Error::not_sent(error.to_string())
            }
            Error::Timeout(reason) => Error::Timeout(reason + &self.shared.about_noise()),
            other => other,
        }
    }

    fn redacted(&self, outcome: Outcome) -> Result<Value, Error> {
        outcome.map_err(|error| {
            let message = text::one_line(&self.shared.program.redact(&error.message));
            let data = error.data.map(|data| self.shared.program.redact_json(&data));
            Error::Rpc(Box::new(RpcError { message, data, ..error }))
        })
    }

    /// Opens a subscription (2026-07-28) and waits for its acknowledgment, whose parameters it gives.
    pub(crate) fn subscribe(&self, call: &Call, request: &Request<'_>) -> Result<Value, Error> {
        let id = request.id;
        self.shared.pending.expect(Key::Acknowledgment(id))?;
        let outcome = self.begin(id, request.message).and_then(|()| {
            let keys = [Key::Acknowledgment(id), Key::Response(id)];
            let arrived = self.shared.pending.wait_any(call, &keys).map_err(|error| self.explained(error, &[id]))?;
            match arrived {
                (Key::Acknowledgment(_), outcome) => self.redacted(outcome),
                (Key::Response(_), outcome) => {
                    self.redacted(outcome)?;
                    Err(Error::Protocol("the server ended the subscription before it acknowledged it".to_owned()))
                }
            }
        });
        outcome.inspect_err(|_| self.give_up(id))
    }

    /// Waits for the end of the program, or of the call.
    pub(crate) fn wait_for_end(&self, call: &Call) {
        let _ = self.shared.pending.wait_any(call, &[]);
    }

    /// Waits for the end of a subscription: the server's, the program's, or that of the call, of which the server is told.
    pub(crate) fn wait_for_end_of(&self, call: &Call, id: u64) {
        let ended = self.shared.pending.wait_any(call, &[Key::Response(id)]);
        match ended {
            Err(Error::Cancelled | Error::Timeout(_)) => self.give_up(id),
            _ => self.forget(id),
        }
    }

    /// Forgets a request, and has it cancelled by the server unless it was never written.
    pub(crate) fn give_up(&self, id: u64) {
        self.forget(id);
        if !self.shared.take_back(id) {
            let params = format!("{{\"requestId\":{id}}}");
            // Best effort: a program that does not read will not hear of it.
            let _ = self.shared.send(None, &jsonrpc::notification(CANCELLED, Some(&params)));
        }
    }

    /// Forgets a request that is not to be cancelled by a notification.
    pub(crate) fn take_back(&self, id: u64) {
        self.shared.take_back(id);
    }

    /// Sends a notification. Does not wait until it is written.
    pub(crate) fn notify(&self, message: &[u8]) -> Result<(), Error> {
        self.shared.send(None, message)
    }

    /// Has the program ended. Does not wait for that: [`Launcher::end_all`] does.
    pub(crate) fn end(&self) {
        self.shared.close();
    }
}

impl Drop for Stdio {
    fn drop(&mut self) {
        self.end();
    }
}

struct Pipe {
    read: OwnedFd,
    write: OwnedFd,
}

/// A pipe, closed in programs that are started, whose descriptors are none of the standard streams: those become the
/// child's one after the other. No socket: programs open `/dev/stdin`.
fn pipe() -> std::io::Result<Pipe> {
    let (read, write) = std::io::pipe()?;
    let above = |descriptor: OwnedFd| match descriptor.as_raw_fd() {
        0..=2 => Ok(rustix::io::fcntl_dupfd_cloexec(&descriptor, 3)?),
        _ => std::io::Result::Ok(descriptor),
    };
    Ok(Pipe { read: above(read.into())?, write: above(write.into())? })
}

fn spawn(program: &Program, streams: [std::os::fd::BorrowedFd<'_>; 3]) -> Result<child::Child, Error> {
    // The user who chose PATH must not choose the program.
    if platform::has_raised_privileges() && !program.command().contains('/') {
        let reason = "a program with raised privileges must give the path of the command";
        return Err(Error::InvalidState(reason.to_owned()));
    }
    let arguments = program.arguments()?;
    let variables = program.variables();
    let as_c =
        |variable| CStr::from_bytes_with_nul(variable).map_err(|_| Error::Internal("a variable has a NUL".to_owned()));
    let environment = variables.iter().map(|variable| as_c(variable.as_slice())).collect::<Result<_, _>>()?;
    let directory: Option<CString> =
        program.directory.as_ref().map(|path| program::c_string(path.as_os_str().as_bytes())).transpose()?;
    if let Some(path) = &program.directory {
        let reason = match std::fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => None,
            Ok(_) => Some("not a directory".to_owned()),
            Err(error) => Some(error.to_string()),
        };
        if let Some(reason) = reason {
            return Err(Error::InvalidState(format!("the working directory {}: {reason}", path.display())));
        }
    }
    let plan = spawn::Plan {
        command: &arguments[0],
        arguments: arguments.iter().map(CString::as_c_str).collect(),
        environment,
        directory: directory.as_deref(),
        streams,
    };
    let started = plan.spawn().and_then(child::Child::new);
    started.map_err(|error| {
        let command = text::one_line(program.command());
        Error::InvalidState(format!("the program {command} cannot be started: {error}"))
    })
}
