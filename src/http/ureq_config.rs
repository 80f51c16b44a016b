//! The configuration of every ureq agent.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use ureq::config::Config;

/// How long a connection may be idle before a new one is preferred: many load balancers drop idle ones silently.
pub(super) const MAX_IDLE_TIME: Duration = Duration::from_secs(90);

/// The configuration, without a proxy. Deadlines, redirects and statuses are handled above ureq.
///
/// ureq reads the environment's proxies whenever a configuration is made, which races with a `setenv` of the program. So one
/// is made per process, when the first client is made. Kept without a lock that a fork could leave locked.
pub(super) fn get() -> Arc<Config> {
    static CONFIG: ArcSwapOption<Config> = ArcSwapOption::const_empty();
    if let Some(made) = &*CONFIG.load() {
        return made.clone();
    }
    let config = Config::builder()
        .proxy(None)
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .max_idle_connections(1)
        .max_idle_connections_per_host(1)
        .max_idle_age(MAX_IDLE_TIME)
        .user_agent(concat!("mcpclient/", env!("CARGO_PKG_VERSION")))
        .build();
    let config = Arc::new(config);
    CONFIG.store(Some(config.clone()));
    config
}
