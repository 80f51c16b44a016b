/* A name service that does not answer, and a program that asks again and again: this program's own getaddrinfo takes the
   place of the system's. */
#include "host.h"

#include <dlfcn.h>
#include <netdb.h>
#include <pthread.h>
#include <unistd.h>

enum { CLIENTS = 3, THREADS = 4, PINGS = 25 };

static int calls, answers;

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **found)
{
    int (*original)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    (void)node;
    __atomic_fetch_add(&calls, 1, __ATOMIC_SEQ_CST);
    while (!__atomic_load_n(&answers, __ATOMIC_SEQ_CST))
        usleep(1000);
    *(void **)&original = dlsym(RTLD_NEXT, "getaddrinfo");
    return original("127.0.0.1", service, hints, found);
}

static void *ping(void *client)
{
    for (int i = 0; i < PINGS; i++) {
        CHECK_FAILS(MCPCLIENT_ERROR_TIMEOUT, "ms", mcpclient_ping(client, &error));
        if (i % 10 == 0)
            mcpclient_close(client);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    mcpclient *clients[CLIENTS];
    pthread_t threads[CLIENTS * THREADS];
    char url[256];
    CHECK(argc == 3);
    CHECK(snprintf(url, sizeof url, "http://somewhere.test%s", strrchr(argv[1], ':')) < (int)sizeof url);
    for (int i = 0; i < CLIENTS; i++) {
        clients[i] = client_at(url, argv[2]);
        CHECK_OK(mcpclient_set_timeout_ms(clients[i], 20, &error));
    }
    for (int i = 0; i < CLIENTS * THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, ping, clients[i % CLIENTS]) == 0);
    for (int i = 0; i < CLIENTS * THREADS; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    CHECK(own_status("Threads") <= 1 + CLIENTS);
    CHECK(calls == CLIENTS);

    /* Once it answers, the same lookup serves every call that waits for it. */
    CHECK_OK(mcpclient_set_timeout_ms(clients[0], 20000, &error));
    __atomic_store_n(&answers, 1, __ATOMIC_SEQ_CST);
    CHECK_OK(mcpclient_ping(clients[0], &error));
    for (int i = 0; i < CLIENTS; i++)
        mcpclient_free(clients[i]);
    CHECK(own_status("Threads") == 1);
    return 0;
}
