/* A child that closes all descriptors that it inherited, and opens files of its own under the same numbers. */
#include "host.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FIRST = 3, FILES = 8 };

static mcpclient *client;
static const char *folder;

static void do_nothing(void) {}

static void ping(void)
{
    CHECK_OK(mcpclient_ping(client, &error));
}

static void close_client(void)
{
    mcpclient_close(client);
}

static void free_client(void)
{
    mcpclient_free(client);
}

static void all(void)
{
    ping();
    close_client();
    ping();
    free_client();
}

static void child(void (*what)(void))
{
    char path[512];
    struct stat opened[FILES], found;
    for (int descriptor = FIRST; descriptor < 1024; descriptor++)
        close(descriptor);
    for (int i = 0; i < FILES; i++) {
        CHECK(snprintf(path, sizeof path, "%s/log-%d", folder, i) < (int)sizeof path);
        CHECK(open(path, O_CREAT | O_TRUNC | O_RDWR, 0600) == FIRST + i);
        CHECK(fstat(FIRST + i, &opened[i]) == 0);
    }
    what();
    for (int i = 0; i < FILES; i++) {
        CHECK(fstat(FIRST + i, &found) == 0);
        CHECK(found.st_ino == opened[i].st_ino && found.st_dev == opened[i].st_dev);
        CHECK(found.st_size == 0); /* nothing was written there */
        CHECK(write(FIRST + i, "line\n", 5) == 5);
    }
}

int main(int argc, char **argv)
{
    static void (*const all_of_them[])(void) = {do_nothing, ping, close_client, free_client, all};
    CHECK(argc == 4);
    folder = argv[3];
    client = client_at(argv[1], argv[2]);
    for (size_t i = 0; i < sizeof all_of_them / sizeof *all_of_them; i++) {
        int status = -1;
        CHECK_OK(mcpclient_ping(client, &error));
        pid_t process = fork();
        CHECK(process >= 0);
        if (process == 0) {
            child(all_of_them[i]);
            _exit(0);
        }
        CHECK(waitpid(process, &status, 0) == process);
        CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
        CHECK_OK(mcpclient_ping(client, &error));
    }
    mcpclient_free(client);
    return 0;
}
