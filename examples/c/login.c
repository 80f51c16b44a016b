/* A person logs in once: the program shows a URL, and the browser comes back to it.
 *
 *     ./login https://example.com/mcp
 *
 * MCP_PASTE=1 is for a machine without a browser: the person opens the URL elsewhere and pastes the URL of the page that
 * then cannot be found. MCP_STORE=FILE keeps the login for the next run.
 */
#include <mcpclient.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A program for a desktop would open the URL itself, such as by xdg-open. */
static void show_login(void *user_data, mcpclient_login *login)
{
    char line[8192];
    const char *paste = user_data;
    printf("%s wants to know who you are. Open this URL in a browser:\n%s\n", mcpclient_login_server(login),
           mcpclient_login_url(login));
    fflush(stdout);
    while (paste != NULL) {
        mcpclient_error *error = NULL;
        printf("The URL that the browser was sent to (empty: give up): ");
        fflush(stdout);
        if (fgets(line, sizeof line, stdin) == NULL || line[0] == '\n') {
            mcpclient_login_refuse(login);
            return;
        }
        if (mcpclient_login_finish(login, line, &error) == MCPCLIENT_OK)
            return;
        fprintf(stderr, "%s\n", mcpclient_error_message(error));
        mcpclient_error_free(error);
    }
    /* The library waits for the browser. */
}

int main(int argc, char **argv)
{
    const char *store = getenv("MCP_STORE");
    if (argc != 2) {
        fprintf(stderr, "usage: [MCP_STORE=FILE] [MCP_PASTE=1] %s URL\n", argv[0]);
        return 2;
    }
    mcpclient_error *error = NULL;
    mcpclient *client = mcpclient_new(argv[1], &error);
    mcpclient_auth *auth =
        client == NULL ? NULL : mcpclient_auth_login_new(show_login, getenv("MCP_PASTE"), NULL, &error);
    if (auth == NULL || (store != NULL && mcpclient_auth_set_store_file(auth, store, &error) != MCPCLIENT_OK)
        || mcpclient_set_client_info(client, "login example", mcpclient_version(), &error) != MCPCLIENT_OK
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
