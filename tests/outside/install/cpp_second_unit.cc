// A second file of the same program, with the C header first: nothing is defined twice.
#include <mcpclient.h>
#include <mcpclient.hpp>

mcpclient::value tools_of(mcpclient::client &client);

mcpclient::value tools_of(mcpclient::client &client)
{
    ::mcpclient *handle = client.get();
    mcpclient_value *tools = nullptr;
    if (mcpclient_list_tools(handle, &tools, nullptr) != MCPCLIENT_OK)
        return client.list_tools();
    return mcpclient::value(tools);
}
