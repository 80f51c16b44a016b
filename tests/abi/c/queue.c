/* A completion queue: descriptor, ownership, fork, and many threads. */
#include "child.h"

#include <poll.h>
#include <pthread.h>

enum { THREADS = 4, PINGS = 50, WAIT_MS = 20000 };

static bool is_readable(mcpclient_queue *queue, int timeout_ms)
{
    struct pollfd waiting = {.fd = mcpclient_queue_fd(queue), .events = POLLIN};
    return poll(&waiting, 1, timeout_ms) == 1;
}

static mcpclient_queue *new_queue(void)
{
    mcpclient_queue *queue = mcpclient_queue_new(NULL);
    CHECK(queue != NULL && mcpclient_queue_fd(queue) >= 0);
    return queue;
}

static mcpclient_event *next(mcpclient_queue *queue)
{
    mcpclient_event *event = mcpclient_queue_next(queue, WAIT_MS);
    CHECK(event != NULL);
    return event;
}

static void the_descriptor_is_readable_while_there_is_an_event(int argc, char **argv)
{
    mcpclient *client = client_of(argc, argv, "/mcp");
    mcpclient_queue *queue = new_queue();
    uint64_t first = 0, second = 0;
    int mark;
    CHECK(!is_readable(queue, 0));
    CHECK_OK(mcpclient_start_ping(client, queue, &mark, &first, &error));
    CHECK_OK(mcpclient_start_list(client, MCPCLIENT_LIST_TOOLS, queue, NULL, &second, &error));
    CHECK(first != 0 && second > first && mcpclient_queue_pending(queue) == 2);
    for (int taken = 0; taken < 2; taken++) {
        CHECK(is_readable(queue, WAIT_MS));
        mcpclient_event *event = mcpclient_queue_next(queue, 0);
        CHECK(event != NULL && mcpclient_event_kind(event) == MCPCLIENT_EVENT_DONE);
        CHECK(mcpclient_event_error(event) == NULL);
        bool is_ping = mcpclient_event_operation(event) == first;
        CHECK(is_ping || mcpclient_event_operation(event) == second);
        CHECK(mcpclient_event_user_data(event) == (is_ping ? (void *)&mark : NULL));
        CHECK(is_ping == (mcpclient_event_value(event) == NULL));
        CHECK(mcpclient_event_method(event) == NULL && mcpclient_event_reply(event) == NULL);
        mcpclient_event_free(event);
    }
    CHECK(!is_readable(queue, 0) && mcpclient_queue_next(queue, 0) == NULL);
    CHECK(mcpclient_queue_pending(queue) == 0 && mcpclient_queue_lost(queue) == 0);
    mcpclient_queue_free(queue);
    mcpclient_free(client);
}

static void an_event_outlives_queue_and_client(int argc, char **argv)
{
    mcpclient *client = client_of(argc, argv, "/mcp");
    mcpclient_queue *queue = new_queue();
    CHECK_OK(mcpclient_start_request(client, "x/unknown", "{}", queue, NULL, NULL, &error));
    mcpclient_free(client);
    mcpclient_event *event = next(queue);
    mcpclient_queue_free(queue);
    const mcpclient_error *failure = mcpclient_event_error(event);
    CHECK(failure == NULL || mcpclient_error_message(failure)[0] != '\0');
    mcpclient_event_free(event);
}

static void bad_arguments_start_nothing(int argc, char **argv)
{
    mcpclient *client = client_of(argc, argv, "/mcp");
    mcpclient_queue *queue = new_queue();
    CHECK_FAILS(MCPCLIENT_ERROR_INVALID_ARGUMENT, "MCPCLIENT_LIST",
                mcpclient_start_list(client, 4, queue, NULL, NULL, &error));
    CHECK_FAILS(MCPCLIENT_ERROR_INVALID_ARGUMENT, "empty",
                mcpclient_start_request(client, "", NULL, queue, NULL, NULL, &error));
    CHECK_FAILS(MCPCLIENT_ERROR_INVALID_ARGUMENT, "object",
                mcpclient_start_notify(client, "x", "1", queue, NULL, NULL, &error));
    CHECK_FAILS(MCPCLIENT_ERROR_INVALID_ARGUMENT, "1024", mcpclient_queue_set_threads(queue, 1025, &error));
    CHECK_FAILS(MCPCLIENT_ERROR_INVALID_ARGUMENT, "0", mcpclient_queue_set_limit(queue, 0, &error));
    CHECK(mcpclient_queue_pending(queue) == 0);
    mcpclient_queue_cancel(queue, 12345); /* unknown: ignored */
    mcpclient_queue_free(queue);
    mcpclient_free(client);
}

/* The child's queue is empty, with a descriptor of its own, and works. The parent gets its event. */
static void a_forked_child_has_a_queue_of_its_own(int argc, char **argv)
{
    mcpclient *client = client_of(argc, argv, "/mcp");
    mcpclient_queue *queue = new_queue();
    int parent_fd = mcpclient_queue_fd(queue);
    CHECK_OK(mcpclient_start_ping(client, queue, NULL, NULL, &error));
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        CHECK(mcpclient_queue_pending(queue) == 0 && mcpclient_queue_next(queue, 0) == NULL);
        CHECK(mcpclient_queue_fd(queue) != parent_fd);
        CHECK_OK(mcpclient_start_ping(client, queue, NULL, NULL, &error));
        mcpclient_event *event = next(queue);
        CHECK(mcpclient_event_error(event) == NULL);
        mcpclient_event_free(event);
        mcpclient_queue_free(queue);
        mcpclient_free(client);
        child_succeeds();
    }
    CHECK(has_succeeded(child));
    mcpclient_event *event = next(queue);
    CHECK(mcpclient_event_error(event) == NULL);
    mcpclient_event_free(event);
    mcpclient_queue_free(queue);
    mcpclient_free(client);
}

struct shared {
    mcpclient *client;
    mcpclient_queue *queue;
};

static void *start_and_take(void *argument)
{
    struct shared *shared = argument;
    for (int i = 0; i < PINGS; i++) {
        uint64_t operation = 0;
        CHECK_OK(mcpclient_start_ping(shared->client, shared->queue, NULL, &operation, &error));
        if (i % 5 == 0)
            mcpclient_queue_cancel(shared->queue, operation);
        mcpclient_event_free(next(shared->queue));
    }
    return NULL;
}

static void many_threads_use_one_queue(int argc, char **argv)
{
    struct shared shared = {client_of(argc, argv, "/mcp"), new_queue()};
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, start_and_take, &shared) == 0);
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    CHECK(mcpclient_queue_pending(shared.queue) == 0);
    mcpclient_queue_free(shared.queue);
    mcpclient_free(shared.client);
}

int main(int argc, char **argv)
{
    the_descriptor_is_readable_while_there_is_an_event(argc, argv);
    an_event_outlives_queue_and_client(argc, argv);
    bad_arguments_start_nothing(argc, argv);
    a_forked_child_has_a_queue_of_its_own(argc, argv);
    many_threads_use_one_queue(argc, argv);
    return 0;
}
