/* Registration of callbacks by the cgo.Handle of a Go function: a number, which never passes for a pointer in Go. */
#ifndef MCPCLIENT_GO_CALLBACKS_H
#define MCPCLIENT_GO_CALLBACKS_H

#include <mcpclient.h>

mcpclient_auth *mcpclient_go_token_provider_new(uintptr_t handle, mcpclient_error **error_out);
mcpclient_status mcpclient_go_on_notification(mcpclient *client, const char *method, uintptr_t handle,
                                              mcpclient_error **error_out);
mcpclient_status mcpclient_go_on_request(mcpclient *client, const char *method, uintptr_t handle,
                                         mcpclient_error **error_out);

#endif
