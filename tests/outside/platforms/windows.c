/* What differs most on Windows: threads, waiting sockets, deadlines. usage: windows URL TOKEN */
#include <winsock2.h>

#include <mcpclient.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check(bool holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "FAILED: %s\n", what);
        exit(1);
    }
}

/* A port that takes connections and never says a word. */
static void silent_server(char *url, size_t size)
{
    WSADATA data;
    check(WSAStartup(MAKEWORD(2, 2), &data) == 0, "WSAStartup");
    SOCKET listener = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET};
    int length = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    check(bind(listener, (struct sockaddr *)&address, sizeof address) == 0 && listen(listener, 5) == 0, "listen");
    check(getsockname(listener, (struct sockaddr *)&address, &length) == 0, "getsockname");
    snprintf(url, size, "http://127.0.0.1:%u/mcp", (unsigned)ntohs(address.sin_port));
}

static DWORD WINAPI cancel_soon(void *client)
{
    Sleep(300);
    mcpclient_cancel(client);
    return 0;
}

static void deadline_and_cancellation(void)
{
    char url[64];
    silent_server(url, sizeof url);
    mcpclient *client = mcpclient_new(url, NULL);
    check(mcpclient_set_timeout_ms(client, 400, NULL) == MCPCLIENT_OK, "set_timeout_ms");
    ULONGLONG start = GetTickCount64();
    check(mcpclient_ping(client, NULL) == MCPCLIENT_ERROR_TIMEOUT, "a ping ends at its deadline");
    check(GetTickCount64() - start < 2000, "it ends in time");
    mcpclient_free(client);

    client = mcpclient_new(url, NULL);
    HANDLE thread = CreateThread(NULL, 0, cancel_soon, client, 0, NULL);
    start = GetTickCount64();
    check(mcpclient_ping(client, NULL) == MCPCLIENT_ERROR_CANCELLED, "a ping ends when it is cancelled");
    check(GetTickCount64() - start < 2000, "it ends at once");
    WaitForSingleObject(thread, INFINITE);
    CloseHandle(thread);
    mcpclient_free(client);
}

static void tools(const char *url, const char *token)
{
    mcpclient *client = mcpclient_new(url, NULL);
    mcpclient_value *value = NULL;
    check(mcpclient_set_bearer_token(client, token, NULL) == MCPCLIENT_OK, "set_bearer_token");
    check(mcpclient_list_tools(client, &value, NULL) == MCPCLIENT_OK, "list_tools");
    check(strcmp(mcpclient_value_string(value, "/0/name"), "add") == 0, "the first tool is add");
    mcpclient_value_free(value);
    value = NULL;
    check(mcpclient_call_tool(client, "add", "{\"a\":2,\"b\":3}", &value, NULL) == MCPCLIENT_OK, "call_tool");
    check(strstr(mcpclient_value_json(value), "5") != NULL, "2 and 3 are 5");
    mcpclient_value_free(value);
    mcpclient_free(client);
}

/* A rotation is seen by the file's stamp, which differs between systems. */
static void token_file(const char *url, const char *token)
{
    const char *path = "token.txt", *next = "next.txt";
    FILE *file = fopen(path, "w");
    fputs("wrong-token\n", file);
    fclose(file);
    mcpclient *client = mcpclient_new(url, NULL);
    mcpclient_auth *auth = mcpclient_auth_token_file_new(path, NULL);
    check(auth != NULL && mcpclient_set_auth(client, auth, NULL) == MCPCLIENT_OK, "set_auth");
    check(mcpclient_ping(client, NULL) == MCPCLIENT_ERROR_UNAUTHORIZED, "the first token is refused");
    file = fopen(next, "w");
    fprintf(file, "%s\n", token);
    fclose(file);
    check(MoveFileExA(next, path, MOVEFILE_REPLACE_EXISTING), "the token is replaced");
    check(mcpclient_ping(client, NULL) == MCPCLIENT_OK, "the second token is used");
    mcpclient_auth_free(auth);
    mcpclient_free(client);
}

int main(int argc, char **argv)
{
    check(argc == 3, "usage: windows URL TOKEN");
    deadline_and_cancellation();
    tools(argv[1], argv[2]);
    token_file(argv[1], argv[2]);
    puts("everything did what it should");
    return 0;
}
