/* What the programs that host the library share. */
#ifndef HOST_H
#define HOST_H

#include "check.h"

#include <stdint.h>
#include <time.h>

/* A client of a URL; `ca` is a PEM file to trust, "-" for none. */
static inline mcpclient *client_at(const char *url, const char *ca)
{
    mcpclient *client = mcpclient_new(url, NULL);
    CHECK(client != NULL);
    CHECK_OK(mcpclient_set_proxy(client, "", &error));
    CHECK_OK(mcpclient_set_timeout_ms(client, 20000, &error));
    if (strcmp(ca, "-") != 0)
        CHECK_OK(mcpclient_set_ca_file(client, ca, &error));
    return client;
}

/* Calls the tool that the tests' servers have. */
static inline void call_tool(mcpclient *client)
{
    mcpclient_value *result = NULL;
    CHECK_OK(mcpclient_call_tool(client, "say", NULL, &result, &error));
    const char *text = mcpclient_value_string(result, "/content/0/text");
    CHECK(text != NULL && strcmp(text, "said") == 0);
    mcpclient_value_free(result);
}

static inline double now(void)
{
    struct timespec time;
    CHECK(clock_gettime(CLOCK_MONOTONIC, &time) == 0);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* The value of a line of /proc/self/status, such as "Threads". */
static inline long own_status(const char *name)
{
    char line[256];
    long value = -1;
    FILE *file = fopen("/proc/self/status", "r");
    CHECK(file != NULL);
    while (fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, name, strlen(name)) == 0 && line[strlen(name)] == ':')
            value = strtol(line + strlen(name) + 1, NULL, 10);
    CHECK(fclose(file) == 0);
    return value;
}

#endif /* HOST_H */
