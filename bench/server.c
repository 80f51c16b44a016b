/* A small MCP server for the benchmark: one thread for each connection, prebuilt responses, no JSON parser, so that the
 * clients are what is measured. Speaks 2025-11-25 over Streamable HTTP. The tool `blob` returns a text of "bytes" letters,
 * the tool `table` about 2 MB of objects; `tools/list` has about 60 KB.
 *
 *   server            prints its port, ends when its stdin closes
 */
#define _POSIX_C_SOURCE 200809L
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAX_BLOB = 64 * 1000 * 1000, TOOLS = 50, ROWS = 10000 };

static char *letters, *tools, *table;

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

/* Sends a response whose body consists of three parts. */
static int answer(int fd, const char *before, const char *middle, size_t middle_length, const char *after)
{
    char head[512];
    size_t length = strlen(before) + middle_length + strlen(after);
    int n = snprintf(head, sizeof head,
                     "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nMcp-Session-Id: bench\r\n"
                     "Content-Length: %zu\r\n\r\n%s",
                     length, before);
    if (send_all(fd, head, (size_t)n) != 0)
        return -1;
    if (middle_length > 0 && send_all(fd, middle, middle_length) != 0)
        return -1;
    return *after ? send_all(fd, after, strlen(after)) : 0;
}

/* A growing text. */
struct text {
    char *bytes;
    size_t length, room;
};

static void add(struct text *text, const char *format, ...)
{
    va_list arguments;
    if (text->room - text->length < 4096 && !(text->bytes = realloc(text->bytes, text->room = 2 * text->room + 8192)))
        exit(1);
    va_start(arguments, format);
    text->length += (size_t)vsnprintf(text->bytes + text->length, text->room - text->length, format, arguments);
    va_end(arguments);
}

/* 50 tools, each with a schema of eight properties. */
static char *make_tools(void)
{
    struct text text = {0};
    add(&text, "\"tools\":[");
    for (int i = 0; i < TOOLS; i++) {
        add(&text,
            "%s{\"name\":\"tool_%02d\",\"title\":\"Tool number %d\",\"description\":\"Finds what the archive has",
            i ? "," : "", i, i);
        for (int k = 0; k < 10; k++)
            add(&text, " of shipments and invoices,");
        add(&text, " by caf\\u00e9.\\n\",\"inputSchema\":{\"type\":\"object\",\"properties\":{");
        for (int k = 0; k < 8; k++)
            add(&text,
                "%s\"argument_%d\":{\"type\":\"string\",\"description\":\"What is looked for in the field with this "
                "number\"}",
                k ? "," : "", k);
        add(&text, "},\"required\":[\"argument_0\"],\"additionalProperties\":false}}");
    }
    add(&text, "]");
    return text.bytes;
}

/* Rows of eight members, about 200 bytes each. */
static char *make_table(void)
{
    struct text text = {0};
    add(&text, "\"content\":[{\"type\":\"text\",\"text\":\"rows\"}],\"structuredContent\":{\"rows\":[");
    for (int i = 0; i < ROWS; i++)
        add(&text,
            "%s{\"id\":%d,\"name\":\"customer "
            "%05d\",\"email\":\"customer.%d@example.com\",\"city\":\"%s\",\"active\":%s,"
            "\"balance\":%d.%02d,\"visits\":%d,\"note\":\"shipment, invoice and document of the warehouse%s\"}",
            i ? "," : "", 100000 + i, i, i, i % 3 ? "Lyon" : "Z\xc3\xbcrich", i % 2 ? "true" : "false", i * 7, i % 100,
            i % 1000, i % 10 ? "" : " \\\"caf\\u00e9\\\"");
    add(&text, "]}");
    return text.bytes;
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
        return answer(fd, message, NULL, 0, "");
    }
    snprintf(message, sizeof message, "{\"jsonrpc\":\"2.0\",\"id\":%ld,\"result\":{", number);
    if (strstr(body, "\"tools/list\""))
        return answer(fd, message, tools, strlen(tools), "}}");
    if (strstr(body, "\"table\""))
        return answer(fd, message, table, strlen(table), "}}");
    if (strstr(body, "\"blob\"")) {
        const char *bytes = strstr(body, "\"bytes\":");
        size_t wanted = bytes ? strtoul(bytes + 8, NULL, 10) : 0;
        strcat(message, "\"content\":[{\"type\":\"text\",\"text\":\"");
        return answer(fd, message, letters, wanted < MAX_BLOB ? wanted : MAX_BLOB, "\"}]}}");
    }
    return answer(fd, message, NULL, 0, "}}");
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
    pthread_attr_t small;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 128 * 1024); /* there may be ten thousand */
    while ((fd = accept(listener, NULL, NULL)) >= 0)
        if (pthread_create(&thread, &small, serve, (void *)(intptr_t)fd) == 0)
            pthread_detach(thread);
        else
            close(fd);
    return NULL;
}

int main(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    pthread_t thread;
    letters = malloc(MAX_BLOB);
    if (!letters || bind(listener, (struct sockaddr *)&address, size) != 0 || listen(listener, 512) != 0)
        return 1;
    memset(letters, 'x', MAX_BLOB);
    tools = make_tools(), table = make_table();
    getsockname(listener, (struct sockaddr *)&address, &size);
    if (pthread_create(&thread, NULL, accept_all, (void *)(intptr_t)listener) != 0)
        return 1;
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    while (getchar() != EOF)
        continue;
    return 0;
}
