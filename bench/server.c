/* A small MCP server for the benchmark: one thread for each connection, prebuilt answers, no JSON parser, so that the
 * clients are what is measured. Speaks 2025-11-25 over Streamable HTTP; `blob` answers with a text of BLOB letters.
 *
 *   server            prints its port, ends when its stdin closes
 */
#define _POSIX_C_SOURCE 200809L
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define BLOB (10 * 1000 * 1000)

static char *letters;

static int send_all(int fd, const char *bytes, size_t left)
{
    while (left > 0) {
        ssize_t sent = send(fd, bytes, left, MSG_NOSIGNAL);
        if (sent <= 0)
            return -1;
        bytes += sent;
        left -= (size_t)sent;
    }
    return 0;
}

static int answer(int fd, const char *before, size_t letters_wanted, const char *after)
{
    char head[512];
    size_t length = strlen(before) + letters_wanted + strlen(after);
    int n = snprintf(head, sizeof head,
                     "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nMcp-Session-Id: bench\r\n"
                     "Content-Length: %zu\r\n\r\n%s",
                     length, before);
    if (send_all(fd, head, (size_t)n) != 0)
        return -1;
    if (letters_wanted > 0 && send_all(fd, letters, letters_wanted) != 0)
        return -1;
    return *after ? send_all(fd, after, strlen(after)) : 0;
}

static int respond(int fd, const char *body)
{
    char message[256];
    const char *id = strstr(body, "\"id\":");
    long number = id ? strtol(id + 5, NULL, 10) : 0;
    if (!id)
        return send_all(fd, "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n", 45);
    if (strstr(body, "\"initialize\"")) {
        snprintf(message, sizeof message,
                 "{\"jsonrpc\":\"2.0\",\"id\":%ld,\"result\":{\"protocolVersion\":\"2025-11-25\","
                 "\"capabilities\":{\"tools\":{}},\"serverInfo\":{\"name\":\"bench\",\"version\":\"1\"}}}",
                 number);
        return answer(fd, message, 0, "");
    }
    if (strstr(body, "\"blob\"")) {
        snprintf(message, sizeof message,
                 "{\"jsonrpc\":\"2.0\",\"id\":%ld,\"result\":{\"content\":[{\"type\":\"text\",\"text\":\"", number);
        return answer(fd, message, BLOB, "\"}]}}");
    }
    snprintf(message, sizeof message, "{\"jsonrpc\":\"2.0\",\"id\":%ld,\"result\":{}}", number);
    return answer(fd, message, 0, "");
}

static void *serve(void *argument)
{
    int fd = (int)(intptr_t)argument, one = 1;
    static const size_t room = 65536;
    char *request = malloc(room);
    size_t have = 0;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    while (request) {
        request[have] = '\0';
        char *end = strstr(request, "\r\n\r\n"), *length = strstr(request, "ontent-");
        while (length && strncasecmp(length, "ontent-length:", 14) != 0)
            length = strstr(length + 1, "ontent-");
        size_t body = length && end ? strtoul(length + 14, NULL, 10) : 0;
        if (end && have >= (size_t)(end + 4 - request) + body) {
            if (respond(fd, end + 4) != 0)
                break;
            size_t used = (size_t)(end + 4 - request) + body;
            memmove(request, request + used, have - used);
            have -= used;
            continue;
        }
        ssize_t got = have + 1 < room ? recv(fd, request + have, room - 1 - have, 0) : 0;
        if (got <= 0)
            break;
        have += (size_t)got;
    }
    free(request);
    close(fd);
    return NULL;
}

static void *accept_all(void *argument)
{
    int listener = (int)(intptr_t)argument, fd;
    pthread_t thread;
    while ((fd = accept(listener, NULL, NULL)) >= 0)
        if (pthread_create(&thread, NULL, serve, (void *)(intptr_t)fd) == 0)
            pthread_detach(thread);
    return NULL;
}

int main(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    pthread_t thread;
    letters = malloc(BLOB);
    if (!letters || bind(listener, (struct sockaddr *)&address, size) != 0 || listen(listener, 16) != 0)
        return 1;
    memset(letters, 'x', BLOB);
    getsockname(listener, (struct sockaddr *)&address, &size);
    if (pthread_create(&thread, NULL, accept_all, (void *)(intptr_t)listener) != 0)
        return 1;
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    while (getchar() != EOF)
        continue;
    return 0;
}
