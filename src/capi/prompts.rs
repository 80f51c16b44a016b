use std::ffi::c_char;
use std::mem::MaybeUninit;

use super::client::mcpclient;
use super::error::mcpclient_error;
use super::status::mcpclient_status;
use super::value::{give, mcpclient_value};
use super::{arg, client, outcome};

/// Lists the prompts of the server, all pages. A call.
///
/// @param prompts_out  Set to an array of prompts, each with "name".
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_list_prompts(
    client: MaybeUninit<&mut mcpclient>,
    prompts_out: *mut *mut mcpclient_value,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        outcome::status(error_out, || {
            let client = client::of(client)?;
            give(client.list_prompts()?, prompts_out)
        })
    }
}

/// Gets a prompt with its arguments filled in. A call.
///
/// @param name        The prompt's name.
/// @param arguments   A JSON object of strings; NULL: none.
/// @param result_out  Set to the result, with the array "messages".
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_get_prompt(
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
            give(client.get_prompt(name, arguments)?, result_out)
        })
    }
}

/// Requests completions of an argument of a prompt or of a resource template. A
/// call.
///
/// @param reference       A JSON object such as
///                        {"type":"ref/prompt","name":"greet"}.
/// @param argument_name   The argument.
/// @param argument_value  What it begins with.
/// @param result_out      Set to the result, with "completion/values".
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_complete(
    client: MaybeUninit<&mut mcpclient>,
    reference: MaybeUninit<&c_char>,
    argument_name: MaybeUninit<&c_char>,
    argument_value: MaybeUninit<&c_char>,
    result_out: *mut *mut mcpclient_value,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        outcome::status(error_out, || {
            let client = client::of(client)?;
            let reference = arg::text(reference, "reference")?;
            let argument_name = arg::text(argument_name, "argument_name")?;
            let argument_value = arg::text(argument_value, "argument_value")?;
            give(client.complete(reference, argument_name, argument_value)?, result_out)
        })
    }
}
