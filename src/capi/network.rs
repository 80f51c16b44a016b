use std::ffi::c_char;
use std::mem::MaybeUninit;

use super::client::mcpclient;
use super::error::mcpclient_error;
use super::status::mcpclient_status;
use super::{arg, client, outcome};
use crate::Error;

/// Sets the certificate authorities to trust. Blocks while it reads the file.
///
/// @param pem_path  A file of certificates in PEM format; NULL, the default:
///                  the system's authorities.
/// @return MCPCLIENT_OK; MCPCLIENT_ERROR_INVALID_STATE while connected.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_set_ca_file(
    client: MaybeUninit<&mut mcpclient>,
    pem_path: *const c_char,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe { outcome::status(error_out, || client::of(client)?.set_ca_file(arg::optional_path(pem_path, "pem_path")?)) }
}

/// Sets the certificate by which the client authenticates itself to the server
/// (mutual TLS). Blocks while it reads the files.
///
/// @param cert_pem_path  A file with the certificate and its chain in PEM
///                       format; NULL, the default, together with key_pem_path:
///                       none.
/// @param key_pem_path   A file with the private key in PEM format, not
///                       encrypted; may be the same file; or NULL.
/// @return MCPCLIENT_OK; MCPCLIENT_ERROR_INVALID_STATE while connected.
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
            let client = client::of(client)?;
            let certificate = arg::optional_path(cert_pem_path, "cert_pem_path")?;
            let key = arg::optional_path(key_pem_path, "key_pem_path")?;
            match (certificate, key) {
                (Some(certificate), Some(key)) => client.set_client_certificate(Some((certificate, key))),
                (None, None) => client.set_client_certificate(None),
                (Some(_), None) => Err(Error::InvalidArgument("key_pem_path is NULL, cert_pem_path is not".into())),
                (None, Some(_)) => Err(Error::InvalidArgument("cert_pem_path is NULL, key_pem_path is not".into())),
            }
        })
    }
}

/// Switches the verification of the server's certificate.
///
/// Without it, an attacker on the network path can read everything, credentials
/// included. For tests only.
///
/// @param verify  true, the default: verify; false: accept any certificate.
/// @return MCPCLIENT_OK; MCPCLIENT_ERROR_INVALID_STATE while connected.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_set_tls_verify(
    client: MaybeUninit<&mut mcpclient>,
    verify: MaybeUninit<bool>,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe { outcome::status(error_out, || client::of(client)?.set_tls_verify(arg::boolean(verify))) }
}

/// Sets the proxy through which the server is reached.
///
/// @param proxy_url  Such as "http://user:password@proxy.example:3128"; "":
///                   none; NULL, the default: the one of the environment
///                   variables HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY,
///                   those in lower case first. HTTP_PROXY in upper case is
///                   ignored in a CGI program, where a request header can set
///                   it.
/// @return MCPCLIENT_OK; MCPCLIENT_ERROR_INVALID_STATE while connected.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_set_proxy(
    client: MaybeUninit<&mut mcpclient>,
    proxy_url: *const c_char,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe { outcome::status(error_out, || client::of(client)?.set_proxy(arg::optional_text(proxy_url, "proxy_url")?)) }
}
