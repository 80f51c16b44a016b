/* daemon - watches an MCP server: pings it on a timer, and calls one of its tools if told to.
 *
 *     cc -std=c99 -pthread daemon.c $(pkg-config --cflags --libs mcpclient) -o daemon
 *     ./daemon -t /run/secrets/token -p /run/daemon.pid -i 60 https://example.com/mcp
 *
 * SIGHUP reloads the token file; SIGTERM and SIGINT end the daemon at once.
 */
#define _XOPEN_SOURCE 700 /* sigwait, syslog */
#include <mcpclient.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

static const char usage[] =
    "Usage: daemon [options] URL\n"
    "\n"
    "  -t FILE     bearer token from this file, reloaded by SIGHUP\n"
    "  -i SECONDS  pause between pings (default: 30)\n"
    "  -c TOOL     call this tool after each ping\n"
    "  -a JSON     its arguments\n"
    "  -p FILE     write the process id to this file, removed in the end\n"
    "  -f          stay in the foreground and log to standard error, not to syslog\n";

static struct {
    const char *url, *tool, *arguments;
    const char *token_file, *pid_file; /* made absolute: a daemon lives in the root directory */
    unsigned interval;
    bool foreground;
} options = {.interval = 30};

/* What the two threads share: one talks to the server, one waits for signals. */
static mcpclient *client;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static bool stopping, stopped;

static void note(int priority, const char *format, ...)
{
    char line[1000];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (options.foreground)
        fprintf(stderr, "%s\n", line);
    else
        syslog(priority, "%s", line);
}

/* Logs what failed, and frees the error. */
static void note_failure(const char *what, mcpclient_error *error)
{
    note(LOG_ERR, "%s: %s: %s", what, mcpclient_status_name(mcpclient_error_status(error)),
         mcpclient_error_message(error));
    mcpclient_error_free(error);
}

/* The library sees by itself when the file changes. To load it anew says at once whether the token can be used; when it
 * cannot, the present one stays. */
static bool load_token(mcpclient_error **error)
{
    if (options.token_file == NULL)
        return true;
    mcpclient_auth *auth = mcpclient_auth_token_file_new(options.token_file, error);
    bool loaded = auth != NULL && mcpclient_set_auth(client, auth, error) == MCPCLIENT_OK;
    mcpclient_auth_free(auth); /* the client keeps a share of its own */
    return loaded;
}

static bool ping(void)
{
    mcpclient_error *error = NULL;
    bool ok = mcpclient_ping(client, &error) == MCPCLIENT_OK;
    if (ok)
        note(LOG_INFO, "ping: OK");
    else
        note_failure("ping", error);
    return ok;
}

static void call_tool(void)
{
    mcpclient_error *error = NULL;
    mcpclient_value *result = NULL;
    if (mcpclient_call_tool(client, options.tool, options.arguments, &result, &error) != MCPCLIENT_OK) {
        note_failure(options.tool, error);
        return;
    }
    bool failed = false;
    mcpclient_value_bool(result, "/isError", &failed);
    const char *text = mcpclient_value_string(result, "/content/0/text");
    note(failed ? LOG_ERR : LOG_INFO, "%s: %s", options.tool, text ? text : mcpclient_value_json(result));
    mcpclient_value_free(result);
}

/* Ends the call that the other thread is in. One that is just about to begin is not ended by that: hence the loop. */
static void end_calls(void)
{
    const struct timespec pause = {0, 20000000};
    pthread_mutex_lock(&lock);
    stopping = true;
    pthread_cond_broadcast(&changed);
    while (!stopped) {
        mcpclient_cancel(client);
        pthread_mutex_unlock(&lock);
        nanosleep(&pause, NULL);
        pthread_mutex_lock(&lock);
    }
    pthread_mutex_unlock(&lock);
}

/* The thread that handles signals: here every function may be called, unlike in a signal handler. */
static void *handle_signals(void *signals)
{
    int number;
    while (sigwait(signals, &number) == 0) {
        if (number != SIGHUP) {
            end_calls();
            return NULL;
        }
        mcpclient_error *error = NULL;
        if (load_token(&error))
            note(LOG_NOTICE, "token reloaded");
        else
            note_failure("token file", error);
    }
    return NULL;
}

static void watch(void)
{
    pthread_mutex_lock(&lock);
    while (!stopping) {
        pthread_mutex_unlock(&lock);
        if (ping() && options.tool)
            call_tool();
        pthread_mutex_lock(&lock);
        struct timespec next = {time(NULL) + (time_t)options.interval, 0};
        while (!stopping && pthread_cond_timedwait(&changed, &lock, &next) == 0)
            continue;
    }
    stopped = true;
    pthread_mutex_unlock(&lock);
}

static int pid_file = -1; /* open while it is ours */

static void die(const char *what, const char *why)
{
    fprintf(stderr, "daemon: %s: %s\n", what, why);
    if (pid_file >= 0)
        unlink(options.pid_file);
    exit(2);
}

/* Leaves terminal, directory and open files of the process that started it. The client was made before, so that what is wrong
 * with the command line could be said there; it goes on in the child. */
static void go_into_background(void)
{
    for (int i = 0; i < 2; i++) {
        pid_t pid = fork();
        if (pid < 0)
            die("fork", strerror(errno));
        if (pid > 0)
            _exit(EXIT_SUCCESS);
        if (i == 0)
            setsid(); /* the second child is not its leader, and can get no terminal any more */
    }
    int null = open("/dev/null", O_RDWR);
    if (chdir("/") != 0 || null < 0)
        die("/dev/null", strerror(errno));
    for (int i = 0; i < 3; i++)
        dup2(null, i);
    if (null > 2)
        close(null);
    openlog("mcp-daemon", LOG_PID, LOG_DAEMON);
}

/* The name from the root, for use after chdir. Links stay links: a token that something rotates may be reached through
 * one, whose target goes away. */
static const char *absolute(const char *path)
{
    char directory[4096], *whole;
    if (*path == '/')
        return path;
    if (!getcwd(directory, sizeof directory))
        die("the working directory", strerror(errno));
    if (!(whole = malloc(strlen(directory) + strlen(path) + 2)))
        die(path, strerror(errno));
    sprintf(whole, "%s/%s", directory, path);
    return whole;
}

/* Opens the file while relative names still hold; it is written to once the process id is known. */
static int open_pid_file(void)
{
    options.pid_file = absolute(options.pid_file);
    int file = open(options.pid_file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (file < 0)
        die(options.pid_file, errno == EEXIST ? "is there already: is another one running?" : strerror(errno));
    return file;
}

static void read_options(int argc, char **argv)
{
    for (int option; (option = getopt(argc, argv, "t:i:c:a:p:f")) != -1;) {
        switch (option) {
        case 't': options.token_file = absolute(optarg); break;
        case 'i': options.interval = (unsigned)strtoul(optarg, NULL, 10); break;
        case 'c': options.tool = optarg; break;
        case 'a': options.arguments = optarg; break;
        case 'p': options.pid_file = optarg; break;
        case 'f': options.foreground = true; break;
        default: die("wrong usage", usage);
        }
    }
    if (optind + 1 != argc || options.interval == 0)
        die("wrong usage", usage);
    options.url = argv[optind];
}

int main(int argc, char **argv)
{
    read_options(argc, argv);
    /* Blocked in every thread, these signals wait for sigwait. */
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGHUP);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);

    mcpclient_error *error = NULL;
    if ((client = mcpclient_new(options.url, &error)) == NULL || !load_token(&error))
        die("cannot start", mcpclient_error_message(error));
    pid_file = options.pid_file ? open_pid_file() : -1;
    if (!options.foreground)
        go_into_background();
    if (pid_file >= 0) {
        dprintf(pid_file, "%ld\n", (long)getpid());
        close(pid_file);
    }
    pthread_t thread;
    int fault = pthread_create(&thread, NULL, handle_signals, &signals);
    if (fault == 0) {
        note(LOG_NOTICE, "watching %s", options.url);
        watch();
        pthread_join(thread, NULL);
    }
    mcpclient_free(client);
    if (options.pid_file)
        unlink(options.pid_file);
    note(LOG_NOTICE, "stopped%s%s", fault ? ": " : "", fault ? strerror(fault) : "");
    return fault ? EXIT_FAILURE : EXIT_SUCCESS;
}
