/* Writes into connections that are gone: SIGPIPE, whose default ends the process, must not be raised. */
#include "host.h"

#include <pthread.h>
#include <unistd.h>

enum { SIZE = 8 * 1024 * 1024 };

static mcpclient *client_with_much_to_say(const char *url)
{
    mcpclient *client = client_at(url, "-");
    char *value = malloc(SIZE + 1);
    CHECK(value != NULL);
    memset(value, 'x', SIZE);
    value[SIZE] = '\0';
    CHECK_OK(mcpclient_set_header(client, "X-Much", value, &error));
    free(value);
    return client;
}

static void *cancel(void *client)
{
    usleep(200 * 1000);
    mcpclient_cancel(client);
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_t thread;
    CHECK(argc == 3);

    /* The server resets the connection while the request is being written. */
    mcpclient *client = client_with_much_to_say(argv[1]);
    for (int i = 0; i < 20; i++) {
        mcpclient_status status = mcpclient_ping(client, NULL);
        CHECK(status == MCPCLIENT_ERROR_NETWORK);
    }
    mcpclient_free(client);

    /* The server reads nothing, and a cancellation ends the write that waits for it. */
    client = client_with_much_to_say(argv[2]);
    CHECK(pthread_create(&thread, NULL, cancel, client) == 0);
    CHECK(mcpclient_ping(client, NULL) == MCPCLIENT_ERROR_CANCELLED);
    CHECK(pthread_join(thread, NULL) == 0);
    mcpclient_free(client);
    return 0;
}
