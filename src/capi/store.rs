use std::ffi::{CString, c_char, c_void};
use std::mem::MaybeUninit;

use zeroize::Zeroizing;

use super::auth::mcpclient_auth;
use super::error::mcpclient_error;
use super::status::mcpclient_status;
use super::user_data::UserData;
use super::{arg, guard, outcome, text};
use crate::StoreRequest;

/// What a store callback is to load or save. Only for the callback, on its
/// thread, until it returns.
pub struct mcpclient_store_request<'a> {
    request: &'a mut StoreRequest,
    key: CString,
    data: Option<Zeroizing<CString>>,
}

/// Loads a grant by calling mcpclient_store_request_set, or saves what
/// mcpclient_store_request_data returns.
///
/// Runs on the thread of the call that needs a token, or on the thread that
/// listens. A grant is loaded before the first request and before each refresh.
///
/// @param user_data  The pointer that was registered.
/// @param request    What to load or save.
pub type mcpclient_store_callback =
    Option<unsafe extern "C" fn(user_data: *mut c_void, request: &mut mcpclient_store_request)>;

/// Keeps grants by two callbacks, such as in the keyring of the desktop. To be
/// called before the first call: grants in memory are forgotten.
///
/// Several processes that share such a store need a lock of the program's own
/// around their calls, if refresh tokens are replaced at each use.
///
/// @param auth  The credentials.
/// @param load  Loads a grant.
/// @param save  Saves or removes a grant.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_auth_set_store(
    auth: MaybeUninit<&mut mcpclient_auth>,
    load: mcpclient_store_callback,
    save: mcpclient_store_callback,
    user_data: *mut c_void,
    user_data_free: Option<unsafe extern "C" fn(user_data: *mut c_void)>,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    let user_data = UserData::new(user_data, user_data_free);
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        outcome::status(error_out, || {
            let auth = &arg::required(auth, "auth")?.0;
            let (load, save) = (arg::callback(load, "load")?, arg::callback(save, "save")?);
            let user_data = std::sync::Arc::new(user_data);
            let shared = user_data.clone();
            auth.set_store(
                move |request| load(shared.pointer(), &mut mcpclient_store_request::new(request)),
                move |request| save(user_data.pointer(), &mut mcpclient_store_request::new(request)),
            )
        })
    }
}

impl mcpclient_store_request<'_> {
    fn new(request: &mut StoreRequest) -> mcpclient_store_request<'_> {
        let data = request.data().map(|data| Zeroizing::new(text::terminated(data)));
        mcpclient_store_request { key: text::terminated(request.key()), data, request }
    }
}

/// Returns the name of the grant: ASCII letters, digits and "-". It is no
/// secret and fit for a file name.
///
/// @param request  The request, or NULL.
/// @return The name; NULL for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_store_request_key(request: *const mcpclient_store_request) -> *const c_char {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        guard::plain(text::borrowed(None), || {
            text::borrowed(arg::optional(request).map(|request| request.key.as_c_str()))
        })
    }
}

/// Returns what to save. It is a secret.
///
/// @param request  The request, or NULL.
/// @return JSON text; NULL when the grant is to be removed, and when loading.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_store_request_data(request: *const mcpclient_store_request) -> *const c_char {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        guard::plain(text::borrowed(None), || {
            let request = arg::optional(request);
            text::borrowed(request.and_then(|request| request.data.as_ref()).map(|data| data.as_c_str()))
        })
    }
}

/// Sets what was loaded. Without it there is no grant of this name.
///
/// @param request  The request.
/// @param data     What was saved under the name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_store_request_set(
    request: MaybeUninit<&mut mcpclient_store_request>,
    data: MaybeUninit<&c_char>,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        outcome::status(error_out, || {
            let data = arg::text(data, "data")?;
            arg::exclusive(request, "request")?.request.set(data);
            Ok(())
        })
    }
}

/// Keeps grants in a file, which any number of processes may share. To be
/// called before the first call: grants in memory are forgotten.
///
/// The file is made with mode 0600 when the first grant is saved. Beside it
/// stands a lock file, with ".lock" after its name. Blocks while it reads the
/// file.
///
/// @param auth  The credentials.
/// @param path  The file, in a directory that exists.
/// @return MCPCLIENT_OK; MCPCLIENT_ERROR_INVALID_STATE when the file may be read
///         by others, belongs to another user, is a link, or cannot be read.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_auth_set_store_file(
    auth: MaybeUninit<&mut mcpclient_auth>,
    path: MaybeUninit<&c_char>,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe { outcome::status(error_out, || arg::required(auth, "auth")?.0.set_store_file(arg::path(path, "path")?)) }
}

/// Logs out of the servers that these credentials were used for in this
/// process: removes their grants from memory and store, and revokes them where
/// the authorization server offers that (best effort, 10 seconds at most for
/// each server). The next call logs in again. Blocks meanwhile.
///
/// @param auth  The credentials.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_auth_forget(
    auth: MaybeUninit<&mut mcpclient_auth>,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe { outcome::status(error_out, || arg::required(auth, "auth")?.0.forget()) }
}
