/* A server that wants its key in a header of its own: any number of headers go with every request.
 *
 *     MCP_API_KEY=... ./api_key https://example.com/mcp
 */
#include <mcpclient.h>

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    const char *api_key = getenv("MCP_API_KEY");
    if (argc != 2 || api_key == NULL) {
        fprintf(stderr, "usage: MCP_API_KEY=... %s URL\n", argv[0]);
        return 2;
    }
    mcpclient_error *error = NULL;
    mcpclient *client = mcpclient_new(argv[1], &error);
    if (client != NULL && mcpclient_set_header(client, "X-API-Key", api_key, &error) == MCPCLIENT_OK
        && mcpclient_ping(client, &error) == MCPCLIENT_OK)
        puts("OK");
    else
        fprintf(stderr, "%s\n", mcpclient_error_message(error));
    int failed = error != NULL;
    mcpclient_error_free(error);
    mcpclient_free(client);
    return failed;
}
