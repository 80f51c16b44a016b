/* epoll - one thread pings many servers and waits for none of them.
 *
 *     cc -std=c99 epoll.c $(pkg-config --cflags --libs mcpclient) -o epoll
 *     MCP_TOKEN=... ./epoll COUNT URL...
 *
 * Exit status 0: every ping of every server succeeded.
 */
#define _GNU_SOURCE /* epoll_create1 */

#include <mcpclient.h>

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

struct server {
    const char *url;
    mcpclient *client;
    uint32_t left; /* pings to go, the one under way included */
    bool failed;
};

static bool report(const char *what, mcpclient_error *error)
{
    fprintf(stderr, "%s: %s\n", what, error ? mcpclient_error_message(error) : "out of descriptors");
    mcpclient_error_free(error);
    return false;
}

static bool begin(struct server *server, mcpclient_queue *queue)
{
    const char *token = getenv("MCP_TOKEN");
    mcpclient_error *error = NULL;
    server->client = mcpclient_new(server->url, &error);
    if (!server->client || (token && mcpclient_set_bearer_token(server->client, token, &error) != MCPCLIENT_OK)
        || mcpclient_start_ping(server->client, queue, server, NULL, &error) != MCPCLIENT_OK)
        return report(server->url, error);
    return true;
}

/* One ping ended. The next one starts here, so each server has one under way. */
static void finish(mcpclient_queue *queue, const mcpclient_event *event)
{
    struct server *server = mcpclient_event_user_data(event);
    const mcpclient_error *failure = mcpclient_event_error(event);
    mcpclient_error *error = NULL;
    server->left--;
    if (failure) {
        fprintf(stderr, "%s: %s\n", server->url, mcpclient_error_message(failure));
        server->failed = true;
    } else if (server->left == 0) {
        printf("OK %s\n", server->url);
    } else if (mcpclient_start_ping(server->client, queue, server, NULL, &error) != MCPCLIENT_OK) {
        server->failed = !report(server->url, error);
    }
}

static void take_events(mcpclient_queue *queue)
{
    for (mcpclient_event *event; (event = mcpclient_queue_next(queue, 0)) != NULL; mcpclient_event_free(event))
        finish(queue, event);
}

/* The program's loop: its other descriptors would be in the same epoll. */
static bool run(mcpclient_queue *queue)
{
    struct epoll_event wanted = {.events = EPOLLIN}, ready;
    int loop = epoll_create1(EPOLL_CLOEXEC);
    if (loop < 0 || epoll_ctl(loop, EPOLL_CTL_ADD, mcpclient_queue_fd(queue), &wanted) != 0)
        return report("epoll", NULL);
    while (mcpclient_queue_pending(queue) > 0)
        if (epoll_wait(loop, &ready, 1, -1) == 1)
            take_events(queue);
    close(loop);
    return true;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: %s COUNT URL...\n", argv[0]);
        return 2;
    }
    mcpclient_error *error = NULL;
    mcpclient_queue *queue = mcpclient_queue_new(&error);
    int count = argc - 2;
    struct server *servers = calloc((size_t)count, sizeof *servers);
    bool ok = queue != NULL && servers != NULL;
    if (!ok)
        report("the queue", error);
    for (int i = 0; ok && i < count; i++) {
        servers[i] = (struct server){.url = argv[i + 2], .left = (uint32_t)strtoul(argv[1], NULL, 10)};
        ok = begin(&servers[i], queue);
    }
    ok = ok && run(queue);
    mcpclient_queue_free(queue);
    for (int i = 0; servers && i < count; i++) {
        ok = ok && !servers[i].failed && servers[i].left == 0;
        mcpclient_free(servers[i].client);
    }
    free(servers);
    return ok ? 0 : 1;
}
