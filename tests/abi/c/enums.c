/* Numbers that mean nothing are refused by name, and change nothing. */
#include "check.h"

int main(int argc, char **argv)
{
    mcpclient *client = client_of(argc, argv, "/mcp");
    const int32_t none[] = {-1, 4, 99, INT32_MAX, INT32_MIN};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        char number[16];
        snprintf(number, sizeof number, "%ld", (long)none[i]);
        CHECK_FAILS(MCPCLIENT_ERROR_INVALID_ARGUMENT, "transport", mcpclient_set_transport(client, none[i], &error));
        CHECK_FAILS(MCPCLIENT_ERROR_INVALID_ARGUMENT, number, mcpclient_set_transport(client, none[i], &error));
    }
    CHECK_OK(mcpclient_set_transport(client, MCPCLIENT_TRANSPORT_SSE, &error));
    CHECK_OK(mcpclient_set_transport(client, MCPCLIENT_TRANSPORT_AUTO, &error));
    CHECK_OK(mcpclient_set_transport(client, MCPCLIENT_TRANSPORT_STREAMABLE_HTTP, &error));

    CHECK_FAILS(MCPCLIENT_ERROR_UNSUPPORTED, "programs",
                mcpclient_set_transport(client, MCPCLIENT_TRANSPORT_STDIO, &error));

    mcpclient *program = mcpclient_stdio_new("program", NULL, NULL);
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        CHECK_FAILS(MCPCLIENT_ERROR_INVALID_ARGUMENT, "inherit", mcpclient_set_environment(program, none[i], &error));
    CHECK_OK(mcpclient_set_environment(program, MCPCLIENT_ENVIRONMENT_NONE, &error));
    CHECK_OK(mcpclient_set_environment(program, MCPCLIENT_ENVIRONMENT_ALL, &error));
    CHECK_OK(mcpclient_set_environment(program, MCPCLIENT_ENVIRONMENT_BASIC, &error));
    CHECK_FAILS(MCPCLIENT_ERROR_UNSUPPORTED, "programs",
                mcpclient_set_transport(program, MCPCLIENT_TRANSPORT_SSE, &error));
    CHECK_OK(mcpclient_set_transport(program, MCPCLIENT_TRANSPORT_STDIO, &error));
    mcpclient_free(program);

    CHECK_OK(mcpclient_set_tls_verify(client, false, &error));
    CHECK_OK(mcpclient_set_tls_verify(client, true, &error));
    CHECK_OK(mcpclient_set_cache(client, false, &error));
    CHECK_OK(mcpclient_set_cache(client, true, &error));

    CHECK_FAILS(MCPCLIENT_ERROR_INVALID_ARGUMENT, "2025-06-18", mcpclient_set_protocol_version(client, "1.0", &error));
    CHECK_FAILS(MCPCLIENT_ERROR_INVALID_ARGUMENT, "bytes", mcpclient_set_max_response_bytes(client, 0, &error));
    CHECK_FAILS(MCPCLIENT_ERROR_INVALID_ARGUMENT, "emergency", mcpclient_set_server_log_level(client, "loud", &error));

    CHECK_OK(mcpclient_ping(client, &error));
    CHECK(mcpclient_transport_in_use(client) == MCPCLIENT_TRANSPORT_STREAMABLE_HTTP);
    mcpclient_free(client);
    return 0;
}
