/* A failed call, told to a person or a monitor. */
#include "cli.h"

#include <stdlib.h>
#include <string.h>

static void print_detail(const char *name, const char *value)
{
    if (value == NULL || value[0] == '\0')
        return;
    fprintf(stderr, "  %s: ", name);
    print_clean(stderr, value);
    fputc('\n', stderr);
}

static void print_json_error(const mcpclient_error *error)
{
    mcpclient_json *json = mcpclient_json_new(NULL);
    (void)mcpclient_json_set_string(json, "/status", mcpclient_status_name(mcpclient_error_status(error)), NULL);
    (void)mcpclient_json_set_string(json, "/message", mcpclient_error_message(error), NULL);
    if (mcpclient_error_http_status(error) != 0)
        (void)mcpclient_json_set_int64(json, "/httpStatus", mcpclient_error_http_status(error), NULL);
    if (mcpclient_error_rpc_code(error) != 0)
        (void)mcpclient_json_set_int64(json, "/rpcCode", mcpclient_error_rpc_code(error), NULL);
    if (mcpclient_error_rpc_data(error) != NULL)
        (void)mcpclient_json_set_json(json, "/rpcData", mcpclient_error_rpc_data(error), NULL);
    fprintf(stderr, "%s\n", mcpclient_json_text(json));
    mcpclient_json_free(json);
}

/* One line, as monitors want it. Wrong settings are UNKNOWN: nothing is known about the server. */
static int fail_nagios(const mcpclient_error *error)
{
    mcpclient_status status = mcpclient_error_status(error);
    bool is_unknown = status == MCPCLIENT_ERROR_INVALID_ARGUMENT || status == MCPCLIENT_ERROR_INVALID_STATE
        || status == MCPCLIENT_ERROR_INTERNAL || status == MCPCLIENT_ERROR_CANCELLED;
    char message[512];
    snprintf(message, sizeof message, "%s", mcpclient_error_message(error));
    for (char *at = message; *at != '\0'; at++)
        if (*at == '|' || *at == '\n')
            *at = ' '; /* '|' begins the performance data */
    printf("MCP %s: %s (%s)\n", is_unknown ? "UNKNOWN" : "CRITICAL", message, mcpclient_status_name(status));
    return is_unknown ? NAGIOS_UNKNOWN : NAGIOS_CRITICAL;
}

/* Prints and frees the error. The exit status of the command. */
int fail(const struct options *options, const char *what, mcpclient_error *error)
{
    static const char *const parameters[] = {"error", "error_description", "scope"};
    int exit_status = options->nagios ? fail_nagios(error) : ERROR_STATUS(error);
    progress_clear();
    if (options->nagios) {
        mcpclient_error_free(error);
        return exit_status;
    }
    if (options->json) {
        print_json_error(error);
        mcpclient_error_free(error);
        return exit_status;
    }
    fprintf(stderr, "%smcpclient:%s ", style(stderr, "31"), style(stderr, "0"));
    if (what != NULL)
        fprintf(stderr, "%s: ", what);
    print_clean(stderr, mcpclient_error_message(error));
    fprintf(stderr, " (%s)\n", mcpclient_status_name(mcpclient_error_status(error)));
    for (size_t i = 0; i < sizeof parameters / sizeof parameters[0]; i++)
        print_detail(parameters[i], mcpclient_error_challenge_parameter(error, parameters[i]));
    print_detail("data", mcpclient_error_rpc_data(error));
    mcpclient_error_free(error);
    return exit_status;
}
