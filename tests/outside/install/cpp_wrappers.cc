// Every wrapper of mcpclient.hpp, against the demo server and one that asks back.
//
//     ./cpp_wrappers http://DEMO_SERVER http://ASKING_SERVER
#include <mcpclient.hpp>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <thread>
#include <type_traits>
#include <vector>

#include <mcpclient.h> // the C API may be used beside the wrappers, in any order

using namespace std::chrono_literals;
using client = mcpclient::client;
using mcp_error = mcpclient::error;

#define CHECK(condition)                                                         \
    do {                                                                         \
        if (!(condition)) {                                                      \
            std::fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
            std::exit(1);                                                        \
        }                                                                        \
    } while (0)

mcpclient::value tools_of(client &client); // cpp_second_unit.cc

namespace {

std::string demo, asking;

template <typename Call>
mcp_error failure_of(Call call)
{
    try {
        call();
    } catch (const mcp_error &error) {
        return error;
    }
    return mcp_error(MCPCLIENT_OK, "it did not fail");
}

template <typename Call>
bool refuses(Call call)
{
    return failure_of(call).status() == MCPCLIENT_ERROR_INVALID_ARGUMENT;
}

client demo_client()
{
    client made(demo + "/mcp");
    made.set_bearer_token("demo-token");
    return made;
}

static_assert(!std::is_copy_constructible_v<client> && std::is_nothrow_move_constructible_v<client>);
static_assert(!std::is_copy_constructible_v<mcpclient::auth> && std::is_nothrow_move_assignable_v<mcpclient::auth>);
static_assert(!std::is_copy_constructible_v<mcpclient::value>
              && std::is_nothrow_move_constructible_v<mcpclient::value>);
static_assert(std::is_nothrow_copy_constructible_v<mcp_error> && std::is_base_of_v<std::exception, mcp_error>);
static_assert(!std::is_default_constructible_v<mcpclient>);

void the_library_names_itself_and_its_statuses()
{
    const std::string expected = std::to_string(MCPCLIENT_VERSION_MAJOR) + "." + std::to_string(MCPCLIENT_VERSION_MINOR)
        + "." + std::to_string(MCPCLIENT_VERSION_PATCH);
    CHECK(mcpclient::version() == expected);
    CHECK(mcpclient::status_name(MCPCLIENT_ERROR_TIMEOUT) == "MCPCLIENT_ERROR_TIMEOUT");
    CHECK(mcpclient::status_name(-1) == "unknown status");
}

void a_client_connects_and_tells_what_was_agreed()
{
    client client = demo_client();
    CHECK(client.transport_in_use() == MCPCLIENT_TRANSPORT_AUTO && !client.protocol_version());
    client.connect();
    client.ping();
    CHECK(client.transport_in_use() == MCPCLIENT_TRANSPORT_STREAMABLE_HTTP);
    CHECK(client.protocol_version() == "2026-07-28");
    CHECK(failure_of([&] { client.set_transport(MCPCLIENT_TRANSPORT_SSE); }).status() == MCPCLIENT_ERROR_INVALID_STATE);
    client.close();
    CHECK(!client.protocol_version());
    client.set_protocol_version("2025-06-18");
    client.ping();
    CHECK(client.protocol_version() == "2025-06-18");
    client.close();
    client.set_protocol_version(std::nullopt);
    CHECK(refuses([&] { client.set_protocol_version("1999-12-31"); }));
    client.ping();
    CHECK(client.protocol_version() == "2026-07-28");

    mcpclient::client sse(demo + "/sse");
    sse.set_bearer_token(std::string("demo-token"));
    sse.set_transport(MCPCLIENT_TRANSPORT_SSE);
    sse.ping();
    CHECK(sse.transport_in_use() == MCPCLIENT_TRANSPORT_SSE);
    CHECK(refuses([&] { sse.set_transport(7); }));
}

void settings_reach_the_library()
{
    client client = demo_client();
    client.set_timeout(5s);
    client.set_connect_timeout(1500ms);
    client.set_max_response_bytes(1 << 20);
    CHECK(refuses([&] { client.set_timeout(-1ms); }) && refuses([&] { client.set_timeout(std::chrono::hours(2000)); }));
    CHECK(refuses([&] { client.set_max_response_bytes(0); }));
    CHECK(refuses([&] { client.set_ca_file("/nowhere.pem"); }));
    client.set_ca_file(std::nullopt);
    CHECK(refuses([&] { client.set_client_certificate("/nowhere.pem", std::nullopt); }));
    client.set_client_certificate(std::nullopt, std::nullopt);
    client.set_tls_verify(false);
    client.set_tls_verify(true);
    CHECK(refuses([&] { client.set_proxy("no proxy"); }));
    client.set_proxy(std::nullopt);
    client.set_proxy("");
    CHECK(refuses([&] { client.set_capabilities("[]"); }));
    client.set_capabilities(R"({"roots":{"listChanged":true}})");
    client.set_capabilities(std::nullopt);
    client.set_client_info("cpp_wrappers", "1.0");
    CHECK(refuses([&] { client.set_client_info("", "1.0"); }));
    client.set_cache(false);
    client.ping();

    client.close();
    client.set_max_response_bytes(10);
    CHECK(failure_of([&] { client.ping(); }).status() == MCPCLIENT_ERROR_PROTOCOL);
}

void a_refused_token_is_an_error_with_all_its_parts()
{
    client client = demo_client();
    client.set_bearer_token("revoked");
    const mcp_error error = failure_of([&] { client.ping(); });
    CHECK(error.status() == MCPCLIENT_ERROR_UNAUTHORIZED && error.http_status() == 401);
    CHECK(error.rpc_code() == 0 && !error.rpc_data());
    CHECK(error.www_authenticate().value().find("Bearer realm") == 0);
    CHECK(error.challenge_parameter("error") == "invalid_token" && !error.challenge_parameter("scope"));
    CHECK(std::string(error.what()).find("The access token is unknown") != std::string::npos);

    client.set_bearer_token(std::nullopt);
    CHECK(failure_of([&] { client.ping(); }).http_status() == 401);
    client.set_header("X-API-Key", "demo-key");
    client.ping();
    client.set_header("x-api-key", std::nullopt);
    CHECK(failure_of([&] { client.ping(); }).http_status() == 401);

    CHECK(refuses([&] { client.set_bearer_token("Bearer x"); }));
    CHECK(refuses([&] { client.set_bearer_token(std::string_view("a\0b", 3)); }));
    CHECK(refuses([&] { client.set_header("Host", "elsewhere"); }));
    CHECK(refuses([] { mcpclient::client("ftp://example.com"); }));
}

void a_json_rpc_error_has_code_and_data()
{
    client client = demo_client();
    const mcp_error error = failure_of([&] { client.read_resource("demo://absent"); });
    CHECK(error.status() == MCPCLIENT_ERROR_RPC && error.rpc_code() == -32602);
    CHECK(error.rpc_data() == R"({"uri":"demo://absent"})");
    CHECK(!error.www_authenticate());
}

void results_are_read_by_pointer()
{
    client client(asking + "/mcp");
    const mcpclient::value value = client.request("test/nested");
    CHECK(value.count() == 2 && value.count("/list") == 5 && value.count("/absent") == 0);
    CHECK(value.get_string("/list/0/text") == "f\u00fcnf" && !value.get_string("/list/1"));
    CHECK(value.get_int64("/list/1") == 5 && !value.get_int64("/list/2"));
    CHECK(value.get_int64("/big") == 9007199254740993);
    CHECK(value.get_double("/list/2") == -0.5 && !value.get_double("/list/3"));
    CHECK(value.get_bool("/list/3") == true && !value.get_bool("/list/4"));
    CHECK(value.json().find("9007199254740993") != std::string::npos);
    CHECK(mcpclient_value_count(value.get(), "/list") == 5);
}

void everything_a_server_offers_can_be_asked_for()
{
    client client = demo_client();
    CHECK(client.server_info().get_string("/name") == "demo-server");
    CHECK(tools_of(client).get_string("/0/name") == "add");
    CHECK(client.call_tool("add", R"({"a":20,"b":22})").get_int64("/structuredContent/sum") == 42);
    CHECK(client.call_tool("echo").get_bool("/isError") == true);
    CHECK(client.list_resources().get_string("/0/uri") == "demo://about");
    CHECK(client.list_resource_templates().json() == "[]");
    CHECK(client.read_resource("demo://about").count("/contents") == 1);
    CHECK(client.list_prompts().get_string("/0/name") == "greet");
    const mcpclient::value prompt = client.get_prompt("greet", R"({"name":"Ada"})");
    CHECK(prompt.get_string("/messages/0/content/text") == "Please greet Ada.");
    CHECK(client.request("tools/list").count("/tools") == 2);
    CHECK(refuses([&] { client.call_tool("add", "[]"); }));

    mcpclient::client other(asking + "/mcp");
    const mcpclient::value completed = other.complete(R"({"type":"ref/prompt","name":"greet"})", "name", "A");
    CHECK(completed.get_string("/completion/values/1") == "Alan");
    other.set_server_log_level("debug");
    CHECK(refuses([&] { other.set_server_log_level("loud"); }));
    other.notify("notifications/roots/list_changed");
    other.notify("notifications/progress", R"({"progressToken":1,"progress":1})");
}

void credentials_are_shared_and_rotated()
{
    mcpclient::client one(demo + "/mcp"), two(demo + "/sse");
    {
        mcpclient::auth auth = mcpclient::auth::bearer("demo-token");
        one.set_auth(auth);
        two.set_auth(auth);
        one.ping();
        auth.set_token("revoked");
        CHECK(failure_of([&] { one.ping(); }).http_status() == 401);
        auth.set_token("demo-token");
    }
    one.ping();
    two.ping(); // the credentials' object is gone, the credentials are not
    one.set_auth(std::nullopt);
    CHECK(failure_of([&] { one.ping(); }).http_status() == 401);
    CHECK(refuses([] { mcpclient::auth::bearer(""); }));
}

void a_token_file_is_read_again()
{
    const std::string path = "token";
    std::ofstream(path) << "demo-token\n";
    client client(demo + "/mcp");
    const mcpclient::auth auth = mcpclient::auth::token_file(path);
    client.set_auth(auth);
    client.ping();
    CHECK(refuses([] { mcpclient::auth::token_file("/nowhere/token"); }));
    CHECK(failure_of([&] { const_cast<mcpclient::auth &>(auth).set_token("x"); }).status()
          == MCPCLIENT_ERROR_INVALID_STATE);
    std::remove(path.c_str());
}

void a_token_provider_is_asked_and_asked_again()
{
    client client(demo + "/mcp");
    std::vector<std::string> challenges;
    auto lives = std::make_shared<int>(0);
    {
        const auto auth = mcpclient::auth::token_provider([&challenges, lives](mcpclient::token_request &request) {
            challenges.emplace_back(request.challenge().value_or("none"));
            CHECK(refuses([&] { request.set("two words"); }));
            request.set(challenges.size() == 1 ? "expired" : "demo-token");
        });
        client.set_auth(auth);
    }
    client.ping();
    client.ping();
    CHECK(challenges.size() == 2 && challenges[0] == "none");
    CHECK(challenges[1].find("invalid_token") != std::string::npos);
    CHECK(lives.use_count() == 2);
    client.set_auth(std::nullopt);
    client.close();
    CHECK(lives.use_count() == 1);
}

void a_null_is_no_text()
{
    client client(demo + "/mcp");
    const char *unset = nullptr;
    client.set_bearer_token(unset);
    CHECK(failure_of([&] { client.ping(); }).status() == MCPCLIENT_ERROR_UNAUTHORIZED);
    client.set_bearer_token(std::optional<std::string>("demo-token"));
    client.ping();
}

void values_can_be_made_and_kept()
{
    const auto whole = mcpclient::value::parse(R"({"a": [1, {"b": "c"}]})");
    const auto part = whole.copy("/a/1");
    CHECK(part.json() == R"({"b":"c"})" && part.get_string("/b") == "c" && whole.copy().count() == 1);
    CHECK(refuses([] { mcpclient::value::parse("[1"); }));
    CHECK(refuses([&] { whole.copy("/b"); }));
}

void exceptions_stay_in_their_callbacks()
{
    client client(demo + "/mcp");
    client.set_auth(
        mcpclient::auth::token_provider([](mcpclient::token_request &) { throw std::runtime_error("lost"); }));
    CHECK(failure_of([&] { client.ping(); }).status() == MCPCLIENT_ERROR_INVALID_STATE);
    CHECK(refuses([] { mcpclient::auth::token_provider(nullptr); }));

    mcpclient::client other(asking + "/mcp");
    other.on_notification(std::nullopt, [](auto, auto &) { throw 1; });
    other.on_request("elicitation/create", [](auto, auto &, auto &) { throw std::string("confidential"); });
    const mcpclient::value answer = other.call_tool("ask");
    CHECK(answer.get_int64("/structuredContent/error/code") == -32603);
    CHECK(answer.json().find("confidential") == std::string::npos);
}

void the_server_s_notifications_and_requests_arrive()
{
    client client(asking + "/mcp");
    std::string heard;
    client.on_notification("notifications/message", [&](auto method, const mcpclient::value &params) {
        heard = std::string(method) + " " + params.get_string("/data").value();
    });
    client.on_request("elicitation/create",
                      [](std::string_view method, const mcpclient::value &params, mcpclient::reply &reply) {
                          CHECK(method == "elicitation/create" && params.get_string("/message") == "Your name?");
                          CHECK(refuses([&] { reply.result("[]"); }));
                          reply.result(R"({"action":"accept","content":{"name":"Ada"}})");
                      });
    CHECK(client.call_tool("ask").get_string("/structuredContent/result/content/name") == "Ada");
    CHECK(heard == "notifications/message working");

    client.on_request("elicitation/create", [](auto, auto &, auto &reply) { reply.error(-1, "no user"); });
    CHECK(client.call_tool("ask").get_string("/structuredContent/error/message") == "no user");
    heard.clear();
    client.on_notification("notifications/message", nullptr);
    client.on_request("elicitation/create", nullptr);
    CHECK(client.call_tool("ask").count("/structuredContent/error") > 0 && heard.empty());
    CHECK(refuses([&] { client.on_request("", [](auto, auto &, auto &) {}); }));
}

void a_listener_hears_what_comes_outside_of_calls()
{
    client client(asking + "/mcp");
    std::atomic<int> changes{0};
    client.on_notification("notifications/tools/list_changed", [&](auto, auto &) { changes++; });
    client.listen(R"({"toolsListChanged":true})");
    for (int i = 0; i < 500 && changes == 0; i++)
        std::this_thread::sleep_for(10ms);
    CHECK(changes > 0);
    client.stop_listening();
    CHECK(refuses([&] { client.listen("[]"); }));
}

void a_call_is_cancelled_from_another_thread()
{
    client client(asking + "/mcp");
    client.connect();
    std::atomic<bool> done{false};
    std::thread canceller([&] {
        while (!done) {
            std::this_thread::sleep_for(20ms);
            client.cancel();
        }
    });
    const auto start = std::chrono::steady_clock::now();
    const mcp_error error = failure_of([&] { client.call_tool("slow", R"({"ms":8000})"); });
    done = true;
    canceller.join();
    CHECK(error.status() == MCPCLIENT_ERROR_CANCELLED);
    CHECK(std::chrono::steady_clock::now() - start < 6s);
    client.set_timeout(100ms);
    CHECK(failure_of([&] { client.call_tool("slow", R"({"ms":8000})"); }).status() == MCPCLIENT_ERROR_TIMEOUT);
}

void threads_share_a_client()
{
    client client = demo_client();
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; i++)
        threads.emplace_back([&client] { client.ping(); });
    for (std::thread &thread : threads)
        thread.join();
}

void objects_are_moved()
{
    client one = demo_client();
    client two = std::move(one);
    two.ping();
    // NOLINTBEGIN(bugprone-use-after-move): that is what is tested
    CHECK(refuses([&] { one.ping(); }) && refuses([&] { one.set_bearer_token("x"); }));
    CHECK(!one.protocol_version() && one.get() == nullptr);
    one.cancel();
    one = std::move(two);
    one.ping();
    mcpclient::auth auth = mcpclient::auth::bearer("demo-token");
    const mcpclient::auth other = std::move(auth);
    CHECK(refuses([&] { one.set_auth(auth); }));
    mcpclient::value value = one.list_tools();
    const mcpclient::value moved = std::move(value);
    CHECK(moved.count() == 2 && value.count() == 0 && value.json() == "null");
    // NOLINTEND(bugprone-use-after-move)
}

} // namespace

int main(int argc, char **argv)
{
    CHECK(argc == 3);
    demo = argv[1];
    asking = argv[2];
    the_library_names_itself_and_its_statuses();
    a_client_connects_and_tells_what_was_agreed();
    settings_reach_the_library();
    a_refused_token_is_an_error_with_all_its_parts();
    a_json_rpc_error_has_code_and_data();
    results_are_read_by_pointer();
    everything_a_server_offers_can_be_asked_for();
    credentials_are_shared_and_rotated();
    a_token_file_is_read_again();
    a_token_provider_is_asked_and_asked_again();
    a_null_is_no_text();
    values_can_be_made_and_kept();
    exceptions_stay_in_their_callbacks();
    the_server_s_notifications_and_requests_arrive();
    a_listener_hears_what_comes_outside_of_calls();
    a_call_is_cancelled_from_another_thread();
    threads_share_a_client();
    objects_are_moved();
}
