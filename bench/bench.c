/* Compares this library with the same requests written by hand on libcurl (compile with -DWITH_CURL): a ping, and a
 * result of 10 MB. Both talk to one server in turns, and what counts is the ratio within a round: absolute figures drift
 * with the machine. Prints a Markdown table.
 *
 *   bench URL
 */
#define _POSIX_C_SOURCE 200809L
#include <mcpclient.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#ifdef WITH_CURL
#include <curl/curl.h>
#endif

enum { ROUNDS = 7, WARM = 200, PINGS = 3000, BLOBS = 10, MOST = 4000 };
static const size_t blob_bytes = 10 * 1000 * 1000;

struct peer {
    const char *name;
    int (*ping)(void);
    int (*blob)(void);
    double ping_us[ROUNDS], ping_cpu_us[ROUNDS], blob_ms[ROUNDS];
};

static void fail(const char *what, const char *why)
{
    fprintf(stderr, "bench: %s: %s\n", what, why);
    exit(1);
}

/* ---- this library ---- */

static mcpclient *client;

static void ours_open(const char *url)
{
    mcpclient_error *error = NULL;
    client = mcpclient_new(url, &error);
    if (!client || mcpclient_set_bearer_token(client, "bench-token", &error) != MCPCLIENT_OK
        || mcpclient_set_protocol_version(client, "2025-11-25", &error) != MCPCLIENT_OK
        || mcpclient_connect(client, &error) != MCPCLIENT_OK)
        fail("libmcpclient", mcpclient_error_message(error));
}

static int ours_ping(void)
{
    return mcpclient_ping(client, NULL) == MCPCLIENT_OK;
}

static int ours_blob(void)
{
    mcpclient_value *result = NULL;
    if (mcpclient_call_tool(client, "blob", NULL, &result, NULL) != MCPCLIENT_OK)
        return 0;
    const char *text = mcpclient_value_string(result, "/content/0/text");
    int whole = text && strlen(text) == blob_bytes;
    mcpclient_value_free(result);
    return whole;
}

/* ---- libcurl: the bytes are received and counted, nothing is parsed ---- */

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

static int curl_blob(void)
{
    return post("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"blob\"}}")
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

int main(int argc, char **argv)
{
    struct peer ours = {.name = "libmcpclient", .ping = ours_ping, .blob = ours_blob};
    struct peer *theirs = NULL;
    if (argc != 2)
        fail("usage", "bench URL");
    ours_open(argv[1]);
#ifdef WITH_CURL
    struct peer with_curl = {.name = "libcurl", .ping = curl_ping, .blob = curl_blob};
    theirs = &with_curl;
    curl_open(argv[1]);
#endif
    for (int round = 0; round < ROUNDS; round++) {
        run_round(&ours, round);
        if (theirs)
            run_round(theirs, round);
    }
    printf("| | libmcpclient %s | libcurl | ratio |\n|---|---:|---:|---:|\n", mcpclient_version());
    print("ping, median, µs", ours.ping_us, theirs ? theirs->ping_us : NULL);
    print("ping, CPU, µs", ours.ping_cpu_us, theirs ? theirs->ping_cpu_us : NULL);
    print("10 MB result, ms", ours.blob_ms, theirs ? theirs->blob_ms : NULL);
    mcpclient_free(client);
    return 0;
}
