/* Compares this library with the same requests written by hand on libcurl (compile with -DWITH_CURL) and yyjson (with
 * -DWITH_YYJSON too; otherwise libcurl only receives). Both talk to one server in turns, and what counts is the ratio
 * within a round: absolute figures drift with the machine. Prints a Markdown table.
 *
 *   bench URL                compares
 *   bench URL ping|list N    only N calls of this library, for instruction counts
 *   bench URL growth         this library alone with more threads, clients and bytes: lines of "what,count,value"
 */
#define _POSIX_C_SOURCE 200809L
#include <mcpclient.h>

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>
#ifdef WITH_CURL
#include <curl/curl.h>
#endif
#ifdef WITH_YYJSON
#include <yyjson.h>
#endif

enum {
    ROUNDS = 7,
    WARM = 200,
    PINGS = 3000,
    LISTS = 200,
    TABLES = 20,
    BLOBS = 10,
    MOST = 4000,
    ROWS = 10000,
    TOOLS = 50
};
static const size_t blob_bytes = 10 * 1000 * 1000;

struct peer {
    const char *name;
    int (*ping)(void);
    int (*list)(void);
    int (*table)(void);
    int (*blob)(void);
    double ping_us[ROUNDS], ping_cpu_us[ROUNDS], list_us[ROUNDS], table_ms[ROUNDS], blob_ms[ROUNDS];
};

static void fail(const char *what, const char *why)
{
    fprintf(stderr, "bench: %s: %s\n", what, why);
    exit(1);
}

/* ---- this library ---- */

static mcpclient *client;

static mcpclient *open_client(const char *url)
{
    mcpclient_error *error = NULL;
    mcpclient *opened = mcpclient_new(url, &error);
    if (!opened || mcpclient_set_bearer_token(opened, "bench-token", &error) != MCPCLIENT_OK
        || mcpclient_set_protocol_version(opened, "2025-11-25", &error) != MCPCLIENT_OK
        || mcpclient_connect(opened, &error) != MCPCLIENT_OK)
        fail("libmcpclient", mcpclient_error_message(error));
    return opened;
}

static int ours_ping(void)
{
    return mcpclient_ping(client, NULL) == MCPCLIENT_OK;
}

/* The names and descriptions of all tools. */
static int ours_list(void)
{
    mcpclient_value *tools = NULL;
    size_t seen = 0;
    if (mcpclient_list_tools(client, &tools, NULL) != MCPCLIENT_OK)
        return 0;
    for (size_t i = 0, n = mcpclient_value_count(tools, ""); i < n; i++) {
        const mcpclient_value *tool = mcpclient_value_element(tools, i);
        seen += mcpclient_value_string(tool, "/name") && mcpclient_value_string(tool, "/description");
    }
    mcpclient_value_free(tools);
    return seen == TOOLS;
}

/* Three fields of every row. */
static int ours_table(void)
{
    mcpclient_value *result = NULL;
    size_t seen = 0;
    double balance;
    bool active;
    if (mcpclient_call_tool(client, "table", NULL, &result, NULL) != MCPCLIENT_OK)
        return 0;
    const mcpclient_value *rows = mcpclient_value_at(result, "/structuredContent/rows");
    for (size_t i = 0, n = mcpclient_value_count(rows, ""); i < n; i++) {
        const mcpclient_value *row = mcpclient_value_element(rows, i);
        seen += mcpclient_value_string(row, "/name") && mcpclient_value_double(row, "/balance", &balance)
            && mcpclient_value_bool(row, "/active", &active);
    }
    mcpclient_value_free(result);
    return seen == ROWS;
}

static int blob(mcpclient *from, size_t bytes)
{
    char arguments[64];
    mcpclient_value *result = NULL;
    snprintf(arguments, sizeof arguments, "{\"bytes\":%zu}", bytes);
    if (mcpclient_call_tool(from, "blob", arguments, &result, NULL) != MCPCLIENT_OK)
        return 0;
    const char *text = mcpclient_value_string(result, "/content/0/text");
    int whole = text && strlen(text) == bytes;
    mcpclient_value_free(result);
    return whole;
}

static int ours_blob(void)
{
    return blob(client, blob_bytes);
}

/* ---- libcurl: a text is received and kept; objects are parsed by yyjson, if it is there ---- */

#ifdef WITH_CURL
static CURL *curl;
static size_t received;
static char *body; /* what was received, as a caller would keep it */

static size_t keep(char *bytes, size_t size, size_t count, void *unused)
{
    (void)unused;
    if (received + size * count <= blob_bytes + 4096)
        memcpy(body + received, bytes, size * count);
    received += size * count;
    return size * count;
}

static int post(const char *json)
{
    long status = 0;
    received = 0;
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, json);
    if (curl_easy_perform(curl) != CURLE_OK)
        return 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    return status / 100 == 2;
}

static void curl_open(const char *url)
{
    static struct curl_slist *headers;
    headers = curl_slist_append(headers, "Authorization: Bearer bench-token");
    headers = curl_slist_append(headers, "Content-Type: application/json");
    headers = curl_slist_append(headers, "Accept: application/json, text/event-stream");
    headers = curl_slist_append(headers, "MCP-Protocol-Version: 2025-11-25");
    headers = curl_slist_append(headers, "Mcp-Session-Id: bench");
    curl = curl_easy_init();
    body = malloc(blob_bytes + 4096);
    if (!curl || !body)
        fail("libcurl", "no memory");
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, keep);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, 30000L);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
}

static int curl_ping(void)
{
    return post("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}");
}

#ifdef WITH_YYJSON
static int curl_list(void)
{
    size_t seen = 0, i, n;
    yyjson_val *tool;
    if (!post("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\"}"))
        return 0;
    yyjson_doc *document = yyjson_read(body, received, 0);
    yyjson_val *result = yyjson_obj_get(yyjson_doc_get_root(document), "result");
    yyjson_arr_foreach(yyjson_obj_get(result, "tools"), i, n, tool) seen +=
        yyjson_get_str(yyjson_obj_get(tool, "name")) && yyjson_get_str(yyjson_obj_get(tool, "description"));
    yyjson_doc_free(document);
    return seen == TOOLS;
}

static int curl_table(void)
{
    size_t seen = 0, i, n;
    yyjson_val *row;
    if (!post("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"table\"}}"))
        return 0;
    yyjson_doc *document = yyjson_read(body, received, 0);
    yyjson_val *result = yyjson_obj_get(yyjson_doc_get_root(document), "result");
    yyjson_arr_foreach(yyjson_obj_get(yyjson_obj_get(result, "structuredContent"), "rows"), i, n, row) seen +=
        yyjson_get_str(yyjson_obj_get(row, "name")) && yyjson_is_num(yyjson_obj_get(row, "balance"))
        && yyjson_is_bool(yyjson_obj_get(row, "active"));
    yyjson_doc_free(document);
    return seen == ROWS;
}
#else
static int curl_list(void)
{
    return post("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\"}");
}

static int curl_table(void)
{
    return post("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"table\"}}");
}
#endif

static int curl_blob(void)
{
    return post(
               "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"blob\","
               "\"arguments\":{\"bytes\":10000000}}}")
        && received > blob_bytes;
}
#endif

/* ---- measuring ---- */

static double now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static double cpu_us(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e6 + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(const double *values, size_t n)
{
    double sorted[MOST];
    memcpy(sorted, values, n * sizeof *values);
    qsort(sorted, n, sizeof *sorted, by_size);
    return sorted[n / 2];
}

static double times(const struct peer *peer, int (*call)(void), size_t n)
{
    static double spent[MOST];
    for (size_t i = 0; i < n; i++) {
        double start = now_us();
        if (!call())
            fail(peer->name, "a call failed");
        spent[i] = now_us() - start;
    }
    return median(spent, n);
}

static void run_round(struct peer *peer, int round)
{
    times(peer, peer->ping, WARM);
    double cpu = cpu_us();
    peer->ping_us[round] = times(peer, peer->ping, PINGS);
    peer->ping_cpu_us[round] = (cpu_us() - cpu) / PINGS;
    peer->list_us[round] = times(peer, peer->list, LISTS);
    peer->table_ms[round] = times(peer, peer->table, TABLES) / 1e3;
    peer->blob_ms[round] = times(peer, peer->blob, BLOBS) / 1e3;
}

static double ratio(const double *one, const double *other)
{
    double ratios[ROUNDS];
    for (int i = 0; i < ROUNDS; i++)
        ratios[i] = one[i] / other[i];
    return median(ratios, ROUNDS);
}

static void print(const char *what, const double *ours, const double *theirs)
{
    if (theirs)
        printf("| %s | %.1f | %.1f | %.2f |\n", what, median(ours, ROUNDS), median(theirs, ROUNDS),
               ratio(ours, theirs));
    else
        printf("| %s | %.1f | - | - |\n", what, median(ours, ROUNDS));
}

static void compare(const char *url)
{
    struct peer ours = {
        .name = "libmcpclient", .ping = ours_ping, .list = ours_list, .table = ours_table, .blob = ours_blob};
    struct peer *theirs = NULL;
    (void)url;
#ifdef WITH_CURL
    struct peer with_curl = {
        .name = "libcurl", .ping = curl_ping, .list = curl_list, .table = curl_table, .blob = curl_blob};
    theirs = &with_curl;
    curl_open(url);
#endif
    for (int round = 0; round < ROUNDS; round++) {
        run_round(&ours, round);
        if (theirs)
            run_round(theirs, round);
    }
#ifdef WITH_YYJSON
    const char *parser = "libcurl with yyjson";
#else
    const char *parser = "libcurl";
#endif
    printf("| | libmcpclient %s | %s | ratio |\n|---|---:|---:|---:|\n", mcpclient_version(), parser);
    print("ping, median, µs", ours.ping_us, theirs ? theirs->ping_us : NULL);
    print("ping, CPU, µs", ours.ping_cpu_us, theirs ? theirs->ping_cpu_us : NULL);
    print("tools/list of 60 KB, µs", ours.list_us, theirs ? theirs->list_us : NULL);
    print("2 MB of objects, ms", ours.table_ms, theirs ? theirs->table_ms : NULL);
    print("10 MB of text, ms", ours.blob_ms, theirs ? theirs->blob_ms : NULL);
}

/* ---- growth ---- */

static void *ping_for(void *count)
{
    for (intptr_t i = 0; i < (intptr_t)count; i++)
        if (!ours_ping())
            fail("libmcpclient", "a call failed");
    return NULL;
}

/* Pings a second, of threads that share one client. */
static double ping_rate(int threads)
{
    enum { EACH = 3000, MOST_THREADS = 64 };
    pthread_t running[MOST_THREADS];
    double begun = now_us();
    for (int i = 0; i < threads; i++)
        pthread_create(&running[i], NULL, ping_for, (void *)(intptr_t)EACH);
    for (int i = 0; i < threads; i++)
        pthread_join(running[i], NULL);
    return EACH * threads / (now_us() - begun) * 1e6;
}

static double resident_kib(void)
{
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (!file || fscanf(file, "%*s %ld", &pages) != 1)
        pages = 0;
    if (file)
        fclose(file);
    return (double)pages * (double)sysconf(_SC_PAGESIZE) / 1024;
}

/* KiB of memory and microseconds for each of so many clients, connected and with one ping behind them. */
static void many_clients(const char *url, size_t count)
{
    mcpclient **clients = calloc(count, sizeof(mcpclient *));
    double before = resident_kib(), begun = now_us();
    for (size_t i = 0; clients && i < count; i++) {
        clients[i] = open_client(url);
        if (mcpclient_ping(clients[i], NULL) != MCPCLIENT_OK)
            fail("libmcpclient", "a ping failed");
    }
    printf("client connected and pinged (µs),%zu,%.1f\n", count, (now_us() - begun) / (double)count);
    printf("memory of a client (KiB),%zu,%.1f\n", count, (resident_kib() - before) / (double)count);
    for (size_t i = 0; clients && i < count; i++)
        mcpclient_free(clients[i]);
    free(clients);
}

static void grow(const char *url)
{
    ping_rate(1);
    for (int threads = 1; threads <= 16; threads *= 2)
        printf("pings per second,%d,%.0f\n", threads, ping_rate(threads));
    for (size_t count = 1; count <= 10000; count *= 10)
        many_clients(url, count);
    for (size_t bytes = 1000; bytes <= 50 * 1000 * 1000; bytes *= bytes == 10 * 1000 * 1000 ? 5 : 10) {
        double spent[15];
        blob(client, bytes);
        for (size_t i = 0; i < 15; i++) {
            double begun = now_us();
            if (!blob(client, bytes))
                fail("libmcpclient", "a call failed");
            spent[i] = now_us() - begun;
        }
        printf("result of so many bytes (µs),%zu,%.1f\n", bytes, median(spent, 15));
    }
}

int main(int argc, char **argv)
{
    if (argc < 2)
        fail("usage", "bench URL [ping N | list N | growth]");
    client = open_client(argv[1]);
    if (argc == 4)
        for (long i = strtol(argv[3], NULL, 10); i > 0; i--)
            if (!(strcmp(argv[2], "list") == 0 ? ours_list() : ours_ping()))
                fail("libmcpclient", "a call failed");
    if (argc == 3)
        grow(argv[1]);
    if (argc == 2)
        compare(argv[1]);
    mcpclient_free(client);
    return 0;
}
