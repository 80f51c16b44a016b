/* Threads that the host cancels while they are in a call, or that were cancelled before it: the call ends as ever, and the
   cancellation acts afterwards. */
#include "host.h"

#include <pthread.h>
#include <unistd.h>

static mcpclient *client;
static int returned, calling_back;

static void call_back(void *user_data, const char *method, const mcpclient_value *params)
{
    (void)user_data, (void)method, (void)params;
    __atomic_fetch_add(&calling_back, 1, __ATOMIC_SEQ_CST);
    usleep(50 * 1000); /* a cancellation point */
}

static void *in_a_call(void *unused)
{
    (void)unused;
    CHECK_OK(mcpclient_ping(client, &error));
    __atomic_fetch_add(&returned, 1, __ATOMIC_SEQ_CST);
    for (;;)
        pause();
}

static void *with_a_cancellation_pending(void *unused)
{
    CHECK(pthread_cancel(pthread_self()) == 0);
    return in_a_call(unused);
}

static void *at_every_function(void *unused)
{
    mcpclient_error *error = NULL;
    CHECK(pthread_cancel(pthread_self()) == 0);
    mcpclient *own = mcpclient_new("http://127.0.0.1:1/mcp", NULL);
    CHECK_OK(mcpclient_set_proxy(own, "", &error));
    CHECK(mcpclient_ping(own, &error) == MCPCLIENT_ERROR_NETWORK);
    CHECK(mcpclient_error_message(error) != NULL);
    mcpclient_error_free(error);
    mcpclient_close(own);
    mcpclient_free(own);
    return in_a_call(unused);
}

static void *while_it_is_disabled(void *unused)
{
    int before = -1;
    CHECK(pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL) == 0);
    CHECK(pthread_cancel(pthread_self()) == 0);
    CHECK_OK(mcpclient_ping(client, &error));
    CHECK(pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before) == 0);
    CHECK(before == PTHREAD_CANCEL_DISABLE); /* as the thread had it */
    CHECK(pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL) == 0);
    return in_a_call(unused);
}

static void cancelled(void *(*run)(void *), useconds_t after)
{
    pthread_t thread;
    void *result = NULL;
    int before = __atomic_load_n(&returned, __ATOMIC_SEQ_CST);
    CHECK(pthread_create(&thread, NULL, run, NULL) == 0);
    usleep(after);
    CHECK(pthread_cancel(thread) == 0);
    CHECK(pthread_join(thread, &result) == 0);
    CHECK(result == PTHREAD_CANCELED);
    CHECK(__atomic_load_n(&returned, __ATOMIC_SEQ_CST) == before + 1); /* the call came back before the thread ended */
}

int main(int argc, char **argv)
{
    CHECK(argc == 3);
    client = client_at(argv[1], argv[2]);
    CHECK_OK(mcpclient_on_notification(client, NULL, call_back, NULL, NULL, &error));
    for (useconds_t after = 0; after < 200 * 1000; after += 20 * 1000)
        cancelled(in_a_call, after);
    cancelled(with_a_cancellation_pending, 0);
    cancelled(at_every_function, 0);
    cancelled(while_it_is_disabled, 0);
    mcpclient_close(client);
    cancelled(with_a_cancellation_pending, 0); /* connects anew */
    CHECK(__atomic_load_n(&calling_back, __ATOMIC_SEQ_CST) > 0);
    mcpclient_free(client);
    return 0;
}
