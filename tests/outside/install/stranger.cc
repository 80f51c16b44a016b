// A first program in C++.
#include <mcpclient.hpp>

#include <iostream>

int main(int argc, char **argv)
{
    try {
        mcpclient::client client(argc == 3 ? argv[1] : "");
        client.set_bearer_token(argv[2]);
        client.ping();
        const mcpclient::value tools = client.list_tools();
        std::cout << tools.count() << " tools, the first is " << tools.get_string("/0/name").value() << '\n';
    } catch (const mcpclient::error &error) {
        std::cerr << error.what() << '\n';
        return 1;
    }
}
