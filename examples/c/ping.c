/* ping - is this MCP server there, and does it accept these credentials?
 *
 *     cc -std=c99 ping.c $(pkg-config --cflags --libs mcpclient) -o ping
 *     MCP_TOKEN=... ./ping --token-env MCP_TOKEN https://example.com/mcp
 */
#define _POSIX_C_SOURCE 200809L /* clock_gettime, nanosleep, strdup */

#include <mcpclient.h>

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { EXIT_USAGE = 2, EXIT_STATUS_BASE = 10 };

static const char usage[] =
    "Usage: ping [options] URL\n"
    "\n"
    "Pings an MCP server. URL begins with http:// or https:// and comes last.\n"
    "\n"
    "  --token-env NAME         bearer token from this environment variable\n"
    "  --token-file PATH        bearer token from this file, read again when it changes\n"
    "  --header 'Name: value'   send a header with every request (repeatable)\n"
    "  --transport NAME         auto (default), http (Streamable HTTP) or sse (HTTP+SSE)\n"
    "  --protocol-version V     speak this MCP revision, such as 2025-11-25 (default: negotiate)\n"
    "  --timeout-ms N           give up on a ping after this time (default: 30000; 0: never)\n"
    "  --ca-file PATH           trust the certificates in this PEM file, not the system's\n"
    "  --proxy URL              go through this proxy (default: from the environment; \"\": none)\n"
    "  --insecure               accept any certificate\n"
    "  --count N                number of pings on one connection (default: 1; 0: until one fails)\n"
    "  --interval-ms N          pause between pings (default: 1000)\n"
    "  --quiet                  print nothing when all is well\n"
    "  --help                   print this\n"
    "\n"
    "Exit status: 0 when every ping was answered; 2 for wrong usage; 10 + MCPCLIENT_ERROR_* for\n"
    "the first failure, such as 13 (network), 15 (timeout) or 17 (unauthorized).\n";

/* What is asked of this program rather than of the library. */
struct plan {
    uint32_t count;
    uint32_t interval_ms;
    bool quiet;
};

static void wrong_usage(const char *what, const char *which)
{
    fprintf(stderr, "ping: %s: %s\nTry 'ping --help'.\n", what, which);
    exit(EXIT_USAGE);
}

static uint32_t number(const char *option, const char *text)
{
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || errno != 0 || value > UINT32_MAX)
        wrong_usage("not a number from 0 to 4294967295", option);
    return (uint32_t)value;
}

static int32_t transport(const char *name)
{
    if (strcmp(name, "auto") == 0)
        return MCPCLIENT_TRANSPORT_AUTO;
    if (strcmp(name, "http") == 0)
        return MCPCLIENT_TRANSPORT_STREAMABLE_HTTP;
    if (strcmp(name, "sse") == 0)
        return MCPCLIENT_TRANSPORT_SSE;
    wrong_usage("no such transport", name);
    return MCPCLIENT_TRANSPORT_AUTO;
}

static mcpclient_status use_token_from_environment(mcpclient *client, const char *variable, mcpclient_error **error)
{
    const char *token = getenv(variable);
    if (token == NULL)
        wrong_usage("environment variable is not set", variable);
    return mcpclient_set_bearer_token(client, token, error);
}

static mcpclient_status use_token_file(mcpclient *client, const char *path, mcpclient_error **error)
{
    mcpclient_auth *auth = mcpclient_auth_token_file_new(path, error);
    if (auth == NULL)
        return mcpclient_error_status(*error);
    mcpclient_status status = mcpclient_set_auth(client, auth, error);
    mcpclient_auth_free(auth); /* the client keeps a share of its own */
    return status;
}

/* Takes "Name: value". */
static mcpclient_status add_header(mcpclient *client, const char *line, mcpclient_error **error)
{
    char *name = strdup(line);
    char *colon = name == NULL ? NULL : strchr(name, ':');
    if (colon == NULL)
        wrong_usage("not of the form 'Name: value'", "--header");
    *colon = '\0';
    const char *value = colon + 1 + strspn(colon + 1, " \t");
    mcpclient_status status = mcpclient_set_header(client, name, value, error);
    free(name);
    return status;
}

/* Options without a value. */
static bool set_flag(mcpclient *client, struct plan *plan, const char *option, mcpclient_status *status,
                     mcpclient_error **error)
{
    if (strcmp(option, "--quiet") == 0)
        plan->quiet = true;
    else if (strcmp(option, "--insecure") == 0)
        *status = mcpclient_set_tls_verify(client, false, error);
    else
        return false;
    return true;
}

static mcpclient_status set_option(mcpclient *client, struct plan *plan, const char *option, const char *value,
                                   mcpclient_error **error)
{
    if (strcmp(option, "--token-env") == 0)
        return use_token_from_environment(client, value, error);
    if (strcmp(option, "--token-file") == 0)
        return use_token_file(client, value, error);
    if (strcmp(option, "--header") == 0)
        return add_header(client, value, error);
    if (strcmp(option, "--transport") == 0)
        return mcpclient_set_transport(client, transport(value), error);
    if (strcmp(option, "--protocol-version") == 0)
        return mcpclient_set_protocol_version(client, value, error);
    if (strcmp(option, "--timeout-ms") == 0)
        return mcpclient_set_timeout_ms(client, number(option, value), error);
    if (strcmp(option, "--ca-file") == 0)
        return mcpclient_set_ca_file(client, value, error);
    if (strcmp(option, "--proxy") == 0)
        return mcpclient_set_proxy(client, value, error);
    if (strcmp(option, "--count") == 0)
        plan->count = number(option, value);
    else if (strcmp(option, "--interval-ms") == 0)
        plan->interval_ms = number(option, value);
    else
        wrong_usage("unknown option", option);
    return MCPCLIENT_OK;
}

static mcpclient_status configure(mcpclient *client, struct plan *plan, int count, char **arguments,
                                  mcpclient_error **error)
{
    mcpclient_status status = MCPCLIENT_OK;
    for (int i = 0; i < count && status == MCPCLIENT_OK; i++) {
        const char *option = arguments[i];
        if (set_flag(client, plan, option, &status, error))
            continue;
        if (++i == count)
            wrong_usage("unknown option, or its value is missing", option);
        status = set_option(client, plan, option, arguments[i], error);
    }
    return status;
}

static double now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void pause_ms(uint32_t ms)
{
    struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
    nanosleep(&pause, NULL);
}

static void print_success(const mcpclient *client, double elapsed_ms)
{
    const char *version = mcpclient_protocol_version(client);
    bool is_sse = mcpclient_transport_in_use(client) == MCPCLIENT_TRANSPORT_SSE;
    printf("OK %s %s %.1f ms\n", version == NULL ? "?" : version, is_sse ? "sse" : "streamable-http", elapsed_ms);
    fflush(stdout); /* a line at a time, also into a pipe */
}

/* Stops at the first failure: a refused token is not worth a second try. */
static mcpclient_status ping(mcpclient *client, const struct plan *plan, mcpclient_error **error)
{
    for (uint32_t done = 0; plan->count == 0 || done < plan->count; done++) {
        if (done > 0)
            pause_ms(plan->interval_ms);
        double start = now_ms();
        mcpclient_status status = mcpclient_ping(client, error);
        if (status != MCPCLIENT_OK)
            return status;
        if (!plan->quiet)
            print_success(client, now_ms() - start);
    }
    return MCPCLIENT_OK;
}

static void print_error(const mcpclient_error *error)
{
    static const char *const parameters[] = {"error", "error_description", "scope"};
    fprintf(stderr, "%s: %s\n", mcpclient_status_name(mcpclient_error_status(error)), mcpclient_error_message(error));
    if (mcpclient_error_http_status(error) != 0)
        fprintf(stderr, "  http status: %d\n", (int)mcpclient_error_http_status(error));
    for (size_t i = 0; i < sizeof parameters / sizeof parameters[0]; i++) {
        const char *value = mcpclient_error_challenge_parameter(error, parameters[i]);
        if (value != NULL)
            fprintf(stderr, "  %s: %s\n", parameters[i], value);
    }
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0) {
            fputs(usage, stdout);
            return EXIT_SUCCESS;
        }
    }
    if (argc < 2 || argv[argc - 1][0] == '-')
        wrong_usage("missing", "URL");

    struct plan plan = {.count = 1, .interval_ms = 1000, .quiet = false};
    mcpclient_error *error = NULL;
    int exit_code = EXIT_SUCCESS;
    mcpclient *client = mcpclient_new(argv[argc - 1], &error);
    if (client == NULL || configure(client, &plan, argc - 2, argv + 1, &error) != MCPCLIENT_OK
        || ping(client, &plan, &error) != MCPCLIENT_OK) {
        exit_code = EXIT_STATUS_BASE + mcpclient_error_status(error);
        print_error(error);
    }
    mcpclient_error_free(error);
    mcpclient_free(client);
    return exit_code;
}
