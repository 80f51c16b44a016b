/* Freeing a client while its callbacks run, and in them. */
#include "check.h"

#include <pthread.h>
#include <time.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int begun, ended, freed; /* under the lock */

static void count(int *counter)
{
    pthread_mutex_lock(&lock);
    ++*counter;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

static int value_of(const int *counter)
{
    pthread_mutex_lock(&lock);
    int value = *counter;
    pthread_mutex_unlock(&lock);
    return value;
}

static void wait_for(const int *counter, int least)
{
    pthread_mutex_lock(&lock);
    while (*counter < least)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
}

static void pause_ms(long ms)
{
    const struct timespec pause = {ms / 1000, ms % 1000 * 1000000};
    CHECK(nanosleep(&pause, NULL) == 0);
}

static void reset(void)
{
    pthread_mutex_lock(&lock);
    begun = ended = freed = 0;
    pthread_mutex_unlock(&lock);
}

static void count_free(void *user_data)
{
    (void)user_data;
    count(&freed);
}

/* Runs longer than mcpclient_free waits for a server, and uses its client at the end. */
static void take_long(void *user_data, const char *method, const mcpclient_value *params)
{
    mcpclient **client = user_data;
    (void)method;
    (void)params;
    count(&begun);
    pause_ms(1500);
    CHECK(mcpclient_protocol_version(*client) != NULL || *client != NULL);
    count(&ended);
}

/* Notifications arrive on a thread of the library: the server sends one on the stream of mcpclient_listen. */
static mcpclient *listening(int argc, char **argv, mcpclient_notification_callback callback, mcpclient **user_data)
{
    mcpclient *client = client_of(argc, argv, "/chatty");
    *user_data = client;
    CHECK_OK(mcpclient_on_notification(client, NULL, callback, user_data, count_free, &error));
    CHECK_OK(mcpclient_listen(client, NULL, &error));
    return client;
}

static void freeing_waits_for_the_callback_that_runs(int argc, char **argv)
{
    mcpclient *of_callback;
    reset();
    mcpclient *client = listening(argc, argv, take_long, &of_callback);
    wait_for(&begun, 1);
    mcpclient_free(client);
    int runs = value_of(&begun);
    CHECK(value_of(&ended) == runs && value_of(&freed) == 1);
    pause_ms(100);
    CHECK(value_of(&begun) == runs);
}

static void free_its_client(void *user_data, const char *method, const mcpclient_value *params)
{
    mcpclient **client = user_data;
    (void)method;
    CHECK(mcpclient_value_json(params)[0] == '{');
    count(&begun);
    CHECK(value_of(&freed) == 0);
    mcpclient_free(*client);
    *client = NULL;
    CHECK(mcpclient_value_json(params)[0] == '{');
    CHECK(value_of(&freed) == 0); /* only marked */
    count(&ended);
}

static void a_callback_on_a_thread_of_the_library_frees_its_client(int argc, char **argv)
{
    mcpclient *of_callback;
    reset();
    (void)listening(argc, argv, free_its_client, &of_callback);
    wait_for(&ended, 1);
    wait_for(&freed, 1);
    pause_ms(50);
    CHECK(value_of(&begun) == 1);
}

static void a_callback_within_a_call_frees_its_client(int argc, char **argv)
{
    mcpclient *client = client_of(argc, argv, "/mcp");
    mcpclient_value *result = NULL;
    reset();
    CHECK_OK(mcpclient_on_notification(client, NULL, free_its_client, &client, count_free, &error));
    CHECK_OK(mcpclient_call_tool(client, "ask", NULL, &result, &error));
    CHECK(client == NULL && value_of(&begun) == 1 && value_of(&freed) == 1);
    CHECK(mcpclient_value_json(result)[0] == '{');
    mcpclient_value_free(result);
}

static void give_token(void *user_data, mcpclient_token_request *request)
{
    (void)user_data;
    count(&begun);
    CHECK_OK(mcpclient_token_request_set(request, "letmein", &error));
}

static void credentials_outlive_their_handle_and_free_their_user_data_with_the_client(int argc, char **argv)
{
    reset();
    mcpclient *client = client_of(argc, argv, "/locked");
    mcpclient_auth *auth = mcpclient_auth_token_callback_new(give_token, NULL, count_free, NULL);
    CHECK_OK(mcpclient_set_auth(client, auth, &error));
    mcpclient_auth_free(auth);
    CHECK_OK(mcpclient_ping(client, &error));
    CHECK(value_of(&begun) == 1 && value_of(&freed) == 0);
    mcpclient_free(client);
    CHECK(value_of(&freed) == 1);
}

/* One handler runs; the user data of another one, which was removed meanwhile, is freed at once. */
static void note(void *user_data, const char *method, const mcpclient_value *params)
{
    (void)user_data;
    (void)method;
    (void)params;
    count(&ended);
}

static void remove_the_other(void *user_data, const char *method, const mcpclient_value *params)
{
    (void)method;
    (void)params;
    CHECK_OK(mcpclient_on_notification(user_data, NULL, NULL, NULL, NULL, &error));
    count(&begun);
    CHECK(value_of(&freed) == 1);
}

static void user_data_of_one_handler_does_not_wait_for_another(int argc, char **argv)
{
    mcpclient *client = client_of(argc, argv, "/mcp");
    reset();
    CHECK_OK(mcpclient_on_notification(client, "notifications/message", remove_the_other, client, NULL, &error));
    CHECK_OK(mcpclient_on_notification(client, NULL, note, NULL, count_free, &error));
    CHECK_OK(mcpclient_call_tool(client, "ask", NULL, NULL, &error));
    CHECK(value_of(&begun) == 1 && value_of(&ended) == 0);
    mcpclient_free(client);
}

int main(int argc, char **argv)
{
    freeing_waits_for_the_callback_that_runs(argc, argv);
    a_callback_on_a_thread_of_the_library_frees_its_client(argc, argv);
    a_callback_within_a_call_frees_its_client(argc, argv);
    credentials_outlive_their_handle_and_free_their_user_data_with_the_client(argc, argv);
    user_data_of_one_handler_does_not_wait_for_another(argc, argv);
    return 0;
}
