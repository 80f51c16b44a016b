/* config - pings a server of a configuration file, such as Claude's, Cursor's or VS Code's, or lists the servers in it.
 *
 *     cc -std=c99 config.c $(pkg-config --cflags --libs mcpclient) -o config
 *     ./config ~/.cursor/mcp.json
 *     ./config ~/.cursor/mcp.json github
 *
 * Programs that the file names are run: ping no server of a file that you do not trust. Exit status: 0 when the server
 * answered, 2 for wrong usage, 10 + MCPCLIENT_ERROR_* when something failed.
 */
#include <mcpclient.h>

#include <stdio.h>

enum { EXIT_USAGE = 2, EXIT_STATUS_BASE = 10 };

static void list(const mcpclient_config *config)
{
    for (size_t i = 0; i < mcpclient_config_count(config); i++) {
        const char *name = mcpclient_config_name(config, i);
        const mcpclient_value *entry = mcpclient_config_entry(config, name);
        const char *command = mcpclient_value_string(entry, "/command"), *url = mcpclient_value_string(entry, "/url");
        printf("%-24s %s\n", name, command ? command : url ? url : "");
    }
}

static mcpclient_status ping(const mcpclient_config *config, const char *name, mcpclient_error **error)
{
    mcpclient *client = mcpclient_config_client_new(config, name, error);
    mcpclient_status status = client ? mcpclient_ping(client, error) : mcpclient_error_status(*error);
    if (!status)
        printf("%s is there.\n", name);
    mcpclient_free(client);
    return status;
}

int main(int argc, char **argv)
{
    if (argc < 2 || argc > 3) {
        fprintf(stderr, "usage: %s FILE [SERVER]\n", argv[0]);
        return EXIT_USAGE;
    }
    mcpclient_error *error = NULL;
    mcpclient_config *config = mcpclient_config_load(argv[1], &error);
    if (config && argc == 2)
        list(config);
    else if (config)
        ping(config, argv[2], &error);
    mcpclient_status status = mcpclient_error_status(error);
    if (error)
        fprintf(stderr, "%s\n", mcpclient_error_message(error));
    mcpclient_error_free(error);
    mcpclient_config_free(config);
    return status ? EXIT_STATUS_BASE + status : 0;
}
