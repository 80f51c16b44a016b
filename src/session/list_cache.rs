//! Lists cached for as long as the server allows
//! ([2026-07-28, "Caching"](https://modelcontextprotocol.io/specification/2026-07-28/server/utilities/caching)).

use std::collections::HashMap;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;

use crate::auth::credentials::{AuthContext, Credentials};
use crate::json::Value;

/// The longest that a list is cached.
const MAX_TTL: Duration = Duration::from_secs(24 * 3600);

/// The lists of one client. Read and replaced as a whole, without a lock that a fork could leave locked.
#[derive(Debug, Default)]
pub(crate) struct ListCache(ArcSwap<Entries>);

#[derive(Debug, Clone, Default)]
struct Entries {
    lists: HashMap<String, Entry>,
    /// Incremented by everything that makes lists stale.
    generation: u64,
}

/// The state when the fetching of a list begins. The list is cached only if it is still the same at the end.
#[derive(Debug)]
pub(crate) struct Fetch {
    context: AuthContext,
    generation: u64,
}

#[derive(Debug, Clone)]
struct Entry {
    list: Value,
    until: Instant,
    /// The authorization context of a private list; `None` for a public one.
    context: Option<AuthContext>,
}

/// How long the pages of a list may be cached, and for whom.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Freshness {
    until: Option<Instant>,
    public: bool,
}

impl Freshness {
    pub(crate) fn new() -> Freshness {
        Freshness { until: None, public: true }
    }

    /// The list is fresh while each page is, and private when one page is.
    pub(crate) fn add_page(&mut self, ttl_ms: Option<i64>, scope: Option<&str>) {
        let ttl = Duration::from_millis(ttl_ms.and_then(|ttl| u64::try_from(ttl).ok()).unwrap_or(0)).min(MAX_TTL);
        let until = Instant::now() + ttl;
        self.until = Some(self.until.map_or(until, |known| known.min(until)));
        self.public &= scope == Some("public");
    }
}

impl ListCache {
    pub(crate) fn get(&self, method: &str, credentials: &Credentials) -> Option<Value> {
        let entries = self.0.load();
        let entry = entries.lists.get(method).filter(|entry| Instant::now() < entry.until)?;
        let allowed = entry.context.as_ref().is_none_or(|context| context.matches(credentials));
        allowed.then(|| entry.list.clone())
    }

    /// Call before a list is fetched.
    pub(crate) fn begin(&self, credentials: &Credentials) -> Fetch {
        Fetch { context: credentials.context(), generation: self.0.load().generation }
    }

    pub(crate) fn put(
        &self,
        method: &str,
        list: &Value,
        freshness: Freshness,
        fetch: Fetch,
        credentials: &Credentials,
    ) {
        let Some(until) = freshness.until.filter(|until| *until > Instant::now()) else {
            return;
        };
        if !freshness.public && !fetch.context.matches(credentials) {
            return;
        }
        let context = (!freshness.public).then_some(fetch.context);
        let entry = Entry { list: list.clone(), until, context };
        self.0.rcu(|before| {
            let mut after = Entries::clone(before);
            if after.generation == fetch.generation {
                after.lists.insert(method.to_owned(), entry.clone());
            }
            after
        });
    }

    /// Drops the list that a notification reports as changed.
    pub(crate) fn on_notification(&self, notification: &str) {
        let stale: &[&str] = match notification {
            "notifications/tools/list_changed" => &["tools/list"],
            "notifications/prompts/list_changed" => &["prompts/list"],
            "notifications/resources/list_changed" => &["resources/list", "resources/templates/list"],
            _ => return,
        };
        self.make_stale(|lists| lists.retain(|method, _| !stale.contains(&method.as_str())));
    }

    pub(crate) fn remove(&self, method: &str) {
        self.make_stale(|lists| drop(lists.remove(method)));
    }

    /// Drops private entries and the headers kept to identify their owner.
    pub(crate) fn clear_private(&self) {
        self.make_stale(|lists| lists.retain(|_, entry| entry.context.is_none()));
    }

    pub(crate) fn clear(&self) {
        self.make_stale(HashMap::clear);
    }

    fn make_stale(&self, change: impl Fn(&mut HashMap<String, Entry>)) {
        self.0.rcu(|before| {
            let mut after = Entries::clone(before);
            change(&mut after.lists);
            after.generation += 1;
            after
        });
    }
}

#[cfg(test)]
mod tests {

    use super::*;
    use crate::auth::Auth;
    use crate::auth::Owner;

    fn fresh(ttl_ms: i64, scope: &str) -> Freshness {
        let mut freshness = Freshness::new();
        freshness.add_page(Some(ttl_ms), Some(scope));
        freshness
    }

    fn credentials(token: &str) -> Credentials {
        let mut credentials = Credentials::default();
        credentials.set_auth(Some(Auth::bearer(token).unwrap())).unwrap();
        credentials
    }

    fn put(cache: &ListCache, method: &str, freshness: Freshness, credentials: &Credentials) {
        cache.put(method, &Value::default(), freshness, cache.begin(credentials), credentials);
    }

    #[test]
    fn the_shortest_page_decides() {
        let cache = ListCache::default();
        let mut freshness = fresh(60_000, "public");
        put(&cache, "tools/list", freshness, &credentials("a"));
        assert!(cache.get("tools/list", &credentials("b")).is_some());
        freshness.add_page(Some(0), Some("public"));
        put(&cache, "prompts/list", freshness, &credentials("a"));
        assert!(cache.get("prompts/list", &credentials("a")).is_none());
        for unusable in [fresh(-5, "public"), Freshness::new()] {
            put(&cache, "resources/list", unusable, &credentials("a"));
            assert!(cache.get("resources/list", &credentials("a")).is_none());
        }
    }

    #[test]
    fn a_private_list_is_for_its_authorization_context() {
        let cache = ListCache::default();
        let mut mine = credentials("a");
        put(&cache, "tools/list", fresh(60_000, "private"), &mine);
        assert!(cache.get("tools/list", &mine).is_some());
        assert!(cache.get("tools/list", &credentials("b")).is_none());
        mine.auth().unwrap().set_token("rotated").unwrap();
        assert!(cache.get("tools/list", &mine).is_none());
        mine.set_auth(None).unwrap();
        assert!(cache.get("tools/list", &mine).is_none());
    }

    #[test]
    fn a_notification_makes_stale() {
        let cache = ListCache::default();
        put(&cache, "tools/list", fresh(60_000, "public"), &credentials("a"));
        cache.on_notification("notifications/prompts/list_changed");
        assert!(cache.get("tools/list", &credentials("a")).is_some());
        cache.on_notification("notifications/tools/list_changed");
        assert!(cache.get("tools/list", &credentials("a")).is_none());
    }

    #[test]
    fn a_cached_list_does_not_keep_a_replaced_token() {
        let cache = ListCache::default();
        let mine = credentials("a");
        let Some(Owner::Token(Some(token))) = mine.auth().map(Auth::owner) else { panic!("no token") };
        put(&cache, "tools/list", fresh(60_000, "private"), &mine);
        mine.auth().unwrap().set_token("b").unwrap();
        assert!(token.upgrade().is_none());
    }

    #[test]
    fn a_list_that_became_stale_while_it_was_fetched_is_not_cached() {
        let (cache, mine) = (ListCache::default(), credentials("a"));
        let put = |fetch, scope| cache.put("tools/list", &Value::default(), fresh(60_000, scope), fetch, &mine);
        let fetch = cache.begin(&mine);
        cache.on_notification("notifications/tools/list_changed");
        put(fetch, "public");
        assert!(cache.get("tools/list", &mine).is_none());
        let fetch = cache.begin(&mine);
        mine.auth().unwrap().set_token("b").unwrap();
        put(fetch, "private");
        assert!(cache.get("tools/list", &mine).is_none());
        put(cache.begin(&mine), "private");
        assert!(cache.get("tools/list", &mine).is_some());
    }

    #[test]
    fn private_lists_can_be_cleared_alone() {
        let cache = ListCache::default();
        put(&cache, "tools/list", fresh(60_000, "private"), &credentials("a"));
        put(&cache, "prompts/list", fresh(60_000, "public"), &credentials("a"));
        cache.clear_private();
        assert!(cache.get("tools/list", &credentials("a")).is_none());
        assert!(cache.get("prompts/list", &credentials("a")).is_some());
    }
}
