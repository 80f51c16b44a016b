/* The same bearer token on either transport: it goes with every request, the event stream's GET included.
 *
 *     MCP_TOKEN=... ./bearer_transports https://example.com/mcp https://example.com/sse
 */
#include <mcpclient.h>

#include <stdio.h>
#include <stdlib.h>

/* 0: answered. */
static int ping(const char *url, mcpclient_transport transport, const char *token)
{
    mcpclient_error *error = NULL;
    mcpclient *client = mcpclient_new(url, &error);
    if (client != NULL && mcpclient_set_transport(client, transport, &error) == MCPCLIENT_OK
        && mcpclient_set_bearer_token(client, token, &error) == MCPCLIENT_OK
        && mcpclient_ping(client, &error) == MCPCLIENT_OK)
        printf("OK %s\n", url);
    else
        fprintf(stderr, "%s: %s\n", url, mcpclient_error_message(error));
    int failed = error != NULL;
    mcpclient_error_free(error);
    mcpclient_free(client);
    return failed;
}

int main(int argc, char **argv)
{
    const char *token = getenv("MCP_TOKEN");
    if (argc != 3 || token == NULL) {
        fprintf(stderr, "usage: MCP_TOKEN=... %s STREAMABLE_HTTP_URL SSE_URL\n", argv[0]);
        return 2;
    }
    int failed = ping(argv[1], MCPCLIENT_TRANSPORT_STREAMABLE_HTTP, token);
    return ping(argv[2], MCPCLIENT_TRANSPORT_SSE, token) || failed;
}
