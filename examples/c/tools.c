/* tools - lists the tools of an MCP server, or calls one and prints the text of its answer.
 *
 *     cc -std=c99 tools.c $(pkg-config --cflags --libs mcpclient) -o tools
 *     ./tools https://example.com/mcp
 *     ./tools https://example.com/mcp add '{"a": 2, "b": 3}'
 *
 * The bearer token is read from the environment variable MCP_TOKEN, if there is one. Exit status: 0 when the tool did
 * what it does, 1 when it says that it failed, 2 for wrong usage, 10 + MCPCLIENT_ERROR_* when the call failed.
 */
#include <mcpclient.h>

#include <stdio.h>
#include <stdlib.h>

enum { EXIT_TOOL_FAILED = 1, EXIT_USAGE = 2, EXIT_STATUS_BASE = 10 };

/* The string at a place such as "/3/name" or "/content/3/text"; NULL when there is none. */
static const char *string_at(const mcpclient_value *value, const char *list, size_t index, const char *member)
{
    char pointer[64];
    snprintf(pointer, sizeof pointer, "%s/%lu/%s", list, (unsigned long)index, member);
    return mcpclient_value_string(value, pointer);
}

static mcpclient_status list_tools(mcpclient *client, mcpclient_error **error)
{
    mcpclient_value *tools = NULL;
    mcpclient_status status = mcpclient_list_tools(client, &tools, error);
    if (status != MCPCLIENT_OK)
        return status;
    for (size_t i = 0; i < mcpclient_value_count(tools, ""); i++) {
        const char *name = string_at(tools, "", i, "name"), *description = string_at(tools, "", i, "description");
        if (name != NULL)
            printf("%-24s %s\n", name, description != NULL ? description : "");
    }
    mcpclient_value_free(tools);
    return MCPCLIENT_OK;
}

/* What is not text, such as an image, is named by its type. */
static void print_content(const mcpclient_value *result)
{
    for (size_t i = 0; i < mcpclient_value_count(result, "/content"); i++) {
        const char *type = string_at(result, "/content", i, "type"), *text = string_at(result, "/content", i, "text");
        if (text != NULL)
            printf("%s\n", text);
        else
            printf("[%s]\n", type != NULL ? type : "unknown");
    }
}

static mcpclient_status call_tool(mcpclient *client, const char *name, const char *arguments, bool *failed,
                                  mcpclient_error **error)
{
    mcpclient_value *result = NULL;
    mcpclient_status status = mcpclient_call_tool(client, name, arguments, &result, error);
    if (status != MCPCLIENT_OK)
        return status;
    print_content(result);
    mcpclient_value_bool(result, "/isError", failed);
    mcpclient_value_free(result);
    return MCPCLIENT_OK;
}

int main(int argc, char **argv)
{
    if (argc < 2 || argc > 4 || argv[1][0] == '-') {
        fprintf(stderr, "usage: [MCP_TOKEN=...] %s URL [TOOL [ARGUMENTS]]\n", argv[0]);
        return EXIT_USAGE;
    }
    const char *token = getenv("MCP_TOKEN");
    bool failed = false;
    mcpclient_error *error = NULL;
    mcpclient *client = mcpclient_new(argv[1], &error);
    if (client != NULL && mcpclient_set_bearer_token(client, token, &error) == MCPCLIENT_OK) {
        if (argc == 2)
            list_tools(client, &error);
        else
            call_tool(client, argv[2], argc > 3 ? argv[3] : NULL, &failed, &error);
    }
    mcpclient_status status = mcpclient_error_status(error);
    if (error != NULL)
        fprintf(stderr, "%s: %s\n", mcpclient_status_name(status), mcpclient_error_message(error));
    mcpclient_error_free(error);
    mcpclient_free(client);
    return status != MCPCLIENT_OK ? EXIT_STATUS_BASE + status : failed ? EXIT_TOOL_FAILED : 0;
}
