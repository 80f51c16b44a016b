/* One auth object for two clients: a new token reaches both at once, while they stay connected.
 *
 *     MCP_TOKEN=... MCP_NEXT_TOKEN=... ./bearer_auth https://example.com/mcp
 */
#include <mcpclient.h>

#include <stdio.h>
#include <stdlib.h>

static mcpclient_status ping_both(mcpclient *first, mcpclient *second, const char *when, mcpclient_error **error)
{
    mcpclient_status status = mcpclient_ping(first, error);
    if (status == MCPCLIENT_OK)
        status = mcpclient_ping(second, error);
    if (status == MCPCLIENT_OK) {
        printf("OK both clients, %s\n", when);
        fflush(stdout); /* before any later failure on stderr */
    }
    return status;
}

int main(int argc, char **argv)
{
    const char *token = getenv("MCP_TOKEN"), *next_token = getenv("MCP_NEXT_TOKEN");
    if (argc != 2 || token == NULL || next_token == NULL) {
        fprintf(stderr, "usage: MCP_TOKEN=... MCP_NEXT_TOKEN=... %s URL\n", argv[0]);
        return 2;
    }
    mcpclient_error *error = NULL;
    mcpclient_auth *auth = mcpclient_auth_bearer_new(token, &error);
    mcpclient *first = auth == NULL ? NULL : mcpclient_new(argv[1], &error);
    mcpclient *second = first == NULL ? NULL : mcpclient_new(argv[1], &error);
    if (second == NULL || mcpclient_set_auth(first, auth, &error) != MCPCLIENT_OK
        || mcpclient_set_auth(second, auth, &error) != MCPCLIENT_OK
        || ping_both(first, second, "first token", &error) != MCPCLIENT_OK
        || mcpclient_auth_set_token(auth, next_token, &error) != MCPCLIENT_OK
        || ping_both(first, second, "next token", &error) != MCPCLIENT_OK)
        fprintf(stderr, "%s\n", mcpclient_error_message(error));
    int failed = error != NULL;
    mcpclient_error_free(error);
    mcpclient_free(second);
    mcpclient_free(first);
    mcpclient_auth_free(auth);
    return failed;
}
