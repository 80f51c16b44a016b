/* The header as a Clang module, the way Swift takes it in. MODULE stands for the module's name, which no macro can be. */
#pragma clang module import MODULE

#include <stdio.h>

int main(int argc, char **argv)
{
    mcpclient_error *error = NULL;
    mcpclient *client = mcpclient_new(argc == 2 ? argv[1] : "", &error);
    const int32_t status = client == NULL ? mcpclient_error_status(error) : mcpclient_ping(client, &error);
    printf("%s\n", mcpclient_status_name(status));
    mcpclient_error_free(error);
    mcpclient_free(client);
    return status != MCPCLIENT_ERROR_UNAUTHORIZED;
}
