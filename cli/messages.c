/* request, listen. */
#include "cli.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

int run_request(struct options *options)
{
    if (options->word_count == 0)
        wrong_usage("request: METHOD is missing");
    const char *source = options->word_count > 1 ? options->words[1] : options->args;
    char *params = source == NULL ? NULL : arguments_read_json(source);
    mcpclient *client = session_begin(options);
    mcpclient_error *error = NULL;
    mcpclient_value *result = NULL;
    mcpclient_status status = mcpclient_request(client, options->words[0], params, &result, &error);
    free(params);
    if (status != MCPCLIENT_OK)
        return session_end(client, fail(options, options->words[0], error));
    if (options->json) {
        print_line_json(result);
    } else if (!options->quiet) {
        print_value(stdout, result, 0);
        putchar('\n');
    }
    mcpclient_value_free(result);
    return session_end(client, EXIT_OK);
}

/* What listen waits for. Callbacks run on threads of the library. */
struct listening {
    pthread_mutex_t lock;
    const struct options *options;
    uint32_t received;
};

static void on_notification(void *user_data, const char *method, const mcpclient_value *params)
{
    struct listening *listening = user_data;
    pthread_mutex_lock(&listening->lock);
    if (listening->options->json) {
        mcpclient_json *line = mcpclient_json_new(NULL);
        (void)mcpclient_json_set_string(line, "/method", method, NULL);
        (void)mcpclient_json_set_json(line, "/params", mcpclient_value_json(params), NULL);
        puts(mcpclient_json_text(line));
        mcpclient_json_free(line);
    } else {
        printf("%s", style(stdout, "1"));
        print_clean(stdout, method);
        printf("%s ", style(stdout, "0"));
        print_clean(stdout, mcpclient_value_json(params));
        putchar('\n');
    }
    fflush(stdout);
    listening->received++;
    pthread_mutex_unlock(&listening->lock);
}

static char *make_filter(const struct options *options)
{
    mcpclient_json *filter = mcpclient_json_new(NULL);
    (void)mcpclient_json_set_bool(filter, "/toolsListChanged", true, NULL);
    (void)mcpclient_json_set_bool(filter, "/promptsListChanged", true, NULL);
    (void)mcpclient_json_set_bool(filter, "/resourcesListChanged", true, NULL);
    for (int i = 0; i < options->resources.count; i++)
        (void)mcpclient_json_set_string(filter, "/resourceSubscriptions/-", options->resources.items[i], NULL);
    size_t size = strlen(mcpclient_json_text(filter)) + 1;
    char *text = malloc(size);
    if (text != NULL)
        memcpy(text, mcpclient_json_text(filter), size);
    mcpclient_json_free(filter);
    return text;
}

/* Ends after --count notifications, or at Ctrl-C. */
static int wait_for_end(struct listening *listening)
{
    for (;;) {
        pthread_mutex_lock(&listening->lock);
        bool is_done = listening->options->has_count && listening->received >= listening->options->count;
        pthread_mutex_unlock(&listening->lock);
        if (is_done)
            return EXIT_OK;
        if (!interrupt_sleep_ms(100))
            return EXIT_INTERRUPTED;
    }
}

int run_listen(struct options *options)
{
    static struct listening listening = {.lock = PTHREAD_MUTEX_INITIALIZER};
    listening.options = options;
    mcpclient *client = session_begin(options);
    mcpclient_error *error = NULL;
    char *filter = make_filter(options);
    int status = EXIT_OK;
    if (mcpclient_on_notification(client, NULL, on_notification, &listening, NULL, &error) != MCPCLIENT_OK
        || mcpclient_listen(client, filter, &error) != MCPCLIENT_OK)
        status = fail(options, NULL, error);
    else
        status = wait_for_end(&listening);
    free(filter);
    return session_end(client, status);
}
