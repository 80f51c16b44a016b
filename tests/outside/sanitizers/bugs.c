/* Deliberate bugs, one for each argument: a checker that says nothing about them checks nothing. */
#define _POSIX_C_SOURCE 200809L

#include <mcpclient.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static mcpclient_error *some_error(void)
{
    mcpclient_error *error = NULL;
    if (mcpclient_new("not a URL", &error) != NULL || error == NULL)
        exit(0); /* which the caller takes for a bug that was not found */
    return error;
}

/* The read of freed memory happens inside the library. */
static void use_after_free(void)
{
    mcpclient_error *error = some_error();
    mcpclient_error_free(error);
    printf("%s\n", mcpclient_error_message(error));
}

/* Many, since a forgotten pointer may still lie somewhere on the stack. */
static void leak(void)
{
    for (int i = 0; i < 100; i++) {
        mcpclient *volatile client = mcpclient_new("http://localhost/", NULL);
        client = NULL;
        (void)client;
    }
}

/* One thread frees what another has read, and nothing orders the two but a pause. */
static void *read_error(void *error)
{
    return strlen(mcpclient_error_message(error)) == 0 ? error : NULL;
}

static void race(void)
{
    struct timespec pause = {0, 300 * 1000 * 1000};
    pthread_t thread;
    mcpclient_error *error = some_error();
    pthread_create(&thread, NULL, read_error, error);
    nanosleep(&pause, NULL);
    mcpclient_error_free(error);
    pthread_join(thread, NULL);
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "use-after-free") == 0)
        use_after_free();
    else if (argc == 2 && strcmp(argv[1], "leak") == 0)
        leak();
    else if (argc == 2 && strcmp(argv[1], "race") == 0)
        race();
    return 0;
}
