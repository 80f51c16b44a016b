/* What the cases of operations.c are made of: checks, and a box for what the server sends. */

#ifndef OPERATIONS_H
#define OPERATIONS_H

#include <mcpclient.h>

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { PATIENCE_SECONDS = 20 };

/* What is wrong with the case that is running: the first thing found, empty when nothing is. */
static char fault[500];
static pthread_mutex_t fault_lock = PTHREAD_MUTEX_INITIALIZER;

static void complain(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    pthread_mutex_lock(&fault_lock);
    if (fault[0] == '\0')
        vsnprintf(fault, sizeof fault, format, arguments);
    pthread_mutex_unlock(&fault_lock);
    va_end(arguments);
}

/* The call must end with this status. Takes over the error. */
static bool ends_with(const char *call, mcpclient_status expected, mcpclient_status status, mcpclient_error *error)
{
    if (status != expected)
        complain("%s: %s instead of %s: %s", call, mcpclient_status_name(status), mcpclient_status_name(expected),
                 mcpclient_error_message(error));
    mcpclient_error_free(error);
    return status == expected;
}

#define EXPECT(expected, function, ...)                            \
    do {                                                           \
        mcpclient_error *error_ = NULL;                            \
        mcpclient_status status_ = function(__VA_ARGS__, &error_); \
        ends_with(#function, expected, status_, error_);           \
    } while (0)
#define OK(function, ...) EXPECT(MCPCLIENT_OK, function, __VA_ARGS__)

/* The value must hold this text somewhere. Frees the value. */
static void holds(const char *what, mcpclient_value *value, const char *text)
{
    const char *json = mcpclient_value_json(value);
    if (strstr(json, text) == NULL)
        complain("%s: \"%s\" is not in %.300s", what, text, json);
    mcpclient_value_free(value);
}

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void sleep_ms(long ms)
{
    struct timespec pause = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&pause, NULL);
}

/* Notifications of one method, kept as they come. */
struct inbox {
    pthread_mutex_t lock;
    const char *method;
    int count;
    char last[300]; /* the parameters of the last one */
};

static void take(void *user_data, const char *method, const mcpclient_value *params)
{
    struct inbox *inbox = user_data;
    if (strcmp(method, inbox->method) != 0)
        return;
    pthread_mutex_lock(&inbox->lock);
    inbox->count++;
    snprintf(inbox->last, sizeof inbox->last, "%s", mcpclient_value_json(params));
    pthread_mutex_unlock(&inbox->lock);
}

static int count_of(struct inbox *inbox)
{
    pthread_mutex_lock(&inbox->lock);
    int count = inbox->count;
    pthread_mutex_unlock(&inbox->lock);
    return count;
}

/* Waits for so many notifications, the last of which must hold this text. */
static void comes(struct inbox *inbox, int count, const char *text)
{
    for (int rest = PATIENCE_SECONDS * 100; rest > 0 && count_of(inbox) < count; rest--)
        sleep_ms(10);
    pthread_mutex_lock(&inbox->lock);
    if (inbox->count < count)
        complain("%d times %s instead of %d", inbox->count, inbox->method, count);
    else if (strstr(inbox->last, text) == NULL)
        complain("%s: \"%s\" is not in %s", inbox->method, text, inbox->last);
    pthread_mutex_unlock(&inbox->lock);
}

#endif
