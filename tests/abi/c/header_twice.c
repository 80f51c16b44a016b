/* The header compiles alone, before anything else, and a second time. */
#include <mcpclient.h>
#include <mcpclient.h>

int header_twice(void);

int header_twice(void)
{
#if !MCPCLIENT_VERSION_AT_LEAST(0, 1, 0)
#error "the version macros do not work in #if"
#endif
    const mcpclient *client = NULL;
    mcpclient_status status = MCPCLIENT_OK;
    int32_t transport = MCPCLIENT_TRANSPORT_AUTO;
    return client == NULL && status == transport;
}
