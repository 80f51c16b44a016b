/* One line on the terminal while a tool runs. */
#include "cli.h"

#include <pthread.h>
#include <string.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static bool is_shown;

static void clear_locked(void)
{
    if (is_shown)
        fputs("\r\033[K", stderr);
    is_shown = false;
}

void progress_clear(void)
{
    pthread_mutex_lock(&lock);
    clear_locked();
    pthread_mutex_unlock(&lock);
}

static void show(void *user_data, double progress, double total, const char *message)
{
    enum { WIDTH = 24 };
    (void)user_data;
    pthread_mutex_lock(&lock);
    clear_locked();
    if (total > 0) {
        double share = progress < 0 ? 0 : progress > total ? 1 : progress / total;
        int full = (int)(share * WIDTH);
        fprintf(stderr, "[%.*s%*s] %3.0f%%", full, "========================", WIDTH - full, "", share * 100);
    } else {
        fprintf(stderr, "%g", progress);
    }
    if (message != NULL && message[0] != '\0') {
        char line[48];
        snprintf(line, sizeof line, "%.47s", message);
        line[strcspn(line, "\r\n")] = '\0';
        fputc(' ', stderr);
        print_clean(stderr, line);
    }
    fflush(stderr);
    is_shown = true;
    pthread_mutex_unlock(&lock);
}

void progress_attach(mcpclient *client)
{
    if (output_is_terminal(stderr))
        (void)mcpclient_on_progress(client, show, NULL, NULL, NULL);
}
