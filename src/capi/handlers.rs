use std::ffi::{c_char, c_void};
use std::mem::MaybeUninit;
use std::sync::Arc;

use super::client::mcpclient;
use super::error::mcpclient_error;
use super::status::mcpclient_status;
use super::user_data::UserData;
use super::value::mcpclient_value;
use super::{arg, guard, outcome, text};
use crate::{NotificationHandler, Reply, RequestHandler};

/// Where a request callback leaves its answer.
///
/// Made by the library for one run of the callback.
/// Threads: to be used by the callback, on its thread, until it returns.
pub struct mcpclient_reply<'a>(&'a mut Reply);

/// Takes notice of what the server sends on its own.
///
/// Runs on the thread of the call during which the notification arrives, or on
/// a thread of the library; several runs may overlap. Over HTTP+SSE it is always
/// the latter, so that the last progress of a call may be reported just after
/// the call has returned. It must return normally (no exception, no longjmp).
///
/// @param user_data  What was given with the callback.
/// @param method     Such as "notifications/tools/list_changed". Valid until
///                   the callback returns.
/// @param params     What came with it, an empty object when nothing did.
///                   Valid until the callback returns. Does not take
///                   ownership.
pub type mcpclient_notification_callback =
    Option<unsafe extern "C" fn(user_data: *mut c_void, method: MaybeUninit<&c_char>, params: &mcpclient_value)>;

/// Answers what the server asks of the client, by calling
/// mcpclient_reply_result or mcpclient_reply_error; the server gets an error
/// when it calls neither.
///
/// Runs on the thread of the call during which the request arrives, or on a
/// thread of the library; several runs may overlap. It must return normally
/// (no exception, no longjmp).
///
/// @param user_data  What was given with the callback.
/// @param method     Such as "elicitation/create". Valid until the callback
///                   returns.
/// @param params     What the server asks, an empty object when nothing came
///                   with it. Valid until the callback returns. Does not take
///                   ownership.
/// @param reply      Where to leave the answer. Valid until the callback
///                   returns.
pub type mcpclient_request_callback = Option<
    unsafe extern "C" fn(
        user_data: *mut c_void,
        method: MaybeUninit<&c_char>,
        params: &mcpclient_value,
        reply: &mut mcpclient_reply,
    ),
>;

/// Sets the callback for notifications of the server.
///
/// A notification goes to the callback of its method and to the one for all.
/// Does not block.
///
/// @param client          The client.
/// @param method          Such as "notifications/message"; NULL: all. The
///                        library copies method.
/// @param callback        Replaces the one that was set; NULL removes it.
/// @param user_data       Passed to the callback. Does not take ownership.
/// @param user_data_free  NULL, or what frees user_data. Runs exactly once, on
///                        any thread: when the callback was replaced or
///                        removed or its client freed, and its last run has
///                        returned; at once when this function fails.
/// @param error_out       NULL, or set on failure. The caller frees it with
///                        mcpclient_error_free.
/// @return MCPCLIENT_OK; MCPCLIENT_ERROR_INVALID_ARGUMENT when client is NULL;
///         MCPCLIENT_ERROR_INTERNAL.
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
            let client = arg::required(client, "client")?;
            let method = arg::optional_text(method, "method")?;
            let handler = callback.map(|callback| -> NotificationHandler {
                Arc::new(move |method, params| {
                    let method = text::terminated(method);
                    callback(user_data.pointer(), text::never_null(&method), &mcpclient_value::lent(params));
                })
            });
            client.0.on_notification(method, handler)
        })
    }
}

/// Sets the callback that answers one kind of request of the server.
///
/// Having one is what tells the server of the client's capability: set it
/// before connecting. Elicitation by URL and sampling with tools are refused
/// before the callback unless mcpclient_set_capabilities declares them. Does
/// not block.
///
/// @param client          The client.
/// @param method          "elicitation/create", "sampling/createMessage" or
///                        "roots/list". The library copies method.
/// @param callback        Replaces the one that was set; NULL removes it.
/// @param user_data       Passed to the callback. Does not take ownership.
/// @param user_data_free  NULL, or what frees user_data. Runs exactly once, on
///                        any thread: when the callback was replaced or
///                        removed or its client freed, and its last run has
///                        returned; at once when this function fails.
/// @param error_out       NULL, or set on failure. The caller frees it with
///                        mcpclient_error_free.
/// @return MCPCLIENT_OK; MCPCLIENT_ERROR_INVALID_ARGUMENT when client or
///         method is NULL or method is empty; MCPCLIENT_ERROR_INTERNAL.
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
            let client = arg::required(client, "client")?;
            let method = arg::text(method, "method")?;
            let handler = callback.map(|callback| -> RequestHandler {
                Arc::new(move |method, params, reply| {
                    let method = text::terminated(method);
                    let params = mcpclient_value::lent(params);
                    callback(user_data.pointer(), text::never_null(&method), &params, &mut mcpclient_reply(reply));
                })
            });
            client.0.on_request(method, handler)
        })
    }
}

/// Answers the server's request with a result.
///
/// The last answer counts when several are given. Does not block: the answer
/// is sent when the callback has returned.
///
/// @param reply        The reply that the callback was given.
/// @param result_json  A JSON object. The library copies result_json.
/// @param error_out    NULL, or set on failure. The caller frees it with
///                     mcpclient_error_free.
/// @return MCPCLIENT_OK; MCPCLIENT_ERROR_INVALID_ARGUMENT when reply or
///         result_json is NULL or result_json is not a JSON object;
///         MCPCLIENT_ERROR_INTERNAL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_reply_result(
    reply: MaybeUninit<&mut mcpclient_reply>,
    result_json: MaybeUninit<&c_char>,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        outcome::status(error_out, || arg::exclusive(reply, "reply")?.0.result(arg::text(result_json, "result_json")?))
    }
}

/// Answers the server's request with an error.
///
/// The last answer counts when several are given. Does not block: the answer
/// is sent when the callback has returned.
///
/// @param reply      The reply that the callback was given.
/// @param code       A JSON-RPC error code, such as -32603.
/// @param message    One line that says what failed. The library copies
///                   message.
/// @param error_out  NULL, or set on failure. The caller frees it with
///                   mcpclient_error_free.
/// @return MCPCLIENT_OK; MCPCLIENT_ERROR_INVALID_ARGUMENT when reply or
///         message is NULL; MCPCLIENT_ERROR_INTERNAL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_reply_error(
    reply: MaybeUninit<&mut mcpclient_reply>,
    code: i32,
    message: MaybeUninit<&c_char>,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        outcome::status(error_out, || arg::exclusive(reply, "reply")?.0.error(code, arg::text(message, "message")?))
    }
}

/// Opens a stream on which the server sends notifications outside any call,
/// until mcpclient_stop_listening or mcpclient_close.
///
/// Takes the place of the stream that was listened to before. Connects first
/// if needed. A thread of the library reads the stream, runs the callbacks and
/// opens the stream again when it breaks. Blocks until the server has accepted
/// it, at most for the time limit of mcpclient_set_timeout_ms;
/// mcpclient_cancel ends that.
///
/// @param client       The client.
/// @param filter_json  A JSON object that says what to send, such as
///                     {"toolsListChanged":true,
///                     "resourceSubscriptions":["file:///x"]}. Before protocol
///                     version 2026-07-28 servers send everything but changes
///                     of resources unasked. NULL: an empty object. The
///                     library copies filter_json.
/// @param error_out    NULL, or set on failure. The caller frees it with
///                     mcpclient_error_free.
/// @return MCPCLIENT_OK, or the status of a failed call, each as described at
///         mcpclient_connect: MCPCLIENT_ERROR_INVALID_ARGUMENT (also when
///         filter_json is not a JSON object), _INVALID_STATE, _NETWORK, _TLS,
///         _TIMEOUT, _CANCELLED, _UNAUTHORIZED, _FORBIDDEN, _HTTP, _PROTOCOL,
///         _RPC, _UNSUPPORTED (also when the server offers no such stream, or
///         agrees to nothing of the filter), _INTERNAL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_listen(
    client: MaybeUninit<&mut mcpclient>,
    filter_json: *const c_char,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        outcome::status(error_out, || {
            arg::required(client, "client")?.0.listen(arg::optional_text(filter_json, "filter_json")?)
        })
    }
}

/// Ends what mcpclient_listen began: closes its stream, and unsubscribes from
/// the resources of its filter.
///
/// Before protocol version 2026-07-28 the stream stays open while callbacks are
/// set, since the server may ask for something on it. Does nothing when there
/// is nothing to end. Does not block: a callback that is running may return
/// later.
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
