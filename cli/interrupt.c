/* Ctrl-C and SIGTERM: they cancel the calls of the client, and end what waits. */
#define _POSIX_C_SOURCE 200809L /* sigwait, poll */

#include "cli.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

/* One client lives for the length of one command. */
static mcpclient *current;
static int wake_up[2] = {-1, -1}; /* readable once a signal came */
static pthread_t signal_thread;

/* mcpclient_cancel is not for signal handlers: a thread waits for the signals. The second one ends the program. */
static void *wait_for_signals(void *signals)
{
    int number;
    while (sigwait(signals, &number) == 0) {
        char byte = (char)number;
        if (was_interrupted())
            _exit(EXIT_INTERRUPTED);
        if (write(wake_up[1], &byte, 1) != 1)
            _exit(EXIT_INTERRUPTED);
        mcpclient_cancel(current);
    }
    return NULL;
}

void interrupt_begin(void)
{
    static sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    if (pipe(wake_up) != 0 || fcntl(wake_up[0], F_SETFD, FD_CLOEXEC) != 0 || fcntl(wake_up[1], F_SETFD, FD_CLOEXEC) != 0
        || pthread_sigmask(SIG_BLOCK, &signals, NULL) != 0
        || pthread_create(&signal_thread, NULL, wait_for_signals, &signals) != 0) {
        fputs("mcpclient: no thread can be started for signals\n", stderr);
        exit(EXIT_STATUS_BASE + MCPCLIENT_ERROR_INTERNAL);
    }
    pthread_detach(signal_thread);
}

bool was_interrupted(void)
{
    struct pollfd waiting = {.fd = wake_up[0], .events = POLLIN};
    return wake_up[0] >= 0 && poll(&waiting, 1, 0) > 0;
}

bool interrupt_sleep_ms(uint32_t ms)
{
    struct pollfd waiting = {.fd = wake_up[0], .events = POLLIN};
    return poll(&waiting, 1, ms > INT32_MAX ? -1 : (int)ms) == 0;
}

/* One byte at a time: what follows the line stays for the next reader. */
int interrupt_read_line(char *buffer, size_t size)
{
    size_t length = 0;
    for (;;) {
        struct pollfd waiting[2] = {{.fd = STDIN_FILENO, .events = POLLIN}, {.fd = wake_up[0], .events = POLLIN}};
        if (poll(waiting, wake_up[0] >= 0 ? 2 : 1, -1) < 0 && errno == EINTR)
            continue;
        if (wake_up[0] >= 0 && waiting[1].revents != 0)
            return -1;
        char byte;
        ssize_t count = read(STDIN_FILENO, &byte, 1);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return -1;
        if (byte == '\n')
            break;
        if (length + 1 < size)
            buffer[length++] = byte;
    }
    buffer[length] = '\0';
    return (int)length;
}

void interrupt_cancels(mcpclient *client)
{
    current = client;
}
