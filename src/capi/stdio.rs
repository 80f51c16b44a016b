use std::ffi::{c_char, c_void};
use std::mem::MaybeUninit;
use std::sync::Arc;
use std::time::Duration;

use super::client::mcpclient;
use super::error::mcpclient_error;
use super::status::mcpclient_status;
use super::user_data::UserData;
use super::{arg, client, guard, outcome, text};
use crate::{Client, Environment, Error, LineHandler};

/// What a program gets of this process's environment: one of
/// MCPCLIENT_ENVIRONMENT_*.
pub type mcpclient_environment = i32;

// Typed i32, not mcpclient_environment: cbindgen then prints them together, in this order.

/// HOME, LOGNAME, PATH, SHELL, TERM and USER.
pub const MCPCLIENT_ENVIRONMENT_BASIC: i32 = 0;
/// Nothing.
pub const MCPCLIENT_ENVIRONMENT_NONE: i32 = 1;
/// Everything.
pub const MCPCLIENT_ENVIRONMENT_ALL: i32 = 2;

// The core numbers its choices itself; the two lists must agree.
const _: () = {
    assert!(MCPCLIENT_ENVIRONMENT_BASIC == Environment::Basic as i32);
    assert!(MCPCLIENT_ENVIRONMENT_NONE == Environment::None as i32);
    assert!(MCPCLIENT_ENVIRONMENT_ALL == Environment::All as i32);
};

/// Receives a line that a program has written to its stderr.
///
/// Runs on a thread of the library, one line after the other. Must return
/// normally (no exception, no longjmp).
///
/// @param user_data  What was given with the callback.
/// @param line       The line without its end, at most 8192 bytes of it. Valid
///                   until the callback returns.
pub type mcpclient_line_callback = Option<unsafe extern "C" fn(user_data: *mut c_void, line: MaybeUninit<&c_char>)>;

/// Makes a client of a server that is a program. The first call starts it.
///
/// No shell is involved. A program that ends is started again by the next call;
/// one that ends within a second, three times in a row, is not started for five
/// seconds.
///
/// @param command    A path, or a name that is looked up in PATH.
/// @param arguments  The arguments without the command, NULL after the last;
///                   NULL: none.
/// @return The client; NULL with MCPCLIENT_ERROR_INVALID_ARGUMENT for an empty
///         command.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_stdio_new(
    command: MaybeUninit<&c_char>,
    arguments: *const *const c_char,
    error_out: *mut *mut mcpclient_error,
) -> *mut mcpclient {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        outcome::handle(error_out, || {
            let command = arg::text(command, "command")?;
            Client::stdio(command, &arg::texts(arguments, "arguments")?).map(mcpclient)
        })
    }
}

/// Chooses which variables of this process's environment the program gets.
///
/// Variables whose value begins with "()" are never passed on: some shells
/// export functions so.
///
/// @param inherit  One of MCPCLIENT_ENVIRONMENT_*; _BASIC by default.
/// @return MCPCLIENT_OK; MCPCLIENT_ERROR_INVALID_STATE while the program runs;
///         MCPCLIENT_ERROR_UNSUPPORTED for a client of a URL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_set_environment(
    client: MaybeUninit<&mut mcpclient>,
    inherit: mcpclient_environment,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        outcome::status(error_out, || {
            let client = client::of(client)?;
            let inherit = Environment::from_number(inherit)
                .ok_or_else(|| Error::InvalidArgument(format!("inherit is {inherit}, which is none")))?;
            client.set_environment(inherit)
        })
    }
}

/// Sets an environment variable of the program, such as the server's token, in
/// place of what it gets from this process.
///
/// The value is treated as a secret: no error repeats it.
///
/// @param name   Not empty, without "=".
/// @param value  NULL: what mcpclient_set_environment says.
/// @return MCPCLIENT_OK; MCPCLIENT_ERROR_INVALID_STATE while the program runs;
///         MCPCLIENT_ERROR_UNSUPPORTED for a client of a URL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_set_variable(
    client: MaybeUninit<&mut mcpclient>,
    name: MaybeUninit<&c_char>,
    value: *const c_char,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        outcome::status(error_out, || {
            let client = client::of(client)?;
            client.set_variable(arg::text(name, "name")?, arg::optional_text(value, "value")?)
        })
    }
}

/// Sets the working directory of the program.
///
/// @param path  NULL, the default: that of this process.
/// @return MCPCLIENT_OK; MCPCLIENT_ERROR_INVALID_STATE while the program runs;
///         MCPCLIENT_ERROR_UNSUPPORTED for a client of a URL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_set_working_directory(
    client: MaybeUninit<&mut mcpclient>,
    path: *const c_char,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        outcome::status(error_out, || client::of(client)?.set_working_directory(arg::optional_path(path, "path")?))
    }
}

/// Sets the callback for the lines that the program writes to its stderr.
///
/// At most 1024 lines wait for the callback; it is told how many were dropped.
///
/// @param callback  Replaces the previous one; NULL, the default: the lines are
///                  written to the stderr of this process. One that does
///                  nothing discards them.
/// @return MCPCLIENT_OK; MCPCLIENT_ERROR_INVALID_STATE while the program runs;
///         MCPCLIENT_ERROR_UNSUPPORTED for a client of a URL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_on_stderr(
    client: MaybeUninit<&mut mcpclient>,
    callback: mcpclient_line_callback,
    user_data: *mut c_void,
    user_data_free: Option<unsafe extern "C" fn(user_data: *mut c_void)>,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    let user_data = UserData::new(user_data, user_data_free);
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        outcome::status(error_out, || {
            let client = client::of(client)?;
            let handler = callback.map(|callback| -> LineHandler {
                Arc::new(move |line| {
                    let line = text::terminated(line);
                    callback(user_data.pointer(), text::never_null(&line));
                })
            });
            client.on_stderr(handler)
        })
    }
}

/// Limits each step of ending the program.
///
/// mcpclient_close and mcpclient_free close the program's stdin and wait for
/// its end; then they send SIGTERM to its process group and wait again; then
/// they send SIGKILL. So they may block for twice this time, and a second.
///
/// @param ms  Milliseconds; 0: SIGKILL at once. 2000 by default.
/// @return MCPCLIENT_OK; MCPCLIENT_ERROR_INVALID_STATE while the program runs;
///         MCPCLIENT_ERROR_UNSUPPORTED for a client of a URL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_set_grace_ms(
    client: MaybeUninit<&mut mcpclient>,
    ms: u32,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe { outcome::status(error_out, || client::of(client)?.set_grace(Duration::from_millis(u64::from(ms)))) }
}

/// Returns the process id of the program, for logs.
///
/// The library waits for this child alone, and needs no handler of SIGCHLD. A
/// program that reaps all its children may get this process id.
///
/// @param client  The client, or NULL.
/// @return The process id; 0 while no program runs.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_process_id(client: *const mcpclient) -> i64 {
    // SAFETY: the caller keeps the contract of the header.
    unsafe { guard::plain(0, || arg::optional(client).map_or(0, |client| i64::from(client.0.process_id()))) }
}
