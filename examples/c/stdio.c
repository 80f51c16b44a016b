/* stdio - starts an MCP server that is a program, lists its tools, and calls one.
 *
 *     cc -std=c99 stdio.c $(pkg-config --cflags --libs mcpclient) -o stdio
 *     ./stdio npx -y @modelcontextprotocol/server-everything
 *     TOOL=echo ARGUMENTS='{"message": "hello"}' ./stdio npx -y @modelcontextprotocol/server-everything
 *
 * Exit status: 0 when all went well, 2 for wrong usage, 10 + MCPCLIENT_ERROR_* when something failed.
 */
#include <mcpclient.h>

#include <stdio.h>
#include <stdlib.h>

enum { EXIT_USAGE = 2, EXIT_STATUS_BASE = 10 };

/* What the program writes to its stderr. */
static void log_line(void *user_data, const char *line)
{
    fprintf(stderr, "%s: %s\n", (const char *)user_data, line);
}

static void print_tools(const mcpclient_value *tools)
{
    for (size_t i = 0; i < mcpclient_value_count(tools, ""); i++) {
        char pointer[32];
        snprintf(pointer, sizeof pointer, "/%lu/name", (unsigned long)i);
        const char *name = mcpclient_value_string(tools, pointer);
        puts(name ? name : "(without a name)");
    }
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: [TOOL=...] [ARGUMENTS=...] %s COMMAND [ARGUMENT...]\n", argv[0]);
        return EXIT_USAGE;
    }
    mcpclient_error *error = NULL;
    mcpclient_value *tools = NULL, *result = NULL;
    const char *tool = getenv("TOOL");
    mcpclient *client = mcpclient_stdio_new(argv[1], (const char *const *)argv + 2, &error);
    if (client && !mcpclient_on_stderr(client, log_line, argv[1], NULL, &error)
        && !mcpclient_list_tools(client, &tools, &error)) {
        printf("%s runs as process %ld and speaks %s. Its tools:\n", argv[1], (long)mcpclient_process_id(client),
               mcpclient_protocol_version(client));
        print_tools(tools);
        if (tool && !mcpclient_call_tool(client, tool, getenv("ARGUMENTS"), &result, &error)) {
            const char *text = mcpclient_value_string(result, "/content/0/text");
            puts(text ? text : "(no text)");
        }
    }
    mcpclient_status status = mcpclient_error_status(error);
    if (error)
        fprintf(stderr, "%s: %s\n", mcpclient_status_name(status), mcpclient_error_message(error));
    mcpclient_value_free(tools);
    mcpclient_value_free(result);
    mcpclient_error_free(error);
    mcpclient_free(client); /* ends the program */
    return status ? EXIT_STATUS_BASE + status : 0;
}
