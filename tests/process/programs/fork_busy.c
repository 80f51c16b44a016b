/* Forks while many threads are in the middle of calls, at any point: no child may find a lock that stays locked. */
#include "host.h"

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

enum { THREADS = 8 };

static mcpclient *client;
static volatile int done;

static void *ping(void *unused)
{
    (void)unused;
    while (!__atomic_load_n(&done, __ATOMIC_SEQ_CST)) {
        CHECK_OK(mcpclient_ping(client, &error));
        call_tool(client);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_t threads[THREADS];
    CHECK(argc == 4);
    client = client_at(argv[1], argv[2]);
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, ping, NULL) == 0);
    for (int i = 0; i < atoi(argv[3]); i++) {
        int status = -1;
        pid_t child = fork();
        CHECK(child >= 0);
        if (child == 0) {
            alarm(15); /* a deadlock ends here */
            int failed = mcpclient_ping(client, NULL) != MCPCLIENT_OK;
            /* Half of them clean up, the others just go. */
            if (i % 2)
                mcpclient_free(client);
            _exit(failed);
        }
        CHECK(waitpid(child, &status, 0) == child);
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
            fprintf(stderr, "child %d: wait status %x\n", i, (unsigned)status);
            return 1;
        }
    }
    __atomic_store_n(&done, 1, __ATOMIC_SEQ_CST);
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    mcpclient_free(client);
    return 0;
}
