/* ping, info, servers. */
#define _POSIX_C_SOURCE 200809L /* clock_gettime */

#include "cli.h"

#include <string.h>
#include <time.h>

static double now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static const char *transport_name(const mcpclient *client)
{
    switch (mcpclient_transport_in_use(client)) {
    case MCPCLIENT_TRANSPORT_STREAMABLE_HTTP: return "streamable-http";
    case MCPCLIENT_TRANSPORT_SSE: return "sse";
    case MCPCLIENT_TRANSPORT_STDIO: return "stdio";
    default: return "unknown";
    }
}

static const char *version_name(const mcpclient *client)
{
    const char *version = mcpclient_protocol_version(client);
    return version == NULL ? "unknown" : version;
}

static void print_pong(const struct options *options, const mcpclient *client, double elapsed)
{
    if (options->json)
        printf("{\"ok\":true,\"protocolVersion\":\"%s\",\"transport\":\"%s\",\"ms\":%.3f}\n", version_name(client),
               transport_name(client), elapsed);
    else if (!options->quiet)
        printf("OK %s %s %.1f ms\n", version_name(client), transport_name(client), elapsed);
    fflush(stdout);
}

static int ping_nagios(const struct options *options, mcpclient *client)
{
    mcpclient_error *error = NULL;
    double start = now_ms();
    if (mcpclient_ping(client, &error) != MCPCLIENT_OK)
        return fail(options, NULL, error);
    double elapsed = now_ms() - start;
    bool is_slow = options->warning_ms > 0 && elapsed > options->warning_ms;
    char warning[16] = "";
    if (options->warning_ms > 0)
        snprintf(warning, sizeof warning, "%.3f", options->warning_ms / 1e3);
    printf("MCP %s: %s over %s in %.1f ms | time=%.6fs;%s;;0\n", is_slow ? "WARNING" : "OK", version_name(client),
           transport_name(client), elapsed, elapsed / 1e3, warning);
    return is_slow ? NAGIOS_WARNING : EXIT_OK;
}

static int ping_repeatedly(const struct options *options, mcpclient *client)
{
    mcpclient_error *error = NULL;
    for (uint32_t done = 0; options->count == 0 || done < options->count; done++) {
        if (done > 0 && !interrupt_sleep_ms(options->interval_ms))
            return EXIT_INTERRUPTED;
        double start = now_ms();
        if (mcpclient_ping(client, &error) != MCPCLIENT_OK)
            return fail(options, NULL, error);
        print_pong(options, client, now_ms() - start);
    }
    return EXIT_OK;
}

int run_ping(struct options *options)
{
    mcpclient *client = session_begin(options);
    int exit_status = options->nagios ? ping_nagios(options, client) : ping_repeatedly(options, client);
    return session_end(client, exit_status);
}

static void print_row(const char *name, const char *value)
{
    if (value == NULL || value[0] == '\0')
        return;
    printf("%s%-14s%s", style(stdout, "1"), name, style(stdout, "0"));
    print_clean(stdout, value);
    putchar('\n');
}

static void print_info(const mcpclient *client, const mcpclient_value *info)
{
    print_row("name", text_at(info, "/serverInfo/name"));
    print_row("title", text_at(info, "/serverInfo/title"));
    print_row("version", text_at(info, "/serverInfo/version"));
    print_row("website", text_at(info, "/serverInfo/websiteUrl"));
    print_row("protocol", version_name(client));
    print_row("transport", transport_name(client));
    const mcpclient_value *capabilities = mcpclient_value_at(info, "/capabilities");
    for (size_t i = 0; i < mcpclient_value_count(capabilities, ""); i++)
        print_row(i == 0 ? "capabilities" : "", mcpclient_value_key(capabilities, i));
    if (text_at(info, "/instructions")[0] != '\0') {
        putchar('\n');
        print_wrapped(stdout, text_at(info, "/instructions"), 0);
    }
}

int run_info(struct options *options)
{
    mcpclient *client = session_begin(options);
    mcpclient_error *error = NULL;
    mcpclient_value *info = NULL;
    if (mcpclient_server_info(client, &info, &error) != MCPCLIENT_OK)
        return session_end(client, fail(options, NULL, error));
    if (options->json)
        print_line_json(info);
    else
        print_info(client, info);
    mcpclient_value_free(info);
    return session_end(client, EXIT_OK);
}

/* Names and places only: headers and environment variables hold secrets. */
int run_servers(struct options *options)
{
    mcpclient_config *config = connect_config(options);
    size_t count = mcpclient_config_count(config);
    for (size_t i = 0; i < count; i++) {
        const char *name = mcpclient_config_name(config, i);
        const mcpclient_value *entry = mcpclient_config_entry(config, name);
        const char *command = mcpclient_value_string(entry, "/command");
        const char *url = mcpclient_value_string(entry, "/url");
        if (url == NULL)
            url = mcpclient_value_string_or(entry, "/serverUrl", text_at(entry, "/httpUrl"));
        if (options->json) {
            mcpclient_json *json = mcpclient_json_new(NULL);
            (void)mcpclient_json_set_string(json, "/name", name, NULL);
            (void)mcpclient_json_set_string(json, command != NULL ? "/command" : "/url",
                                            command != NULL ? command : url, NULL);
            puts(mcpclient_json_text(json));
            mcpclient_json_free(json);
            continue;
        }
        printf("%s", style(stdout, "1"));
        print_clean(stdout, name);
        printf("%s\t", style(stdout, "0"));
        print_clean(stdout, command != NULL ? command : url);
        putchar('\n');
    }
    mcpclient_config_free(config);
    return EXIT_OK;
}
