/**
 * @file mcpclient.h
 *
 * A client of the Model Context Protocol (MCP).
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * The library connects to an MCP server over HTTP, or starts one that is a
 * program, authenticates, negotiates transport and protocol version, and calls
 * what the server offers. This program checks that a server works:
 *
 *     #include <mcpclient.h>
 *     #include <stdio.h>
 *
 *     int main(int argc, char **argv)
 *     {
 *         mcpclient_error *error = NULL;
 *         mcpclient *client = mcpclient_new(argc > 1 ? argv[1] : "", &error);
 *         if (client && mcpclient_ping(client, &error) == MCPCLIENT_OK)
 *             puts("The server works.");
 *         else
 *             fprintf(stderr, "%s\n", mcpclient_error_message(error));
 *         int failed = error != NULL;
 *         mcpclient_error_free(error);
 *         mcpclient_free(client);
 *         return failed;
 *     }
 *
 * This one calls a tool, with a token from the environment:
 *
 *     #include <mcpclient.h>
 *     #include <stdio.h>
 *     #include <stdlib.h>
 *
 *     int main(int argc, char **argv)
 *     {
 *         mcpclient_error *error = NULL;
 *         mcpclient_value *result = NULL;
 *         mcpclient *client = mcpclient_new(argc > 1 ? argv[1] : "", &error);
 *         const char *token = getenv("MCP_TOKEN");
 *         const char *arguments = "{\"text\":\"Hello\"}";
 *         if (client
 *             && !mcpclient_set_bearer_token(client, token, &error)
 *             && !mcpclient_call_tool(client, "echo", arguments, &result,
 *                                     &error)) {
 *             const char *at = "/content/0/text";
 *             const char *text = mcpclient_value_string(result, at);
 *             puts(text ? text : "The result has no text.");
 *         } else {
 *             fprintf(stderr, "%s\n", mcpclient_error_message(error));
 *         }
 *         int failed = error != NULL;
 *         mcpclient_value_free(result);
 *         mcpclient_error_free(error);
 *         mcpclient_free(client);
 *         return failed;
 *     }
 *
 * Terms of MCP (https://modelcontextprotocol.io/specification).
 * - Tool: a function of the server that a client calls with JSON arguments.
 * - Resource: data that a client reads from the server by URI. A resource
 *   template is a URI with variables.
 * - Prompt: messages for a language model, with arguments that the server fills
 *   in.
 * - Completion: suggestions for an argument of a prompt or resource template.
 * - Request, response, notification: the messages of JSON-RPC. A request gets a
 *   response with a result or an error; a notification gets none.
 * - Progress: notifications of how far a request is.
 * - Elicitation: a request of the server for input from the user.
 * - Sampling: a request of the server to the language model of the client.
 * - Root: a folder in which the client lets the server work.
 * - Capability: a feature that a side declares when they connect.
 * - Session: what a server remembers of a client between requests. Protocol
 *   version 2026-07-28 has none.
 * - Transport: how messages travel.
 *
 * Ownership. What a function ending in _new, _parse or _copy returns, or leaves
 * in an output (a parameter ending in _out), belongs to the caller, who frees
 * it with the function of its type that ends in _free. That accepts NULL; no
 * other function takes over a handle. The caller may pass NULL for an output,
 * which is written only on success. Everything passed in is copied before the
 * function returns. A string returned as "const char *" belongs to the handle
 * that it was read from and is valid until that is freed, unless the
 * description says otherwise.
 *
 * NULL. Parameters marked MCPCLIENT_NULLABLE may be NULL; each description says
 * what that means. NULL for any other is MCPCLIENT_ERROR_INVALID_ARGUMENT where
 * the function can fail, and never undefined behaviour.
 *
 * Errors. A function that can fail returns a status, or NULL instead of a
 * handle, and takes a place for an error last, error_out. NULL there means that
 * only the status is of interest. On failure a new error object is stored
 * there, which the caller frees with mcpclient_error_free; on success nothing
 * is written, so it should be NULL before. An error that is still there is
 * overwritten, not freed. There is no "last error" of a thread. Any function
 * that can fail may return MCPCLIENT_ERROR_INVALID_ARGUMENT or
 * MCPCLIENT_ERROR_INTERNAL; descriptions name only other statuses. Treat an
 * unknown status as a failure, since a later release may add some.
 *
 * Calls. A function whose description says "A call" sends requests to the
 * server, and connects first if needed. It blocks until the response has
 * arrived, for the time limit of mcpclient_set_timeout_ms at most, and
 * mcpclient_cancel ends it. It may return any status. A session that the server
 * has dropped is replaced by a new one and the request repeated, once. No other
 * function blocks, unless its description says so.
 *
 * Threads. A client may be used from many threads at once, and so may
 * credentials; errors and values never change and may be read from any thread.
 * Only the _free of an object must be its last use. Settings take effect on the
 * next request. The library starts a thread only for what cannot be done within
 * a call: to read what the server sends outside calls, to look up host names,
 * which cannot be interrupted, and to notify a server that a call was cancelled
 * or a session has ended. These threads block the signals of the program; mcpclient_close
 * and mcpclient_free wait for them, one second at most. The library stays in
 * memory once loaded, also after dlclose.
 *
 * Fork, signals, cancellation. After fork, the child's client opens
 * connections and a session of its own and leaves the parent's alone. The
 * library installs no signal handler and raises no SIGPIPE, and a handler of
 * the program without SA_RESTART does not end a call. A pthread_cancel
 * (deferred) acts when the call has returned. A call needs 64 KiB of stack, and
 * what its callbacks use. docs/embedding.md has the details.
 *
 * Strings. All are NUL-terminated and UTF-8, file names included. JSON is
 * passed as text. No JSON library is needed: the functions that begin with
 * mcpclient_value_ read results, those that begin with mcpclient_json_ write
 * arguments.
 *
 * Transport and protocol. By default a client detects the transport (Streamable
 * HTTP, or HTTP with server-sent events) and negotiates the protocol version
 * (2026-07-28, 2025-11-25, 2025-06-18, 2025-03-26 or 2024-11-05).
 *
 * Credentials. A token or header goes with every request, to the origin
 * (scheme, host and port) of the client's URL and nowhere else: a redirect
 * within it is followed, any other is MCPCLIENT_ERROR_HTTP. A value that cannot
 * be sent is refused when it is set. No message repeats a credential.
 *
 * Callbacks. A callback is registered with user_data, a pointer of the caller's
 * that it gets as its first argument, and user_data_free, a function that frees
 * this pointer; both may be NULL. user_data_free runs exactly once, on any
 * thread: when the callback was replaced or removed or its owner freed, and its
 * last run has returned; at once when the registration fails. Callbacks run on
 * the thread of the call that needs them or on a thread of the library. They
 * should be quick and must return normally (no exception, no longjmp). They may
 * make calls on their client, and free it. What they are given is valid until
 * they return. mcpclient_free waits for the callbacks of its client.
 *
 * Versions. MCPCLIENT_VERSION_NUMBER is what a program was compiled for,
 * mcpclient_version what it runs with. Within one soname no function is
 * removed, no signature changed and no number reused.
 */

#ifndef MCPCLIENT_H
#define MCPCLIENT_H


/* Generated from src/capi: do not edit, run `make header`. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Exports: nothing needs to be defined on Unix. On Windows, define
   MCPCLIENT_STATIC when linking the static library. */
#if !defined(MCPCLIENT_API)
#if defined(_WIN32)
#if defined(MCPCLIENT_STATIC)
#define MCPCLIENT_API
#else
#define MCPCLIENT_API __declspec(dllimport)
#endif
#elif defined(__GNUC__)
#define MCPCLIENT_API __attribute__((visibility("default")))
#else
#define MCPCLIENT_API
#endif
#endif

/* Marks functions whose result must be freed. */
#if defined(__GNUC__)
#define MCPCLIENT_MUST_USE __attribute__((warn_unused_result))
#else
#define MCPCLIENT_MUST_USE
#endif

/* Marks pointers that may be NULL. What an output pointer points to is NULL
   before the call and has no mark. Swift and clang read it. */
#if defined(__clang__)
#define MCPCLIENT_NULLABLE _Nullable
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wnullability-extension"
#pragma clang diagnostic ignored "-Wnullability-completeness"
#pragma clang assume_nonnull begin
#else
#define MCPCLIENT_NULLABLE
#endif

/** The version of this header as one number. */
#define MCPCLIENT_VERSION_NUMBER \
    (MCPCLIENT_VERSION_MAJOR * 1000000 + MCPCLIENT_VERSION_MINOR * 1000 + \
     MCPCLIENT_VERSION_PATCH)
/** Whether the header is of this version or a later one, also for the
    preprocessor. */
#define MCPCLIENT_VERSION_AT_LEAST(major, minor, patch) \
    (MCPCLIENT_VERSION_NUMBER >= (major) * 1000000 + (minor) * 1000 + (patch))

#ifdef __cplusplus
extern "C" {
#endif

/* -----------------------------------------------------------------------------
 * Handles
 * -------------------------------------------------------------------------- */

/**
 * A client of one MCP server, or a scope of one. Any thread may use it, and
 * calls may overlap; only mcpclient_free must be the last use.
 */
typedef struct mcpclient mcpclient;

/**
 * Credentials that any number of clients share. Any thread may use them, and
 * calls may overlap.
 */
typedef struct mcpclient_auth mcpclient_auth;

/**
 * A file of servers, as read. It never changes but for what variables stand
 * for; any thread may use it.
 */
typedef struct mcpclient_config mcpclient_config;

/** Why a function failed. It never changes; any thread may read it. */
typedef struct mcpclient_error mcpclient_error;

/**
 * One thing that happened. It outlives queue and client. One thread at a time
 * may use it.
 */
typedef struct mcpclient_event mcpclient_event;

/** JSON text that is being written. One thread at a time may use it. */
typedef struct mcpclient_json mcpclient_json;

/**
 * A login that a person has to finish. Only for the callback, on its thread,
 * until it returns.
 */
typedef struct mcpclient_login mcpclient_login;

/**
 * Calls that run on threads of the library, and their results as events. A
 * queue serves any number of clients; any thread may use it.
 */
typedef struct mcpclient_queue mcpclient_queue;

/**
 * The response to a request of the server. That of a callback is for the
 * callback, on its thread, until it returns; that of an event is for any
 * thread until the event is freed.
 */
typedef struct mcpclient_reply mcpclient_reply;

/**
 * What a store callback is to load or save. Only for the callback, on its
 * thread, until it returns.
 */
typedef struct mcpclient_store_request mcpclient_store_request;

/**
 * Where a token callback leaves the token. Only for the callback, on its
 * thread, until it returns.
 */
typedef struct mcpclient_token_request mcpclient_token_request;

/**
 * A JSON value: a result, the parameters of a notification or request, or a
 * part of one of these. It never changes; any thread may read it.
 */
typedef struct mcpclient_value mcpclient_value;

/* -----------------------------------------------------------------------------
 * Version of the library
 * -------------------------------------------------------------------------- */

/** First part of the version of this header, as in 1.2.3. */
#define MCPCLIENT_VERSION_MAJOR 0
/** Second part of the version of this header. */
#define MCPCLIENT_VERSION_MINOR 1
/** Third part of the version of this header. */
#define MCPCLIENT_VERSION_PATCH 0

/**
 * Returns the version of the library that runs, such as "0.1.0".
 *
 * It differs from MCPCLIENT_VERSION_* when a program runs with another build
 * of the library than it was compiled for.
 *
 * @return The version. Valid as long as the library is loaded.
 */
MCPCLIENT_API const char *mcpclient_version(void);

/* -----------------------------------------------------------------------------
 * Status codes
 * -------------------------------------------------------------------------- */

/** Success. */
#define MCPCLIENT_OK 0
/**
 * An argument cannot be used: NULL, a bad URL, token, header or JSON text,
 * invalid UTF-8, an unknown number, a file that cannot be read. The message
 * names the argument.
 */
#define MCPCLIENT_ERROR_INVALID_ARGUMENT 1
/**
 * Not possible now: a setting cannot change while connected, a token callback
 * set no token, a token file can no longer be read, an environment variable
 * holds no usable proxy, or a callback makes the call that it is itself a part
 * of.
 */
#define MCPCLIENT_ERROR_INVALID_STATE 2
/**
 * The host name cannot be resolved, or the connection was refused, reset or
 * closed early.
 */
#define MCPCLIENT_ERROR_NETWORK 3
/**
 * The TLS handshake failed, or a certificate was refused; the message says
 * which check failed.
 */
#define MCPCLIENT_ERROR_TLS 4
/** The time limit of the call passed, or the limit to open a connection. */
#define MCPCLIENT_ERROR_TIMEOUT 5
/** mcpclient_cancel ended the call. */
#define MCPCLIENT_ERROR_CANCELLED 6
/**
 * HTTP 401: the server does not accept the credentials. The message and
 * mcpclient_error_www_authenticate have its reason.
 */
#define MCPCLIENT_ERROR_UNAUTHORIZED 7
/**
 * HTTP 403: the credentials do not allow this. The message and
 * mcpclient_error_www_authenticate have the server's reason.
 */
#define MCPCLIENT_ERROR_FORBIDDEN 8
/** Another HTTP error status, or a redirect that is not followed. */
#define MCPCLIENT_ERROR_HTTP 9
/**
 * The response is not valid HTTP, event stream, JSON, JSON-RPC or MCP, or is
 * larger than the limit.
 */
#define MCPCLIENT_ERROR_PROTOCOL 10
/** The server responded with a JSON-RPC error. */
#define MCPCLIENT_ERROR_RPC 11
/**
 * No protocol version in common, or the transport or the server lacks the
 * feature.
 */
#define MCPCLIENT_ERROR_UNSUPPORTED 12
/** A bug in the library. */
#define MCPCLIENT_ERROR_INTERNAL 13

/**
 * The result of a function: MCPCLIENT_OK or one of MCPCLIENT_ERROR_*. A later
 * release may add numbers; none changes its meaning.
 */
typedef int32_t mcpclient_status;

/**
 * Returns the name of a status, such as "MCPCLIENT_ERROR_TIMEOUT", for logs.
 *
 * @param status  Any number.
 * @return The name; "unknown status" for a number that this release does not
 *         have. Valid as long as the library is loaded.
 */
MCPCLIENT_API const char *mcpclient_status_name(mcpclient_status status);

/* -----------------------------------------------------------------------------
 * Clients
 * -------------------------------------------------------------------------- */

/** Chosen by the URL and by the server's first response. */
#define MCPCLIENT_TRANSPORT_AUTO 0
/** Streamable HTTP, of protocol version 2025-03-26 and later. */
#define MCPCLIENT_TRANSPORT_STREAMABLE_HTTP 1
/** HTTP with server-sent events, of protocol version 2024-11-05. */
#define MCPCLIENT_TRANSPORT_SSE 2
/** The standard streams of a program, of all protocol versions. */
#define MCPCLIENT_TRANSPORT_STDIO 3

/** A transport: one of MCPCLIENT_TRANSPORT_*. */
typedef int32_t mcpclient_transport;

/**
 * Makes a client. The first call connects it.
 *
 * @param url  The server's MCP endpoint, http:// or https://.
 * @return The client; NULL with MCPCLIENT_ERROR_INVALID_ARGUMENT for a URL
 *         that cannot be used.
 */
MCPCLIENT_API
MCPCLIENT_MUST_USE
mcpclient *MCPCLIENT_NULLABLE mcpclient_new(const char *url,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Frees a client or a scope. With the last handle, the client is closed as
 * mcpclient_close does.
 *
 * No other use of the handle may be running in another thread, or follow. When
 * this returns, no callback of the client runs, none will begin, and each
 * user_data_free has run. Blocks for one second at most (for a server that is a
 * program see mcpclient_set_grace_ms), and as long as a callback runs on a
 * thread of the library. A callback may free its own client:
 * the client is closed when the callback, and the call that it belongs to, have
 * returned.
 *
 * @param client  The client; NULL is ignored.
 */
MCPCLIENT_API void mcpclient_free(mcpclient *MCPCLIENT_NULLABLE client);

/**
 * Connects to the server: finds the transport and the protocol version that
 * both sides know, and opens a session where the protocol has one.
 *
 * Optional, since the first call connects. Does nothing while connected. A
 * call.
 */
MCPCLIENT_API
mcpclient_status mcpclient_connect(mcpclient *client,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Checks that the server is reachable, speaks MCP and accepts the credentials.
 *
 * Sends the request "ping", or "server/discover" with protocol version
 * 2026-07-28, which has no "ping". A call.
 */
MCPCLIENT_API
mcpclient_status mcpclient_ping(mcpclient *client,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Ends the calls that are running in other threads: they return
 * MCPCLIENT_ERROR_CANCELLED.
 *
 * The client stays usable, and calls that start later are not affected. Not
 * for signal handlers.
 *
 * @param client  The client: all of its calls, those of its scopes included.
 *                A scope: its calls alone. NULL is ignored.
 */
MCPCLIENT_API void mcpclient_cancel(mcpclient *MCPCLIENT_NULLABLE client);

/**
 * Ends the session with the server and closes the connections. The next call
 * connects again.
 *
 * Does not end calls that are running in other threads (mcpclient_cancel
 * does), but they fail when they need the session. Blocks for one second at
 * most, to notify the server and to join the threads of the library; for a
 * server that is a program see mcpclient_set_grace_ms.
 *
 * @param client  The client; a scope or NULL is ignored.
 */
MCPCLIENT_API void mcpclient_close(mcpclient *MCPCLIENT_NULLABLE client);

/**
 * Returns the transport of the current connection.
 *
 * @param client  The client, or NULL.
 * @return MCPCLIENT_TRANSPORT_STREAMABLE_HTTP or MCPCLIENT_TRANSPORT_SSE;
 *         MCPCLIENT_TRANSPORT_AUTO while not connected.
 */
MCPCLIENT_API
mcpclient_transport mcpclient_transport_in_use(const mcpclient *MCPCLIENT_NULLABLE client);

/**
 * Returns the protocol version of the current connection, such as
 * "2025-06-18".
 *
 * @param client  The client, or NULL.
 * @return The version; NULL while not connected. Valid as long as the library
 *         is loaded.
 */
MCPCLIENT_API
const char *MCPCLIENT_NULLABLE mcpclient_protocol_version(const mcpclient *MCPCLIENT_NULLABLE client);

/* -----------------------------------------------------------------------------
 * Servers that are programs (stdio)
 *
 * A client of a program has the functions of every client. Those for HTTP
 * (credentials, headers, TLS, proxy, connect limit) are
 * MCPCLIENT_ERROR_UNSUPPORTED for it, and the ones here for a client of a URL.
 * The program gets its credentials as environment variables.
 * A program that cannot be started is MCPCLIENT_ERROR_INVALID_STATE. One that
 * ends, closes its stdout or does not read is MCPCLIENT_ERROR_NETWORK; the
 * message has its exit status and the last line on its stderr.
 * -------------------------------------------------------------------------- */

/** HOME, LOGNAME, PATH, SHELL, TERM and USER. */
#define MCPCLIENT_ENVIRONMENT_BASIC 0
/** Nothing. */
#define MCPCLIENT_ENVIRONMENT_NONE 1
/** Everything. */
#define MCPCLIENT_ENVIRONMENT_ALL 2

/**
 * What a program gets of this process's environment: one of
 * MCPCLIENT_ENVIRONMENT_*.
 */
typedef int32_t mcpclient_environment;

/**
 * Receives a line that a program has written to its stderr.
 *
 * Runs on a thread of the library, one line after the other. Must return
 * normally (no exception, no longjmp).
 *
 * @param user_data  What was given with the callback.
 * @param line       The line without its end, at most 8192 bytes of it. Valid
 *                   until the callback returns.
 */
typedef void (*MCPCLIENT_NULLABLE mcpclient_line_callback)(void *MCPCLIENT_NULLABLE user_data,
    const char *line);

/**
 * Makes a client of a server that is a program. The first call starts it.
 *
 * No shell is involved. A program that ends is started again by the next call;
 * one that ends within a second, three times in a row, is not started for five
 * seconds.
 *
 * @param command    A path, or a name that is looked up in PATH.
 * @param arguments  The arguments without the command, NULL after the last;
 *                   NULL: none.
 * @return The client; NULL with MCPCLIENT_ERROR_INVALID_ARGUMENT for an empty
 *         command.
 */
MCPCLIENT_API
MCPCLIENT_MUST_USE
mcpclient *MCPCLIENT_NULLABLE mcpclient_stdio_new(const char *command,
    const char *const MCPCLIENT_NULLABLE *MCPCLIENT_NULLABLE arguments,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Chooses which variables of this process's environment the program gets.
 *
 * Variables whose value begins with "()" are never passed on: some shells
 * export functions so.
 *
 * @param inherit  One of MCPCLIENT_ENVIRONMENT_*; _BASIC by default.
 * @return MCPCLIENT_OK; MCPCLIENT_ERROR_INVALID_STATE while the program runs;
 *         MCPCLIENT_ERROR_UNSUPPORTED for a client of a URL.
 */
MCPCLIENT_API
mcpclient_status mcpclient_set_environment(mcpclient *client,
    mcpclient_environment inherit,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Sets an environment variable of the program, such as the server's token, in
 * place of what it gets from this process.
 *
 * The value is treated as a secret: no error repeats it.
 *
 * @param name   Not empty, without "=".
 * @param value  NULL: what mcpclient_set_environment says.
 * @return MCPCLIENT_OK; MCPCLIENT_ERROR_INVALID_STATE while the program runs;
 *         MCPCLIENT_ERROR_UNSUPPORTED for a client of a URL.
 */
MCPCLIENT_API
mcpclient_status mcpclient_set_variable(mcpclient *client,
    const char *name,
    const char *MCPCLIENT_NULLABLE value,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Sets the working directory of the program.
 *
 * @param path  NULL, the default: that of this process.
 * @return MCPCLIENT_OK; MCPCLIENT_ERROR_INVALID_STATE while the program runs;
 *         MCPCLIENT_ERROR_UNSUPPORTED for a client of a URL.
 */
MCPCLIENT_API
mcpclient_status mcpclient_set_working_directory(mcpclient *client,
    const char *MCPCLIENT_NULLABLE path,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Sets the callback for the lines that the program writes to its stderr.
 *
 * At most 1024 lines wait for the callback; it is told how many were dropped.
 *
 * @param callback  Replaces the previous one; NULL, the default: the lines are
 *                  written to the stderr of this process. One that does
 *                  nothing discards them.
 * @return MCPCLIENT_OK; MCPCLIENT_ERROR_INVALID_STATE while the program runs;
 *         MCPCLIENT_ERROR_UNSUPPORTED for a client of a URL.
 */
MCPCLIENT_API
mcpclient_status mcpclient_on_stderr(mcpclient *client,
    mcpclient_line_callback callback,
    void *MCPCLIENT_NULLABLE user_data,
    void (*MCPCLIENT_NULLABLE user_data_free)(void *MCPCLIENT_NULLABLE user_data),
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Limits each step of ending the program.
 *
 * mcpclient_close and mcpclient_free close the program's stdin and wait for
 * its end; then they send SIGTERM to its process group and wait again; then
 * they send SIGKILL. So they may block for twice this time, and a second.
 *
 * @param ms  Milliseconds; 0: SIGKILL at once. 2000 by default.
 * @return MCPCLIENT_OK; MCPCLIENT_ERROR_INVALID_STATE while the program runs;
 *         MCPCLIENT_ERROR_UNSUPPORTED for a client of a URL.
 */
MCPCLIENT_API
mcpclient_status mcpclient_set_grace_ms(mcpclient *client,
    uint32_t ms,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Returns the process id of the program, for logs.
 *
 * The library waits for this child alone, and needs no handler of SIGCHLD. A
 * program that reaps all its children may get this process id.
 *
 * @param client  The client, or NULL.
 * @return The process id; 0 while no program runs.
 */
MCPCLIENT_API
int64_t mcpclient_process_id(const mcpclient *MCPCLIENT_NULLABLE client);

/* -----------------------------------------------------------------------------
 * Configuration files
 *
 * The files in which Claude Desktop, Claude Code, Cursor, Windsurf, VS Code,
 * FastMCP and Gemini CLI list servers.
 * -------------------------------------------------------------------------- */

/**
 * Reads a configuration file. Blocks while it reads.
 *
 * Members are found under "mcpServers" or "servers", or in the file itself
 * when each of its members has a "command" or a "url". Comments and trailing
 * commas are allowed. An entry is checked when its client is made.
 *
 * A configuration file names programs: a client that is made of it runs them.
 *
 * @param path  A regular file of at most 1 MiB.
 * @return The configuration; NULL with MCPCLIENT_ERROR_INVALID_ARGUMENT for a
 *         file that cannot be read, is not JSON, or lists no servers. The
 *         message has the line and the column; no message repeats a value.
 */
MCPCLIENT_API
MCPCLIENT_MUST_USE
mcpclient_config *MCPCLIENT_NULLABLE mcpclient_config_load(const char *path,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Reads the text of a configuration file.
 *
 * @param json  As in mcpclient_config_load.
 * @return As for mcpclient_config_load.
 */
MCPCLIENT_API
MCPCLIENT_MUST_USE
mcpclient_config *MCPCLIENT_NULLABLE mcpclient_config_parse(const char *json,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Returns the number of servers.
 *
 * @param config  The configuration, or NULL.
 * @return The number; 0 for NULL.
 */
MCPCLIENT_API
size_t mcpclient_config_count(const mcpclient_config *MCPCLIENT_NULLABLE config);

/**
 * Returns the name of a server.
 *
 * @param config  The configuration, or NULL.
 * @param index   From 0, in the order of the file.
 * @return The name; NULL when there are fewer servers.
 */
MCPCLIENT_API
const char *MCPCLIENT_NULLABLE mcpclient_config_name(const mcpclient_config *MCPCLIENT_NULLABLE config,
    size_t index);

/**
 * Returns the entry of a server as it stands in the file, for members that the
 * library ignores, such as "description" or "disabled". Variables are not
 * expanded.
 *
 * A program that loads files of others should show its user the whole command
 * of an entry and ask, before it makes a client.
 *
 * @param config  The configuration, or NULL.
 * @param name    The name of the server, or NULL.
 * @return The entry, which the configuration owns; NULL when there is no such
 *         server.
 */
MCPCLIENT_API
const mcpclient_value *MCPCLIENT_NULLABLE mcpclient_config_entry(const mcpclient_config *MCPCLIENT_NULLABLE config,
    const char *MCPCLIENT_NULLABLE name);

/**
 * Sets what "${name}" stands for in the clients that are made from now on,
 * such as "workspaceFolder" or "input:api-key".
 *
 * @param config  The configuration.
 * @param name    Without "}".
 * @param value   NULL: what the environment says.
 */
MCPCLIENT_API
mcpclient_status mcpclient_config_set_variable(mcpclient_config *config,
    const char *name,
    const char *MCPCLIENT_NULLABLE value,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Sets the credentials of entries with "auth": "oauth", for the clients that
 * are made from now on.
 *
 * @param config  The configuration.
 * @param auth    Shared with those clients; NULL: none. May be freed while
 *                they use it.
 */
MCPCLIENT_API
mcpclient_status mcpclient_config_set_auth(mcpclient_config *config,
    mcpclient_auth *MCPCLIENT_NULLABLE auth,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Makes the client of a server, like mcpclient_new or mcpclient_stdio_new. The
 * first call connects it. It may outlive the configuration.
 *
 * @param config  The configuration.
 * @param name    The name of the server; NULL: the only one.
 * @return The client; NULL with MCPCLIENT_ERROR_INVALID_ARGUMENT when there is
 *         no such server, a variable is not set, or the entry cannot be used;
 *         with MCPCLIENT_ERROR_UNSUPPORTED for "envFile", WebSockets and an
 *         object as "auth"; with MCPCLIENT_ERROR_INVALID_STATE for "auth":
 *         "oauth" before mcpclient_config_set_auth. The message has the line
 *         and the column.
 */
MCPCLIENT_API
MCPCLIENT_MUST_USE
mcpclient *MCPCLIENT_NULLABLE mcpclient_config_client_new(const mcpclient_config *config,
    const char *MCPCLIENT_NULLABLE name,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Frees a configuration, and wipes its text. Its clients stay.
 *
 * @param config  The configuration; NULL is ignored.
 */
MCPCLIENT_API
void mcpclient_config_free(mcpclient_config *MCPCLIENT_NULLABLE config);

/* -----------------------------------------------------------------------------
 * Settings of a client
 *
 * They take effect on the next request.
 * -------------------------------------------------------------------------- */

/**
 * Chooses the transport.
 *
 * By default, MCPCLIENT_TRANSPORT_AUTO, a URL whose path has the segment "sse"
 * gets HTTP with server-sent events. Any other gets Streamable HTTP, with a
 * fallback to the former for servers that lack it.
 *
 * @param transport  One of MCPCLIENT_TRANSPORT_*.
 * @return MCPCLIENT_OK; MCPCLIENT_ERROR_INVALID_STATE while connected.
 */
MCPCLIENT_API
mcpclient_status mcpclient_set_transport(mcpclient *client,
    mcpclient_transport transport,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Fixes the protocol version, so that connecting does not negotiate it.
 *
 * For servers that fail when they are asked for a version that they do not
 * know.
 *
 * @param version  "2026-07-28", "2025-11-25", "2025-06-18", "2025-03-26" or
 *                 "2024-11-05"; NULL, the default: negotiate.
 * @return MCPCLIENT_OK; MCPCLIENT_ERROR_INVALID_STATE while connected.
 */
MCPCLIENT_API
mcpclient_status mcpclient_set_protocol_version(mcpclient *client,
    const char *MCPCLIENT_NULLABLE version,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Limits the time of a call, from its start to its end, connecting included. A
 * server that sends its response slowly does not extend it.
 *
 * @param ms  Milliseconds; 0: no limit. 30000 by default.
 */
MCPCLIENT_API
mcpclient_status mcpclient_set_timeout_ms(mcpclient *client,
    uint32_t ms,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Limits the time to open one connection: name resolution, TCP and TLS.
 *
 * @param ms  Milliseconds; 0: only the limit of the call. 10000 by default.
 */
MCPCLIENT_API
mcpclient_status mcpclient_set_connect_timeout_ms(mcpclient *client,
    uint32_t ms,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Limits the size of a response. A larger one is MCPCLIENT_ERROR_PROTOCOL.
 *
 * @param bytes  Bytes after decompression, at least 1. 67108864 (64 MiB) by
 *               default.
 */
MCPCLIENT_API
mcpclient_status mcpclient_set_max_response_bytes(mcpclient *client,
    uint64_t bytes,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Declares an extension of the protocol to servers of version 2026-07-28 and
 * later. "io.modelcontextprotocol/tasks" is declared unless it is removed;
 * extensions of credentials are declared with them.
 * mcpclient_set_capabilities overrides this.
 *
 * @param identifier     Such as "com.example/feature".
 * @param settings_json  A JSON object, often {}; NULL: not declared.
 */
MCPCLIENT_API
mcpclient_status mcpclient_set_extension(mcpclient *client,
    const char *identifier,
    const char *MCPCLIENT_NULLABLE settings_json,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Sets the capabilities that the client declares, instead of those that the
 * callbacks of mcpclient_on_request imply.
 *
 * For what no callback expresses, such as {"roots":{"listChanged":true}}. Sent
 * when the client connects; with protocol version 2026-07-28, with each
 * request.
 *
 * @param json  A JSON object; NULL, the default: what the callbacks imply.
 */
MCPCLIENT_API
mcpclient_status mcpclient_set_capabilities(mcpclient *client,
    const char *MCPCLIENT_NULLABLE json,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Sets the name and version of the program that the client sends, instead of
 * those of the library. Sent when mcpclient_set_capabilities says.
 *
 * @param name     The program's name, not empty.
 * @param version  The program's version.
 */
MCPCLIENT_API
mcpclient_status mcpclient_set_client_info(mcpclient *client,
    const char *name,
    const char *version,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Switches the cache of lists.
 *
 * A server of protocol version 2026-07-28 may say how long its lists stay
 * valid; for that time they are not requested again. A cached list is dropped
 * when the server reports a change, and when the protocol version or the
 * transport is set; one that is for these credentials alone also when the
 * credentials, a header or the TLS settings change.
 *
 * @param enabled  true, the default: cache; false: request each time.
 */
MCPCLIENT_API
mcpclient_status mcpclient_set_cache(mcpclient *client,
    bool enabled,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/* -----------------------------------------------------------------------------
 * Scopes
 *
 * A scope is a handle on a client with limits, progress, "_meta" and
 * cancellation of its own: one for each call, thread or request that a program
 * serves. Every call takes a scope where it takes a client, and so do the
 * functions of this section and mcpclient_set_timeout_ms,
 * mcpclient_set_connect_timeout_ms, mcpclient_set_max_response_bytes and
 * mcpclient_cancel. Settings of the client as a whole are
 * MCPCLIENT_ERROR_INVALID_STATE through a scope.
 * -------------------------------------------------------------------------- */

/**
 * Receives the progress of a call.
 *
 * Runs on the thread of the call, or over HTTP with server-sent events on a
 * thread of the library.
 *
 * @param user_data  The pointer that was registered.
 * @param progress   How far the call is; it increases.
 * @param total      The progress at the end; negative: unknown.
 * @param message    One line for a person; NULL: none.
 */
typedef void (*MCPCLIENT_NULLABLE mcpclient_progress_callback)(void *MCPCLIENT_NULLABLE user_data,
    double progress,
    double total,
    const char *MCPCLIENT_NULLABLE message);

/**
 * Makes a scope: a second handle on the same server.
 *
 * It shares connections, session, credentials, callbacks and cache with the
 * client, and has limits, a progress callback, "_meta" and cancellation of its
 * own. It inherits the limits of the client until it sets its own. Cheap
 * enough for each call: no I/O, and no lock that a call holds. It may outlive
 * the client. Free it with mcpclient_free.
 *
 * @param client  The client, or a scope, which makes a scope of its client.
 * @return The scope; NULL on failure.
 */
MCPCLIENT_API
MCPCLIENT_MUST_USE
mcpclient *MCPCLIENT_NULLABLE mcpclient_scope_new(mcpclient *client,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Sets the callback for the progress of the calls made through this handle.
 *
 * The library asks the server for it with a token of its own.
 *
 * @param callback  Replaces the previous one; NULL removes it.
 */
MCPCLIENT_API
mcpclient_status mcpclient_on_progress(mcpclient *client,
    mcpclient_progress_callback callback,
    void *MCPCLIENT_NULLABLE user_data,
    void (*MCPCLIENT_NULLABLE user_data_free)(void *MCPCLIENT_NULLABLE user_data),
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Makes each progress notification start the time limit of its call anew, up
 * to the limit of mcpclient_set_longest_ms.
 *
 * For calls of which only silence is a sign of trouble.
 *
 * @param restart  true: do so; false, the default: the time limit is fixed.
 */
MCPCLIENT_API
mcpclient_status mcpclient_set_timeout_on_progress(mcpclient *client,
    bool restart,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Limits the time of a call whose progress starts the time limit anew.
 *
 * @param ms  Milliseconds; 0: no limit. 600000 by default.
 */
MCPCLIENT_API
mcpclient_status mcpclient_set_longest_ms(mcpclient *client,
    uint32_t ms,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Sets a member of "_meta" of the requests made through this handle, such as
 * "traceparent" (W3C Trace Context). A scope does not inherit those of the
 * client. A member that a call brings in its parameters wins.
 *
 * @param key   The name, as the specification allows: letters, digits,
 *              hyphens, underscores and dots, perhaps after a prefix such as
 *              "com.example/". "progressToken" and the prefixes reserved for
 *              MCP are refused.
 * @param json  The value as JSON text; NULL removes the member. traceparent,
 *              tracestate and baggage must be valid.
 */
MCPCLIENT_API
mcpclient_status mcpclient_set_meta(mcpclient *client,
    const char *key,
    const char *MCPCLIENT_NULLABLE json,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/* -----------------------------------------------------------------------------
 * Credentials and headers of a client
 * -------------------------------------------------------------------------- */

/**
 * Sets the bearer token of all requests, from the next one on. Replaces what
 * mcpclient_set_auth set.
 *
 * @param token  The bare token: visible ASCII, not starting with "Bearer ";
 *               NULL: none. When it cannot be sent, the message names the
 *               byte.
 * @return MCPCLIENT_OK; MCPCLIENT_ERROR_INVALID_STATE while
 *         mcpclient_set_header has set an Authorization header.
 */
MCPCLIENT_API
mcpclient_status mcpclient_set_bearer_token(mcpclient *client,
    const char *MCPCLIENT_NULLABLE token,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Sets the credentials of all requests, from the next one on. Replaces what
 * mcpclient_set_bearer_token set.
 *
 * @param auth  The credentials; NULL: none. They stay the caller's, and may be
 *              freed while the client goes on using them.
 * @return MCPCLIENT_OK; MCPCLIENT_ERROR_INVALID_STATE while
 *         mcpclient_set_header has set an Authorization header.
 */
MCPCLIENT_API
mcpclient_status mcpclient_set_auth(mcpclient *client,
    mcpclient_auth *MCPCLIENT_NULLABLE auth,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Sets a header of all requests, from the next one on.
 *
 * A client has any number of headers. Names are compared without regard to
 * case and sent in lower case. Authorization is for schemes other than Bearer.
 * Headers that the library sets, and others that change how a message is
 * framed, are refused: Host, Content-Length, Content-Type, Content-Encoding,
 * Accept, Accept-Encoding, Transfer-Encoding, TE, Trailer, Connection,
 * Keep-Alive, Upgrade, Expect, HTTP2-Settings, Proxy-Connection,
 * Proxy-Authorization, Last-Event-ID and Mcp-*.
 *
 * @param name   The name.
 * @param value  The value; NULL removes the header.
 * @return MCPCLIENT_OK; MCPCLIENT_ERROR_INVALID_STATE for Authorization while
 *         a token or credentials are set, and for more than 100 headers.
 */
MCPCLIENT_API
mcpclient_status mcpclient_set_header(mcpclient *client,
    const char *name,
    const char *MCPCLIENT_NULLABLE value,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/* -----------------------------------------------------------------------------
 * TLS and proxy of a client
 * -------------------------------------------------------------------------- */

/**
 * Sets the certificate authorities to trust. Blocks while it reads the file.
 *
 * @param pem_path  A file of certificates in PEM format; NULL, the default:
 *                  the system's authorities.
 * @return MCPCLIENT_OK; MCPCLIENT_ERROR_INVALID_STATE while connected.
 */
MCPCLIENT_API
mcpclient_status mcpclient_set_ca_file(mcpclient *client,
    const char *MCPCLIENT_NULLABLE pem_path,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Sets the certificate by which the client authenticates itself to the server
 * (mutual TLS). Blocks while it reads the files.
 *
 * @param cert_pem_path  A file with the certificate and its chain in PEM
 *                       format; NULL, the default, together with key_pem_path:
 *                       none.
 * @param key_pem_path   A file with the private key in PEM format, not
 *                       encrypted; may be the same file; or NULL.
 * @return MCPCLIENT_OK; MCPCLIENT_ERROR_INVALID_STATE while connected.
 */
MCPCLIENT_API
mcpclient_status mcpclient_set_client_certificate(mcpclient *client,
    const char *MCPCLIENT_NULLABLE cert_pem_path,
    const char *MCPCLIENT_NULLABLE key_pem_path,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Switches the verification of the server's certificate.
 *
 * Without it, an attacker on the network path can read everything, credentials
 * included. For tests only.
 *
 * @param verify  true, the default: verify; false: accept any certificate.
 * @return MCPCLIENT_OK; MCPCLIENT_ERROR_INVALID_STATE while connected.
 */
MCPCLIENT_API
mcpclient_status mcpclient_set_tls_verify(mcpclient *client,
    bool verify,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Sets the proxy through which the server is reached.
 *
 * @param proxy_url  Such as "http://user:password@proxy.example:3128"; "":
 *                   none; NULL, the default: the one of the environment
 *                   variables HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY,
 *                   those in lower case first. HTTP_PROXY in upper case is
 *                   ignored in a CGI program, where a request header can set
 *                   it.
 * @return MCPCLIENT_OK; MCPCLIENT_ERROR_INVALID_STATE while connected.
 */
MCPCLIENT_API
mcpclient_status mcpclient_set_proxy(mcpclient *client,
    const char *MCPCLIENT_NULLABLE proxy_url,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/* -----------------------------------------------------------------------------
 * Credentials that clients share
 *
 * Made once, given to any number of clients by mcpclient_set_auth.
 * -------------------------------------------------------------------------- */

/**
 * Provides a token, by calling mcpclient_token_request_set.
 *
 * Runs on the thread of the call that needs the token, or on the thread that
 * listens. One thread runs it, and the others that need the token wait. Its
 * time counts as time of the call, but is not cut short. When it sets no
 * token, the call fails: with MCPCLIENT_ERROR_UNAUTHORIZED after a 401, else
 * with MCPCLIENT_ERROR_INVALID_STATE. A call inside it that needs the same
 * credentials fails with MCPCLIENT_ERROR_INVALID_STATE.
 *
 * @param user_data  The pointer that was registered.
 * @param request    Where to leave the token.
 */
typedef void (*MCPCLIENT_NULLABLE mcpclient_token_callback)(void *MCPCLIENT_NULLABLE user_data,
    mcpclient_token_request *request);

/**
 * Makes credentials of a bearer token that can be rotated.
 *
 * @param token  The bare token, as for mcpclient_set_bearer_token.
 * @return The credentials; NULL on failure.
 */
MCPCLIENT_API
MCPCLIENT_MUST_USE
mcpclient_auth *MCPCLIENT_NULLABLE mcpclient_auth_bearer_new(const char *token,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Rotates the token of all clients that use these credentials, from their next
 * request on. On failure the old token stays.
 *
 * @param auth   Credentials made by mcpclient_auth_bearer_new.
 * @param token  The new token, as for mcpclient_set_bearer_token.
 * @return MCPCLIENT_OK; MCPCLIENT_ERROR_INVALID_STATE for credentials of
 *         another kind.
 */
MCPCLIENT_API
mcpclient_status mcpclient_auth_set_token(mcpclient_auth *auth,
    const char *token,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Makes credentials of a bearer token in a file that another program rotates,
 * such as a service-account token that Kubernetes projects.
 *
 * The file is read again when it has changed, and after a 401. White space at
 * its end is not part of the token. Blocks while it reads the file.
 *
 * @param path  A regular file, which must exist and hold a token that can be sent.
 * @return The credentials; NULL on failure.
 */
MCPCLIENT_API
MCPCLIENT_MUST_USE
mcpclient_auth *MCPCLIENT_NULLABLE mcpclient_auth_token_file_new(const char *path,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Makes credentials that get the token from a callback.
 *
 * The callback runs before the first request, and once more after a 401; then
 * the request is sent again, once.
 *
 * @param callback  Provides the token.
 * @return The credentials; NULL on failure.
 */
MCPCLIENT_API
MCPCLIENT_MUST_USE
mcpclient_auth *MCPCLIENT_NULLABLE mcpclient_auth_token_callback_new(mcpclient_token_callback callback,
    void *MCPCLIENT_NULLABLE user_data,
    void (*MCPCLIENT_NULLABLE user_data_free)(void *MCPCLIENT_NULLABLE user_data),
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Returns why a new token is needed: the WWW-Authenticate header of the 401.
 *
 * @param request  The request, or NULL.
 * @return The header, empty when the 401 had none; NULL when no token was
 *         refused. Valid until the callback returns.
 */
MCPCLIENT_API
const char *MCPCLIENT_NULLABLE mcpclient_token_request_challenge(const mcpclient_token_request *MCPCLIENT_NULLABLE request);

/**
 * Returns whom a token is for that says who a workload is: see
 * mcpclient_auth_workload_new.
 *
 * @param request  The request, or NULL.
 * @return The issuer URL of the authorization server; NULL when the token is
 *         not for such credentials. Valid until the callback returns.
 */
MCPCLIENT_API
const char *MCPCLIENT_NULLABLE mcpclient_token_request_audience(const mcpclient_token_request *MCPCLIENT_NULLABLE request);

/**
 * Sets the token that the callback was asked for. The last one counts.
 *
 * @param request  The request.
 * @param token    The token, as for mcpclient_set_bearer_token.
 */
MCPCLIENT_API
mcpclient_status mcpclient_token_request_set(mcpclient_token_request *request,
    const char *token,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Frees credentials. Clients that use them go on using them.
 *
 * @param auth  The credentials; NULL is ignored.
 */
MCPCLIENT_API void mcpclient_auth_free(mcpclient_auth *MCPCLIENT_NULLABLE auth);

/* -----------------------------------------------------------------------------
 * OAuth credentials
 *
 * Credentials that get their own access tokens, as the authorization section
 * of the MCP specification describes: the 401 of the server names its
 * authorization server, a token is fetched and renewed before it ends, and a
 * 403 for a missing scope asks for it, once. This happens within the call that
 * needs the token, and within its time limit. One object may serve clients of
 * several servers: it keeps one grant for each, by origin and path of the URL.
 * Settings take effect with the next token, and are
 * MCPCLIENT_ERROR_INVALID_STATE for credentials of other kinds. TLS and proxy
 * settings of the client apply to authorization servers too, its headers and
 * certificate do not. When an authorization server refuses, the call fails
 * with MCPCLIENT_ERROR_UNAUTHORIZED, and mcpclient_error_challenge_parameter
 * returns its "error", "error_description" and "error_uri".
 * -------------------------------------------------------------------------- */

/** Bearer tokens; the default. */
#define MCPCLIENT_DPOP_NEVER 0
/** When the authorization server lists ES256 for DPoP. */
#define MCPCLIENT_DPOP_IF_OFFERED 1
/** Only bound tokens: a bearer token is MCPCLIENT_ERROR_PROTOCOL. */
#define MCPCLIENT_DPOP_ALWAYS 2

/** When access tokens are bound to a key: one of MCPCLIENT_DPOP_*. */
typedef int32_t mcpclient_dpop;

/**
 * Makes credentials of a service that has an id and a secret at an
 * authorization server (OAuth client credentials).
 *
 * @param issuer         The issuer URL of the authorization server: https, or
 *                       http on a loopback host; NULL: the first one that a
 *                       server names, and from then on no other.
 * @param client_id      The id.
 * @param client_secret  The secret.
 * @return The credentials; NULL on failure.
 */
MCPCLIENT_API
MCPCLIENT_MUST_USE
mcpclient_auth *MCPCLIENT_NULLABLE mcpclient_auth_client_credentials_new(const char *MCPCLIENT_NULLABLE issuer,
    const char *client_id,
    const char *client_secret,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Makes credentials of a service that has an id and a private key at an
 * authorization server (private_key_jwt).
 *
 * P-256 signs with ES256, Ed25519 with EdDSA, RSA of 2048 to 4096 bits with
 * RS256. Blocks while it reads the file.
 *
 * @param issuer        The issuer URL of the authorization server; NULL: the
 *                      first one that a server names, and from then on no
 *                      other.
 * @param client_id     The id.
 * @param key_pem_path  A PEM file with the key, not encrypted.
 * @return The credentials; NULL on failure.
 */
MCPCLIENT_API
MCPCLIENT_MUST_USE
mcpclient_auth *MCPCLIENT_NULLABLE mcpclient_auth_private_key_new(const char *MCPCLIENT_NULLABLE issuer,
    const char *client_id,
    const char *key_pem_path,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Makes credentials of a workload whose platform gives it a JWT, such as a
 * Kubernetes service account or SPIFFE.
 *
 * A JWT that the authorization server has refused is not sent again.
 *
 * @param issuer     The issuer URL of the authorization server; NULL: the first
 *                   one that a server names, and from then on no other.
 * @param client_id  The id of the client; NULL: the JWT says who it is.
 * @param identity   Where the JWT comes from: a token file or a token
 *                   callback, which then runs for each JWT, on several threads
 *                   at once if it serves several servers. May be freed
 *                   afterwards.
 * @return The credentials; NULL on failure.
 */
MCPCLIENT_API
MCPCLIENT_MUST_USE
mcpclient_auth *MCPCLIENT_NULLABLE mcpclient_auth_workload_new(const char *MCPCLIENT_NULLABLE issuer,
    const char *MCPCLIENT_NULLABLE client_id,
    mcpclient_auth *identity,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Makes credentials of a user whose organization manages the access to MCP
 * servers by single sign-on (enterprise-managed authorization).
 *
 * The identity provider exchanges the user's ID token for an assertion, and
 * the authorization server of the MCP server takes it. The client there is set
 * by mcpclient_auth_set_client or mcpclient_auth_set_client_metadata_url.
 *
 * @param idp_issuer         The issuer URL of the identity provider.
 * @param idp_client_id      The id of the client at the identity provider.
 * @param idp_client_secret  The secret there; NULL for a public client.
 * @param identity           Where the ID token comes from, as for
 *                           mcpclient_auth_workload_new.
 * @return The credentials; NULL on failure.
 */
MCPCLIENT_API
MCPCLIENT_MUST_USE
mcpclient_auth *MCPCLIENT_NULLABLE mcpclient_auth_enterprise_new(const char *idp_issuer,
    const char *idp_client_id,
    const char *MCPCLIENT_NULLABLE idp_client_secret,
    mcpclient_auth *identity,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Sets the client that is registered with an authorization server in advance.
 * Replaces an earlier one, which is also how a secret is rotated.
 *
 * @param auth           The credentials.
 * @param issuer         The issuer URL of the authorization server; NULL: the
 *                       first one that a server names, and from then on no
 *                       other.
 * @param client_id      The id.
 * @param client_secret  The secret; NULL: a public client, or one with a
 *                       private key.
 */
MCPCLIENT_API
mcpclient_status mcpclient_auth_set_client(mcpclient_auth *auth,
    const char *MCPCLIENT_NULLABLE issuer,
    const char *client_id,
    const char *MCPCLIENT_NULLABLE client_secret,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Sets the private key with which the client proves itself, instead of a
 * secret. Blocks while it reads the file.
 *
 * @param auth          The credentials.
 * @param key_pem_path  A PEM file, as for mcpclient_auth_private_key_new.
 * @param key_id        The id of the key ("kid"); NULL: none.
 */
MCPCLIENT_API
mcpclient_status mcpclient_auth_set_private_key(mcpclient_auth *auth,
    const char *key_pem_path,
    const char *MCPCLIENT_NULLABLE key_id,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Sets the URL of the client's metadata document, which is its id at
 * authorization servers that support such documents.
 *
 * @param auth  The credentials.
 * @param url   An https URL with a path.
 */
MCPCLIENT_API
mcpclient_status mcpclient_auth_set_client_metadata_url(mcpclient_auth *auth,
    const char *url,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Sets the scopes to ask for. No others are asked for then, also when a server
 * says that one is missing.
 *
 * @param auth    The credentials.
 * @param scopes  Scopes with spaces between them; NULL: those that the server
 *                names.
 */
MCPCLIENT_API
mcpclient_status mcpclient_auth_set_scopes(mcpclient_auth *auth,
    const char *MCPCLIENT_NULLABLE scopes,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Sets the resource parameter (RFC 8707) of requests to the authorization
 * server.
 *
 * @param auth      The credentials.
 * @param resource  A URI; "" sends none, which some authorization servers need;
 *                  NULL: what the server says of itself, else its URL.
 */
MCPCLIENT_API
mcpclient_status mcpclient_auth_set_resource(mcpclient_auth *auth,
    const char *MCPCLIENT_NULLABLE resource,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Sets the metadata of the authorization server (RFC 8414), instead of
 * fetching it: for one whose document is missing or lacks a member.
 *
 * @param auth  The credentials.
 * @param json  A JSON object with at least issuer and token_endpoint; NULL:
 *              fetch it.
 */
MCPCLIENT_API
mcpclient_status mcpclient_auth_set_metadata(mcpclient_auth *auth,
    const char *MCPCLIENT_NULLABLE json,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Sets whether access tokens are bound to a key that the library makes (DPoP,
 * RFC 9449), so that a stolen token is of no use.
 *
 * @param auth  The credentials.
 * @param when  One of MCPCLIENT_DPOP_*.
 */
MCPCLIENT_API
mcpclient_status mcpclient_auth_set_dpop(mcpclient_auth *auth,
    mcpclient_dpop when,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/* -----------------------------------------------------------------------------
 * OAuth credentials of a person who logs in
 * -------------------------------------------------------------------------- */

/**
 * Brings a person to a login: opens mcpclient_login_url in a browser, or shows
 * it.
 *
 * It may return at once, and the library waits for the browser; wait for what
 * a person pastes and call mcpclient_login_finish; or give up by
 * mcpclient_login_refuse. It runs on the thread of the call that needs the
 * login, or on the thread that listens. The others that need it wait, each for
 * its own time limit. A call inside it that needs the same credentials fails
 * with MCPCLIENT_ERROR_INVALID_STATE.
 *
 * @param user_data  The pointer that was registered.
 * @param login      The login.
 */
typedef void (*MCPCLIENT_NULLABLE mcpclient_login_callback)(void *MCPCLIENT_NULLABLE user_data,
    mcpclient_login *login);

/**
 * Makes credentials of a person who logs in when that is necessary (OAuth
 * authorization code with PKCE).
 *
 * The client is found in this order: mcpclient_auth_set_client,
 * mcpclient_auth_set_client_metadata_url, registration with the authorization
 * server under the name of mcpclient_set_client_info. The time that the person
 * takes does not count as time of the call.
 *
 * @param callback  Brings the person to the login.
 * @return The credentials; NULL on failure.
 */
MCPCLIENT_API
MCPCLIENT_MUST_USE
mcpclient_auth *MCPCLIENT_NULLABLE mcpclient_auth_login_new(mcpclient_login_callback callback,
    void *MCPCLIENT_NULLABLE user_data,
    void (*MCPCLIENT_NULLABLE user_data_free)(void *MCPCLIENT_NULLABLE user_data),
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Returns what to open in a browser. It is for this person alone: do not log
 * it.
 *
 * @param login  The login, or NULL.
 * @return An https URL, or an http URL of a loopback host; NULL for NULL.
 */
MCPCLIENT_API
const char *MCPCLIENT_NULLABLE mcpclient_login_url(const mcpclient_login *MCPCLIENT_NULLABLE login);

/**
 * Returns the URL of the MCP server that the login is for, to be shown to the
 * person.
 *
 * @param login  The login, or NULL.
 * @return The URL; NULL for NULL.
 */
MCPCLIENT_API
const char *MCPCLIENT_NULLABLE mcpclient_login_server(const mcpclient_login *MCPCLIENT_NULLABLE login);

/**
 * Finishes a login with the URL that the browser was sent to, as a person
 * copied it from the address bar. On failure the login goes on.
 *
 * @param login           The login.
 * @param redirected_url  The URL, with its query.
 * @return MCPCLIENT_OK, also for a login that was denied: the call then fails;
 *         MCPCLIENT_ERROR_INVALID_ARGUMENT for a URL of another login.
 */
MCPCLIENT_API
mcpclient_status mcpclient_login_finish(mcpclient_login *login,
    const char *redirected_url,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Gives a login up: the call fails with MCPCLIENT_ERROR_UNAUTHORIZED.
 *
 * @param login  The login; NULL is ignored.
 */
MCPCLIENT_API
void mcpclient_login_refuse(mcpclient_login *MCPCLIENT_NULLABLE login);

/**
 * Finishes a login from outside its callback, on any thread, such as that of
 * the program's own web server. The state in the URL says which login.
 *
 * @param auth            The credentials.
 * @param redirected_url  The URL that the browser was sent to, with its query.
 * @return As mcpclient_login_finish.
 */
MCPCLIENT_API
mcpclient_status mcpclient_auth_finish_login(mcpclient_auth *auth,
    const char *redirected_url,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Sets where the authorization server sends the browser after a login.
 *
 * For a loopback host the library listens there during the login; port 0 takes
 * any free one. For an https URL the program hands over what arrives there by
 * mcpclient_auth_finish_login.
 *
 * @param auth  The credentials.
 * @param url   The URL. Default: "http://127.0.0.1:0/callback".
 */
MCPCLIENT_API
mcpclient_status mcpclient_auth_set_redirect_url(mcpclient_auth *auth,
    const char *url,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Sets how long a person may take to log in. Then the call fails with
 * MCPCLIENT_ERROR_TIMEOUT.
 *
 * @param auth  The credentials.
 * @param ms    Milliseconds. Default: 300000, five minutes.
 */
MCPCLIENT_API
mcpclient_status mcpclient_auth_set_login_timeout_ms(mcpclient_auth *auth,
    uint32_t ms,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Sets one more parameter of the authorization request, such as
 * access_type=offline.
 *
 * @param auth   The credentials.
 * @param name   The name, none that the library sets itself.
 * @param value  The value; NULL removes the parameter.
 */
MCPCLIENT_API
mcpclient_status mcpclient_auth_set_parameter(mcpclient_auth *auth,
    const char *name,
    const char *MCPCLIENT_NULLABLE value,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/* -----------------------------------------------------------------------------
 * Store of OAuth grants
 *
 * Without a store, grants live in memory and end with the process.
 * -------------------------------------------------------------------------- */

/**
 * Loads a grant by calling mcpclient_store_request_set, or saves what
 * mcpclient_store_request_data returns.
 *
 * Runs on the thread of the call that needs a token, or on the thread that
 * listens. A grant is loaded before the first request and before each refresh.
 *
 * @param user_data  The pointer that was registered.
 * @param request    What to load or save.
 */
typedef void (*MCPCLIENT_NULLABLE mcpclient_store_callback)(void *MCPCLIENT_NULLABLE user_data,
    mcpclient_store_request *request);

/**
 * Keeps grants by two callbacks, such as in the keyring of the desktop. To be
 * called before the first call: grants in memory are forgotten.
 *
 * Several processes that share such a store need a lock of the program's own
 * around their calls, if refresh tokens are replaced at each use.
 *
 * @param auth  The credentials.
 * @param load  Loads a grant.
 * @param save  Saves or removes a grant.
 */
MCPCLIENT_API
mcpclient_status mcpclient_auth_set_store(mcpclient_auth *auth,
    mcpclient_store_callback load,
    mcpclient_store_callback save,
    void *MCPCLIENT_NULLABLE user_data,
    void (*MCPCLIENT_NULLABLE user_data_free)(void *MCPCLIENT_NULLABLE user_data),
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Returns the name of the grant: ASCII letters, digits and "-". It is no
 * secret and fit for a file name.
 *
 * @param request  The request, or NULL.
 * @return The name; NULL for NULL.
 */
MCPCLIENT_API
const char *MCPCLIENT_NULLABLE mcpclient_store_request_key(const mcpclient_store_request *MCPCLIENT_NULLABLE request);

/**
 * Returns what to save. It is a secret.
 *
 * @param request  The request, or NULL.
 * @return JSON text; NULL when the grant is to be removed, and when loading.
 */
MCPCLIENT_API
const char *MCPCLIENT_NULLABLE mcpclient_store_request_data(const mcpclient_store_request *MCPCLIENT_NULLABLE request);

/**
 * Sets what was loaded. Without it there is no grant of this name.
 *
 * @param request  The request.
 * @param data     What was saved under the name.
 */
MCPCLIENT_API
mcpclient_status mcpclient_store_request_set(mcpclient_store_request *request,
    const char *data,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Keeps grants in a file, which any number of processes may share. To be
 * called before the first call: grants in memory are forgotten.
 *
 * The file is made with mode 0600 when the first grant is saved. Beside it
 * stands a lock file, with ".lock" after its name. Blocks while it reads the
 * file.
 *
 * @param auth  The credentials.
 * @param path  The file, in a directory that exists.
 * @return MCPCLIENT_OK; MCPCLIENT_ERROR_INVALID_STATE when the file may be read
 *         by others, belongs to another user, is a link, or cannot be read.
 */
MCPCLIENT_API
mcpclient_status mcpclient_auth_set_store_file(mcpclient_auth *auth,
    const char *path,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Logs out of the servers that these credentials were used for in this
 * process: removes their grants from memory and store, and revokes them where
 * the authorization server offers that (best effort, 10 seconds at most for
 * each server). The next call logs in again. Blocks meanwhile.
 *
 * @param auth  The credentials.
 */
MCPCLIENT_API
mcpclient_status mcpclient_auth_forget(mcpclient_auth *auth,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/* -----------------------------------------------------------------------------
 * Requests and notifications
 *
 * The following sections have functions for the usual requests.
 * -------------------------------------------------------------------------- */

/**
 * Sends a request. A call.
 *
 * @param method      Such as "tools/call".
 * @param params      A JSON object; NULL: none.
 * @param result_out  Set to the result.
 */
MCPCLIENT_API
mcpclient_status mcpclient_request(mcpclient *client,
    const char *method,
    const char *MCPCLIENT_NULLABLE params,
    mcpclient_value **MCPCLIENT_NULLABLE result_out,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Sends a notification, which has no result. A call that ends when the server
 * has accepted it.
 *
 * @param method  Such as "notifications/roots/list_changed".
 * @param params  A JSON object; NULL: none.
 */
MCPCLIENT_API
mcpclient_status mcpclient_notify(mcpclient *client,
    const char *method,
    const char *MCPCLIENT_NULLABLE params,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Sets the lowest level of the log messages that the server sends, as the
 * notification "notifications/message".
 *
 * With protocol version 2026-07-28 the level goes with each later request. A
 * call.
 *
 * @param level  "debug", "info", "notice", "warning", "error", "critical",
 *               "alert" or "emergency".
 */
MCPCLIENT_API
mcpclient_status mcpclient_set_server_log_level(mcpclient *client,
    const char *level,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Returns the server's description of itself, which is usually known from
 * connecting. A call.
 *
 * @param info_out  Set to an object with "name", "version", "protocolVersion",
 *                  "serverInfo", "capabilities" and "instructions", as far as
 *                  the server gives them.
 */
MCPCLIENT_API
mcpclient_status mcpclient_server_info(mcpclient *client,
    mcpclient_value **MCPCLIENT_NULLABLE info_out,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/* -----------------------------------------------------------------------------
 * Tools
 * -------------------------------------------------------------------------- */

/**
 * Lists the tools of the server, all pages. A call.
 *
 * @param tools_out  Set to an array of tools, each with "name", "description"
 *                   and "inputSchema".
 */
MCPCLIENT_API
mcpclient_status mcpclient_list_tools(mcpclient *client,
    mcpclient_value **MCPCLIENT_NULLABLE tools_out,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Calls a tool. A call.
 *
 * A tool that fails is MCPCLIENT_OK: its result has "isError", which is true.
 *
 * @param name        The tool's name.
 * @param arguments   A JSON object; NULL: none.
 * @param result_out  Set to the result, with "content" and perhaps
 *                    "structuredContent" and "isError".
 */
MCPCLIENT_API
mcpclient_status mcpclient_call_tool(mcpclient *client,
    const char *name,
    const char *MCPCLIENT_NULLABLE arguments,
    mcpclient_value **MCPCLIENT_NULLABLE result_out,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/* -----------------------------------------------------------------------------
 * Tasks
 *
 * Work of a tool that outlives a call (extension io.modelcontextprotocol/tasks,
 * and its older form in protocol version 2025-11-25). mcpclient_call_tool
 * follows a task to its end by itself; these functions are for programs that
 * want the task. Its id is text that may be stored: another process may go on
 * with it.
 * -------------------------------------------------------------------------- */

/**
 * Calls a tool as a task. A call that ends when the server has begun the task.
 *
 * @param tool         The tool's name.
 * @param arguments    A JSON object; NULL: none.
 * @param task_id_out  Set to the task's id, to be freed with
 *                     mcpclient_string_free. Set to NULL when the server has
 *                     carried the tool out at once.
 * @param task_out     Set to the task. "/status" is "completed" and "/result"
 *                     the result when the server has carried the tool out at
 *                     once.
 * @return MCPCLIENT_OK; MCPCLIENT_ERROR_UNSUPPORTED when the server has no
 *         tasks.
 */
MCPCLIENT_API
mcpclient_status mcpclient_start_task(mcpclient *client,
    const char *tool,
    const char *MCPCLIENT_NULLABLE arguments,
    char **MCPCLIENT_NULLABLE task_id_out,
    mcpclient_value **MCPCLIENT_NULLABLE task_out,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Gets the state of a task, also of one that another process has started. A
 * call.
 *
 * @param task_id   The task's id.
 * @param task_out  Set to the task, with "/status": "working",
 *                  "input_required", "completed", "failed" or "cancelled".
 */
MCPCLIENT_API
mcpclient_status mcpclient_get_task(mcpclient *client,
    const char *task_id,
    mcpclient_value **MCPCLIENT_NULLABLE task_out,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Waits for the result of a task. A call that ends when the task has ended.
 * The task goes on when the call ends before.
 *
 * Requests of the server for input go to the callbacks of
 * mcpclient_on_request.
 *
 * @param task_id     The task's id.
 * @param result_out  Set to the result, as for mcpclient_call_tool.
 * @return MCPCLIENT_OK; MCPCLIENT_ERROR_RPC when the task failed;
 *         MCPCLIENT_ERROR_INVALID_STATE when it was cancelled.
 */
MCPCLIENT_API
mcpclient_status mcpclient_await_task(mcpclient *client,
    const char *task_id,
    mcpclient_value **MCPCLIENT_NULLABLE result_out,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Asks the server to cancel a task. The server decides whether and when. A
 * call.
 *
 * @param task_id  The task's id.
 */
MCPCLIENT_API
mcpclient_status mcpclient_cancel_task(mcpclient *client,
    const char *task_id,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Frees a string that a function returned as "char *".
 *
 * @param string  The string; NULL is ignored.
 */
MCPCLIENT_API void mcpclient_string_free(char *MCPCLIENT_NULLABLE string);

/* -----------------------------------------------------------------------------
 * Resources
 * -------------------------------------------------------------------------- */

/**
 * Lists the resources of the server, all pages. A call.
 *
 * @param resources_out  Set to an array of resources, each with "uri" and
 *                       "name".
 */
MCPCLIENT_API
mcpclient_status mcpclient_list_resources(mcpclient *client,
    mcpclient_value **MCPCLIENT_NULLABLE resources_out,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Lists the resource templates of the server, all pages. A call.
 *
 * @param templates_out  Set to an array of templates, each with "uriTemplate"
 *                       and "name".
 */
MCPCLIENT_API
mcpclient_status mcpclient_list_resource_templates(mcpclient *client,
    mcpclient_value **MCPCLIENT_NULLABLE templates_out,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Reads a resource. A call.
 *
 * @param uri         The resource's URI.
 * @param result_out  Set to the result, with the array "contents".
 */
MCPCLIENT_API
mcpclient_status mcpclient_read_resource(mcpclient *client,
    const char *uri,
    mcpclient_value **MCPCLIENT_NULLABLE result_out,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/* -----------------------------------------------------------------------------
 * Prompts and completion
 * -------------------------------------------------------------------------- */

/**
 * Lists the prompts of the server, all pages. A call.
 *
 * @param prompts_out  Set to an array of prompts, each with "name".
 */
MCPCLIENT_API
mcpclient_status mcpclient_list_prompts(mcpclient *client,
    mcpclient_value **MCPCLIENT_NULLABLE prompts_out,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Gets a prompt with its arguments filled in. A call.
 *
 * @param name        The prompt's name.
 * @param arguments   A JSON object of strings; NULL: none.
 * @param result_out  Set to the result, with the array "messages".
 */
MCPCLIENT_API
mcpclient_status mcpclient_get_prompt(mcpclient *client,
    const char *name,
    const char *MCPCLIENT_NULLABLE arguments,
    mcpclient_value **MCPCLIENT_NULLABLE result_out,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Requests completions of an argument of a prompt or of a resource template. A
 * call.
 *
 * @param reference       A JSON object such as
 *                        {"type":"ref/prompt","name":"greet"}.
 * @param argument_name   The argument.
 * @param argument_value  What it begins with.
 * @param result_out      Set to the result, with "completion/values".
 */
MCPCLIENT_API
mcpclient_status mcpclient_complete(mcpclient *client,
    const char *reference,
    const char *argument_name,
    const char *argument_value,
    mcpclient_value **MCPCLIENT_NULLABLE result_out,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/* -----------------------------------------------------------------------------
 * Notifications and requests of the server
 *
 * They arrive during a call, or at any time after mcpclient_listen.
 * -------------------------------------------------------------------------- */

/**
 * Receives notifications of the server.
 *
 * Runs on the thread of the call during which the notification arrives, or on
 * a thread of the library; several may run at once. Over HTTP with server-sent
 * events it is always the latter, so that the last progress of a call may
 * arrive just after the call has returned.
 *
 * @param user_data  The pointer that was registered.
 * @param method     Such as "notifications/tools/list_changed".
 * @param params     The parameters, an empty object when there are none. Not
 *                   to be freed.
 */
typedef void (*MCPCLIENT_NULLABLE mcpclient_notification_callback)(void *MCPCLIENT_NULLABLE user_data,
    const char *method,
    const mcpclient_value *params);

/**
 * Responds to a request of the server, by calling mcpclient_reply_result or
 * mcpclient_reply_error. When it calls neither, the server gets an error.
 *
 * Runs on the thread of the call during which the request arrives, or on a
 * thread of the library; several may run at once.
 *
 * @param user_data  The pointer that was registered.
 * @param method     Such as "elicitation/create".
 * @param params     The parameters, an empty object when there are none. Not
 *                   to be freed.
 * @param reply      Where to leave the response.
 */
typedef void (*MCPCLIENT_NULLABLE mcpclient_request_callback)(void *MCPCLIENT_NULLABLE user_data,
    const char *method,
    const mcpclient_value *params,
    mcpclient_reply *reply);

/**
 * Sets the callback for notifications of one method, or of all. A notification
 * goes to both.
 *
 * @param method    Such as "notifications/message"; NULL: all.
 * @param callback  Replaces the previous one; NULL removes it.
 */
MCPCLIENT_API
mcpclient_status mcpclient_on_notification(mcpclient *client,
    const char *MCPCLIENT_NULLABLE method,
    mcpclient_notification_callback callback,
    void *MCPCLIENT_NULLABLE user_data,
    void (*MCPCLIENT_NULLABLE user_data_free)(void *MCPCLIENT_NULLABLE user_data),
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Sets the callback that responds to one kind of request of the server.
 *
 * It declares the client's capability to the server, so set it before
 * connecting. Elicitation by URL and sampling with tools are refused before
 * they reach the callback, unless mcpclient_set_capabilities declares them.
 *
 * @param method    "elicitation/create", "sampling/createMessage" or
 *                  "roots/list".
 * @param callback  Replaces the previous one; NULL removes it.
 */
MCPCLIENT_API
mcpclient_status mcpclient_on_request(mcpclient *client,
    const char *method,
    mcpclient_request_callback callback,
    void *MCPCLIENT_NULLABLE user_data,
    void (*MCPCLIENT_NULLABLE user_data_free)(void *MCPCLIENT_NULLABLE user_data),
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Responds to the server's request with a result. The last response counts; it
 * is sent when the callback has returned or the event was freed.
 *
 * @param reply        The reply of the callback or event.
 * @param result_json  A JSON object.
 */
MCPCLIENT_API
mcpclient_status mcpclient_reply_result(mcpclient_reply *reply,
    const char *result_json,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Responds to the server's request with an error. The last response counts; it
 * is sent when the callback has returned or the event was freed.
 *
 * @param reply    The reply of the callback or event.
 * @param code     A JSON-RPC error code, such as -32603.
 * @param message  One line that says what failed.
 */
MCPCLIENT_API
mcpclient_status mcpclient_reply_error(mcpclient_reply *reply,
    int32_t code,
    const char *message,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Subscribes to notifications outside calls, until mcpclient_stop_listening or
 * mcpclient_close.
 *
 * Opens a stream that a thread of the library reads; the thread runs the
 * callbacks, and opens the stream again when it breaks. Replaces the previous
 * stream. A call that ends when the server has accepted the stream;
 * MCPCLIENT_ERROR_UNSUPPORTED when the server offers none, or accepts nothing
 * of the filter.
 *
 * @param filter_json  A JSON object of what to send, such as
 *                     {"toolsListChanged":true,
 *                     "resourceSubscriptions":["file:///x"]}; NULL: an empty
 *                     object. Before protocol version 2026-07-28, servers send
 *                     all notifications except changes of resources without
 *                     being asked.
 */
MCPCLIENT_API
mcpclient_status mcpclient_listen(mcpclient *client,
    const char *MCPCLIENT_NULLABLE filter_json,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Ends what mcpclient_listen began: closes its stream, and unsubscribes from
 * the resources of its filter. A callback that is running may return later.
 *
 * Before protocol version 2026-07-28 the stream stays open while callbacks are
 * set, since the server may send requests on it.
 *
 * @param client  The client; NULL is ignored.
 */
MCPCLIENT_API
void mcpclient_stop_listening(mcpclient *MCPCLIENT_NULLABLE client);

/* -----------------------------------------------------------------------------
 * Results
 *
 * A value is JSON. A JSON Pointer (RFC 6901) selects a part of it: "" is the
 * whole, "/content/0/text" the member "text" of the first element of the
 * member "content". Of members with the same name the last counts. Strings are
 * valid UTF-8: what is not Unicode in a server's text is replaced by U+FFFD.
 * mcpclient_value_at and mcpclient_value_element return views: values that
 * cost nothing and last as long as the value that they are a part of. Every
 * function takes them.
 * -------------------------------------------------------------------------- */

/** There is nothing. */
#define MCPCLIENT_TYPE_ABSENT 0
/** It is null. */
#define MCPCLIENT_TYPE_NULL 1
/** It is true or false. */
#define MCPCLIENT_TYPE_BOOL 2
/** It is a number. */
#define MCPCLIENT_TYPE_NUMBER 3
/** It is a string. */
#define MCPCLIENT_TYPE_STRING 4
/** It is an array. */
#define MCPCLIENT_TYPE_ARRAY 5
/** It is an object. */
#define MCPCLIENT_TYPE_OBJECT 6

/** What a part of a value is: one of MCPCLIENT_TYPE_*. */
typedef int32_t mcpclient_type;

/**
 * Makes a value of JSON text, such as a file of settings or the arguments of a
 * call.
 *
 * @param json  JSON text. When it is not valid, the message names the place.
 * @return The value; NULL on failure.
 */
MCPCLIENT_API
MCPCLIENT_MUST_USE
mcpclient_value *MCPCLIENT_NULLABLE mcpclient_value_parse(const char *json,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Copies a part of a value, also of one that a callback was given.
 *
 * Takes time and memory by the size of the part.
 *
 * @param value    The value.
 * @param pointer  JSON Pointer to the part; "": the whole.
 * @return The copy; NULL with MCPCLIENT_ERROR_INVALID_ARGUMENT when there is
 *         nothing at pointer.
 */
MCPCLIENT_API
MCPCLIENT_MUST_USE
mcpclient_value *MCPCLIENT_NULLABLE mcpclient_value_copy(const mcpclient_value *value,
    const char *pointer,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Returns what a part of a value is.
 *
 * @param value    The value, or NULL.
 * @param pointer  JSON Pointer to the part, or NULL.
 * @return One of MCPCLIENT_TYPE_*.
 */
MCPCLIENT_API
mcpclient_type mcpclient_value_type(const mcpclient_value *MCPCLIENT_NULLABLE value,
    const char *MCPCLIENT_NULLABLE pointer);

/**
 * Returns a view of a part of a value.
 *
 * @param value    The value, or NULL.
 * @param pointer  JSON Pointer to the part, or NULL.
 * @return The view; NULL when there is nothing at pointer.
 */
MCPCLIENT_API
const mcpclient_value *MCPCLIENT_NULLABLE mcpclient_value_at(const mcpclient_value *MCPCLIENT_NULLABLE value,
    const char *MCPCLIENT_NULLABLE pointer);

/**
 * Returns a view of one element of an array, or of the value of one member of
 * an object.
 *
 * Takes the same time for each index. A loop over mcpclient_value_count(value,
 * "") elements needs no pointers.
 *
 * @param value  The array or object, or NULL.
 * @param index  The index, from 0.
 * @return The view; NULL when there is no such element.
 */
MCPCLIENT_API
const mcpclient_value *MCPCLIENT_NULLABLE mcpclient_value_element(const mcpclient_value *MCPCLIENT_NULLABLE value,
    size_t index);

/**
 * Returns the name of one member of an object.
 *
 * @param value  The object, or NULL.
 * @param index  The index, from 0.
 * @return The name in UTF-8; NULL when there is no such member.
 */
MCPCLIENT_API
const char *MCPCLIENT_NULLABLE mcpclient_value_key(const mcpclient_value *MCPCLIENT_NULLABLE value,
    size_t index);

/**
 * Returns a value as JSON text.
 *
 * Numbers keep their digits and members their order; there is no white space
 * between the parts. The text is made when it is first asked for.
 *
 * @param value  The value, or NULL.
 * @return The text; "null" for NULL.
 */
MCPCLIENT_API
const char *mcpclient_value_json(const mcpclient_value *MCPCLIENT_NULLABLE value);

/**
 * Returns a string inside a value.
 *
 * C sees a string that contains U+0000 end there; mcpclient_value_string_length
 * is its whole length.
 *
 * @param value    The value, or NULL.
 * @param pointer  JSON Pointer to the string, or NULL.
 * @return The string in UTF-8; NULL when there is none at pointer.
 */
MCPCLIENT_API
const char *MCPCLIENT_NULLABLE mcpclient_value_string(const mcpclient_value *MCPCLIENT_NULLABLE value,
    const char *MCPCLIENT_NULLABLE pointer);

/**
 * Returns a string inside a value, or another one when there is none.
 *
 * @param value     The value, or NULL.
 * @param pointer   JSON Pointer to the string, or NULL.
 * @param fallback  Returned, not copied, when there is no string at pointer;
 *                  may be NULL.
 * @return The string in UTF-8, or fallback.
 */
MCPCLIENT_API
const char *MCPCLIENT_NULLABLE mcpclient_value_string_or(const mcpclient_value *MCPCLIENT_NULLABLE value,
    const char *MCPCLIENT_NULLABLE pointer,
    const char *MCPCLIENT_NULLABLE fallback);

/**
 * Returns the length of a string inside a value.
 *
 * @param value    The value, or NULL.
 * @param pointer  JSON Pointer to the string, or NULL.
 * @return The number of bytes before the NUL that ends the string; 0 when
 *         there is no string at pointer.
 */
MCPCLIENT_API
size_t mcpclient_value_string_length(const mcpclient_value *MCPCLIENT_NULLABLE value,
    const char *MCPCLIENT_NULLABLE pointer);

/**
 * Reads an integer inside a value. Nothing is rounded.
 *
 * @param value    The value, or NULL.
 * @param pointer  JSON Pointer to the number, or NULL.
 * @param out      Set when true is returned; may be NULL.
 * @return Whether there is a number at pointer that is whole and fits, such as
 *         3, 3.0 or 3e2.
 */
MCPCLIENT_API
bool mcpclient_value_int64(const mcpclient_value *MCPCLIENT_NULLABLE value,
    const char *MCPCLIENT_NULLABLE pointer,
    int64_t *MCPCLIENT_NULLABLE out);

/**
 * Reads a number inside a value.
 *
 * @param value    The value, or NULL.
 * @param pointer  JSON Pointer to the number, or NULL.
 * @param out      Set to the nearest double when true is returned; may be NULL.
 * @return Whether there is a number at pointer that is not too large for a
 *         double, as 1e400 is.
 */
MCPCLIENT_API
bool mcpclient_value_double(const mcpclient_value *MCPCLIENT_NULLABLE value,
    const char *MCPCLIENT_NULLABLE pointer,
    double *MCPCLIENT_NULLABLE out);

/**
 * Reads a boolean inside a value.
 *
 * @param value    The value, or NULL.
 * @param pointer  JSON Pointer to the boolean, or NULL.
 * @param out      Set when true is returned; may be NULL.
 * @return Whether there is a boolean at pointer.
 */
MCPCLIENT_API
bool mcpclient_value_bool(const mcpclient_value *MCPCLIENT_NULLABLE value,
    const char *MCPCLIENT_NULLABLE pointer,
    bool *MCPCLIENT_NULLABLE out);

/**
 * Counts the elements of an array or the members of an object.
 *
 * @param value    The value, or NULL.
 * @param pointer  JSON Pointer to the array or object, or NULL.
 * @return The number; 0 when there is neither at pointer.
 */
MCPCLIENT_API
size_t mcpclient_value_count(const mcpclient_value *MCPCLIENT_NULLABLE value,
    const char *MCPCLIENT_NULLABLE pointer);

/**
 * Frees a value, with its views and the strings that were read from it.
 *
 * @param value  The value. NULL, views, and values that callbacks are given
 *               are ignored.
 */
MCPCLIENT_API
void mcpclient_value_free(mcpclient_value *MCPCLIENT_NULLABLE value);

/* -----------------------------------------------------------------------------
 * JSON text for arguments and parameters
 *
 * Each function that begins with mcpclient_json_set_ puts a value where its
 * JSON Pointer leads, in place of the one that is there. Objects that are
 * missing on the way are made; "/list/-" appends to the array "list", and makes
 * it if it is missing. On failure nothing is changed.
 * -------------------------------------------------------------------------- */

/**
 * Begins JSON text: an empty object.
 *
 * @return The text; NULL on failure.
 */
MCPCLIENT_API
MCPCLIENT_MUST_USE
mcpclient_json *MCPCLIENT_NULLABLE mcpclient_json_new(mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Sets a string.
 *
 * @param json     The text.
 * @param pointer  JSON Pointer to the place; "": the whole.
 * @param value    The string.
 * @return MCPCLIENT_OK; MCPCLIENT_ERROR_INVALID_ARGUMENT when the pointer leads
 *         through something else than arrays and objects or past the end of
 *         an array, or more than 127 arrays and objects would be nested.
 */
MCPCLIENT_API
mcpclient_status mcpclient_json_set_string(mcpclient_json *json,
    const char *pointer,
    const char *value,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Sets an integer.
 *
 * @param json     The text.
 * @param pointer  JSON Pointer to the place; "": the whole.
 * @param value    The integer.
 * @return As for mcpclient_json_set_string.
 */
MCPCLIENT_API
mcpclient_status mcpclient_json_set_int64(mcpclient_json *json,
    const char *pointer,
    int64_t value,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Sets a number.
 *
 * @param json     The text.
 * @param pointer  JSON Pointer to the place; "": the whole.
 * @param value    The number. It is written with as few digits as are needed
 *                 to read the same number again.
 * @return As for mcpclient_json_set_string; MCPCLIENT_ERROR_INVALID_ARGUMENT
 *         also when value is infinite or not a number.
 */
MCPCLIENT_API
mcpclient_status mcpclient_json_set_double(mcpclient_json *json,
    const char *pointer,
    double value,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Sets true or false.
 *
 * @param json     The text.
 * @param pointer  JSON Pointer to the place; "": the whole.
 * @param value    The boolean.
 * @return As for mcpclient_json_set_string.
 */
MCPCLIENT_API
mcpclient_status mcpclient_json_set_bool(mcpclient_json *json,
    const char *pointer,
    bool value,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Sets null.
 *
 * @param json     The text.
 * @param pointer  JSON Pointer to the place; "": the whole.
 * @return As for mcpclient_json_set_string.
 */
MCPCLIENT_API
mcpclient_status mcpclient_json_set_null(mcpclient_json *json,
    const char *pointer,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Sets any JSON value, such as an array or a part of a result.
 *
 * @param json     The text.
 * @param pointer  JSON Pointer to the place; "": the whole.
 * @param value    JSON text. When it is not valid, the message names the place.
 * @return As for mcpclient_json_set_string.
 */
MCPCLIENT_API
mcpclient_status mcpclient_json_set_json(mcpclient_json *json,
    const char *pointer,
    const char *value,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Returns the JSON text.
 *
 * @param json  The text, or NULL.
 * @return The text, valid until the next mcpclient_json_set_ function or
 *         mcpclient_json_free; "null" for NULL.
 */
MCPCLIENT_API
const char *mcpclient_json_text(const mcpclient_json *MCPCLIENT_NULLABLE json);

/**
 * Frees JSON text.
 *
 * @param json  The text; NULL is ignored.
 */
MCPCLIENT_API void mcpclient_json_free(mcpclient_json *MCPCLIENT_NULLABLE json);

/* -----------------------------------------------------------------------------
 * Completion queues
 *
 * For programs that must not block: an event loop, a window, a game. Each
 * mcpclient_start_ function checks and copies its arguments, returns at once,
 * and does no I/O. The call then runs on a thread of the queue, with the time
 * limit of its client, which counts from the start. Each operation that was
 * started gives one event, whether it succeeds, fails, is cancelled or runs out
 * of time. A client gets at most half of the threads while another one waits.
 * Operations keep their client alive: mcpclient_free may be called while some
 * are under way. In the child of a fork, the queue is empty.
 * user_data is given back by mcpclient_event_user_data and never touched.
 * operation_out is set to the operation's number, which is never 0 and never
 * used again. A full queue is MCPCLIENT_ERROR_INVALID_STATE. When starting
 * fails, there is no event.
 * -------------------------------------------------------------------------- */

/** A list for mcpclient_start_list: the tools. */
#define MCPCLIENT_LIST_TOOLS 0
/** A list for mcpclient_start_list: the resources. */
#define MCPCLIENT_LIST_RESOURCES 1
/** A list for mcpclient_start_list: the resource templates. */
#define MCPCLIENT_LIST_RESOURCE_TEMPLATES 2
/** A list for mcpclient_start_list: the prompts. */
#define MCPCLIENT_LIST_PROMPTS 3

/**
 * Makes an empty queue. It starts no thread before the first operation.
 *
 * @return The queue; NULL when the process has no descriptor left.
 */
MCPCLIENT_API
MCPCLIENT_MUST_USE
mcpclient_queue *MCPCLIENT_NULLABLE mcpclient_queue_new(mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Sets how many operations may run at once, each on its thread.
 *
 * @param most  1 to 1024; default 8.
 */
MCPCLIENT_API
mcpclient_status mcpclient_queue_set_threads(mcpclient_queue *queue,
    uint32_t most,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Sets how many operations may be under way: started, and their event not yet
 * taken.
 *
 * @param most  1 or more; default 1024.
 */
MCPCLIENT_API
mcpclient_status mcpclient_queue_set_limit(mcpclient_queue *queue,
    uint32_t most,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Returns a descriptor that is readable while the queue has an event: for
 * poll, epoll, libuv, GLib and their like.
 *
 * It belongs to the queue: never read, write or close it. It is
 * level-triggered; with edge triggering, take events until there is none. The
 * child of a fork must ask again.
 *
 * @param queue  The queue, or NULL.
 * @return The descriptor; -1 for NULL and where there is none (Windows).
 */
MCPCLIENT_API
int32_t mcpclient_queue_fd(const mcpclient_queue *MCPCLIENT_NULLABLE queue);

/**
 * Takes the next event. Events come in the order in which operations end.
 *
 * @param queue       The queue, or NULL.
 * @param timeout_ms  How long to wait for one; 0: not at all; -1: until there
 *                    is one.
 * @return The event, to be freed with mcpclient_event_free; NULL: none.
 */
MCPCLIENT_API
MCPCLIENT_MUST_USE
mcpclient_event *MCPCLIENT_NULLABLE mcpclient_queue_next(const mcpclient_queue *MCPCLIENT_NULLABLE queue,
    int32_t timeout_ms);

/**
 * Counts the operations under way.
 *
 * @param queue  The queue, or NULL.
 * @return The number of those whose event was not taken; 0 for NULL.
 */
MCPCLIENT_API
size_t mcpclient_queue_pending(const mcpclient_queue *MCPCLIENT_NULLABLE queue);

/**
 * Counts the notifications that were dropped. 1024 may wait to be taken.
 *
 * @param queue  The queue, or NULL.
 * @return Their number since the queue was made; 0 for NULL.
 */
MCPCLIENT_API
uint64_t mcpclient_queue_lost(const mcpclient_queue *MCPCLIENT_NULLABLE queue);

/**
 * Ends an operation with MCPCLIENT_ERROR_CANCELLED. Its event comes all the
 * same.
 *
 * @param queue      The queue; NULL is ignored.
 * @param operation  The number of mcpclient_start_..., 0: all. A number that
 *                   is unknown or has ended is ignored.
 */
MCPCLIENT_API
void mcpclient_queue_cancel(const mcpclient_queue *MCPCLIENT_NULLABLE queue,
    uint64_t operation);

/**
 * Frees a queue and cancels its operations. Their user_data is not given back:
 * cancel all and take events until mcpclient_queue_pending is 0 where it must
 * be freed. Blocks for one second at most.
 *
 * @param queue  The queue; NULL is ignored.
 */
MCPCLIENT_API
void mcpclient_queue_free(mcpclient_queue *MCPCLIENT_NULLABLE queue);

/** Starts mcpclient_connect. */
MCPCLIENT_API
mcpclient_status mcpclient_start_connect(mcpclient *client,
    mcpclient_queue *queue,
    void *MCPCLIENT_NULLABLE user_data,
    uint64_t *MCPCLIENT_NULLABLE operation_out,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/** Starts mcpclient_ping. */
MCPCLIENT_API
mcpclient_status mcpclient_start_ping(mcpclient *client,
    mcpclient_queue *queue,
    void *MCPCLIENT_NULLABLE user_data,
    uint64_t *MCPCLIENT_NULLABLE operation_out,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Starts mcpclient_request, by which also "tools/call", "resources/read",
 * "prompts/get" and "completion/complete" are sent. The event has the result.
 *
 * @param method  Such as "tools/call".
 * @param params  A JSON object, such as {"name":"add","arguments":{"a":1}};
 *                NULL: none.
 */
MCPCLIENT_API
mcpclient_status mcpclient_start_request(mcpclient *client,
    const char *method,
    const char *MCPCLIENT_NULLABLE params,
    mcpclient_queue *queue,
    void *MCPCLIENT_NULLABLE user_data,
    uint64_t *MCPCLIENT_NULLABLE operation_out,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Starts a list with all its pages. The event has an array.
 *
 * @param what  One of MCPCLIENT_LIST_*.
 */
MCPCLIENT_API
mcpclient_status mcpclient_start_list(mcpclient *client,
    int32_t what,
    mcpclient_queue *queue,
    void *MCPCLIENT_NULLABLE user_data,
    uint64_t *MCPCLIENT_NULLABLE operation_out,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Starts mcpclient_notify.
 *
 * @param method  Such as "notifications/roots/list_changed".
 * @param params  A JSON object; NULL: none.
 */
MCPCLIENT_API
mcpclient_status mcpclient_start_notify(mcpclient *client,
    const char *method,
    const char *MCPCLIENT_NULLABLE params,
    mcpclient_queue *queue,
    void *MCPCLIENT_NULLABLE user_data,
    uint64_t *MCPCLIENT_NULLABLE operation_out,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Starts mcpclient_listen. The event says whether the server has accepted the
 * stream.
 *
 * @param filter_json  As for mcpclient_listen; NULL: an empty object.
 */
MCPCLIENT_API
mcpclient_status mcpclient_start_listen(mcpclient *client,
    const char *MCPCLIENT_NULLABLE filter_json,
    mcpclient_queue *queue,
    void *MCPCLIENT_NULLABLE user_data,
    uint64_t *MCPCLIENT_NULLABLE operation_out,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Starts mcpclient_close, so that mcpclient_free after its event does not wait
 * for the server.
 */
MCPCLIENT_API
mcpclient_status mcpclient_start_close(mcpclient *client,
    mcpclient_queue *queue,
    void *MCPCLIENT_NULLABLE user_data,
    uint64_t *MCPCLIENT_NULLABLE operation_out,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Turns notifications of the server into events, in place of a callback.
 *
 * @param method  Such as "notifications/message"; NULL: all.
 * @return MCPCLIENT_OK; MCPCLIENT_ERROR_INVALID_STATE when a callback is set
 *         for the method.
 */
MCPCLIENT_API
mcpclient_status mcpclient_queue_notifications(mcpclient_queue *queue,
    mcpclient *client,
    const char *MCPCLIENT_NULLABLE method,
    void *MCPCLIENT_NULLABLE user_data,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Turns requests of the server into events, in place of a callback. Like one,
 * it declares the client's capability. 64 requests may wait to be taken;
 * further ones get an error.
 *
 * @param method  "elicitation/create", "sampling/createMessage" or
 *                "roots/list".
 * @return MCPCLIENT_OK; MCPCLIENT_ERROR_INVALID_STATE when a callback is set
 *         for the method.
 */
MCPCLIENT_API
mcpclient_status mcpclient_queue_requests(mcpclient_queue *queue,
    mcpclient *client,
    const char *method,
    void *MCPCLIENT_NULLABLE user_data,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/* -----------------------------------------------------------------------------
 * Events
 *
 * What mcpclient_queue_next returns.
 * -------------------------------------------------------------------------- */

/** An operation ended. */
#define MCPCLIENT_EVENT_DONE 0
/** The server sent a notification. */
#define MCPCLIENT_EVENT_NOTIFICATION 1
/** The server sent a request, and waits for the reply. */
#define MCPCLIENT_EVENT_REQUEST 2

/**
 * Returns what happened.
 *
 * @param event  The event, or NULL.
 * @return One of MCPCLIENT_EVENT_*; MCPCLIENT_EVENT_DONE for NULL.
 */
MCPCLIENT_API
int32_t mcpclient_event_kind(const mcpclient_event *MCPCLIENT_NULLABLE event);

/**
 * Returns the number of the operation that ended.
 *
 * @param event  The event, or NULL.
 * @return The number; 0 for NULL and for other events.
 */
MCPCLIENT_API
uint64_t mcpclient_event_operation(const mcpclient_event *MCPCLIENT_NULLABLE event);

/**
 * Returns the user_data that the operation was started with, or that
 * mcpclient_queue_notifications or mcpclient_queue_requests was given.
 *
 * @param event  The event, or NULL.
 * @return The pointer; NULL for NULL.
 */
MCPCLIENT_API
void *MCPCLIENT_NULLABLE mcpclient_event_user_data(const mcpclient_event *MCPCLIENT_NULLABLE event);

/**
 * Returns why the operation failed.
 *
 * @param event  The event, or NULL.
 * @return The error, valid until the event is freed; NULL: it succeeded.
 */
MCPCLIENT_API
const mcpclient_error *MCPCLIENT_NULLABLE mcpclient_event_error(const mcpclient_event *MCPCLIENT_NULLABLE event);

/**
 * Returns the result of the operation, or the parameters of the notification
 * or request.
 *
 * @param event  The event, or NULL.
 * @return The value, valid until the event is freed; NULL: none.
 */
MCPCLIENT_API
const mcpclient_value *MCPCLIENT_NULLABLE mcpclient_event_value(const mcpclient_event *MCPCLIENT_NULLABLE event);

/**
 * Returns the method of the notification or request.
 *
 * @param event  The event, or NULL.
 * @return The method, valid until the event is freed; NULL: none.
 */
MCPCLIENT_API
const char *MCPCLIENT_NULLABLE mcpclient_event_method(const mcpclient_event *MCPCLIENT_NULLABLE event);

/**
 * Returns where to leave the response to a request, now or later. It is sent
 * when the event is freed.
 *
 * @param event  The event, or NULL.
 * @return The reply, valid until the event is freed; NULL for other events.
 */
MCPCLIENT_API
mcpclient_reply *MCPCLIENT_NULLABLE mcpclient_event_reply(mcpclient_event *MCPCLIENT_NULLABLE event);

/**
 * Frees an event. A request without a response gets an error.
 *
 * @param event  The event; NULL is ignored.
 */
MCPCLIENT_API
void mcpclient_event_free(mcpclient_event *MCPCLIENT_NULLABLE event);

/* -----------------------------------------------------------------------------
 * Errors
 *
 * Each function accepts NULL: no error.
 * -------------------------------------------------------------------------- */

/**
 * Returns the status of an error: what the function that failed returned.
 *
 * @param error  The error, or NULL.
 * @return One of MCPCLIENT_ERROR_*; MCPCLIENT_OK for NULL.
 */
MCPCLIENT_API
mcpclient_status mcpclient_error_status(const mcpclient_error *MCPCLIENT_NULLABLE error);

/**
 * Returns one line for a person: what failed, where, and where it helps, what
 * to do about it. It never holds a credential.
 *
 * @param error  The error, or NULL.
 * @return The line, without a line end; empty for NULL.
 */
MCPCLIENT_API
const char *mcpclient_error_message(const mcpclient_error *MCPCLIENT_NULLABLE error);

/**
 * Returns the HTTP status of the response that made the call fail.
 *
 * @param error  The error, or NULL.
 * @return Such as 503; 0 when there was no response, or when it had a success
 *         status, as JSON-RPC errors often have.
 */
MCPCLIENT_API
int32_t mcpclient_error_http_status(const mcpclient_error *MCPCLIENT_NULLABLE error);

/**
 * Returns the code of the server's JSON-RPC error.
 *
 * @param error  The error, or NULL.
 * @return Such as -32601; 0 unless the status is MCPCLIENT_ERROR_RPC.
 */
MCPCLIENT_API
int32_t mcpclient_error_rpc_code(const mcpclient_error *MCPCLIENT_NULLABLE error);

/**
 * Returns the data of the server's JSON-RPC error.
 *
 * @param error  The error, or NULL.
 * @return JSON text; NULL when there is none, or more than 1 MiB.
 */
MCPCLIENT_API
const char *MCPCLIENT_NULLABLE mcpclient_error_rpc_data(const mcpclient_error *MCPCLIENT_NULLABLE error);

/**
 * Returns the WWW-Authenticate header of the response that refused the
 * request.
 *
 * @param error  The error, or NULL.
 * @return The header, several of them joined by ", "; NULL when there is none.
 */
MCPCLIENT_API
const char *MCPCLIENT_NULLABLE mcpclient_error_www_authenticate(const mcpclient_error *MCPCLIENT_NULLABLE error);

/**
 * Returns one parameter of the Bearer challenge in the WWW-Authenticate
 * header.
 *
 * @param error  The error, or NULL.
 * @param name   The parameter, without regard to case: "error",
 *               "error_description", "scope", "resource_metadata" or another;
 *               or NULL.
 * @return The value, unquoted; NULL when there is none.
 */
MCPCLIENT_API
const char *MCPCLIENT_NULLABLE mcpclient_error_challenge_parameter(const mcpclient_error *MCPCLIENT_NULLABLE error,
    const char *MCPCLIENT_NULLABLE name);

/**
 * Frees an error, and the strings that were read from it.
 *
 * @param error  The error; NULL is ignored.
 */
MCPCLIENT_API
void mcpclient_error_free(mcpclient_error *MCPCLIENT_NULLABLE error);

#ifdef __cplusplus
} /* extern "C" */
#endif

#if defined(__clang__)
#pragma clang assume_nonnull end
#pragma clang diagnostic pop
#endif

#endif /* MCPCLIENT_H */
