//! Unix. Some of what it offers has no safe call in std or nix: the one module with unsafe code outside the C ABI. Checked on nix 0.31 and rustix 1.1: both leave `madvise` and `mmap` unsafe, and have neither
//! `pthread_setcancelstate` nor the AT_SECURE entry of the auxiliary vector.

#![allow(unsafe_code)]

use std::ffi::c_int;
use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::mem::MaybeUninit;
use std::net::TcpStream;
use std::os::fd::AsFd;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::ptr;
#[cfg(any(target_os = "linux", target_os = "android"))]
use std::ptr::NonNull;
#[cfg(any(target_os = "linux", target_os = "android"))]
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::resource::{Resource, getrlimit};
use nix::sys::signal::{SigSet, SigmaskHow, Signal};
use socket2::{SockRef, Socket};

/// Whether the program has more rights than the user who started it: set-user-ID, set-group-ID, file capabilities. That
/// user chose the environment.
pub(crate) fn has_raised_privileges() -> bool {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        // SAFETY: `getauxval` accepts any type and only reads.
        unsafe { libc::getauxval(libc::AT_SECURE) != 0 }
    }
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    {
        unsafe extern "C" {
            safe fn issetugid() -> c_int;
        }
        issetugid() != 0
    }
}

/// Keeps `pthread_cancel` from ending this thread until it is dropped: an unwinding that Rust did not begin ends the
/// process. A cancellation that comes meanwhile acts at the thread's next cancellation point afterwards.
pub(crate) struct Uncancellable {
    before: c_int,
}

impl Uncancellable {
    pub(crate) fn begin() -> Uncancellable {
        let mut before = 0;
        // SAFETY: `before` can be written; the only error is a state that does not exist.
        unsafe { set_cancel_state(CANCEL_DISABLE, &raw mut before) };
        Uncancellable { before }
    }
}

impl Drop for Uncancellable {
    fn drop(&mut self) {
        // SAFETY: the state is the one that the thread had; NULL is allowed where no state is asked for.
        unsafe { set_cancel_state(self.before, ptr::null_mut()) };
    }
}

#[cfg(target_vendor = "apple")]
const CANCEL_DISABLE: c_int = 0;
#[cfg(not(target_vendor = "apple"))]
const CANCEL_DISABLE: c_int = 1; // glibc, musl, FreeBSD

#[cfg(not(target_os = "android"))]
unsafe extern "C" {
    #[link_name = "pthread_setcancelstate"]
    fn set_cancel_state(state: c_int, before: *mut c_int) -> c_int;
}

/// Android has no cancellation.
#[cfg(target_os = "android")]
unsafe fn set_cancel_state(_: c_int, _: *mut c_int) -> c_int {
    0
}

/// Tells the process in which it was made from every child of it.
///
/// On Linux by a page that the kernel empties in a child: process numbers repeat, and a child in a namespace of its own may
/// have its parent's. Elsewhere, and before Linux 4.14, by the process number.
pub(crate) struct ForkMark {
    process: u32,
    page: Option<WipedPage>,
}

impl ForkMark {
    pub(crate) fn new() -> ForkMark {
        ForkMark { process: std::process::id(), page: WipedPage::new() }
    }

    /// Whether this is the process that made the mark.
    pub(crate) fn is_own(&self) -> bool {
        match &self.page {
            Some(page) => page.is_marked(),
            None => self.process == std::process::id(),
        }
    }
}

/// A page of memory that is all zeros in the child of a fork.
#[cfg(any(target_os = "linux", target_os = "android"))]
struct WipedPage(NonNull<AtomicU8>);

#[cfg(any(target_os = "linux", target_os = "android"))]
impl WipedPage {
    /// The kernel rounds it up to a page.
    const LENGTH: usize = size_of::<AtomicU8>();

    fn new() -> Option<WipedPage> {
        let (protection, flags) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
        // SAFETY: a new mapping at an address of the kernel's choice.
        let page = unsafe { libc::mmap(ptr::null_mut(), Self::LENGTH, protection, flags, -1, 0) };
        if page == libc::MAP_FAILED {
            return None;
        }
        let page = WipedPage(NonNull::new(page.cast())?);
        // SAFETY: the mapping is this object's own.
        let advised = unsafe { libc::madvise(page.0.as_ptr().cast(), Self::LENGTH, libc::MADV_WIPEONFORK) };
        page.mark().store(1, Ordering::Relaxed);
        (advised == 0).then_some(page)
    }

    fn mark(&self) -> &AtomicU8 {
        // SAFETY: mapped, aligned and zeroed by `new`, unmapped by `drop` only.
        unsafe { self.0.as_ref() }
    }

    fn is_marked(&self) -> bool {
        self.mark().load(Ordering::Relaxed) == 1
    }
}

// SAFETY: an atomic in memory that this object owns.
#[cfg(any(target_os = "linux", target_os = "android"))]
unsafe impl Send for WipedPage {}
// SAFETY: as above.
#[cfg(any(target_os = "linux", target_os = "android"))]
unsafe impl Sync for WipedPage {}

#[cfg(any(target_os = "linux", target_os = "android"))]
impl Drop for WipedPage {
    fn drop(&mut self) {
        // SAFETY: the mapping is this object's own and nothing refers to it any more.
        unsafe { libc::munmap(self.0.as_ptr().cast(), Self::LENGTH) };
    }
}

/// Elsewhere there is no such page.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
enum WipedPage {}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
impl WipedPage {
    fn new() -> Option<WipedPage> {
        None
    }

    fn is_marked(&self) -> bool {
        match *self {}
    }
}

/// Raised by what the running thread itself does. Blocked, they would end the process before the host's crash handler
/// runs, and a fault in a callback would leave no report.
const SYNCHRONOUS: [Signal; 6] =
    [Signal::SIGSEGV, Signal::SIGBUS, Signal::SIGFPE, Signal::SIGILL, Signal::SIGTRAP, Signal::SIGSYS];

/// Runs `start` while this thread blocks the signals that are sent to a process. A thread that it starts inherits the
/// mask, so that there is no moment in which the new thread could take a signal.
pub(crate) fn with_signals_blocked<T>(start: impl FnOnce() -> T) -> io::Result<T> {
    let mut signals = SigSet::all();
    SYNCHRONOUS.into_iter().for_each(|signal| signals.remove(signal));
    let before = signals.thread_swap_mask(SigmaskHow::SIG_SETMASK)?;
    let started = start();
    before.thread_set_mask()?;
    Ok(started)
}

/// The identity of an open file or socket. A descriptor is a number that may come to stand for another file: the child
/// of a fork may close all descriptors that it inherited, the library's among them, and open its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FileId {
    device: u64,
    inode: u64,
}

impl FileId {
    /// `None` when the descriptor is not open.
    #[allow(clippy::unnecessary_cast, clippy::useless_conversion)] // the widths differ between systems
    pub(crate) fn of(descriptor: &impl AsFd) -> Option<FileId> {
        let found = nix::sys::stat::fstat(descriptor).ok()?;
        Some(FileId { device: found.st_dev as u64, inode: found.st_ino as u64 })
    }
}

/// Tells one content of a path from another: a rename brings a new inode, a rewrite a new time or length.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct FileStamp {
    device: u64,
    inode: u64,
    length: u64,
    modified: (i64, i64),
}

impl FileStamp {
    pub(crate) fn of(metadata: &Metadata) -> FileStamp {
        FileStamp {
            device: metadata.dev(),
            inode: metadata.ino(),
            length: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
        }
    }
}

/// Opens for reading without waiting for a writer of a FIFO, and without making a terminal the program's own.
pub(crate) fn open_at_once() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY);
    options
}

/// Options to read a file that only its owner may read; a link in its place is not followed.
pub(crate) fn open_private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_NOCTTY);
    options
}

/// Options to make and write such a file.
pub(crate) fn create_private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).mode(0o600).custom_flags(libc::O_NOFOLLOW);
    options
}

/// Why a file may have been read or written by others; `None` when it may not.
pub(crate) fn exposure(metadata: &Metadata) -> Option<&'static str> {
    if metadata.uid() != nix::unistd::geteuid().as_raw() {
        return Some("belongs to another user");
    }
    (metadata.mode() & 0o077 != 0).then_some("may be read or written by others: its mode must be 0600")
}

/// Whether a private file was not opened because it is a link.
pub(crate) fn is_link(error: &io::Error) -> bool {
    error.raw_os_error() == Some(libc::ELOOP)
}

/// A lock among processes, held until it is dropped.
pub(crate) struct FileLock {
    _file: Flock<File>,
}

impl FileLock {
    /// `None` when another process, or another part of this one, has the lock.
    pub(crate) fn take(path: &Path) -> io::Result<Option<FileLock>> {
        let file = create_private().read(true).create(true).truncate(false).open(path)?;
        match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(file) => Ok(Some(FileLock { _file: file })),
            Err((_, Errno::EWOULDBLOCK | Errno::EINTR)) => Ok(None),
            Err((_, error)) => Err(error.into()),
        }
    }
}

/// Makes the entries of a directory last.
pub(crate) fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// How long a read or write waits at most before the call is looked at: without limit, since `shutdown` ends it.
pub(crate) const LONGEST_SOCKET_WAIT: Option<Duration> = None;

/// Whether a non-blocking `connect` failed only because it takes time.
pub(crate) fn is_connecting(error: &io::Error) -> bool {
    // After a signal too the connection goes on being made.
    error.raw_os_error() == Some(libc::EINPROGRESS) || error.kind() == io::ErrorKind::Interrupted
}

/// Waits no longer than `step` for a non-blocking `connect`: whether the connection stands.
pub(crate) fn await_connected(socket: &Socket, step: Duration) -> io::Result<bool> {
    let timeout = PollTimeout::try_from(step).unwrap_or(PollTimeout::from(1u8));
    let mut fds = [PollFd::new(socket.as_fd(), PollFlags::POLLOUT)];
    match poll(&mut fds, timeout) {
        Ok(0) | Err(Errno::EINTR) => Ok(false),
        Ok(_) => socket.take_error()?.map_or(Ok(true), Err),
        Err(error) => Err(error.into()),
    }
}

/// Acknowledges what arrives next at once, where the system can.
pub(crate) fn acknowledge_at_once(stream: &TcpStream) {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    let _ = SockRef::from(stream).set_tcp_quickack(true);
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let _ = stream;
}

/// Whether the other side has neither sent anything nor closed the connection.
pub(crate) fn is_quiet(stream: &TcpStream) -> bool {
    let mut byte = [MaybeUninit::uninit()];
    let looked = SockRef::from(stream).recv_with_flags(&mut byte, libc::MSG_PEEK | libc::MSG_DONTWAIT);
    matches!(looked, Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted))
}

/// What the process or the system ran out of, for a message; `None` for a failure of another kind.
pub(crate) fn shortage(failure: &io::Error) -> Option<String> {
    match failure.raw_os_error()? {
        libc::EMFILE => Some(format!("the process has no free file descriptor{}", limit(Resource::RLIMIT_NOFILE))),
        libc::ENFILE => Some("the system has no free file descriptor".to_owned()),
        libc::ENOMEM | libc::ENOBUFS => Some("there is not enough memory".to_owned()),
        _ => None,
    }
}

/// The same for a thread that could not be started.
pub(crate) fn thread_shortage(failure: &io::Error) -> Option<String> {
    // pthread_create says EAGAIN for each limit: of the user, of the container, of the address space.
    (failure.raw_os_error()? == libc::EAGAIN).then(|| format!("the system allows no further thread{}", thread_limit()))
}

#[cfg(not(target_vendor = "apple"))]
fn thread_limit() -> String {
    limit(Resource::RLIMIT_NPROC)
}

/// nix does not name it there.
#[cfg(target_vendor = "apple")]
fn thread_limit() -> String {
    String::new()
}

fn limit(resource: Resource) -> String {
    match getrlimit(resource) {
        Ok((soft, _)) if soft != libc::RLIM_INFINITY => format!(" (its limit is {soft}, {resource:?})"),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_maker_of_a_mark_is_its_own_process() {
        let marks: Vec<ForkMark> = (0..100).map(|_| ForkMark::new()).collect();
        assert!(marks.iter().all(ForkMark::is_own));
        assert!(std::thread::scope(|scope| scope.spawn(|| marks[0].is_own()).join().unwrap()));
        #[cfg(target_os = "linux")]
        assert!(marks.iter().all(|mark| mark.page.is_some()));
    }

    #[test]
    fn the_tests_have_no_raised_privileges() {
        assert!(!has_raised_privileges());
    }

    #[test]
    fn the_state_of_cancellation_is_restored() {
        let state = || {
            let state = Uncancellable::begin();
            state.before
        };
        let before = state();
        let outer = Uncancellable::begin();
        assert_eq!(state(), CANCEL_DISABLE);
        drop(outer);
        assert_eq!(state(), before);
    }

    #[test]
    fn a_started_thread_blocks_the_hosts_signals_and_the_caller_is_left_as_it_was() {
        let before = SigSet::thread_get_mask().unwrap();
        let thread = with_signals_blocked(|| std::thread::spawn(|| SigSet::thread_get_mask().unwrap())).unwrap();
        let mask = thread.join().unwrap();
        for signal in Signal::iterator().filter(|signal| !matches!(signal, Signal::SIGKILL | Signal::SIGSTOP)) {
            assert_eq!(mask.contains(signal), !SYNCHRONOUS.contains(&signal), "{signal}");
        }
        assert_eq!(SigSet::thread_get_mask().unwrap(), before);
    }

    #[test]
    fn two_sockets_differ_and_a_copy_is_the_same() {
        let sockets: Vec<_> = (0..2).map(|_| std::net::UdpSocket::bind("127.0.0.1:0").unwrap()).collect();
        let ids: Vec<_> = sockets.iter().map(|socket| FileId::of(socket).unwrap()).collect();
        assert_ne!(ids[0], ids[1]);
        assert_eq!(FileId::of(&sockets[0].try_clone().unwrap()), Some(ids[0]));
    }
}
