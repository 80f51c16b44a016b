/* libuv - a tool call beside a timer, on the thread of the loop.
 *
 *     cc -std=c99 libuv.c $(pkg-config --cflags --libs mcpclient libuv) -o libuv
 *     MCP_TOKEN=... ./libuv URL
 *
 * Prints what the tool "add" says of 2 and 3. Exit status 0: it did.
 */
#define _POSIX_C_SOURCE 200809L /* what uv.h needs */

#include <mcpclient.h>
#include <uv.h>

#include <stdio.h>
#include <stdlib.h>

struct program {
    uv_poll_t watcher;
    uv_timer_t timer; /* stands for everything else that the loop does */
    mcpclient_queue *queue;
    int ticks, failed;
};

static void stop(struct program *program)
{
    uv_close((uv_handle_t *)&program->watcher, NULL);
    uv_close((uv_handle_t *)&program->timer, NULL);
}

static void on_tick(uv_timer_t *timer)
{
    struct program *program = timer->data;
    program->ticks++;
}

static void on_readable(uv_poll_t *watcher, int status, int events)
{
    struct program *program = watcher->data;
    (void)status;
    (void)events;
    for (mcpclient_event *event; (event = mcpclient_queue_next(program->queue, 0)) != NULL;
         mcpclient_event_free(event)) {
        const mcpclient_error *error = mcpclient_event_error(event);
        const char *text = mcpclient_value_string(mcpclient_event_value(event), "/content/0/text");
        program->failed = error != NULL;
        printf("%s\n", error ? mcpclient_error_message(error) : text ? text : "no text");
        stop(program);
    }
}

/* Starts the call and runs the loop until its event has come. */
static int run(struct program *program, mcpclient *client, mcpclient_error **error)
{
    static const char call[] = "{\"name\":\"add\",\"arguments\":{\"a\":2,\"b\":3}}";
    uv_loop_t loop;
    if (mcpclient_start_request(client, "tools/call", call, program->queue, program, NULL, error) != MCPCLIENT_OK)
        return 1;
    uv_loop_init(&loop);
    uv_poll_init(&loop, &program->watcher, mcpclient_queue_fd(program->queue));
    uv_timer_init(&loop, &program->timer);
    program->watcher.data = program->timer.data = program;
    uv_poll_start(&program->watcher, UV_READABLE, on_readable);
    uv_timer_start(&program->timer, on_tick, 1, 1);
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_loop_close(&loop);
    return program->failed;
}

int main(int argc, char **argv)
{
    const char *token = getenv("MCP_TOKEN");
    struct program program = {.failed = 1};
    mcpclient_error *error = NULL;
    mcpclient *client = mcpclient_new(argc > 1 ? argv[1] : "", &error);
    int failed = 1;
    program.queue = client ? mcpclient_queue_new(&error) : NULL;
    if (program.queue && (!token || mcpclient_set_bearer_token(client, token, &error) == MCPCLIENT_OK))
        failed = run(&program, client, &error);
    if (error)
        fprintf(stderr, "%s\n", mcpclient_error_message(error));
    mcpclient_error_free(error);
    mcpclient_queue_free(program.queue);
    mcpclient_free(client);
    return failed;
}
