use std::ffi::c_char;
use std::mem::MaybeUninit;

use super::auth::mcpclient_auth;
use super::error::mcpclient_error;
use super::status::mcpclient_status;
use super::{arg, outcome};
use crate::{Auth, Dpop};

/// When access tokens are bound to a key: one of MCPCLIENT_DPOP_*.
pub type mcpclient_dpop = i32;

/// Bearer tokens; the default.
pub const MCPCLIENT_DPOP_NEVER: i32 = 0;
/// When the authorization server lists ES256 for DPoP.
pub const MCPCLIENT_DPOP_IF_OFFERED: i32 = 1;
/// Only bound tokens: a bearer token is MCPCLIENT_ERROR_PROTOCOL.
pub const MCPCLIENT_DPOP_ALWAYS: i32 = 2;

// The core numbers its choices itself; the two lists must agree.
const _: () = {
    assert!(MCPCLIENT_DPOP_NEVER == Dpop::Never as i32);
    assert!(MCPCLIENT_DPOP_IF_OFFERED == Dpop::IfOffered as i32);
    assert!(MCPCLIENT_DPOP_ALWAYS == Dpop::Always as i32);
};

/// Makes credentials of a service that has an id and a secret at an
/// authorization server (OAuth client credentials).
///
/// @param issuer         The issuer URL of the authorization server: https, or
///                       http on a loopback host; NULL: the first one that a
///                       server names, and from then on no other.
/// @param client_id      The id.
/// @param client_secret  The secret.
/// @return The credentials; NULL on failure.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_auth_client_credentials_new(
    issuer: *const c_char,
    client_id: MaybeUninit<&c_char>,
    client_secret: MaybeUninit<&c_char>,
    error_out: *mut *mut mcpclient_error,
) -> *mut mcpclient_auth {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        outcome::handle(error_out, || {
            let issuer = arg::optional_text(issuer, "issuer")?;
            let secret = arg::text(client_secret, "client_secret")?;
            Auth::client_credentials(issuer, arg::text(client_id, "client_id")?, secret).map(mcpclient_auth)
        })
    }
}

/// Makes credentials of a service that has an id and a private key at an
/// authorization server (private_key_jwt).
///
/// P-256 signs with ES256, Ed25519 with EdDSA, RSA of 2048 to 4096 bits with
/// RS256. Blocks while it reads the file.
///
/// @param issuer        The issuer URL of the authorization server; NULL: the
///                      first one that a server names, and from then on no
///                      other.
/// @param client_id     The id.
/// @param key_pem_path  A PEM file with the key, not encrypted.
/// @return The credentials; NULL on failure.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_auth_private_key_new(
    issuer: *const c_char,
    client_id: MaybeUninit<&c_char>,
    key_pem_path: MaybeUninit<&c_char>,
    error_out: *mut *mut mcpclient_error,
) -> *mut mcpclient_auth {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        outcome::handle(error_out, || {
            let issuer = arg::optional_text(issuer, "issuer")?;
            let key = arg::path(key_pem_path, "key_pem_path")?;
            Auth::private_key(issuer, arg::text(client_id, "client_id")?, key).map(mcpclient_auth)
        })
    }
}

/// Makes credentials of a workload whose platform gives it a JWT, such as a
/// Kubernetes service account or SPIFFE.
///
/// A JWT that the authorization server has refused is not sent again.
///
/// @param issuer     The issuer URL of the authorization server; NULL: the first
///                   one that a server names, and from then on no other.
/// @param client_id  The id of the client; NULL: the JWT says who it is.
/// @param identity   Where the JWT comes from: a token file or a token
///                   callback, which then runs for each JWT, on several threads
///                   at once if it serves several servers. May be freed
///                   afterwards.
/// @return The credentials; NULL on failure.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_auth_workload_new(
    issuer: *const c_char,
    client_id: *const c_char,
    identity: MaybeUninit<&mut mcpclient_auth>,
    error_out: *mut *mut mcpclient_error,
) -> *mut mcpclient_auth {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        outcome::handle(error_out, || {
            let issuer = arg::optional_text(issuer, "issuer")?;
            let client_id = arg::optional_text(client_id, "client_id")?;
            Auth::workload(issuer, client_id, &arg::required(identity, "identity")?.0).map(mcpclient_auth)
        })
    }
}

/// Makes credentials of a user whose organization manages the access to MCP
/// servers by single sign-on (enterprise-managed authorization).
///
/// The identity provider exchanges the user's ID token for an assertion, and
/// the authorization server of the MCP server takes it. The client there is set
/// by mcpclient_auth_set_client or mcpclient_auth_set_client_metadata_url.
///
/// @param idp_issuer         The issuer URL of the identity provider.
/// @param idp_client_id      The id of the client at the identity provider.
/// @param idp_client_secret  The secret there; NULL for a public client.
/// @param identity           Where the ID token comes from, as for
///                           mcpclient_auth_workload_new.
/// @return The credentials; NULL on failure.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_auth_enterprise_new(
    idp_issuer: MaybeUninit<&c_char>,
    idp_client_id: MaybeUninit<&c_char>,
    idp_client_secret: *const c_char,
    identity: MaybeUninit<&mut mcpclient_auth>,
    error_out: *mut *mut mcpclient_error,
) -> *mut mcpclient_auth {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        outcome::handle(error_out, || {
            let issuer = arg::text(idp_issuer, "idp_issuer")?;
            let client_id = arg::text(idp_client_id, "idp_client_id")?;
            let secret = arg::optional_text(idp_client_secret, "idp_client_secret")?;
            let identity = &arg::required(identity, "identity")?.0;
            Auth::enterprise(issuer, client_id, secret, identity).map(mcpclient_auth)
        })
    }
}

/// Sets the client that is registered with an authorization server in advance.
/// Replaces an earlier one, which is also how a secret is rotated.
///
/// @param auth           The credentials.
/// @param issuer         The issuer URL of the authorization server; NULL: the
///                       first one that a server names, and from then on no
///                       other.
/// @param client_id      The id.
/// @param client_secret  The secret; NULL: a public client, or one with a
///                       private key.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_auth_set_client(
    auth: MaybeUninit<&mut mcpclient_auth>,
    issuer: *const c_char,
    client_id: MaybeUninit<&c_char>,
    client_secret: *const c_char,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        outcome::status(error_out, || {
            let auth = &arg::required(auth, "auth")?.0;
            let issuer = arg::optional_text(issuer, "issuer")?;
            let secret = arg::optional_text(client_secret, "client_secret")?;
            auth.set_client(issuer, arg::text(client_id, "client_id")?, secret)
        })
    }
}

/// Sets the private key with which the client proves itself, instead of a
/// secret. Blocks while it reads the file.
///
/// @param auth          The credentials.
/// @param key_pem_path  A PEM file, as for mcpclient_auth_private_key_new.
/// @param key_id        The id of the key ("kid"); NULL: none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_auth_set_private_key(
    auth: MaybeUninit<&mut mcpclient_auth>,
    key_pem_path: MaybeUninit<&c_char>,
    key_id: *const c_char,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        outcome::status(error_out, || {
            let auth = &arg::required(auth, "auth")?.0;
            auth.set_private_key(arg::path(key_pem_path, "key_pem_path")?, arg::optional_text(key_id, "key_id")?)
        })
    }
}

/// Sets the URL of the client's metadata document, which is its id at
/// authorization servers that support such documents.
///
/// @param auth  The credentials.
/// @param url   An https URL with a path.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_auth_set_client_metadata_url(
    auth: MaybeUninit<&mut mcpclient_auth>,
    url: MaybeUninit<&c_char>,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        outcome::status(error_out, || arg::required(auth, "auth")?.0.set_client_metadata_url(arg::text(url, "url")?))
    }
}

/// Sets the scopes to ask for. No others are asked for then, also when a server
/// says that one is missing.
///
/// @param auth    The credentials.
/// @param scopes  Scopes with spaces between them; NULL: those that the server
///                names.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_auth_set_scopes(
    auth: MaybeUninit<&mut mcpclient_auth>,
    scopes: *const c_char,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        outcome::status(error_out, || arg::required(auth, "auth")?.0.set_scopes(arg::optional_text(scopes, "scopes")?))
    }
}

/// Sets the resource parameter (RFC 8707) of requests to the authorization
/// server.
///
/// @param auth      The credentials.
/// @param resource  A URI; "" sends none, which some authorization servers need;
///                  NULL: what the server says of itself, else its URL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_auth_set_resource(
    auth: MaybeUninit<&mut mcpclient_auth>,
    resource: *const c_char,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        outcome::status(error_out, || {
            arg::required(auth, "auth")?.0.set_resource(arg::optional_text(resource, "resource")?)
        })
    }
}

/// Sets the metadata of the authorization server (RFC 8414), instead of
/// fetching it: for one whose document is missing or lacks a member.
///
/// @param auth  The credentials.
/// @param json  A JSON object with at least issuer and token_endpoint; NULL:
///              fetch it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_auth_set_metadata(
    auth: MaybeUninit<&mut mcpclient_auth>,
    json: *const c_char,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        outcome::status(error_out, || arg::required(auth, "auth")?.0.set_metadata(arg::optional_text(json, "json")?))
    }
}

/// Sets whether access tokens are bound to a key that the library makes (DPoP,
/// RFC 9449), so that a stolen token is of no use.
///
/// @param auth  The credentials.
/// @param when  One of MCPCLIENT_DPOP_*.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_auth_set_dpop(
    auth: MaybeUninit<&mut mcpclient_auth>,
    when: mcpclient_dpop,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        outcome::status(error_out, || {
            let unknown = || crate::Error::InvalidArgument(format!("when is {when}, not one of MCPCLIENT_DPOP_*"));
            arg::required(auth, "auth")?.0.set_dpop(Dpop::from_number(when).ok_or_else(unknown)?)
        })
    }
}
