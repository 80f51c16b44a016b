/**
 * @file mcpclient.h
 *
 * The Model Context Protocol (MCP) client.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * The library connects to an MCP server over HTTP, authenticates, negotiates
 * transport and protocol version, and calls what the server offers. A whole
 * program:
 *
 *     #include <mcpclient.h>
 *     #include <stdio.h>
 *
 *     int main(int argc, char **argv)
 *     {
 *         mcpclient_error *error = NULL;
 *         mcpclient *client = mcpclient_new(argc > 1 ? argv[1] : "", &error);
 *         if (client && mcpclient_ping(client, &error) == MCPCLIENT_OK)
 *             puts("The server is there.");
 *         if (error)
 *             fprintf(stderr, "%s\n", mcpclient_error_message(error));
 *         mcpclient_error_free(error);
 *         mcpclient_free(client);
 *         return 0;
 *     }
 *
 * Ownership. A handle is made by a function that ends in _new and freed by the
 * one that ends in _free, which accepts NULL; no other function takes a handle
 * over. Everything passed in is copied before the call returns. A result
 * through an output pointer belongs to the caller, who frees it with the
 * function that the description names. A string returned as "const char *"
 * belongs to the handle that it was read from. Output pointers may be NULL,
 * and are written only on success.
 *
 * Errors. A function that can fail returns a status, or a handle that is NULL
 * on failure, and takes a place for an error last. NULL there means "not
 * interested". On failure a new error object is left there, which the caller
 * frees; on success nothing is written, so the pointer should be NULL before.
 * An error that is still there is overwritten, not freed. There is no "last
 * error" of a thread. What is wrong with an argument (NULL where the
 * description does not allow it, invalid UTF-8, an unknown number) is
 * MCPCLIENT_ERROR_INVALID_ARGUMENT, not undefined behaviour. A later release
 * may add statuses: treat an unknown one as a failure.
 *
 * Threads. A client may be used from many threads at once, and so may
 * credentials; errors and values never change and may be read from any thread.
 * Only the _free of an object must be its last use. What is set on a client
 * takes effect on its next request. A call can be ended from another thread by
 * mcpclient_cancel. The library starts a thread only for what cannot be done
 * within a call: to read what the server sends outside calls, to look up host
 * names, which nothing can interrupt, and to tell a server that a call or a
 * session was given up. Each blocks every signal; mcpclient_close and
 * mcpclient_free wait for them, a second at most. The library stays in memory
 * once loaded, also after dlclose.
 *
 * Fork and signals. After fork, the child's client opens connections and a
 * session of its own and leaves the parent's alone. The library installs no
 * signal handler and raises no SIGPIPE, and a handler of the program without
 * SA_RESTART does not end a call.
 *
 * Strings. All are NUL-terminated and UTF-8, file names included. JSON is
 * passed as text; results can be read without a JSON library by the functions
 * that begin with mcpclient_value_.
 *
 * Transport and protocol. Unless told otherwise, a client finds out by itself
 * which transport the server has (Streamable HTTP, or HTTP with server-sent
 * events) and which protocol version both sides know (2026-07-28, 2025-11-25,
 * 2025-06-18, 2025-03-26 or 2024-11-05). A session that the server has dropped
 * is opened anew and the call repeated, once.
 *
 * Credentials. A token or header goes with every request, to the origin
 * (scheme, host and port) of the client's URL and nowhere else: a redirect
 * within it is followed, any other is MCPCLIENT_ERROR_HTTP. What cannot be
 * sent is refused when it is set. No message repeats a credential.
 *
 * Callbacks. A callback is registered with a pointer of the caller's, which it
 * gets as its first argument, and a function that frees this pointer, which
 * runs exactly once, also when the registration fails. Callbacks run on the
 * thread of the call that needs them or on a thread of the library. They should
 * be quick, must return normally, and must not free the client that runs them.
 * They may make calls on this client. None begins after mcpclient_free.
 *
 * Versions. MCPCLIENT_VERSION_NUMBER tells what a program was compiled for,
 * mcpclient_version what it runs with. Within one soname no function is
 * removed, no signature changed and no number reused.
 */

#ifndef MCPCLIENT_H
#define MCPCLIENT_H


/* Generated from src/capi: do not edit, run `make header`. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How a function is found: nothing needs to be defined on Unix. On Windows,
   define MCPCLIENT_STATIC when linking the static library. */
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

/* Marks pointers that may be NULL; the others must not be. For the pointer
   behind an output pointer see "Ownership". Swift reads it. */
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


/**
 * First part of the version of this header, as in 1.2.3.
 */
#define MCPCLIENT_VERSION_MAJOR 0

/**
 * Second part of the version of this header.
 */
#define MCPCLIENT_VERSION_MINOR 1

/**
 * Third part of the version of this header.
 */
#define MCPCLIENT_VERSION_PATCH 0

/**
 * The call did what it says.
 */
#define MCPCLIENT_OK 0

/**
 * An argument cannot be used: NULL, a bad URL, token, header or JSON text,
 * invalid UTF-8, an unknown number. The message names the argument.
 */
#define MCPCLIENT_ERROR_INVALID_ARGUMENT 1

/**
 * Not possible now, such as a change of transport while connected.
 */
#define MCPCLIENT_ERROR_INVALID_STATE 2

/**
 * Name resolution failed; the connection was refused, reset or closed early.
 */
#define MCPCLIENT_ERROR_NETWORK 3

/**
 * The TLS handshake or a certificate; the message says which check failed.
 */
#define MCPCLIENT_ERROR_TLS 4

/**
 * The deadline of the call passed, or the limit for making a connection.
 */
#define MCPCLIENT_ERROR_TIMEOUT 5

/**
 * mcpclient_cancel ended the call.
 */
#define MCPCLIENT_ERROR_CANCELLED 6

/**
 * HTTP 401: the server wants other credentials. The message and
 * mcpclient_error_www_authenticate carry its reason.
 */
#define MCPCLIENT_ERROR_UNAUTHORIZED 7

/**
 * HTTP 403: the credentials do not allow this. The message and
 * mcpclient_error_www_authenticate carry the server's reason.
 */
#define MCPCLIENT_ERROR_FORBIDDEN 8

/**
 * Any other HTTP status that is not an answer, refused redirects included.
 */
#define MCPCLIENT_ERROR_HTTP 9

/**
 * An answer that is not valid HTTP, event stream, JSON, JSON-RPC or MCP, or
 * is over a size limit.
 */
#define MCPCLIENT_ERROR_PROTOCOL 10

/**
 * The server answered with a JSON-RPC error.
 */
#define MCPCLIENT_ERROR_RPC 11

/**
 * No protocol version in common, or a feature that the transport or the
 * server lacks.
 */
#define MCPCLIENT_ERROR_UNSUPPORTED 12

/**
 * A bug in the library.
 */
#define MCPCLIENT_ERROR_INTERNAL 13

/**
 * The transport is chosen by the URL and by the server's first response.
 */
#define MCPCLIENT_TRANSPORT_AUTO 0

/**
 * Streamable HTTP, of protocol version 2025-03-26 and later.
 */
#define MCPCLIENT_TRANSPORT_STREAMABLE_HTTP 1

/**
 * HTTP with server-sent events, of protocol version 2024-11-05.
 */
#define MCPCLIENT_TRANSPORT_SSE 2

/**
 * A client of one MCP server.
 *
 * Made by mcpclient_new, freed by mcpclient_free.
 * Threads: any thread may use it, calls may overlap; mcpclient_free must be
 * the last use.
 */
typedef struct mcpclient mcpclient;

/**
 * Credentials, shared by any number of clients.
 *
 * Made by mcpclient_auth_bearer_new, mcpclient_auth_token_file_new or
 * mcpclient_auth_token_callback_new, freed by mcpclient_auth_free.
 * Threads: any thread may use it, calls may overlap.
 */
typedef struct mcpclient_auth mcpclient_auth;

/**
 * Why a call failed.
 *
 * Made by a failing call that was given a place for it, freed by
 * mcpclient_error_free.
 * Threads: any thread may read it; it never changes.
 */
typedef struct mcpclient_error mcpclient_error;

/**
 * Where a request callback leaves its answer.
 *
 * Made by the library for one run of the callback.
 * Threads: to be used by the callback, on its thread, until it returns.
 */
typedef struct mcpclient_reply mcpclient_reply;

/**
 * Where a token callback leaves the token.
 *
 * Made by the library for one run of the callback.
 * Threads: to be used by the callback, on its thread, until it returns.
 */
typedef struct mcpclient_token_request mcpclient_token_request;

/**
 * A JSON value: a result, or what came with a notification or request.
 *
 * What is inside is read by JSON Pointer (RFC 6901): "" is the whole,
 * "/content/0/text" the member "text" of the first element of the member
 * "content". Made by mcpclient_value_parse, mcpclient_value_copy and the calls
 * that give a result, freed by mcpclient_value_free.
 * Threads: any thread may read it; it never changes.
 */
typedef struct mcpclient_value mcpclient_value;

/**
 * How a call ended: MCPCLIENT_OK or one of MCPCLIENT_ERROR_*.
 *
 * A later release may add numbers; none changes its meaning.
 */
typedef int32_t mcpclient_status;

/**
 * How messages travel: one of MCPCLIENT_TRANSPORT_*.
 */
typedef int32_t mcpclient_transport;

/**
 * Gets a token, by calling mcpclient_token_request_set.
 *
 * Runs on the thread of the call that needs the token, or on a thread of the
 * library that listens. One thread asks, the others that need the token wait
 * for what it gets. The time that it takes counts as time of the call, but is
 * not cut short. A callback that sets no token fails the call: with
 * MCPCLIENT_ERROR_UNAUTHORIZED after a 401, else with
 * MCPCLIENT_ERROR_INVALID_STATE. It must return normally (no exception, no
 * longjmp); a call inside it that needs the same credentials fails with
 * MCPCLIENT_ERROR_INVALID_STATE.
 *
 * @param user_data  What was given with the callback.
 * @param request    Where to leave the token. Valid until the callback
 *                   returns.
 */
typedef void (*MCPCLIENT_NULLABLE mcpclient_token_callback)(void *MCPCLIENT_NULLABLE user_data,
    mcpclient_token_request *request);

/**
 * Takes notice of what the server sends on its own.
 *
 * Runs on the thread of the call during which the notification arrives, or on
 * a thread of the library; several runs may overlap. Over HTTP+SSE it is always
 * the latter, so that the last progress of a call may be reported just after
 * the call has returned. It must return normally (no exception, no longjmp).
 *
 * @param user_data  What was given with the callback.
 * @param method     Such as "notifications/tools/list_changed". Valid until
 *                   the callback returns.
 * @param params     What came with it, an empty object when nothing did.
 *                   Valid until the callback returns. Does not take
 *                   ownership.
 */
typedef void (*MCPCLIENT_NULLABLE mcpclient_notification_callback)(void *MCPCLIENT_NULLABLE user_data,
    const char *method,
    const mcpclient_value *params);

/**
 * Answers what the server asks of the client, by calling
 * mcpclient_reply_result or mcpclient_reply_error; the server gets an error
 * when it calls neither.
 *
 * Runs on the thread of the call during which the request arrives, or on a
 * thread of the library; several runs may overlap. It must return normally
 * (no exception, no longjmp).
 *
 * @param user_data  What was given with the callback.
 * @param method     Such as "elicitation/create". Valid until the callback
 *                   returns.
 * @param params     What the server asks, an empty object when nothing came
 *                   with it. Valid until the callback returns. Does not take
 *                   ownership.
 * @param reply      Where to leave the answer. Valid until the callback
 *                   returns.
 */
typedef void (*MCPCLIENT_NULLABLE mcpclient_request_callback)(void *MCPCLIENT_NULLABLE user_data,
    const char *method,
    const mcpclient_value *params,
    mcpclient_reply *reply);

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Gives the version of the library that is in use, such as "0.1.0".
 *
 * It differs from the macros when a program runs with another build of the
 * library than it was compiled for. Does not block.
 *
 * @return A string that is valid for as long as the library is loaded.
 */
MCPCLIENT_API const char *mcpclient_version(void);

/**
 * Gives the name of a status, such as "MCPCLIENT_ERROR_TIMEOUT", for logs.
 *
 * Does not block.
 *
 * @param status  Any number.
 * @return A string that is valid for as long as the library is loaded:
 *         "unknown status" for a number that this release does not have.
 */
MCPCLIENT_API const char *mcpclient_status_name(mcpclient_status status);

/**
 * Makes a client of the server at a URL.
 *
 * Does not block and does no I/O: the first call connects.
 *
 * @param url        The server's MCP endpoint, http:// or https://. The
 *                   library copies url.
 * @param error_out  NULL, or set on failure. The caller frees it with
 *                   mcpclient_error_free.
 * @return The client, or NULL with MCPCLIENT_ERROR_INVALID_ARGUMENT for a
 *         URL that cannot be used or MCPCLIENT_ERROR_INTERNAL. The caller
 *         frees it with mcpclient_free.
 */
MCPCLIENT_API
MCPCLIENT_MUST_USE
mcpclient *MCPCLIENT_NULLABLE mcpclient_new(const char *url,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Closes a client as mcpclient_close does, and frees it.
 *
 * No other call on it may be running or follow, so no callback of the client
 * may do this. Blocks for at most one second.
 *
 * @param client  The client, or NULL, which is ignored.
 */
MCPCLIENT_API void mcpclient_free(mcpclient *MCPCLIENT_NULLABLE client);

/**
 * Connects to the server: finds the transport and the protocol version that
 * both sides know, and opens a session where the protocol has one.
 *
 * Optional: the first call connects by itself. Does nothing while connected.
 * Blocks until the server has answered, at most for the time limit of
 * mcpclient_set_timeout_ms; mcpclient_cancel ends it.
 *
 * @param client     The client.
 * @param error_out  NULL, or set on failure. The caller frees it with
 *                   mcpclient_error_free.
 * @return MCPCLIENT_OK;
 *         MCPCLIENT_ERROR_INVALID_ARGUMENT when client is NULL;
 *         MCPCLIENT_ERROR_INVALID_STATE when a token callback set no token,
 *         a token file can no longer be read, an environment variable holds
 *         no usable proxy, or a callback makes the call that it is itself a
 *         part of;
 *         MCPCLIENT_ERROR_NETWORK when the server cannot be reached or the
 *         connection breaks;
 *         MCPCLIENT_ERROR_TLS; MCPCLIENT_ERROR_TIMEOUT;
 *         MCPCLIENT_ERROR_CANCELLED;
 *         MCPCLIENT_ERROR_UNAUTHORIZED or MCPCLIENT_ERROR_FORBIDDEN when the
 *         server refuses the credentials;
 *         MCPCLIENT_ERROR_HTTP for any other HTTP status that is no answer;
 *         MCPCLIENT_ERROR_PROTOCOL when what answers does not speak MCP;
 *         MCPCLIENT_ERROR_RPC when the server answers with an error;
 *         MCPCLIENT_ERROR_UNSUPPORTED when no protocol version is common, or
 *         the server does not offer what is asked of it;
 *         MCPCLIENT_ERROR_INTERNAL.
 */
MCPCLIENT_API
mcpclient_status mcpclient_connect(mcpclient *client,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Asks the server for a sign of life.
 *
 * MCPCLIENT_OK means: it is reachable, speaks MCP and accepts the
 * credentials. Sends the request "ping", or "server/discover" with protocol
 * version 2026-07-28, which has no "ping". Connects first if needed. Blocks
 * until the server has answered, at most for the time limit of
 * mcpclient_set_timeout_ms; mcpclient_cancel ends it.
 *
 * @param client     The client.
 * @param error_out  NULL, or set on failure. The caller frees it with
 *                   mcpclient_error_free.
 * @return MCPCLIENT_OK, or the status of a failed call, each as described at
 *         mcpclient_connect: MCPCLIENT_ERROR_INVALID_ARGUMENT,
 *         _INVALID_STATE, _NETWORK, _TLS, _TIMEOUT, _CANCELLED,
 *         _UNAUTHORIZED, _FORBIDDEN, _HTTP, _PROTOCOL, _RPC, _UNSUPPORTED,
 *         _INTERNAL.
 */
MCPCLIENT_API
mcpclient_status mcpclient_ping(mcpclient *client,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Ends the calls that are now in flight on a client, on whatever thread:
 * they return MCPCLIENT_ERROR_CANCELLED.
 *
 * The client stays usable, and calls that start later are not touched. May
 * be called from any thread, not from a signal handler. Does not block.
 *
 * @param client  The client; NULL is ignored.
 */
MCPCLIENT_API void mcpclient_cancel(mcpclient *MCPCLIENT_NULLABLE client);

/**
 * Ends the session with the server and closes the connections.
 *
 * The next call connects again. Calls in flight on other threads are not
 * ended (mcpclient_cancel does that), but fail when they need the session that
 * has ended. Blocks for at most one second, for the server to be told and the
 * threads of the library to end.
 *
 * @param client  The client; NULL is ignored.
 */
MCPCLIENT_API void mcpclient_close(mcpclient *MCPCLIENT_NULLABLE client);

/**
 * Gives the transport of the present connection.
 *
 * Does not block.
 *
 * @param client  The client.
 * @return MCPCLIENT_TRANSPORT_STREAMABLE_HTTP or MCPCLIENT_TRANSPORT_SSE;
 *         MCPCLIENT_TRANSPORT_AUTO while not connected or when client is
 *         NULL.
 */
MCPCLIENT_API
mcpclient_transport mcpclient_transport_in_use(const mcpclient *MCPCLIENT_NULLABLE client);

/**
 * Gives the protocol version of the present connection, such as
 * "2025-06-18".
 *
 * Does not block.
 *
 * @param client  The client.
 * @return The version; NULL while not connected or when client is NULL. A
 *         string that is valid for as long as the library is loaded.
 */
MCPCLIENT_API
const char *MCPCLIENT_NULLABLE mcpclient_protocol_version(const mcpclient *MCPCLIENT_NULLABLE client);

/**
 * Chooses the transport.
 *
 * By default, MCPCLIENT_TRANSPORT_AUTO, a URL whose path has the segment
 * "sse" gets HTTP with server-sent events, and any other Streamable HTTP,
 * with a fallback to the former when the server turns out to be an old one.
 * Does not block.
 *
 * @param client     The client.
 * @param transport  MCPCLIENT_TRANSPORT_AUTO,
 *                   MCPCLIENT_TRANSPORT_STREAMABLE_HTTP or
 *                   MCPCLIENT_TRANSPORT_SSE.
 * @param error_out  NULL, or set on failure. The caller frees it with
 *                   mcpclient_error_free.
 * @return MCPCLIENT_OK; MCPCLIENT_ERROR_INVALID_ARGUMENT when client is NULL
 *         or transport is another number; MCPCLIENT_ERROR_INVALID_STATE while
 *         connected; MCPCLIENT_ERROR_INTERNAL.
 */
MCPCLIENT_API
mcpclient_status mcpclient_set_transport(mcpclient *client,
    mcpclient_transport transport,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Pins the protocol version, so that connecting does not negotiate it.
 *
 * Needed where a server cannot bear the question: one of FastMCP 2.6 in its
 * stateless mode fails for all its clients when it meets a method that it
 * does not know. Does not block.
 *
 * @param client     The client.
 * @param version    "2026-07-28", "2025-11-25", "2025-06-18", "2025-03-26" or
 *                   "2024-11-05"; NULL, the default: negotiate. The library
 *                   copies version.
 * @param error_out  NULL, or set on failure. The caller frees it with
 *                   mcpclient_error_free.
 * @return MCPCLIENT_OK; MCPCLIENT_ERROR_INVALID_ARGUMENT when client is NULL
 *         or the version is another; MCPCLIENT_ERROR_INVALID_STATE while
 *         connected; MCPCLIENT_ERROR_INTERNAL.
 */
MCPCLIENT_API
mcpclient_status mcpclient_set_protocol_version(mcpclient *client,
    const char *MCPCLIENT_NULLABLE version,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Limits the time of one call, from its start to its end, connecting
 * included; a server that trickles bytes does not stretch it.
 *
 * Does not block.
 *
 * @param client     The client.
 * @param ms         Milliseconds; 0: no limit. 30000 by default.
 * @param error_out  NULL, or set on failure. The caller frees it with
 *                   mcpclient_error_free.
 * @return MCPCLIENT_OK; MCPCLIENT_ERROR_INVALID_ARGUMENT when client is NULL;
 *         MCPCLIENT_ERROR_INTERNAL.
 */
MCPCLIENT_API
mcpclient_status mcpclient_set_timeout_ms(mcpclient *client,
    uint32_t ms,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Limits the time to open one connection: name resolution, TCP and TLS.
 *
 * Does not block.
 *
 * @param client     The client.
 * @param ms         Milliseconds; 0: no limit but that of the call. 10000 by
 *                   default.
 * @param error_out  NULL, or set on failure. The caller frees it with
 *                   mcpclient_error_free.
 * @return MCPCLIENT_OK; MCPCLIENT_ERROR_INVALID_ARGUMENT when client is NULL;
 *         MCPCLIENT_ERROR_INTERNAL.
 */
MCPCLIENT_API
mcpclient_status mcpclient_set_connect_timeout_ms(mcpclient *client,
    uint32_t ms,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Limits the size of one answer; a larger one is MCPCLIENT_ERROR_PROTOCOL.
 *
 * Does not block.
 *
 * @param client     The client.
 * @param bytes      Bytes after decompression, at least 1. 67108864 (64 MiB)
 *                   by default.
 * @param error_out  NULL, or set on failure. The caller frees it with
 *                   mcpclient_error_free.
 * @return MCPCLIENT_OK; MCPCLIENT_ERROR_INVALID_ARGUMENT when client is NULL
 *         or bytes is 0; MCPCLIENT_ERROR_INTERNAL.
 */
MCPCLIENT_API
mcpclient_status mcpclient_set_max_response_bytes(mcpclient *client,
    uint64_t bytes,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Sets the capabilities that the server is told of, instead of what the
 * handlers of mcpclient_on_request imply.
 *
 * For what no handler can express, such as
 * {"roots":{"listChanged":true}}. The server is told when the client
 * connects; with protocol version 2026-07-28, with each request. Does not
 * block.
 *
 * @param client     The client.
 * @param json       A JSON object; NULL, the default: what the handlers
 *                   imply. The library copies json.
 * @param error_out  NULL, or set on failure. The caller frees it with
 *                   mcpclient_error_free.
 * @return MCPCLIENT_OK; MCPCLIENT_ERROR_INVALID_ARGUMENT when client is NULL
 *         or json is not a JSON object; MCPCLIENT_ERROR_INTERNAL.
 */
MCPCLIENT_API
mcpclient_status mcpclient_set_capabilities(mcpclient *client,
    const char *MCPCLIENT_NULLABLE json,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Sets the name and version of the program that the server is told of,
 * instead of those of the library.
 *
 * The server is told when the client connects; with protocol version
 * 2026-07-28, with each request. Does not block.
 *
 * @param client     The client.
 * @param name       The program's name. The library copies name.
 * @param version    The program's version. The library copies version.
 * @param error_out  NULL, or set on failure. The caller frees it with
 *                   mcpclient_error_free.
 * @return MCPCLIENT_OK; MCPCLIENT_ERROR_INVALID_ARGUMENT when one of the
 *         three is NULL or name is empty; MCPCLIENT_ERROR_INTERNAL.
 */
MCPCLIENT_API
mcpclient_status mcpclient_set_client_info(mcpclient *client,
    const char *name,
    const char *version,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Says whether list results are kept for as long as the server allows.
 *
 * Only protocol version 2026-07-28 has such hints. A kept list is dropped
 * when the server says that it changed, and when the protocol version or the
 * transport is set; one that is for these credentials alone also when those,
 * a header or the TLS settings change. Does not block.
 *
 * @param client     The client.
 * @param enabled    false: ask the server every time; true, the default: keep
 *                   them.
 * @param error_out  NULL, or set on failure. The caller frees it with
 *                   mcpclient_error_free.
 * @return MCPCLIENT_OK; MCPCLIENT_ERROR_INVALID_ARGUMENT when client is NULL;
 *         MCPCLIENT_ERROR_INTERNAL.
 */
MCPCLIENT_API
mcpclient_status mcpclient_set_cache(mcpclient *client,
    bool enabled,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Sets the bearer token that goes with every request, from the next one on.
 *
 * The library writes "Authorization: Bearer <token>" and sends it to the
 * origin of the client's URL alone. Replaces what mcpclient_set_auth set.
 * Does not block.
 *
 * @param client     The client.
 * @param token      The bare token: visible ASCII, not starting with
 *                   "Bearer "; NULL: none. The library copies token.
 * @param error_out  NULL, or set on failure. The caller frees it with
 *                   mcpclient_error_free.
 * @return MCPCLIENT_OK; MCPCLIENT_ERROR_INVALID_ARGUMENT when client is NULL
 *         or the token cannot be sent, where the message names the byte;
 *         MCPCLIENT_ERROR_INVALID_STATE while an Authorization header is set
 *         by mcpclient_set_header; MCPCLIENT_ERROR_INTERNAL.
 */
MCPCLIENT_API
mcpclient_status mcpclient_set_bearer_token(mcpclient *client,
    const char *MCPCLIENT_NULLABLE token,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Sets the credentials that go with every request, from the next one on.
 *
 * The client shares them: a token that is rotated later is used by every
 * client that has them. Replaces what mcpclient_set_bearer_token set. Does
 * not block.
 *
 * @param client     The client.
 * @param auth       The credentials; NULL: none. Does not take ownership:
 *                   they may be freed while the client goes on using them.
 * @param error_out  NULL, or set on failure. The caller frees it with
 *                   mcpclient_error_free.
 * @return MCPCLIENT_OK; MCPCLIENT_ERROR_INVALID_ARGUMENT when client is NULL;
 *         MCPCLIENT_ERROR_INVALID_STATE while an Authorization header is set
 *         by mcpclient_set_header; MCPCLIENT_ERROR_INTERNAL.
 */
MCPCLIENT_API
mcpclient_status mcpclient_set_auth(mcpclient *client,
    mcpclient_auth *MCPCLIENT_NULLABLE auth,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Sets a header that goes with every request, from the next one on.
 *
 * A client has any number of them; names are compared without case, and sent
 * in lower case, which means the same. A header named Authorization is for
 * schemes other than Bearer. Does not block.
 *
 * @param client     The client.
 * @param name       The name. The library copies name.
 * @param value      The value, sent as given; NULL removes the header. The
 *                   library copies value.
 * @param error_out  NULL, or set on failure. The caller frees it with
 *                   mcpclient_error_free.
 * @return MCPCLIENT_OK; MCPCLIENT_ERROR_INVALID_ARGUMENT when client or name
 *         is NULL, when one of the texts cannot be sent, or for a header that
 *         the library itself sets: Host, Content-Length, Content-Type,
 *         Accept, Transfer-Encoding, Connection, Last-Event-ID and Mcp-*, and
 *         their kin Content-Encoding, Trailer, Accept-Encoding, TE, Upgrade,
 *         Keep-Alive, Expect, HTTP2-Settings, Proxy-Connection and
 *         Proxy-Authorization;
 *         MCPCLIENT_ERROR_INVALID_STATE for Authorization while a token or
 *         credentials are set; MCPCLIENT_ERROR_INTERNAL.
 */
MCPCLIENT_API
mcpclient_status mcpclient_set_header(mcpclient *client,
    const char *name,
    const char *MCPCLIENT_NULLABLE value,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Sets the certificate authorities that are trusted instead of the system's.
 *
 * Blocks while it reads the file.
 *
 * @param client     The client.
 * @param pem_path   A file of certificates in PEM format; NULL, the default:
 *                   the system's. The library copies pem_path.
 * @param error_out  NULL, or set on failure. The caller frees it with
 *                   mcpclient_error_free.
 * @return MCPCLIENT_OK; MCPCLIENT_ERROR_INVALID_ARGUMENT when client is NULL
 *         or the file cannot be read or has no certificate;
 *         MCPCLIENT_ERROR_INVALID_STATE while connected;
 *         MCPCLIENT_ERROR_INTERNAL.
 */
MCPCLIENT_API
mcpclient_status mcpclient_set_ca_file(mcpclient *client,
    const char *MCPCLIENT_NULLABLE pem_path,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Sets the certificate by which the client identifies itself to the server.
 *
 * Blocks while it reads the files.
 *
 * @param client         The client.
 * @param cert_pem_path  A file with the certificate and its chain in PEM
 *                       format; NULL, the default, together with
 *                       key_pem_path: none. The library copies
 *                       cert_pem_path.
 * @param key_pem_path   A file with the private key in PEM format, not
 *                       encrypted; may be the same file. The library copies
 *                       key_pem_path.
 * @param error_out      NULL, or set on failure. The caller frees it with
 *                       mcpclient_error_free.
 * @return MCPCLIENT_OK; MCPCLIENT_ERROR_INVALID_ARGUMENT when client or only
 *         one of the paths is NULL, or a file cannot be read or lacks what is
 *         asked of it; MCPCLIENT_ERROR_INVALID_STATE while connected;
 *         MCPCLIENT_ERROR_INTERNAL.
 */
MCPCLIENT_API
mcpclient_status mcpclient_set_client_certificate(mcpclient *client,
    const char *MCPCLIENT_NULLABLE cert_pem_path,
    const char *MCPCLIENT_NULLABLE key_pem_path,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Says whether the server's certificate is checked.
 *
 * For tests: without the check, whoever is in between can read everything,
 * credentials included. Does not block.
 *
 * @param client     The client.
 * @param verify     false: accept any certificate; true, the default: check
 *                   it.
 * @param error_out  NULL, or set on failure. The caller frees it with
 *                   mcpclient_error_free.
 * @return MCPCLIENT_OK; MCPCLIENT_ERROR_INVALID_ARGUMENT when client is NULL;
 *         MCPCLIENT_ERROR_INVALID_STATE while connected;
 *         MCPCLIENT_ERROR_INTERNAL.
 */
MCPCLIENT_API
mcpclient_status mcpclient_set_tls_verify(mcpclient *client,
    bool verify,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Sets the proxy through which the server is reached.
 *
 * Does not block.
 *
 * @param client     The client.
 * @param proxy_url  Such as "http://user:password@proxy.example:3128"; "":
 *                   none; NULL, the default: what the environment variables
 *                   HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY say, in
 *                   lower case first; HTTP_PROXY in upper case not in a CGI
 *                   program, where anybody can set it. The library copies
 *                   proxy_url.
 * @param error_out  NULL, or set on failure. The caller frees it with
 *                   mcpclient_error_free.
 * @return MCPCLIENT_OK; MCPCLIENT_ERROR_INVALID_ARGUMENT when client is NULL
 *         or the URL cannot be used; MCPCLIENT_ERROR_INVALID_STATE while
 *         connected; MCPCLIENT_ERROR_INTERNAL.
 */
MCPCLIENT_API
mcpclient_status mcpclient_set_proxy(mcpclient *client,
    const char *MCPCLIENT_NULLABLE proxy_url,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Makes credentials of a bearer token that can be rotated.
 *
 * Does not block.
 *
 * @param token      The bare token: visible ASCII, not starting with
 *                   "Bearer ". The library copies token.
 * @param error_out  NULL, or set on failure. The caller frees it with
 *                   mcpclient_error_free.
 * @return The credentials, or NULL with MCPCLIENT_ERROR_INVALID_ARGUMENT for
 *         a token that is NULL or cannot be sent, where the message names
 *         the byte, or MCPCLIENT_ERROR_INTERNAL. The caller frees it with
 *         mcpclient_auth_free.
 */
MCPCLIENT_API
MCPCLIENT_MUST_USE
mcpclient_auth *MCPCLIENT_NULLABLE mcpclient_auth_bearer_new(const char *token,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Rotates the token, for every client that has these credentials, from its
 * next request on.
 *
 * On failure the old token stays. Does not block.
 *
 * @param auth       Credentials made by mcpclient_auth_bearer_new.
 * @param token      The new token, as for mcpclient_auth_bearer_new. The
 *                   library copies token.
 * @param error_out  NULL, or set on failure. The caller frees it with
 *                   mcpclient_error_free.
 * @return MCPCLIENT_OK; MCPCLIENT_ERROR_INVALID_ARGUMENT when auth or token
 *         is NULL or the token cannot be sent; MCPCLIENT_ERROR_INVALID_STATE
 *         for credentials of another kind; MCPCLIENT_ERROR_INTERNAL.
 */
MCPCLIENT_API
mcpclient_status mcpclient_auth_set_token(mcpclient_auth *auth,
    const char *token,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Makes credentials of a bearer token in a file that something else rotates,
 * such as a service-account token that Kubernetes projects.
 *
 * The file is read again when it has changed, and after a 401. White space at
 * its end is not part of the token. Blocks while it reads the file.
 *
 * @param path       The file, which must be there now. The library copies
 *                   path.
 * @param error_out  NULL, or set on failure. The caller frees it with
 *                   mcpclient_error_free.
 * @return The credentials, or NULL with MCPCLIENT_ERROR_INVALID_ARGUMENT when
 *         path is NULL, the file cannot be read or its token cannot be sent,
 *         or MCPCLIENT_ERROR_INTERNAL. The caller frees it with
 *         mcpclient_auth_free.
 */
MCPCLIENT_API
MCPCLIENT_MUST_USE
mcpclient_auth *MCPCLIENT_NULLABLE mcpclient_auth_token_file_new(const char *path,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Makes credentials that ask a callback for the token.
 *
 * The callback is asked before a request when there is no token yet, and once
 * more after a 401; then the request is sent again, once. Does not block.
 *
 * @param callback        Gets the token.
 * @param user_data       Passed to the callback. Does not take ownership.
 * @param user_data_free  NULL, or what frees user_data. Runs exactly once, on
 *                        any thread: when the last client has let go of the
 *                        credentials, they are freed and the last call of the
 *                        callback has returned; at once when this function
 *                        fails.
 * @param error_out       NULL, or set on failure. The caller frees it with
 *                        mcpclient_error_free.
 * @return The credentials, or NULL with MCPCLIENT_ERROR_INVALID_ARGUMENT when
 *         callback is NULL or MCPCLIENT_ERROR_INTERNAL. The caller frees it
 *         with mcpclient_auth_free.
 */
MCPCLIENT_API
MCPCLIENT_MUST_USE
mcpclient_auth *MCPCLIENT_NULLABLE mcpclient_auth_token_callback_new(mcpclient_token_callback callback,
    void *MCPCLIENT_NULLABLE user_data,
    void (*MCPCLIENT_NULLABLE user_data_free)(void *MCPCLIENT_NULLABLE user_data),
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Gives the server's reason for wanting a new token: the WWW-Authenticate
 * header of its 401.
 *
 * Does not block.
 *
 * @param request  The request.
 * @return The header as it came, empty when the 401 had none; NULL when no
 *         token was refused or request is NULL. Valid until the callback
 *         returns.
 */
MCPCLIENT_API
const char *MCPCLIENT_NULLABLE mcpclient_token_request_challenge(const mcpclient_token_request *MCPCLIENT_NULLABLE request);

/**
 * Hands over the token that a callback was asked for.
 *
 * The last one counts when it is called again. Does not block.
 *
 * @param request    The request.
 * @param token      The token, as for mcpclient_auth_bearer_new. The library
 *                   copies token.
 * @param error_out  NULL, or set on failure. The caller frees it with
 *                   mcpclient_error_free.
 * @return MCPCLIENT_OK; MCPCLIENT_ERROR_INVALID_ARGUMENT when request or
 *         token is NULL or the token cannot be sent;
 *         MCPCLIENT_ERROR_INTERNAL.
 */
MCPCLIENT_API
mcpclient_status mcpclient_token_request_set(mcpclient_token_request *request,
    const char *token,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Frees credentials.
 *
 * Clients that have them go on using them. Does not block.
 *
 * @param auth  The credentials, or NULL, which is ignored.
 */
MCPCLIENT_API void mcpclient_auth_free(mcpclient_auth *MCPCLIENT_NULLABLE auth);

/**
 * Sends a request and waits for its result.
 *
 * Connects first if needed. Blocks until the server has answered, at most for
 * the time limit of mcpclient_set_timeout_ms; mcpclient_cancel ends it.
 *
 * @param client      The client.
 * @param method      Such as "tools/call". The library copies method.
 * @param params      A JSON object; NULL: none. The library copies params.
 * @param result_out  NULL, or set on success to the result. The caller frees
 *                    it with mcpclient_value_free.
 * @param error_out   NULL, or set on failure. The caller frees it with
 *                    mcpclient_error_free.
 * @return MCPCLIENT_OK, or the status of a failed call, each as described at
 *         mcpclient_connect: MCPCLIENT_ERROR_INVALID_ARGUMENT (also when
 *         method is NULL or params is not a JSON object), _INVALID_STATE,
 *         _NETWORK, _TLS, _TIMEOUT, _CANCELLED, _UNAUTHORIZED, _FORBIDDEN,
 *         _HTTP, _PROTOCOL, _RPC, _UNSUPPORTED, _INTERNAL.
 */
MCPCLIENT_API
mcpclient_status mcpclient_request(mcpclient *client,
    const char *method,
    const char *MCPCLIENT_NULLABLE params,
    mcpclient_value **MCPCLIENT_NULLABLE result_out,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Sends a notification, which has no result.
 *
 * Connects first if needed. Blocks until the server has taken it, at most for
 * the time limit of mcpclient_set_timeout_ms; mcpclient_cancel ends it.
 *
 * @param client     The client.
 * @param method     Such as "notifications/roots/list_changed". The library
 *                   copies method.
 * @param params     A JSON object; NULL: none. The library copies params.
 * @param error_out  NULL, or set on failure. The caller frees it with
 *                   mcpclient_error_free.
 * @return MCPCLIENT_OK, or the status of a failed call, each as described at
 *         mcpclient_connect: MCPCLIENT_ERROR_INVALID_ARGUMENT (also when
 *         method is NULL or params is not a JSON object), _INVALID_STATE,
 *         _NETWORK, _TLS, _TIMEOUT, _CANCELLED, _UNAUTHORIZED, _FORBIDDEN,
 *         _HTTP, _PROTOCOL, _RPC, _UNSUPPORTED, _INTERNAL.
 */
MCPCLIENT_API
mcpclient_status mcpclient_notify(mcpclient *client,
    const char *method,
    const char *MCPCLIENT_NULLABLE params,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Sets from which level on the server sends log messages.
 *
 * They arrive as the notification "notifications/message". With protocol
 * version 2026-07-28 the level goes with every later request instead of being
 * sent by itself. Connects first if needed. Blocks until the server has
 * answered, at most for the time limit of mcpclient_set_timeout_ms;
 * mcpclient_cancel ends it.
 *
 * @param client     The client.
 * @param level      "debug", "info", "notice", "warning", "error", "critical",
 *                   "alert" or "emergency". The library copies level.
 * @param error_out  NULL, or set on failure. The caller frees it with
 *                   mcpclient_error_free.
 * @return MCPCLIENT_OK, or the status of a failed call, each as described at
 *         mcpclient_connect: MCPCLIENT_ERROR_INVALID_ARGUMENT (also when
 *         level is NULL or another word), _INVALID_STATE, _NETWORK, _TLS,
 *         _TIMEOUT, _CANCELLED, _UNAUTHORIZED, _FORBIDDEN, _HTTP, _PROTOCOL,
 *         _RPC, _UNSUPPORTED, _INTERNAL.
 */
MCPCLIENT_API
mcpclient_status mcpclient_set_server_log_level(mcpclient *client,
    const char *level,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Tells what the server says about itself.
 *
 * Connects first if needed. Blocks until the server has answered, at most for
 * the time limit of mcpclient_set_timeout_ms; mcpclient_cancel ends it.
 *
 * @param client     The client.
 * @param info_out   NULL, or set on success to an object with "name",
 *                   "version", "protocolVersion", "capabilities",
 *                   "instructions" and "serverInfo", as far as the server
 *                   says them. The caller frees it with
 *                   mcpclient_value_free.
 * @param error_out  NULL, or set on failure. The caller frees it with
 *                   mcpclient_error_free.
 * @return MCPCLIENT_OK, or the status of a failed call, each as described at
 *         mcpclient_connect: MCPCLIENT_ERROR_INVALID_ARGUMENT,
 *         _INVALID_STATE, _NETWORK, _TLS, _TIMEOUT, _CANCELLED,
 *         _UNAUTHORIZED, _FORBIDDEN, _HTTP, _PROTOCOL, _RPC, _UNSUPPORTED,
 *         _INTERNAL.
 */
MCPCLIENT_API
mcpclient_status mcpclient_server_info(mcpclient *client,
    mcpclient_value **MCPCLIENT_NULLABLE info_out,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Asks for the tools of the server.
 *
 * All pages are put together. Connects first if needed. Blocks until the
 * server has answered, at most for the time limit of mcpclient_set_timeout_ms;
 * mcpclient_cancel ends it.
 *
 * @param client     The client.
 * @param tools_out  NULL, or set on success to an array of tools, each with
 *                   "name", "description" and "inputSchema". The caller frees
 *                   it with mcpclient_value_free.
 * @param error_out  NULL, or set on failure. The caller frees it with
 *                   mcpclient_error_free.
 * @return MCPCLIENT_OK, or the status of a failed call, each as described at
 *         mcpclient_connect: MCPCLIENT_ERROR_INVALID_ARGUMENT,
 *         _INVALID_STATE, _NETWORK, _TLS, _TIMEOUT, _CANCELLED,
 *         _UNAUTHORIZED, _FORBIDDEN, _HTTP, _PROTOCOL, _RPC, _UNSUPPORTED,
 *         _INTERNAL.
 */
MCPCLIENT_API
mcpclient_status mcpclient_list_tools(mcpclient *client,
    mcpclient_value **MCPCLIENT_NULLABLE tools_out,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Calls a tool.
 *
 * A tool that fails says so in its result ("isError" is true): that is
 * MCPCLIENT_OK. Connects first if needed. Blocks until the server has
 * answered, at most for the time limit of mcpclient_set_timeout_ms;
 * mcpclient_cancel ends it.
 *
 * @param client      The client.
 * @param name        The tool's name. The library copies name.
 * @param arguments   A JSON object; NULL: none. The library copies arguments.
 * @param result_out  NULL, or set on success to the result, with "content" and
 *                    perhaps "structuredContent" and "isError". The caller
 *                    frees it with mcpclient_value_free.
 * @param error_out   NULL, or set on failure. The caller frees it with
 *                    mcpclient_error_free.
 * @return MCPCLIENT_OK, or the status of a failed call, each as described at
 *         mcpclient_connect: MCPCLIENT_ERROR_INVALID_ARGUMENT (also when name
 *         is NULL or arguments is not a JSON object), _INVALID_STATE,
 *         _NETWORK, _TLS, _TIMEOUT, _CANCELLED, _UNAUTHORIZED, _FORBIDDEN,
 *         _HTTP, _PROTOCOL, _RPC, _UNSUPPORTED, _INTERNAL.
 */
MCPCLIENT_API
mcpclient_status mcpclient_call_tool(mcpclient *client,
    const char *name,
    const char *MCPCLIENT_NULLABLE arguments,
    mcpclient_value **MCPCLIENT_NULLABLE result_out,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Asks for the resources of the server.
 *
 * All pages are put together. Connects first if needed. Blocks until the
 * server has answered, at most for the time limit of mcpclient_set_timeout_ms;
 * mcpclient_cancel ends it.
 *
 * @param client         The client.
 * @param resources_out  NULL, or set on success to an array of resources, each
 *                       with "uri" and "name". The caller frees it with
 *                       mcpclient_value_free.
 * @param error_out      NULL, or set on failure. The caller frees it with
 *                       mcpclient_error_free.
 * @return MCPCLIENT_OK, or the status of a failed call, each as described at
 *         mcpclient_connect: MCPCLIENT_ERROR_INVALID_ARGUMENT,
 *         _INVALID_STATE, _NETWORK, _TLS, _TIMEOUT, _CANCELLED,
 *         _UNAUTHORIZED, _FORBIDDEN, _HTTP, _PROTOCOL, _RPC, _UNSUPPORTED,
 *         _INTERNAL.
 */
MCPCLIENT_API
mcpclient_status mcpclient_list_resources(mcpclient *client,
    mcpclient_value **MCPCLIENT_NULLABLE resources_out,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Asks for the resource templates of the server.
 *
 * All pages are put together. Connects first if needed. Blocks until the
 * server has answered, at most for the time limit of mcpclient_set_timeout_ms;
 * mcpclient_cancel ends it.
 *
 * @param client         The client.
 * @param templates_out  NULL, or set on success to an array of templates, each
 *                       with "uriTemplate" and "name". The caller frees it
 *                       with mcpclient_value_free.
 * @param error_out      NULL, or set on failure. The caller frees it with
 *                       mcpclient_error_free.
 * @return MCPCLIENT_OK, or the status of a failed call, each as described at
 *         mcpclient_connect: MCPCLIENT_ERROR_INVALID_ARGUMENT,
 *         _INVALID_STATE, _NETWORK, _TLS, _TIMEOUT, _CANCELLED,
 *         _UNAUTHORIZED, _FORBIDDEN, _HTTP, _PROTOCOL, _RPC, _UNSUPPORTED,
 *         _INTERNAL.
 */
MCPCLIENT_API
mcpclient_status mcpclient_list_resource_templates(mcpclient *client,
    mcpclient_value **MCPCLIENT_NULLABLE templates_out,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Reads a resource.
 *
 * Connects first if needed. Blocks until the server has answered, at most for
 * the time limit of mcpclient_set_timeout_ms; mcpclient_cancel ends it.
 *
 * @param client      The client.
 * @param uri         The resource's URI. The library copies uri.
 * @param result_out  NULL, or set on success to the result, with the array
 *                    "contents". The caller frees it with
 *                    mcpclient_value_free.
 * @param error_out   NULL, or set on failure. The caller frees it with
 *                    mcpclient_error_free.
 * @return MCPCLIENT_OK, or the status of a failed call, each as described at
 *         mcpclient_connect: MCPCLIENT_ERROR_INVALID_ARGUMENT (also when uri
 *         is NULL), _INVALID_STATE, _NETWORK, _TLS, _TIMEOUT, _CANCELLED,
 *         _UNAUTHORIZED, _FORBIDDEN, _HTTP, _PROTOCOL, _RPC, _UNSUPPORTED,
 *         _INTERNAL.
 */
MCPCLIENT_API
mcpclient_status mcpclient_read_resource(mcpclient *client,
    const char *uri,
    mcpclient_value **MCPCLIENT_NULLABLE result_out,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Asks for the prompts of the server.
 *
 * All pages are put together. Connects first if needed. Blocks until the
 * server has answered, at most for the time limit of mcpclient_set_timeout_ms;
 * mcpclient_cancel ends it.
 *
 * @param client       The client.
 * @param prompts_out  NULL, or set on success to an array of prompts, each
 *                     with "name". The caller frees it with
 *                     mcpclient_value_free.
 * @param error_out    NULL, or set on failure. The caller frees it with
 *                     mcpclient_error_free.
 * @return MCPCLIENT_OK, or the status of a failed call, each as described at
 *         mcpclient_connect: MCPCLIENT_ERROR_INVALID_ARGUMENT,
 *         _INVALID_STATE, _NETWORK, _TLS, _TIMEOUT, _CANCELLED,
 *         _UNAUTHORIZED, _FORBIDDEN, _HTTP, _PROTOCOL, _RPC, _UNSUPPORTED,
 *         _INTERNAL.
 */
MCPCLIENT_API
mcpclient_status mcpclient_list_prompts(mcpclient *client,
    mcpclient_value **MCPCLIENT_NULLABLE prompts_out,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Gets a prompt, filled in.
 *
 * Connects first if needed. Blocks until the server has answered, at most for
 * the time limit of mcpclient_set_timeout_ms; mcpclient_cancel ends it.
 *
 * @param client      The client.
 * @param name        The prompt's name. The library copies name.
 * @param arguments   A JSON object of strings; NULL: none. The library copies
 *                    arguments.
 * @param result_out  NULL, or set on success to the result, with the array
 *                    "messages". The caller frees it with
 *                    mcpclient_value_free.
 * @param error_out   NULL, or set on failure. The caller frees it with
 *                    mcpclient_error_free.
 * @return MCPCLIENT_OK, or the status of a failed call, each as described at
 *         mcpclient_connect: MCPCLIENT_ERROR_INVALID_ARGUMENT (also when name
 *         is NULL or arguments is not a JSON object), _INVALID_STATE,
 *         _NETWORK, _TLS, _TIMEOUT, _CANCELLED, _UNAUTHORIZED, _FORBIDDEN,
 *         _HTTP, _PROTOCOL, _RPC, _UNSUPPORTED, _INTERNAL.
 */
MCPCLIENT_API
mcpclient_status mcpclient_get_prompt(mcpclient *client,
    const char *name,
    const char *MCPCLIENT_NULLABLE arguments,
    mcpclient_value **MCPCLIENT_NULLABLE result_out,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Asks how an argument of a prompt or a resource template can go on.
 *
 * Connects first if needed. Blocks until the server has answered, at most for
 * the time limit of mcpclient_set_timeout_ms; mcpclient_cancel ends it.
 *
 * @param client          The client.
 * @param reference       A JSON object such as
 *                        {"type":"ref/prompt","name":"greet"}. The library
 *                        copies reference.
 * @param argument_name   The argument. The library copies argument_name.
 * @param argument_value  What it begins with. The library copies
 *                        argument_value.
 * @param result_out      NULL, or set on success to the result, with
 *                        "completion/values". The caller frees it with
 *                        mcpclient_value_free.
 * @param error_out       NULL, or set on failure. The caller frees it with
 *                        mcpclient_error_free.
 * @return MCPCLIENT_OK, or the status of a failed call, each as described at
 *         mcpclient_connect: MCPCLIENT_ERROR_INVALID_ARGUMENT (also when one
 *         of the three texts is NULL or reference is not a JSON object),
 *         _INVALID_STATE, _NETWORK, _TLS, _TIMEOUT, _CANCELLED,
 *         _UNAUTHORIZED, _FORBIDDEN, _HTTP, _PROTOCOL, _RPC, _UNSUPPORTED,
 *         _INTERNAL.
 */
MCPCLIENT_API
mcpclient_status mcpclient_complete(mcpclient *client,
    const char *reference,
    const char *argument_name,
    const char *argument_value,
    mcpclient_value **MCPCLIENT_NULLABLE result_out,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Sets the callback for notifications of the server.
 *
 * A notification goes to the callback of its method and to the one for all.
 * Does not block.
 *
 * @param client          The client.
 * @param method          Such as "notifications/message"; NULL: all. The
 *                        library copies method.
 * @param callback        Replaces the one that was set; NULL removes it.
 * @param user_data       Passed to the callback. Does not take ownership.
 * @param user_data_free  NULL, or what frees user_data. Runs exactly once, on
 *                        any thread: when the callback was replaced or
 *                        removed or its client freed, and its last run has
 *                        returned; at once when this function fails.
 * @param error_out       NULL, or set on failure. The caller frees it with
 *                        mcpclient_error_free.
 * @return MCPCLIENT_OK; MCPCLIENT_ERROR_INVALID_ARGUMENT when client is NULL;
 *         MCPCLIENT_ERROR_INTERNAL.
 */
MCPCLIENT_API
mcpclient_status mcpclient_on_notification(mcpclient *client,
    const char *MCPCLIENT_NULLABLE method,
    mcpclient_notification_callback MCPCLIENT_NULLABLE callback,
    void *MCPCLIENT_NULLABLE user_data,
    void (*MCPCLIENT_NULLABLE user_data_free)(void *MCPCLIENT_NULLABLE user_data),
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Sets the callback that answers one kind of request of the server.
 *
 * Having one is what tells the server of the client's capability: set it
 * before connecting. Elicitation by URL and sampling with tools are refused
 * before the callback unless mcpclient_set_capabilities declares them. Does
 * not block.
 *
 * @param client          The client.
 * @param method          "elicitation/create", "sampling/createMessage" or
 *                        "roots/list". The library copies method.
 * @param callback        Replaces the one that was set; NULL removes it.
 * @param user_data       Passed to the callback. Does not take ownership.
 * @param user_data_free  NULL, or what frees user_data. Runs exactly once, on
 *                        any thread: when the callback was replaced or
 *                        removed or its client freed, and its last run has
 *                        returned; at once when this function fails.
 * @param error_out       NULL, or set on failure. The caller frees it with
 *                        mcpclient_error_free.
 * @return MCPCLIENT_OK; MCPCLIENT_ERROR_INVALID_ARGUMENT when client or
 *         method is NULL or method is empty; MCPCLIENT_ERROR_INTERNAL.
 */
MCPCLIENT_API
mcpclient_status mcpclient_on_request(mcpclient *client,
    const char *method,
    mcpclient_request_callback MCPCLIENT_NULLABLE callback,
    void *MCPCLIENT_NULLABLE user_data,
    void (*MCPCLIENT_NULLABLE user_data_free)(void *MCPCLIENT_NULLABLE user_data),
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Answers the server's request with a result.
 *
 * The last answer counts when several are given. Does not block: the answer
 * is sent when the callback has returned.
 *
 * @param reply        The reply that the callback was given.
 * @param result_json  A JSON object. The library copies result_json.
 * @param error_out    NULL, or set on failure. The caller frees it with
 *                     mcpclient_error_free.
 * @return MCPCLIENT_OK; MCPCLIENT_ERROR_INVALID_ARGUMENT when reply or
 *         result_json is NULL or result_json is not a JSON object;
 *         MCPCLIENT_ERROR_INTERNAL.
 */
MCPCLIENT_API
mcpclient_status mcpclient_reply_result(mcpclient_reply *reply,
    const char *result_json,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Answers the server's request with an error.
 *
 * The last answer counts when several are given. Does not block: the answer
 * is sent when the callback has returned.
 *
 * @param reply      The reply that the callback was given.
 * @param code       A JSON-RPC error code, such as -32603.
 * @param message    One line that says what failed. The library copies
 *                   message.
 * @param error_out  NULL, or set on failure. The caller frees it with
 *                   mcpclient_error_free.
 * @return MCPCLIENT_OK; MCPCLIENT_ERROR_INVALID_ARGUMENT when reply or
 *         message is NULL; MCPCLIENT_ERROR_INTERNAL.
 */
MCPCLIENT_API
mcpclient_status mcpclient_reply_error(mcpclient_reply *reply,
    int32_t code,
    const char *message,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Opens a stream on which the server sends notifications outside any call,
 * until mcpclient_stop_listening or mcpclient_close.
 *
 * Takes the place of the stream that was listened to before. Connects first
 * if needed. A thread of the library reads the stream, runs the callbacks and
 * opens the stream again when it breaks. Blocks until the server has accepted
 * it, at most for the time limit of mcpclient_set_timeout_ms;
 * mcpclient_cancel ends that.
 *
 * @param client       The client.
 * @param filter_json  A JSON object that says what to send, such as
 *                     {"toolsListChanged":true,
 *                     "resourceSubscriptions":["file:///x"]}. Before protocol
 *                     version 2026-07-28 servers send everything but changes
 *                     of resources unasked. NULL: an empty object. The
 *                     library copies filter_json.
 * @param error_out    NULL, or set on failure. The caller frees it with
 *                     mcpclient_error_free.
 * @return MCPCLIENT_OK, or the status of a failed call, each as described at
 *         mcpclient_connect: MCPCLIENT_ERROR_INVALID_ARGUMENT (also when
 *         filter_json is not a JSON object), _INVALID_STATE, _NETWORK, _TLS,
 *         _TIMEOUT, _CANCELLED, _UNAUTHORIZED, _FORBIDDEN, _HTTP, _PROTOCOL,
 *         _RPC, _UNSUPPORTED (also when the server offers no such stream, or
 *         agrees to nothing of the filter), _INTERNAL.
 */
MCPCLIENT_API
mcpclient_status mcpclient_listen(mcpclient *client,
    const char *MCPCLIENT_NULLABLE filter_json,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Ends what mcpclient_listen began: closes its stream, and unsubscribes from
 * the resources of its filter.
 *
 * Before protocol version 2026-07-28 the stream stays open while callbacks are
 * set, since the server may ask for something on it. Does nothing when there
 * is nothing to end. Does not block: a callback that is running may return
 * later.
 *
 * @param client  The client; NULL is ignored.
 */
MCPCLIENT_API
void mcpclient_stop_listening(mcpclient *MCPCLIENT_NULLABLE client);

/**
 * Makes a value of JSON text, such as a file of settings or the arguments of a
 * call.
 *
 * Does not block.
 *
 * @param json       JSON text. The library copies json.
 * @param error_out  NULL, or set on failure. The caller frees it with
 *                   mcpclient_error_free.
 * @return The value, or NULL with MCPCLIENT_ERROR_INVALID_ARGUMENT when json
 *         is NULL or not JSON, where the message names the place, or
 *         MCPCLIENT_ERROR_INTERNAL. The caller frees it with
 *         mcpclient_value_free.
 */
MCPCLIENT_API
MCPCLIENT_MUST_USE
mcpclient_value *MCPCLIENT_NULLABLE mcpclient_value_parse(const char *json,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Copies a part of a value, also one that a callback was given, into a value
 * of its own.
 *
 * What is there keeps its text: numbers keep their digits and members their
 * order. So a part can be passed on, by mcpclient_value_json. Does not block.
 *
 * @param value      The value. Does not take ownership.
 * @param pointer    JSON Pointer to the part; "": the whole. The library
 *                   copies pointer.
 * @param error_out  NULL, or set on failure. The caller frees it with
 *                   mcpclient_error_free.
 * @return The copy, or NULL with MCPCLIENT_ERROR_INVALID_ARGUMENT when there
 *         is nothing at pointer or an argument is NULL, or
 *         MCPCLIENT_ERROR_INTERNAL. The caller frees it with
 *         mcpclient_value_free.
 */
MCPCLIENT_API
MCPCLIENT_MUST_USE
mcpclient_value *MCPCLIENT_NULLABLE mcpclient_value_copy(const mcpclient_value *value,
    const char *pointer,
    mcpclient_error **MCPCLIENT_NULLABLE error_out);

/**
 * Gives a value as JSON text.
 *
 * Does not block.
 *
 * @param value  The value.
 * @return The text; "null" when value is NULL. Valid until value is freed.
 */
MCPCLIENT_API
const char *mcpclient_value_json(const mcpclient_value *MCPCLIENT_NULLABLE value);

/**
 * Gives a string inside a value.
 *
 * Does not block.
 *
 * @param value    The value.
 * @param pointer  JSON Pointer to the string. The library copies pointer.
 * @return The string in UTF-8; NULL when there is none at pointer, it has a
 *         NUL inside, or an argument is NULL. Valid until value is freed.
 */
MCPCLIENT_API
const char *MCPCLIENT_NULLABLE mcpclient_value_string(const mcpclient_value *MCPCLIENT_NULLABLE value,
    const char *MCPCLIENT_NULLABLE pointer);

/**
 * Reads an integer inside a value.
 *
 * Does not block.
 *
 * @param value    The value.
 * @param pointer  JSON Pointer to the number. The library copies pointer.
 * @param out      NULL, or set when true is returned.
 * @return Whether there is a number at pointer that is whole and fits.
 */
MCPCLIENT_API
bool mcpclient_value_int64(const mcpclient_value *MCPCLIENT_NULLABLE value,
    const char *MCPCLIENT_NULLABLE pointer,
    int64_t *MCPCLIENT_NULLABLE out);

/**
 * Reads a number inside a value.
 *
 * Does not block.
 *
 * @param value    The value.
 * @param pointer  JSON Pointer to the number. The library copies pointer.
 * @param out      NULL, or set when true is returned.
 * @return Whether there is a number at pointer.
 */
MCPCLIENT_API
bool mcpclient_value_double(const mcpclient_value *MCPCLIENT_NULLABLE value,
    const char *MCPCLIENT_NULLABLE pointer,
    double *MCPCLIENT_NULLABLE out);

/**
 * Reads a boolean inside a value.
 *
 * Does not block.
 *
 * @param value    The value.
 * @param pointer  JSON Pointer to the boolean. The library copies pointer.
 * @param out      NULL, or set when true is returned.
 * @return Whether there is a boolean at pointer.
 */
MCPCLIENT_API
bool mcpclient_value_bool(const mcpclient_value *MCPCLIENT_NULLABLE value,
    const char *MCPCLIENT_NULLABLE pointer,
    bool *MCPCLIENT_NULLABLE out);

/**
 * Counts what is inside an array or an object.
 *
 * Does not block.
 *
 * @param value    The value.
 * @param pointer  JSON Pointer to the array or object. The library copies
 *                 pointer.
 * @return The number of elements or members; 0 when there is neither an array
 *         nor an object at pointer.
 */
MCPCLIENT_API
size_t mcpclient_value_count(const mcpclient_value *MCPCLIENT_NULLABLE value,
    const char *MCPCLIENT_NULLABLE pointer);

/**
 * Frees a value, and with it the strings that were read from it.
 *
 * Not for the values that callbacks are given. Does not block.
 *
 * @param value  The value, or NULL, which is ignored.
 */
MCPCLIENT_API
void mcpclient_value_free(mcpclient_value *MCPCLIENT_NULLABLE value);

/**
 * Gives the status of an error: what the failing call returned.
 *
 * Does not block.
 *
 * @param error  The error; NULL: none.
 * @return One of MCPCLIENT_ERROR_*; MCPCLIENT_OK when error is NULL.
 */
MCPCLIENT_API
mcpclient_status mcpclient_error_status(const mcpclient_error *MCPCLIENT_NULLABLE error);

/**
 * Gives one line for a person that says what failed, and where it helps, what
 * to do about it. It never holds a credential.
 *
 * Does not block.
 *
 * @param error  The error; NULL: none.
 * @return The line, without a line end; empty when error is NULL. Valid until
 *         error is freed.
 */
MCPCLIENT_API
const char *mcpclient_error_message(const mcpclient_error *MCPCLIENT_NULLABLE error);

/**
 * Gives the HTTP status of the answer that made the call fail.
 *
 * Does not block.
 *
 * @param error  The error; NULL: none.
 * @return Such as 503; 0 when there was no answer, when the failure came with
 *         a success status, as errors of the server often do, or when error
 *         is NULL.
 */
MCPCLIENT_API
int32_t mcpclient_error_http_status(const mcpclient_error *MCPCLIENT_NULLABLE error);

/**
 * Gives the code of the JSON-RPC error with which the server answered.
 *
 * Does not block.
 *
 * @param error  The error; NULL: none.
 * @return Such as -32601; 0 unless the status is MCPCLIENT_ERROR_RPC.
 */
MCPCLIENT_API
int32_t mcpclient_error_rpc_code(const mcpclient_error *MCPCLIENT_NULLABLE error);

/**
 * Gives the data that came with the JSON-RPC error.
 *
 * Does not block.
 *
 * @param error  The error; NULL: none.
 * @return JSON text; NULL when there is none or error is NULL. Valid until
 *         error is freed.
 */
MCPCLIENT_API
const char *MCPCLIENT_NULLABLE mcpclient_error_rpc_data(const mcpclient_error *MCPCLIENT_NULLABLE error);

/**
 * Gives the WWW-Authenticate header of the answer that refused the request.
 *
 * Does not block.
 *
 * @param error  The error; NULL: none.
 * @return The header as it came, several of them joined by ", "; NULL when
 *         there is none or error is NULL. Valid until error is freed.
 */
MCPCLIENT_API
const char *MCPCLIENT_NULLABLE mcpclient_error_www_authenticate(const mcpclient_error *MCPCLIENT_NULLABLE error);

/**
 * Gives one parameter of the Bearer challenge in the WWW-Authenticate header.
 *
 * Does not block.
 *
 * @param error  The error; NULL: none.
 * @param name   The parameter, without regard to case: "error",
 *               "error_description", "scope", "resource_metadata" or another.
 *               The library copies name.
 * @return The value, unquoted; NULL when there is none or an argument is
 *         NULL. Valid until error is freed.
 */
MCPCLIENT_API
const char *MCPCLIENT_NULLABLE mcpclient_error_challenge_parameter(const mcpclient_error *MCPCLIENT_NULLABLE error,
    const char *MCPCLIENT_NULLABLE name);

/**
 * Frees an error, and with it the strings that were read from it.
 *
 * Does not block.
 *
 * @param error  The error, or NULL, which is ignored.
 */
MCPCLIENT_API
void mcpclient_error_free(mcpclient_error *MCPCLIENT_NULLABLE error);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#if defined(__clang__)
#pragma clang assume_nonnull end
#pragma clang diagnostic pop
#endif

#endif /* MCPCLIENT_H */
