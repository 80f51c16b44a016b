/* The error object: written only on failure, complete, and independent of the client. */
#include "check.h"

static const char *const names[] = {
    "MCPCLIENT_OK",
    "MCPCLIENT_ERROR_INVALID_ARGUMENT",
    "MCPCLIENT_ERROR_INVALID_STATE",
    "MCPCLIENT_ERROR_NETWORK",
    "MCPCLIENT_ERROR_TLS",
    "MCPCLIENT_ERROR_TIMEOUT",
    "MCPCLIENT_ERROR_CANCELLED",
    "MCPCLIENT_ERROR_UNAUTHORIZED",
    "MCPCLIENT_ERROR_FORBIDDEN",
    "MCPCLIENT_ERROR_HTTP",
    "MCPCLIENT_ERROR_PROTOCOL",
    "MCPCLIENT_ERROR_RPC",
    "MCPCLIENT_ERROR_UNSUPPORTED",
    "MCPCLIENT_ERROR_INTERNAL",
};

static void statuses_have_names(void)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        CHECK(strcmp(mcpclient_status_name((mcpclient_status)i), names[i]) == 0);
    CHECK(strcmp(mcpclient_status_name(14), "unknown status") == 0);
    CHECK(strcmp(mcpclient_status_name(INT32_MIN), "unknown status") == 0);
}

static void success_leaves_the_place_alone(mcpclient *client)
{
    char sentinel;
    mcpclient_error *error = (mcpclient_error *)(void *)&sentinel;
    CHECK(mcpclient_set_timeout_ms(client, 10000, &error) == MCPCLIENT_OK);
    CHECK(mcpclient_ping(client, &error) == MCPCLIENT_OK);
    CHECK(error == (mcpclient_error *)(void *)&sentinel);
}

static void failure_leaves_the_result_alone(mcpclient *client)
{
    char sentinel;
    mcpclient_value *result = (mcpclient_value *)(void *)&sentinel;
    CHECK_FAILS(MCPCLIENT_ERROR_RPC, "", mcpclient_call_tool(client, "broken", NULL, &result, &error));
    CHECK(result == (mcpclient_value *)(void *)&sentinel);
}

static void one_line(const mcpclient_error *error)
{
    const char *message = mcpclient_error_message(error);
    CHECK(message[0] != '\0');
    CHECK(strpbrk(message, "\r\n") == NULL);
}

static void a_refusal_tells_the_reason_of_the_server(int argc, char **argv)
{
    mcpclient *client = client_of(argc, argv, "/locked");
    mcpclient_error *error = NULL;
    CHECK_OK(mcpclient_set_bearer_token(client, "s3cret", &error));
    CHECK(mcpclient_ping(client, NULL) == MCPCLIENT_ERROR_UNAUTHORIZED);
    CHECK(mcpclient_ping(client, &error) == MCPCLIENT_ERROR_UNAUTHORIZED);
    mcpclient_free(client);

    /* The error outlives the client. */
    one_line(error);
    CHECK(mcpclient_error_status(error) == MCPCLIENT_ERROR_UNAUTHORIZED);
    CHECK(mcpclient_error_http_status(error) == 401);
    CHECK(mcpclient_error_rpc_code(error) == 0);
    CHECK(mcpclient_error_rpc_data(error) == NULL);
    CHECK(strstr(mcpclient_error_message(error), "s3cret") == NULL);
    CHECK(strstr(mcpclient_error_www_authenticate(error), "Bearer error=\"invalid_token\"") != NULL);
    CHECK(strcmp(mcpclient_error_challenge_parameter(error, "error"), "invalid_token") == 0);
    CHECK(strcmp(mcpclient_error_challenge_parameter(error, "Error_Description"), "The access token expired") == 0);
    CHECK(mcpclient_error_challenge_parameter(error, "scope") == NULL);
    mcpclient_error_free(error);
}

static void a_json_rpc_error_is_passed_on(mcpclient *client)
{
    mcpclient_error *error = NULL;
    CHECK(mcpclient_call_tool(client, "broken", "{}", NULL, &error) == MCPCLIENT_ERROR_RPC);
    one_line(error);
    CHECK(mcpclient_error_rpc_code(error) == -32050);
    CHECK(strstr(mcpclient_error_rpc_data(error), "\"tests\"") != NULL);
    CHECK(strstr(mcpclient_error_message(error), "out of order") != NULL);
    CHECK(mcpclient_error_www_authenticate(error) == NULL);
    CHECK(mcpclient_error_challenge_parameter(error, "error") == NULL);
    mcpclient_error_free(error);
}

static void what_is_wrong_with_an_argument_is_said_without_repeating_it(mcpclient *client)
{
    CHECK_FAILS(MCPCLIENT_ERROR_INVALID_ARGUMENT, "token is not UTF-8 at byte 3",
                mcpclient_set_bearer_token(client, "abc\xff", &error));
    CHECK_FAILS(MCPCLIENT_ERROR_INVALID_ARGUMENT, "line feed at byte 3",
                mcpclient_set_bearer_token(client, "abc\n", &error));
    CHECK_FAILS(MCPCLIENT_ERROR_INVALID_ARGUMENT, "", mcpclient_set_header(client, "Mcp-Session-Id", "x", &error));
    CHECK_FAILS(MCPCLIENT_ERROR_INVALID_ARGUMENT, "", mcpclient_call_tool(client, "echo", "[]", NULL, &error));
    CHECK_FAILS(MCPCLIENT_ERROR_INVALID_ARGUMENT, "", mcpclient_call_tool(client, "echo", "{", NULL, &error));
    CHECK_FAILS(MCPCLIENT_ERROR_INVALID_STATE, "close",
                mcpclient_set_transport(client, MCPCLIENT_TRANSPORT_SSE, &error));
    CHECK_FAILS(MCPCLIENT_ERROR_INVALID_ARGUMENT, "key_pem_path",
                mcpclient_set_client_certificate(client, "cert.pem", NULL, &error));
    CHECK_FAILS(MCPCLIENT_ERROR_INVALID_ARGUMENT, "cert_pem_path",
                mcpclient_set_client_certificate(client, NULL, "key.pem", &error));

    mcpclient_error *error = NULL;
    CHECK(mcpclient_new("ftp://example.com", &error) == NULL);
    CHECK(mcpclient_error_status(error) == MCPCLIENT_ERROR_INVALID_ARGUMENT);
    one_line(error);
    mcpclient_error_free(error);
}

int main(int argc, char **argv)
{
    mcpclient *client = client_of(argc, argv, "/mcp");
    statuses_have_names();
    success_leaves_the_place_alone(client);
    failure_leaves_the_result_alone(client);
    a_refusal_tells_the_reason_of_the_server(argc, argv);
    a_json_rpc_error_is_passed_on(client);
    what_is_wrong_with_an_argument_is_said_without_repeating_it(client);
    mcpclient_free(client);
    return 0;
}
