//! Where grants survive the process.

use std::fmt;

use crate::auth::secret::Secret;
use crate::base::call::Call;
use crate::base::error::Error;
use crate::base::foreign;

/// A place for texts by key.
pub(crate) trait Store: Send + Sync {
    /// The text of a key, `None` when there is none.
    fn load(&self, key: &str) -> Result<Option<Secret>, Error>;

    /// Keeps a text, or removes it.
    fn save(&self, key: &str, data: Option<&Secret>) -> Result<(), Error>;

    /// Keeps other processes from a refresh until the guard is dropped, as far as the store can do that.
    fn lock(&self, call: &Call) -> Result<Box<dyn StoreLock>, Error>;
}

/// Held during a refresh.
pub(crate) trait StoreLock {}

/// A store of the program's own: two functions. Its locks across processes are the program's matter.
pub(crate) struct CallbackStore {
    pub(crate) load: Box<dyn Fn(&mut StoreRequest) + Send + Sync>,
    pub(crate) save: Box<dyn Fn(&mut StoreRequest) + Send + Sync>,
}

/// What a store callback is given.
pub struct StoreRequest {
    key: String,
    data: Option<Secret>,
}

impl fmt::Debug for StoreRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreRequest").field("key", &self.key).finish_non_exhaustive()
    }
}

impl StoreRequest {
    /// Names the grant: ASCII letters, digits and `-`, no secret, fit for a key or a file name.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// When saving, the text to keep, which is a secret; `None`: remove it. When loading, what was set.
    pub fn data(&self) -> Option<&str> {
        self.data.as_ref().map(Secret::expose)
    }

    /// When loading, hands over the text that was kept. Without it there is none.
    pub fn set(&mut self, data: &str) {
        self.data = Some(Secret::new(data));
    }
}

struct Unlocked;

impl StoreLock for Unlocked {}

impl Store for CallbackStore {
    fn load(&self, key: &str) -> Result<Option<Secret>, Error> {
        let mut request = StoreRequest { key: key.to_owned(), data: None };
        foreign::run(|| (self.load)(&mut request));
        Ok(request.data)
    }

    fn save(&self, key: &str, data: Option<&Secret>) -> Result<(), Error> {
        let mut request = StoreRequest { key: key.to_owned(), data: data.cloned() };
        foreign::run(|| (self.save)(&mut request));
        Ok(())
    }

    fn lock(&self, _call: &Call) -> Result<Box<dyn StoreLock>, Error> {
        Ok(Box::new(Unlocked))
    }
}
