/* A host with little memory left: a response that announces much, or is large, is an error and no abort. */
#include "host.h"

#include <sys/resource.h>
#include <unistd.h>

enum { MIB = 1024 * 1024 };

int main(int argc, char **argv)
{
    struct rlimit limit, low;
    long pages = 0;
    mcpclient_value *result = NULL;
    CHECK(argc == 3);
    mcpclient *client = client_at(argv[1], argv[2]);
    CHECK_OK(mcpclient_ping(client, &error));

    FILE *file = fopen("/proc/self/statm", "r");
    CHECK(file != NULL && fscanf(file, "%ld", &pages) == 1 && fclose(file) == 0);
    CHECK(getrlimit(RLIMIT_AS, &limit) == 0);
    low = limit;
    low.rlim_cur = (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE) + 16 * MIB;
    CHECK(setrlimit(RLIMIT_AS, &low) == 0);

    CHECK_OK(mcpclient_set_timeout_ms(client, 500, &error));
    CHECK_FAILS(MCPCLIENT_ERROR_TIMEOUT, "", mcpclient_call_tool(client, "announce", NULL, &result, &error));
    CHECK_OK(mcpclient_set_timeout_ms(client, 20000, &error));
    CHECK_FAILS(MCPCLIENT_ERROR_NETWORK, "memory", mcpclient_call_tool(client, "json", NULL, &result, &error));
    CHECK_FAILS(MCPCLIENT_ERROR_NETWORK, "memory", mcpclient_call_tool(client, "events", NULL, &result, &error));
    CHECK(result == NULL);
    CHECK_OK(mcpclient_ping(client, &error));

    CHECK(setrlimit(RLIMIT_AS, &limit) == 0);
    CHECK_OK(mcpclient_call_tool(client, "json", NULL, &result, &error));
    mcpclient_value_free(result);
    mcpclient_free(client);
    return 0;
}
