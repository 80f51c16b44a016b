//! What the integration tests share: a scripted server, the faults it can play, and two ways to drive the library.

#![allow(dead_code, unused_imports, unused_macros)] // each test binary uses a part of it

pub mod alone;
pub mod authority;
pub mod c_callbacks;
pub mod c_calls;
pub mod c_driver;
pub mod c_functions;
pub mod driver;
pub mod fault;
pub mod front;
pub mod http;
pub mod mcp;
pub mod memory;
pub mod oauth;
pub mod pace;
pub mod programs;
pub mod rust_driver;
pub mod server;
pub mod skipped;

pub use driver::{
    Ask, Asked, Driver, Failure, OAuth, OnNotification, OnProgress, OnRequest, Outcome, Replies, Scoped, Visitor,
    client, client_at, fails, timed,
};
pub use fault::Fault;
pub use http::{Answer, Request, event};
pub use pace::{stretched, until};
pub use server::{Connection, Handler, Server};
pub use skipped::skipped;

/// Makes two tests of each case `fn name<D: Driver>()`: one through Rust, one through the C functions.
macro_rules! cases {
    ($($name:ident),+ $(,)?) => {
        mod rust {
            $(#[test] fn $name() { super::$name::<crate::support::rust_driver::Rust>() })+
        }
        mod c {
            $(#[test] fn $name() { super::$name::<crate::support::c_driver::C>() })+
        }
    };
}
pub(crate) use cases;
