//! The environment variables of the process: the one place that reads them.

use std::env;
use std::ffi::OsString;

use crate::base::platform;

/// A variable's value. None has a value in a program with raised privileges (see [`platform::has_raised_privileges`]): the
/// user who chose the environment must not choose the proxy, the trusted certificates or a file to read. `secure_getenv` of
/// the C library has the same rule.
pub(crate) fn variable(name: &str) -> Option<OsString> {
    if platform::has_raised_privileges() { None } else { env::var_os(name) }
}

/// All variables that may be passed on to a program; none in a program with raised privileges.
pub(crate) fn all() -> impl Iterator<Item = (OsString, OsString)> {
    let variables = (!platform::has_raised_privileges()).then(env::vars_os);
    variables.into_iter().flatten()
}

/// A variable's value as text; one that is not UTF-8 counts as not set.
pub(crate) fn text(name: &str) -> Option<String> {
    variable(name)?.into_string().ok()
}
