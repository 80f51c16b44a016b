/* A child that has never used the client, and lives on: the parent's connections end when the parent closes them. */
#include "host.h"

#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static int inherited_socket(void)
{
    struct stat found;
    for (int descriptor = 3; descriptor < 64; descriptor++)
        if (fstat(descriptor, &found) == 0 && S_ISSOCK(found.st_mode))
            return descriptor;
    return -1;
}

static void child(void)
{
    struct pollfd socket = {.fd = inherited_socket(), .events = 0};
    CHECK(socket.fd >= 0);
    CHECK(poll(&socket, 1, 5000) == 1); /* the connection has ended, though it is still open here */
    CHECK(socket.revents == POLLHUP);
}

static void end(mcpclient *client, void (*how)(mcpclient *))
{
    int status = -1;
    CHECK_OK(mcpclient_ping(client, &error));
    pid_t process = fork();
    CHECK(process >= 0);
    if (process == 0) {
        child();
        _exit(0);
    }
    how(client);
    CHECK(waitpid(process, &status, 0) == process);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

int main(int argc, char **argv)
{
    CHECK(argc == 3);
    mcpclient *client = client_at(argv[1], argv[2]);
    end(client, mcpclient_close);
    end(client, mcpclient_free);
    return 0;
}
