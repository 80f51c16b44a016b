/* Who owns what: inputs are copied, shared credentials live on, user_data is freed exactly once. */
#include "check.h"

static void inputs_are_copied(int argc, char **argv)
{
    mcpclient *client = client_of(argc, argv, "/locked");
    char token[] = "letmein", name[] = "X-Name", value[] = "value";
    CHECK_OK(mcpclient_set_bearer_token(client, token, &error));
    CHECK_OK(mcpclient_set_header(client, name, value, &error));
    memset(token, 'x', sizeof token - 1);
    memset(name, 'x', sizeof name - 1);
    memset(value, '\n', sizeof value - 1);
    CHECK_OK(mcpclient_ping(client, &error));
    CHECK_OK(mcpclient_set_bearer_token(client, NULL, &error));
    CHECK_FAILS(MCPCLIENT_ERROR_UNAUTHORIZED, "", mcpclient_ping(client, &error));
    mcpclient_free(client);
}

static void shared_credentials_outlive_their_handle(int argc, char **argv)
{
    mcpclient *first = client_of(argc, argv, "/locked"), *second = client_of(argc, argv, "/locked");
    mcpclient_auth *auth = mcpclient_auth_bearer_new("old", NULL);
    CHECK_OK(mcpclient_set_auth(first, auth, &error));
    CHECK_OK(mcpclient_set_auth(second, auth, &error));
    CHECK_FAILS(MCPCLIENT_ERROR_UNAUTHORIZED, "", mcpclient_ping(first, &error));
    CHECK_OK(mcpclient_auth_set_token(auth, "letmein", &error));
    mcpclient_auth_free(auth);
    CHECK_OK(mcpclient_ping(first, &error));
    mcpclient_free(first);
    CHECK_OK(mcpclient_ping(second, &error));

    CHECK_OK(mcpclient_set_auth(second, NULL, &error));
    CHECK_FAILS(MCPCLIENT_ERROR_UNAUTHORIZED, "", mcpclient_ping(second, &error));
    mcpclient_free(second);
}

static void a_token_file_is_followed(int argc, char **argv)
{
    FILE *file = fopen("token", "w");
    CHECK(file != NULL && fputs("letmein\n", file) >= 0 && fclose(file) == 0);
    mcpclient_auth *auth = mcpclient_auth_token_file_new("token", NULL);
    CHECK(auth != NULL);
    mcpclient *client = client_of(argc, argv, "/locked");
    CHECK_OK(mcpclient_set_auth(client, auth, &error));
    CHECK_OK(mcpclient_ping(client, &error));
    CHECK_FAILS(MCPCLIENT_ERROR_INVALID_STATE, "", mcpclient_auth_set_token(auth, "other", &error));
    mcpclient_auth_free(auth);
    mcpclient_free(client);
    CHECK(remove("token") == 0);
    CHECK(mcpclient_auth_token_file_new("token", NULL) == NULL);
}

static int freed;

static void count_free(void *user_data)
{
    CHECK(user_data == &freed);
    freed++;
}

/* How often user_data was freed since the last question. */
static int times_freed(void)
{
    int times = freed;
    freed = 0;
    return times;
}

static void set_no_token(void *user_data, mcpclient_token_request *request)
{
    (void)user_data;
    (void)request;
}

static void hear(void *user_data, const char *method, const mcpclient_value *params)
{
    (void)user_data;
    (void)method;
    (void)params;
}

static void respond(void *user_data, const char *method, const mcpclient_value *params, mcpclient_reply *reply)
{
    (void)user_data;
    (void)method;
    (void)params;
    (void)reply;
}

static mcpclient *const no_client;
static const mcpclient_token_callback no_callback;

static void providers_free_their_user_data_once(int argc, char **argv)
{
    mcpclient_auth *auth = mcpclient_auth_token_callback_new(no_callback, &freed, count_free, NULL);
    CHECK(auth == NULL && times_freed() == 1);

    auth = mcpclient_auth_token_callback_new(set_no_token, &freed, count_free, NULL);
    CHECK(auth != NULL && times_freed() == 0);
    mcpclient_auth_free(auth);
    CHECK(times_freed() == 1);

    mcpclient *client = client_of(argc, argv, "/mcp"), *other = client_of(argc, argv, "/mcp");
    auth = mcpclient_auth_token_callback_new(set_no_token, &freed, count_free, NULL);
    CHECK_OK(mcpclient_set_auth(client, auth, &error));
    CHECK_OK(mcpclient_set_auth(other, auth, &error));
    mcpclient_auth_free(auth);
    CHECK_FAILS(MCPCLIENT_ERROR_INVALID_STATE, "token", mcpclient_ping(client, &error));
    CHECK_OK(mcpclient_set_bearer_token(client, NULL, &error));
    CHECK(times_freed() == 0);
    mcpclient_free(other);
    CHECK(times_freed() == 1);
    mcpclient_free(client);
    CHECK(times_freed() == 0);
}

static void handlers_free_their_user_data_once(int argc, char **argv)
{
    mcpclient *client = client_of(argc, argv, "/mcp");

    /* A registration that fails frees at once. */
    CHECK_FAILS(MCPCLIENT_ERROR_INVALID_ARGUMENT, "client",
                mcpclient_on_notification(no_client, "a", hear, &freed, count_free, &error));
    CHECK(times_freed() == 1);
    CHECK_FAILS(MCPCLIENT_ERROR_INVALID_ARGUMENT, "method",
                mcpclient_on_notification(client, "\xc3", hear, &freed, count_free, &error));
    CHECK(times_freed() == 1);
    CHECK_FAILS(MCPCLIENT_ERROR_INVALID_ARGUMENT, "method",
                mcpclient_on_request(client, "", respond, &freed, count_free, &error));
    CHECK(times_freed() == 1);

    /* So does one without a callback. */
    CHECK_OK(mcpclient_on_notification(client, "a", NULL, &freed, count_free, &error));
    CHECK_OK(mcpclient_on_request(client, "roots/list", NULL, &freed, count_free, &error));
    CHECK(times_freed() == 2);

    /* Replaced, removed, or freed with the client. */
    CHECK_OK(mcpclient_on_notification(client, "a", hear, &freed, count_free, &error));
    CHECK_OK(mcpclient_on_notification(client, NULL, hear, &freed, count_free, &error));
    CHECK(times_freed() == 0);
    CHECK_OK(mcpclient_on_notification(client, "a", hear, &freed, count_free, &error));
    CHECK(times_freed() == 1);
    CHECK_OK(mcpclient_on_notification(client, "a", NULL, NULL, NULL, &error));
    CHECK(times_freed() == 1);
    CHECK_OK(mcpclient_on_request(client, "roots/list", respond, &freed, count_free, &error));
    CHECK_OK(mcpclient_on_request(client, "roots/list", respond, &freed, count_free, &error));
    CHECK(times_freed() == 1);
    CHECK_OK(mcpclient_ping(client, &error));
    CHECK_OK(mcpclient_on_request(client, "roots/list", respond, NULL, NULL, &error));
    CHECK(times_freed() == 1);
    mcpclient_free(client);
    CHECK(times_freed() == 1);
}

static void nothing_is_freed_twice_by_freeing_nothing(void)
{
    mcpclient_free(NULL);
    mcpclient_auth_free(NULL);
    mcpclient_value_free(NULL);
    mcpclient_error_free(NULL);
}

int main(int argc, char **argv)
{
    inputs_are_copied(argc, argv);
    shared_credentials_outlive_their_handle(argc, argv);
    a_token_file_is_followed(argc, argv);
    providers_free_their_user_data_once(argc, argv);
    handlers_free_their_user_data_once(argc, argv);
    nothing_is_freed_twice_by_freeing_nothing();
    return 0;
}
