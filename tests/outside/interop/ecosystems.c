/* What a monitor or a daemon asks of a server, asked of servers of many ecosystems, with and without a proxy in front.
 *
 * usage: ecosystems URL TOKEN [PROTOCOL_VERSION]
 *
 * The servers have the tools echo, slow (reports its progress ten times), cancelled (how many calls of slow it heard the
 * cancellation of) and change (of the list of tools). Prints "passed CASE" or "failed CASE: why" for each case. The exit
 * status is 1 if any failed. For the case "restart" it prints "restart" and waits for a line of input.
 */
#define _POSIX_C_SOURCE 200809L

#include "operations.h"

#include <stdlib.h>

enum { STEPS = 10 };

/* The tool's text; the result is freed by the caller. */
static const char *call(mcpclient *client, const char *tool, const char *arguments, mcpclient_value **result)
{
    OK(mcpclient_call_tool, client, tool, arguments, result);
    const char *text = mcpclient_value_string(*result, "/content/0/text");
    return text != NULL ? text : "";
}

static void answers(mcpclient *client, const char *tool, const char *arguments, const char *expected)
{
    mcpclient_value *result = NULL;
    const char *text = call(client, tool, arguments, &result);
    if (strcmp(text, expected) != 0)
        complain("%s: \"%s\" instead of \"%s\"", tool, text, expected);
    mcpclient_value_free(result);
}

static void echoes(mcpclient *client)
{
    answers(client, "echo", "{\"text\":\"gr\\u00fc\\u00df \\ud83d\\ude00\"}", "gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80");
}

static void ping(mcpclient *client)
{
    for (int i = 0; i < 20; i++)
        OK(mcpclient_ping, client);
}

static void tools(mcpclient *client)
{
    mcpclient_value *tools = NULL;
    OK(mcpclient_list_tools, client, &tools);
    holds("tools", tools, "\"echo\"");
    for (int i = 0; i < 5; i++)
        echoes(client);
}

static void progress(mcpclient *client)
{
    struct inbox inbox = {.lock = PTHREAD_MUTEX_INITIALIZER, .method = "notifications/progress"};
    OK(mcpclient_on_notification, client, "notifications/progress", take, &inbox, NULL);
    answers(client, "slow", "{\"seconds\":0.5}", "done");
    comes(&inbox, STEPS - 1, "\"progressToken\""); /* mcp-go's last report comes after its result, if at all */
    mcpclient_close(client);
}

static void listening(mcpclient *client)
{
    struct inbox inbox = {.lock = PTHREAD_MUTEX_INITIALIZER, .method = "notifications/tools/list_changed"};
    OK(mcpclient_on_notification, client, NULL, take, &inbox, NULL);
    OK(mcpclient_listen, client, "{\"toolsListChanged\":true}");
    answers(client, "change", NULL, "changed");
    comes(&inbox, 1, "{");
    mcpclient_stop_listening(client);
    OK(mcpclient_ping, client);
    mcpclient_close(client);
}

static void *cancel_soon(void *client)
{
    sleep_ms(500);
    mcpclient_cancel(client);
    return NULL;
}

static int heard_cancellations(mcpclient *client)
{
    mcpclient_value *result = NULL;
    int count = atoi(call(client, "cancelled", NULL, &result));
    mcpclient_value_free(result);
    return count;
}

static void cancelling(mcpclient *client)
{
    pthread_t thread;
    int before = heard_cancellations(client);
    double start = seconds_now();
    pthread_create(&thread, NULL, cancel_soon, client);
    EXPECT(MCPCLIENT_ERROR_CANCELLED, mcpclient_call_tool, client, "slow", "{\"seconds\":60}", NULL);
    pthread_join(thread, NULL);
    if (seconds_now() - start > 3)
        complain("the call ended after %.1f s", seconds_now() - start);
    echoes(client);
    if (before < 0)
        return; /* a server whose tools are not told of a cancellation */
    for (int rest = PATIENCE_SECONDS * 10; rest > 0 && heard_cancellations(client) == before; rest--)
        sleep_ms(100);
    if (heard_cancellations(client) == before)
        complain("the server did not hear of the cancellation");
}

static void wrong_token(mcpclient *client)
{
    OK(mcpclient_set_bearer_token, client, "another-token");
    EXPECT(MCPCLIENT_ERROR_UNAUTHORIZED, mcpclient_ping, client);
}

static void restart(mcpclient *client)
{
    char line[8];
    OK(mcpclient_ping, client);
    puts("restart");
    fflush(stdout);
    if (fgets(line, sizeof line, stdin) == NULL)
        complain("the server was not restarted");
    OK(mcpclient_ping, client);
    echoes(client);
}

static const struct {
    const char *name;
    void (*run)(mcpclient *client);
} cases[] = {
    {"ping", ping},           {"tools", tools},           {"progress", progress},
    {"listening", listening}, {"cancelling", cancelling}, {"wrong token", wrong_token},
    {"restart", restart},
};

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: ecosystems URL TOKEN [PROTOCOL_VERSION]\n");
        return 2;
    }
    int failed = 0;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mcpclient_error *error = NULL;
        mcpclient *client = mcpclient_new(argv[1], &error);
        fault[0] = '\0';
        if (ends_with("mcpclient_new", MCPCLIENT_OK, mcpclient_error_status(error), error)) {
            OK(mcpclient_set_protocol_version, client, argv[3]); /* NULL when there is none: negotiate */
            OK(mcpclient_set_bearer_token, client, argv[2]);
            cases[i].run(client);
        }
        mcpclient_free(client);
        printf(fault[0] ? "failed %s: %s\n" : "passed %s\n", cases[i].name, fault);
        fflush(stdout);
        failed |= fault[0] != '\0';
    }
    return failed;
}
