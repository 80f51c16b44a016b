/* A name service that does not answer: this program's own getaddrinfo takes the place of the system's. */
#include "host.h"

#include <netdb.h>
#include <pthread.h>
#include <unistd.h>

static const char *url = "http://somewhere.test/mcp";

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **found)
{
    (void)node, (void)service, (void)hints, (void)found;
    sleep(30);
    return EAI_AGAIN;
}

static double returned;

static void *ping(void *client)
{
    CHECK_FAILS(MCPCLIENT_ERROR_CANCELLED, "cancel", mcpclient_ping(client, &error));
    returned = now();
    return NULL;
}

static void a_cancellation_ends_the_call(void)
{
    mcpclient *client = client_at(url, "-");
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, ping, client) == 0);
    usleep(300 * 1000);
    double cancelled = now();
    mcpclient_cancel(client);
    CHECK(pthread_join(thread, NULL) == 0);
    printf("cancelled after %.1f ms\n", (returned - cancelled) * 1000);

    double start = now();
    mcpclient_free(client);
    printf("freed after %.1f ms\n", (now() - start) * 1000);
}

static void the_deadline_ends_the_call(void)
{
    mcpclient *client = client_at(url, "-");
    CHECK_OK(mcpclient_set_timeout_ms(client, 300, &error));
    double start = now();
    CHECK_FAILS(MCPCLIENT_ERROR_TIMEOUT, "300 ms", mcpclient_ping(client, &error));
    printf("timed out after %.1f ms\n", (now() - start) * 1000);
    mcpclient_free(client);
}

static void so_does_the_limit_for_connecting(void)
{
    mcpclient *client = client_at(url, "-");
    CHECK_OK(mcpclient_set_connect_timeout_ms(client, 300, &error));
    double start = now();
    CHECK_FAILS(MCPCLIENT_ERROR_TIMEOUT, "no connection was made within 300 ms", mcpclient_ping(client, &error));
    printf("gave up after %.1f ms\n", (now() - start) * 1000);
    start = now();
    mcpclient_close(client);
    printf("closed after %.1f ms\n", (now() - start) * 1000);
    mcpclient_free(client);
}

int main(void)
{
    a_cancellation_ends_the_call();
    the_deadline_ends_the_call();
    so_does_the_limit_for_connecting();
    return 0;
}
