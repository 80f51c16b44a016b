/* The shortest useful program: is the server there, and does it accept this token? */
#include <mcpclient.h>

#include <stdio.h>
#include <stdlib.h>

int main(void)
{
    mcpclient_error *error = NULL;
    mcpclient *client = mcpclient_new(getenv("MCP_URL"), &error);
    if (client != NULL && mcpclient_set_bearer_token(client, getenv("MCP_TOKEN"), &error) == MCPCLIENT_OK
        && mcpclient_ping(client, &error) == MCPCLIENT_OK)
        puts("OK");
    else
        fprintf(stderr, "%s\n", mcpclient_error_message(error));
    int failed = error != NULL;
    mcpclient_error_free(error);
    mcpclient_free(client);
    return failed;
}
