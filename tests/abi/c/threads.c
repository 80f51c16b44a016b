/* One client, many threads, while others rotate its token, set its headers and cancel its calls. */
#include "check.h"

#include <pthread.h>
#include <time.h>

enum { PINGING = 16, PINGS = 40 };

static mcpclient *client;
static mcpclient_auth *auth;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int done, succeeded, cancelled; /* under the lock */

static int get(const int *variable)
{
    CHECK(pthread_mutex_lock(&lock) == 0);
    int value = *variable;
    CHECK(pthread_mutex_unlock(&lock) == 0);
    return value;
}

static void add(int *variable, int amount)
{
    CHECK(pthread_mutex_lock(&lock) == 0);
    *variable += amount;
    CHECK(pthread_mutex_unlock(&lock) == 0);
}

static void *ping(void *unused)
{
    (void)unused;
    for (int i = 0; i < PINGS; i++)
        CHECK_OK(mcpclient_ping(client, &error));
    return NULL;
}

static void *rotate(void *unused)
{
    const struct timespec pause = {0, 1000000};
    (void)unused;
    for (unsigned i = 0; !get(&done); i++) {
        char token[32];
        snprintf(token, sizeof token, "good-%u", i);
        CHECK_OK(mcpclient_auth_set_token(auth, token, &error));
        CHECK_OK(mcpclient_set_header(client, i % 2 ? "X-Odd" : "X-Even", i % 3 ? token : NULL, &error));
        CHECK_OK(mcpclient_set_timeout_ms(client, 60000 + i % 1000, &error));
        CHECK(mcpclient_transport_in_use(client) != MCPCLIENT_TRANSPORT_SSE);
        const char *version = mcpclient_protocol_version(client);
        CHECK(version == NULL || strlen(version) == strlen("2025-11-25"));
        /* A loop without a pause would starve the others where one thread runs at a time, as under valgrind. */
        CHECK(nanosleep(&pause, NULL) == 0);
    }
    return NULL;
}

static void *ping_until_cancelled(void *unused)
{
    (void)unused;
    while (!get(&done)) {
        mcpclient_error *error = NULL;
        mcpclient_status status = mcpclient_ping(client, &error);
        CHECK(status == MCPCLIENT_OK || status == MCPCLIENT_ERROR_CANCELLED);
        CHECK(mcpclient_error_status(error) == status);
        add(status == MCPCLIENT_OK ? &succeeded : &cancelled, 1);
        mcpclient_error_free(error);
    }
    return NULL;
}

static void start(pthread_t *thread, void *(*work)(void *))
{
    CHECK(pthread_create(thread, NULL, work, NULL) == 0);
}

static void settings_change_under_calls(void)
{
    pthread_t rotating, pinging[PINGING];
    start(&rotating, rotate);
    for (int i = 0; i < PINGING; i++)
        start(&pinging[i], ping);
    for (int i = 0; i < PINGING; i++)
        CHECK(pthread_join(pinging[i], NULL) == 0);
    add(&done, 1);
    CHECK(pthread_join(rotating, NULL) == 0);
}

static void cancelling_ends_calls_and_nothing_else(void)
{
    pthread_t pinging[PINGING];
    add(&done, -1);
    for (int i = 0; i < PINGING; i++)
        start(&pinging[i], ping_until_cancelled);
    /* Longer and longer, so that calls succeed in between on a slow machine too. */
    struct timespec pause = {0, 2000000};
    while (get(&cancelled) < 10 || get(&succeeded) < 10) {
        mcpclient_cancel(client);
        nanosleep(&pause, NULL);
        if (pause.tv_nsec < 500000000)
            pause.tv_nsec += 2000000;
    }
    add(&done, 1);
    for (int i = 0; i < PINGING; i++)
        CHECK(pthread_join(pinging[i], NULL) == 0);
    CHECK_OK(mcpclient_ping(client, &error));
}

int main(int argc, char **argv)
{
    client = client_of(argc, argv, "/rotating");
    auth = mcpclient_auth_bearer_new("good", NULL);
    CHECK_OK(mcpclient_set_auth(client, auth, &error));
    settings_change_under_calls();
    cancelling_ends_calls_and_nothing_else();
    mcpclient_close(client);
    CHECK_OK(mcpclient_ping(client, &error));
    mcpclient_free(client);
    mcpclient_auth_free(auth);
    return 0;
}
