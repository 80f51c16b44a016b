//! The library through its C functions, declared and called as a C program does.

#![allow(unsafe_code)] // the C ABI has no other door

use std::ffi::{CStr, CString, c_char, c_void};
use std::path::Path;
use std::ptr;
use std::time::Duration;

use mcpclient::TransportKind;

use super::driver::{Asked, Driver, Failure, Outcome, PARAMETERS};

#[repr(C)]
struct Handle {
    _opaque: [u8; 0],
}

type Errors = *mut *mut Handle;
type Text = *const c_char;
type Release = unsafe extern "C" fn(*mut c_void);
type TokenCallback = unsafe extern "C" fn(*mut c_void, *mut Handle);

unsafe extern "C" {
    fn mcpclient_new(url: Text, error: Errors) -> *mut Handle;
    fn mcpclient_free(client: *mut Handle);
    fn mcpclient_set_transport(client: *mut Handle, transport: i32, error: Errors) -> i32;
    fn mcpclient_set_protocol_version(client: *mut Handle, version: Text, error: Errors) -> i32;
    fn mcpclient_set_bearer_token(client: *mut Handle, token: Text, error: Errors) -> i32;
    fn mcpclient_set_auth(client: *mut Handle, auth: *mut Handle, error: Errors) -> i32;
    fn mcpclient_set_header(client: *mut Handle, name: Text, value: Text, error: Errors) -> i32;
    fn mcpclient_set_timeout_ms(client: *mut Handle, ms: u32, error: Errors) -> i32;
    fn mcpclient_set_connect_timeout_ms(client: *mut Handle, ms: u32, error: Errors) -> i32;
    fn mcpclient_set_max_response_bytes(client: *mut Handle, bytes: u64, error: Errors) -> i32;
    fn mcpclient_set_ca_file(client: *mut Handle, path: Text, error: Errors) -> i32;
    fn mcpclient_set_tls_verify(client: *mut Handle, verify: bool, error: Errors) -> i32;
    fn mcpclient_set_proxy(client: *mut Handle, url: Text, error: Errors) -> i32;
    fn mcpclient_connect(client: *mut Handle, error: Errors) -> i32;
    fn mcpclient_ping(client: *mut Handle, error: Errors) -> i32;
    fn mcpclient_call_tool(
        client: *mut Handle,
        name: Text,
        arguments: Text,
        result: *mut *mut Handle,
        error: Errors,
    ) -> i32;
    fn mcpclient_value_string(value: *const Handle, pointer: Text) -> Text;
    fn mcpclient_value_free(value: *mut Handle);
    fn mcpclient_cancel(client: *mut Handle);
    fn mcpclient_close(client: *mut Handle);
    fn mcpclient_transport_in_use(client: *const Handle) -> i32;
    fn mcpclient_protocol_version(client: *const Handle) -> *const c_char;
    fn mcpclient_auth_bearer_new(token: Text, error: Errors) -> *mut Handle;
    fn mcpclient_auth_set_token(auth: *mut Handle, token: Text, error: Errors) -> i32;
    fn mcpclient_auth_token_file_new(path: Text, error: Errors) -> *mut Handle;
    fn mcpclient_auth_token_callback_new(
        callback: TokenCallback,
        user_data: *mut c_void,
        user_data_free: Option<Release>,
        error: Errors,
    ) -> *mut Handle;
    fn mcpclient_token_request_challenge(request: *const Handle) -> Text;
    fn mcpclient_token_request_set(request: *mut Handle, token: Text, error: Errors) -> i32;
    fn mcpclient_auth_free(auth: *mut Handle);
    fn mcpclient_error_status(error: *const Handle) -> i32;
    fn mcpclient_error_message(error: *const Handle) -> Text;
    fn mcpclient_error_http_status(error: *const Handle) -> i32;
    fn mcpclient_error_rpc_code(error: *const Handle) -> i32;
    fn mcpclient_error_rpc_data(error: *const Handle) -> Text;
    fn mcpclient_error_www_authenticate(error: *const Handle) -> Text;
    fn mcpclient_error_challenge_parameter(error: *const Handle, name: Text) -> Text;
    fn mcpclient_error_free(error: *mut Handle);
}

fn c_string(text: &str) -> CString {
    CString::new(text).expect("a text without NUL")
}

fn optional(text: Option<&str>) -> Option<CString> {
    text.map(c_string)
}

fn pointer(text: &Option<CString>) -> Text {
    text.as_ref().map_or(ptr::null(), |text| text.as_ptr())
}

fn path_text(path: &Path) -> CString {
    c_string(path.to_str().expect("a path of UTF-8"))
}

/// What a `const char *` says; `None` for NULL.
unsafe fn read(text: Text) -> Option<String> {
    // SAFETY: the library gives NULL or a terminated string that its handle keeps.
    (!text.is_null()).then(|| unsafe { CStr::from_ptr(text) }.to_str().expect("UTF-8").to_owned())
}

/// Reads an error object and frees it.
unsafe fn failure(error: *mut Handle) -> Failure {
    assert!(!error.is_null(), "a failure without an error object");
    // SAFETY: an error object is valid until it is freed, at the end.
    unsafe {
        let parameter = |name| {
            let c_name = c_string(name);
            read(mcpclient_error_challenge_parameter(error, c_name.as_ptr())).map(|value| (name, value))
        };
        let failure = Failure {
            status: mcpclient_error_status(error),
            message: read(mcpclient_error_message(error)).expect("a message"),
            http_status: mcpclient_error_http_status(error),
            rpc_code: mcpclient_error_rpc_code(error),
            rpc_data: read(mcpclient_error_rpc_data(error)),
            www_authenticate: read(mcpclient_error_www_authenticate(error)),
            challenge: PARAMETERS.into_iter().filter_map(parameter).collect(),
        };
        mcpclient_error_free(error);
        failure
    }
}

/// Makes a call that returns a status.
fn call(call: impl FnOnce(Errors) -> i32) -> Outcome {
    let mut error = ptr::null_mut();
    match call(&raw mut error) {
        0 => {
            assert!(error.is_null(), "success leaves the error alone");
            Ok(())
        }
        status => {
            // SAFETY: the library has just stored it.
            let failure = unsafe { failure(error) };
            assert_eq!(failure.status, status, "the status returned and the status of the error");
            Err(failure)
        }
    }
}

/// Makes a call that returns a new handle.
fn make(call: impl FnOnce(Errors) -> *mut Handle) -> Outcome<*mut Handle> {
    let mut error = ptr::null_mut();
    let handle = call(&raw mut error);
    // SAFETY: without a handle the library has stored an error.
    if handle.is_null() { Err(unsafe { failure(error) }) } else { Ok(handle) }
}

/// The `mcpclient_*` functions.
#[derive(Debug)]
pub struct C(*mut Handle);

// SAFETY: the contract lets any thread use a client, several at once.
unsafe impl Send for C {}
// SAFETY: as above.
unsafe impl Sync for C {}

impl Drop for C {
    fn drop(&mut self) {
        // SAFETY: ours, and its last use.
        unsafe { mcpclient_free(self.0) };
    }
}

/// An auth object of the C API.
#[derive(Debug)]
pub struct CAuth(*mut Handle);

// SAFETY: the contract lets any thread use an auth object, several at once.
unsafe impl Send for CAuth {}
// SAFETY: as above.
unsafe impl Sync for CAuth {}

impl Drop for CAuth {
    fn drop(&mut self) {
        // SAFETY: ours, and its last use.
        unsafe { mcpclient_auth_free(self.0) };
    }
}

struct CAsked(*mut Handle);

impl Asked for CAsked {
    fn challenge(&self) -> Option<String> {
        // SAFETY: the request is valid during the callback.
        unsafe { read(mcpclient_token_request_challenge(self.0)) }
    }

    fn set(&mut self, token: &str) -> Outcome {
        let token = c_string(token);
        // SAFETY: as above.
        call(|error| unsafe { mcpclient_token_request_set(self.0, token.as_ptr(), error) })
    }
}

type Provider = Box<dyn Fn(&mut dyn Asked) + Send + Sync>;

unsafe extern "C" fn ask(user_data: *mut c_void, request: *mut Handle) {
    // SAFETY: `token_provider` passed a provider, which lives until `forget`.
    let provider = unsafe { &*user_data.cast::<Provider>() };
    provider(&mut CAsked(request));
}

unsafe extern "C" fn forget(user_data: *mut c_void) {
    // SAFETY: made by `token_provider`; the library calls this once.
    drop(unsafe { Box::from_raw(user_data.cast::<Provider>()) });
}

// SAFETY of every block below: the client and the auth objects are alive while `self` is, texts while the call runs.
impl Driver for C {
    type Auth = CAuth;

    fn new(url: &str) -> Outcome<C> {
        let url = c_string(url);
        make(|error| unsafe { mcpclient_new(url.as_ptr(), error) }).map(C)
    }

    fn connect(&self) -> Outcome {
        call(|error| unsafe { mcpclient_connect(self.0, error) })
    }

    fn ping(&self) -> Outcome {
        call(|error| unsafe { mcpclient_ping(self.0, error) })
    }

    fn call_tool(&self, name: &str) -> Outcome<String> {
        let (name, mut result) = (c_string(name), ptr::null_mut());
        call(|error| unsafe { mcpclient_call_tool(self.0, name.as_ptr(), ptr::null(), &raw mut result, error) })?;
        let text = unsafe { read(mcpclient_value_string(result, c"/content/0/text".as_ptr())) };
        unsafe { mcpclient_value_free(result) };
        Ok(text.unwrap_or_default())
    }

    fn cancel(&self) {
        unsafe { mcpclient_cancel(self.0) };
    }

    fn close(&self) {
        unsafe { mcpclient_close(self.0) };
    }

    fn set_transport(&self, transport: TransportKind) -> Outcome {
        call(|error| unsafe { mcpclient_set_transport(self.0, transport as i32, error) })
    }

    fn set_protocol_version(&self, version: Option<&str>) -> Outcome {
        let version = optional(version);
        call(|error| unsafe { mcpclient_set_protocol_version(self.0, pointer(&version), error) })
    }

    fn set_bearer_token(&self, token: Option<&str>) -> Outcome {
        let token = optional(token);
        call(|error| unsafe { mcpclient_set_bearer_token(self.0, pointer(&token), error) })
    }

    fn set_auth(&self, auth: Option<&CAuth>) -> Outcome {
        let auth = auth.map_or(ptr::null_mut(), |auth| auth.0);
        call(|error| unsafe { mcpclient_set_auth(self.0, auth, error) })
    }

    fn set_header(&self, name: &str, value: Option<&str>) -> Outcome {
        let (name, value) = (c_string(name), optional(value));
        call(|error| unsafe { mcpclient_set_header(self.0, name.as_ptr(), pointer(&value), error) })
    }

    fn set_timeout(&self, timeout: Duration) {
        let ms = timeout.as_millis().try_into().expect("a timeout of some hours at most");
        call(|error| unsafe { mcpclient_set_timeout_ms(self.0, ms, error) }).unwrap();
    }

    fn set_connect_timeout(&self, timeout: Duration) {
        let ms = timeout.as_millis().try_into().expect("a timeout of some hours at most");
        call(|error| unsafe { mcpclient_set_connect_timeout_ms(self.0, ms, error) }).unwrap();
    }

    fn set_max_response_bytes(&self, bytes: u64) -> Outcome {
        call(|error| unsafe { mcpclient_set_max_response_bytes(self.0, bytes, error) })
    }

    fn set_ca_file(&self, path: Option<&Path>) -> Outcome {
        let path = path.map(path_text);
        call(|error| unsafe { mcpclient_set_ca_file(self.0, pointer(&path), error) })
    }

    fn set_tls_verify(&self, verify: bool) -> Outcome {
        call(|error| unsafe { mcpclient_set_tls_verify(self.0, verify, error) })
    }

    fn set_proxy(&self, proxy: Option<&str>) -> Outcome {
        let proxy = optional(proxy);
        call(|error| unsafe { mcpclient_set_proxy(self.0, pointer(&proxy), error) })
    }

    fn transport_in_use(&self) -> TransportKind {
        let number = unsafe { mcpclient_transport_in_use(self.0) };
        TransportKind::from_number(number).expect("a transport of the header")
    }

    fn protocol_version(&self) -> Option<String> {
        unsafe { read(mcpclient_protocol_version(self.0)) }
    }

    fn bearer_auth(token: &str) -> Outcome<CAuth> {
        let token = c_string(token);
        make(|error| unsafe { mcpclient_auth_bearer_new(token.as_ptr(), error) }).map(CAuth)
    }

    fn set_token(auth: &CAuth, token: &str) -> Outcome {
        let token = c_string(token);
        call(|error| unsafe { mcpclient_auth_set_token(auth.0, token.as_ptr(), error) })
    }

    fn token_file(path: &Path) -> Outcome<CAuth> {
        let path = path_text(path);
        make(|error| unsafe { mcpclient_auth_token_file_new(path.as_ptr(), error) }).map(CAuth)
    }

    fn token_provider(provider: impl Fn(&mut dyn Asked) + Send + Sync + 'static) -> CAuth {
        let provider: Box<Provider> = Box::new(Box::new(provider));
        let user_data = Box::into_raw(provider).cast();
        make(|error| unsafe { mcpclient_auth_token_callback_new(ask, user_data, Some(forget), error) })
            .map(CAuth)
            .unwrap()
    }
}
