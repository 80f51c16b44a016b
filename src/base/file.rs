//! Files that a caller names, read without waiting for anything but the disk.

use std::fs::{self, File, Metadata};
use std::io::{self, Read, Seek};
use std::path::Path;

use zeroize::Zeroizing;

use crate::base::platform;

/// Opens a regular file. A FIFO without a writer would be waited for without limit, a terminal would become the
/// program's own, and to open a device may do something.
pub(crate) fn open_regular(path: &Path) -> io::Result<(File, Metadata)> {
    check(&fs::metadata(path)?)?;
    // Another file may have taken the place meanwhile.
    let file = platform::open_at_once().open(path)?;
    let metadata = file.metadata()?;
    check(&metadata)?;
    Ok((file, metadata))
}

fn check(metadata: &Metadata) -> io::Result<()> {
    match metadata.file_type() {
        kind if kind.is_file() => Ok(()),
        kind if kind.is_dir() => Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a directory")),
        _ => Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file")),
    }
}

/// Reads a whole file of at most `most` bytes into memory that is wiped; `None` when it is larger.
pub(crate) fn read_wiped(mut file: &File, most: usize) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
    const MOST_TRIES: usize = 5;
    for _ in 0..MOST_TRIES {
        let length = usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX);
        if length > most {
            return Ok(None);
        }
        // A buffer that grew would leave a copy of its bytes behind.
        let mut bytes = Zeroizing::new(vec![0; length + 1]);
        let filled = fill(file, &mut bytes)?;
        if filled <= length {
            bytes.truncate(filled);
            return Ok(Some(bytes));
        }
        file.rewind()?; // it has grown meanwhile
    }
    Err(io::Error::other("it grows while it is read"))
}

fn fill(mut file: &File, bytes: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < bytes.len() {
        match file.read(&mut bytes[filled..]) {
            Ok(0) => break,
            Ok(amount) => filled += amount,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::process::Command;
    use std::time::{Duration, Instant};

    use super::*;

    fn scratch(name: &str) -> PathBuf {
        std::env::temp_dir().join(format!("mcpclient-file-{}-{name}", std::process::id()))
    }

    #[test]
    fn a_regular_file_is_read_up_to_a_limit() {
        let path = scratch("regular");
        fs::write(&path, "content").unwrap();
        let (file, metadata) = open_regular(&path).unwrap();
        assert_eq!(metadata.len(), 7);
        assert!(read_wiped(&file, 6).unwrap().is_none());
        assert_eq!(**read_wiped(&file, 7).unwrap().unwrap(), b"content"[..]);
        fs::remove_file(&path).unwrap();
    }

    #[test]
    fn what_is_no_regular_file_is_refused_at_once() {
        let fifo = scratch("fifo");
        assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
        let start = Instant::now();
        for path in [fifo.as_path(), Path::new("/dev/zero"), Path::new("/dev/tty"), Path::new("/")] {
            assert!(open_regular(path).is_err(), "{}", path.display());
        }
        assert!(open_regular(&fifo).unwrap_err().to_string().contains("not a regular file"));
        assert!(start.elapsed() < Duration::from_secs(1));
        fs::remove_file(&fifo).unwrap();
    }
}
