/* Which environment variables the library reads: this program's own getenv takes the place of the C library's, and its own
   getauxval says whether the program runs with raised privileges. */
#include "host.h"

#include <dlfcn.h>
#include <sys/auxv.h>

extern char **environ;
static bool raised;
static int reads;

char *getenv(const char *name)
{
    size_t length = strlen(name);
    reads++;
    for (char **entry = environ; *entry != NULL; entry++)
        if (strncmp(*entry, name, length) == 0 && (*entry)[length] == '=')
            return *entry + length + 1;
    return NULL;
}

unsigned long getauxval(unsigned long type)
{
    unsigned long (*original)(unsigned long);
    if (type == AT_SECURE)
        return raised;
    *(void **)&original = dlsym(RTLD_NEXT, "getauxval");
    return original(type);
}

/* Connects twice, by the proxy that was set by a call: nothing is read. */
static void read_nothing(const char *url, const char *ca)
{
    mcpclient *client = client_at(url, ca);
    mcpclient *second = client_at(url, ca);
    reads = 0;
    for (int i = 0; i < 2; i++) {
        CHECK_OK(mcpclient_ping(client, &error));
        CHECK_OK(mcpclient_ping(second, &error));
        call_tool(client);
        mcpclient_close(client);
    }
    mcpclient_free(client);
    mcpclient_free(second);
    CHECK(reads == 0);
}

/* Connects as the environment says, and says how that went. */
static void connect_plainly(const char *url, const char *ca)
{
    mcpclient *client = mcpclient_new(url, NULL);
    mcpclient_error *error = NULL;
    CHECK(client != NULL);
    if (strcmp(ca, "-") != 0)
        CHECK_OK(mcpclient_set_proxy(client, "", &error));
    puts(mcpclient_status_name(mcpclient_ping(client, &error)));
    mcpclient_error_free(error);
    mcpclient_free(client);
}

int main(int argc, char **argv)
{
    CHECK(argc == 4);
    raised = strcmp(argv[3], "raised") == 0;
    if (strcmp(argv[3], "count") == 0)
        read_nothing(argv[1], argv[2]);
    else
        connect_plainly(argv[1], argv[2]);
    return 0;
}
