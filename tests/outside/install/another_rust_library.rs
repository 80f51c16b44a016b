//! A static library by Rust, as another part of the same program may bring it: it unwinds a panic of its own.

#[unsafe(no_mangle)]
pub extern "C" fn LIBRARY(panics: i32) -> i32 {
    std::panic::set_hook(Box::new(|_| {}));
    std::panic::catch_unwind(|| if panics != 0 { panic!("caught below") }).is_err() as i32
}
