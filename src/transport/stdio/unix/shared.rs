//! What the thread of a program shares with the calls that use it.

use std::fs::File;
use std::io::{PipeReader, PipeWriter, Read, Write};
use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use super::outbox::{Outbox, Refused};
use crate::base::error::Error;
use crate::base::lock::{Guard, lock, try_lock, wait_timeout};
use crate::base::platform::FileId;
use crate::base::text;
use crate::transport::pending::Pending;
use crate::transport::stdio::Program;

/// How long the system gets to end a program after SIGKILL.
pub(super) const MOST_KILLING: Duration = Duration::from_secs(1);

pub(crate) struct Shared {
    pub(super) program: Arc<Program>,
    pub(super) pending: Arc<Pending>,
    outbox: Mutex<Outbox>,
    /// Makes the thread look at the outbox. Both ends are kept here: to write to a pipe that nothing reads any more raises
    /// SIGPIPE, and those who write are threads of the host.
    waker: (PipeReader, PipeWriter),
    /// Whether the server has turned out to speak a revision in which it sends no requests.
    pub(super) is_modern: AtomicBool,
    pid: AtomicI32,
    /// The program's stdin, until it is closed: a child of this process must close its copy.
    stdin: Mutex<Option<Stdin>>,
    noise: Mutex<Noise>,
    finished: Mutex<bool>,
    changed: Condvar,
}

struct Stdin {
    file: Arc<File>,
    id: Option<FileId>,
}

/// Lines on stdout that are no messages.
#[derive(Default)]
struct Noise {
    count: usize,
    first: String,
}

impl Shared {
    pub(super) fn new(program: Arc<Program>, waker: (PipeReader, PipeWriter), pid: i32, stdin: &Arc<File>) -> Shared {
        let stdin = Stdin { file: stdin.clone(), id: FileId::of(&**stdin) };
        Shared {
            program,
            pending: Arc::default(),
            outbox: Mutex::default(),
            waker,
            is_modern: AtomicBool::new(false),
            pid: AtomicI32::new(pid),
            stdin: Mutex::new(Some(stdin)),
            noise: Mutex::default(),
            finished: Mutex::new(false),
            changed: Condvar::new(),
        }
    }

    pub(super) fn outbox(&self) -> Guard<'_, Outbox> {
        lock(&self.outbox)
    }

    fn wake(&self) {
        // A full pipe wakes the thread as well.
        let _ = (&self.waker.1).write(&[0]);
    }

    /// Readable when there is something to look at.
    pub(super) fn waker(&self) -> &PipeReader {
        &self.waker.0
    }

    pub(super) fn clear_waker(&self) {
        let mut bytes = [0; 256];
        let _ = (&self.waker.0).read(&mut bytes);
    }

    /// Queues a message. Does not block.
    pub(super) fn send(&self, id: Option<u64>, message: &[u8]) -> Result<(), Error> {
        self.outbox().push(id, message).map_err(|refused| match refused {
            Refused::Full => Error::network("the program does not read what is sent to it".to_owned()),
            Refused::Closed => Error::not_sent("the client was closed"),
        })?;
        self.wake();
        Ok(())
    }

    /// Takes back a request that was not written yet.
    pub(super) fn take_back(&self, id: u64) -> bool {
        self.outbox().remove(id)
    }

    /// Has the program ended. Does not wait for that.
    pub(super) fn close(&self) {
        self.outbox().close();
        self.wake();
    }

    /// Waits until the program has ended and its thread is done, as long as that can take.
    pub(super) fn wait_for_end(&self) {
        let limit = Instant::now() + 2 * self.program.grace + 2 * MOST_KILLING;
        let mut finished = lock(&self.finished);
        while !*finished {
            let left = limit.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            finished = wait_timeout(&self.changed, finished, left);
        }
    }

    pub(super) fn set_finished(&self) {
        self.pid.store(0, Ordering::SeqCst);
        *lock(&self.finished) = true;
        self.changed.notify_all();
    }

    /// 0 once the program has ended.
    pub(super) fn pid(&self) -> i32 {
        self.pid.load(Ordering::SeqCst)
    }

    /// To be called before the program's stdin is closed.
    pub(super) fn forget_stdin(&self) {
        lock(&self.stdin).take();
    }

    /// In the child of a fork: closes this process's copy of the program's stdin, which would keep it from ending.
    pub(super) fn abandon(&self) {
        let Some(mut stdin) = try_lock(&self.stdin) else { return }; // another thread of the parent held it at the fork
        if let Some(Stdin { file, id }) = stdin.take()
            && FileId::of(&*file) == id
        {
            // By its number: the thread that owns it is not here to let go of it.
            let _ = nix::unistd::close(file.as_raw_fd());
        }
    }

    fn noise(&self) -> Guard<'_, Noise> {
        lock(&self.noise)
    }

    /// Notes a line on stdout that is no message.
    pub(super) fn note_noise(&self, line: &[u8]) {
        let mut noise = self.noise();
        noise.count += 1;
        if noise.first.is_empty() {
            noise.first = text::one_line(&self.program.redact(&String::from_utf8_lossy(line)));
        }
    }

    /// What is said of such lines in an error; empty when there were none.
    pub(super) fn about_noise(&self) -> String {
        let noise = self.noise();
        let (lines, are) = if noise.count == 1 { ("line", "is no message") } else { ("lines", "are no messages") };
        match noise.count {
            0 => String::new(),
            count => format!("; on its stdout the server wrote {count} {lines} that {are}, the first: {}", noise.first),
        }
    }
}
