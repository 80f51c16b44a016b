//! How long a test waits.

use std::env;
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

/// A bound as long as this machine needs: `TEST_SLOWNESS` times as long, on a slow or busy one.
pub fn stretched(bound: Duration) -> Duration {
    static SLOWNESS: OnceLock<f64> = OnceLock::new();
    let slowness = SLOWNESS.get_or_init(|| match env::var("TEST_SLOWNESS") {
        Ok(text) => text.parse().ok().filter(|factor| *factor >= 1.0).expect("TEST_SLOWNESS is a number from 1 on"),
        Err(_) => 1.0,
    });
    bound.mul_f64(*slowness)
}

/// Waits until a condition holds, for ten seconds at most.
#[track_caller]
pub fn until(what: &str, holds: impl Fn() -> bool) {
    let limit = Instant::now() + stretched(Duration::from_secs(10));
    while !holds() {
        assert!(Instant::now() < limit, "{what}: not within ten seconds");
        thread::sleep(Duration::from_millis(1));
    }
}
