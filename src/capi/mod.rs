//! The C ABI: every type, constant and function of `mcpclient.h`, which `build.rs` generates from these files.
//!
//! The doc comments of everything exported are the manual that C programmers read, so they are written in the terms of
//! C. Notes for readers of this code stand in `//` comments, which do not reach the header.
//!
//! An exported function reads its arguments (`arg`), calls the safe core and writes its outputs, all inside a closure
//! of `outcome` (a result becomes a status and an error object) or `guard` (it cannot fail). Both catch panics. The
//! function is `unsafe` because it trusts the caller to keep the contract of the header: each pointer is NULL or points
//! to what its type says, alive for as long as the header asks. What can be checked is checked, and is an error instead
//! of undefined behaviour.

#![allow(non_camel_case_types)] // the types are named as in C
#![allow(clippy::missing_safety_doc)] // the header's opening page states the contract once, for all functions

// The order of these modules is the order of the header's sections; the first line of each comment is a section's
// title. build/header.rs reads them.

/// Version of the library
pub mod version;

/// Status codes
pub mod status;

/// Clients
pub mod client;

/// Servers that are programs (stdio)
///
/// A client of a program has the functions of every client. Those for HTTP
/// (credentials, headers, TLS, proxy, connect limit) are
/// MCPCLIENT_ERROR_UNSUPPORTED for it, and the ones here for a client of a URL.
/// The program gets its credentials as environment variables.
///
/// A program that cannot be started is MCPCLIENT_ERROR_INVALID_STATE. One that
/// ends, closes its stdout or does not read is MCPCLIENT_ERROR_NETWORK; the
/// message has its exit status and the last line on its stderr.
pub mod stdio;

/// Configuration files
///
/// The files in which Claude Desktop, Claude Code, Cursor, Windsurf, VS Code,
/// FastMCP and Gemini CLI list servers.
pub mod config;

/// Settings of a client
///
/// They take effect on the next request.
pub mod settings;

/// Scopes
///
/// A scope is a handle on a client with limits, progress, "_meta" and
/// cancellation of its own: one for each call, thread or request that a program
/// serves. Every call takes a scope where it takes a client, and so do the
/// functions of this section and mcpclient_set_timeout_ms,
/// mcpclient_set_connect_timeout_ms, mcpclient_set_max_response_bytes and
/// mcpclient_cancel. Settings of the client as a whole are
/// MCPCLIENT_ERROR_INVALID_STATE through a scope.
pub mod scope;

/// Credentials and headers of a client
pub mod credentials;

/// TLS and proxy of a client
pub mod network;

/// Credentials that clients share
///
/// Made once, given to any number of clients by mcpclient_set_auth.
pub mod auth;

/// OAuth credentials
///
/// Credentials that get their own access tokens, as the authorization section
/// of the MCP specification describes: the 401 of the server names its
/// authorization server, a token is fetched and renewed before it ends, and a
/// 403 for a missing scope asks for it, once. This happens within the call that
/// needs the token, and within its time limit. One object may serve clients of
/// several servers: it keeps one grant for each, by origin and path of the URL.
/// Settings take effect with the next token, and are
/// MCPCLIENT_ERROR_INVALID_STATE for credentials of other kinds. TLS and proxy
/// settings of the client apply to authorization servers too, its headers and
/// certificate do not. When an authorization server refuses, the call fails
/// with MCPCLIENT_ERROR_UNAUTHORIZED, and mcpclient_error_challenge_parameter
/// returns its "error", "error_description" and "error_uri".
pub mod oauth;

/// OAuth credentials of a person who logs in
pub mod login;

/// Store of OAuth grants
///
/// Without a store, grants live in memory and end with the process.
pub mod store;

/// Requests and notifications
///
/// The following sections have functions for the usual requests.
pub mod requests;

/// Tools
pub mod tools;

/// Tasks
///
/// Work of a tool that outlives a call (extension io.modelcontextprotocol/tasks,
/// and its older form in protocol version 2025-11-25). mcpclient_call_tool
/// follows a task to its end by itself; these functions are for programs that
/// want the task. Its id is text that may be stored: another process may go on
/// with it.
pub mod tasks;

/// Resources
pub mod resources;

/// Prompts and completion
pub mod prompts;

/// Notifications and requests of the server
///
/// They arrive during a call, or at any time after mcpclient_listen.
pub mod handlers;

/// Results
///
/// A value is JSON. A JSON Pointer (RFC 6901) selects a part of it: "" is the
/// whole, "/content/0/text" the member "text" of the first element of the
/// member "content". Of members with the same name the last counts. Strings are
/// valid UTF-8: what is not Unicode in a server's text is replaced by U+FFFD.
///
/// mcpclient_value_at and mcpclient_value_element return views: values that
/// cost nothing and last as long as the value that they are a part of. Every
/// function takes them.
pub mod value;

/// JSON text for arguments and parameters
///
/// Each function that begins with mcpclient_json_set_ puts a value where its
/// JSON Pointer leads, in place of the one that is there. Objects that are
/// missing on the way are made; "/list/-" appends to the array "list", and makes
/// it if it is missing. On failure nothing is changed.
pub mod json;

/// Completion queues
///
/// For programs that must not block: an event loop, a window, a game. Each
/// mcpclient_start_ function checks and copies its arguments, returns at once,
/// and does no I/O. The call then runs on a thread of the queue, with the time
/// limit of its client, which counts from the start. Each operation that was
/// started gives one event, whether it succeeds, fails, is cancelled or runs out
/// of time. A client gets at most half of the threads while another one waits.
/// Operations keep their client alive: mcpclient_free may be called while some
/// are under way. In the child of a fork, the queue is empty.
///
/// user_data is given back by mcpclient_event_user_data and never touched.
/// operation_out is set to the operation's number, which is never 0 and never
/// used again. A full queue is MCPCLIENT_ERROR_INVALID_STATE. When starting
/// fails, there is no event.
pub mod queue;

/// Events
///
/// What mcpclient_queue_next returns.
pub mod event;

/// Errors
///
/// Each function accepts NULL: no error.
pub mod error;

mod arg;
mod guard;
mod outcome;
mod text;
mod user_data;
