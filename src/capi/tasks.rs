use std::ffi::c_char;
use std::mem::MaybeUninit;

use super::client::mcpclient;
use super::error::mcpclient_error;
use super::status::mcpclient_status;
use super::value::{give, mcpclient_value};
use super::{arg, client, guard, outcome, text};

/// Calls a tool as a task. A call that ends when the server has begun the task.
///
/// @param tool         The tool's name.
/// @param arguments    A JSON object; NULL: none.
/// @param task_id_out  Set to the task's id, to be freed with
///                     mcpclient_string_free. Set to NULL when the server has
///                     carried the tool out at once.
/// @param task_out     Set to the task. "/status" is "completed" and "/result"
///                     the result when the server has carried the tool out at
///                     once.
/// @return MCPCLIENT_OK; MCPCLIENT_ERROR_UNSUPPORTED when the server has no
///         tasks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_start_task(
    client: MaybeUninit<&mut mcpclient>,
    tool: MaybeUninit<&c_char>,
    arguments: *const c_char,
    task_id_out: *mut *mut c_char,
    task_out: *mut *mut mcpclient_value,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        outcome::status(error_out, || {
            let client = client::of(client)?;
            let arguments = arg::optional_text(arguments, "arguments")?;
            let (id, task) = client.start_task(arg::text(tool, "tool")?, arguments)?;
            if !task_id_out.is_null() {
                task_id_out.write(id.map_or(std::ptr::null_mut(), |id| text::terminated(&id).into_raw()));
            }
            give(task, task_out)
        })
    }
}

/// Gets the state of a task, also of one that another process has started. A
/// call.
///
/// @param task_id   The task's id.
/// @param task_out  Set to the task, with "/status": "working",
///                  "input_required", "completed", "failed" or "cancelled".
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_get_task(
    client: MaybeUninit<&mut mcpclient>,
    task_id: MaybeUninit<&c_char>,
    task_out: *mut *mut mcpclient_value,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        outcome::status(error_out, || {
            let client = client::of(client)?;
            give(client.get_task(arg::text(task_id, "task_id")?)?, task_out)
        })
    }
}

/// Waits for the result of a task. A call that ends when the task has ended.
/// The task goes on when the call ends before.
///
/// Requests of the server for input go to the callbacks of
/// mcpclient_on_request.
///
/// @param task_id     The task's id.
/// @param result_out  Set to the result, as for mcpclient_call_tool.
/// @return MCPCLIENT_OK; MCPCLIENT_ERROR_RPC when the task failed;
///         MCPCLIENT_ERROR_INVALID_STATE when it was cancelled.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_await_task(
    client: MaybeUninit<&mut mcpclient>,
    task_id: MaybeUninit<&c_char>,
    result_out: *mut *mut mcpclient_value,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe {
        outcome::status(error_out, || {
            let client = client::of(client)?;
            give(client.await_task(arg::text(task_id, "task_id")?)?, result_out)
        })
    }
}

/// Asks the server to cancel a task. The server decides whether and when. A
/// call.
///
/// @param task_id  The task's id.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_cancel_task(
    client: MaybeUninit<&mut mcpclient>,
    task_id: MaybeUninit<&c_char>,
    error_out: *mut *mut mcpclient_error,
) -> mcpclient_status {
    // SAFETY: the caller keeps the contract of the header.
    unsafe { outcome::status(error_out, || client::of(client)?.cancel_task(arg::text(task_id, "task_id")?)) }
}

/// Frees a string that a function returned as "char *".
///
/// @param string  The string; NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpclient_string_free(string: *mut c_char) {
    // SAFETY: the caller keeps the contract of the header.
    unsafe { guard::plain((), || drop(text::owned(string))) }
}
