//! Windows, which has no signals, no fork, no thread that is cancelled, and no privileges that a file brings.

use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::net::TcpStream;
use std::os::windows::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use socket2::Socket;

/// How often a connection that is being made is looked at: without unsafe code there is nothing to wait for.
const LOOK: Duration = Duration::from_millis(2);

pub(crate) fn has_raised_privileges() -> bool {
    false
}

pub(crate) struct Uncancellable;

impl Uncancellable {
    pub(crate) fn begin() -> Uncancellable {
        Uncancellable
    }
}

pub(crate) struct ForkMark;

impl ForkMark {
    pub(crate) fn new() -> ForkMark {
        ForkMark
    }

    pub(crate) fn is_own(&self) -> bool {
        true
    }
}

/// A handle is closed by its owner alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FileId;

impl FileId {
    pub(crate) fn of<T>(_: &T) -> Option<FileId> {
        Some(FileId)
    }
}

pub(crate) fn open_at_once() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true);
    options
}

/// Runs `start`.
pub(crate) fn with_signals_blocked<T>(start: impl FnOnce() -> T) -> io::Result<T> {
    Ok(start())
}

/// Tells one content of a path from another: a rename brings a new time of creation, a rewrite a new time or length.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct FileStamp {
    created: u64,
    length: u64,
    modified: u64,
}

impl FileStamp {
    pub(crate) fn of(metadata: &Metadata) -> FileStamp {
        FileStamp {
            created: metadata.creation_time(),
            length: metadata.file_size(),
            modified: metadata.last_write_time(),
        }
    }
}

/// A file in a user's folder is that user's, by the folder's access control list.
pub(crate) fn open_private() -> OpenOptions {
    open_at_once()
}

pub(crate) fn create_private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    options
}

pub(crate) fn exposure(_: &Metadata) -> Option<&'static str> {
    None
}

pub(crate) fn is_link(_: &io::Error) -> bool {
    false
}

/// A file that is opened without sharing it.
pub(crate) struct FileLock {
    _file: File,
}

impl FileLock {
    pub(crate) fn take(path: &Path) -> io::Result<Option<FileLock>> {
        const SHARING_VIOLATION: i32 = 32;
        let opened = create_private().create(true).truncate(false).share_mode(0).open(path);
        match opened {
            Ok(file) => Ok(Some(FileLock { _file: file })),
            Err(error) if error.raw_os_error() == Some(SHARING_VIOLATION) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// The rename of a file lasts by itself.
pub(crate) fn sync_directory(_: &Path) -> io::Result<()> {
    Ok(())
}

/// How long a read or write waits at most before the call is looked at: `shutdown` does not end it.
pub(crate) const LONGEST_SOCKET_WAIT: Option<Duration> = Some(Duration::from_millis(50));

/// Whether a non-blocking `connect` failed only because it takes time.
pub(crate) fn is_connecting(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::WouldBlock
}

/// Waits no longer than `step` for a non-blocking `connect`: whether the connection stands.
pub(crate) fn await_connected(socket: &Socket, step: Duration) -> io::Result<bool> {
    let end = Instant::now() + step;
    loop {
        if let Some(error) = socket.take_error()? {
            return Err(error);
        }
        if socket.peer_addr().is_ok() {
            return Ok(true);
        }
        if Instant::now() >= end {
            return Ok(false);
        }
        thread::sleep(LOOK);
    }
}

/// Acknowledges what arrives next at once, where the system can.
pub(crate) fn acknowledge_at_once(_: &TcpStream) {}

/// Whether the other side has neither sent anything nor closed the connection.
pub(crate) fn is_quiet(stream: &TcpStream) -> bool {
    if stream.set_nonblocking(true).is_err() {
        return false;
    }
    let looked = stream.peek(&mut [0]);
    let blocking_again = stream.set_nonblocking(false).is_ok();
    blocking_again && matches!(looked, Err(error) if error.kind() == io::ErrorKind::WouldBlock)
}

/// What the process or the system ran out of, for a message; `None` for a failure of another kind.
pub(crate) fn shortage(failure: &io::Error) -> Option<String> {
    const ERROR_TOO_MANY_OPEN_FILES: i32 = 4;
    const ERROR_NOT_ENOUGH_MEMORY: i32 = 8;
    const WSAEMFILE: i32 = 10024;
    const WSAENOBUFS: i32 = 10055;
    match failure.raw_os_error()? {
        ERROR_TOO_MANY_OPEN_FILES | WSAEMFILE => Some("the process has no free handle".to_owned()),
        ERROR_NOT_ENOUGH_MEMORY | WSAENOBUFS => Some("there is not enough memory".to_owned()),
        _ => None,
    }
}

/// The same for a thread that could not be started.
pub(crate) fn thread_shortage(failure: &io::Error) -> Option<String> {
    shortage(failure)
}
