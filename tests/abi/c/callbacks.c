/* Callbacks: tokens on demand, notifications, and responses to requests of the server. */
#include "check.h"

struct tokens {
    const char *next[3];
    int asked;
};

static void give_token(void *user_data, mcpclient_token_request *request)
{
    struct tokens *tokens = user_data;
    const char *challenge = mcpclient_token_request_challenge(request);
    CHECK(tokens->asked < 3);
    if (tokens->asked == 0)
        CHECK(challenge == NULL);
    else
        CHECK(strstr(challenge, "error=\"invalid_token\"") != NULL);
    const char *token = tokens->next[tokens->asked++];
    if (token != NULL)
        CHECK_OK(mcpclient_token_request_set(request, token, &error));
}

static mcpclient *client_with(struct tokens *tokens, int argc, char **argv)
{
    mcpclient *client = client_of(argc, argv, "/locked");
    mcpclient_auth *auth = mcpclient_auth_token_callback_new(give_token, tokens, NULL, NULL);
    CHECK_OK(mcpclient_set_auth(client, auth, &error));
    mcpclient_auth_free(auth);
    return client;
}

static void a_token_is_asked_for_and_once_more_after_a_401(int argc, char **argv)
{
    struct tokens tokens = {{"expired", "letmein", NULL}, 0};
    mcpclient *client = client_with(&tokens, argc, argv);
    CHECK_OK(mcpclient_ping(client, &error));
    CHECK_OK(mcpclient_ping(client, &error));
    CHECK(tokens.asked == 2);
    mcpclient_free(client);
}

static void without_a_token_the_call_fails(int argc, char **argv)
{
    struct tokens none = {{NULL, NULL, NULL}, 0};
    mcpclient *client = client_with(&none, argc, argv);
    CHECK_FAILS(MCPCLIENT_ERROR_INVALID_STATE, "token", mcpclient_ping(client, &error));
    CHECK(none.asked == 1);
    mcpclient_free(client);

    struct tokens expired = {{"expired", NULL, NULL}, 0};
    client = client_with(&expired, argc, argv);
    CHECK_FAILS(MCPCLIENT_ERROR_UNAUTHORIZED, "", mcpclient_ping(client, &error));
    CHECK(expired.asked == 2);
    mcpclient_free(client);
}

static const char *const no_text;

static void give_bad_tokens(void *user_data, mcpclient_token_request *request)
{
    mcpclient_auth *auth = *(mcpclient_auth **)user_data;
    CHECK_FAILS(MCPCLIENT_ERROR_INVALID_ARGUMENT, "token", mcpclient_token_request_set(request, no_text, &error));
    CHECK_FAILS(MCPCLIENT_ERROR_INVALID_ARGUMENT, "Bearer", mcpclient_token_request_set(request, "Bearer x", &error));
    CHECK_FAILS(MCPCLIENT_ERROR_INVALID_ARGUMENT, "space", mcpclient_token_request_set(request, "a b", &error));
    CHECK_FAILS(MCPCLIENT_ERROR_INVALID_STATE, "", mcpclient_auth_set_token(auth, "x", &error));
    CHECK_OK(mcpclient_token_request_set(request, "first", &error));
    CHECK_OK(mcpclient_token_request_set(request, "letmein", &error));
}

static void the_last_good_token_counts(int argc, char **argv)
{
    mcpclient *client = client_of(argc, argv, "/locked");
    mcpclient_auth *auth = NULL;
    auth = mcpclient_auth_token_callback_new(give_bad_tokens, &auth, NULL, NULL);
    CHECK_OK(mcpclient_set_auth(client, auth, &error));
    CHECK_OK(mcpclient_ping(client, &error));
    mcpclient_free(client);
    mcpclient_auth_free(auth);
}

struct heard {
    int own, all;
};

static void hear_own(void *user_data, const char *method, const mcpclient_value *params)
{
    struct heard *heard = user_data;
    CHECK(strcmp(method, "notifications/message") == 0);
    CHECK(strcmp(mcpclient_value_string(params, "/data"), "working") == 0);
    heard->own++;
}

static void hear_all(void *user_data, const char *method, const mcpclient_value *params)
{
    struct heard *heard = user_data;
    CHECK(strncmp(method, "notifications/", strlen("notifications/")) == 0);
    CHECK(mcpclient_value_json(params)[0] == '{');
    heard->all++;
}

static void notifications_reach_their_callbacks(int argc, char **argv)
{
    struct heard heard = {0, 0};
    mcpclient *client = client_of(argc, argv, "/mcp");
    CHECK_OK(mcpclient_on_notification(client, "notifications/message", hear_own, &heard, NULL, &error));
    CHECK_OK(mcpclient_on_notification(client, NULL, hear_all, &heard, NULL, &error));
    CHECK_OK(mcpclient_call_tool(client, "ask", NULL, NULL, &error));
    CHECK(heard.own == 1 && heard.all == 1);

    CHECK_OK(mcpclient_on_notification(client, "notifications/message", NULL, NULL, NULL, &error));
    CHECK_OK(mcpclient_call_tool(client, "ask", NULL, NULL, &error));
    CHECK(heard.own == 1 && heard.all == 2);
    mcpclient_free(client);
}

static void accept_input(void *user_data, const char *method, const mcpclient_value *params, mcpclient_reply *reply)
{
    CHECK(strcmp(method, "elicitation/create") == 0);
    CHECK(strcmp(mcpclient_value_string(params, "/message"), "Your name?") == 0);
    CHECK_FAILS(MCPCLIENT_ERROR_INVALID_ARGUMENT, "result_json", mcpclient_reply_result(reply, no_text, &error));
    CHECK_FAILS(MCPCLIENT_ERROR_INVALID_ARGUMENT, "", mcpclient_reply_result(reply, "{", &error));
    CHECK_FAILS(MCPCLIENT_ERROR_INVALID_ARGUMENT, "", mcpclient_reply_result(reply, "[]", &error));
    CHECK_FAILS(MCPCLIENT_ERROR_INVALID_ARGUMENT, "message", mcpclient_reply_error(reply, 1, no_text, &error));
    CHECK_OK(mcpclient_reply_result(reply, user_data, &error));
}

static void refuse_input(void *user_data, const char *method, const mcpclient_value *params, mcpclient_reply *reply)
{
    (void)user_data;
    (void)method;
    (void)params;
    CHECK_OK(mcpclient_reply_error(reply, -1, "the user is away", &error));
}

static void stay_silent(void *user_data, const char *method, const mcpclient_value *params, mcpclient_reply *reply)
{
    (void)user_data;
    (void)method;
    (void)params;
    (void)reply;
}

/* Checks the response that the server received, which is the tool's result. */
static void the_server_gets(mcpclient *client, const char *pointer, const char *expected)
{
    mcpclient_value *result = NULL;
    CHECK_OK(mcpclient_call_tool(client, "ask", NULL, &result, &error));
    const char *got = mcpclient_value_string(result, pointer);
    if (got == NULL || strcmp(got, expected) != 0)
        fprintf(stderr, "%s\n", mcpclient_value_json(result));
    CHECK(got != NULL && strcmp(got, expected) == 0);
    mcpclient_value_free(result);
}

static void requests_of_the_server_get_responses(int argc, char **argv)
{
    char input[] = "{\"action\":\"accept\",\"content\":{\"name\":\"Ada\"}}";
    mcpclient *client = client_of(argc, argv, "/mcp");
    CHECK_OK(mcpclient_on_request(client, "elicitation/create", accept_input, input, NULL, &error));
    the_server_gets(client, "/structuredContent/result/content/name", "Ada");
    CHECK_OK(mcpclient_on_request(client, "elicitation/create", refuse_input, NULL, NULL, &error));
    the_server_gets(client, "/structuredContent/error/message", "the user is away");
    CHECK_OK(mcpclient_on_request(client, "elicitation/create", stay_silent, NULL, NULL, &error));
    the_server_gets(client, "/structuredContent/error/message", "the handler set no result");
    CHECK_OK(mcpclient_on_request(client, "elicitation/create", NULL, NULL, NULL, &error));
    the_server_gets(client, "/structuredContent/error/message", "this client has no handler for elicitation/create");
    mcpclient_free(client);
}

int main(int argc, char **argv)
{
    a_token_is_asked_for_and_once_more_after_a_401(argc, argv);
    without_a_token_the_call_fails(argc, argv);
    the_last_good_token_counts(argc, argv);
    notifications_reach_their_callbacks(argc, argv);
    requests_of_the_server_get_responses(argc, argv);
    return 0;
}
