/* The command line: options in any order, then a target and its words; "--" begins a server program. */
#include "cli.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static const char options_help[] =
    "TARGET is a URL, the name of a server of the configuration file, or absent when the words after\n"
    "\"--\" are a server program: mcpclient tools -- python3 server.py\n"
    "\n"
    "Credentials\n"
    "  --token-env NAME            bearer token from this environment variable\n"
    "  --token-file FILE           bearer token from this file, read again when it changes\n"
    "  --header 'NAME: VALUE'      a header of every request; ${VAR} in VALUE is an environment variable\n"
    "  --client-id ID              OAuth client; with a secret or key: client credentials\n"
    "  --client-secret-file FILE   its secret\n"
    "  --key-file FILE             its private key, PEM (private_key_jwt)\n"
    "  --issuer URL                the authorization server of --client-id\n"
    "  --scopes 'A B'              OAuth scopes to ask for\n"
    "  --state FILE                where login keeps the grant (default: a file for each server in\n"
    "                              $XDG_STATE_HOME/mcpclient)\n"
    "  --insecure-argument         allow a secret as the value of an argument\n"
    "\n"
    "Connection\n"
    "  --transport NAME            auto (default), http (Streamable HTTP) or sse (HTTP+SSE)\n"
    "  --protocol-version V        speak this MCP revision, such as 2025-11-25 (default: negotiate)\n"
    "  --timeout TIME              limit of one call: 500ms, 30s, 2m; 0: none (default: 30s)\n"
    "  --connect-timeout TIME      limit of one connection (default: 10s)\n"
    "  --ca-file FILE              trust the certificates in this PEM file, not the system's\n"
    "  --client-certificate FILE   TLS client certificate, PEM; with --client-key FILE\n"
    "  --proxy URL                 go through this proxy (default: from the environment; \"\": none)\n"
    "  --insecure                  accept any TLS certificate\n"
    "  --config FILE               configuration file (default: $MCPCLIENT_CONFIG, else\n"
    "                              $XDG_CONFIG_HOME/mcpclient/mcp.json)\n"
    "  --set NAME=VALUE            a variable of the configuration file, such as workspaceFolder\n"
    "\n"
    "Commands\n"
    "  --args JSON|@FILE|-         call, prompt, task: all arguments as one JSON object\n"
    "  --count N                   ping: how often; listen: end after N notifications\n"
    "  --interval TIME             ping: pause between pings (default: 1s)\n"
    "  --resource URI              listen: changes of this resource too (repeatable)\n"
    "  --no-browser                login: print the URL, open no browser\n"
    "  --paste                     login: ask for the URL that the browser was redirected to\n"
    "  --redirect-url URL          login: the registered redirect URL\n"
    "\n"
    "Output\n"
    "  --json                      results as JSON\n"
    "  --quiet                     no output on success\n"
    "  --nagios                    ping: one line with performance data, exit status 0 to 3\n"
    "  --warning TIME              ping --nagios: WARNING above this time\n"
    "  --help, --version\n"
    "\n"
    "Exit status: 0 success; 1 the tool reports an error; 2 wrong usage; 10 + MCPCLIENT_ERROR_* for a\n"
    "failed call, such as 13 (network), 15 (timeout), 17 (unauthorized); 130 interrupted.\n";

void wrong_usage(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("mcpclient: ", stderr);
    vfprintf(stderr, format, arguments);
    fputs("\nTry 'mcpclient --help'.\n", stderr);
    va_end(arguments);
    exit(EXIT_WRONG_USAGE);
}

void options_print_help(FILE *to, const char *name)
{
    if (name == NULL)
        fputs("Usage: mcpclient COMMAND [OPTIONS] [TARGET] [ARGUMENTS] [-- SERVER_PROGRAM...]\n\n", to);
    for (size_t i = 0; i < command_count; i++) {
        if (name == NULL)
            fprintf(to, "  %-10s %s\n", commands[i].name, commands[i].summary);
        else if (strcmp(commands[i].name, name) == 0)
            fprintf(to, "Usage: mcpclient %s [OPTIONS]\n%s.\n", commands[i].synopsis, commands[i].summary);
    }
    fprintf(to, "\n%s", options_help);
}

/* Edit distance of two short words; long ones are never near. */
static size_t distance(const char *a, const char *b)
{
    enum { MOST = 64 };
    size_t row[MOST + 1];
    size_t columns = strlen(b);
    if (strlen(a) > MOST || columns > MOST)
        return MOST;
    for (size_t j = 0; j <= columns; j++)
        row[j] = j;
    for (size_t i = 1; a[i - 1] != '\0'; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= columns; j++) {
            size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = row[j];
            size_t shortest = row[j] + 1;
            shortest = row[j - 1] + 1 < shortest ? row[j - 1] + 1 : shortest;
            row[j] = replaced < shortest ? replaced : shortest;
        }
    }
    return row[columns];
}

const char *options_nearest(const char *word, const char *const *candidates, size_t count)
{
    const char *nearest = NULL;
    size_t least = strlen(word) / 3 + 1;
    for (size_t i = 0; i < count; i++) {
        if (candidates[i] == NULL)
            continue;
        size_t found = distance(word, candidates[i]);
        bool begins = strlen(word) >= 3 && strncmp(word, candidates[i], strlen(word)) == 0;
        if (found <= least || (begins && nearest == NULL)) {
            nearest = candidates[i];
            least = found < least ? found : least;
        }
    }
    return nearest;
}

static uint32_t parse_number(const char *option, const char *text)
{
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || errno != 0 || value > UINT32_MAX)
        wrong_usage("%s: \"%s\" is not a number from 0 to 4294967295", option, text);
    return (uint32_t)value;
}

/* "500ms", "30s", "2m"; a bare number is seconds, as in curl and ping. */
static uint32_t parse_time(const char *option, const char *text)
{
    char *end;
    double value = strtod(text, &end);
    double unit = strcmp(end, "ms") == 0                ? 1
        : strcmp(end, "s") == 0 || strcmp(end, "") == 0 ? 1000
        : strcmp(end, "m") == 0                         ? 60000
                                                        : 0;
    if (*text < '0' || *text > '9' || unit == 0 || !(value * unit <= UINT32_MAX))
        wrong_usage("%s: \"%s\" is not a time such as 500ms, 30s or 2m", option, text);
    uint32_t ms = (uint32_t)(value * unit);
    return ms == 0 && value > 0 ? 1 : ms;
}

static void add(struct list *list, const char *option, const char *item)
{
    if (list->count == MAX_REPEATED)
        wrong_usage("%s is given more than %d times", option, (int)MAX_REPEATED);
    list->items[list->count++] = item;
}

enum kind { FLAG, TEXT, TIME, NUMBER, LIST };

struct rule {
    const char *name;
    enum kind kind;
    void *place;
    bool *given; /* NULL: not asked */
};

/* The option's value is "=VALUE" in the same word, or the next word. */
static int take_option(int argc, char **argv, int at, const struct rule *rules, size_t count)
{
    const char *word = argv[at];
    const char *equals = strchr(word, '=');
    size_t length = equals == NULL ? strlen(word) : (size_t)(equals - word);
    const struct rule *rule = NULL;
    const char *names[64];
    for (size_t i = 0; i < count; i++) {
        names[i] = rules[i].name;
        if (strlen(rules[i].name) == length && strncmp(rules[i].name, word, length) == 0)
            rule = &rules[i];
    }
    if (rule == NULL) {
        char name[64];
        snprintf(name, sizeof name, "%.*s", (int)(length < 63 ? length : 63), word);
        const char *nearest = options_nearest(name, names, count);
        if (nearest != NULL)
            wrong_usage("there is no option %s; did you mean %s?", name, nearest);
        wrong_usage("there is no option %s", name);
    }
    if (rule->kind == FLAG) {
        if (equals != NULL)
            wrong_usage("%s takes no value", rule->name);
        *(bool *)rule->place = true;
        return at;
    }
    if (equals == NULL && at + 1 == argc)
        wrong_usage("%s needs a value", rule->name);
    const char *value = equals == NULL ? argv[++at] : equals + 1;
    if (rule->kind == TEXT)
        *(const char **)rule->place = value;
    else if (rule->kind == TIME)
        *(uint32_t *)rule->place = parse_time(rule->name, value);
    else if (rule->kind == NUMBER)
        *(uint32_t *)rule->place = parse_number(rule->name, value);
    else
        add(rule->place, rule->name, value);
    if (rule->given != NULL)
        *rule->given = true;
    return at;
}

/* A secret in an argument is visible to every user of the machine, in the process list. */
static void refuse_secret_arguments(const struct options *options)
{
    if (options->insecure_argument)
        return;
    if (options->token != NULL)
        wrong_usage(
            "--token shows the token to every user of this machine, in the process list: use --token-env or "
            "--token-file (or add --insecure-argument)");
    if (options->client_secret != NULL)
        wrong_usage(
            "--client-secret shows the secret to every user of this machine, in the process list: use "
            "--client-secret-file (or add --insecure-argument)");
}

static void parse_words(struct options *options, int argc, char **argv)
{
    static bool help, version;
    const struct rule rules[] = {
        {"--token-env", TEXT, &options->token_env, NULL},
        {"--token-file", TEXT, &options->token_file, NULL},
        {"--token", TEXT, &options->token, NULL},
        {"--header", LIST, &options->headers, NULL},
        {"--issuer", TEXT, &options->issuer, NULL},
        {"--client-id", TEXT, &options->client_id, NULL},
        {"--client-secret-file", TEXT, &options->client_secret_file, NULL},
        {"--client-secret", TEXT, &options->client_secret, NULL},
        {"--key-file", TEXT, &options->key_file, NULL},
        {"--scopes", TEXT, &options->scopes, NULL},
        {"--state", TEXT, &options->state_file, NULL},
        {"--insecure-argument", FLAG, &options->insecure_argument, NULL},
        {"--transport", TEXT, &options->transport, NULL},
        {"--protocol-version", TEXT, &options->protocol_version, NULL},
        {"--timeout", TIME, &options->timeout_ms, &options->has_timeout},
        {"--connect-timeout", TIME, &options->connect_timeout_ms, &options->has_connect_timeout},
        {"--ca-file", TEXT, &options->ca_file, NULL},
        {"--client-certificate", TEXT, &options->client_certificate, NULL},
        {"--client-key", TEXT, &options->client_key, NULL},
        {"--proxy", TEXT, &options->proxy, NULL},
        {"--insecure", FLAG, &options->insecure, NULL},
        {"--config", TEXT, &options->config, NULL},
        {"--set", LIST, &options->variables, NULL},
        {"--args", TEXT, &options->args, NULL},
        {"--count", NUMBER, &options->count, &options->has_count},
        {"--interval", TIME, &options->interval_ms, NULL},
        {"--resource", LIST, &options->resources, NULL},
        {"--no-browser", FLAG, &options->no_browser, NULL},
        {"--paste", FLAG, &options->paste, NULL},
        {"--redirect-url", TEXT, &options->redirect_url, NULL},
        {"--json", FLAG, &options->json, NULL},
        {"--quiet", FLAG, &options->quiet, NULL},
        {"--nagios", FLAG, &options->nagios, NULL},
        {"--warning", TIME, &options->warning_ms, NULL},
        {"--help", FLAG, &help, NULL},
        {"--version", FLAG, &version, NULL},
    };
    const size_t count = sizeof rules / sizeof rules[0];
    for (int at = 1; at < argc; at++) {
        if (strcmp(argv[at], "--") == 0) {
            options->program = argv + at + 1;
            if (*options->program == NULL)
                wrong_usage("-- is followed by no command");
            break;
        }
        if (strncmp(argv[at], "--", 2) == 0)
            at = take_option(argc, argv, at, rules, count);
        else if (argv[at][0] == '-' && argv[at][1] != '\0' && options->word_count == 0)
            wrong_usage("there is no option %s: all have two dashes", argv[at]);
        else
            options->words[options->word_count++] = argv[at];
    }
    if (help || (options->word_count == 1 && strcmp(options->words[0], "help") == 0)) {
        options_print_help(stdout, help && options->word_count > 0 ? options->words[0] : NULL);
        exit(EXIT_OK);
    }
    if (version) {
        printf("mcpclient %s\n", mcpclient_version());
        exit(EXIT_OK);
    }
}

void options_parse(struct options *options, int argc, char **argv)
{
    *options = (struct options){.interval_ms = 1000, .count = 1};
    options->words = calloc((size_t)argc + 1, sizeof *options->words);
    if (options->words == NULL)
        wrong_usage("out of memory");
    parse_words(options, argc, argv);
    refuse_secret_arguments(options);
    if (options->word_count == 0) {
        options_print_help(stderr, NULL);
        exit(EXIT_WRONG_USAGE);
    }
    options->command = options->words[0];
    options->words++;
    options->word_count--;
    bool takes_target = strcmp(options->command, "servers") != 0;
    if (takes_target && options->program == NULL && options->word_count > 0) {
        options->target = options->words[0];
        options->words++;
        options->word_count--;
    }
}
