//! Which file a descriptor stands for.

use std::os::fd::AsFd;

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

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;

    use super::*;

    #[test]
    fn two_sockets_differ_and_a_copy_is_the_same() {
        let sockets: Vec<_> = (0..2).map(|_| UdpSocket::bind("127.0.0.1:0").unwrap()).collect();
        let ids: Vec<_> = sockets.iter().map(|socket| FileId::of(socket).unwrap()).collect();
        assert_ne!(ids[0], ids[1]);
        assert_eq!(FileId::of(&sockets[0].try_clone().unwrap()), Some(ids[0]));
    }
}
