/* What the files of the command share. Each part has one file of the same name. */
#ifndef MCPCLIENT_CLI_H
#define MCPCLIENT_CLI_H

#include <mcpclient.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* A function that ends the program. */
#if defined(__GNUC__)
#define NO_RETURN __attribute__((noreturn, format(printf, 1, 2)))
#else
#define NO_RETURN
#endif

/* Exit statuses; 10 + MCPCLIENT_ERROR_* stands for a failed call. */
enum {
    EXIT_OK = 0,
    EXIT_TOOL_ERROR = 1,
    EXIT_WRONG_USAGE = 2,
    EXIT_STATUS_BASE = 10,
    EXIT_INTERRUPTED = 130,
    NAGIOS_WARNING = 1,
    NAGIOS_CRITICAL = 2,
    NAGIOS_UNKNOWN = 3
};

enum { MAX_REPEATED = 64 };

/* An option that may be repeated. */
struct list {
    const char *items[MAX_REPEATED];
    int count;
};

/* The command line, parsed but not interpreted. Strings belong to argv. */
struct options {
    const char *command;
    const char *target; /* a URL or the name of a configured server; NULL with program */
    char **program;     /* the words after "--"; NULL: none */
    char **words;       /* positional arguments after the target */
    int word_count;

    const char *token_env, *token_file, *token;
    struct list headers;
    const char *issuer, *client_id, *client_secret_file, *client_secret, *key_file, *scopes;

    const char *transport, *protocol_version, *ca_file, *proxy, *config, *args, *state_file;
    const char *client_certificate, *client_key, *redirect_url;
    struct list resources, variables;
    uint32_t timeout_ms, connect_timeout_ms, count, interval_ms, warning_ms;
    bool has_timeout, has_connect_timeout, has_count;
    bool json, quiet, nagios, insecure, insecure_argument, no_browser, paste;
};

/* One command of the table in main.c. */
struct command {
    const char *name, *synopsis, *summary;
    int (*run)(struct options *options);
    bool needs_target;
};

extern const struct command commands[];
extern const size_t command_count;

/* options.c */
void options_parse(struct options *options, int argc, char **argv);
void options_print_help(FILE *to, const char *command);
const char *options_nearest(const char *word, const char *const *candidates, size_t count);
void wrong_usage(const char *format, ...) NO_RETURN;

/* connect.c: a client made from the command line. Exits with a message when it cannot be made. */
mcpclient *connect_client(struct options *options);
mcpclient_config *connect_config(const struct options *options);
const char *connect_store_path(const struct options *options, bool create);
bool connect_is_url(const char *target);

/* session.c: a client with signals, progress and elicitation attached. */
mcpclient *session_begin(struct options *options);
int session_end(mcpclient *client, int exit_status);

/* interrupt.c */
void interrupt_begin(void);
void interrupt_cancels(mcpclient *client);
bool was_interrupted(void);
bool interrupt_sleep_ms(uint32_t ms);               /* false: interrupted */
int interrupt_read_line(char *buffer, size_t size); /* from standard input; -1: its end, or interrupted */

/* progress.c */
void progress_attach(mcpclient *client);
void progress_clear(void);

/* elicit.c */
void elicit_attach(mcpclient *client);

/* output.c */
bool output_is_terminal(FILE *to);
const char *style(FILE *to, const char *code); /* an escape sequence, or "" where colour is off */
void print_clean(FILE *to, const char *text);  /* control characters of a server do not reach a terminal */
void print_wrapped(FILE *to, const char *text, int indent);
void print_value(FILE *to, const mcpclient_value *value, int indent); /* JSON, indented */
void print_line_json(const mcpclient_value *value);
int print_result(const struct options *options, const mcpclient_value *result);
void print_contents(const mcpclient_value *list);
const char *text_at(const mcpclient_value *value, const char *pointer); /* "" where it is absent */

/* failure.c */
int fail(const struct options *options, const char *what, mcpclient_error *error);

/* arguments.c: a JSON object made of key=value words, typed by a JSON schema. Freed by the caller. */
char *arguments_make(const struct options *options, const char *owner, const mcpclient_value *schema, char **words,
                     int count);
char *arguments_read_json(const char *source); /* JSON text, @file or - */
char *read_file(const char *path, const char *what, size_t limit);

/* The commands. */
int run_ping(struct options *options);
int run_info(struct options *options);
int run_servers(struct options *options);
int run_tools(struct options *options);
int run_call(struct options *options);
int run_task(struct options *options);
int run_resources(struct options *options);
int run_read(struct options *options);
int run_prompts(struct options *options);
int run_prompt(struct options *options);
int run_complete(struct options *options);
int run_request(struct options *options);
int run_listen(struct options *options);
int run_login(struct options *options);
int run_logout(struct options *options);

#define ERROR_STATUS(error) (EXIT_STATUS_BASE + (int)mcpclient_error_status(error))

#endif
