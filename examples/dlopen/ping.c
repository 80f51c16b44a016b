/* For a host that is neither compiled nor linked against the library: C90, dlopen and dlsym, no header of the library.
 *
 *     ./ping /usr/local/lib/libmcpclient.so.0 https://example.com/mcp TOKEN
 *
 * int stands for mcpclient_status here, which has 32 bits.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

typedef struct mcpclient mcpclient;
typedef struct mcpclient_error mcpclient_error;

static mcpclient *(*client_new)(const char *url, mcpclient_error **error);
static int (*set_bearer_token)(mcpclient *client, const char *token, mcpclient_error **error);
static int (*ping)(mcpclient *client, mcpclient_error **error);
static void (*client_free)(mcpclient *client);
static const char *(*error_message)(const mcpclient_error *error);
static void (*error_free)(mcpclient_error *error);

/* C90 has no cast from void * to a function's address; POSIX promises that the bytes are the same. */
static int find(void *library, const char *name, void *function)
{
    void *address = dlsym(library, name);
    if (address == NULL)
        fprintf(stderr, "%s\n", dlerror());
    memcpy(function, &address, sizeof address);
    return address != NULL;
}

static int find_all(void *library)
{
    return find(library, "mcpclient_new", &client_new) && find(library, "mcpclient_set_bearer_token", &set_bearer_token)
        && find(library, "mcpclient_ping", &ping) && find(library, "mcpclient_free", &client_free)
        && find(library, "mcpclient_error_message", &error_message)
        && find(library, "mcpclient_error_free", &error_free);
}

static int run(const char *url, const char *token)
{
    mcpclient_error *error = NULL;
    int ok;
    mcpclient *client = client_new(url, &error);
    ok = client != NULL && set_bearer_token(client, token, &error) == 0 && ping(client, &error) == 0;
    if (ok)
        puts("OK");
    else
        fprintf(stderr, "%s\n", error_message(error));
    error_free(error);
    client_free(client);
    return ok;
}

int main(int argc, char **argv)
{
    void *library;
    int ok;
    if (argc != 4) {
        fprintf(stderr, "usage: %s LIBRARY URL TOKEN\n", argv[0]);
        return 2;
    }
    library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        return 1;
    }
    ok = find_all(library) && run(argv[2], argv[3]);
    dlclose(library);
    return !ok;
}
