use std::ffi::c_char;
use std::mem::MaybeUninit;

use super::client::mcpclient;
use super::error::mcpclient_error;
use super::status::mcpclient_status;
use super::value::{give, mcpclient_value};
use super::{arg, client, outcome};

/// Lists the tools of the server, all pages. A call.
///
/// @param tools_out  Set to an array of tools, each with "name", "description"
///                   and "inputSchema".
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_list_tools(
    client: MaybeUninit<&mut mcpclient>,
    tools_out: *mut *mut mcpclient_value,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        outcome::status(error_out, || {
            let client = client::of(client)?;
            give(client.list_tools()?, tools_out)
        })
    }
}

/// Calls a tool. A call.
///
/// A tool that fails is MCPCLIENT_OK: its result has "isError", which is true.
///
/// @param name        The tool's name.
/// @param arguments   A JSON object; NULL: none.
/// @param result_out  Set to the result, with "content" and perhaps
///                    "structuredContent" and "isError".
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
            let client = client::of(client)?;
            let name = arg::text(name, "name")?;
            let arguments = arg::optional_text(arguments, "arguments")?;
            give(client.call_tool(name, arguments)?, result_out)
        })
    }
}
