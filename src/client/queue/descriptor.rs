//! A descriptor that is readable while there is an event.

#[cfg(target_os = "linux")]
mod system {
    use std::io;
    use std::os::fd::{AsFd, AsRawFd};

    use nix::sys::eventfd::{EfdFlags, EventFd};

    #[derive(Debug)]
    pub(crate) struct Descriptor(EventFd);

    impl Descriptor {
        pub(crate) fn new() -> io::Result<Descriptor> {
            Ok(Descriptor(EventFd::from_value_and_flags(0, EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK)?))
        }

        pub(crate) fn number(&self) -> i32 {
            self.0.as_fd().as_raw_fd()
        }

        /// Makes it readable. Its counter has room: it is 0 before.
        pub(crate) fn raise(&self) {
            let _ = self.0.write(1);
        }

        /// Makes it not readable.
        pub(crate) fn lower(&self) {
            let _ = self.0.read();
        }
    }
}

#[cfg(all(unix, not(target_os = "linux")))]
mod system {
    use std::io::{self, PipeReader, PipeWriter, Read, Write};
    use std::os::fd::AsRawFd;

    /// A pipe that holds at most one byte, so that neither end ever blocks.
    #[derive(Debug)]
    pub(crate) struct Descriptor {
        reader: PipeReader,
        writer: PipeWriter,
    }

    impl Descriptor {
        pub(crate) fn new() -> io::Result<Descriptor> {
            let (reader, writer) = io::pipe()?;
            Ok(Descriptor { reader, writer })
        }

        pub(crate) fn number(&self) -> i32 {
            self.reader.as_raw_fd()
        }

        pub(crate) fn raise(&self) {
            let _ = (&self.writer).write(&[1]);
        }

        pub(crate) fn lower(&self) {
            let _ = (&self.reader).read(&mut [0]);
        }
    }
}

#[cfg(not(unix))]
mod system {
    use std::io;

    /// There is none: the program takes events by waiting.
    #[derive(Debug)]
    pub(crate) struct Descriptor;

    impl Descriptor {
        pub(crate) fn new() -> io::Result<Descriptor> {
            Ok(Descriptor)
        }

        pub(crate) fn number(&self) -> i32 {
            -1
        }

        pub(crate) fn raise(&self) {}

        pub(crate) fn lower(&self) {}
    }
}

pub(crate) use system::Descriptor;
