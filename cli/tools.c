/* tools, call, task. */
#include "cli.h"

#include <stdlib.h>
#include <string.h>

static const char *word(const struct options *options, int at, const char *name)
{
    if (at >= options->word_count)
        wrong_usage("%s: %s is missing", options->command, name);
    return options->words[at];
}

static bool is_required(const mcpclient_value *schema, const char *name)
{
    const mcpclient_value *required = mcpclient_value_at(schema, "/required");
    for (size_t i = 0; i < mcpclient_value_count(required, ""); i++)
        if (strcmp(text_at(mcpclient_value_element(required, i), ""), name) == 0)
            return true;
    return false;
}

/* "integer", "string or null", or nothing where the schema does not say. */
static void print_type(const mcpclient_value *rule)
{
    const mcpclient_value *list = mcpclient_value_at(rule, "/anyOf");
    if (mcpclient_value_type(rule, "/type") == MCPCLIENT_TYPE_STRING) {
        print_clean(stdout, text_at(rule, "/type"));
        return;
    }
    bool is_list = mcpclient_value_type(rule, "/type") == MCPCLIENT_TYPE_ARRAY;
    if (is_list)
        list = mcpclient_value_at(rule, "/type");
    size_t printed = 0;
    for (size_t i = 0; i < mcpclient_value_count(list, ""); i++) {
        const char *name = text_at(mcpclient_value_element(list, i), is_list ? "" : "/type");
        if (name[0] == '\0')
            continue;
        fputs(printed++ == 0 ? "" : " or ", stdout);
        print_clean(stdout, name);
    }
    if (printed == 0)
        fputs("any", stdout);
}

static void print_parameter(const mcpclient_value *schema, size_t index)
{
    const mcpclient_value *properties = mcpclient_value_at(schema, "/properties");
    const char *name = mcpclient_value_key(properties, index);
    const mcpclient_value *rule = mcpclient_value_element(properties, index);
    fputs("      ", stdout);
    print_clean(stdout, name);
    fputs(": ", stdout);
    print_type(rule);
    if (is_required(schema, name))
        fputs(", required", stdout);
    const mcpclient_value *preset = mcpclient_value_at(rule, "/default");
    if (preset != NULL) {
        fputs(", default ", stdout);
        print_clean(stdout, mcpclient_value_json(preset));
    }
    putchar('\n');
    if (text_at(rule, "/description")[0] != '\0')
        print_wrapped(stdout, text_at(rule, "/description"), 10);
}

static void print_tool(const mcpclient_value *tool)
{
    const mcpclient_value *schema = mcpclient_value_at(tool, "/inputSchema");
    printf("%s", style(stdout, "1"));
    print_clean(stdout, text_at(tool, "/name"));
    printf("%s\n", style(stdout, "0"));
    if (text_at(tool, "/description")[0] != '\0')
        print_wrapped(stdout, text_at(tool, "/description"), 4);
    for (size_t i = 0; i < mcpclient_value_count(schema, "/properties"); i++)
        print_parameter(schema, i);
}

static const mcpclient_value *find_tool(const mcpclient_value *tools, const char *name)
{
    for (size_t i = 0; i < mcpclient_value_count(tools, ""); i++) {
        const mcpclient_value *tool = mcpclient_value_element(tools, i);
        if (strcmp(text_at(tool, "/name"), name) == 0)
            return tool;
    }
    return NULL;
}

static void refuse_unknown_tool(const mcpclient_value *tools, const char *name)
{
    enum { MOST = 512 };
    const char *names[MOST];
    size_t count = mcpclient_value_count(tools, "");
    count = count > MOST ? MOST : count;
    for (size_t i = 0; i < count; i++)
        names[i] = mcpclient_value_string(mcpclient_value_element(tools, i), "/name");
    const char *nearest = options_nearest(name, names, count);
    if (nearest != NULL)
        wrong_usage("the server has no tool \"%s\"; did you mean \"%s\"?", name, nearest);
    wrong_usage("the server has no tool \"%s\": mcpclient tools lists what it has", name);
}

int run_tools(struct options *options)
{
    mcpclient *client = session_begin(options);
    mcpclient_error *error = NULL;
    mcpclient_value *tools = NULL;
    if (mcpclient_list_tools(client, &tools, &error) != MCPCLIENT_OK)
        return session_end(client, fail(options, NULL, error));
    const mcpclient_value *only = options->word_count > 0 ? find_tool(tools, options->words[0]) : NULL;
    if (options->word_count > 0 && only == NULL)
        refuse_unknown_tool(tools, options->words[0]);
    if (options->json)
        print_line_json(only != NULL ? only : tools);
    for (size_t i = 0; !options->json && i < mcpclient_value_count(tools, ""); i++) {
        const mcpclient_value *tool = mcpclient_value_element(tools, i);
        if (only == NULL || only == tool || strcmp(text_at(tool, "/name"), options->words[0]) == 0)
            print_tool(tool);
    }
    mcpclient_value_free(tools);
    return session_end(client, EXIT_OK);
}

/* Lists the tools for the schema, unless the arguments come as JSON. NULL with *status set: the list failed. */
static char *tool_arguments(const struct options *options, mcpclient *client, const char *tool, int first, int *status)
{
    mcpclient_error *error = NULL;
    mcpclient_value *tools = NULL;
    if (options->args != NULL)
        return arguments_make(options, tool, NULL, options->words + first, options->word_count - first);
    if (mcpclient_list_tools(client, &tools, &error) != MCPCLIENT_OK) {
        *status = fail(options, "the tool's schema", error);
        return NULL;
    }
    const mcpclient_value *found = find_tool(tools, tool);
    if (found == NULL)
        refuse_unknown_tool(tools, tool);
    char *text = arguments_make(options, tool, mcpclient_value_at(found, "/inputSchema"), options->words + first,
                                options->word_count - first);
    mcpclient_value_free(tools);
    return text;
}

int run_call(struct options *options)
{
    const char *tool = word(options, 0, "TOOL");
    mcpclient *client = session_begin(options);
    mcpclient_error *error = NULL;
    mcpclient_value *result = NULL;
    int status = EXIT_OK;
    char *arguments = tool_arguments(options, client, tool, 1, &status);
    if (arguments == NULL)
        return session_end(client, status);
    if (mcpclient_call_tool(client, tool, arguments, &result, &error) != MCPCLIENT_OK)
        status = fail(options, tool, error);
    progress_clear();
    if (result != NULL)
        status = print_result(options, result);
    mcpclient_value_free(result);
    free(arguments);
    return session_end(client, status);
}

static void print_task(const struct options *options, const mcpclient_value *task)
{
    if (options->json) {
        print_line_json(task);
        return;
    }
    print_value(stdout, task, 0);
    putchar('\n');
}

static int start_task(const struct options *options, mcpclient *client)
{
    const char *tool = word(options, 1, "TOOL");
    mcpclient_error *error = NULL;
    mcpclient_value *task = NULL;
    char *id = NULL;
    int status = EXIT_OK;
    char *arguments = tool_arguments(options, client, tool, 2, &status);
    if (arguments == NULL)
        return status;
    if (mcpclient_start_task(client, tool, arguments, &id, &task, &error) != MCPCLIENT_OK)
        status = fail(options, tool, error);
    else if (options->json)
        print_task(options, task);
    else
        puts(id);
    mcpclient_string_free(id);
    mcpclient_value_free(task);
    free(arguments);
    return status;
}

static int use_task(const struct options *options, mcpclient *client, const char *action)
{
    const char *id = word(options, 1, "ID");
    mcpclient_error *error = NULL;
    mcpclient_value *value = NULL;
    int status = EXIT_OK;
    mcpclient_status outcome;
    if (strcmp(action, "cancel") == 0)
        outcome = mcpclient_cancel_task(client, id, &error);
    else if (strcmp(action, "get") == 0)
        outcome = mcpclient_get_task(client, id, &value, &error);
    else
        outcome = mcpclient_await_task(client, id, &value, &error);
    if (outcome != MCPCLIENT_OK)
        status = fail(options, id, error);
    else if (strcmp(action, "get") == 0)
        print_task(options, value);
    else if (value != NULL)
        status = print_result(options, value);
    mcpclient_value_free(value);
    return status;
}

int run_task(struct options *options)
{
    static const char *const actions[] = {"start", "get", "wait", "cancel"};
    const char *action = word(options, 0, "start, get, wait or cancel");
    bool is_known = false;
    for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++)
        is_known = is_known || strcmp(actions[i], action) == 0;
    if (!is_known)
        wrong_usage("task: \"%s\" is not start, get, wait or cancel", action);
    mcpclient *client = session_begin(options);
    int status = strcmp(action, "start") == 0 ? start_task(options, client) : use_task(options, client, action);
    return session_end(client, status);
}
