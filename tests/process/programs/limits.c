/* A process that has no descriptor, thread or memory left: the call says which, and works again when there is one. */
#include "host.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

static const char *url, *ca;

static void ping_fails(mcpclient *client, const char *part)
{
    CHECK_FAILS(MCPCLIENT_ERROR_NETWORK, part, mcpclient_ping(client, &error));
}

/* Leaves room for `free` more descriptors. */
static int use_descriptors(int *used, int most, int free)
{
    int count = 0;
    while (count < most && (used[count] = open("/dev/null", O_RDONLY)) >= 0)
        count++;
    while (free-- > 0)
        close(used[--count]);
    return count;
}

static void descriptors(void)
{
    struct rlimit limit, low;
    int used[64], count;
    mcpclient *client = client_at(url, ca), *by_name = client_at("http://somewhere.test/mcp", "-");
    CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    low = limit;
    low.rlim_cur = 40;
    CHECK(setrlimit(RLIMIT_NOFILE, &low) == 0);
    count = use_descriptors(used, 64, 0);
    ping_fails(client, "no free file descriptor (its limit is 40, RLIMIT_NOFILE)");
    ping_fails(by_name, "no free file descriptor (its limit is 40, RLIMIT_NOFILE)");
    while (count > 0)
        close(used[--count]);
    CHECK_OK(mcpclient_ping(client, &error));
    CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    mcpclient_free(client);
    mcpclient_free(by_name);
}

/* A limit of the address space below what the stack of a thread takes. */
static void threads(void)
{
    struct rlimit limit, low;
    mcpclient *by_name = client_at("http://somewhere.test/mcp", "-");
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    CHECK(file != NULL && fscanf(file, "%ld", &pages) == 1 && fclose(file) == 0);
    CHECK(getrlimit(RLIMIT_AS, &limit) == 0);
    low = limit;
    low.rlim_cur = (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE) + 1024 * 1024;
    CHECK(setrlimit(RLIMIT_AS, &low) == 0);
    ping_fails(by_name, "no further thread");
    CHECK(setrlimit(RLIMIT_AS, &limit) == 0);
    mcpclient_free(by_name);
}

int main(int argc, char **argv)
{
    CHECK(argc == 3);
    url = argv[1];
    ca = argv[2];
    threads(); /* first: the C library keeps the stacks of threads that have ended for others */
    descriptors();
    return 0;
}
