/* A client that is freed while the process exits: by atexit, by a destructor, by quick_exit, after main has ended. */
#include "host.h"

#include <pthread.h>
#include <unistd.h>

static mcpclient *client;

static void ignore(void *user_data, const char *method, const mcpclient_value *params)
{
    (void)user_data, (void)method, (void)params;
}

static void free_client(void)
{
    double start = now();
    mcpclient_free(client);
    client = NULL;
    CHECK(now() - start < 5);
    CHECK(write(STDOUT_FILENO, "freed\n", 6) == 6);
}

__attribute__((destructor)) static void free_what_is_left(void)
{
    if (client != NULL) {
        CHECK_OK(mcpclient_ping(client, &error)); /* calls work here too */
        free_client();
    }
}

static void *exit_from_here(void *unused)
{
    (void)unused;
    usleep(50 * 1000);
    exit(0);
}

int main(int argc, char **argv)
{
    pthread_t thread;
    CHECK(argc == 4);
    client = client_at(argv[1], argv[2]);
    CHECK_OK(mcpclient_on_notification(client, NULL, ignore, NULL, NULL, &error));
    CHECK_OK(mcpclient_ping(client, &error));
    if (strcmp(argv[3], "destructor") != 0)
        CHECK((strcmp(argv[3], "quick_exit") == 0 ? at_quick_exit : atexit)(free_client) == 0);
    if (strcmp(argv[3], "quick_exit") == 0)
        quick_exit(0);
    if (strcmp(argv[3], "thread") == 0) {
        CHECK(pthread_create(&thread, NULL, exit_from_here, NULL) == 0);
        pthread_exit(NULL);
    }
    return 0;
}
