/* A client with what a command at a terminal needs: Ctrl-C cancels, progress and questions are shown. */
#include "cli.h"

mcpclient *session_begin(struct options *options)
{
    interrupt_begin();
    mcpclient *client = connect_client(options);
    interrupt_cancels(client);
    if (!options->quiet)
        progress_attach(client);
    elicit_attach(client);
    return client;
}

int session_end(mcpclient *client, int exit_status)
{
    progress_clear();
    mcpclient_close(client);
    bool is_interrupted = was_interrupted();
    fflush(stdout);
    /* The thread for signals may still use the client: the process ends with it. */
    return is_interrupted && exit_status != EXIT_OK ? EXIT_INTERRUPTED : exit_status;
}
