/* A first program: it knows the installed library and its manual, nothing else of this project. */
#include <mcpclient.h>

#include <stdio.h>
#include <string.h>

#define TEXT_(x) #x
#define TEXT(x) TEXT_(x)
#define VERSION TEXT(MCPCLIENT_VERSION_MAJOR) "." TEXT(MCPCLIENT_VERSION_MINOR) "." TEXT(MCPCLIENT_VERSION_PATCH)

int main(int argc, char **argv)
{
    mcpclient_error *error = NULL;
    mcpclient_value *tools = NULL;
    mcpclient *client = mcpclient_new(argc == 3 ? argv[1] : "", &error);
    if (strcmp(mcpclient_version(), VERSION) == 0 && client != NULL
        && mcpclient_set_bearer_token(client, argv[2], &error) == MCPCLIENT_OK
        && mcpclient_ping(client, &error) == MCPCLIENT_OK
        && mcpclient_list_tools(client, &tools, &error) == MCPCLIENT_OK)
        printf("%zu tools, the first is %s\n", mcpclient_value_count(tools, ""),
               mcpclient_value_string(tools, "/0/name"));
    if (error != NULL)
        fprintf(stderr, "%s\n", mcpclient_error_message(error));
    int failed = tools == NULL;
    mcpclient_error_free(error);
    mcpclient_value_free(tools);
    mcpclient_free(client);
    return failed;
}
