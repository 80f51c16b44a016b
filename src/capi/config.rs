use std::ffi::{CString, c_char};
use std::mem::MaybeUninit;

use super::auth::mcpclient_auth;
use super::client::mcpclient;
use super::error::mcpclient_error;
use super::status::mcpclient_status;
use super::value::{self, mcpclient_value};
use super::{arg, guard, outcome};
use crate::{Config, Error, Value};

/// A file of servers, as read. It never changes but for what variables stand
/// for; any thread may use it.
pub struct mcpclient_config {
    config: Config,
    names: Vec<CString>,
    /// In the order of the names.
    entries: Vec<Value>,
}

impl mcpclient_config {
    fn new(config: Config) -> Result<mcpclient_config, Error> {
        let nul = |_| Error::Internal("the name of a server has a NUL".to_owned());
        let names = config.names().map(CString::new).collect::<Result<_, _>>().map_err(nul)?;
        let entries = config.names().filter_map(|name| config.entry(name)).collect();
        Ok(mcpclient_config { config, names, entries })
    }
}

impl Drop for mcpclient_config {
    fn drop(&mut self) {
        self.entries.drain(..).for_each(Value::wipe);
    }
}

/// Reads a configuration file. Blocks while it reads.
///
/// Members are found under "mcpServers" or "servers", or in the file itself
/// when each of its members has a "command" or a "url". Comments and trailing
/// commas are allowed. An entry is checked when its client is made.
///
/// A configuration file names programs: a client that is made of it runs them.
///
/// @param path  A regular file of at most 1 MiB.
/// @return The configuration; NULL with MCPCLIENT_ERROR_INVALID_ARGUMENT for a
///         file that cannot be read, is not JSON, or lists no servers. The
///         message has the line and the column; no message repeats a value.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_config_load(
    path: MaybeUninit<&c_char>,
    error_out: *mut *mut mcpclient_error,
) -> *mut mcpclient_config {
    // SAFETY: the caller keeps the contract of the header.
    unsafe { outcome::handle(error_out, || mcpclient_config::new(Config::load(arg::path(path, "path")?)?)) }
}

/// Reads the text of a configuration file.
///
/// @param json  As in mcpclient_config_load.
/// @return As for mcpclient_config_load.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_config_parse(
    json: MaybeUninit<&c_char>,
    error_out: *mut *mut mcpclient_error,
) -> *mut mcpclient_config {
    // SAFETY: the caller keeps the contract of the header.
    unsafe { outcome::handle(error_out, || mcpclient_config::new(Config::parse(arg::text(json, "json")?)?)) }
}

/// Returns the number of servers.
///
/// @param config  The configuration, or NULL.
/// @return The number; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_config_count(config: *const mcpclient_config) -> usize {
    // SAFETY: the caller keeps the contract of the header.
    unsafe { guard::plain(0, || arg::optional(config).map_or(0, |config| config.names.len())) }
}

/// Returns the name of a server.
///
/// @param config  The configuration, or NULL.
/// @param index   From 0, in the order of the file.
/// @return The name; NULL when there are fewer servers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_config_name(config: *const mcpclient_config, index: usize) -> *const c_char {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        guard::plain(std::ptr::null(), || {
            let name = arg::optional(config).and_then(|config| config.names.get(index));
            name.map_or(std::ptr::null(), |name| name.as_ptr())
        })
    }
}

/// Returns the entry of a server as it stands in the file, for members that the
/// library ignores, such as "description" or "disabled". Variables are not
/// expanded.
///
/// A program that loads files of others should show its user the whole command
/// of an entry and ask, before it makes a client.
///
/// @param config  The configuration, or NULL.
/// @param name    The name of the server, or NULL.
/// @return The entry, which the configuration owns; NULL when there is no such
///         server.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_config_entry(
    config: *const mcpclient_config,
    name: *const c_char,
) -> *const mcpclient_value {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        guard::plain(std::ptr::null(), || {
            let (Some(config), Ok(Some(name))) = (arg::optional(config), arg::optional_text(name, "name")) else {
                return std::ptr::null();
            };
            let index = config.config.names().position(|known| known == name);
            index.and_then(|index| config.entries.get(index)).map_or(std::ptr::null(), value::view)
        })
    }
}

/// Sets what "${name}" stands for in the clients that are made from now on,
/// such as "workspaceFolder" or "input:api-key".
///
/// @param config  The configuration.
/// @param name    Without "}".
/// @param value   NULL: what the environment says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_config_set_variable(
    config: MaybeUninit<&mut mcpclient_config>,
    name: MaybeUninit<&c_char>,
    value: *const c_char,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        outcome::status(error_out, || {
            let config = arg::required(config, "config")?;
            config.config.set_variable(arg::text(name, "name")?, arg::optional_text(value, "value")?)
        })
    }
}

/// Sets the credentials of entries with "auth": "oauth", for the clients that
/// are made from now on.
///
/// @param config  The configuration.
/// @param auth    Shared with those clients; NULL: none. May be freed while
///                they use it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_config_set_auth(
    config: MaybeUninit<&mut mcpclient_config>,
    auth: *mut mcpclient_auth,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        outcome::status(error_out, || {
            arg::required(config, "config")?.config.set_auth(arg::optional(auth).map(|auth| &auth.0));
            Ok(())
        })
    }
}

/// Makes the client of a server, like mcpclient_new or mcpclient_stdio_new. The
/// first call connects it. It may outlive the configuration.
///
/// @param config  The configuration.
/// @param name    The name of the server; NULL: the only one.
/// @return The client; NULL with MCPCLIENT_ERROR_INVALID_ARGUMENT when there is
///         no such server, a variable is not set, or the entry cannot be used;
///         with MCPCLIENT_ERROR_UNSUPPORTED for "envFile", WebSockets and an
///         object as "auth"; with MCPCLIENT_ERROR_INVALID_STATE for "auth":
///         "oauth" before mcpclient_config_set_auth. The message has the line
///         and the column.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_config_client_new(
    config: MaybeUninit<&mcpclient_config>,
    name: *const c_char,
    error_out: *mut *mut mcpclient_error,
) -> *mut mcpclient {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        outcome::handle(error_out, || {
            let config = arg::required(config, "config")?;
            config.config.client(arg::optional_text(name, "name")?).map(mcpclient)
        })
    }
}

/// Frees a configuration, and wipes its text. Its clients stay.
///
/// @param config  The configuration; NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_config_free(config: *mut mcpclient_config) {
    // SAFETY: the caller keeps the contract of the header.
    unsafe { guard::plain((), || drop(arg::owned(config))) }
}
