//! Credentials that get their own tokens, against a scripted authorization server.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

mod attacks;
mod login;
mod refresh;
mod services;
mod settings;
mod store;

use crate::support::oauth::Protected;
use crate::support::*;

/// A client of the protected server with these credentials.
fn client_of<D: Driver>(protected: &Protected, auth: &D::Auth) -> D {
    let client: D = client_at(&protected.url());
    client.set_auth(Some(auth)).unwrap();
    client
}

/// A directory of its own for a test, which goes away with it.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Scratch {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("mcpclient-oauth-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::SeqCst));
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).unwrap();
        Scratch(path)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn write(&self, name: &str, content: &str) -> PathBuf {
        let path = self.file(name);
        fs::write(&path, content).unwrap();
        path
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}
