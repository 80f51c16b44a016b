use std::ffi::c_char;
use std::mem::MaybeUninit;

use super::client::mcpclient;
use super::error::mcpclient_error;
use super::status::mcpclient_status;
use super::value::{give, mcpclient_value};
use super::{arg, outcome};

/// Asks for the prompts of the server.
///
/// All pages are put together. Connects first if needed. Blocks until the
/// server has answered, at most for the time limit of mcpclient_set_timeout_ms;
/// mcpclient_cancel ends it.
///
/// @param client       The client.
/// @param prompts_out  NULL, or set on success to an array of prompts, each
///                     with "name". The caller frees it with
///                     mcpclient_value_free.
/// @param error_out    NULL, or set on failure. The caller frees it with
///                     mcpclient_error_free.
/// @return MCPCLIENT_OK, or the status of a failed call, each as described at
///         mcpclient_connect: MCPCLIENT_ERROR_INVALID_ARGUMENT,
///         _INVALID_STATE, _NETWORK, _TLS, _TIMEOUT, _CANCELLED,
///         _UNAUTHORIZED, _FORBIDDEN, _HTTP, _PROTOCOL, _RPC, _UNSUPPORTED,
///         _INTERNAL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_list_prompts(
    client: MaybeUninit<&mut mcpclient>,
    prompts_out: *mut *mut mcpclient_value,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        outcome::status(error_out, || {
            let client = arg::required(client, "client")?;
            give(client.0.list_prompts()?, prompts_out)
        })
    }
}

/// Gets a prompt, filled in.
///
/// Connects first if needed. Blocks until the server has answered, at most for
/// the time limit of mcpclient_set_timeout_ms; mcpclient_cancel ends it.
///
/// @param client      The client.
/// @param name        The prompt's name. The library copies name.
/// @param arguments   A JSON object of strings; NULL: none. The library copies
///                    arguments.
/// @param result_out  NULL, or set on success to the result, with the array
///                    "messages". The caller frees it with
///                    mcpclient_value_free.
/// @param error_out   NULL, or set on failure. The caller frees it with
///                    mcpclient_error_free.
/// @return MCPCLIENT_OK, or the status of a failed call, each as described at
///         mcpclient_connect: MCPCLIENT_ERROR_INVALID_ARGUMENT (also when name
///         is NULL or arguments is not a JSON object), _INVALID_STATE,
///         _NETWORK, _TLS, _TIMEOUT, _CANCELLED, _UNAUTHORIZED, _FORBIDDEN,
///         _HTTP, _PROTOCOL, _RPC, _UNSUPPORTED, _INTERNAL.
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
            let client = arg::required(client, "client")?;
            let name = arg::text(name, "name")?;
            let arguments = arg::optional_text(arguments, "arguments")?;
            give(client.0.get_prompt(name, arguments)?, result_out)
        })
    }
}

/// Asks how an argument of a prompt or a resource template can go on.
///
/// Connects first if needed. Blocks until the server has answered, at most for
/// the time limit of mcpclient_set_timeout_ms; mcpclient_cancel ends it.
///
/// @param client          The client.
/// @param reference       A JSON object such as
///                        {"type":"ref/prompt","name":"greet"}. The library
///                        copies reference.
/// @param argument_name   The argument. The library copies argument_name.
/// @param argument_value  What it begins with. The library copies
///                        argument_value.
/// @param result_out      NULL, or set on success to the result, with
///                        "completion/values". The caller frees it with
///                        mcpclient_value_free.
/// @param error_out       NULL, or set on failure. The caller frees it with
///                        mcpclient_error_free.
/// @return MCPCLIENT_OK, or the status of a failed call, each as described at
///         mcpclient_connect: MCPCLIENT_ERROR_INVALID_ARGUMENT (also when one
///         of the three texts is NULL or reference is not a JSON object),
///         _INVALID_STATE, _NETWORK, _TLS, _TIMEOUT, _CANCELLED,
///         _UNAUTHORIZED, _FORBIDDEN, _HTTP, _PROTOCOL, _RPC, _UNSUPPORTED,
///         _INTERNAL.
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
            let client = arg::required(client, "client")?;
            let reference = arg::text(reference, "reference")?;
            let argument_name = arg::text(argument_name, "argument_name")?;
            let argument_value = arg::text(argument_value, "argument_value")?;
            give(client.0.complete(reference, argument_name, argument_value)?, result_out)
        })
    }
}
