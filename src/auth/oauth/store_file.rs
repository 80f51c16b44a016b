//! A store in one file that several processes share.
//!
//! The file holds a JSON object of all entries. It is written beside itself and renamed, so that a reader sees the old
//! content or the new one; `<path>.lock` is locked from reading to renaming, and during a refresh.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde_json::value::RawValue;
use zeroize::Zeroizing;

use super::store::{Store, StoreLock};
use crate::auth::secret::Secret;
use crate::base::call::{CANCEL_POLL, Call};
use crate::base::error::Error;
use crate::base::file;
use crate::base::platform::{self, FileLock};

/// The largest file that is read.
const MOST_BYTES: usize = 16 * 1024 * 1024;

pub(crate) struct StoreFile {
    path: PathBuf,
}

struct Locked {
    _lock: FileLock,
}

impl StoreLock for Locked {}

impl StoreFile {
    /// A store at this path; the file need not be there yet, its directory must.
    pub(crate) fn open(path: &Path) -> Result<StoreFile, Error> {
        let store = StoreFile { path: path.to_owned() };
        store.read()?;
        Ok(store)
    }

    fn failed(&self, what: &str, error: &io::Error) -> Error {
        Error::InvalidState(format!("the store file {} cannot be {what}: {error}", self.path.display()))
    }

    fn refused(&self, why: &str) -> Error {
        Error::InvalidState(format!("the store file {} {why}", self.path.display()))
    }

    /// The content, checked for who may have read or written it; empty when there is no file.
    fn read(&self) -> Result<Zeroizing<String>, Error> {
        let file = match platform::open_private().open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Zeroizing::default()),
            Err(error) if platform::is_link(&error) => return Err(self.refused("is a link")),
            Err(error) => return Err(self.failed("read", &error)),
        };
        let metadata = file.metadata().map_err(|error| self.failed("read", &error))?;
        if !metadata.is_file() {
            return Err(self.refused("is not a file"));
        }
        if let Some(exposure) = platform::exposure(&metadata) {
            return Err(self.refused(exposure));
        }
        let bytes = file::read_wiped(&file, MOST_BYTES).map_err(|error| self.failed("read", &error))?;
        let bytes = bytes.ok_or_else(|| self.refused("is too large"))?;
        let text = std::str::from_utf8(&bytes).map_err(|_| self.refused("is not UTF-8"))?;
        Ok(Zeroizing::new(text.to_owned()))
    }

    /// Writes the new content beside the file and puts it in its place.
    fn replace(&self, content: &str) -> Result<(), Error> {
        let beside = self.beside(&format!(".{}.new", std::process::id()));
        let written = || -> io::Result<()> {
            // What a process left that was killed here.
            let _ = fs::remove_file(&beside);
            let mut file = platform::create_private().create_new(true).open(&beside)?;
            file.write_all(content.as_bytes())?;
            file.sync_all()?;
            fs::rename(&beside, &self.path)?;
            let directory = self.path.parent().filter(|directory| !directory.as_os_str().is_empty());
            platform::sync_directory(directory.unwrap_or(Path::new(".")))
        };
        written().map_err(|error| {
            let _ = fs::remove_file(&beside);
            self.failed("written", &error)
        })
    }

    /// The path of another file in the same directory.
    fn beside(&self, suffix: &str) -> PathBuf {
        let mut path = self.path.clone().into_os_string();
        path.push(suffix);
        path.into()
    }

    fn entries<'a>(&self, content: &'a str) -> Result<Vec<(String, &'a RawValue)>, Error> {
        if content.is_empty() {
            return Ok(Vec::new());
        }
        let entries: std::collections::BTreeMap<String, &RawValue> =
            serde_json::from_str(content).map_err(|_| self.refused("is not a JSON object of entries"))?;
        Ok(entries.into_iter().collect())
    }
}

impl Store for StoreFile {
    fn load(&self, key: &str) -> Result<Option<Secret>, Error> {
        let content = self.read()?;
        let found = self.entries(&content)?.into_iter().find(|(name, _)| name == key);
        Ok(found.map(|(_, entry)| Secret::new(entry.get())))
    }

    /// The caller holds the lock.
    fn save(&self, key: &str, data: Option<&Secret>) -> Result<(), Error> {
        let content = self.read()?;
        let mut parts = vec!["{"];
        let others = self.entries(&content)?;
        let mut names = Vec::new();
        let kept = others.iter().filter(|(name, _)| name != key).map(|(name, entry)| (name.as_str(), entry.get()));
        for (name, entry) in kept.chain(data.map(|data| (key, data.expose()))) {
            names.push((Secret::new(name).to_json(), entry));
        }
        for (at, (name, entry)) in names.iter().enumerate() {
            parts.extend([if at == 0 { "\n" } else { ",\n" }, name.expose(), ":", entry]);
        }
        parts.push("\n}\n");
        self.replace(Secret::from_parts(&parts).expose())
    }

    fn lock(&self, call: &Call) -> Result<Box<dyn StoreLock>, Error> {
        let path = self.beside(".lock");
        loop {
            if let Some(lock) = FileLock::take(&path).map_err(|error| self.failed("locked", &error))? {
                return Ok(Box::new(Locked { _lock: lock }));
            }
            call.sleep(CANCEL_POLL)?;
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
    use std::time::Duration;

    use super::*;

    /// A directory that goes away with the test.
    struct Scratch(PathBuf);

    impl Scratch {
        fn new(name: &str) -> Scratch {
            let path = std::env::temp_dir().join(format!("mcpclient-store-{}-{name}", std::process::id()));
            fs::create_dir(&path).unwrap();
            Scratch(path)
        }

        fn file(&self) -> PathBuf {
            self.0.join("grants")
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).unwrap();
        }
    }

    fn call(ms: u64) -> Call {
        Call::with_timeout(Duration::from_millis(ms))
    }

    #[test]
    fn entries_are_kept_side_by_side_and_removed() {
        let scratch = Scratch::new("entries");
        let store = StoreFile::open(&scratch.file()).unwrap();
        assert_eq!(store.load("a").unwrap(), None);
        store.save("a", Some(&Secret::new("{\"x\":1}"))).unwrap();
        store.save("b", Some(&Secret::new("{\"x\":2}"))).unwrap();
        store.save("a", Some(&Secret::new("{\"x\":3}"))).unwrap();
        let other = StoreFile::open(&scratch.file()).unwrap();
        assert_eq!(other.load("a").unwrap(), Some(Secret::new("{\"x\":3}")));
        assert_eq!(other.load("b").unwrap(), Some(Secret::new("{\"x\":2}")));
        store.save("a", None).unwrap();
        assert_eq!(other.load("a").unwrap(), None);
        assert_eq!(fs::metadata(scratch.file()).unwrap().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(&scratch.0).unwrap().count(), 1, "nothing is left beside the file");
    }

    #[test]
    fn a_file_that_others_may_read_or_a_link_is_refused() {
        let scratch = Scratch::new("refused");
        fs::write(scratch.file(), "{}").unwrap();
        for mode in [0o644, 0o660, 0o602] {
            fs::set_permissions(scratch.file(), fs::Permissions::from_mode(mode)).unwrap();
            assert!(matches!(StoreFile::open(&scratch.file()), Err(Error::InvalidState(_))), "{mode:o}");
        }
        fs::set_permissions(scratch.file(), fs::Permissions::from_mode(0o600)).unwrap();
        StoreFile::open(&scratch.file()).unwrap();
        let link = scratch.0.join("link");
        symlink(scratch.file(), &link).unwrap();
        assert!(matches!(StoreFile::open(&link), Err(Error::InvalidState(reason)) if reason.contains("link")));
        assert!(matches!(StoreFile::open(&scratch.0), Err(Error::InvalidState(_))));
        fs::write(scratch.file(), "[1]").unwrap();
        assert!(matches!(StoreFile::open(&scratch.file()).unwrap().load("a"), Err(Error::InvalidState(_))));
    }

    #[test]
    fn one_lock_at_a_time_and_no_longer_than_the_call() {
        let scratch = Scratch::new("lock");
        let (one, other) = (StoreFile::open(&scratch.file()).unwrap(), StoreFile::open(&scratch.file()).unwrap());
        let held = one.lock(&call(1000)).unwrap();
        assert!(matches!(other.lock(&call(60)), Err(Error::Timeout(_))));
        drop(held);
        assert!(other.lock(&call(1000)).is_ok());
    }
}
