/* Uses credentials, frees the client, and looks through its own writable memory for what is left of them.
 *
 * usage: scan CASE URL CA TOKEN HEADER [OTHER_TOKEN] [FILE]
 * Secrets are given in hexadecimal, each byte XORed with 0x5a, so that this program never holds them but on purpose:
 * a secret is made plain in one buffer, handed to the library, and wiped. */
#include "host.h"

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

/* Secrets are known by their last TAIL bytes: what is freed without being wiped loses its first bytes to the allocator,
 * so that a whole secret would hardly ever be found there. */
enum { MASK = 0x5a, MOST = 256, STEP = 64 * 1024, TAIL = 16 };

typedef struct {
    unsigned char masked[MOST];
    size_t length;
} secret;

static secret token, other, header;
static char plain[MOST + 1]; /* the one place where a secret is made plain */

static void read_secret(secret *into, const char *hex)
{
    into->length = strlen(hex) / 2;
    CHECK(into->length >= 2 * TAIL && into->length <= MOST);
    for (size_t i = 0; i < into->length; i++) {
        unsigned byte;
        CHECK(sscanf(hex + 2 * i, "%2x", &byte) == 1);
        into->masked[i] = (unsigned char)byte;
    }
}

static const char *show(const secret *secret)
{
    for (size_t i = 0; i < secret->length; i++)
        plain[i] = (char)(secret->masked[i] ^ MASK);
    plain[secret->length] = '\0';
    return plain;
}

static void hide(void)
{
    volatile char *byte = plain;
    for (size_t i = 0; i < sizeof plain; i++)
        byte[i] = 0;
}

static char window[STEP + MOST]; /* what is being looked at, masked at once */

/* How many copies there are in the writable memory of this process. */
static int copies(const secret *secret, const char *what)
{
    const unsigned char *tail = secret->masked + secret->length - TAIL;
    int count = 0;
    char line[512];
    FILE *maps = fopen("/proc/self/maps", "r");
    int memory = open("/proc/self/mem", O_RDONLY);
    CHECK(maps != NULL && memory >= 0);
    while (fgets(line, sizeof line, maps) != NULL) {
        unsigned long start, end;
        char mode[8];
        CHECK(sscanf(line, "%lx-%lx %7s", &start, &end, mode) == 3);
        if (mode[0] != 'r' || mode[1] != 'w')
            continue;
        for (unsigned long at = start; at < end; at += STEP) {
            size_t length = end - at < sizeof window ? end - at : sizeof window;
            ssize_t got = pread(memory, window, length, (off_t)at);
            if (got < TAIL)
                continue; /* not ours to read, such as [vvar] */
            for (ssize_t i = 0; i < got; i++)
                window[i] = (char)(window[i] ^ MASK);
            for (ssize_t i = 0; i + TAIL <= got && i < STEP; i++) {
                if (memcmp(window + i, tail, TAIL) != 0)
                    continue;
                /* The masked copies of this program show up masked once more, never like this. */
                if (what != NULL)
                    printf("%s at %lx in %s", what, at + (unsigned long)i, line);
                count++;
            }
            memset(window, 0, sizeof window);
        }
    }
    CHECK(fclose(maps) == 0 && close(memory) == 0);
    return count;
}

static mcpclient *new_client(char **argv)
{
    mcpclient *client = client_at(argv[2], argv[3]);
    CHECK_OK(mcpclient_set_header(client, "X-Api-Key", show(&header), &error));
    hide();
    return client;
}

static void set_token(mcpclient *client, const secret *secret)
{
    CHECK_OK(mcpclient_set_bearer_token(client, show(secret), &error));
    hide();
}

static void ping(mcpclient *client, int times)
{
    for (int i = 0; i < times; i++)
        CHECK_OK(mcpclient_ping(client, &error));
}

static void used_until_freed(char **argv)
{
    mcpclient *client = new_client(argv);
    set_token(client, &token);
    /* One copy each: none would mean that the scan finds nothing, two that setting them has left one behind. */
    CHECK(copies(&token, NULL) == 1 && copies(&header, NULL) == 1);
    ping(client, 20);
    mcpclient_close(client);
    ping(client, 1);
    mcpclient_free(client);
}

static void *ping_in_thread(void *client)
{
    ping(client, 20);
    return NULL;
}

static void used_in_threads(char **argv)
{
    pthread_t threads[8];
    mcpclient *client = new_client(argv);
    set_token(client, &token);
    for (int i = 0; i < 8; i++)
        CHECK(pthread_create(&threads[i], NULL, ping_in_thread, client) == 0);
    for (int i = 0; i < 8; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    mcpclient_free(client);
}

/* The old token is gone as soon as the next request has been made with the new one, though the client lives. */
static void rotated(char **argv)
{
    mcpclient *client = new_client(argv);
    mcpclient_auth *auth = mcpclient_auth_bearer_new(show(&token), NULL);
    hide();
    CHECK_OK(mcpclient_set_auth(client, auth, &error));
    ping(client, 5);
    CHECK_OK(mcpclient_auth_set_token(auth, show(&other), &error));
    hide();
    ping(client, 1);
    CHECK(copies(&token, "rotated token") == 0 && copies(&other, NULL) > 0);
    CHECK_OK(mcpclient_set_header(client, "X-Api-Key", NULL, &error));
    ping(client, 1);
    CHECK(copies(&header, "removed header") == 0);
    mcpclient_free(client);
    mcpclient_auth_free(auth);
}

/* The error outlives the client. */
static void refused(char **argv)
{
    mcpclient_error *error = NULL;
    mcpclient *client = new_client(argv);
    set_token(client, &other);
    CHECK(mcpclient_ping(client, &error) == MCPCLIENT_ERROR_UNAUTHORIZED);
    mcpclient_free(client);
    CHECK(copies(&other, "refused token") == 0);
    mcpclient_error_free(error);
}

/* It cannot be sent: the text after it makes it none. */
static void unusable(char **argv)
{
    mcpclient *client = new_client(argv);
    show(&token);
    plain[token.length - 1] = '\n'; /* the last byte is not looked for here */
    mcpclient_error *error = NULL;
    CHECK(mcpclient_set_bearer_token(client, plain, &error) == MCPCLIENT_ERROR_INVALID_ARGUMENT);
    CHECK(mcpclient_set_header(client, "X-Other", plain, NULL) == MCPCLIENT_ERROR_INVALID_ARGUMENT);
    hide();
    token.length--;
    mcpclient_free(client);
    mcpclient_error_free(error);
}

static void from_a_file(char **argv)
{
    mcpclient *client = new_client(argv);
    mcpclient_auth *auth = mcpclient_auth_token_file_new(argv[7], NULL);
    CHECK_OK(mcpclient_set_auth(client, auth, &error));
    mcpclient_auth_free(auth);
    CHECK(copies(&token, NULL) == 1); /* the reading has left none behind */
    ping(client, 5);
    mcpclient_free(client);
}

static void provide(void *user_data, mcpclient_token_request *request)
{
    int *asked = user_data;
    /* The first token is refused, the second is good. */
    const secret *given = (*asked)++ == 0 ? &other : &token;
    CHECK_OK(mcpclient_token_request_set(request, show(given), &error));
    hide();
    CHECK(copies(given, NULL) == 1);
}

static void from_a_provider(char **argv)
{
    int asked = 0;
    mcpclient *client = new_client(argv);
    mcpclient_auth *auth = mcpclient_auth_token_callback_new(provide, &asked, NULL, NULL);
    CHECK_OK(mcpclient_set_auth(client, auth, &error));
    mcpclient_auth_free(auth);
    ping(client, 5);
    CHECK(asked == 2);
    CHECK(copies(&other, "refused token of a provider") == 0);
    mcpclient_free(client);
}

/* Uses OAuth credentials, whose access token (the other one) ends after a second and is renewed. */
static void use_oauth(char **argv, mcpclient_auth *auth)
{
    mcpclient *client = client_at(argv[2], argv[3]);
    CHECK(auth != NULL);
    CHECK_OK(mcpclient_set_auth(client, auth, &error));
    mcpclient_auth_free(auth);
    ping(client, 3);
    usleep(1100 * 1000);
    ping(client, 3);
    CHECK(copies(&other, NULL) > 0);
    mcpclient_free(client);
}

/* The client secret is the token, the refresh token the header. */
static void service(char **argv)
{
    mcpclient_auth *auth = mcpclient_auth_client_credentials_new(NULL, "my-daemon", show(&token), NULL);
    hide();
    use_oauth(argv, auth);
}

/* The refresh token is the header, the authorization code the token. */
static void log_in(void *user_data, mcpclient_login *login)
{
    static char url[MOST + 256];
    const char *state = strstr(mcpclient_login_url(login), "&state=");
    (void)user_data;
    CHECK(state != NULL);
    int length = (int)strcspn(state + 1, "&");
    snprintf(url, sizeof url, "https://app.example/done?%.*s&code=%s", length, state + 1, show(&token));
    hide();
    CHECK_OK(mcpclient_login_finish(login, url, &error));
    memset(url, 0, sizeof url);
    __asm__ volatile("" : : "r"(url) : "memory");
}

static void person(char **argv)
{
    mcpclient_auth *auth = mcpclient_auth_login_new(log_in, NULL, NULL, NULL);
    CHECK_OK(mcpclient_auth_set_redirect_url(auth, "https://app.example/done", &error));
    use_oauth(argv, auth);
}

/* Errors in the middle of an exchange, and calls that are cancelled while the request is on its way. */
static void *cancel(void *client)
{
    usleep(100 * 1000);
    mcpclient_cancel(client);
    return NULL;
}

static void interrupted(char **argv)
{
    pthread_t thread;
    mcpclient *client = new_client(argv);
    set_token(client, &token);
    CHECK(pthread_create(&thread, NULL, cancel, client) == 0);
    CHECK(mcpclient_ping(client, NULL) == MCPCLIENT_ERROR_CANCELLED);
    CHECK(pthread_join(thread, NULL) == 0);
    CHECK_OK(mcpclient_set_timeout_ms(client, 100, &error));
    CHECK(mcpclient_ping(client, NULL) == MCPCLIENT_ERROR_TIMEOUT);
    mcpclient_free(client);
}

/* A header much longer than any buffer that is offered at first. */
static void large(char **argv)
{
    enum { SIZE = 300 * 1000 };
    mcpclient *client = new_client(argv);
    set_token(client, &token);
    char *value = malloc(SIZE + 1);
    CHECK(value != NULL);
    memset(value, 'x', SIZE);
    value[SIZE] = '\0';
    memcpy(value + SIZE - header.length, show(&header), header.length);
    CHECK_OK(mcpclient_set_header(client, "X-Api-Key", value, &error));
    hide();
    memset(value, 0, SIZE);
    __asm__ volatile("" : : "r"(value) : "memory");
    free(value);
    ping(client, 5);
    mcpclient_free(client);
}

static const struct {
    const char *name;
    void (*run)(char **argv);
} cases[] = {
    {"used", used_until_freed},    {"threads", used_in_threads}, {"rotated", rotated},
    {"refused", refused},          {"unusable", unusable},       {"file", from_a_file},
    {"provider", from_a_provider}, {"interrupted", interrupted}, {"large", large},
    {"service", service},          {"person", person},
};

int main(int argc, char **argv)
{
    CHECK(argc == 8);
    read_secret(&token, argv[4]);
    read_secret(&header, argv[5]);
    read_secret(&other, argv[6]);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (strcmp(argv[1], cases[i].name) == 0) {
            cases[i].run(argv);
            int left = copies(&token, "token") + copies(&header, "header") + copies(&other, "other token");
            return left > 0;
        }
    }
    fprintf(stderr, "no such case\n");
    return 2;
}
