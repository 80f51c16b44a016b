/* A callback on a thread of the library that crashes: the host's handler of the signal runs. */
#include "host.h"

#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { HANDLED = 42, BY_A_FAULT = -1 };

static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS};
static int wanted;
static pthread_t main_thread;

static void handle(int signal)
{
    _exit(signal == (wanted == BY_A_FAULT ? SIGSEGV : wanted) ? HANDLED : 1);
}

static void crash(void *user_data, const char *method, const mcpclient_value *params)
{
    (void)user_data, (void)method, (void)params;
    CHECK(!pthread_equal(pthread_self(), main_thread));
    if (wanted == BY_A_FAULT)
        *(volatile int *)1 = 0;
    else
        pthread_kill(pthread_self(), wanted);
}

static void child(const char *url, const char *ca)
{
    struct sigaction action = {0};
    struct rlimit no_core = {0, 0};
    CHECK(setrlimit(RLIMIT_CORE, &no_core) == 0);
    action.sa_handler = handle;
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        CHECK(sigaction(signals[i], &action, NULL) == 0);
    main_thread = pthread_self();
    mcpclient *client = client_at(url, ca);
    CHECK_OK(mcpclient_on_notification(client, NULL, crash, NULL, NULL, &error));
    CHECK_OK(mcpclient_ping(client, &error));
    sleep(10);
}

static void crash_by(int signal, const char *url, const char *ca)
{
    int status = -1;
    pid_t process = fork();
    CHECK(process >= 0);
    if (process == 0) {
        wanted = signal;
        child(url, ca);
        _exit(0);
    }
    CHECK(waitpid(process, &status, 0) == process);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != HANDLED) {
        fprintf(stderr, "signal %d: status %#x\n", signal, (unsigned)status);
        exit(1);
    }
}

int main(int argc, char **argv)
{
    CHECK(argc == 3);
    crash_by(BY_A_FAULT, argv[1], argv[2]);
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        crash_by(signals[i], argv[1], argv[2]);
    return 0;
}
