/* Children of a process that has a client: each works, or does not, and the parent goes on as if nothing had been. */
#include "host.h"

#include <sys/wait.h>
#include <unistd.h>

static mcpclient *client;

static void ping(int times)
{
    for (int i = 0; i < times; i++)
        CHECK_OK(mcpclient_ping(client, &error));
    call_tool(client);
}

static void work(void)
{
    ping(3);
}

static void free_at_once(void)
{
    mcpclient_free(client);
    client = NULL;
}

static void work_and_free(void)
{
    ping(2);
    free_at_once();
}

static void close_and_work(void)
{
    mcpclient_close(client);
    ping(1);
    mcpclient_cancel(client);
    ping(1);
    free_at_once();
}

static void run(void (*what)(void));

static void have_a_child(void)
{
    ping(1);
    run(work_and_free);
    ping(1);
}

/* The parent pings while the child does what it does. */
static void run(void (*what)(void))
{
    int status = -1;
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        what();
        _exit(0);
    }
    ping(3);
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    ping(3);
}

int main(int argc, char **argv)
{
    CHECK(argc == 3);
    client = client_at(argv[1], argv[2]);
    ping(1);
    run(work);
    run(free_at_once);
    run(work_and_free);
    run(close_and_work);
    run(have_a_child);
    mcpclient_free(client);

    /* A client that was never used before. */
    client = client_at(argv[1], argv[2]);
    run(work_and_free);
    mcpclient_free(client);
    return 0;
}
