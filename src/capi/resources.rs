use std::ffi::c_char;
use std::mem::MaybeUninit;

use super::client::mcpclient;
use super::error::mcpclient_error;
use super::status::mcpclient_status;
use super::value::{give, mcpclient_value};
use super::{arg, outcome};

/// Asks for the resources of the server.
///
/// All pages are put together. Connects first if needed. Blocks until the
/// server has answered, at most for the time limit of mcpclient_set_timeout_ms;
/// mcpclient_cancel ends it.
///
/// @param client         The client.
/// @param resources_out  NULL, or set on success to an array of resources, each
///                       with "uri" and "name". The caller frees it with
///                       mcpclient_value_free.
/// @param error_out      NULL, or set on failure. The caller frees it with
///                       mcpclient_error_free.
/// @return MCPCLIENT_OK, or the status of a failed call, each as described at
///         mcpclient_connect: MCPCLIENT_ERROR_INVALID_ARGUMENT,
///         _INVALID_STATE, _NETWORK, _TLS, _TIMEOUT, _CANCELLED,
///         _UNAUTHORIZED, _FORBIDDEN, _HTTP, _PROTOCOL, _RPC, _UNSUPPORTED,
///         _INTERNAL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_list_resources(
    client: MaybeUninit<&mut mcpclient>,
    resources_out: *mut *mut mcpclient_value,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        outcome::status(error_out, || {
            let client = arg::required(client, "client")?;
            give(client.0.list_resources()?, resources_out)
        })
    }
}

/// Asks for the resource templates of the server.
///
/// All pages are put together. Connects first if needed. Blocks until the
/// server has answered, at most for the time limit of mcpclient_set_timeout_ms;
/// mcpclient_cancel ends it.
///
/// @param client         The client.
/// @param templates_out  NULL, or set on success to an array of templates, each
///                       with "uriTemplate" and "name". The caller frees it
///                       with mcpclient_value_free.
/// @param error_out      NULL, or set on failure. The caller frees it with
///                       mcpclient_error_free.
/// @return MCPCLIENT_OK, or the status of a failed call, each as described at
///         mcpclient_connect: MCPCLIENT_ERROR_INVALID_ARGUMENT,
///         _INVALID_STATE, _NETWORK, _TLS, _TIMEOUT, _CANCELLED,
///         _UNAUTHORIZED, _FORBIDDEN, _HTTP, _PROTOCOL, _RPC, _UNSUPPORTED,
///         _INTERNAL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_list_resource_templates(
    client: MaybeUninit<&mut mcpclient>,
    templates_out: *mut *mut mcpclient_value,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        outcome::status(error_out, || {
            let client = arg::required(client, "client")?;
            give(client.0.list_resource_templates()?, templates_out)
        })
    }
}

/// Reads a resource.
///
/// Connects first if needed. Blocks until the server has answered, at most for
/// the time limit of mcpclient_set_timeout_ms; mcpclient_cancel ends it.
///
/// @param client      The client.
/// @param uri         The resource's URI. The library copies uri.
/// @param result_out  NULL, or set on success to the result, with the array
///                    "contents". The caller frees it with
///                    mcpclient_value_free.
/// @param error_out   NULL, or set on failure. The caller frees it with
///                    mcpclient_error_free.
/// @return MCPCLIENT_OK, or the status of a failed call, each as described at
///         mcpclient_connect: MCPCLIENT_ERROR_INVALID_ARGUMENT (also when uri
///         is NULL), _INVALID_STATE, _NETWORK, _TLS, _TIMEOUT, _CANCELLED,
///         _UNAUTHORIZED, _FORBIDDEN, _HTTP, _PROTOCOL, _RPC, _UNSUPPORTED,
///         _INTERNAL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_read_resource(
    client: MaybeUninit<&mut mcpclient>,
    uri: MaybeUninit<&c_char>,
    result_out: *mut *mut mcpclient_value,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        outcome::status(error_out, || {
            let client = arg::required(client, "client")?;
            let uri = arg::text(uri, "uri")?;
            give(client.0.read_resource(uri)?, result_out)
        })
    }
}
