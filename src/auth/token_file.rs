//! A token in a file that something else rotates, such as a Kubernetes projected service-account token.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwap;
use zeroize::Zeroizing;

use crate::auth::token::Token;
use crate::base::error::Error;
use crate::base::file;
use crate::base::platform::FileStamp;
use crate::base::resources;

/// The largest file that is taken for a token.
const MOST_BYTES: usize = 64 * 1024;

pub(super) struct TokenFile {
    path: PathBuf,
    latest: ArcSwap<Reading>,
}

struct Reading {
    token: Arc<Token>,
    stamp: FileStamp,
}

impl TokenFile {
    pub(super) fn open(path: &Path) -> Result<TokenFile, Error> {
        let empty = || Error::InvalidArgument(format!("the token file {}: the token is empty", path.display()));
        let reading = read(path, Error::InvalidArgument)?.ok_or_else(empty)?;
        let latest = ArcSwap::from_pointee(reading);
        Ok(TokenFile { path: path.to_owned(), latest })
    }

    /// The token, read again when the file has changed. While the file is away (between a remove and a rename) or empty
    /// (between a truncation and a write) the latest token is used.
    pub(super) fn token(&self) -> Result<Arc<Token>, Error> {
        let latest = self.latest.load();
        match fs::metadata(&self.path) {
            Ok(metadata) if FileStamp::of(&metadata) != latest.stamp => {
                let newer = self.read()?;
                Ok(newer.unwrap_or_else(|| latest.token.clone()))
            }
            _ => Ok(latest.token.clone()),
        }
    }

    pub(super) fn latest(&self) -> Arc<Token> {
        self.latest.load().token.clone()
    }

    /// The token that the file holds now; `None` when it cannot be read, or holds none that can be used.
    pub(super) fn read_again(&self) -> Option<Arc<Token>> {
        self.read().ok().flatten()
    }

    fn read(&self) -> Result<Option<Arc<Token>>, Error> {
        let Some(reading) = read(&self.path, Error::InvalidState)? else { return Ok(None) };
        let token = reading.token.clone();
        self.latest.store(Arc::new(reading));
        Ok(Some(token))
    }
}

/// Reads the file; `None` when it is empty. `unusable` makes the error for what is wrong with it.
fn read(path: &Path, unusable: fn(String) -> Error) -> Result<Option<Reading>, Error> {
    let shown = path.display();
    let unreadable = |error: io::Error| {
        resources::exhausted(&error).unwrap_or_else(|| unusable(format!("cannot read the token file {shown}: {error}")))
    };
    let (file, metadata) = file::open_regular(path).map_err(unreadable)?;
    let stamp = FileStamp::of(&metadata);
    let Some(bytes) = file::read_wiped(&file, MOST_BYTES).map_err(unreadable)? else {
        return Err(unusable(format!("the token file {shown} is larger than {MOST_BYTES} bytes")));
    };
    let token = Zeroizing::new(bytes.trim_ascii_end().to_vec());
    if token.is_empty() {
        return Ok(None);
    }
    let token = Token::from_zeroizing(token).map_err(|reason| unusable(format!("the token file {shown}: {reason}")))?;
    Ok(Some(Reading { token: Arc::new(token), stamp }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scratch(name: &str) -> PathBuf {
        std::env::temp_dir().join(format!("mcpclient-token-{}-{name}", std::process::id()))
    }

    #[test]
    fn white_space_at_the_end_is_not_part_of_the_token() {
        let path = scratch("space");
        fs::write(&path, "tok \r\n\n").unwrap();
        let file = TokenFile::open(&path).unwrap();
        assert_eq!(*file.token().unwrap(), Token::new("tok").unwrap());
        fs::remove_file(&path).unwrap();
    }

    #[test]
    fn a_rotation_is_seen_and_a_gap_is_bridged() {
        let (path, next) = (scratch("rotate"), scratch("rotate-next"));
        fs::write(&path, "one").unwrap();
        let file = TokenFile::open(&path).unwrap();
        fs::write(&next, "two").unwrap();
        fs::rename(&next, &path).unwrap();
        assert_eq!(*file.token().unwrap(), Token::new("two").unwrap());
        fs::remove_file(&path).unwrap();
        assert_eq!(*file.token().unwrap(), Token::new("two").unwrap());
    }

    #[test]
    fn a_file_between_truncation_and_write_has_the_token_before() {
        let path = scratch("truncated");
        fs::write(&path, "one").unwrap();
        let file = TokenFile::open(&path).unwrap();
        fs::write(&path, "").unwrap();
        assert_eq!(*file.token().unwrap(), Token::new("one").unwrap());
        assert!(file.read_again().is_none());
        fs::write(&path, "two").unwrap();
        assert_eq!(*file.token().unwrap(), Token::new("two").unwrap());
        fs::remove_file(&path).unwrap();
        assert!(file.read_again().is_none());
    }

    #[test]
    fn refusals_name_the_file_and_not_its_content() {
        let path = scratch("refused");
        assert!(TokenFile::open(&path).is_err_and(|error| error.to_string().contains("cannot read")));
        for content in ["", "  \n", "two words-s3cret", "Bearer s3cret"] {
            fs::write(&path, content).unwrap();
            let Err(error) = TokenFile::open(&path) else { panic!("accepted {content:?}") };
            let reason = error.to_string();
            assert!(reason.contains("mcpclient-token") && !reason.contains("s3cret"), "{reason}");
        }
        fs::write(&path, "x".repeat(MOST_BYTES + 1)).unwrap();
        assert!(TokenFile::open(&path).is_err());
        fs::remove_file(&path).unwrap();
    }
}
