/* The children of fork.c with the process number of their parent, as the first process of a PID namespace and its child
   in another one have it. */
#include "fork.c"

pid_t getpid(void)
{
    return 1;
}
