/* Values and views of their parts. */
#include "child.h"

#include <pthread.h>
#include <unistd.h>

static void every_type(void)
{
    mcpclient_value *value = mcpclient_value_parse("[null,true,-1.5,\"x\",[],{}]", NULL);
    for (size_t i = 0; i < 6; i++)
        CHECK(mcpclient_value_type(mcpclient_value_element(value, i), "") == MCPCLIENT_TYPE_NULL + (int)i);
    CHECK(mcpclient_value_type(value, "") == MCPCLIENT_TYPE_ARRAY);
    CHECK(mcpclient_value_type(value, "/6") == MCPCLIENT_TYPE_ABSENT);
    CHECK(mcpclient_value_type(value, "no pointer") == MCPCLIENT_TYPE_ABSENT);
    CHECK(mcpclient_value_element(value, 6) == NULL && mcpclient_value_element(value, (size_t)-1) == NULL);
    mcpclient_value_free(value);
}

static void a_walk_through_rows(void)
{
    mcpclient_value *value = mcpclient_value_parse(
        "{\"rows\":[{\"name\":\"a\",\"n\":1},{\"name\":\"b\",\"n\":2},{\"n\":3}],\"end\":true}", NULL);
    const mcpclient_value *rows = mcpclient_value_at(value, "/rows");
    int64_t sum = 0, number;
    char names[8] = "";
    for (size_t i = 0, n = mcpclient_value_count(rows, ""); i < n; i++) {
        const mcpclient_value *row = mcpclient_value_element(rows, i);
        strcat(names, mcpclient_value_string_or(row, "/name", "?"));
        CHECK(mcpclient_value_int64(row, "/n", &number));
        sum += number;
    }
    CHECK(sum == 6 && strcmp(names, "ab?") == 0);

    /* Names in order; a member's value is its element. */
    CHECK(strcmp(mcpclient_value_key(value, 0), "rows") == 0 && strcmp(mcpclient_value_key(value, 1), "end") == 0);
    CHECK(mcpclient_value_key(value, 2) == NULL && mcpclient_value_key(rows, 0) == NULL);
    CHECK(mcpclient_value_element(value, 0) == rows);
    bool end = false;
    CHECK(mcpclient_value_bool(mcpclient_value_element(value, 1), "", &end) && end);

    /* Every function takes a view. */
    CHECK(strcmp(mcpclient_value_json(mcpclient_value_at(rows, "/2")), "{\"n\":3}") == 0);
    mcpclient_value *copy = mcpclient_value_copy(rows, "/1", NULL);
    CHECK(strcmp(mcpclient_value_json(copy), "{\"name\":\"b\",\"n\":2}") == 0);
    mcpclient_value_free(copy);
    mcpclient_value_free(value);
}

static void freeing_a_view_does_nothing(void)
{
    mcpclient_value *value = mcpclient_value_parse("{\"a\":[\"x\"]}", NULL);
    const mcpclient_value *whole = mcpclient_value_at(value, ""), *part = mcpclient_value_at(value, "/a/0");
    mcpclient_value_free((mcpclient_value *)whole);
    mcpclient_value_free((mcpclient_value *)part);
    CHECK(strcmp(mcpclient_value_string(part, ""), "x") == 0);
    CHECK(strcmp(mcpclient_value_json(whole), "{\"a\":[\"x\"]}") == 0);
    mcpclient_value_free(value);
}

static void strings_with_nuls_and_without(void)
{
    mcpclient_value *value = mcpclient_value_parse("{\"nul\":\"a\\u0000b\",\"none\":\"\",\"number\":1}", NULL);
    CHECK(mcpclient_value_string_length(value, "/nul") == 3);
    CHECK(memcmp(mcpclient_value_string(value, "/nul"), "a\0b", 4) == 0);
    CHECK(mcpclient_value_string_length(value, "/none") == 0);
    CHECK(strcmp(mcpclient_value_string_or(value, "/none", "other"), "") == 0);
    CHECK(mcpclient_value_string_length(value, "/number") == 0);
    CHECK(strcmp(mcpclient_value_string_or(value, "/number", "other"), "other") == 0);
    CHECK(mcpclient_value_string_or(value, "/absent", NULL) == NULL);
    mcpclient_value_free(value);
}

static void numbers_are_not_rounded(void)
{
    mcpclient_value *value = mcpclient_value_parse("[9007199254740993.0,1e400,3e2]", NULL);
    int64_t integer = 0;
    double real = 7;
    CHECK(mcpclient_value_int64(value, "/0", &integer) && integer == 9007199254740993);
    CHECK(!mcpclient_value_int64(value, "/1", &integer) && !mcpclient_value_double(value, "/1", &real));
    CHECK(integer == 9007199254740993 && real > 6.9 && real < 7.1);
    CHECK(mcpclient_value_type(value, "/1") == MCPCLIENT_TYPE_NUMBER);
    CHECK(strcmp(mcpclient_value_json(mcpclient_value_element(value, 1)), "1e400") == 0);
    CHECK(mcpclient_value_int64(value, "/2", &integer) && integer == 300);
    mcpclient_value_free(value);
}

static void *read_all(void *value)
{
    for (int i = 0; i < 200; i++) {
        const mcpclient_value *part = mcpclient_value_element(mcpclient_value_at(value, "/rows"), (size_t)i % 3);
        CHECK(mcpclient_value_json(part)[0] == '{' && mcpclient_value_json(value)[0] == '{');
        CHECK(strlen(mcpclient_value_string(part, "/name")) == 1);
        mcpclient_value *copy = mcpclient_value_copy(part, "", NULL);
        CHECK(strcmp(mcpclient_value_json(copy), mcpclient_value_json(part)) == 0);
        mcpclient_value_free(copy);
    }
    return NULL;
}

/* Texts are made without a lock that a fork could leave locked. */
static void threads_and_the_child_of_a_fork(void)
{
    pthread_t threads[4];
    mcpclient_value *value =
        mcpclient_value_parse("{\"rows\":[{\"name\":\"a\"},{\"name\":\"b\"},{\"name\":\"c\"}]}", NULL);
    for (size_t i = 0; i < 4; i++)
        CHECK(pthread_create(&threads[i], NULL, read_all, value) == 0);
    for (int i = 0; i < 20; i++) {
        pid_t child = fork();
        if (child == 0) {
            alarm(20);
            read_all(value);
            child_succeeds();
        }
        CHECK(has_succeeded(child));
    }
    for (size_t i = 0; i < 4; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    mcpclient_value_free(value);
}

int main(void)
{
    every_type();
    a_walk_through_rows();
    freeing_a_view_does_nothing();
    strings_with_nuls_and_without();
    numbers_are_not_rounded();
    threads_and_the_child_of_a_fork();
    return 0;
}
