use std::ffi::c_char;
use std::mem::MaybeUninit;

use super::client::mcpclient;
use super::error::mcpclient_error;
use super::status::mcpclient_status;
use super::value::{give, mcpclient_value};
use super::{arg, outcome};

/// Asks for the tools of the server.
///
/// All pages are put together. Connects first if needed. Blocks until the
/// server has answered, at most for the time limit of mcpclient_set_timeout_ms;
/// mcpclient_cancel ends it.
///
/// @param client     The client.
/// @param tools_out  NULL, or set on success to an array of tools, each with
///                   "name", "description" and "inputSchema". The caller frees
///                   it with mcpclient_value_free.
/// @param error_out  NULL, or set on failure. The caller frees it with
///                   mcpclient_error_free.
/// @return MCPCLIENT_OK, or the status of a failed call, each as described at
///         mcpclient_connect: MCPCLIENT_ERROR_INVALID_ARGUMENT,
///         _INVALID_STATE, _NETWORK, _TLS, _TIMEOUT, _CANCELLED,
///         _UNAUTHORIZED, _FORBIDDEN, _HTTP, _PROTOCOL, _RPC, _UNSUPPORTED,
///         _INTERNAL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_list_tools(
    client: MaybeUninit<&mut mcpclient>,
    tools_out: *mut *mut mcpclient_value,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        outcome::status(error_out, || {
            let client = arg::required(client, "client")?;
            give(client.0.list_tools()?, tools_out)
        })
    }
}

/// Calls a tool.
///
/// A tool that fails says so in its result ("isError" is true): that is
/// MCPCLIENT_OK. Connects first if needed. Blocks until the server has
/// answered, at most for the time limit of mcpclient_set_timeout_ms;
/// mcpclient_cancel ends it.
///
/// @param client      The client.
/// @param name        The tool's name. The library copies name.
/// @param arguments   A JSON object; NULL: none. The library copies arguments.
/// @param result_out  NULL, or set on success to the result, with "content" and
///                    perhaps "structuredContent" and "isError". The caller
///                    frees it with mcpclient_value_free.
/// @param error_out   NULL, or set on failure. The caller frees it with
///                    mcpclient_error_free.
/// @return MCPCLIENT_OK, or the status of a failed call, each as described at
///         mcpclient_connect: MCPCLIENT_ERROR_INVALID_ARGUMENT (also when name
///         is NULL or arguments is not a JSON object), _INVALID_STATE,
///         _NETWORK, _TLS, _TIMEOUT, _CANCELLED, _UNAUTHORIZED, _FORBIDDEN,
///         _HTTP, _PROTOCOL, _RPC, _UNSUPPORTED, _INTERNAL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_call_tool(
    client: MaybeUninit<&mut mcpclient>,
    name: MaybeUninit<&c_char>,
    arguments: *const c_char,
    result_out: *mut *mut mcpclient_value,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        outcome::status(error_out, || {
            let client = arg::required(client, "client")?;
            let name = arg::text(name, "name")?;
            let arguments = arg::optional_text(arguments, "arguments")?;
            give(client.0.call_tool(name, arguments)?, result_out)
        })
    }
}
