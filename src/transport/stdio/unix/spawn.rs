//! `posix_spawn`: the one place outside the C ABI with unsafe code.
//!
//! std's `Command` sets neither the signal mask nor the dispositions of signals without `pre_exec`, and that forks: code of
//! the library would run in the child of a program with threads. nix's `spawn` cannot set the working directory.

#![allow(unsafe_code)]

use std::ffi::{CStr, c_char, c_int};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd};

use nix::sys::signal::{SigSet, Signal};

/// What a program is started with.
pub(super) struct Plan<'a> {
    /// A path, or a name that is looked up in the PATH of this process.
    pub(super) command: &'a CStr,
    /// The command first.
    pub(super) arguments: Vec<&'a CStr>,
    /// `NAME=value`
    pub(super) environment: Vec<&'a CStr>,
    /// `None`: that of this process.
    pub(super) directory: Option<&'a CStr>,
    /// What becomes 0, 1 and 2: descriptors above those.
    pub(super) streams: [BorrowedFd<'a>; 3],
}

impl Plan<'_> {
    /// Starts the program in a process group of its own, with no signal blocked or ignored, and with no descriptor open
    /// but its three streams where the system can close the rest. Gives its process id.
    pub(super) fn spawn(&self) -> io::Result<i32> {
        let actions = self.actions()?;
        let attributes = attributes()?;
        let pointers = |texts: &[&CStr]| -> Vec<*mut c_char> {
            let pointers = texts.iter().map(|text| text.as_ptr().cast_mut());
            pointers.chain([std::ptr::null_mut()]).collect()
        };
        let (arguments, environment) = (pointers(&self.arguments), pointers(&self.environment));
        let mut pid = 0;
        // SAFETY: all pointers are valid for the call; both arrays end with NULL and nothing writes to their texts.
        check(unsafe {
            libc::posix_spawnp(
                &raw mut pid,
                self.command.as_ptr(),
                &raw const actions.0,
                &raw const attributes.0,
                arguments.as_ptr(),
                environment.as_ptr(),
            )
        })?;
        Ok(pid)
    }

    fn actions(&self) -> io::Result<Actions> {
        let mut actions = Actions::new()?;
        if let Some(directory) = self.directory {
            actions.change_directory(directory)?;
        }
        for (number, stream) in (0..).zip(&self.streams) {
            // SAFETY: `actions` was initialised.
            check(unsafe { libc::posix_spawn_file_actions_adddup2(&raw mut actions.0, stream.as_raw_fd(), number) })?;
        }
        actions.close_others()?;
        Ok(actions)
    }
}

/// The functions of this family return an error number.
fn check(result: c_int) -> io::Result<()> {
    if result == 0 { Ok(()) } else { Err(io::Error::from_raw_os_error(result)) }
}

struct Actions(libc::posix_spawn_file_actions_t);

impl Actions {
    fn new() -> io::Result<Actions> {
        let mut actions = MaybeUninit::uninit();
        // SAFETY: the function initialises what the pointer points to.
        check(unsafe { libc::posix_spawn_file_actions_init(actions.as_mut_ptr()) })?;
        // SAFETY: initialised above.
        Ok(Actions(unsafe { actions.assume_init() }))
    }

    fn change_directory(&mut self, directory: &CStr) -> io::Result<()> {
        type Function = unsafe extern "C" fn(*mut libc::posix_spawn_file_actions_t, *const c_char) -> c_int;
        let Some(address) = function(c"posix_spawn_file_actions_addchdir_np") else {
            return Err(io::Error::new(io::ErrorKind::Unsupported, "the system cannot start it in another directory"));
        };
        // SAFETY: the function of this name has this type wherever it exists.
        let add = unsafe { std::mem::transmute::<*mut libc::c_void, Function>(address) };
        // SAFETY: `self` was initialised; the text is copied.
        check(unsafe { add(&raw mut self.0, directory.as_ptr()) })
    }

    /// Closes everything above 2, where the system knows how; descriptors of a program that has marked them
    /// close-on-exec are closed anyway.
    #[cfg(not(target_vendor = "apple"))]
    fn close_others(&mut self) -> io::Result<()> {
        type Function = unsafe extern "C" fn(*mut libc::posix_spawn_file_actions_t, c_int) -> c_int;
        let Some(address) = function(c"posix_spawn_file_actions_addclosefrom_np") else { return Ok(()) };
        // SAFETY: the function of this name has this type wherever it exists.
        let add = unsafe { std::mem::transmute::<*mut libc::c_void, Function>(address) };
        // SAFETY: `self` was initialised.
        check(unsafe { add(&raw mut self.0, 3) })
    }

    /// POSIX_SPAWN_CLOEXEC_DEFAULT does it.
    #[cfg(target_vendor = "apple")]
    fn close_others(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Actions {
    fn drop(&mut self) {
        // SAFETY: initialised in `new`; the result only tells of an invalid pointer.
        unsafe { libc::posix_spawn_file_actions_destroy(&raw mut self.0) };
    }
}

/// A function that not every version of the system's library has: a link to it would keep this library from being loaded.
fn function(name: &CStr) -> Option<*mut libc::c_void> {
    // SAFETY: looks a name up in what is loaded; changes nothing.
    let address = unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) };
    (!address.is_null()).then_some(address)
}

struct Attributes(libc::posix_spawnattr_t);

/// An own process group, no signal blocked, each signal at its default.
fn attributes() -> io::Result<Attributes> {
    let mut attributes = MaybeUninit::uninit();
    // SAFETY: the function initialises what the pointer points to.
    check(unsafe { libc::posix_spawnattr_init(attributes.as_mut_ptr()) })?;
    // SAFETY: initialised above.
    let mut attributes = Attributes(unsafe { attributes.assume_init() });
    let at = &raw mut attributes.0;
    let blocked = SigSet::empty();
    let mut defaults = SigSet::all();
    // Nothing can change these two, and some systems refuse the attempt.
    defaults.remove(Signal::SIGKILL);
    defaults.remove(Signal::SIGSTOP);
    let flags = libc::POSIX_SPAWN_SETPGROUP | libc::POSIX_SPAWN_SETSIGMASK | libc::POSIX_SPAWN_SETSIGDEF;
    #[cfg(target_vendor = "apple")]
    let flags = flags | libc::POSIX_SPAWN_CLOEXEC_DEFAULT;
    #[allow(clippy::unnecessary_cast)] // the constants are of another type elsewhere
    let flags = flags as libc::c_short;
    // SAFETY: `at` was initialised, the sets are valid, and everything is copied.
    unsafe {
        check(libc::posix_spawnattr_setpgroup(at, 0))?;
        check(libc::posix_spawnattr_setsigmask(at, blocked.as_ref()))?;
        check(libc::posix_spawnattr_setsigdefault(at, defaults.as_ref()))?;
        check(libc::posix_spawnattr_setflags(at, flags))?;
    }
    Ok(attributes)
}

impl Drop for Attributes {
    fn drop(&mut self) {
        // SAFETY: initialised in `attributes`; the result only tells of an invalid pointer.
        unsafe { libc::posix_spawnattr_destroy(&raw mut self.0) };
    }
}
