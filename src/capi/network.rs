use std::ffi::c_char;
use std::mem::MaybeUninit;

use super::client::mcpclient;
use super::error::mcpclient_error;
use super::status::mcpclient_status;
use super::{arg, outcome};
use crate::Error;

/// Sets the certificate authorities that are trusted instead of the system's.
///
/// Blocks while it reads the file.
///
/// @param client     The client.
/// @param pem_path   A file of certificates in PEM format; NULL, the default:
///                   the system's. The library copies pem_path.
/// @param error_out  NULL, or set on failure. The caller frees it with
///                   mcpclient_error_free.
/// @return MCPCLIENT_OK; MCPCLIENT_ERROR_INVALID_ARGUMENT when client is NULL
///         or the file cannot be read or has no certificate;
///         MCPCLIENT_ERROR_INVALID_STATE while connected;
///         MCPCLIENT_ERROR_INTERNAL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_set_ca_file(
    client: MaybeUninit<&mut mcpclient>,
    pem_path: *const c_char,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        outcome::status(error_out, || {
            arg::required(client, "client")?.0.set_ca_file(arg::optional_path(pem_path, "pem_path")?)
        })
    }
}

/// Sets the certificate by which the client identifies itself to the server.
///
/// Blocks while it reads the files.
///
/// @param client         The client.
/// @param cert_pem_path  A file with the certificate and its chain in PEM
///                       format; NULL, the default, together with
///                       key_pem_path: none. The library copies
///                       cert_pem_path.
/// @param key_pem_path   A file with the private key in PEM format, not
///                       encrypted; may be the same file. The library copies
///                       key_pem_path.
/// @param error_out      NULL, or set on failure. The caller frees it with
///                       mcpclient_error_free.
/// @return MCPCLIENT_OK; MCPCLIENT_ERROR_INVALID_ARGUMENT when client or only
///         one of the paths is NULL, or a file cannot be read or lacks what is
///         asked of it; MCPCLIENT_ERROR_INVALID_STATE while connected;
///         MCPCLIENT_ERROR_INTERNAL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_set_client_certificate(
    client: MaybeUninit<&mut mcpclient>,
    cert_pem_path: *const c_char,
    key_pem_path: *const c_char,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        outcome::status(error_out, || {
            let client = arg::required(client, "client")?;
            let certificate = arg::optional_path(cert_pem_path, "cert_pem_path")?;
            let key = arg::optional_path(key_pem_path, "key_pem_path")?;
            match (certificate, key) {
                (Some(certificate), Some(key)) => client.0.set_client_certificate(Some((certificate, key))),
                (None, None) => client.0.set_client_certificate(None),
                (Some(_), None) => Err(Error::InvalidArgument("key_pem_path is NULL, cert_pem_path is not".into())),
                (None, Some(_)) => Err(Error::InvalidArgument("cert_pem_path is NULL, key_pem_path is not".into())),
            }
        })
    }
}

/// Says whether the server's certificate is checked.
///
/// For tests: without the check, whoever is in between can read everything,
/// credentials included. Does not block.
///
/// @param client     The client.
/// @param verify     false: accept any certificate; true, the default: check
///                   it.
/// @param error_out  NULL, or set on failure. The caller frees it with
///                   mcpclient_error_free.
/// @return MCPCLIENT_OK; MCPCLIENT_ERROR_INVALID_ARGUMENT when client is NULL;
///         MCPCLIENT_ERROR_INVALID_STATE while connected;
///         MCPCLIENT_ERROR_INTERNAL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_set_tls_verify(
    client: MaybeUninit<&mut mcpclient>,
    verify: MaybeUninit<bool>,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe { outcome::status(error_out, || arg::required(client, "client")?.0.set_tls_verify(arg::boolean(verify))) }
}

/// Sets the proxy through which the server is reached.
///
/// Does not block.
///
/// @param client     The client.
/// @param proxy_url  Such as "http://user:password@proxy.example:3128"; "":
///                   none; NULL, the default: what the environment variables
///                   HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY say, in
///                   lower case first; HTTP_PROXY in upper case not in a CGI
///                   program, where anybody can set it. The library copies
///                   proxy_url.
/// @param error_out  NULL, or set on failure. The caller frees it with
///                   mcpclient_error_free.
/// @return MCPCLIENT_OK; MCPCLIENT_ERROR_INVALID_ARGUMENT when client is NULL
///         or the URL cannot be used; MCPCLIENT_ERROR_INVALID_STATE while
///         connected; MCPCLIENT_ERROR_INTERNAL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_set_proxy(
    client: MaybeUninit<&mut mcpclient>,
    proxy_url: *const c_char,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        outcome::status(error_out, || {
            arg::required(client, "client")?.0.set_proxy(arg::optional_text(proxy_url, "proxy_url")?)
        })
    }
}
