/* glib - a ping on the main loop of a GLib or GTK program.
 *
 *     cc -std=c99 glib.c $(pkg-config --cflags --libs mcpclient glib-2.0) -o glib
 *     MCP_TOKEN=... ./glib URL
 *
 * Exit status 0: the ping succeeded.
 */
#include <glib-unix.h>
#include <glib.h>
#include <mcpclient.h>

struct program {
    GMainLoop *loop;
    mcpclient_queue *queue;
    gboolean ok;
};

static gboolean on_readable(gint descriptor, GIOCondition condition, gpointer data)
{
    struct program *program = data;
    (void)descriptor;
    (void)condition;
    for (mcpclient_event *event; (event = mcpclient_queue_next(program->queue, 0)) != NULL;
         mcpclient_event_free(event)) {
        const mcpclient_error *error = mcpclient_event_error(event);
        program->ok = error == NULL;
        g_print("%s\n", error ? mcpclient_error_message(error) : "OK");
        g_main_loop_quit(program->loop);
    }
    return G_SOURCE_CONTINUE;
}

int main(int argc, char **argv)
{
    const char *token = g_getenv("MCP_TOKEN");
    struct program program = {.loop = g_main_loop_new(NULL, FALSE)};
    mcpclient_error *error = NULL;
    mcpclient *client = mcpclient_new(argc > 1 ? argv[1] : "", &error);
    program.queue = client ? mcpclient_queue_new(&error) : NULL;
    if (program.queue && (!token || mcpclient_set_bearer_token(client, token, &error) == MCPCLIENT_OK)
        && mcpclient_start_ping(client, program.queue, &program, NULL, &error) == MCPCLIENT_OK) {
        g_unix_fd_add(mcpclient_queue_fd(program.queue), G_IO_IN, on_readable, &program);
        g_main_loop_run(program.loop);
    }
    if (error)
        g_printerr("%s\n", mcpclient_error_message(error));
    mcpclient_error_free(error);
    mcpclient_queue_free(program.queue);
    mcpclient_free(client);
    g_main_loop_unref(program.loop);
    return program.ok ? 0 : 1;
}
