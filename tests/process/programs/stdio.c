/* Hosts of a server that is a program: with their own ways to treat children, and for a long time.
 *
 * usage: stdio SERVER MODE [PINGS] */
#include "host.h"

#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *server;

static void ignore_line(void *user_data, const char *line)
{
    (void)user_data;
    (void)line;
}

static mcpclient *program(void)
{
    mcpclient *client = mcpclient_stdio_new(server, NULL, NULL);
    CHECK(client != NULL);
    CHECK_OK(mcpclient_on_stderr(client, ignore_line, NULL, NULL, &error));
    CHECK_OK(mcpclient_set_timeout_ms(client, 20000, &error));
    CHECK(mcpclient_process_id(client) == 0);
    return client;
}

/* The text of a tool's result; the caller frees it. */
static char *call(mcpclient *client, const char *tool)
{
    mcpclient_value *result = NULL;
    CHECK_OK(mcpclient_call_tool(client, tool, NULL, &result, &error));
    const char *text = mcpclient_value_string(result, "/content/0/text");
    CHECK(text != NULL);
    char *copy = strdup(text);
    mcpclient_value_free(result);
    return copy;
}

static void crash(mcpclient *client)
{
    mcpclient_value *result = NULL;
    CHECK(mcpclient_call_tool(client, "crash", NULL, &result, NULL) == MCPCLIENT_ERROR_NETWORK);
    CHECK(result == NULL);
}

static int is_there(int64_t pid)
{
    return kill((pid_t)pid, 0) == 0;
}

static void wait_for_end(int64_t pid)
{
    double limit = now() + 10;
    while (is_there(pid)) {
        CHECK(now() < limit);
        usleep(2000);
    }
}

/* What every host may expect: the program serves, ends with the client, and a crash is an error of one call. */
static void use(int times)
{
    for (int i = 0; i < times; i++) {
        mcpclient *client = program();
        CHECK_OK(mcpclient_ping(client, &error));
        int64_t pid = mcpclient_process_id(client);
        CHECK(pid > 0 && is_there(pid));
        crash(client);
        wait_for_end(pid);
        CHECK_OK(mcpclient_ping(client, &error));
        pid = mcpclient_process_id(client);
        double start = now();
        mcpclient_free(client);
        CHECK(now() - start < 3);
        CHECK(!is_there(pid)); /* neither running nor a zombie */
    }
}

/* A child of the host is the host's: the library does not wait for it. */
static void use_beside_a_child(void)
{
    int status = 0;
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0)
        _exit(5);
    use(3);
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 5);
    CHECK(waitpid(-1, &status, WNOHANG) == -1); /* no child is left */
}

/* A program must be able to wait for its own children, independent of its parent's dispositions. */
static void use_while_ignoring_children(void)
{
    use(3);
    mcpclient *client = program();
    char *process = call(client, "process");
    const char *ignored = strstr(process, "\"ignored\":\"");
    CHECK(ignored != NULL);
    CHECK((strtoull(ignored + strlen("\"ignored\":\""), NULL, 16) & (1ULL << (SIGCHLD - 1))) == 0);
    free(process);
    mcpclient_free(client);
}

static int done;

static void *reap_everything(void *unused)
{
    (void)unused;
    while (!__atomic_load_n(&done, __ATOMIC_SEQ_CST))
        if (waitpid(-1, NULL, WNOHANG) <= 0)
            usleep(100);
    return NULL;
}

static void use_beside_a_reaper(void)
{
    pthread_t reaper;
    CHECK(pthread_create(&reaper, NULL, reap_everything, NULL) == 0);
    use(10);
    __atomic_store_n(&done, 1, __ATOMIC_SEQ_CST);
    CHECK(pthread_join(reaper, NULL) == 0);
}

static void fork_and_use(void)
{
    int status = 0;
    mcpclient *client = program();
    CHECK_OK(mcpclient_ping(client, &error));
    int64_t pid = mcpclient_process_id(client);

    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        CHECK(mcpclient_process_id(client) == 0);
        CHECK_OK(mcpclient_ping(client, &error));
        CHECK(mcpclient_process_id(client) > 0 && mcpclient_process_id(client) != pid);
        mcpclient_close(client);
        CHECK(is_there(pid));
        mcpclient_free(client);
        CHECK(is_there(pid));
        _exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    CHECK_OK(mcpclient_ping(client, &error));
    CHECK(mcpclient_process_id(client) == pid);

    /* A child that uses its copy of the client keeps no program of the parent from ending by its stdin; one that has
       not used it does, until SIGTERM. */
    CHECK((child = fork()) >= 0);
    if (child == 0) {
        mcpclient_free(client);
        pause();
        _exit(0);
    }
    usleep(300000);
    double start = now();
    mcpclient_close(client);
    CHECK(now() - start < 1.5 && !is_there(pid));
    CHECK(kill(child, SIGKILL) == 0 && waitpid(child, NULL, 0) == child);

    CHECK_OK(mcpclient_ping(client, &error));
    pid = mcpclient_process_id(client);
    CHECK((child = fork()) >= 0);
    if (child == 0) {
        pause();
        _exit(0);
    }
    start = now();
    mcpclient_close(client);
    CHECK(now() - start >= 2 && now() - start < 5 && !is_there(pid));
    CHECK(kill(child, SIGKILL) == 0 && waitpid(child, NULL, 0) == child);
    mcpclient_free(client);
}

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

/* Pings, with a crash now and then; prints what that costs after a fifth and at the end. */
static void soak(long pings)
{
    mcpclient *client = program();
    for (long i = 1; i <= pings; i++) {
        CHECK_OK(mcpclient_ping(client, &error));
        if (i % (pings / 4 + 1) == 0) {
            usleep(1100000); /* a program that lives for less than a second, three times in a row, is not started */
            crash(client);
        }
        if (i == pings / 5 || i == pings) {
            mcpclient_close(client);
            printf("after %ld: rss %ld files %d threads %ld\n", i, own_status("VmRSS"), open_files(),
                   own_status("Threads"));
        }
    }
    mcpclient_free(client);
}

int main(int argc, char **argv)
{
    CHECK(argc >= 3);
    server = argv[1];
    if (strcmp(argv[2], "child") == 0) {
        use_beside_a_child();
    } else if (strcmp(argv[2], "ignore") == 0) {
        CHECK(signal(SIGCHLD, SIG_IGN) != SIG_ERR);
        use_while_ignoring_children();
    } else if (strcmp(argv[2], "nocldwait") == 0) {
        struct sigaction action;
        memset(&action, 0, sizeof action);
        action.sa_handler = SIG_DFL;
        action.sa_flags = SA_NOCLDWAIT;
        CHECK(sigaction(SIGCHLD, &action, NULL) == 0);
        use_while_ignoring_children();
    } else if (strcmp(argv[2], "reap") == 0) {
        use_beside_a_reaper();
    } else if (strcmp(argv[2], "fork") == 0) {
        fork_and_use();
    } else if (strcmp(argv[2], "soak") == 0) {
        soak(atol(argv[3]));
    } else {
        CHECK(!"a mode that is known");
    }
    return 0;
}
