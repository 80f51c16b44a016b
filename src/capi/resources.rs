use std::ffi::c_char;
use std::mem::MaybeUninit;

use super::client::mcpclient;
use super::error::mcpclient_error;
use super::status::mcpclient_status;
use super::value::{give, mcpclient_value};
use super::{arg, client, outcome};

/// Lists the resources of the server, all pages. A call.
///
/// @param resources_out  Set to an array of resources, each with "uri" and
///                       "name".
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_list_resources(
    client: MaybeUninit<&mut mcpclient>,
    resources_out: *mut *mut mcpclient_value,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        outcome::status(error_out, || {
            let client = client::of(client)?;
            give(client.list_resources()?, resources_out)
        })
    }
}

/// Lists the resource templates of the server, all pages. A call.
///
/// @param templates_out  Set to an array of templates, each with "uriTemplate"
///                       and "name".
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_list_resource_templates(
    client: MaybeUninit<&mut mcpclient>,
    templates_out: *mut *mut mcpclient_value,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        outcome::status(error_out, || {
            let client = client::of(client)?;
            give(client.list_resource_templates()?, templates_out)
        })
    }
}

/// Reads a resource. A call.
///
/// @param uri         The resource's URI.
/// @param result_out  Set to the result, with the array "contents".
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
            let client = client::of(client)?;
            let uri = arg::text(uri, "uri")?;
            give(client.read_resource(uri)?, result_out)
        })
    }
}
