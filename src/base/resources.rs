//! Limits of the process and of the system that make calls fail: descriptors, threads, memory.

use std::fs::File;
use std::io;

use crate::base::error::Error;
use crate::base::platform;

/// The error for a failure that a limit of the process or of the system caused; `None` for any other failure.
pub(crate) fn exhausted(failure: &io::Error) -> Option<Error> {
    platform::shortage(failure).map(Error::NoResources)
}

/// The error for a thread that could not be started.
pub(crate) fn no_thread(failure: &io::Error) -> Error {
    let reason = platform::thread_shortage(failure);
    Error::NoResources(reason.unwrap_or_else(|| format!("no thread could be started: {failure}")))
}

/// For a failure whose reason a lower layer has swallowed: the error, if no descriptor is free now.
pub(crate) fn no_descriptor() -> Option<Error> {
    exhausted(&File::open("/").err()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(number: i32) -> Option<String> {
        exhausted(&io::Error::from_raw_os_error(number)).map(|error| error.to_string())
    }

    #[test]
    fn limits_are_named_and_nothing_else_is_one() {
        assert!(message(libc::EMFILE).unwrap().contains("descriptor (its limit is "));
        assert!(message(libc::EMFILE).unwrap().contains("RLIMIT_NOFILE"));
        assert!(message(libc::ENFILE).unwrap().contains("system"));
        assert!(message(libc::ENOMEM).unwrap().contains("memory"));
        for number in [libc::ECONNREFUSED, libc::ENOENT, libc::EADDRNOTAVAIL, libc::EAGAIN] {
            assert_eq!(message(number), None);
        }
        let thread = no_thread(&io::Error::from_raw_os_error(libc::EAGAIN)).to_string();
        assert!(thread.contains("no further thread"), "{thread}");
        assert!(no_descriptor().is_none());
    }
}
