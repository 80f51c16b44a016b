use std::ffi::{CString, c_char, c_void};
use std::ptr;

use super::error::mcpclient_error;
use super::handlers::{self, mcpclient_reply};
use super::value::{self, mcpclient_value};
use super::{arg, guard, text};
use crate::{DeferredReply, Event, EventKind, Value};

/// An operation ended.
pub const MCPCLIENT_EVENT_DONE: i32 = 0;
/// The server sent a notification.
pub const MCPCLIENT_EVENT_NOTIFICATION: i32 = 1;
/// The server sent a request, and waits for the reply.
pub const MCPCLIENT_EVENT_REQUEST: i32 = 2;

/// One thing that happened. It outlives queue and client. One thread at a time
/// may use it.
pub struct mcpclient_event {
    kind: i32,
    operation: u64,
    user_data: usize,
    error: Option<mcpclient_error>,
    value: Option<Value>,
    method: Option<CString>,
    reply: Option<DeferredReply>,
}

impl mcpclient_event {
    /// Gives an event to the caller, who frees it.
    pub(super) fn give(event: Event) -> *mut mcpclient_event {
        Box::into_raw(Box::new(mcpclient_event::new(event)))
    }

    fn new(event: Event) -> mcpclient_event {
        let mut made = mcpclient_event {
            kind: MCPCLIENT_EVENT_DONE,
            operation: 0,
            user_data: event.user_data,
            error: None,
            value: None,
            method: None,
            reply: None,
        };
        match event.kind {
            EventKind::Done { operation, result } => {
                made.operation = operation;
                match result {
                    Ok(value) => made.value = value,
                    Err(error) => made.error = Some(mcpclient_error::new(error)),
                }
            }
            EventKind::Notification { method, params } => {
                made.kind = MCPCLIENT_EVENT_NOTIFICATION;
                made.method = Some(text::terminated(&method));
                made.value = Some(params);
            }
            EventKind::Request { method, params, reply } => {
                made.kind = MCPCLIENT_EVENT_REQUEST;
                made.method = Some(text::terminated(&method));
                made.value = Some(params);
                made.reply = Some(reply);
            }
        }
        made
    }
}

/// Returns what happened.
///
/// @param event  The event, or NULL.
/// @return One of MCPCLIENT_EVENT_*; MCPCLIENT_EVENT_DONE for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_event_kind(event: *const mcpclient_event) -> i32 {
    // SAFETY: the caller keeps the contract of the header.
    unsafe { guard::plain(0, || arg::optional(event).map_or(MCPCLIENT_EVENT_DONE, |event| event.kind)) }
}

/// Returns the number of the operation that ended.
///
/// @param event  The event, or NULL.
/// @return The number; 0 for NULL and for other events.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_event_operation(event: *const mcpclient_event) -> u64 {
    // SAFETY: the caller keeps the contract of the header.
    unsafe { guard::plain(0, || arg::optional(event).map_or(0, |event| event.operation)) }
}

/// Returns the user_data that the operation was started with, or that
/// mcpclient_queue_notifications or mcpclient_queue_requests was given.
///
/// @param event  The event, or NULL.
/// @return The pointer; NULL for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_event_user_data(event: *const mcpclient_event) -> *mut c_void {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        guard::plain(ptr::null_mut(), || {
            arg::optional(event).map_or(ptr::null_mut(), |event| ptr::with_exposed_provenance_mut(event.user_data))
        })
    }
}

/// Returns why the operation failed.
///
/// @param event  The event, or NULL.
/// @return The error, valid until the event is freed; NULL: it succeeded.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_event_error(event: *const mcpclient_event) -> *const mcpclient_error {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        guard::plain(ptr::null(), || {
            arg::optional(event).and_then(|event| event.error.as_ref()).map_or(ptr::null(), ptr::from_ref)
        })
    }
}

/// Returns the result of the operation, or the parameters of the notification
/// or request.
///
/// @param event  The event, or NULL.
/// @return The value, valid until the event is freed; NULL: none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_event_value(event: *const mcpclient_event) -> *const mcpclient_value {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        guard::plain(ptr::null(), || {
            arg::optional(event).and_then(|event| event.value.as_ref()).map_or(ptr::null(), value::view)
        })
    }
}

/// Returns the method of the notification or request.
///
/// @param event  The event, or NULL.
/// @return The method, valid until the event is freed; NULL: none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_event_method(event: *const mcpclient_event) -> *const c_char {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        guard::plain(ptr::null(), || {
            arg::optional(event).and_then(|event| event.method.as_ref()).map_or(ptr::null(), |method| method.as_ptr())
        })
    }
}

/// Returns where to leave the response to a request, now or later. It is sent
/// when the event is freed.
///
/// @param event  The event, or NULL.
/// @return The reply, valid until the event is freed; NULL for other events.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_event_reply(event: *mut mcpclient_event) -> *mut mcpclient_reply {
    // SAFETY: the caller keeps the contract of the header: one thread at a time uses the event.
    unsafe {
        guard::plain(ptr::null_mut(), || {
            let reply = event.as_mut().and_then(|event| event.reply.as_mut());
            reply.map_or(ptr::null_mut(), |reply| handlers::address_of(reply.reply()))
        })
    }
}

/// Frees an event. A request without a response gets an error.
///
/// @param event  The event; NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_event_free(event: *mut mcpclient_event) {
    // SAFETY: the caller keeps the contract of the header.
    unsafe { guard::plain((), || drop(arg::owned(event))) }
}
