/* Elicitation: the server asks, a person at the terminal answers. Without a terminal it is not declared. */
#include "cli.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void reply_action(mcpclient_reply *reply, const char *action)
{
    char text[64];
    snprintf(text, sizeof text, "{\"action\":\"%s\"}", action);
    (void)mcpclient_reply_result(reply, text, NULL);
}

static void print_choices(const mcpclient_value *rule)
{
    const mcpclient_value *choices = mcpclient_value_at(rule, "/enum");
    const mcpclient_value *titled = mcpclient_value_at(rule, "/oneOf");
    size_t count = mcpclient_value_count(choices, "");
    for (size_t i = 0; i < count; i++) {
        fprintf(stderr, "%s", i == 0 ? " (" : ", ");
        print_clean(stderr, text_at(mcpclient_value_element(choices, i), ""));
    }
    for (size_t i = 0; i < mcpclient_value_count(titled, ""); i++) {
        fprintf(stderr, "%s", i == 0 ? " (" : ", ");
        print_clean(stderr, text_at(mcpclient_value_element(titled, i), "/const"));
        fputs(": ", stderr);
        print_clean(stderr, text_at(mcpclient_value_element(titled, i), "/title"));
    }
    if (count > 0 || mcpclient_value_count(titled, "") > 0)
        fputc(')', stderr);
}

static void print_question(const char *key, const mcpclient_value *rule, bool is_required)
{
    const char *title = mcpclient_value_string_or(rule, "/title", key);
    print_clean(stderr, title);
    if (text_at(rule, "/description")[0] != '\0') {
        fputs(" - ", stderr);
        print_clean(stderr, text_at(rule, "/description"));
    }
    print_choices(rule);
    const mcpclient_value *preset = mcpclient_value_at(rule, "/default");
    if (preset != NULL) {
        fputs(" [", stderr);
        print_clean(stderr, mcpclient_value_json(preset));
        fputc(']', stderr);
    } else if (!is_required) {
        fputs(" [none]", stderr);
    }
    fputs(": ", stderr);
    fflush(stderr);
}

static bool is_among(const mcpclient_value *rule, const char *text)
{
    const mcpclient_value *choices = mcpclient_value_at(rule, "/enum");
    const mcpclient_value *titled = mcpclient_value_at(rule, "/oneOf");
    size_t plain = mcpclient_value_count(choices, ""), with_title = mcpclient_value_count(titled, "");
    for (size_t i = 0; i < plain; i++)
        if (strcmp(text_at(mcpclient_value_element(choices, i), ""), text) == 0)
            return true;
    for (size_t i = 0; i < with_title; i++)
        if (strcmp(text_at(mcpclient_value_element(titled, i), "/const"), text) == 0)
            return true;
    return plain + with_title == 0;
}

static bool set_array(mcpclient_json *json, const char *pointer, const mcpclient_value *rule, char *text)
{
    const mcpclient_value *items = mcpclient_value_at(rule, "/items");
    char element[600];
    snprintf(element, sizeof element, "%s/-", pointer);
    (void)mcpclient_json_set_json(json, pointer, "[]", NULL);
    for (char *word = strtok(text, ","); word != NULL; word = strtok(NULL, ",")) {
        word += strspn(word, " ");
        if (!is_among(items, word) || mcpclient_json_set_string(json, element, word, NULL) != MCPCLIENT_OK)
            return false;
    }
    return true;
}

/* Whether the text is a value of the rule's type; then it is set. */
static bool set_answer(mcpclient_json *json, const char *pointer, const mcpclient_value *rule, char *text)
{
    const char *type = mcpclient_value_string_or(rule, "/type", "string");
    if (strcmp(type, "boolean") == 0) {
        bool yes = strcmp(text, "y") == 0 || strcmp(text, "yes") == 0 || strcmp(text, "true") == 0;
        bool no = strcmp(text, "n") == 0 || strcmp(text, "no") == 0 || strcmp(text, "false") == 0;
        return (yes || no) && mcpclient_json_set_bool(json, pointer, yes, NULL) == MCPCLIENT_OK;
    }
    if (strcmp(type, "integer") == 0 || strcmp(type, "number") == 0) {
        mcpclient_value *value = mcpclient_value_parse(text, NULL);
        bool fits = mcpclient_value_type(value, "") == MCPCLIENT_TYPE_NUMBER
            && (type[0] == 'n' || strpbrk(text, ".eE") == NULL);
        mcpclient_value_free(value);
        return fits && mcpclient_json_set_json(json, pointer, text, NULL) == MCPCLIENT_OK;
    }
    if (strcmp(type, "array") == 0)
        return set_array(json, pointer, rule, text);
    return is_among(rule, text) && mcpclient_json_set_string(json, pointer, text, NULL) == MCPCLIENT_OK;
}

static bool is_required_key(const mcpclient_value *schema, const char *key)
{
    const mcpclient_value *required = mcpclient_value_at(schema, "/required");
    for (size_t i = 0; i < mcpclient_value_count(required, ""); i++)
        if (strcmp(text_at(mcpclient_value_element(required, i), ""), key) == 0)
            return true;
    return false;
}

/* Asks until the answer fits. false: end of input or Ctrl-C. */
static bool ask(mcpclient_json *json, const mcpclient_value *schema, const char *key, const mcpclient_value *rule)
{
    char line[4096], pointer[512];
    bool is_required = is_required_key(schema, key);
    const mcpclient_value *preset = mcpclient_value_at(rule, "/default");
    snprintf(pointer, sizeof pointer, "/content/%s", key);
    for (;;) {
        print_question(key, rule, is_required);
        int length = interrupt_read_line(line, sizeof line);
        if (length < 0)
            return false;
        if (length == 0 && preset != NULL)
            return mcpclient_json_set_json(json, pointer, mcpclient_value_json(preset), NULL) == MCPCLIENT_OK;
        if (length == 0 && !is_required)
            return true;
        if (length > 0 && set_answer(json, pointer, rule, line))
            return true;
        fprintf(stderr, "Expected: %s.\n", mcpclient_value_string_or(rule, "/type", "string"));
    }
}

static void ask_form(const mcpclient_value *params, mcpclient_reply *reply)
{
    const mcpclient_value *schema = mcpclient_value_at(params, "/requestedSchema");
    const mcpclient_value *properties = mcpclient_value_at(schema, "/properties");
    mcpclient_json *json = mcpclient_json_new(NULL);
    (void)mcpclient_json_set_string(json, "/action", "accept", NULL);
    (void)mcpclient_json_set_json(json, "/content", "{}", NULL);
    for (size_t i = 0; i < mcpclient_value_count(properties, ""); i++) {
        if (!ask(json, schema, mcpclient_value_key(properties, i), mcpclient_value_element(properties, i))) {
            mcpclient_json_free(json);
            reply_action(reply, "cancel");
            return;
        }
    }
    char line[16];
    fputs("Send this? [Y/n] ", stderr);
    int length = interrupt_read_line(line, sizeof line);
    if (length < 0)
        reply_action(reply, "cancel");
    else if (line[0] == 'n' || line[0] == 'N')
        reply_action(reply, "decline");
    else
        (void)mcpclient_reply_result(reply, mcpclient_json_text(json), NULL);
    mcpclient_json_free(json);
}

static void ask_url(const mcpclient_value *params, mcpclient_reply *reply)
{
    char line[16];
    fputs("It asks you to open: ", stderr);
    print_clean(stderr, text_at(params, "/url"));
    fputs("\nOpened it? [y/N] ", stderr);
    int length = interrupt_read_line(line, sizeof line);
    reply_action(reply, length < 0 ? "cancel" : line[0] == 'y' || line[0] == 'Y' ? "accept" : "decline");
}

static void on_elicitation(void *user_data, const char *method, const mcpclient_value *params, mcpclient_reply *reply)
{
    (void)user_data;
    (void)method;
    progress_clear();
    fprintf(stderr, "%sThe server asks:%s ", style(stderr, "1"), style(stderr, "0"));
    print_clean(stderr, text_at(params, "/message"));
    fputc('\n', stderr);
    if (strcmp(text_at(params, "/mode"), "url") == 0)
        ask_url(params, reply);
    else
        ask_form(params, reply);
}

void elicit_attach(mcpclient *client)
{
    if (isatty(STDIN_FILENO) && output_is_terminal(stderr))
        (void)mcpclient_on_request(client, "elicitation/create", on_elicitation, NULL, NULL, NULL);
}
