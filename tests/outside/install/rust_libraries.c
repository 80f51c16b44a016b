/* Two Rust libraries beside this one: all three work, and each unwinds its own panics. */
#include <mcpclient.h>

#include <stdio.h>

extern int first_library(int panics);
extern int second_library(int panics);

int main(int argc, char **argv)
{
    if (argc != 3 || first_library(0) != 0 || first_library(1) != 1 || second_library(0) != 0 || second_library(1) != 1)
        return 1;
    mcpclient_error *error = NULL;
    mcpclient *client = mcpclient_new(argv[1], &error);
    if (client != NULL && mcpclient_set_bearer_token(client, argv[2], &error) == MCPCLIENT_OK
        && mcpclient_ping(client, &error) == MCPCLIENT_OK)
        puts("OK");
    else
        fprintf(stderr, "%s\n", mcpclient_error_message(error));
    mcpclient_error_free(error);
    mcpclient_free(client);
    return error != NULL;
}
