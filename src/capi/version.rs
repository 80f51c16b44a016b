use std::ffi::{CStr, c_char};
use std::mem::MaybeUninit;

use super::{guard, text};

/// First part of the version of this header, as in 1.2.3.
pub const MCPCLIENT_VERSION_MAJOR: i32 = 0;
/// Second part of the version of this header.
pub const MCPCLIENT_VERSION_MINOR: i32 = 1;
/// Third part of the version of this header.
pub const MCPCLIENT_VERSION_PATCH: i32 = 0;

// The constants must be literals to become macros; this keeps them in step with the package.
const _: () = {
    assert!(is_decimal(env!("CARGO_PKG_VERSION_MAJOR"), MCPCLIENT_VERSION_MAJOR));
    assert!(is_decimal(env!("CARGO_PKG_VERSION_MINOR"), MCPCLIENT_VERSION_MINOR));
    assert!(is_decimal(env!("CARGO_PKG_VERSION_PATCH"), MCPCLIENT_VERSION_PATCH));
};

const VERSION: &CStr = match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
    Ok(version) => version,
    Err(_) => panic!("the package version has a NUL inside"),
};

/// Returns the version of the library that runs, such as "0.1.0".
///
/// It differs from MCPCLIENT_VERSION_* when a program runs with another build
/// of the library than it was compiled for.
///
/// @return The version. Valid as long as the library is loaded.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_version() -> MaybeUninit<&'static c_char> {
    guard::plain(text::never_null(VERSION), || text::never_null(VERSION))
}

const fn is_decimal(text: &str, number: i32) -> bool {
    let (digits, mut value, mut at) = (text.as_bytes(), 0, 0);
    while at < digits.len() {
        value = value * 10 + (digits[at] - b'0') as i32;
        at += 1;
    }
    value == number
}
