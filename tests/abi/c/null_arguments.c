/* NULL for every pointer of every function: a status, never a crash. */
#include "check.h"

/* Variables, since compilers warn about a literal NULL where the header does not allow it. */
static mcpclient *client; /* stays NULL */
static const char *text;
static mcpclient_auth *auth;
static mcpclient_token_request *token_request;
static mcpclient_reply *reply;
static mcpclient_value *value;
static mcpclient_json *json;
static mcpclient_token_callback token_callback;
static mcpclient_login_callback login_callback;
static mcpclient_store_callback store_callback;
static mcpclient_login *login;
static mcpclient_store_request *store_request;
static mcpclient_queue *queue;
static mcpclient_event *event;
static mcpclient_config *config;

/* Checks that the argument is refused by name, also when no place for an error is given. */
#define REFUSED(name, function, ...)                                                                   \
    do {                                                                                               \
        CHECK_FAILS(MCPCLIENT_ERROR_INVALID_ARGUMENT, name " is NULL", function(__VA_ARGS__, &error)); \
        CHECK(function(__VA_ARGS__, NULL) == MCPCLIENT_ERROR_INVALID_ARGUMENT);                        \
    } while (0)

/* The same for a function that makes something. */
#define MAKES_NOTHING(name, function, ...)                                        \
    do {                                                                          \
        mcpclient_error *error = NULL;                                            \
        CHECK(function(__VA_ARGS__, &error) == NULL);                             \
        CHECK(mcpclient_error_status(error) == MCPCLIENT_ERROR_INVALID_ARGUMENT); \
        CHECK(strcmp(mcpclient_error_message(error), name " is NULL") == 0);      \
        mcpclient_error_free(error);                                              \
        CHECK(function(__VA_ARGS__, NULL) == NULL);                               \
    } while (0)

static void tasks(void)
{
    mcpclient *known = mcpclient_new("http://127.0.0.1/", NULL);
    mcpclient_string_free(NULL);
    REFUSED("client", mcpclient_start_task, client, "x", NULL, NULL, NULL);
    REFUSED("tool", mcpclient_start_task, known, text, NULL, NULL, NULL);
    REFUSED("client", mcpclient_get_task, client, "x", NULL);
    REFUSED("task_id", mcpclient_get_task, known, text, NULL);
    REFUSED("client", mcpclient_await_task, client, "x", NULL);
    REFUSED("task_id", mcpclient_await_task, known, text, NULL);
    REFUSED("client", mcpclient_cancel_task, client, "x");
    REFUSED("task_id", mcpclient_cancel_task, known, text);
    REFUSED("client", mcpclient_set_extension, client, "com.example/x", NULL);
    REFUSED("identifier", mcpclient_set_extension, known, text, NULL);
    mcpclient_free(known);
}

static void queues(void)
{
    mcpclient *known = mcpclient_new("http://127.0.0.1/", NULL);
    mcpclient_queue_free(mcpclient_queue_new(NULL)); /* without a place for an error */
    mcpclient_queue_free(queue);
    mcpclient_queue_cancel(queue, 0);
    mcpclient_event_free(event);
    CHECK(mcpclient_queue_fd(queue) == -1 && mcpclient_queue_next(queue, -1) == NULL);
    CHECK(mcpclient_queue_pending(queue) == 0 && mcpclient_queue_lost(queue) == 0);
    CHECK(mcpclient_event_kind(event) == MCPCLIENT_EVENT_DONE && mcpclient_event_operation(event) == 0);
    CHECK(mcpclient_event_user_data(event) == NULL && mcpclient_event_error(event) == NULL);
    CHECK(mcpclient_event_value(event) == NULL && mcpclient_event_method(event) == NULL);
    CHECK(mcpclient_event_reply(event) == NULL);
    REFUSED("queue", mcpclient_queue_set_threads, queue, 1);
    REFUSED("queue", mcpclient_queue_set_limit, queue, 1);
    REFUSED("queue", mcpclient_queue_notifications, queue, known, NULL, NULL);
    REFUSED("queue", mcpclient_queue_requests, queue, known, "roots/list", NULL);
    REFUSED("queue", mcpclient_start_ping, known, queue, NULL, NULL);
    REFUSED("client", mcpclient_start_ping, client, queue, NULL, NULL);
    REFUSED("client", mcpclient_start_connect, client, queue, NULL, NULL);
    REFUSED("client", mcpclient_start_close, client, queue, NULL, NULL);
    REFUSED("client", mcpclient_start_list, client, MCPCLIENT_LIST_TOOLS, queue, NULL, NULL);
    REFUSED("client", mcpclient_start_listen, client, NULL, queue, NULL, NULL);
    REFUSED("method", mcpclient_start_request, known, text, NULL, queue, NULL, NULL);
    REFUSED("method", mcpclient_start_notify, known, text, NULL, queue, NULL, NULL);
    mcpclient_free(known);
}

static void constructors(void)
{
    MAKES_NOTHING("url", mcpclient_new, text);
    MAKES_NOTHING("client", mcpclient_scope_new, client);
    MAKES_NOTHING("command", mcpclient_stdio_new, text, NULL);
    MAKES_NOTHING("path", mcpclient_config_load, text);
    MAKES_NOTHING("json", mcpclient_config_parse, text);
    MAKES_NOTHING("config", mcpclient_config_client_new, config, text);
    MAKES_NOTHING("token", mcpclient_auth_bearer_new, text);
    MAKES_NOTHING("path", mcpclient_auth_token_file_new, text);
    MAKES_NOTHING("callback", mcpclient_auth_token_callback_new, token_callback, NULL, NULL);
    MAKES_NOTHING("client_id", mcpclient_auth_client_credentials_new, NULL, text, "s");
    MAKES_NOTHING("client_secret", mcpclient_auth_client_credentials_new, NULL, "c", text);
    MAKES_NOTHING("client_id", mcpclient_auth_private_key_new, NULL, text, "/dev/null");
    MAKES_NOTHING("key_pem_path", mcpclient_auth_private_key_new, NULL, "c", text);
    MAKES_NOTHING("identity", mcpclient_auth_workload_new, NULL, NULL, auth);
    MAKES_NOTHING("idp_issuer", mcpclient_auth_enterprise_new, text, "c", NULL, auth);
    MAKES_NOTHING("idp_client_id", mcpclient_auth_enterprise_new, "https://idp.example", text, NULL, auth);
    MAKES_NOTHING("identity", mcpclient_auth_enterprise_new, "https://idp.example", "c", NULL, auth);
    MAKES_NOTHING("callback", mcpclient_auth_login_new, login_callback, NULL, NULL);
}

static void no_config(void)
{
    mcpclient_config_free(config);
    CHECK(mcpclient_config_count(config) == 0);
    CHECK(mcpclient_config_name(config, 0) == NULL);
    CHECK(mcpclient_config_entry(config, "x") == NULL);
    REFUSED("config", mcpclient_config_set_variable, config, "x", text);
    REFUSED("config", mcpclient_config_set_auth, config, auth);
    mcpclient_config *good = mcpclient_config_parse("{\"mcpServers\": {}}", NULL);
    REFUSED("name", mcpclient_config_set_variable, good, text, text);
    CHECK(mcpclient_config_entry(good, text) == NULL);
    mcpclient_config_free(good);
}

static void no_client(void)
{
    mcpclient_free(client);
    mcpclient_cancel(client);
    mcpclient_close(client);
    mcpclient_stop_listening(client);
    CHECK(mcpclient_transport_in_use(client) == MCPCLIENT_TRANSPORT_AUTO);
    CHECK(mcpclient_protocol_version(client) == NULL);

    CHECK(mcpclient_process_id(client) == 0);

    REFUSED("client", mcpclient_connect, client);
    REFUSED("client", mcpclient_on_progress, client, NULL, NULL, NULL);
    REFUSED("client", mcpclient_set_timeout_on_progress, client, true);
    REFUSED("client", mcpclient_set_longest_ms, client, 1);
    REFUSED("client", mcpclient_set_meta, client, text, text);
    REFUSED("client", mcpclient_set_environment, client, 0);
    REFUSED("client", mcpclient_set_variable, client, text, text);
    REFUSED("client", mcpclient_set_working_directory, client, text);
    REFUSED("client", mcpclient_on_stderr, client, NULL, NULL, NULL);
    REFUSED("client", mcpclient_set_grace_ms, client, 1);
    REFUSED("client", mcpclient_ping, client);
    REFUSED("client", mcpclient_set_transport, client, 0);
    REFUSED("client", mcpclient_set_protocol_version, client, text);
    REFUSED("client", mcpclient_set_bearer_token, client, text);
    REFUSED("client", mcpclient_set_auth, client, auth);
    REFUSED("client", mcpclient_set_header, client, text, text);
    REFUSED("client", mcpclient_set_timeout_ms, client, 1);
    REFUSED("client", mcpclient_set_connect_timeout_ms, client, 1);
    REFUSED("client", mcpclient_set_max_response_bytes, client, 1);
    REFUSED("client", mcpclient_set_ca_file, client, text);
    REFUSED("client", mcpclient_set_client_certificate, client, text, text);
    REFUSED("client", mcpclient_set_tls_verify, client, true);
    REFUSED("client", mcpclient_set_proxy, client, text);
    REFUSED("client", mcpclient_set_capabilities, client, text);
    REFUSED("client", mcpclient_set_client_info, client, text, text);
    REFUSED("client", mcpclient_set_cache, client, true);
    REFUSED("client", mcpclient_request, client, text, text, NULL);
    REFUSED("client", mcpclient_notify, client, text, text);
    REFUSED("client", mcpclient_list_tools, client, NULL);
    REFUSED("client", mcpclient_call_tool, client, text, text, NULL);
    REFUSED("client", mcpclient_list_resources, client, NULL);
    REFUSED("client", mcpclient_list_resource_templates, client, NULL);
    REFUSED("client", mcpclient_read_resource, client, text, NULL);
    REFUSED("client", mcpclient_list_prompts, client, NULL);
    REFUSED("client", mcpclient_get_prompt, client, text, text, NULL);
    REFUSED("client", mcpclient_complete, client, text, text, text, NULL);
    REFUSED("client", mcpclient_set_server_log_level, client, text);
    REFUSED("client", mcpclient_server_info, client, NULL);
    REFUSED("client", mcpclient_on_notification, client, text, NULL, NULL, NULL);
    REFUSED("client", mcpclient_on_request, client, text, NULL, NULL, NULL);
    REFUSED("client", mcpclient_listen, client, text);
}

static void no_text(mcpclient *good)
{
    REFUSED("name", mcpclient_set_header, good, text, "x");
    REFUSED("name", mcpclient_set_variable, good, text, "x");
    REFUSED("name", mcpclient_set_client_info, good, text, "x");
    REFUSED("version", mcpclient_set_client_info, good, "x", text);
    REFUSED("key", mcpclient_set_meta, good, text, "1");
    REFUSED("method", mcpclient_request, good, text, "{}", NULL);
    REFUSED("method", mcpclient_notify, good, text, "{}");
    REFUSED("name", mcpclient_call_tool, good, text, "{}", NULL);
    REFUSED("uri", mcpclient_read_resource, good, text, NULL);
    REFUSED("name", mcpclient_get_prompt, good, text, "{}", NULL);
    REFUSED("reference", mcpclient_complete, good, text, "x", "x", NULL);
    REFUSED("argument_name", mcpclient_complete, good, "{}", text, "x", NULL);
    REFUSED("argument_value", mcpclient_complete, good, "{}", "x", text, NULL);
    REFUSED("level", mcpclient_set_server_log_level, good, text);
    REFUSED("method", mcpclient_on_request, good, text, NULL, NULL, NULL);
}

static void what_may_be_null(mcpclient *good)
{
    CHECK_OK(mcpclient_set_protocol_version(good, NULL, &error));
    CHECK_OK(mcpclient_set_bearer_token(good, NULL, &error));
    CHECK_OK(mcpclient_set_auth(good, NULL, &error));
    CHECK_OK(mcpclient_set_header(good, "X-Any", NULL, &error));
    CHECK_OK(mcpclient_set_ca_file(good, NULL, &error));
    CHECK_OK(mcpclient_set_client_certificate(good, NULL, NULL, &error));
    CHECK_OK(mcpclient_set_capabilities(good, NULL, &error));
    CHECK_OK(mcpclient_on_notification(good, NULL, NULL, NULL, NULL, &error));
    CHECK_OK(mcpclient_on_progress(good, NULL, NULL, NULL, &error));
    CHECK_OK(mcpclient_set_meta(good, "a", NULL, &error));
    CHECK_OK(mcpclient_set_proxy(good, NULL, &error));
    CHECK_OK(mcpclient_set_proxy(good, "", NULL));
}

/* The settings of OAuth credentials, on none and on good ones. */
static void no_oauth(void)
{
    REFUSED("auth", mcpclient_auth_set_client, auth, NULL, "c", NULL);
    REFUSED("auth", mcpclient_auth_set_private_key, auth, "/dev/null", NULL);
    REFUSED("auth", mcpclient_auth_set_client_metadata_url, auth, "https://c.example/x");
    REFUSED("auth", mcpclient_auth_set_redirect_url, auth, "https://c.example/x");
    REFUSED("auth", mcpclient_auth_set_login_timeout_ms, auth, 1);
    REFUSED("auth", mcpclient_auth_set_scopes, auth, NULL);
    REFUSED("auth", mcpclient_auth_set_resource, auth, NULL);
    REFUSED("auth", mcpclient_auth_set_parameter, auth, "x", NULL);
    REFUSED("auth", mcpclient_auth_set_metadata, auth, NULL);
    REFUSED("auth", mcpclient_auth_set_dpop, auth, MCPCLIENT_DPOP_NEVER);
    REFUSED("auth", mcpclient_auth_set_store, auth, store_callback, store_callback, NULL, NULL);
    REFUSED("auth", mcpclient_auth_set_store_file, auth, "x");
    REFUSED("auth", mcpclient_auth_forget, auth);
    REFUSED("auth", mcpclient_auth_finish_login, auth, "x");
    mcpclient_auth *good = mcpclient_auth_client_credentials_new(NULL, "c", "s", NULL);
    REFUSED("client_id", mcpclient_auth_set_client, good, NULL, text, NULL);
    REFUSED("key_pem_path", mcpclient_auth_set_private_key, good, text, NULL);
    REFUSED("url", mcpclient_auth_set_client_metadata_url, good, text);
    REFUSED("url", mcpclient_auth_set_redirect_url, good, text);
    REFUSED("name", mcpclient_auth_set_parameter, good, text, NULL);
    REFUSED("load", mcpclient_auth_set_store, good, store_callback, store_callback, NULL, NULL);
    REFUSED("path", mcpclient_auth_set_store_file, good, text);
    REFUSED("redirected_url", mcpclient_auth_finish_login, good, text);
    CHECK_OK(mcpclient_auth_set_scopes(good, NULL, &error));
    CHECK_OK(mcpclient_auth_set_resource(good, NULL, &error));
    CHECK_OK(mcpclient_auth_set_metadata(good, NULL, &error));
    CHECK_OK(mcpclient_auth_set_parameter(good, "x", NULL, &error));
    mcpclient_auth_free(good);

    CHECK(mcpclient_login_url(login) == NULL);
    CHECK(mcpclient_login_server(login) == NULL);
    mcpclient_login_refuse(login);
    REFUSED("login", mcpclient_login_finish, login, "x");
    CHECK(mcpclient_store_request_key(store_request) == NULL);
    CHECK(mcpclient_store_request_data(store_request) == NULL);
    REFUSED("request", mcpclient_store_request_set, store_request, "x");
    REFUSED("data", mcpclient_store_request_set, store_request, text);
    CHECK(mcpclient_token_request_audience(NULL) == NULL);
}

static void no_auth_request_or_reply(void)
{
    REFUSED("auth", mcpclient_auth_set_token, auth, "x");
    mcpclient_auth *good = mcpclient_auth_bearer_new("x", NULL);
    REFUSED("token", mcpclient_auth_set_token, good, text);
    mcpclient_auth_free(good);
    mcpclient_auth_free(auth);

    CHECK(mcpclient_token_request_challenge(token_request) == NULL);
    REFUSED("request", mcpclient_token_request_set, token_request, "x");
    REFUSED("reply", mcpclient_reply_result, reply, "{}");
    REFUSED("reply", mcpclient_reply_error, reply, 1, "x");
}

static void no_value(mcpclient *good)
{
    int64_t integer;
    double real;
    bool boolean;
    CHECK(strcmp(mcpclient_value_json(value), "null") == 0);
    CHECK(mcpclient_value_string(value, "") == NULL);
    CHECK(!mcpclient_value_int64(value, "", &integer));
    CHECK(!mcpclient_value_double(value, "", &real));
    CHECK(!mcpclient_value_bool(value, "", &boolean));
    CHECK(mcpclient_value_count(value, "") == 0);
    CHECK(mcpclient_value_copy(value, "", NULL) == NULL);
    CHECK(mcpclient_value_parse(text, NULL) == NULL);
    CHECK(mcpclient_value_type(value, "") == MCPCLIENT_TYPE_ABSENT);
    CHECK(mcpclient_value_at(value, "") == NULL);
    CHECK(mcpclient_value_element(value, 0) == NULL);
    CHECK(mcpclient_value_key(value, 0) == NULL);
    CHECK(mcpclient_value_string_or(value, "", NULL) == NULL);
    CHECK(strcmp(mcpclient_value_string_or(value, "", "none"), "none") == 0);
    CHECK(mcpclient_value_string_length(value, "") == 0);
    mcpclient_value_free(value);

    mcpclient_value *info = NULL;
    CHECK_OK(mcpclient_server_info(good, &info, &error));
    CHECK(mcpclient_value_string(info, text) == NULL);
    CHECK(!mcpclient_value_int64(info, text, &integer));
    CHECK(!mcpclient_value_double(info, text, &real));
    CHECK(!mcpclient_value_bool(info, text, &boolean));
    CHECK(mcpclient_value_count(info, text) == 0);
    CHECK(mcpclient_value_copy(info, text, NULL) == NULL);
    CHECK(mcpclient_value_type(info, text) == MCPCLIENT_TYPE_ABSENT);
    CHECK(mcpclient_value_at(info, text) == NULL);
    CHECK(strcmp(mcpclient_value_string_or(info, text, "none"), "none") == 0);
    CHECK(mcpclient_value_string_length(info, text) == 0);
    mcpclient_value_free(info);
    CHECK_OK(mcpclient_server_info(good, NULL, NULL));
}

static void no_json(void)
{
    REFUSED("json", mcpclient_json_set_string, json, "/a", "b");
    REFUSED("json", mcpclient_json_set_int64, json, "/a", 1);
    REFUSED("json", mcpclient_json_set_double, json, "/a", 1.5);
    REFUSED("json", mcpclient_json_set_bool, json, "/a", true);
    REFUSED("json", mcpclient_json_set_null, json, "/a");
    REFUSED("json", mcpclient_json_set_json, json, "/a", "[]");
    CHECK(strcmp(mcpclient_json_text(json), "null") == 0);
    mcpclient_json_free(json);

    mcpclient_json *good = mcpclient_json_new(NULL);
    REFUSED("pointer", mcpclient_json_set_string, good, text, "b");
    REFUSED("value", mcpclient_json_set_string, good, "/a", text);
    REFUSED("pointer", mcpclient_json_set_int64, good, text, 1);
    REFUSED("pointer", mcpclient_json_set_double, good, text, 1.5);
    REFUSED("pointer", mcpclient_json_set_bool, good, text, true);
    REFUSED("pointer", mcpclient_json_set_null, good, text);
    REFUSED("pointer", mcpclient_json_set_json, good, text, "[]");
    REFUSED("value", mcpclient_json_set_json, good, "/a", text);
    CHECK(strcmp(mcpclient_json_text(good), "{}") == 0);
    mcpclient_json_free(good);
}

static void no_error(void)
{
    CHECK(mcpclient_error_status(NULL) == MCPCLIENT_OK);
    CHECK(strcmp(mcpclient_error_message(NULL), "") == 0);
    CHECK(mcpclient_error_http_status(NULL) == 0);
    CHECK(mcpclient_error_rpc_code(NULL) == 0);
    CHECK(mcpclient_error_rpc_data(NULL) == NULL);
    CHECK(mcpclient_error_www_authenticate(NULL) == NULL);
    CHECK(mcpclient_error_challenge_parameter(NULL, "error") == NULL);
    mcpclient_error *error = NULL;
    CHECK(mcpclient_ping(client, &error) != MCPCLIENT_OK);
    CHECK(mcpclient_error_challenge_parameter(error, text) == NULL);
    mcpclient_error_free(error);
    mcpclient_error_free(NULL);
}

int main(int argc, char **argv)
{
    mcpclient *good = client_of(argc, argv, "/mcp");
    constructors();
    queues();
    tasks();
    no_client();
    no_config();
    no_text(good);
    what_may_be_null(good);
    no_oauth();
    no_auth_request_or_reply();
    no_value(good);
    no_json();
    no_error();
    mcpclient_free(good);
    return 0;
}
