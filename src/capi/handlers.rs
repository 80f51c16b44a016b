use std::ffi::{c_char, c_void};
use std::mem::MaybeUninit;
use std::ptr;
use std::sync::Arc;

use super::arg::{self, Pointer};
use super::client::mcpclient;
use super::error::mcpclient_error;
use super::status::mcpclient_status;
use super::user_data::UserData;
use super::value::{self, mcpclient_value};
use super::{client, guard, outcome, text};
use crate::{Error, NotificationHandler, Reply, RequestHandler};

/// The response to a request of the server. That of a callback is for the
/// callback, on its thread, until it returns; that of an event is for any
/// thread until the event is freed.
pub struct mcpclient_reply([u8; 0]);

// The address of a reply is that of a `Reply`; nothing is ever read through this type.

/// A reply as C holds it.
pub(super) fn address_of(reply: &mut Reply) -> *mut mcpclient_reply {
    ptr::from_mut(reply).cast()
}

/// The same, typed so that the header declares it non-null.
fn lent(reply: &mut Reply) -> MaybeUninit<&mut mcpclient_reply> {
    let mut view = MaybeUninit::<&mut mcpclient_reply>::uninit();
    // SAFETY: a reference and a raw pointer to a sized type have the same layout. Written as a raw pointer, because a
    // reference to the empty type would not be good for the reply behind it.
    unsafe { view.as_mut_ptr().cast::<*mut mcpclient_reply>().write(address_of(reply)) };
    view
}

/// The reply behind a pointer.
///
/// # Safety
/// The pointer is NULL or came from [`address_of`], and nothing else uses the reply meanwhile.
unsafe fn given(reply: MaybeUninit<&mut mcpclient_reply>) -> Result<&mut Reply, Error> {
    let reply: *mut Reply = reply.address().cast_mut().cast();
    // SAFETY: promised by the caller.
    unsafe { reply.as_mut() }.ok_or_else(|| arg::is_null("reply"))
}

/// Receives notifications of the server.
///
/// Runs on the thread of the call during which the notification arrives, or on
/// a thread of the library; several may run at once. Over HTTP with server-sent
/// events it is always the latter, so that the last progress of a call may
/// arrive just after the call has returned.
///
/// @param user_data  The pointer that was registered.
/// @param method     Such as "notifications/tools/list_changed".
/// @param params     The parameters, an empty object when there are none. Not
///                   to be freed.
pub type mcpclient_notification_callback = Option<
    unsafe extern "C" fn(user_data: *mut c_void, method: MaybeUninit<&c_char>, params: MaybeUninit<&mcpclient_value>),
>;

/// Responds to a request of the server, by calling mcpclient_reply_result or
/// mcpclient_reply_error. When it calls neither, the server gets an error.
///
/// Runs on the thread of the call during which the request arrives, or on a
/// thread of the library; several may run at once.
///
/// @param user_data  The pointer that was registered.
/// @param method     Such as "elicitation/create".
/// @param params     The parameters, an empty object when there are none. Not
///                   to be freed.
/// @param reply      Where to leave the response.
pub type mcpclient_request_callback = Option<
    unsafe extern "C" fn(
        user_data: *mut c_void,
        method: MaybeUninit<&c_char>,
        params: MaybeUninit<&mcpclient_value>,
        reply: MaybeUninit<&mut mcpclient_reply>,
    ),
>;

/// Sets the callback for notifications of one method, or of all. A notification
/// goes to both.
///
/// @param method    Such as "notifications/message"; NULL: all.
/// @param callback  Replaces the previous one; NULL removes it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_on_notification(
    client: MaybeUninit<&mut mcpclient>,
    method: *const c_char,
    callback: mcpclient_notification_callback,
    user_data: *mut c_void,
    user_data_free: Option<unsafe extern "C" fn(user_data: *mut c_void)>,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    let user_data = UserData::new(user_data, user_data_free);
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        outcome::status(error_out, || {
            let client = client::of(client)?;
            let method = arg::optional_text(method, "method")?;
            let handler = callback.map(|callback| -> NotificationHandler {
                Arc::new(move |method, params| {
                    let method = text::terminated(method);
                    callback(user_data.pointer(), text::never_null(&method), value::lent(params));
                })
            });
            client.on_notification(method, handler)
        })
    }
}

/// Sets the callback that responds to one kind of request of the server.
///
/// It declares the client's capability to the server, so set it before
/// connecting. Elicitation by URL and sampling with tools are refused before
/// they reach the callback, unless mcpclient_set_capabilities declares them.
///
/// @param method    "elicitation/create", "sampling/createMessage" or
///                  "roots/list".
/// @param callback  Replaces the previous one; NULL removes it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_on_request(
    client: MaybeUninit<&mut mcpclient>,
    method: MaybeUninit<&c_char>,
    callback: mcpclient_request_callback,
    user_data: *mut c_void,
    user_data_free: Option<unsafe extern "C" fn(user_data: *mut c_void)>,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    let user_data = UserData::new(user_data, user_data_free);
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        outcome::status(error_out, || {
            let client = client::of(client)?;
            let method = arg::text(method, "method")?;
            let handler = callback.map(|callback| -> RequestHandler {
                Arc::new(move |method, params, reply| {
                    let method = text::terminated(method);
                    let params = value::lent(params);
                    callback(user_data.pointer(), text::never_null(&method), params, lent(reply));
                })
            });
            client.on_request(method, handler)
        })
    }
}

/// Responds to the server's request with a result. The last response counts; it
/// is sent when the callback has returned or the event was freed.
///
/// @param reply        The reply of the callback or event.
/// @param result_json  A JSON object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_reply_result(
    reply: MaybeUninit<&mut mcpclient_reply>,
    result_json: MaybeUninit<&c_char>,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe { outcome::status(error_out, || given(reply)?.result(arg::text(result_json, "result_json")?)) }
}

/// Responds to the server's request with an error. The last response counts; it
/// is sent when the callback has returned or the event was freed.
///
/// @param reply    The reply of the callback or event.
/// @param code     A JSON-RPC error code, such as -32603.
/// @param message  One line that says what failed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_reply_error(
    reply: MaybeUninit<&mut mcpclient_reply>,
    code: i32,
    message: MaybeUninit<&c_char>,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        outcome::status(error_out, || {
            given(reply)?.error(code, arg::text(message, "message")?);
            Ok(())
        })
    }
}

/// Subscribes to notifications outside calls, until mcpclient_stop_listening or
/// mcpclient_close.
///
/// Opens a stream that a thread of the library reads; the thread runs the
/// callbacks, and opens the stream again when it breaks. Replaces the previous
/// stream. A call that ends when the server has accepted the stream;
/// MCPCLIENT_ERROR_UNSUPPORTED when the server offers none, or accepts nothing
/// of the filter.
///
/// @param filter_json  A JSON object of what to send, such as
///                     {"toolsListChanged":true,
///                     "resourceSubscriptions":["file:///x"]}; NULL: an empty
///                     object. Before protocol version 2026-07-28, servers send
///                     all notifications except changes of resources without
///                     being asked.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_listen(
    client: MaybeUninit<&mut mcpclient>,
    filter_json: *const c_char,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        outcome::status(error_out, || client::of(client)?.listen(arg::optional_text(filter_json, "filter_json")?))
    }
}

/// Ends what mcpclient_listen began: closes its stream, and unsubscribes from
/// the resources of its filter. A callback that is running may return later.
///
/// Before protocol version 2026-07-28 the stream stays open while callbacks are
/// set, since the server may send requests on it.
///
/// @param client  The client; NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_stop_listening(client: *mut mcpclient) {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        guard::plain((), || {
            if let Some(client) = arg::optional(client) {
                client.0.stop_listening();
            }
        })
    }
}
