/* Pings for a long time while the server fails now and then, and looks what that costs.
 *
 * usage: soak URL CA PINGS */
#include "host.h"

#include <dirent.h>
#include <pthread.h>
#include <unistd.h>

enum { CLIENTS = 2 };

static mcpclient *clients[CLIENTS];
static mcpclient_auth *auth;
static int done;

static int open_files(void)
{
    int count = 0;
    DIR *folder = opendir("/proc/self/fd");
    CHECK(folder != NULL);
    while (readdir(folder) != NULL)
        count++;
    CHECK(closedir(folder) == 0);
    return count;
}

/* Settings change and calls are cancelled while others run. */
static void *disturb(void *unused)
{
    (void)unused;
    for (unsigned i = 0; !__atomic_load_n(&done, __ATOMIC_SEQ_CST); i++) {
        char token[64];
        snprintf(token, sizeof token, "token-of-the-soak-number-%u", i);
        CHECK_OK(mcpclient_auth_set_token(auth, token, &error));
        CHECK_OK(mcpclient_set_header(clients[i % CLIENTS], "X-Turn", i % 3 ? token : NULL, &error));
        if (i % 20 == 0)
            mcpclient_cancel(clients[i % CLIENTS]);
        usleep(5000);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    long answered = 0, failed = 0;
    pthread_t disturbing;
    CHECK(argc == 4);
    long pings = atol(argv[3]);
    auth = mcpclient_auth_bearer_new("token-of-the-soak", NULL);
    for (int i = 0; i < CLIENTS; i++) {
        clients[i] = client_at(argv[1], argv[2]);
        CHECK_OK(mcpclient_set_timeout_ms(clients[i], 3000, &error));
        CHECK_OK(mcpclient_set_auth(clients[i], auth, &error));
    }
    CHECK(pthread_create(&disturbing, NULL, disturb, NULL) == 0);
    for (long i = 1; i <= pings; i++) {
        mcpclient_error *error = NULL;
        if (mcpclient_ping(clients[i % CLIENTS], &error) == MCPCLIENT_OK)
            answered++;
        else
            failed++;
        mcpclient_error_free(error);
        if (i % 997 == 0)
            mcpclient_close(clients[i % CLIENTS]);
        if (i == pings / 5 || i == pings) {
            /* Nothing is open, so that what is counted is what stays. */
            mcpclient_close(clients[0]);
            mcpclient_close(clients[1]);
            printf("after %ld: answered %ld failed %ld rss %ld files %d threads %ld\n", i, answered, failed,
                   own_status("VmRSS"), open_files(), own_status("Threads"));
            fflush(stdout);
        }
    }
    __atomic_store_n(&done, 1, __ATOMIC_SEQ_CST);
    CHECK(pthread_join(disturbing, NULL) == 0);
    for (int i = 0; i < CLIENTS; i++)
        mcpclient_free(clients[i]);
    mcpclient_auth_free(auth);
    return 0;
}
