/* A service that gets its own tokens: OAuth client credentials, kept in a file between runs.
 *
 *     MCP_CLIENT_ID=... MCP_CLIENT_SECRET=... ./client_credentials https://example.com/mcp https://auth.example.com
 *
 * The second argument is the authorization server that the credentials are registered with. Without it they go to the
 * first one that the MCP server names.
 */
#include <mcpclient.h>

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    const char *id = getenv("MCP_CLIENT_ID"), *secret = getenv("MCP_CLIENT_SECRET"), *store = getenv("MCP_STORE");
    if (argc < 2 || argc > 3 || id == NULL || secret == NULL) {
        fprintf(stderr, "usage: MCP_CLIENT_ID=... MCP_CLIENT_SECRET=... [MCP_STORE=FILE] %s URL [ISSUER]\n", argv[0]);
        return 2;
    }
    mcpclient_error *error = NULL;
    mcpclient *client = mcpclient_new(argv[1], &error);
    mcpclient_auth *auth =
        client == NULL ? NULL : mcpclient_auth_client_credentials_new(argc == 3 ? argv[2] : NULL, id, secret, &error);
    if (auth == NULL || (store != NULL && mcpclient_auth_set_store_file(auth, store, &error) != MCPCLIENT_OK)
        || mcpclient_set_auth(client, auth, &error) != MCPCLIENT_OK || mcpclient_ping(client, &error) != MCPCLIENT_OK)
        fprintf(stderr, "%s\n", mcpclient_error_message(error));
    else
        puts("OK");
    int failed = error != NULL;
    mcpclient_error_free(error);
    mcpclient_auth_free(auth);
    mcpclient_free(client);
    return failed;
}
