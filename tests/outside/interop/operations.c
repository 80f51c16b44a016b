/* Everything that a client can ask of a server, asked of a real one through the C API.
 *
 * usage: operations {fastmcp,everything} URL [PROTOCOL_VERSION]
 *
 * Prints "passed CASE" or "failed CASE: why" for each case. The exit status is 1 if any failed.
 */
#define _POSIX_C_SOURCE 200809L

#include "operations.h"

#include <stdlib.h>

/* A tool, its arguments, and what its result must hold. */
struct call {
    const char *tool, *arguments, *text;
};

/* What to ask of one of the servers. */
struct server {
    const char *kind, *name;
    struct call sum, echo, structured, failing, progress, log, elicitation, sampling, roots, change;
    const char *slow_arguments; /* of the tool that reports progress: it takes a minute */
    int steps;                  /* how often it reports */
    const char *resource, *resource_text, *template_uri;
    const char *prompt, *prompt_arguments, *prompt_text;
    const char *completion, *argument, *beginning, *completed;
    const char *form;                   /* how the elicitation is answered */
    const char *filter, *older_filter;  /* what is listened for; up to 2025-11-25 */
    const char *changed, *changed_text; /* the notification of a change */
};

static const struct server servers[] = {
    {
        .kind = "fastmcp",
        .name = "interop",
        .sum = {"add", "{\"a\":40,\"b\":2}", "42"},
        .echo = {"echo", "{\"text\":\"gr\\u00fc\\u00df \\ud83d\\ude00\"}", "gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80"},
        .structured = {"forecast", "{\"city\":\"Bern\"}", "/structuredContent/celsius"},
        .failing = {"fail", "{}", "failed as asked"},
        .progress = {"slow", "{\"seconds\":0.5}", "done"},
        .slow_arguments = "{\"seconds\":60}",
        .steps = 11,
        .log = {"log", "{\"level\":\"warning\",\"message\":\"low on paper\"}", "low on paper"},
        .elicitation = {"ask_name", "{}", "Hello, Ada!"},
        .form = "{\"action\":\"accept\",\"content\":{\"value\":\"Ada\"}}",
        .sampling = {"sample", "{\"prompt\":\"6 times 7?\"}", "forty-two"},
        .roots = {"list_roots", "{}", "file:///srv/data"},
        .change = {"touch_resource", "{\"uri\":\"text://greeting\"}", "touched"},
        .filter = "{\"resourcesListChanged\":true,\"resourceSubscriptions\":[\"text://greeting\"]}",
        .older_filter = "{\"resourcesListChanged\":true}", /* it has no subscriptions, and sends all unasked */
        .changed = "notifications/resources/updated",
        .changed_text = "text://greeting",
        .resource = "text://greeting",
        .resource_text = "Hello, world!",
        .template_uri = "note://{id}",
        .prompt = "travel",
        .prompt_arguments = "{\"city\":\"Lima\"}",
        .prompt_text = "Plan a day in Lima.",
        .completion = "{\"type\":\"ref/prompt\",\"name\":\"travel\"}",
        .argument = "city",
        .beginning = "Li",
        .completed = "[\"Lima\",\"Lisbon\"]",
    },
    {
        .kind = "everything",
        .name = "mcp-servers/everything",
        .sum = {"get-sum", "{\"a\":40,\"b\":2}", "42."},
        .echo = {"echo", "{\"message\":\"gr\\u00fc\\u00df \\ud83d\\ude00\"}", "gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80"},
        .structured = {"get-structured-content", "{\"location\":\"Chicago\"}", "/structuredContent/temperature"},
        .failing = {"get-sum", "{\"a\":\"x\"}", "validation error"},
        .progress = {"trigger-long-running-operation", "{\"duration\":0.5,\"steps\":5}", "completed"},
        .slow_arguments = "{\"duration\":60,\"steps\":60}",
        .steps = 5,
        .log = {"toggle-simulated-logging", "{}", "SessionId"},
        .elicitation = {"trigger-elicitation-request", "{}", "Name: Ada"},
        .form = "{\"action\":\"accept\",\"content\":{\"name\":\"Ada\"}}",
        .sampling = {"trigger-sampling-request", "{\"prompt\":\"6 times 7?\"}", "forty-two"},
        .roots = {"get-roots-list", "{}", "file:///srv/data"},
        .change = {"toggle-subscriber-updates", "{}", "Started"},
        .older_filter = "{\"resourceSubscriptions\":[\"demo://resource/dynamic/text/1\"]}",
        .changed = "notifications/resources/updated",
        .changed_text = "demo://resource/dynamic/text/1",
        .resource = "demo://resource/static/document/features.md",
        .resource_text = "Features",
        .template_uri = "demo://resource/dynamic/text/{resourceId}",
        .prompt = "args-prompt",
        .prompt_arguments = "{\"city\":\"Lima\",\"state\":\"Peru\"}",
        .prompt_text = "Lima, Peru",
        .completion = "{\"type\":\"ref/prompt\",\"name\":\"completable-prompt\"}",
        .argument = "department",
        .beginning = "S",
        .completed = "[\"Sales\",\"Support\"]",
    },
};

static void answers(mcpclient *client, const struct call *call)
{
    mcpclient_value *result = NULL;
    OK(mcpclient_call_tool, client, call->tool, call->arguments, &result);
    for (size_t i = 0; i < mcpclient_value_count(result, "/content"); i++) {
        char pointer[40];
        snprintf(pointer, sizeof pointer, "/content/%lu/text", (unsigned long)i);
        const char *text = mcpclient_value_string(result, pointer);
        if (text != NULL && strstr(text, call->text) != NULL) {
            mcpclient_value_free(result);
            return;
        }
    }
    holds(call->tool, result, "the expected text");
}

/* Whether the protocol is that of 2026-07-28, which has no sessions. */
static bool is_modern(mcpclient *client)
{
    const char *version = mcpclient_protocol_version(client);
    return version != NULL && strcmp(version, "2026-07-28") >= 0;
}

/* The cases. Each has a client of its own. */

static void server_info(const struct server *server, mcpclient *client)
{
    mcpclient_value *info = NULL;
    OK(mcpclient_server_info, client, &info);
    const char *name = mcpclient_value_string(info, "/name");
    if (name == NULL || strcmp(name, server->name) != 0 || mcpclient_value_string(info, "/version") == NULL)
        complain("the server says of itself: %s", mcpclient_value_json(info));
    if (mcpclient_value_count(info, "/capabilities") == 0)
        complain("no capabilities: %s", mcpclient_value_json(info));
    mcpclient_value_free(info);
}

static void tools(const struct server *server, mcpclient *client)
{
    mcpclient_value *tools = NULL;
    OK(mcpclient_list_tools, client, &tools);
    holds("tools", tools, server->sum.tool);
    answers(client, &server->sum);
    answers(client, &server->echo);
    answers(client, &server->failing);
    mcpclient_value *result = NULL;
    double number = 0;
    OK(mcpclient_call_tool, client, server->structured.tool, server->structured.arguments, &result);
    if (!mcpclient_value_double(result, server->structured.text, &number) || number < 1)
        complain("no number at %s in %.300s", server->structured.text, mcpclient_value_json(result));
    mcpclient_value_free(result);
}

static void large_result(const struct server *server, mcpclient *client)
{
    if (strcmp(server->kind, "fastmcp") != 0)
        return; /* nothing there is large */
    mcpclient_value *result = NULL;
    OK(mcpclient_call_tool, client, "big", "{\"bytes\":3000000}", &result);
    const char *text = mcpclient_value_string(result, "/content/0/text");
    if (text == NULL || strlen(text) != 3000000)
        complain("a text of %lu bytes", text == NULL ? 0 : (unsigned long)strlen(text));
    mcpclient_value_free(result);
}

static void resources(const struct server *server, mcpclient *client)
{
    mcpclient_value *resources = NULL, *templates = NULL, *contents = NULL;
    OK(mcpclient_list_resources, client, &resources);
    holds("resources", resources, server->resource);
    OK(mcpclient_list_resource_templates, client, &templates);
    holds("templates", templates, server->template_uri);
    OK(mcpclient_read_resource, client, server->resource, &contents);
    holds("contents", contents, server->resource_text);
    EXPECT(MCPCLIENT_ERROR_RPC, mcpclient_read_resource, client, "nowhere://nothing", NULL);
}

static void prompts(const struct server *server, mcpclient *client)
{
    mcpclient_value *prompts = NULL, *messages = NULL;
    OK(mcpclient_list_prompts, client, &prompts);
    holds("prompts", prompts, server->prompt);
    OK(mcpclient_get_prompt, client, server->prompt, server->prompt_arguments, &messages);
    holds("messages", messages, server->prompt_text);
    EXPECT(MCPCLIENT_ERROR_RPC, mcpclient_get_prompt, client, "nothing", NULL, NULL);
}

static void completion(const struct server *server, mcpclient *client)
{
    mcpclient_value *result = NULL;
    OK(mcpclient_complete, client, server->completion, server->argument, server->beginning, &result);
    holds("completion", result, server->completed);
}

static void any_request(const struct server *server, mcpclient *client)
{
    mcpclient_value *result = NULL;
    OK(mcpclient_request, client, "tools/list", NULL, &result);
    holds("tools/list", result, server->sum.tool);
    if (!is_modern(client)) /* which has no such notification */
        OK(mcpclient_notify, client, "notifications/roots/list_changed", NULL);
    EXPECT(MCPCLIENT_ERROR_RPC, mcpclient_request, client, "interop/no_such_method", "{\"x\":1}", NULL);
    OK(mcpclient_ping, client);
}

static void progress(const struct server *server, mcpclient *client)
{
    struct inbox inbox = {.lock = PTHREAD_MUTEX_INITIALIZER, .method = "notifications/progress"};
    OK(mcpclient_on_notification, client, "notifications/progress", take, &inbox, NULL);
    answers(client, &server->progress);
    /* Within a call, what arrives before the answer is reported before it; over the other transports another thread reports. */
    if (mcpclient_transport_in_use(client) == MCPCLIENT_TRANSPORT_STREAMABLE_HTTP && count_of(&inbox) != server->steps)
        complain("%d reports instead of %d", count_of(&inbox), server->steps);
    comes(&inbox, server->steps, "\"progressToken\"");
    OK(mcpclient_on_notification, client, "notifications/progress", NULL, NULL, NULL);
}

static void logging(const struct server *server, mcpclient *client)
{
    struct inbox inbox = {.lock = PTHREAD_MUTEX_INITIALIZER, .method = "notifications/message"};
    OK(mcpclient_on_notification, client, NULL, take, &inbox, NULL);
    mcpclient_error *error = NULL;
    mcpclient_status status = mcpclient_set_server_log_level(client, "debug", &error);
    /* FastMCP 2 logs, but does not say so, and cannot be told how much. */
    bool unsaid = strcmp(server->kind, "fastmcp") == 0 && status == MCPCLIENT_ERROR_UNSUPPORTED
        && strstr(mcpclient_error_message(error), "logging") != NULL;
    ends_with("mcpclient_set_server_log_level", unsaid ? MCPCLIENT_ERROR_UNSUPPORTED : MCPCLIENT_OK, status, error);
    OK(mcpclient_call_tool, client, server->log.tool, server->log.arguments, NULL);
    /* server-everything names its session, which a program does not have. */
    bool is_program = mcpclient_transport_in_use(client) == MCPCLIENT_TRANSPORT_STDIO;
    comes(&inbox, 1, is_program ? "" : server->log.text);
    mcpclient_close(client);
}

/* Answers with the JSON text that was given. */
static void reply(void *user_data, const char *method, const mcpclient_value *params, mcpclient_reply *reply)
{
    if (strcmp(method, "elicitation/create") == 0 && mcpclient_value_string(params, "/message") == NULL)
        complain("%s without a message: %.300s", method, mcpclient_value_json(params));
    if (strcmp(method, "sampling/createMessage") == 0 && mcpclient_value_count(params, "/messages") != 1)
        complain("%s without a message: %.300s", method, mcpclient_value_json(params));
    OK(mcpclient_reply_result, reply, user_data);
}

static void refuse(void *user_data, const char *method, const mcpclient_value *params, mcpclient_reply *reply)
{
    (void)user_data, (void)method, (void)params;
    OK(mcpclient_reply_error, reply, -1, "not today");
}

static void elicitation(const struct server *server, mcpclient *client)
{
    OK(mcpclient_on_request, client, "elicitation/create", reply, (void *)server->form, NULL);
    answers(client, &server->elicitation);
    mcpclient_value *result = NULL;
    OK(mcpclient_on_request, client, "elicitation/create", reply, "{\"action\":\"decline\"}", NULL);
    OK(mcpclient_call_tool, client, server->elicitation.tool, NULL, &result);
    holds("declined", result, "decline");
}

static void sampling(const struct server *server, mcpclient *client)
{
    const char *message =
        "{\"role\":\"assistant\",\"model\":\"none\",\"stopReason\":\"endTurn\","
        "\"content\":{\"type\":\"text\",\"text\":\"forty-two\"}}";
    OK(mcpclient_on_request, client, "sampling/createMessage", reply, (void *)message, NULL);
    answers(client, &server->sampling);
    /* A refusal is the tool's error, or since 2026-07-28 that of the call; neither harms what follows. */
    OK(mcpclient_on_request, client, "sampling/createMessage", refuse, NULL, NULL);
    mcpclient_value *result = NULL;
    mcpclient_error *error = NULL;
    bool failed = mcpclient_call_tool(client, server->sampling.tool, server->sampling.arguments, &result, &error);
    if (!failed && !(mcpclient_value_bool(result, "/isError", &failed) && failed))
        complain("a refused sample: %.300s", mcpclient_value_json(result));
    mcpclient_error_free(error);
    mcpclient_value_free(result);
    answers(client, &server->sum);
}

static void roots(const struct server *server, mcpclient *client)
{
    const char *list = "{\"roots\":[{\"uri\":\"file:///srv/data\",\"name\":\"data\"}]}";
    OK(mcpclient_on_request, client, "roots/list", reply, (void *)list, NULL);
    answers(client, &server->roots);
}

static void listening(const struct server *server, mcpclient *client)
{
    struct inbox inbox = {.lock = PTHREAD_MUTEX_INITIALIZER, .method = server->changed};
    OK(mcpclient_on_notification, client, NULL, take, &inbox, NULL);
    OK(mcpclient_connect, client);
    OK(mcpclient_listen, client, is_modern(client) ? server->filter : server->older_filter);
    answers(client, &server->change);
    comes(&inbox, 1, server->changed_text);
    mcpclient_stop_listening(client);
    OK(mcpclient_listen, client, NULL);
    mcpclient_stop_listening(client);
    OK(mcpclient_ping, client);
    mcpclient_close(client);
}

static void timing_out(const struct server *server, mcpclient *client)
{
    OK(mcpclient_connect, client);
    OK(mcpclient_set_timeout_ms, client, 500);
    double start = seconds_now();
    EXPECT(MCPCLIENT_ERROR_TIMEOUT, mcpclient_call_tool, client, server->progress.tool, server->slow_arguments, NULL);
    if (seconds_now() - start > 3)
        complain("the time limit of 500 ms was kept after %.1f s", seconds_now() - start);
    OK(mcpclient_set_timeout_ms, client, 30000);
    answers(client, &server->sum);
}

static void *cancel_soon(void *client)
{
    sleep_ms(500);
    mcpclient_cancel(client);
    return NULL;
}

static void cancelling(const struct server *server, mcpclient *client)
{
    pthread_t thread;
    OK(mcpclient_connect, client);
    double start = seconds_now();
    pthread_create(&thread, NULL, cancel_soon, client);
    EXPECT(MCPCLIENT_ERROR_CANCELLED, mcpclient_call_tool, client, server->progress.tool, server->slow_arguments, NULL);
    if (seconds_now() - start > 3)
        complain("cancelled after 0.5 s, it ended after %.1f s", seconds_now() - start);
    pthread_join(thread, NULL);
    answers(client, &server->sum);
}

struct worker {
    const struct server *server;
    mcpclient *client;
    int number;
};

static void *work(void *data)
{
    const struct worker *worker = data;
    char arguments[40], text[40];
    snprintf(arguments, sizeof arguments, "{\"a\":%d,\"b\":1000}", worker->number);
    snprintf(text, sizeof text, "%d", worker->number + 1000);
    struct call sum = {worker->server->sum.tool, arguments, text};
    for (int i = 0; i < 5; i++)
        answers(worker->client, &sum);
    return NULL;
}

static void sixteen_threads(const struct server *server, mcpclient *client)
{
    pthread_t threads[16];
    struct worker workers[16];
    for (int i = 0; i < 16; i++) {
        workers[i] = (struct worker){server, client, i};
        pthread_create(&threads[i], NULL, work, &workers[i]);
    }
    for (int i = 0; i < 16; i++)
        pthread_join(threads[i], NULL);
}

static const struct {
    const char *name;
    void (*run)(const struct server *server, mcpclient *client);
} cases[] = {
    {"server info", server_info},    {"tools", tools},           {"large result", large_result},
    {"resources", resources},        {"prompts", prompts},       {"completion", completion},
    {"any request", any_request},    {"progress", progress},     {"logging", logging},
    {"elicitation", elicitation},    {"sampling", sampling},     {"roots", roots},
    {"listening", listening},        {"timing out", timing_out}, {"cancelling", cancelling},
    {"16 threads", sixteen_threads},
};

static void ignore_line(void *user_data, const char *line)
{
    (void)user_data;
    (void)line;
}

/* Of a URL, or for "-" of the program that the arguments from the fifth on are. */
static mcpclient *client_of(int argc, char **argv, mcpclient_error **error)
{
    if (argc < 5 || strcmp(argv[2], "-") != 0)
        return mcpclient_new(argv[2], error);
    mcpclient *client = mcpclient_stdio_new(argv[4], (const char *const *)argv + 5, error);
    mcpclient_on_stderr(client, ignore_line, NULL, NULL, NULL);
    return client;
}

int main(int argc, char **argv)
{
    const struct server *server = NULL;
    for (size_t i = 0; argc > 2 && i < sizeof servers / sizeof *servers; i++)
        if (strcmp(servers[i].kind, argv[1]) == 0)
            server = &servers[i];
    if (server == NULL) {
        fprintf(stderr,
                "usage: operations {fastmcp,everything} {URL [PROTOCOL_VERSION],- {PROTOCOL_VERSION,-} COMMAND...}\n");
        return 2;
    }
    int failed = 0;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mcpclient_error *error = NULL;
        mcpclient *client = client_of(argc, argv, &error);
        fault[0] = '\0';
        if (ends_with("mcpclient_new", MCPCLIENT_OK, mcpclient_error_status(error), error)) {
            const char *version = argv[3]; /* NULL when there is none: negotiate */
            OK(mcpclient_set_protocol_version, client, version && strcmp(version, "-") == 0 ? NULL : version);
            cases[i].run(server, client);
        }
        mcpclient_free(client);
        printf(fault[0] ? "failed %s: %s\n" : "passed %s\n", cases[i].name, fault);
        fflush(stdout);
        failed |= fault[0] != '\0';
    }
    return failed;
}
