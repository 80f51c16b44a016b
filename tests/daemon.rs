//! What a daemon may rely on: calls can be ended, forks and signals do no harm, nothing of the host's is changed.

#[path = "tls/alone.rs"]
mod alone;
#[path = "tls/authority.rs"]
mod authority;
#[path = "daemon/ending.rs"]
mod ending;
#[path = "tls/front.rs"]
mod front;
#[path = "daemon/hosts.rs"]
mod hosts;
#[path = "daemon/programs.rs"]
mod programs;
mod support;
#[path = "daemon/threads.rs"]
mod threads;
