/* Makes the client that the command line describes: its target, its limits, its credentials. */
#define _POSIX_C_SOURCE 200809L /* strdup, stat, mkdir */

#include "cli.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

bool connect_is_url(const char *target)
{
    return strstr(target, "://") != NULL;
}

/* Takes the place of the error, not the error: arguments are evaluated in any order. */
static void check(const struct options *options, mcpclient_status status, mcpclient_error **error)
{
    if (status != MCPCLIENT_OK)
        exit(fail(options, NULL, *error));
}

/* "$BASE/mcpclient/NAME", or "$HOME/FALLBACK/mcpclient/NAME". The caller frees it; NULL: no home directory. */
static char *user_path(const char *base_variable, const char *fallback, const char *name)
{
    const char *base = getenv(base_variable);
    const char *home = getenv("HOME");
    if (base == NULL || base[0] != '/')
        base = NULL;
    if (base == NULL && (home == NULL || home[0] == '\0'))
        return NULL;
    const char *root = base == NULL ? home : base;
    size_t size = strlen(root) + strlen(fallback) + strlen(name) + sizeof "//mcpclient/";
    char *path = malloc(size);
    if (path != NULL)
        snprintf(path, size, "%s%s%s/mcpclient/%s", root, base == NULL ? "/" : "", base == NULL ? fallback : "", name);
    return path;
}

/* Makes the folders above path, for this user only. */
static bool make_folders(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        bool made = mkdir(path, 0700) == 0 || errno == EEXIST;
        *slash = '/';
        if (!made)
            return false;
    }
    return true;
}

/* "https://example.com/mcp" as "https___example.com_mcp.json": one file for each server, so that logout removes one. */
static char *default_store_path(const char *target)
{
    char name[256];
    size_t length = 0;
    for (; *target != '\0' && length < sizeof name - sizeof ".json"; target++) {
        bool is_plain = isalnum((unsigned char)*target) != 0 || *target == '.' || *target == '-';
        bool is_hidden = length == 0 && *target == '.';
        name[length] = is_plain && !is_hidden ? *target : '_';
        length++;
    }
    snprintf(name + length, sizeof name - length, ".json");
    return user_path("XDG_STATE_HOME", ".local/state", name);
}

/* The file of this server's grant; NULL when there is none and none is to be made. Lives as long as the process. */
const char *connect_store_path(const struct options *options, bool create)
{
    static char *path;
    if (options->target == NULL && options->state_file == NULL)
        return NULL; /* a program takes no part in OAuth */
    if (path == NULL)
        path = options->state_file != NULL ? strdup(options->state_file) : default_store_path(options->target);
    if (path == NULL)
        wrong_usage("HOME is not set: name the file of the grant with --state FILE");
    struct stat found;
    if (!create)
        return stat(path, &found) == 0 ? path : NULL;
    if (!make_folders(path))
        wrong_usage("%s: its folder cannot be made: %s", path, strerror(errno));
    return path;
}

static void set_config_variable(mcpclient_config *config, const char *assignment)
{
    const char *equals = strchr(assignment, '=');
    char *name = strdup(assignment);
    mcpclient_error *error = NULL;
    if (equals == NULL || equals == assignment || name == NULL)
        wrong_usage("--set: \"%s\" is not of the form NAME=VALUE", assignment);
    name[equals - assignment] = '\0';
    if (mcpclient_config_set_variable(config, name, equals + 1, &error) != MCPCLIENT_OK)
        wrong_usage("--set: %s", mcpclient_error_message(error));
    free(name);
}

/* The configuration file of the command line, the environment or the user's folder, in this order. */
mcpclient_config *connect_config(const struct options *options)
{
    const char *path = options->config != NULL ? options->config : getenv("MCPCLIENT_CONFIG");
    char *default_path = NULL;
    mcpclient_error *error = NULL;
    if (path == NULL || path[0] == '\0')
        path = default_path = user_path("XDG_CONFIG_HOME", ".config", "mcp.json");
    if (path == NULL)
        wrong_usage("HOME is not set: name the configuration file with --config FILE");
    mcpclient_config *config = mcpclient_config_load(path, &error);
    if (config == NULL)
        exit(fail(options, NULL, error));
    for (int i = 0; i < options->variables.count; i++)
        set_config_variable(config, options->variables.items[i]);
    free(default_path);
    return config;
}

/* The callback of a login outside `mcpclient login`: this command asks for none. */
static void refuse_login(void *user_data, mcpclient_login *login)
{
    (void)user_data;
    fprintf(stderr, "mcpclient: %s wants a login: run mcpclient login first\n", mcpclient_login_server(login));
    mcpclient_login_refuse(login);
}

static mcpclient_auth *stored_grants(const struct options *options, mcpclient_error **error)
{
    const char *path = connect_store_path(options, false);
    if (path == NULL)
        return NULL;
    mcpclient_auth *auth = mcpclient_auth_login_new(refuse_login, NULL, NULL, error);
    if (auth != NULL && mcpclient_auth_set_store_file(auth, path, error) != MCPCLIENT_OK) {
        mcpclient_auth_free(auth);
        return NULL;
    }
    return auth;
}

static void trim_end(char *text)
{
    size_t length = strlen(text);
    while (length > 0 && strchr(" \t\r\n", text[length - 1]) != NULL)
        text[--length] = '\0';
}

static mcpclient_auth *client_credentials(const struct options *options, mcpclient_error **error)
{
    if (options->key_file != NULL)
        return mcpclient_auth_private_key_new(options->issuer, options->client_id, options->key_file, error);
    if (options->client_secret != NULL)
        return mcpclient_auth_client_credentials_new(options->issuer, options->client_id, options->client_secret,
                                                     error);
    if (options->client_secret_file == NULL)
        wrong_usage("--client-id needs --client-secret-file or --key-file");
    char *secret = read_file(options->client_secret_file, "--client-secret-file", 65536);
    trim_end(secret);
    mcpclient_auth *auth = mcpclient_auth_client_credentials_new(options->issuer, options->client_id, secret, error);
    volatile char *wiped = secret;
    while (*wiped != '\0')
        *wiped++ = '\0';
    free(secret);
    return auth;
}

static bool has_header_credentials(const struct options *options)
{
    for (int i = 0; i < options->headers.count; i++)
        if (strncasecmp(options->headers.items[i], "authorization:", strlen("authorization:")) == 0)
            return true;
    return false;
}

/* NULL without an error: the command line names no auth object. */
static mcpclient_auth *make_auth(const struct options *options, bool is_configured, mcpclient_error **error)
{
    if (options->token_file != NULL)
        return mcpclient_auth_token_file_new(options->token_file, error);
    if (options->client_id != NULL)
        return client_credentials(options, error);
    if (options->token == NULL && options->token_env == NULL && !is_configured && !has_header_credentials(options))
        return stored_grants(options, error);
    return NULL;
}

static void use_auth(const struct options *options, mcpclient *client)
{
    mcpclient_error *error = NULL;
    bool is_configured = options->target == NULL || !connect_is_url(options->target);
    mcpclient_auth *auth = make_auth(options, is_configured, &error);
    if (error != NULL)
        exit(fail(options, NULL, error));
    if (auth == NULL)
        return;
    if (options->scopes != NULL)
        check(options, mcpclient_auth_set_scopes(auth, options->scopes, &error), &error);
    mcpclient_status status = mcpclient_set_auth(client, auth, &error);
    mcpclient_auth_free(auth);
    check(options, status, &error);
}

static void use_token(const struct options *options, mcpclient *client)
{
    const char *token = options->token;
    mcpclient_error *error = NULL;
    if (options->token_env != NULL) {
        token = getenv(options->token_env);
        if (token == NULL)
            wrong_usage("--token-env: the environment variable %s is not set", options->token_env);
    }
    if (token != NULL)
        check(options, mcpclient_set_bearer_token(client, token, &error), &error);
}

/* Whether a header's value is a credential, judged by its name. */
static bool is_secret_header(const char *name)
{
    static const char *const words[] = {"auth", "token", "key", "secret", "cookie", "password", "credential"};
    size_t length = strlen(name);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        for (size_t at = 0; at + strlen(words[i]) <= length; at++)
            if (strncasecmp(name + at, words[i], strlen(words[i])) == 0)
                return true;
    return false;
}

/* Replaces ${NAME} by the environment's value. The caller frees it. */
static char *expand(const char *text, bool *expanded)
{
    size_t size = 1, used = 0;
    char *out = NULL;
    for (const char *at = text; *at != '\0';) {
        const char *piece = at, *end;
        size_t length = 1;
        char name[128];
        if (strncmp(at, "${", 2) == 0 && (end = strchr(at, '}')) != NULL && (size_t)(end - at) < sizeof name) {
            snprintf(name, sizeof name, "%.*s", (int)(end - at - 2), at + 2);
            piece = getenv(name);
            if (piece == NULL)
                wrong_usage("--header: the environment variable %s is not set", name);
            length = strlen(piece);
            at = end + 1;
            *expanded = true;
        } else {
            at++;
        }
        char *grown = realloc(out, size += length);
        if (grown == NULL)
            wrong_usage("out of memory");
        out = grown;
        memcpy(out + used, piece, length);
        used += length;
    }
    if (out == NULL)
        return strdup("");
    out[used] = '\0';
    return out;
}

static void use_header(const struct options *options, mcpclient *client, const char *line)
{
    const char *colon = strchr(line, ':');
    char *name = strdup(line);
    mcpclient_error *error = NULL;
    if (colon == NULL || colon == line || name == NULL)
        wrong_usage("--header: this is not of the form 'NAME: VALUE'");
    name[colon - line] = '\0';
    bool expanded = false;
    char *value = expand(colon + 1 + strspn(colon + 1, " \t"), &expanded);
    if (!expanded && !options->insecure_argument && is_secret_header(name))
        wrong_usage(
            "--header %s shows a secret to every user of this machine, in the process list: write --header "
            "'%s: ${VARIABLE}' with an environment variable (or add --insecure-argument)",
            name, name);
    check(options, mcpclient_set_header(client, name, value, &error), &error);
    free(value);
    free(name);
}

static mcpclient_transport parse_transport(const char *name)
{
    static const char *const names[] = {"auto", "http", "sse"};
    if (strcmp(name, "auto") == 0)
        return MCPCLIENT_TRANSPORT_AUTO;
    if (strcmp(name, "http") == 0)
        return MCPCLIENT_TRANSPORT_STREAMABLE_HTTP;
    if (strcmp(name, "sse") == 0)
        return MCPCLIENT_TRANSPORT_SSE;
    const char *nearest = options_nearest(name, names, sizeof names / sizeof names[0]);
    wrong_usage("--transport: \"%s\" is not auto, http or sse%s%s", name, nearest ? "; did you mean " : "",
                nearest ? nearest : "");
}

static void apply_settings(const struct options *options, mcpclient *client)
{
    mcpclient_error *error = NULL;
    if (options->transport != NULL)
        check(options, mcpclient_set_transport(client, parse_transport(options->transport), &error), &error);
    if (options->protocol_version != NULL)
        check(options, mcpclient_set_protocol_version(client, options->protocol_version, &error), &error);
    if (options->has_timeout)
        check(options, mcpclient_set_timeout_ms(client, options->timeout_ms, &error), &error);
    if (options->has_connect_timeout)
        check(options, mcpclient_set_connect_timeout_ms(client, options->connect_timeout_ms, &error), &error);
    if (options->ca_file != NULL)
        check(options, mcpclient_set_ca_file(client, options->ca_file, &error), &error);
    if (options->client_certificate != NULL && options->client_key != NULL)
        check(options,
              mcpclient_set_client_certificate(client, options->client_certificate, options->client_key, &error),
              &error);
    else if (options->client_certificate != NULL || options->client_key != NULL)
        wrong_usage("--client-certificate and --client-key are given together");
    if (options->insecure)
        check(options, mcpclient_set_tls_verify(client, false, &error), &error);
    if (options->proxy != NULL)
        check(options, mcpclient_set_proxy(client, options->proxy, &error), &error);
    use_token(options, client);
    for (int i = 0; i < options->headers.count; i++)
        use_header(options, client, options->headers.items[i]);
    use_auth(options, client);
}

static mcpclient *configured_client(const struct options *options, mcpclient_error **error)
{
    mcpclient_config *config = connect_config(options);
    const char *path = connect_store_path(options, false);
    mcpclient_auth *auth = path == NULL ? NULL : stored_grants(options, error);
    mcpclient *client = NULL;
    if (auth == NULL || mcpclient_config_set_auth(config, auth, error) == MCPCLIENT_OK)
        client = mcpclient_config_client_new(config, options->target, error);
    mcpclient_auth_free(auth);
    mcpclient_config_free(config);
    return client;
}

mcpclient *connect_client(struct options *options)
{
    mcpclient_error *error = NULL;
    mcpclient *client;
    if (options->program != NULL)
        client = mcpclient_stdio_new(options->program[0], (const char *const *)options->program + 1, &error);
    else if (connect_is_url(options->target))
        client = mcpclient_new(options->target, &error);
    else
        client = configured_client(options, &error);
    if (client == NULL)
        exit(fail(options, NULL, error));
    apply_settings(options, client);
    return client;
}
