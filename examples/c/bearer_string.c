/* A bearer token as a string. The bare token: the library writes "Authorization: Bearer <token>".
 *
 *     MCP_TOKEN=... ./bearer_string https://example.com/mcp
 */
#include <mcpclient.h>

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    const char *token = getenv("MCP_TOKEN");
    if (argc != 2 || token == NULL) {
        fprintf(stderr, "usage: MCP_TOKEN=... %s URL\n", argv[0]);
        return 2;
    }
    mcpclient_error *error = NULL;
    mcpclient *client = mcpclient_new(argv[1], &error);
    if (client != NULL && mcpclient_set_bearer_token(client, token, &error) == MCPCLIENT_OK
        && mcpclient_ping(client, &error) == MCPCLIENT_OK)
        puts("OK");
    else
        fprintf(stderr, "%s\n", mcpclient_error_message(error));
    int failed = error != NULL;
    mcpclient_error_free(error);
    mcpclient_free(client);
    return failed;
}
