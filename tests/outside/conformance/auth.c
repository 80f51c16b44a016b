/*
 * Which credentials a scenario is about. The person who logs in is played by a
 * browser that opens the URL and copies where it is sent to.
 */

#define _POSIX_C_SOURCE 200809L

#include "auth.h"

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define CLIENT_METADATA_URL "https://conformance-test.local/client-metadata.json"

static int connect_to(const char *host, const char *port)
{
    struct addrinfo *found = NULL, hints;
    memset(&hints, 0, sizeof hints);
    hints.ai_socktype = SOCK_STREAM;
    int fd = -1;
    if (getaddrinfo(host, port, &hints, &found) != 0)
        return -1;
    for (struct addrinfo *at = found; at && fd < 0; at = at->ai_next) {
        fd = socket(at->ai_family, at->ai_socktype, at->ai_protocol);
        if (fd >= 0 && connect(fd, at->ai_addr, at->ai_addrlen) != 0) {
            close(fd);
            fd = -1;
        }
    }
    freeaddrinfo(found);
    return fd;
}

/* Opens a URL "http://host:port/path" and puts the Location of the response into target. */
static int open_page(const char *url, char *target, size_t size)
{
    char host[256], port[8], response[16384];
    const char *path;
    if (sscanf(url, "http://%255[^:/]:%7[0-9]", host, port) != 2 || !(path = strchr(url + strlen("http://"), '/')))
        return 0;
    int fd = connect_to(host, port);
    if (fd < 0)
        return 0;
    FILE *stream = fdopen(fd, "r+");
    fprintf(stream, "GET %s HTTP/1.1\r\nHost: %s:%s\r\nConnection: close\r\n\r\n", path, host, port);
    fflush(stream);
    int found = 0;
    while (fgets(response, sizeof response, stream) && strcmp(response, "\r\n") != 0) {
        if (strncasecmp(response, "Location: ", strlen("Location: ")) == 0) {
            snprintf(target, size, "%.*s", (int)strcspn(response + strlen("Location: "), "\r\n"),
                     response + strlen("Location: "));
            found = 1;
        }
    }
    fclose(stream);
    return found;
}

static void log_in(void *user_data, mcpclient_login *login)
{
    char target[8192];
    mcpclient_error *error = NULL;
    (void)user_data;
    printf("login for %s\n", mcpclient_login_server(login));
    if (!open_page(mcpclient_login_url(login), target, sizeof target)
        || mcpclient_login_finish(login, target, &error) != MCPCLIENT_OK) {
        printf("no login: %s\n", mcpclient_error_message(error));
        mcpclient_error_free(error);
        mcpclient_login_refuse(login);
    }
}

static mcpclient_auth *login_auth(const char *scenario, const mcpclient_value *context, mcpclient_error **error)
{
    mcpclient_auth *auth = mcpclient_auth_login_new(log_in, NULL, NULL, error);
    const char *client_id = mcpclient_value_string(context, "/client_id");
    if (!auth)
        return NULL;
    mcpclient_auth_set_client_metadata_url(auth, CLIENT_METADATA_URL, NULL);
    if (client_id)
        mcpclient_auth_set_client(auth, mcpclient_value_string(context, "/issuer"), client_id,
                                  mcpclient_value_string(context, "/client_secret"), NULL);
    if (strncmp(scenario, "auth/dpop", strlen("auth/dpop")) == 0)
        mcpclient_auth_set_dpop(auth, MCPCLIENT_DPOP_IF_OFFERED, NULL);
    return auth;
}

/* The suite gives the key as text, a program has it in a file. */
static mcpclient_auth *key_auth(const mcpclient_value *context, mcpclient_error **error)
{
    char path[] = "/tmp/conformance-key-XXXXXX";
    const char *pem = mcpclient_value_string(context, "/private_key_pem");
    int fd = mkstemp(path);
    if (fd < 0 || !pem || write(fd, pem, strlen(pem)) != (ssize_t)strlen(pem))
        return NULL;
    close(fd);
    mcpclient_auth *auth =
        mcpclient_auth_private_key_new(NULL, mcpclient_value_string(context, "/client_id"), path, error);
    unlink(path);
    return auth;
}

static mcpclient_auth *enterprise_auth(const mcpclient_value *context, mcpclient_error **error)
{
    mcpclient_auth *identity = mcpclient_auth_bearer_new(mcpclient_value_string(context, "/idp_id_token"), error);
    mcpclient_auth *auth = identity
        ? mcpclient_auth_enterprise_new(mcpclient_value_string(context, "/idp_issuer"),
                                        mcpclient_value_string(context, "/idp_client_id"), NULL, identity, error)
        : NULL;
    mcpclient_auth_free(identity);
    if (auth)
        mcpclient_auth_set_client(auth, NULL, mcpclient_value_string(context, "/client_id"),
                                  mcpclient_value_string(context, "/client_secret"), NULL);
    return auth;
}

static mcpclient_auth *workload_auth(const mcpclient_value *context, mcpclient_error **error)
{
    mcpclient_auth *identity = mcpclient_auth_bearer_new(mcpclient_value_string(context, "/valid_jwt"), error);
    mcpclient_auth *auth = identity
        ? mcpclient_auth_workload_new(NULL, mcpclient_value_string(context, "/client_id"), identity, error)
        : NULL;
    mcpclient_auth_free(identity);
    return auth;
}

mcpclient_auth *make_auth(const char *scenario, const mcpclient_value *context, mcpclient_error **error)
{
    if (strcmp(scenario, "auth/client-credentials-basic") == 0)
        return mcpclient_auth_client_credentials_new(NULL, mcpclient_value_string(context, "/client_id"),
                                                     mcpclient_value_string(context, "/client_secret"), error);
    if (strcmp(scenario, "auth/client-credentials-jwt") == 0)
        return key_auth(context, error);
    if (strcmp(scenario, "auth/enterprise-managed-authorization") == 0)
        return enterprise_auth(context, error);
    if (strcmp(scenario, "auth/wif-jwt-bearer") == 0)
        return workload_auth(context, error);
    return login_auth(scenario, context, error);
}
