/*
 * The client that the MCP conformance suite tests: it uses what the server
 * offers. Everything that the protocol asks of a client is the library's work;
 * what stands here is only what is called, and with which arguments.
 *
 * usage: conformance-client [--negotiate] URL
 *
 * With --negotiate the library finds out which revision the server speaks,
 * instead of being told the one that is tested.
 *
 * environment, set by the suite:
 *   MCP_CONFORMANCE_SCENARIO          the scenario's name
 *   MCP_CONFORMANCE_CONTEXT           JSON: "toolCalls" says which tools to call, and with which arguments; the rest is
 *                                     about the credentials
 *   MCP_CONFORMANCE_PROTOCOL_VERSION  the revision that is tested
 */

#include "auth.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures;

/* Prints how a call ended, and counts failures. A feature that the server lacks is none. */
/* Takes the place of the error: an argument beside the call could be read before the call sets it. */
static int check(const char *what, const char *which, mcpclient_status status, mcpclient_error **error)
{
    printf("%s %s: %s %s\n", what, which, mcpclient_status_name(status), mcpclient_error_message(*error));
    mcpclient_error_free(*error);
    *error = NULL;
    failures += status != MCPCLIENT_OK && status != MCPCLIENT_ERROR_UNSUPPORTED;
    return status == MCPCLIENT_OK;
}

/* Answers every form as a user does who changes nothing. */
static void accept_form(void *user_data, const char *method, const mcpclient_value *params, mcpclient_reply *reply)
{
    (void)user_data, (void)method, (void)params;
    mcpclient_reply_result(reply, "{\"action\":\"accept\",\"content\":{}}", NULL);
}

static void call_tool(mcpclient *client, const char *name, const char *arguments)
{
    mcpclient_error *error = NULL;
    mcpclient_value *result = NULL;
    mcpclient_status status = mcpclient_call_tool(client, name, arguments, &result, &error);
    if (check("call", name, status, &error))
        printf("%s\n", mcpclient_value_json(result));
    mcpclient_value_free(result);
}

/* A string inside the element at an index of a list; NULL when there is none. */
static const char *string_of(const mcpclient_value *list, size_t index, const char *member)
{
    char pointer[80];
    snprintf(pointer, sizeof pointer, "/%lu/%s", (unsigned long)index, member);
    return mcpclient_value_string(list, pointer);
}

/* Calls the tools that the suite names, with its arguments. */
static void make_calls(mcpclient *client, const mcpclient_value *calls)
{
    for (size_t i = 0; string_of(calls, i, "name"); i++) {
        char pointer[80];
        snprintf(pointer, sizeof pointer, "/%lu/arguments", (unsigned long)i);
        mcpclient_value *arguments = mcpclient_value_copy(calls, pointer, NULL);
        call_tool(client, string_of(calls, i, "name"), arguments ? mcpclient_value_json(arguments) : NULL);
        mcpclient_value_free(arguments);
    }
}

/* Sends the schema of one tool back to the server through another, as it was understood here. */
static void echo_schema(mcpclient *client, const mcpclient_value *tools)
{
    for (size_t i = 0; string_of(tools, i, "name"); i++) {
        if (strcmp(string_of(tools, i, "name"), "json_schema_2020_12_tool") != 0)
            continue;
        char pointer[80];
        snprintf(pointer, sizeof pointer, "/%lu/inputSchema", (unsigned long)i);
        mcpclient_value *schema = mcpclient_value_copy(tools, pointer, NULL);
        const char *json = mcpclient_value_json(schema);
        char *arguments = malloc(strlen(json) + sizeof "{\"schema\":}");
        if (arguments) {
            sprintf(arguments, "{\"schema\":%s}", json);
            call_tool(client, "json_schema_echo", arguments);
        }
        free(arguments);
        mcpclient_value_free(schema);
    }
}

static void use_tools(mcpclient *client, const char *scenario, const mcpclient_value *calls)
{
    mcpclient_error *error = NULL;
    mcpclient_value *tools = NULL;
    if (!check("list", "tools", mcpclient_list_tools(client, &tools, &error), &error))
        return;
    if (mcpclient_value_count(calls, "") > 0)
        make_calls(client, calls);
    else if (strcmp(scenario, "json-schema-2020-12-preservation") == 0)
        echo_schema(client, tools);
    else if (strcmp(scenario, "json-schema-ref-no-deref") != 0) /* its server can list, not call */
        for (size_t i = 0; string_of(tools, i, "name"); i++)
            call_tool(client, string_of(tools, i, "name"), "{\"a\":2,\"b\":3,\"region\":\"eu\"}");
    mcpclient_value_free(tools);
}

static void use_resources(mcpclient *client)
{
    mcpclient_error *error = NULL;
    mcpclient_value *resources = NULL;
    if (!check("list", "resources", mcpclient_list_resources(client, &resources, &error), &error))
        return;
    for (size_t i = 0; string_of(resources, i, "uri"); i++) {
        const char *uri = string_of(resources, i, "uri");
        error = NULL;
        check("read", uri, mcpclient_read_resource(client, uri, NULL, &error), &error);
    }
    mcpclient_value_free(resources);
}

static void use_prompts(mcpclient *client)
{
    mcpclient_error *error = NULL;
    mcpclient_value *prompts = NULL;
    if (!check("list", "prompts", mcpclient_list_prompts(client, &prompts, &error), &error))
        return;
    for (size_t i = 0; string_of(prompts, i, "name"); i++) {
        const char *name = string_of(prompts, i, "name");
        error = NULL;
        check("get", name, mcpclient_get_prompt(client, name, NULL, NULL, &error), &error);
    }
    mcpclient_value_free(prompts);
}

/* Whether the server has a capability: an object, mostly an empty one. */
static int offers(const mcpclient_value *info, const char *capability)
{
    mcpclient_value *value = mcpclient_value_copy(info, capability, NULL);
    mcpclient_value_free(value);
    return value != NULL;
}

int main(int argc, char **argv)
{
    const char *scenario = getenv("MCP_CONFORMANCE_SCENARIO");
    const char *context = getenv("MCP_CONFORMANCE_CONTEXT");
    const char *revision = getenv("MCP_CONFORMANCE_PROTOCOL_VERSION");
    mcpclient_error *error = NULL;
    mcpclient *client = argc > 1 && scenario ? mcpclient_new(argv[argc - 1], &error) : NULL;
    if (!client) {
        fprintf(stderr, "usage: MCP_CONFORMANCE_SCENARIO=name conformance-client URL\n%s\n",
                mcpclient_error_message(error));
        mcpclient_error_free(error);
        return 2;
    }
    mcpclient_set_client_info(client, "conformance-client", mcpclient_version(), NULL);
    mcpclient_on_request(client, "elicitation/create", accept_form, NULL, NULL, NULL);
    if (strcmp(argv[1], "--negotiate") != 0)
        check("pin", revision, mcpclient_set_protocol_version(client, revision, &error), &error);

    mcpclient_value *whole = mcpclient_value_parse(context ? context : "{}", NULL);
    if (strncmp(scenario, "auth/", strlen("auth/")) == 0) {
        error = NULL;
        mcpclient_auth *auth = make_auth(scenario, whole, &error);
        check("set auth", scenario, auth ? mcpclient_set_auth(client, auth, &error) : mcpclient_error_status(error),
              &error);
        mcpclient_auth_free(auth);
    }

    mcpclient_value *info = NULL;
    error = NULL;
    if (check("connect", argv[argc - 1], mcpclient_server_info(client, &info, &error), &error)) {
        mcpclient_value *calls = mcpclient_value_copy(whole, "/toolCalls", NULL);
        use_tools(client, scenario, calls);
        if (offers(info, "/capabilities/resources"))
            use_resources(client);
        if (offers(info, "/capabilities/prompts"))
            use_prompts(client);
        mcpclient_value_free(calls);
    }
    mcpclient_value_free(info);
    mcpclient_value_free(whole);
    mcpclient_free(client);
    return failures ? 1 : 0;
}
