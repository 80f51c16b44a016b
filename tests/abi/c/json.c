/* Arguments are written without a JSON library. */
#include "check.h"

#include <math.h>

static void every_kind_of_value(void)
{
    mcpclient_json *json = mcpclient_json_new(NULL);
    CHECK(json != NULL && strcmp(mcpclient_json_text(json), "{}") == 0);
    CHECK_OK(mcpclient_json_set_string(json, "/text", "say \"no\"\n", &error));
    CHECK_OK(mcpclient_json_set_int64(json, "/int", INT64_MIN, &error));
    CHECK_OK(mcpclient_json_set_double(json, "/real", 0.1, &error));
    CHECK_OK(mcpclient_json_set_bool(json, "/deep/er/yes", true, &error));
    CHECK_OK(mcpclient_json_set_null(json, "/null", &error));
    CHECK_OK(mcpclient_json_set_json(json, "/list", " [ 1.50 ] ", &error));
    CHECK_OK(mcpclient_json_set_string(json, "/list/-", "second", &error));
    CHECK_OK(mcpclient_json_set_string(json, "/new/-", "first", &error));
    CHECK(strcmp(mcpclient_json_text(json),
                 "{\"text\":\"say \\\"no\\\"\\n\",\"int\":-9223372036854775808,\"real\":0.1,"
                 "\"deep\":{\"er\":{\"yes\":true}},\"null\":null,\"list\":[1.50,\"second\"],\"new\":[\"first\"]}")
          == 0);

    /* A failure changes nothing, not even the place of the text. */
    const char *before = mcpclient_json_text(json);
    CHECK_FAILS(MCPCLIENT_ERROR_INVALID_ARGUMENT, "", mcpclient_json_set_double(json, "/real", INFINITY, &error));
    CHECK_FAILS(MCPCLIENT_ERROR_INVALID_ARGUMENT, "", mcpclient_json_set_double(json, "/real", NAN, &error));
    CHECK_FAILS(MCPCLIENT_ERROR_INVALID_ARGUMENT, "/text/a", mcpclient_json_set_null(json, "/text/a", &error));
    CHECK_FAILS(MCPCLIENT_ERROR_INVALID_ARGUMENT, "Pointer", mcpclient_json_set_null(json, "text", &error));
    CHECK_FAILS(MCPCLIENT_ERROR_INVALID_ARGUMENT, "line 1 column 2", mcpclient_json_set_json(json, "/a", "[", &error));
    CHECK_FAILS(MCPCLIENT_ERROR_INVALID_ARGUMENT, "UTF-8", mcpclient_json_set_string(json, "/a", "\xff", &error));
    CHECK(mcpclient_json_text(json) == before);
    mcpclient_json_free(json);
}

static void arguments_of_a_call(mcpclient *client)
{
    mcpclient_value *result = NULL;
    mcpclient_json *arguments = mcpclient_json_new(NULL);
    CHECK_OK(mcpclient_json_set_string(arguments, "/text", "gr\xc3\xbc\xc3\x9f", &error));
    CHECK_OK(mcpclient_json_set_int64(arguments, "/list/-", 7, &error));
    CHECK_OK(mcpclient_call_tool(client, "echo", mcpclient_json_text(arguments), &result, &error));
    mcpclient_json_free(arguments);
    CHECK(strcmp(mcpclient_value_string(result, "/structuredContent/text"), "gr\xc3\xbc\xc3\x9f") == 0);

    /* A part of a result becomes an argument. */
    const mcpclient_value *list = mcpclient_value_at(result, "/structuredContent/list");
    mcpclient_json *again = mcpclient_json_new(NULL);
    CHECK_OK(mcpclient_json_set_json(again, "", mcpclient_value_json(list), &error));
    CHECK(strcmp(mcpclient_json_text(again), "[7]") == 0);
    mcpclient_json_free(again);
    mcpclient_value_free(result);
}

int main(int argc, char **argv)
{
    mcpclient *client = client_of(argc, argv, "/mcp");
    every_kind_of_value();
    arguments_of_a_call(client);
    mcpclient_free(client);
    return 0;
}
