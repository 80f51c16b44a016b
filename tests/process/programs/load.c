/* Loads the library, uses it and unloads it, again and again: what was there before is there after. */
#include "host.h"

#include <dirent.h>
#include <dlfcn.h>
#include <signal.h>

#define FIND(name) *(void **)&own.name = find(library, "mcpclient_" #name)

static struct {
    mcpclient *(*new)(const char *, mcpclient_error **);
    mcpclient_status (*set_proxy)(mcpclient *, const char *, mcpclient_error **);
    mcpclient_status (*set_ca_file)(mcpclient *, const char *, mcpclient_error **);
    mcpclient_status (*set_bearer_token)(mcpclient *, const char *, mcpclient_error **);
    mcpclient_status (*ping)(mcpclient *, mcpclient_error **);
    void (*cancel)(mcpclient *);
    void (*close)(mcpclient *);
    void (*free)(mcpclient *);
} own;

static struct sigaction actions[2][NSIG];
static sigset_t masks[2];

static void note_signals(int when)
{
    memset(actions[when], 0, sizeof actions[when]);
    for (int signal = 1; signal < NSIG; signal++)
        sigaction(signal, NULL, &actions[when][signal]); /* fails for those that the C library keeps */
    CHECK(sigprocmask(SIG_SETMASK, NULL, &masks[when]) == 0);
}

/* Field by field: the C library leaves what is between them as it is. */
static void check_signals(void)
{
    for (int signal = 1; signal < NSIG; signal++) {
        struct sigaction *before = &actions[0][signal], *after = &actions[1][signal];
        CHECK(before->sa_handler == after->sa_handler);
        CHECK(before->sa_flags == after->sa_flags);
        CHECK(sigismember(&masks[0], signal) == sigismember(&masks[1], signal));
        for (int blocked = 1; blocked < NSIG; blocked++)
            CHECK(sigismember(&before->sa_mask, blocked) == sigismember(&after->sa_mask, blocked));
    }
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

static void *find(void *library, const char *name)
{
    void *symbol = dlsym(library, name);
    CHECK(symbol != NULL);
    return symbol;
}

static void use(const char *path, int count, char **urls, const char *ca)
{
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    CHECK(library != NULL);
    FIND(new), FIND(set_proxy), FIND(set_ca_file), FIND(set_bearer_token);
    FIND(ping), FIND(cancel), FIND(close), FIND(free);
    for (int i = 0; i < count; i++) {
        mcpclient *client = own.new(urls[i], NULL);
        CHECK(client != NULL);
        CHECK(own.set_proxy(client, "", NULL) == MCPCLIENT_OK);
        CHECK(own.set_ca_file(client, ca, NULL) == MCPCLIENT_OK);
        CHECK(own.set_bearer_token(client, "t0ken", NULL) == MCPCLIENT_OK);
        CHECK(own.ping(client, NULL) == MCPCLIENT_OK);
        own.cancel(client);
        CHECK(own.ping(client, NULL) == MCPCLIENT_OK);
        if (i % 2)
            own.close(client);
        own.free(client);
    }
    CHECK(dlclose(library) == 0);
}

int main(int argc, char **argv)
{
    enum { WARM = 30, ROUNDS = 100 };
    long memory = 0;
    CHECK(argc > 3);
    int files = open_files();
    note_signals(0);
    for (int round = 1; round <= ROUNDS; round++) {
        use(argv[1], argc - 3, argv + 3, argv[2]);
        if (own_status("Threads") != 1) {
            struct timespec moment = {0, 100 * 1000 * 1000}; /* a joined thread is counted until the kernel is done */
            nanosleep(&moment, NULL);
            CHECK(own_status("Threads") == 1);
        }
        CHECK(open_files() == files);
        if (round == WARM)
            memory = own_status("VmRSS");
    }
    note_signals(1);
    check_signals();
    printf("%ld KiB more after %d rounds\n", own_status("VmRSS") - memory, ROUNDS - WARM);
    return 0;
}
