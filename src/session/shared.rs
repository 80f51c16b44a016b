//! What the sessions of a client share, and the calls of its API with them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;

use crate::auth::Auth;
use crate::protocol::version::Version;
use crate::session::callbacks::Handlers;
use crate::session::config::Settings;
use crate::session::list_cache::ListCache;
use crate::session::progress::ProgressCalls;

/// Settings, handlers and cache of a client. Clones refer to the same ones.
#[derive(Debug, Clone)]
pub(crate) struct Shared {
    pub(crate) settings: Arc<Settings>,
    pub(crate) handlers: Arc<ArcSwap<Handlers>>,
    pub(crate) cache: Arc<ListCache>,
    /// Of one process: it has a lock, which a fork may leave locked.
    pub(crate) progress: Arc<ProgressCalls>,
    last_id: Arc<AtomicU64>,
}

impl Shared {
    pub(crate) fn new(settings: Settings) -> Shared {
        Shared {
            settings: Arc::new(settings),
            handlers: Arc::default(),
            cache: Arc::default(),
            progress: Arc::default(),
            last_id: Arc::default(),
        }
    }

    /// The same for another process.
    pub(crate) fn for_process(&self) -> Shared {
        Shared { progress: Arc::default(), ..self.clone() }
    }

    /// Removes the handlers, and waits for a thread that reads the map at this moment, so that their user data has been freed
    /// afterwards. No handler runs any more.
    pub(crate) fn drop_handlers(&self) {
        const LONGEST: Duration = Duration::from_secs(1);
        let end = Instant::now() + LONGEST;
        let handlers = self.handlers.swap(Arc::default());
        while Arc::strong_count(&handlers) > 1 && Instant::now() < end {
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// The id of the next request: unique within the client, never 0.
    pub(crate) fn next_id(&self) -> u64 {
        self.last_id.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// The capabilities to send, as JSON text: what the caller set, else what the handlers and the credentials imply.
    pub(crate) fn capabilities(&self, version: Version) -> String {
        let set = self.settings.session.load().capabilities.clone();
        set.unwrap_or_else(|| {
            let request = self.settings.request.load();
            let of_credentials = request.credentials.auth().map(Auth::extensions).unwrap_or_default();
            let mut extensions: BTreeMap<&str, &str> = of_credentials.into_iter().map(|name| (name, "{}")).collect();
            let session = self.settings.session.load();
            if version.is_modern() {
                extensions.extend(session.extensions.iter().map(|(name, settings)| (name.as_str(), settings.as_str())));
            }
            self.handlers.load().capabilities(version, &extensions)
        })
    }
}
