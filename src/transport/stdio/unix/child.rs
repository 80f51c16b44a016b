//! A child process: how its end is noticed, how it is signalled, and how it is reaped.
//!
//! The program that uses the library may ignore SIGCHLD or reap every child itself. Nothing here installs a handler or
//! waits for any child but this one, and no signal is sent to a process id that another process may have by now.

use std::fmt;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, WaitIdStatus, kill_process_group, waitid};

/// A child of this process that leads a process group.
pub(super) struct Child {
    pid: Pid,
    watch: Watch,
}

/// What tells of the end of a child.
enum Watch {
    /// Readable once the child has ended; on Linux it names the child even when its process id is used again.
    Descriptor(OwnedFd),
    /// The system has no such descriptor: the child is looked at from time to time.
    None,
    /// The host had reaped the child before it could be watched.
    Reaped,
}

/// What is known about a child.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Running,
    /// It has ended and keeps its process id, since it was not reaped yet.
    Ended,
    /// It has ended, and the system or the host program has reaped it. Its process id may belong to another process.
    Reaped,
}

/// How a child ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exit {
    Status(i32),
    Signal(i32),
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Exit::Status(status) => write!(f, "with status {status}"),
            Exit::Signal(signal) => write!(f, "by signal {signal}"),
        }
    }
}

impl Child {
    /// A child that was just started.
    pub(super) fn new(pid: i32) -> io::Result<Child> {
        let pid = Pid::from_raw(pid).ok_or_else(|| io::Error::other("the system gave no process id"))?;
        Ok(Child { pid, watch: watch(pid) })
    }

    pub(super) fn pid(&self) -> i32 {
        self.pid.as_raw_pid()
    }

    /// Readable once the child has ended.
    pub(super) fn watch(&self) -> Option<BorrowedFd<'_>> {
        match &self.watch {
            Watch::Descriptor(descriptor) => Some(descriptor.as_fd()),
            Watch::None | Watch::Reaped => None,
        }
    }

    pub(super) fn state(&self) -> State {
        match self.wait(WaitIdOptions::NOWAIT) {
            Ok(None) => State::Running,
            Ok(Some(_)) => State::Ended,
            Err(_) => State::Reaped,
        }
    }

    /// Sends a signal to the child's process group. Once the child was reaped, its number may be that of another group, so
    /// that nothing is sent.
    pub(super) fn signal_group(&self, signal: Signal) {
        if self.state() != State::Reaped {
            // The group is there as long as its leader is.
            let _ = kill_process_group(self.pid, signal);
        }
    }

    /// How it ended; `None` while it runs, and when it was reaped elsewhere.
    pub(super) fn exit(&self) -> Option<Exit> {
        let status = self.wait(WaitIdOptions::NOWAIT).ok()??;
        status.exit_status().map(Exit::Status).or_else(|| status.terminating_signal().map(Exit::Signal))
    }

    /// Reaps the child if it has ended and nothing else has.
    pub(super) fn reap(&self) {
        // Another thread of the host may have reaped it: ECHILD.
        let _ = self.wait(WaitIdOptions::empty());
    }

    fn wait(&self, options: WaitIdOptions) -> io::Result<Option<WaitIdStatus>> {
        if matches!(self.watch, Watch::Reaped) {
            return Err(rustix::io::Errno::CHILD.into());
        }
        #[cfg(target_os = "linux")]
        let id = self.watch().map_or(WaitId::Pid(self.pid), WaitId::PidFd);
        #[cfg(not(target_os = "linux"))]
        let id = WaitId::Pid(self.pid);
        loop {
            match waitid(id.clone(), options | WaitIdOptions::EXITED | WaitIdOptions::NOHANG) {
                Err(rustix::io::Errno::INTR) => {}
                result => return Ok(result?),
            }
        }
    }
}

#[cfg(target_os = "linux")]
fn watch(pid: Pid) -> Watch {
    match rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty()) {
        Ok(descriptor) => Watch::Descriptor(descriptor),
        Err(rustix::io::Errno::SRCH) => Watch::Reaped,
        Err(_) => Watch::None,
    }
}

#[cfg(any(target_vendor = "apple", target_os = "freebsd"))]
fn watch(pid: Pid) -> Watch {
    use nix::sys::event::{EvFlags, EventFilter, FilterFlag, KEvent, Kqueue};
    let made = || {
        let queue = Kqueue::new().ok()?;
        let number = usize::try_from(pid.as_raw_pid()).ok()?;
        let flags = EvFlags::EV_ADD | EvFlags::EV_ONESHOT;
        let end = KEvent::new(number, EventFilter::EVFILT_PROC, flags, FilterFlag::NOTE_EXIT, 0, 0);
        queue.kevent(&[end], &mut [], None).ok()?;
        Some(queue.into())
    };
    made().map_or(Watch::None, Watch::Descriptor)
}

#[cfg(not(any(target_os = "linux", target_vendor = "apple", target_os = "freebsd")))]
fn watch(_pid: Pid) -> Watch {
    Watch::None
}
