/* What the test programs share: a check that says where it failed. */
#ifndef CHECK_H
#define CHECK_H

#include <mcpclient.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition)                                                    \
    do {                                                                    \
        if (!(condition)) {                                                 \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
            exit(1);                                                        \
        }                                                                   \
    } while (0)

/* Checks that a call returned MCPCLIENT_OK and left `error` alone; else prints what `error` says. */
#define CHECK_OK(call)                                                                                       \
    do {                                                                                                     \
        mcpclient_error *error = NULL;                                                                       \
        mcpclient_status status_ = (call);                                                                   \
        if (status_ != MCPCLIENT_OK || error != NULL) {                                                      \
            fprintf(stderr, "%s:%d: %s: %s %s\n", __FILE__, __LINE__, #call, mcpclient_status_name(status_), \
                    mcpclient_error_message(error));                                                         \
            exit(1);                                                                                         \
        }                                                                                                    \
    } while (0)

/* Checks that a call failed with `expected`, and that its error says so and has `part` in its message. */
#define CHECK_FAILS(expected, part, call)                                                                    \
    do {                                                                                                     \
        mcpclient_error *error = NULL;                                                                       \
        mcpclient_status status_ = (call);                                                                   \
        if (status_ != (expected) || mcpclient_error_status(error) != status_                                \
            || strstr(mcpclient_error_message(error), (part)) == NULL) {                                     \
            fprintf(stderr, "%s:%d: %s: %s %s\n", __FILE__, __LINE__, #call, mcpclient_status_name(status_), \
                    mcpclient_error_message(error));                                                         \
            exit(1);                                                                                         \
        }                                                                                                    \
        mcpclient_error_free(error);                                                                         \
    } while (0)

/* A client of `path` on the server that the program was given, without the proxy of the environment. */
static inline mcpclient *client_of(int argc, char **argv, const char *path)
{
    char url[256];
    CHECK(argc == 2);
    CHECK(snprintf(url, sizeof url, "%s%s", argv[1], path) < (int)sizeof url);
    mcpclient *client = mcpclient_new(url, NULL);
    CHECK(client != NULL);
    CHECK_OK(mcpclient_set_proxy(client, "", &error));
    CHECK_OK(mcpclient_set_timeout_ms(client, 10000, &error));
    return client;
}

#endif /* CHECK_H */
