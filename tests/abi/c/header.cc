// The header compiles alone, before anything else, and a second time; its functions have C names.
#include <mcpclient.h>
#include <mcpclient.h>

#include <memory>

struct Free {
    void operator()(mcpclient *client) const { mcpclient_free(client); }
    void operator()(mcpclient_error *error) const { mcpclient_error_free(error); }
};

static void log_all(void *, const char *, const mcpclient_value *) {}

mcpclient_status ping(const char *url);

mcpclient_status ping(const char *url)
{
    mcpclient_error *error = nullptr;
    std::unique_ptr<mcpclient, Free> client(mcpclient_new(url, &error));
    mcpclient_status status = mcpclient_on_notification(client.get(), nullptr, log_all, nullptr, nullptr, nullptr);
    if (status == MCPCLIENT_OK)
        status = mcpclient_ping(client.get(), &error);
    std::unique_ptr<mcpclient_error, Free> failure(error);
    return status;
}
