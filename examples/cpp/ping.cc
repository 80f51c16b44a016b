// Is the server there, and does it accept this token?
//
//     MCP_TOKEN=... ./ping https://example.com/mcp
#include <mcpclient.hpp>

#include <cstdlib>
#include <iostream>

int main(int argc, char **argv)
{
    const char *token = std::getenv("MCP_TOKEN");
    if (argc != 2) {
        std::cerr << "usage: [MCP_TOKEN=...] " << argv[0] << " URL\n";
        return 2;
    }
    try {
        mcpclient::client client(argv[1]);
        if (token != nullptr)
            client.set_bearer_token(token);
        client.set_timeout(std::chrono::seconds(10));
        client.ping();
        std::cout << "OK " << client.protocol_version().value_or("") << '\n';
        const mcpclient::value tools = client.list_tools();
        for (std::size_t i = 0; i < tools.count(); i++)
            std::cout << tools.get_string("/" + std::to_string(i) + "/name").value_or("?") << '\n';
    } catch (const mcpclient::error &error) {
        std::cerr << mcpclient::status_name(error.status()) << ": " << error.what() << '\n';
        return 1;
    }
}
