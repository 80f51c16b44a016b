/* login, logout: a grant that outlives the command, in a file of this user. */
#define _POSIX_C_SOURCE 200809L /* fork, setsid, sigprocmask */

#include "cli.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* The program's own choice of browser; forked twice, so that it never becomes a zombie of this process. */
static void open_browser(const char *url)
{
    static const char *const openers[] = {"xdg-open", "open"};
    pid_t child = fork();
    if (child == 0) {
        if (fork() == 0) {
            sigset_t none; /* the commands of this program block signals */
            sigemptyset(&none);
            sigprocmask(SIG_SETMASK, &none, NULL);
            setsid();
            for (size_t i = 0; i < 2; i++)
                execlp(openers[i], openers[i], url, (char *)NULL);
        }
        _exit(0);
    }
    if (child > 0)
        waitpid(child, NULL, 0);
}

static bool has_display(void)
{
#if defined(__APPLE__)
    return true;
#else
    return getenv("DISPLAY") != NULL || getenv("WAYLAND_DISPLAY") != NULL;
#endif
}

static void on_login(void *user_data, mcpclient_login *login)
{
    const struct options *options = user_data;
    const char *url = mcpclient_login_url(login);
    fprintf(stderr, "Log in to %s by opening:\n\n  %s\n\n", mcpclient_login_server(login), url);
    if (!options->no_browser && has_display())
        open_browser(url);
    if (!options->paste)
        return; /* the library waits for the redirect */
    for (;;) {
        char line[8192];
        mcpclient_error *error = NULL;
        fputs("Paste the URL that the browser was redirected to: ", stderr);
        if (interrupt_read_line(line, sizeof line) < 0) {
            mcpclient_login_refuse(login);
            return;
        }
        if (mcpclient_login_finish(login, line, &error) == MCPCLIENT_OK)
            return;
        fprintf(stderr, "%s\n", mcpclient_error_message(error));
        mcpclient_error_free(error);
    }
}

static void set_client(const struct options *options, mcpclient_auth *auth)
{
    mcpclient_error *error = NULL;
    char *secret = NULL;
    if (options->client_secret_file != NULL) {
        secret = read_file(options->client_secret_file, "--client-secret-file", 65536);
        secret[strcspn(secret, "\r\n")] = '\0';
    }
    const char *given = secret != NULL ? secret : options->client_secret;
    if (options->client_id != NULL
        && mcpclient_auth_set_client(auth, options->issuer, options->client_id, given, &error) != MCPCLIENT_OK)
        exit(fail(options, NULL, error));
    free(secret);
    if (options->redirect_url != NULL
        && mcpclient_auth_set_redirect_url(auth, options->redirect_url, &error) != MCPCLIENT_OK)
        exit(fail(options, NULL, error));
    if (options->scopes != NULL && mcpclient_auth_set_scopes(auth, options->scopes, &error) != MCPCLIENT_OK)
        exit(fail(options, NULL, error));
}

static mcpclient_auth *make_login(struct options *options)
{
    mcpclient_error *error = NULL;
    const char *path = connect_store_path(options, true);
    mcpclient_auth *auth = mcpclient_auth_login_new(on_login, options, NULL, &error);
    if (auth == NULL || mcpclient_auth_set_store_file(auth, path, &error) != MCPCLIENT_OK)
        exit(fail(options, NULL, error));
    set_client(options, auth);
    return auth;
}

/* The grants of login take the place of every other credential. */
static mcpclient *login_client(struct options *options, mcpclient_auth *auth)
{
    mcpclient_error *error = NULL;
    options->client_id = NULL;
    options->scopes = NULL;
    mcpclient *client = session_begin(options);
    if (mcpclient_set_auth(client, auth, &error) != MCPCLIENT_OK)
        exit(fail(options, NULL, error));
    return client;
}

int run_login(struct options *options)
{
    mcpclient_error *error = NULL;
    mcpclient_auth *auth = make_login(options);
    mcpclient *client = login_client(options, auth);
    int status = EXIT_OK;
    if (mcpclient_ping(client, &error) != MCPCLIENT_OK)
        status = fail(options, NULL, error);
    else if (!options->quiet)
        puts("OK: logged in");
    mcpclient_auth_free(auth);
    return session_end(client, status);
}

int run_logout(struct options *options)
{
    mcpclient_error *error = NULL;
    mcpclient_auth *auth = make_login(options);
    mcpclient *client = login_client(options, auth);
    int status = EXIT_OK;
    if (mcpclient_auth_forget(auth, &error) != MCPCLIENT_OK)
        status = fail(options, NULL, error);
    else if (!options->quiet)
        puts("OK: logged out");
    mcpclient_auth_free(auth);
    return session_end(client, status);
}
