/* resources, read, prompts, prompt, complete. */
#include "cli.h"

#include <stdlib.h>
#include <string.h>

static const char *word(const struct options *options, int at, const char *name)
{
    if (at >= options->word_count)
        wrong_usage("%s: %s is missing", options->command, name);
    return options->words[at];
}

static void print_entry(const mcpclient_value *entry, const char *address)
{
    printf("%s", style(stdout, "1"));
    print_clean(stdout, text_at(entry, address));
    printf("%s", style(stdout, "0"));
    if (strcmp(address, "/name") != 0 && text_at(entry, "/name")[0] != '\0') {
        fputs("  ", stdout);
        print_clean(stdout, text_at(entry, "/name"));
    }
    if (text_at(entry, "/mimeType")[0] != '\0') {
        fputs("  ", stdout);
        print_clean(stdout, text_at(entry, "/mimeType"));
    }
    putchar('\n');
    if (text_at(entry, "/description")[0] != '\0')
        print_wrapped(stdout, text_at(entry, "/description"), 4);
}

/* A server without templates answers "method not found", which is no failure of this command. */
static mcpclient_status list_templates(mcpclient *client, mcpclient_value **templates, mcpclient_error **error)
{
    mcpclient_status status = mcpclient_list_resource_templates(client, templates, error);
    if (status == MCPCLIENT_ERROR_RPC && mcpclient_error_rpc_code(*error) == -32601) {
        mcpclient_error_free(*error);
        *error = NULL;
        return MCPCLIENT_OK;
    }
    return status;
}

int run_resources(struct options *options)
{
    mcpclient *client = session_begin(options);
    mcpclient_error *error = NULL;
    mcpclient_value *resources = NULL, *templates = NULL;
    int status = EXIT_OK;
    if (mcpclient_list_resources(client, &resources, &error) != MCPCLIENT_OK
        || list_templates(client, &templates, &error) != MCPCLIENT_OK) {
        status = fail(options, NULL, error);
    } else if (options->json) {
        mcpclient_json *json = mcpclient_json_new(NULL);
        (void)mcpclient_json_set_json(json, "/resources", mcpclient_value_json(resources), NULL);
        (void)mcpclient_json_set_json(json, "/resourceTemplates", templates ? mcpclient_value_json(templates) : "[]",
                                      NULL);
        puts(mcpclient_json_text(json));
        mcpclient_json_free(json);
    } else {
        for (size_t i = 0; i < mcpclient_value_count(resources, ""); i++)
            print_entry(mcpclient_value_element(resources, i), "/uri");
        for (size_t i = 0; i < mcpclient_value_count(templates, ""); i++)
            print_entry(mcpclient_value_element(templates, i), "/uriTemplate");
    }
    mcpclient_value_free(resources);
    mcpclient_value_free(templates);
    return session_end(client, status);
}

int run_read(struct options *options)
{
    const char *uri = word(options, 0, "URI");
    mcpclient *client = session_begin(options);
    mcpclient_error *error = NULL;
    mcpclient_value *result = NULL;
    if (mcpclient_read_resource(client, uri, &result, &error) != MCPCLIENT_OK)
        return session_end(client, fail(options, uri, error));
    if (options->json)
        print_line_json(result);
    else
        print_contents(mcpclient_value_at(result, "/contents"));
    mcpclient_value_free(result);
    return session_end(client, EXIT_OK);
}

static void print_prompt(const mcpclient_value *prompt)
{
    const mcpclient_value *arguments = mcpclient_value_at(prompt, "/arguments");
    print_entry(prompt, "/name");
    for (size_t i = 0; i < mcpclient_value_count(arguments, ""); i++) {
        const mcpclient_value *argument = mcpclient_value_element(arguments, i);
        bool is_required = false;
        (void)mcpclient_value_bool(argument, "/required", &is_required);
        fputs("      ", stdout);
        print_clean(stdout, text_at(argument, "/name"));
        puts(is_required ? ", required" : "");
        if (text_at(argument, "/description")[0] != '\0')
            print_wrapped(stdout, text_at(argument, "/description"), 10);
    }
}

int run_prompts(struct options *options)
{
    mcpclient *client = session_begin(options);
    mcpclient_error *error = NULL;
    mcpclient_value *prompts = NULL;
    if (mcpclient_list_prompts(client, &prompts, &error) != MCPCLIENT_OK)
        return session_end(client, fail(options, NULL, error));
    if (options->json)
        print_line_json(prompts);
    for (size_t i = 0; !options->json && i < mcpclient_value_count(prompts, ""); i++)
        print_prompt(mcpclient_value_element(prompts, i));
    mcpclient_value_free(prompts);
    return session_end(client, EXIT_OK);
}

/* Prompts take strings only. */
static char *prompt_arguments(const struct options *options, const char *name)
{
    if (options->args != NULL || options->word_count == 1)
        return options->args == NULL ? NULL
                                     : arguments_make(options, name, NULL, options->words + 1, options->word_count - 1);
    mcpclient_json *schema = mcpclient_json_new(NULL);
    (void)mcpclient_json_set_json(schema, "/properties", "{}", NULL);
    for (int i = 1; i < options->word_count; i++) {
        char pointer[300];
        int length = (int)strcspn(options->words[i], "=");
        snprintf(pointer, sizeof pointer, "/properties/%.*s/type", length > 250 ? 250 : length, options->words[i]);
        (void)mcpclient_json_set_string(schema, pointer, "string", NULL);
    }
    mcpclient_value *rules = mcpclient_value_parse(mcpclient_json_text(schema), NULL);
    char *text = arguments_make(options, name, rules, options->words + 1, options->word_count - 1);
    mcpclient_value_free(rules);
    mcpclient_json_free(schema);
    return text;
}

int run_prompt(struct options *options)
{
    const char *name = word(options, 0, "NAME");
    mcpclient *client = session_begin(options);
    mcpclient_error *error = NULL;
    mcpclient_value *result = NULL;
    char *arguments = prompt_arguments(options, name);
    mcpclient_status status = mcpclient_get_prompt(client, name, arguments, &result, &error);
    free(arguments);
    if (status != MCPCLIENT_OK)
        return session_end(client, fail(options, name, error));
    if (options->json)
        print_line_json(result);
    const mcpclient_value *messages = mcpclient_value_at(result, "/messages");
    for (size_t i = 0; !options->json && i < mcpclient_value_count(messages, ""); i++) {
        const mcpclient_value *message = mcpclient_value_element(messages, i);
        const mcpclient_value *content = mcpclient_value_at(message, "/content");
        printf("%s", style(stdout, "1"));
        print_clean(stdout, text_at(message, "/role"));
        printf(":%s ", style(stdout, "0"));
        print_clean(stdout, mcpclient_value_string_or(content, "/text", mcpclient_value_json(content)));
        putchar('\n');
    }
    mcpclient_value_free(result);
    return session_end(client, EXIT_OK);
}

int run_complete(struct options *options)
{
    const char *kind = word(options, 0, "prompt or resource");
    const char *name = word(options, 1, "NAME");
    const char *argument = word(options, 2, "ARGUMENT");
    const char *begin = options->word_count > 3 ? options->words[3] : "";
    bool is_prompt = strcmp(kind, "prompt") == 0;
    if (!is_prompt && strcmp(kind, "resource") != 0)
        wrong_usage("complete: \"%s\" is not prompt or resource", kind);
    mcpclient *client = session_begin(options);
    mcpclient_error *error = NULL;
    mcpclient_value *result = NULL;
    mcpclient_json *reference = mcpclient_json_new(NULL);
    (void)mcpclient_json_set_string(reference, "/type", is_prompt ? "ref/prompt" : "ref/resource", NULL);
    (void)mcpclient_json_set_string(reference, is_prompt ? "/name" : "/uri", name, NULL);
    mcpclient_status status =
        mcpclient_complete(client, mcpclient_json_text(reference), argument, begin, &result, &error);
    mcpclient_json_free(reference);
    if (status != MCPCLIENT_OK)
        return session_end(client, fail(options, name, error));
    if (options->json)
        print_line_json(result);
    const mcpclient_value *values = mcpclient_value_at(result, "/completion/values");
    for (size_t i = 0; !options->json && i < mcpclient_value_count(values, ""); i++) {
        print_clean(stdout, text_at(mcpclient_value_element(values, i), ""));
        putchar('\n');
    }
    mcpclient_value_free(result);
    return session_end(client, EXIT_OK);
}
