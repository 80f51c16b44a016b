//! What a daemon may rely on: calls can be ended, forks and signals do no harm, nothing of the host's is changed.

mod embedding;
mod ending;
mod hosts;
mod stdio;
mod threads;
