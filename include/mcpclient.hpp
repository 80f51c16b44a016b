/*
 * mcpclient.hpp - the Model Context Protocol (MCP) client, for C++17 and later.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * Header-only, over the C API of mcpclient.h; link with -lmcpclient. A whole
 * program:
 *
 *     #include <mcpclient.hpp>
 *     #include <iostream>
 *
 *     int main(int argc, char **argv)
 *     {
 *         try {
 *             mcpclient::client client(argc > 1 ? argv[1] : "");
 *             client.ping();
 *             std::cout << "The server is there.\n";
 *         } catch (const mcpclient::error &error) {
 *             std::cerr << error.what() << '\n';
 *         }
 *     }
 *
 * Names. What mcpclient.h calls mcpclient_call_tool is client::call_tool here;
 * its description there holds here as well. All classes are members of the
 * struct "mcpclient": C has given this name to the type of its handle, so no
 * namespace can have it. Instead of "using namespace", write
 * "using client = mcpclient::client;".
 *
 * Errors. A function that fails throws mcpclient::error; setters and calls
 * leave the client usable. Status codes are the constants of mcpclient.h.
 *
 * Ownership. Objects free what they hold. They can be moved, not copied; an
 * object that was moved from may be destroyed or assigned to, and otherwise
 * fails with MCPCLIENT_ERROR_INVALID_ARGUMENT.
 *
 * Strings. std::string_view in UTF-8; JSON is text as well. A NUL inside is
 * MCPCLIENT_ERROR_INVALID_ARGUMENT. std::nullopt stands for what is NULL in C.
 *
 * Threads. As in mcpclient.h: calls on one client may overlap. Only moving and
 * destroying an object must not overlap with anything else.
 *
 * Callbacks. Any std::function, kept until it is replaced or its owner is
 * gone. An exception that leaves a callback ends there, as it must not cross
 * the C API: a token source then has the token that it has set before, if any,
 * a request is answered with a JSON-RPC error, a notification is done.
 */

#ifndef MCPCLIENT_HPP
#define MCPCLIENT_HPP

#include <mcpclient.h>

/* Other headers define macros of these names (AssertMacros.h, windows.h); they are back at the end. */
#pragma push_macro("check")
#undef check
#pragma push_macro("error")
#undef error
#pragma push_macro("max")
#undef max
#pragma push_macro("min")
#undef min
#pragma push_macro("verify")
#undef verify

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

struct mcpclient {
    class error;
    class value;
    class token_request;
    class auth;
    class reply;
    class client;

    using text = std::string_view;

    /// A text or none: std::nullopt, or a NULL such as std::getenv may return.
    class optional_text {
    public:
        optional_text(std::nullopt_t = std::nullopt) noexcept {}
        optional_text(const char *given) noexcept : given_(given == nullptr ? decltype(given_)() : text(given)) {}
        optional_text(text given) noexcept : given_(given) {}
        optional_text(const std::string &given) noexcept : given_(given) {}
        optional_text(std::optional<text> given) noexcept : given_(given) {}
        optional_text(const std::optional<std::string> &given) noexcept : given_(given) {}

    private:
        friend struct mcpclient;
        std::optional<text> given_;
    };

    /// Gets a token, by token_request::set.
    using token_callback = std::function<void(token_request &)>;
    /// Receives a notification of the server: its method and parameters.
    using notification_callback = std::function<void(text method, const value &params)>;
    /// Answers what the server asks, by reply::result or reply::error.
    using request_callback = std::function<void(text method, const value &params, reply &)>;

    mcpclient() = delete;

    /// The version of the library that is in use, such as "0.1.0".
    static text version() noexcept { return mcpclient_version(); }

    /// The name of a status, such as "MCPCLIENT_ERROR_TIMEOUT".
    static text status_name(mcpclient_status status) noexcept { return mcpclient_status_name(status); }

private:
    /// Frees what the C API has given.
    struct deleter {
        void operator()(::mcpclient *client) const noexcept { mcpclient_free(client); }
        void operator()(mcpclient_auth *auth) const noexcept { mcpclient_auth_free(auth); }
        void operator()(mcpclient_error *failure) const noexcept { mcpclient_error_free(failure); }
    };

    /// Values that callbacks are given are not theirs to free.
    struct value_deleter {
        bool owned = true;
        void operator()(mcpclient_value *value) const noexcept
        {
            if (owned)
                mcpclient_value_free(value);
        }
    };

    /// A string as C wants it, NULL for std::nullopt.
    class c_string {
    public:
        explicit c_string(const optional_text &given);
        c_string(const c_string &) = delete;
        c_string &operator=(const c_string &) = delete;
        /// It may be a credential, which is not left behind.
        ~c_string()
        {
            if (copy_)
                std::for_each(copy_->begin(), copy_->end(), [](volatile char &byte) { byte = 0; });
        }
        operator const char *() const noexcept { return copy_ ? copy_->c_str() : nullptr; }

    private:
        std::optional<std::string> copy_;
    };

    template <typename Function, typename... Arguments>
    static void check(Function function, const Arguments &...arguments);
    template <typename Function, typename... Arguments>
    static auto made(Function function, const Arguments &...arguments);
    template <typename Function, typename... Arguments>
    static value result_of(Function function, const Arguments &...arguments);

    template <typename Callback>
    static void free_callback(void *callback) noexcept
    {
        delete static_cast<Callback *>(callback);
    }
};

/// Why a call failed. Copies share what they hold; any thread may read it.
class mcpclient::error : public std::runtime_error {
public:
    /// Takes over an error of the C API.
    explicit error(mcpclient_error *failure)
        : std::runtime_error(mcpclient_error_message(failure)),
          status_(mcpclient_error_status(failure)),
          failure_(failure, deleter())
    {
    }

    error(mcpclient_status status, const char *message) : std::runtime_error(message), status_(status) {}

    /// One of MCPCLIENT_ERROR_*.
    mcpclient_status status() const noexcept { return status_; }
    /// Such as 503; 0: none.
    std::int32_t http_status() const noexcept { return mcpclient_error_http_status(failure_.get()); }
    /// Such as -32601; 0: none.
    std::int32_t rpc_code() const noexcept { return mcpclient_error_rpc_code(failure_.get()); }
    /// JSON text.
    std::optional<std::string> rpc_data() const { return copy(mcpclient_error_rpc_data(failure_.get())); }
    /// The header as it came.
    std::optional<std::string> www_authenticate() const
    {
        return copy(mcpclient_error_www_authenticate(failure_.get()));
    }
    /// One parameter of its Bearer challenge, such as "error" or "scope".
    std::optional<std::string> challenge_parameter(text name) const
    {
        return copy(mcpclient_error_challenge_parameter(failure_.get(), c_string(name)));
    }

private:
    static std::optional<std::string> copy(const char *string)
    {
        return string == nullptr ? std::nullopt : std::optional<std::string>(string);
    }

    mcpclient_status status_;
    std::shared_ptr<const mcpclient_error> failure_;
};

inline mcpclient::c_string::c_string(const optional_text &given) : copy_(given.given_)
{
    if (copy_ && copy_->find('\0') != std::string::npos)
        throw error(MCPCLIENT_ERROR_INVALID_ARGUMENT, "a text has a NUL inside");
}

/// Calls what returns a status.
template <typename Function, typename... Arguments>
void mcpclient::check(Function function, const Arguments &...arguments)
{
    mcpclient_error *failure = nullptr;
    if (function(arguments..., &failure) != MCPCLIENT_OK)
        throw error(failure);
}

/// Calls what returns a handle.
template <typename Function, typename... Arguments>
auto mcpclient::made(Function function, const Arguments &...arguments)
{
    mcpclient_error *failure = nullptr;
    auto *handle = function(arguments..., &failure);
    if (handle == nullptr)
        throw error(failure);
    return handle;
}

/// A JSON value, read by JSON Pointer (RFC 6901): "" is the whole,
/// "/content/0/text" the member "text" of the first element of "content".
class mcpclient::value {
public:
    /// Takes over a value of the C API.
    explicit value(mcpclient_value *handle) noexcept : handle_(handle) {}

    /// Parses JSON text.
    static value parse(text json) { return value(made(mcpclient_value_parse, c_string(json))); }

    /// A copy of what is at a pointer: what callbacks are given does not last.
    value copy(text pointer = "") const { return value(made(mcpclient_value_copy, get(), c_string(pointer))); }

    /// The whole as JSON text.
    std::string json() const { return mcpclient_value_json(get()); }

    std::optional<std::string> get_string(text pointer) const
    {
        const char *string = mcpclient_value_string(get(), c_string(pointer));
        if (string == nullptr)
            return std::nullopt;
        return std::string(string, mcpclient_value_string_length(get(), c_string(pointer)));
    }

    /// A number that is whole and fits.
    std::optional<std::int64_t> get_int64(text pointer) const
    {
        return number<std::int64_t>(mcpclient_value_int64, pointer);
    }

    std::optional<double> get_double(text pointer) const { return number<double>(mcpclient_value_double, pointer); }

    std::optional<bool> get_bool(text pointer) const { return number<bool>(mcpclient_value_bool, pointer); }

    /// Elements of an array, members of an object; 0 otherwise.
    std::size_t count(text pointer = "") const { return mcpclient_value_count(get(), c_string(pointer)); }

    /// For the functions of the C API; stays with this object.
    const mcpclient_value *get() const noexcept { return handle_.get(); }

private:
    friend class client;

    /// A value that stays with the library.
    static value borrowed(const mcpclient_value *handle) noexcept
    {
        value view(nullptr);
        // Never written to and never freed: the deleter sees to the one, get() to the other.
        view.handle_ = {const_cast<mcpclient_value *>(handle), value_deleter{false}};
        return view;
    }

    template <typename Number, typename Getter>
    std::optional<Number> number(Getter getter, text pointer) const
    {
        Number out{};
        return getter(get(), c_string(pointer), &out) ? std::optional<Number>(out) : std::nullopt;
    }

    std::unique_ptr<mcpclient_value, value_deleter> handle_;
};

/// Calls what has a result.
template <typename Function, typename... Arguments>
mcpclient::value mcpclient::result_of(Function function, const Arguments &...arguments)
{
    mcpclient_value *result = nullptr;
    check(function, arguments..., &result);
    return value(result);
}

/// Where a token callback leaves the token. Only for use in the callback.
class mcpclient::token_request {
public:
    token_request(const token_request &) = delete;
    token_request &operator=(const token_request &) = delete;

    /// The WWW-Authenticate header of the 401 that refused a token, empty when it had none; std::nullopt when no token
    /// was refused.
    std::optional<text> challenge() const noexcept
    {
        const char *header = mcpclient_token_request_challenge(handle_);
        return header == nullptr ? std::nullopt : std::optional<text>(header);
    }

    /// Hands over the token.
    void set(text token) { check(mcpclient_token_request_set, handle_, c_string(token)); }

private:
    friend class auth;
    explicit token_request(mcpclient_token_request *handle) noexcept : handle_(handle) {}

    mcpclient_token_request *handle_;
};

/// Credentials, shared by any number of clients; they may go on using them when this object is gone.
class mcpclient::auth {
public:
    /// A token that can be rotated by set_token.
    static auth bearer(text token) { return auth(made(mcpclient_auth_bearer_new, c_string(token))); }

    /// A token in a file that something else rotates.
    static auth token_file(text path) { return auth(made(mcpclient_auth_token_file_new, c_string(path))); }

    /// A token that a callback gets: before the first request and once more after a 401. Runs may overlap.
    static auth token_provider(token_callback callback)
    {
        auto *const kept = callback ? new token_callback(std::move(callback)) : nullptr;
        return auth(made(mcpclient_auth_token_callback_new, kept == nullptr ? nullptr : run, kept,
                         free_callback<token_callback>));
    }

    /// Rotates the token of bearer(), for every client that has these credentials.
    void set_token(text token) { check(mcpclient_auth_set_token, get(), c_string(token)); }

    /// For the functions of the C API; stays with this object.
    mcpclient_auth *get() const noexcept { return handle_.get(); }

private:
    explicit auth(mcpclient_auth *handle) noexcept : handle_(handle) {}

    static void run(void *callback, mcpclient_token_request *handle) noexcept
    {
        try {
            token_request request(handle);
            (*static_cast<token_callback *>(callback))(request);
        } catch (...) {
            // As if it had no token: the call fails and says so.
        }
    }

    std::unique_ptr<mcpclient_auth, deleter> handle_;
};

/// Where a request callback leaves its answer. Only for use in the callback; the last answer counts.
class mcpclient::reply {
public:
    reply(const reply &) = delete;
    reply &operator=(const reply &) = delete;

    /// Answers with a JSON object.
    void result(text json) { check(mcpclient_reply_result, handle_, c_string(json)); }

    /// Answers with a JSON-RPC error.
    void error(std::int32_t code, text message) { check(mcpclient_reply_error, handle_, code, c_string(message)); }

private:
    friend class client;
    explicit reply(mcpclient_reply *handle) noexcept : handle_(handle) {}

    mcpclient_reply *handle_;
};

/// A client of one MCP server.
class mcpclient::client {
public:
    /// A client of the server at a URL; the first call connects.
    explicit client(text url) : handle_(made(mcpclient_new, c_string(url))) {}

    // Connecting.

    void connect() { check(mcpclient_connect, get()); }
    /// Returns when the server is reachable, speaks MCP and accepts the credentials.
    void ping() { check(mcpclient_ping, get()); }
    /// Ends the calls in flight on other threads with MCPCLIENT_ERROR_CANCELLED.
    void cancel() noexcept { mcpclient_cancel(get()); }
    /// Ends the session; the next call connects again.
    void close() noexcept { mcpclient_close(get()); }
    /// One of MCPCLIENT_TRANSPORT_*.
    mcpclient_transport transport_in_use() const noexcept { return mcpclient_transport_in_use(get()); }
    /// std::nullopt while not connected.
    std::optional<std::string> protocol_version() const
    {
        const char *version = mcpclient_protocol_version(get());
        return version ? std::optional<std::string>(version) : std::nullopt;
    }

    // Credentials and headers.

    void set_bearer_token(optional_text token) { check(mcpclient_set_bearer_token, get(), c_string(token)); }
    /// Shares the credentials.
    void set_auth(const auth &credentials)
    {
        if (credentials.get() == nullptr)
            throw error(MCPCLIENT_ERROR_INVALID_ARGUMENT, "the credentials were moved away");
        check(mcpclient_set_auth, get(), credentials.get());
    }
    void set_auth(std::nullopt_t) { check(mcpclient_set_auth, get(), nullptr); }
    /// std::nullopt removes the header.
    void set_header(text name, optional_text content)
    {
        check(mcpclient_set_header, get(), c_string(name), c_string(content));
    }

    // Settings.

    /// One of MCPCLIENT_TRANSPORT_*.
    void set_transport(mcpclient_transport transport) { check(mcpclient_set_transport, get(), transport); }
    void set_protocol_version(optional_text version)
    {
        check(mcpclient_set_protocol_version, get(), c_string(version));
    }
    /// Zero: no limit.
    void set_timeout(std::chrono::milliseconds limit) { check(mcpclient_set_timeout_ms, get(), count_of(limit)); }
    /// Zero: no limit but that of the call.
    void set_connect_timeout(std::chrono::milliseconds limit)
    {
        check(mcpclient_set_connect_timeout_ms, get(), count_of(limit));
    }
    void set_max_response_bytes(std::uint64_t bytes) { check(mcpclient_set_max_response_bytes, get(), bytes); }
    void set_ca_file(optional_text pem_path) { check(mcpclient_set_ca_file, get(), c_string(pem_path)); }
    void set_client_certificate(optional_text cert_pem_path, optional_text key_pem_path)
    {
        check(mcpclient_set_client_certificate, get(), c_string(cert_pem_path), c_string(key_pem_path));
    }
    void set_tls_verify(bool verify) { check(mcpclient_set_tls_verify, get(), verify); }
    /// "": none; std::nullopt: what the environment says.
    void set_proxy(optional_text proxy_url) { check(mcpclient_set_proxy, get(), c_string(proxy_url)); }
    void set_capabilities(optional_text json) { check(mcpclient_set_capabilities, get(), c_string(json)); }
    void set_client_info(text name, text version)
    {
        check(mcpclient_set_client_info, get(), c_string(name), c_string(version));
    }
    void set_cache(bool enabled) { check(mcpclient_set_cache, get(), enabled); }

    // Requests. JSON is passed as text.

    value request(text method, optional_text params = std::nullopt)
    {
        return result_of(mcpclient_request, get(), c_string(method), c_string(params));
    }
    void notify(text method, optional_text params = std::nullopt)
    {
        check(mcpclient_notify, get(), c_string(method), c_string(params));
    }
    void set_server_log_level(text level) { check(mcpclient_set_server_log_level, get(), c_string(level)); }
    value server_info() { return result_of(mcpclient_server_info, get()); }
    value list_tools() { return result_of(mcpclient_list_tools, get()); }
    value call_tool(text name, optional_text arguments = std::nullopt)
    {
        return result_of(mcpclient_call_tool, get(), c_string(name), c_string(arguments));
    }
    value list_resources() { return result_of(mcpclient_list_resources, get()); }
    value list_resource_templates() { return result_of(mcpclient_list_resource_templates, get()); }
    value read_resource(text uri) { return result_of(mcpclient_read_resource, get(), c_string(uri)); }
    value list_prompts() { return result_of(mcpclient_list_prompts, get()); }
    value get_prompt(text name, optional_text arguments = std::nullopt)
    {
        return result_of(mcpclient_get_prompt, get(), c_string(name), c_string(arguments));
    }
    value complete(text reference, text argument_name, text argument_value)
    {
        return result_of(mcpclient_complete, get(), c_string(reference), c_string(argument_name),
                         c_string(argument_value));
    }

    // What the server sends and asks.

    /// std::nullopt: all methods. An empty function removes the callback.
    void on_notification(optional_text method, notification_callback callback)
    {
        const c_string name(method);
        auto *const kept = callback ? new notification_callback(std::move(callback)) : nullptr;
        check(mcpclient_on_notification, get(), name, kept == nullptr ? nullptr : notified, kept,
              free_callback<notification_callback>);
    }
    /// An empty function removes the callback.
    void on_request(text method, request_callback callback)
    {
        const c_string name(method);
        auto *const kept = callback ? new request_callback(std::move(callback)) : nullptr;
        check(mcpclient_on_request, get(), name, kept == nullptr ? nullptr : asked, kept,
              free_callback<request_callback>);
    }
    void listen(optional_text filter_json = std::nullopt) { check(mcpclient_listen, get(), c_string(filter_json)); }
    void stop_listening() noexcept { mcpclient_stop_listening(get()); }

    /// For the functions of the C API; stays with this object.
    ::mcpclient *get() const noexcept { return handle_.get(); }

private:
    static constexpr std::int32_t internal_error = -32603; // JSON-RPC 2.0, section 5.1

    static void notified(void *callback, const char *method, const mcpclient_value *params) noexcept
    {
        try {
            (*static_cast<notification_callback *>(callback))(method, value::borrowed(params));
        } catch (...) {
            // The outcome has no receiver.
        }
    }

    static void asked(void *callback, const char *method, const mcpclient_value *params,
                      mcpclient_reply *handle) noexcept
    {
        try {
            reply answer(handle);
            (*static_cast<request_callback *>(callback))(method, value::borrowed(params), answer);
        } catch (...) {
            // Not what it says: that is the program's affair, not the server's.
            mcpclient_reply_error(handle, internal_error, "the client failed to answer", nullptr);
        }
    }

    static std::uint32_t count_of(std::chrono::milliseconds limit)
    {
        if (limit.count() < 0 || limit.count() > std::numeric_limits<std::uint32_t>::max())
            throw error(MCPCLIENT_ERROR_INVALID_ARGUMENT, "the time limit is out of range");
        return static_cast<std::uint32_t>(limit.count());
    }

    std::unique_ptr<::mcpclient, deleter> handle_;
};

#pragma pop_macro("verify")
#pragma pop_macro("min")
#pragma pop_macro("max")
#pragma pop_macro("error")
#pragma pop_macro("check")

#endif /* MCPCLIENT_HPP */
