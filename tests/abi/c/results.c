/* Results are read by JSON Pointer. */
#include "check.h"

static void parts_have_a_life_of_their_own(void)
{
    mcpclient_error *error = NULL;
    mcpclient_value *whole = mcpclient_value_parse("{\"a\":[1.50,{\"b\" : true}]}", &error);
    CHECK(whole != NULL && error == NULL);
    mcpclient_value *part = mcpclient_value_copy(whole, "/a/1", &error);
    CHECK(mcpclient_value_copy(whole, "/nothing", &error) == NULL);
    CHECK(mcpclient_error_status(error) == MCPCLIENT_ERROR_INVALID_ARGUMENT);
    mcpclient_error_free(error);
    mcpclient_value_free(whole);
    CHECK(strcmp(mcpclient_value_json(part), "{\"b\":true}") == 0);
    mcpclient_value_free(part);

    error = NULL;
    CHECK(mcpclient_value_parse("{\"a\":}", &error) == NULL);
    CHECK(strstr(mcpclient_error_message(error), "line 1 column 6") != NULL);
    mcpclient_error_free(error);
}

static void values_of_every_kind(mcpclient *client)
{
    mcpclient_value *value = NULL;
    CHECK_OK(mcpclient_call_tool(
        client, "echo",
        "{\"text\":\"gr\xc3\xbc\xc3\x9f\",\"int\":-9007199254740993,\"real\":1.5,\"yes\":true,\"list\":[1,2,3]}",
        &value, &error));
    mcpclient_free(client); /* a result outlives its client */

    int64_t integer = 7;
    double real = 7;
    bool boolean = false;
    CHECK(strcmp(mcpclient_value_string(value, "/structuredContent/text"), "gr\xc3\xbc\xc3\x9f") == 0);
    CHECK(strcmp(mcpclient_value_string(value, "/content/0/type"), "text") == 0);
    CHECK(mcpclient_value_int64(value, "/structuredContent/int", &integer) && integer == -9007199254740993);
    CHECK(mcpclient_value_double(value, "/structuredContent/real", &real) && real > 1.4 && real < 1.6);
    CHECK(mcpclient_value_bool(value, "/structuredContent/yes", &boolean) && boolean);
    CHECK(mcpclient_value_count(value, "/structuredContent/list") == 3);
    CHECK(mcpclient_value_count(value, "/structuredContent") == 5);
    CHECK(mcpclient_value_json(value)[0] == '{');

    /* What is not there, or of another kind, leaves the output alone. */
    CHECK(mcpclient_value_string(value, "/structuredContent/int") == NULL);
    CHECK(mcpclient_value_string(value, "/nothing") == NULL);
    CHECK(mcpclient_value_string(value, "no pointer") == NULL);
    CHECK(!mcpclient_value_int64(value, "/structuredContent/real", &integer) && integer == -9007199254740993);
    CHECK(!mcpclient_value_double(value, "/structuredContent/text", &real) && real > 1.4);
    CHECK(!mcpclient_value_bool(value, "/structuredContent/int", &boolean) && boolean);
    CHECK(mcpclient_value_count(value, "/structuredContent/text") == 0);

    /* Without an output, only the presence is checked. */
    CHECK(mcpclient_value_int64(value, "/structuredContent/int", NULL));
    CHECK(!mcpclient_value_bool(value, "/structuredContent/int", NULL));
    mcpclient_value_free(value);
}

static void lists_are_whole(mcpclient *client)
{
    mcpclient_value *tools = NULL;
    CHECK_OK(mcpclient_list_tools(client, &tools, &error));
    CHECK(mcpclient_value_json(tools)[0] == '[');
    CHECK(mcpclient_value_count(tools, "") == 3);
    CHECK(strcmp(mcpclient_value_string(tools, "/2/name"), "third") == 0);
    mcpclient_value_free(tools);
}

static void the_server_introduces_itself(mcpclient *client)
{
    mcpclient_value *info = NULL;
    CHECK_OK(mcpclient_server_info(client, &info, &error));
    CHECK(strcmp(mcpclient_value_string(info, "/name"), "scripted") == 0);
    CHECK(mcpclient_value_count(info, "/capabilities") == 1);
    mcpclient_value_free(info);

    const char *version = mcpclient_protocol_version(client);
    CHECK(version != NULL && strlen(version) == strlen("2025-11-25"));
}

static void any_request_and_notification(mcpclient *client)
{
    mcpclient_value *result = NULL;
    CHECK_OK(mcpclient_request(client, "ping", NULL, &result, &error));
    CHECK(strcmp(mcpclient_value_json(result), "{}") == 0);
    mcpclient_value_free(result);
    CHECK_OK(mcpclient_request(client, "ping", "{}", NULL, &error)); /* the result is dropped */
    CHECK_OK(mcpclient_notify(client, "notifications/roots/list_changed", NULL, &error));
    CHECK_FAILS(MCPCLIENT_ERROR_UNSUPPORTED, "resources", mcpclient_list_resources(client, &result, &error));
}

int main(int argc, char **argv)
{
    mcpclient *client = client_of(argc, argv, "/mcp");
    CHECK(mcpclient_protocol_version(client) == NULL);
    CHECK(mcpclient_transport_in_use(client) == MCPCLIENT_TRANSPORT_AUTO);
    CHECK_OK(mcpclient_connect(client, &error));
    lists_are_whole(client);
    the_server_introduces_itself(client);
    any_request_and_notification(client);
    parts_have_a_life_of_their_own();
    values_of_every_kind(client);
    return 0;
}
