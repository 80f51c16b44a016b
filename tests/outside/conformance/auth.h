/* Credentials for the scenarios about authorization. */

#ifndef AUTH_H
#define AUTH_H

#include <mcpclient.h>

/* Makes the credentials that a scenario of the suite is about, from what the suite knows of the client. */
mcpclient_auth *make_auth(const char *scenario, const mcpclient_value *context, mcpclient_error **error);

#endif
