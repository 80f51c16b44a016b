// Both headers beside the macros of others: AssertMacros.h has check and verify, windows.h min and max.
#define check(condition) not_a_function(condition)
#define error(text) not_a_function(text)
#define max(a, b) ((a) > (b) ? (a) : (b))
#define min(a, b) ((a) < (b) ? (a) : (b))
#define verify(condition) not_a_function(condition)

#include <mcpclient.hpp>

#if !defined(check) || !defined(error) || !defined(max) || !defined(min) || !defined(verify)
#error "a header has removed a macro of the program"
#endif

static int not_a_function(int value)
{
    return value;
}

int hostile_macros(const char *url);

int hostile_macros(const char *url)
{
    try {
        mcpclient::client client(url);
        client.ping();
    } catch (const mcpclient::error &failure) {
        return check(static_cast<int>(failure.status()));
    }
    return min(1, max(0, verify(0)));
}
