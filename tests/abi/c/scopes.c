/* Scopes: their ownership, their user data, and many threads with one scope each. */
#include "check.h"

#include <pthread.h>
#include <time.h>

enum { THREADS = 8, CALLS = 10 };

static int freed;

static void count_free(void *user_data)
{
    (void)user_data;
    freed++;
}

struct heard {
    int count;
    double last, total;
    char message[32];
};

static void hear(void *user_data, double progress, double total, const char *message)
{
    struct heard *heard = user_data;
    heard->last = progress;
    heard->total = total;
    snprintf(heard->message, sizeof heard->message, "%s", message == NULL ? "none" : message);
    heard->count++;
}

static mcpclient *scope_of(mcpclient *client)
{
    mcpclient *scope = mcpclient_scope_new(client, NULL);
    CHECK(scope != NULL);
    return scope;
}

static void scopes_outlive_their_client(int argc, char **argv)
{
    mcpclient *client = client_of(argc, argv, "/mcp");
    mcpclient *scope = scope_of(client);
    mcpclient *inner = scope_of(scope);
    CHECK_OK(mcpclient_connect(client, &error));
    mcpclient_free(client);
    mcpclient_free(scope);
    CHECK_OK(mcpclient_call_tool(inner, "echo", NULL, NULL, &error));
    mcpclient_close(inner); /* ignored */
    CHECK(mcpclient_protocol_version(inner) != NULL);
    mcpclient_free(inner);
}

static void settings_of_the_client_are_refused(int argc, char **argv)
{
    mcpclient *client = client_of(argc, argv, "/mcp");
    mcpclient *scope = scope_of(client);
    CHECK_FAILS(MCPCLIENT_ERROR_INVALID_STATE, "scope", mcpclient_set_cache(scope, false, &error));
    CHECK_FAILS(MCPCLIENT_ERROR_INVALID_STATE, "scope", mcpclient_set_bearer_token(scope, "x", &error));
    CHECK_FAILS(MCPCLIENT_ERROR_INVALID_STATE, "scope", mcpclient_set_header(scope, "X-A", "x", &error));
    CHECK_FAILS(MCPCLIENT_ERROR_INVALID_STATE, "scope",
                mcpclient_on_notification(scope, NULL, NULL, NULL, NULL, &error));
    CHECK_FAILS(MCPCLIENT_ERROR_INVALID_STATE, "scope",
                mcpclient_set_transport(scope, MCPCLIENT_TRANSPORT_AUTO, &error));
    CHECK_FAILS(MCPCLIENT_ERROR_INVALID_ARGUMENT, "99", mcpclient_set_transport(scope, 99, &error));
    mcpclient_free(scope);
    mcpclient_free(client);
}

static void progress_has_its_user_data(int argc, char **argv)
{
    struct heard heard = {0, 0, 0, ""};
    mcpclient *client = client_of(argc, argv, "/mcp");
    mcpclient *scope = scope_of(client);
    CHECK_OK(mcpclient_on_progress(scope, hear, &heard, count_free, &error));
    CHECK_OK(mcpclient_call_tool(scope, "progress", NULL, NULL, &error));
    CHECK(heard.count == 2);
    CHECK(heard.last > 1.9 && heard.total < 0 && strcmp(heard.message, "none") == 0);
    CHECK_OK(mcpclient_call_tool(client, "progress", NULL, NULL, &error));
    CHECK(heard.count == 2);

    CHECK(freed == 0);
    CHECK_OK(mcpclient_on_progress(scope, hear, &heard, count_free, &error)); /* replaced */
    CHECK(freed == 1);
    mcpclient_free(scope);
    CHECK(freed == 2);
    mcpclient *none = NULL;
    CHECK(mcpclient_on_progress(none, hear, &heard, count_free, NULL) == MCPCLIENT_ERROR_INVALID_ARGUMENT);
    CHECK(freed == 3);
    mcpclient_free(client);
}

static void meta_reaches_the_server(int argc, char **argv)
{
    mcpclient *client = client_of(argc, argv, "/mcp");
    mcpclient *scope = scope_of(client);
    mcpclient_value *result = NULL;
    CHECK_OK(mcpclient_set_meta(scope, "com.example/id", "7", &error));
    CHECK_FAILS(MCPCLIENT_ERROR_INVALID_ARGUMENT, "reserved", mcpclient_set_meta(scope, "dev.mcp/x", "7", &error));
    CHECK_FAILS(MCPCLIENT_ERROR_INVALID_ARGUMENT, "JSON", mcpclient_set_meta(scope, "a", "{", &error));
    CHECK_FAILS(MCPCLIENT_ERROR_INVALID_ARGUMENT, "progressToken",
                mcpclient_set_meta(scope, "progressToken", "1", &error));
    CHECK_OK(mcpclient_call_tool(scope, "meta", NULL, &result, &error));
    int64_t id = 0;
    CHECK(mcpclient_value_int64(result, "/structuredContent/com.example~1id", &id) && id == 7);
    mcpclient_value_free(result);
    mcpclient_free(scope);
    mcpclient_free(client);
}

static mcpclient *shared;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* A call that waits for its cancellation. */
struct waiting {
    mcpclient *scope;
    bool done; /* under the lock */
};

static void *wait_for_cancellation(void *argument)
{
    struct waiting *waiting = argument;
    CHECK(mcpclient_call_tool(waiting->scope, "wait", NULL, NULL, NULL) == MCPCLIENT_ERROR_CANCELLED);
    pthread_mutex_lock(&lock);
    waiting->done = true;
    pthread_mutex_unlock(&lock);
    return NULL;
}

static bool is_done(struct waiting *waiting)
{
    pthread_mutex_lock(&lock);
    bool done = waiting->done;
    pthread_mutex_unlock(&lock);
    return done;
}

static void *call_and_cancel(void *unused)
{
    const struct timespec pause = {0, 2000000};
    (void)unused;
    for (unsigned i = 0; i < CALLS; i++) {
        struct waiting waiting = {scope_of(shared), false};
        pthread_t thread;
        CHECK_OK(mcpclient_set_timeout_ms(waiting.scope, 60000 + i, &error));
        CHECK(pthread_create(&thread, NULL, wait_for_cancellation, &waiting) == 0);
        CHECK_OK(mcpclient_call_tool(shared, "echo", NULL, NULL, &error));
        while (!is_done(&waiting)) {
            mcpclient_cancel(waiting.scope); /* again, since the call may not have begun before */
            CHECK(nanosleep(&pause, NULL) == 0);
        }
        CHECK(pthread_join(thread, NULL) == 0);
        mcpclient_free(waiting.scope);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    scopes_outlive_their_client(argc, argv);
    settings_of_the_client_are_refused(argc, argv);
    progress_has_its_user_data(argc, argv);
    meta_reaches_the_server(argc, argv);

    shared = client_of(argc, argv, "/mcp");
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, call_and_cancel, NULL) == 0);
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    CHECK_OK(mcpclient_call_tool(shared, "echo", NULL, NULL, &error));
    mcpclient_free(shared);
    return 0;
}
