//! Session identifiers that cannot be guessed, from the standard library alone.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

/// 128 bits as 32 hexadecimal digits.
///
/// The standard library's only random numbers are the keys of its hash maps; SipHash under an unknown key does not give
/// them away. A server with real users would ask the operating system instead.
pub fn session_id() -> String {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let count = COUNTER.fetch_add(1, Ordering::Relaxed);
    let half = || RandomState::new().hash_one(count);
    format!("{:016x}{:016x}", half(), half())
}
