use std::ffi::{c_char, c_void};
use std::mem::MaybeUninit;
use std::time::Duration;

use super::client::mcpclient;
use super::error::mcpclient_error;
use super::event::mcpclient_event;
use super::status::mcpclient_status;
use super::{arg, guard, outcome};
use crate::{Client, Error, ListKind, Queue};

/// Calls that run on threads of the library, and their results as events. A
/// queue serves any number of clients; any thread may use it.
pub struct mcpclient_queue(Queue);

/// Makes an empty queue. It starts no thread before the first operation.
///
/// @return The queue; NULL when the process has no descriptor left.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_queue_new(error_out: *mut *mut mcpclient_error) -> *mut mcpclient_queue {
    // SAFETY: the caller keeps the contract of the header.
    unsafe { outcome::handle(error_out, || Queue::new().map(mcpclient_queue)) }
}

/// Sets how many operations may run at once, each on its thread.
///
/// @param most  1 to 1024; default 8.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_queue_set_threads(
    queue: MaybeUninit<&mut mcpclient_queue>,
    most: u32,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe { outcome::status(error_out, || arg::required(queue, "queue")?.0.set_threads(most)) }
}

/// Sets how many operations may be under way: started, and their event not yet
/// taken.
///
/// @param most  1 or more; default 1024.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_queue_set_limit(
    queue: MaybeUninit<&mut mcpclient_queue>,
    most: u32,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe { outcome::status(error_out, || arg::required(queue, "queue")?.0.set_limit(most)) }
}

/// Returns a descriptor that is readable while the queue has an event: for
/// poll, epoll, libuv, GLib and their like.
///
/// It belongs to the queue: never read, write or close it. It is
/// level-triggered; with edge triggering, take events until there is none. The
/// child of a fork must ask again.
///
/// @param queue  The queue, or NULL.
/// @return The descriptor; -1 for NULL and where there is none (Windows).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_queue_fd(queue: *const mcpclient_queue) -> i32 {
    // SAFETY: the caller keeps the contract of the header.
    unsafe { guard::plain(-1, || arg::optional(queue).map_or(-1, |queue| queue.0.descriptor())) }
}

/// Takes the next event. Events come in the order in which operations end.
///
/// @param queue       The queue, or NULL.
/// @param timeout_ms  How long to wait for one; 0: not at all; -1: until there
///                    is one.
/// @return The event, to be freed with mcpclient_event_free; NULL: none.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_queue_next(queue: *const mcpclient_queue, timeout_ms: i32) -> *mut mcpclient_event {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        guard::plain(std::ptr::null_mut(), || {
            let timeout = u64::try_from(timeout_ms).ok().map(Duration::from_millis);
            let event = arg::optional(queue).and_then(|queue| queue.0.next(timeout));
            event.map_or(std::ptr::null_mut(), mcpclient_event::give)
        })
    }
}

/// Counts the operations under way.
///
/// @param queue  The queue, or NULL.
/// @return The number of those whose event was not taken; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_queue_pending(queue: *const mcpclient_queue) -> usize {
    // SAFETY: the caller keeps the contract of the header.
    unsafe { guard::plain(0, || arg::optional(queue).map_or(0, |queue| queue.0.pending())) }
}

/// Counts the notifications that were dropped. 1024 may wait to be taken.
///
/// @param queue  The queue, or NULL.
/// @return Their number since the queue was made; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_queue_lost(queue: *const mcpclient_queue) -> u64 {
    // SAFETY: the caller keeps the contract of the header.
    unsafe { guard::plain(0, || arg::optional(queue).map_or(0, |queue| queue.0.lost())) }
}

/// Ends an operation with MCPCLIENT_ERROR_CANCELLED. Its event comes all the
/// same.
///
/// @param queue      The queue; NULL is ignored.
/// @param operation  The number of mcpclient_start_..., 0: all. A number that
///                   is unknown or has ended is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_queue_cancel(queue: *const mcpclient_queue, operation: u64) {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        guard::plain((), || {
            if let Some(queue) = arg::optional(queue) {
                queue.0.cancel(operation);
            }
        })
    }
}

/// Frees a queue and cancels its operations. Their user_data is not given back:
/// cancel all and take events until mcpclient_queue_pending is 0 where it must
/// be freed. Blocks for one second at most.
///
/// @param queue  The queue; NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_queue_free(queue: *mut mcpclient_queue) {
    // SAFETY: the caller keeps the contract of the header.
    unsafe { guard::plain((), || drop(arg::owned(queue))) }
}

/// Starts mcpclient_connect.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_start_connect(
    client: MaybeUninit<&mut mcpclient>,
    queue: MaybeUninit<&mut mcpclient_queue>,
    user_data: *mut c_void,
    operation_out: *mut u64,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        outcome::status(error_out, || {
            start(client, queue, operation_out, |queue, client| queue.start_connect(client, number(user_data)))
        })
    }
}

/// Starts mcpclient_ping.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_start_ping(
    client: MaybeUninit<&mut mcpclient>,
    queue: MaybeUninit<&mut mcpclient_queue>,
    user_data: *mut c_void,
    operation_out: *mut u64,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        outcome::status(error_out, || {
            start(client, queue, operation_out, |queue, client| queue.start_ping(client, number(user_data)))
        })
    }
}

/// Starts mcpclient_request, by which also "tools/call", "resources/read",
/// "prompts/get" and "completion/complete" are sent. The event has the result.
///
/// @param method  Such as "tools/call".
/// @param params  A JSON object, such as {"name":"add","arguments":{"a":1}};
///                NULL: none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_start_request(
    client: MaybeUninit<&mut mcpclient>,
    method: MaybeUninit<&c_char>,
    params: *const c_char,
    queue: MaybeUninit<&mut mcpclient_queue>,
    user_data: *mut c_void,
    operation_out: *mut u64,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        outcome::status(error_out, || {
            let (method, params) = (arg::text(method, "method")?, arg::optional_text(params, "params")?);
            start(client, queue, operation_out, |queue, client| {
                queue.start_request(client, method, params, number(user_data))
            })
        })
    }
}

/// A list for mcpclient_start_list: the tools.
pub const MCPCLIENT_LIST_TOOLS: i32 = 0;
/// A list for mcpclient_start_list: the resources.
pub const MCPCLIENT_LIST_RESOURCES: i32 = 1;
/// A list for mcpclient_start_list: the resource templates.
pub const MCPCLIENT_LIST_RESOURCE_TEMPLATES: i32 = 2;
/// A list for mcpclient_start_list: the prompts.
pub const MCPCLIENT_LIST_PROMPTS: i32 = 3;

/// Starts a list with all its pages. The event has an array.
///
/// @param what  One of MCPCLIENT_LIST_*.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_start_list(
    client: MaybeUninit<&mut mcpclient>,
    what: i32,
    queue: MaybeUninit<&mut mcpclient_queue>,
    user_data: *mut c_void,
    operation_out: *mut u64,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        outcome::status(error_out, || {
            let kind = ListKind::from_number(what)
                .ok_or_else(|| Error::InvalidArgument(format!("what is none of MCPCLIENT_LIST_*: {what}")))?;
            start(client, queue, operation_out, |queue, client| queue.start_list(client, kind, number(user_data)))
        })
    }
}

/// Starts mcpclient_notify.
///
/// @param method  Such as "notifications/roots/list_changed".
/// @param params  A JSON object; NULL: none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_start_notify(
    client: MaybeUninit<&mut mcpclient>,
    method: MaybeUninit<&c_char>,
    params: *const c_char,
    queue: MaybeUninit<&mut mcpclient_queue>,
    user_data: *mut c_void,
    operation_out: *mut u64,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        outcome::status(error_out, || {
            let (method, params) = (arg::text(method, "method")?, arg::optional_text(params, "params")?);
            start(client, queue, operation_out, |queue, client| {
                queue.start_notify(client, method, params, number(user_data))
            })
        })
    }
}

/// Starts mcpclient_listen. The event says whether the server has accepted the
/// stream.
///
/// @param filter_json  As for mcpclient_listen; NULL: an empty object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_start_listen(
    client: MaybeUninit<&mut mcpclient>,
    filter_json: *const c_char,
    queue: MaybeUninit<&mut mcpclient_queue>,
    user_data: *mut c_void,
    operation_out: *mut u64,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        outcome::status(error_out, || {
            let filter = arg::optional_text(filter_json, "filter_json")?;
            start(client, queue, operation_out, |queue, client| queue.start_listen(client, filter, number(user_data)))
        })
    }
}

/// Starts mcpclient_close, so that mcpclient_free after its event does not wait
/// for the server.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_start_close(
    client: MaybeUninit<&mut mcpclient>,
    queue: MaybeUninit<&mut mcpclient_queue>,
    user_data: *mut c_void,
    operation_out: *mut u64,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        outcome::status(error_out, || {
            start(client, queue, operation_out, |queue, client| queue.start_close(client, number(user_data)))
        })
    }
}

/// Turns notifications of the server into events, in place of a callback.
///
/// @param method  Such as "notifications/message"; NULL: all.
/// @return MCPCLIENT_OK; MCPCLIENT_ERROR_INVALID_STATE when a callback is set
///         for the method.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_queue_notifications(
    queue: MaybeUninit<&mut mcpclient_queue>,
    client: MaybeUninit<&mut mcpclient>,
    method: *const c_char,
    user_data: *mut c_void,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        outcome::status(error_out, || {
            let (queue, client) = (arg::required(queue, "queue")?, arg::required(client, "client")?);
            queue.0.notifications(&client.0, arg::optional_text(method, "method")?, number(user_data))
        })
    }
}

/// Turns requests of the server into events, in place of a callback. Like one,
/// it declares the client's capability. 64 requests may wait to be taken;
/// further ones get an error.
///
/// @param method  "elicitation/create", "sampling/createMessage" or
///                "roots/list".
/// @return MCPCLIENT_OK; MCPCLIENT_ERROR_INVALID_STATE when a callback is set
///         for the method.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_queue_requests(
    queue: MaybeUninit<&mut mcpclient_queue>,
    client: MaybeUninit<&mut mcpclient>,
    method: MaybeUninit<&c_char>,
    user_data: *mut c_void,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        outcome::status(error_out, || {
            let (queue, client) = (arg::required(queue, "queue")?, arg::required(client, "client")?);
            queue.0.requests(&client.0, arg::text(method, "method")?, number(user_data))
        })
    }
}

/// The core keeps a number for the program.
fn number(user_data: *mut c_void) -> usize {
    user_data.expose_provenance()
}

/// # Safety
/// The pointers are those of an exported function.
unsafe fn start(
    client: MaybeUninit<&mut mcpclient>,
    queue: MaybeUninit<&mut mcpclient_queue>,
    operation_out: *mut u64,
    start: impl FnOnce(&Queue, &Client) -> Result<u64, Error>,
) -> Result<(), Error> {
    // SAFETY: promised by the caller.
    let (client, queue) = unsafe { (arg::required(client, "client")?, arg::required(queue, "queue")?) };
    let operation = start(&queue.0, &client.0)?;
    if !operation_out.is_null() {
        // SAFETY: not NULL; promised by the caller to be writable.
        unsafe { operation_out.write(operation) };
    }
    Ok(())
}
