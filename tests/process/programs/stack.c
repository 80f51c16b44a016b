/* Calls on a thread with a small stack. */
#include "host.h"

#include <pthread.h>

static mcpclient *client;

static void ignore(void *user_data, const char *method, const mcpclient_value *params)
{
    (void)user_data, (void)method, (void)params;
}

static void *work(void *unused)
{
    mcpclient_error *error = NULL;
    mcpclient_value *result = NULL;
    mcpclient_status status;
    (void)unused;
    CHECK_OK(mcpclient_ping(client, &error));
    call_tool(client);
    mcpclient_close(client);
    CHECK_OK(mcpclient_ping(client, &error));
    /* The server of the tests has no such list: the error says so, or the list is deep. */
    status = mcpclient_list_tools(client, &result, &error);
    CHECK(status == MCPCLIENT_OK || mcpclient_error_message(error) != NULL);
    mcpclient_value_json(result);
    mcpclient_value_free(result);
    mcpclient_error_free(error);
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_attr_t attributes;
    pthread_t thread;
    CHECK(argc == 4);
    client = client_at(argv[1], argv[2]);
    CHECK_OK(mcpclient_on_notification(client, NULL, ignore, NULL, NULL, &error));
    CHECK(pthread_attr_init(&attributes) == 0);
    CHECK(pthread_attr_setstacksize(&attributes, strtoul(argv[3], NULL, 10) * 1024) == 0);
    CHECK(pthread_create(&thread, &attributes, work, NULL) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    mcpclient_free(client);
    return 0;
}
