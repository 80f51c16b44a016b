/* A host whose SIGALRM interrupts every system call every millisecond. */
#include "host.h"

#include <signal.h>
#include <sys/time.h>

static volatile sig_atomic_t alarms;

static void count(int signal)
{
    (void)signal;
    alarms++;
}

int main(int argc, char **argv)
{
    struct sigaction action = {0};
    struct itimerval every = {{0, 1000}, {0, 1000}}, never = {{0, 0}, {0, 0}};
    CHECK(argc == 3);
    action.sa_handler = count; /* no SA_RESTART */
    CHECK(sigaction(SIGALRM, &action, NULL) == 0);
    CHECK(setitimer(ITIMER_REAL, &every, NULL) == 0);

    mcpclient *client = client_at(argv[1], argv[2]);
    for (int i = 1; i <= 300 || alarms <= 100; i++) { /* on a fast machine 300 pings see few alarms */
        CHECK_OK(mcpclient_ping(client, &error));
        if (i % 10 == 0)
            call_tool(client);
        if (i % 60 == 0)
            mcpclient_close(client);
    }
    mcpclient_free(client);

    CHECK(setitimer(ITIMER_REAL, &never, NULL) == 0);
    CHECK(alarms > 100);
    return 0;
}
