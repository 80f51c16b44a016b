//! Closures of the tests as callbacks of the C functions, with their user data.

#![allow(unsafe_code)] // the C ABI has no other door

use std::ffi::c_void;

use super::c_calls::{c_string, call, json, read};
use super::c_functions::*;
use super::driver::*;

struct CAsked(*mut Handle);

impl Asked for CAsked {
    fn challenge(&self) -> Option<String> {
        // SAFETY: the request is valid during the callback.
        unsafe { read(mcpclient_token_request_challenge(self.0)) }
    }

    fn audience(&self) -> Option<String> {
        // SAFETY: as above.
        unsafe { read(mcpclient_token_request_audience(self.0)) }
    }

    fn set(&mut self, token: &str) -> Outcome {
        let token = c_string(token);
        // SAFETY: as above.
        call(|error| unsafe { mcpclient_token_request_set(self.0, token.as_ptr(), error) })
    }
}

struct CVisitor(*mut Handle);

// The login is valid during the callback.
impl Visitor for CVisitor {
    fn url(&self) -> String {
        unsafe { read(mcpclient_login_url(self.0)) }.expect("a URL")
    }

    fn server(&self) -> String {
        unsafe { read(mcpclient_login_server(self.0)) }.expect("a URL")
    }

    fn finish(&self, redirected_url: &str) -> Outcome {
        let url = c_string(redirected_url);
        call(|error| unsafe { mcpclient_login_finish(self.0, url.as_ptr(), error) })
    }

    fn refuse(&self) {
        unsafe { mcpclient_login_refuse(self.0) };
    }
}

struct CReply(*mut Handle);

impl Replies for CReply {
    fn result(&mut self, json: &str) -> Outcome {
        let json = c_string(json);
        // SAFETY: the reply is valid during the callback.
        call(|error| unsafe { mcpclient_reply_result(self.0, json.as_ptr(), error) })
    }

    fn error(&mut self, code: i32, message: &str) -> Outcome {
        let message = c_string(message);
        // SAFETY: as above.
        call(|error| unsafe { mcpclient_reply_error(self.0, code, message.as_ptr(), error) })
    }
}

pub type Provider = Box<dyn Fn(&mut dyn Asked) + Send + Sync>;

/// A closure as user data; the library frees it by [`free`].
pub fn user_data<T>(closure: T) -> *mut c_void {
    Box::into_raw(Box::new(closure)).cast()
}

pub unsafe extern "C" fn free<T>(user_data: *mut c_void) {
    // SAFETY: made by `user_data`; the library calls this once.
    drop(unsafe { Box::from_raw(user_data.cast::<T>()) });
}

pub unsafe extern "C" fn ask(user_data: *mut c_void, request: *mut Handle) {
    // SAFETY: `token_provider` passed a provider, which lives until `free`.
    let provider = unsafe { &*user_data.cast::<Provider>() };
    provider(&mut CAsked(request));
}

pub type LoginCallback = Box<dyn Fn(&dyn Visitor) + Send + Sync>;

pub unsafe extern "C" fn log_in(user_data: *mut c_void, login: *mut Handle) {
    // SAFETY: `login` passed a callback, which lives until `free`.
    let callback = unsafe { &*user_data.cast::<LoginCallback>() };
    callback(&CVisitor(login));
}

pub unsafe extern "C" fn load(user_data: *mut c_void, request: *mut Handle) {
    // SAFETY: `set_store` passed both functions, which live until `free`; the request is valid during the callback.
    let ((load, _), key) =
        unsafe { (&*user_data.cast::<(Load, Save)>(), read(mcpclient_store_request_key(request)).expect("a key")) };
    if let Some(data) = load(&key) {
        let data = c_string(&data);
        call(|error| unsafe { mcpclient_store_request_set(request, data.as_ptr(), error) }).unwrap();
    }
}

pub unsafe extern "C" fn save(user_data: *mut c_void, request: *mut Handle) {
    // SAFETY: as for `load`.
    let ((_, save), key, data) = unsafe {
        let key = read(mcpclient_store_request_key(request)).expect("a key");
        (&*user_data.cast::<(Load, Save)>(), key, read(mcpclient_store_request_data(request)))
    };
    save(&key, data.as_deref());
}

pub unsafe extern "C" fn notified(user_data: *mut c_void, method: Text, params: *const Handle) {
    // SAFETY: `on_notification` passed a handler, which lives until `free`; the rest lives during the callback.
    let (handler, method, params) =
        unsafe { (&*user_data.cast::<OnNotification>(), read(method).expect("a method"), json(params)) };
    handler(&method, &params);
}

pub unsafe extern "C" fn requested(user_data: *mut c_void, method: Text, params: *const Handle, reply: *mut Handle) {
    // SAFETY: as for notifications.
    let (handler, method, params) =
        unsafe { (&*user_data.cast::<OnRequest>(), read(method).expect("a method"), json(params)) };
    handler(&method, &params, &mut CReply(reply));
}

pub unsafe extern "C" fn line_written(user_data: *mut c_void, line: Text) {
    // SAFETY: as for notifications.
    let (handler, line) = unsafe { (&*user_data.cast::<OnLine>(), read(line).expect("a line")) };
    handler(&line);
}

pub unsafe extern "C" fn progressed(user_data: *mut c_void, progress: f64, total: f64, message: Text) {
    // SAFETY: as for notifications.
    let (handler, message) = unsafe { (&*user_data.cast::<OnProgress>(), read(message)) };
    handler(progress, (total >= 0.0).then_some(total), message.as_deref());
}
