/* The child of a fork in a test. It ends by a signal when all is well: a leak checker, which follows it, would report
   what the threads of the parent hold, since they do not exist in the child. */
#ifndef CHILD_H
#define CHILD_H

#include "check.h"

#include <signal.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

static inline void child_succeeds(void)
{
    kill(getpid(), SIGKILL);
}

/* Waits for the child. One that fails a check has ended by itself. */
static inline bool has_succeeded(pid_t child)
{
    int status = 0;
    return child > 0 && waitpid(child, &status, 0) == child && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

#endif /* CHILD_H */
