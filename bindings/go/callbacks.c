#include "callbacks.h"

#include "_cgo_export.h"

static void run_token(void *user_data, mcpclient_token_request *request)
{
    mcpclientGoToken((uintptr_t)user_data, request);
}

static void run_notification(void *user_data, const char *method, const mcpclient_value *params)
{
    mcpclientGoNotification((uintptr_t)user_data, (char *)method, (mcpclient_value *)params);
}

static void run_request(void *user_data, const char *method, const mcpclient_value *params, mcpclient_reply *reply)
{
    mcpclientGoRequest((uintptr_t)user_data, (char *)method, (mcpclient_value *)params, reply);
}

static void drop(void *user_data)
{
    mcpclientGoDrop((uintptr_t)user_data);
}

mcpclient_auth *mcpclient_go_token_provider_new(uintptr_t handle, mcpclient_error **error_out)
{
    return mcpclient_auth_token_callback_new(run_token, (void *)handle, drop, error_out);
}

mcpclient_status mcpclient_go_on_notification(mcpclient *client, const char *method, uintptr_t handle,
                                              mcpclient_error **error_out)
{
    if (handle == 0)
        return mcpclient_on_notification(client, method, NULL, NULL, NULL, error_out);
    return mcpclient_on_notification(client, method, run_notification, (void *)handle, drop, error_out);
}

mcpclient_status mcpclient_go_on_request(mcpclient *client, const char *method, uintptr_t handle,
                                         mcpclient_error **error_out)
{
    if (handle == 0)
        return mcpclient_on_request(client, method, NULL, NULL, NULL, error_out);
    return mcpclient_on_request(client, method, run_request, (void *)handle, drop, error_out);
}
