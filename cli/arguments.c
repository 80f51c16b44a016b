/* Arguments of tools and prompts: key=value words become a JSON object, typed by the tool's schema. */
#define _POSIX_C_SOURCE 200809L /* strdup */

#include "cli.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The JSON types that a schema allows, as a set. */
enum { STRING = 1, INTEGER = 2, NUMBER = 4, BOOLEAN = 8, ARRAY = 16, OBJECT = 32, NULL_TYPE = 64, ANY = 0 };

static const struct {
    const char *name;
    unsigned bit;
} type_names[] = {{"string", STRING}, {"integer", INTEGER}, {"number", NUMBER}, {"boolean", BOOLEAN},
                  {"array", ARRAY},   {"object", OBJECT},   {"null", NULL_TYPE}};

char *read_file(const char *path, const char *what, size_t limit)
{
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
    if (file == NULL)
        wrong_usage("%s: %s: %s", what, path, strerror(errno));
    size_t size = 4096, length = 0;
    char *text = malloc(size);
    while (text != NULL && !feof(file) && !ferror(file)) {
        if (length + 1 == size) {
            char *grown = realloc(text, size *= 2);
            if (grown == NULL)
                free(text);
            text = grown;
            continue;
        }
        length += fread(text + length, 1, size - 1 - length, file);
        if (length > limit)
            wrong_usage("%s: %s is larger than %zu bytes", what, path, limit);
    }
    if (text == NULL)
        wrong_usage("%s: out of memory", what);
    if (ferror(file))
        wrong_usage("%s: %s cannot be read", what, path);
    if (file != stdin)
        fclose(file);
    text[length] = '\0';
    return text;
}

char *arguments_read_json(const char *source)
{
    if (strcmp(source, "-") == 0)
        return read_file("-", "--args", 64 << 20);
    if (source[0] == '@')
        return read_file(source + 1, "--args", 64 << 20);
    return strdup(source);
}

/* Follows a "$ref" within the schema, a few steps at the most. */
static const mcpclient_value *resolve(const mcpclient_value *schema, const mcpclient_value *root)
{
    for (int step = 0; step < 8; step++) {
        const char *reference = mcpclient_value_string(schema, "/$ref");
        if (reference == NULL || reference[0] != '#')
            return schema;
        schema = mcpclient_value_at(root, reference + 1);
    }
    return schema;
}

static unsigned type_bit(const char *name)
{
    for (size_t i = 0; name != NULL && i < sizeof type_names / sizeof type_names[0]; i++)
        if (strcmp(type_names[i].name, name) == 0)
            return type_names[i].bit;
    return ANY;
}

static unsigned allowed_types(const mcpclient_value *schema, const mcpclient_value *root, int depth)
{
    static const char *const unions[] = {"/anyOf", "/oneOf"};
    unsigned types = ANY;
    schema = resolve(schema, root);
    if (mcpclient_value_type(schema, "/type") == MCPCLIENT_TYPE_ARRAY) {
        const mcpclient_value *list = mcpclient_value_at(schema, "/type");
        for (size_t i = 0; i < mcpclient_value_count(list, ""); i++)
            types |= type_bit(mcpclient_value_string(mcpclient_value_element(list, i), ""));
        return types;
    }
    types = type_bit(mcpclient_value_string(schema, "/type"));
    for (size_t u = 0; u < 2 && depth < 4; u++) {
        const mcpclient_value *list = mcpclient_value_at(schema, unions[u]);
        for (size_t i = 0; i < mcpclient_value_count(list, ""); i++)
            types |= allowed_types(mcpclient_value_element(list, i), root, depth + 1);
    }
    return types;
}

/* The type that a JSON text has; 0: it is no JSON. */
static unsigned json_type(const char *text)
{
    mcpclient_value *value = mcpclient_value_parse(text, NULL);
    unsigned found = 0;
    switch (mcpclient_value_type(value, "")) {
    case MCPCLIENT_TYPE_NULL: found = NULL_TYPE; break;
    case MCPCLIENT_TYPE_BOOL: found = BOOLEAN; break;
    case MCPCLIENT_TYPE_STRING: found = STRING; break;
    case MCPCLIENT_TYPE_ARRAY: found = ARRAY; break;
    case MCPCLIENT_TYPE_OBJECT: found = OBJECT; break;
    case MCPCLIENT_TYPE_NUMBER: found = strpbrk(text, ".eE") == NULL ? INTEGER | NUMBER : NUMBER; break;
    default: break;
    }
    mcpclient_value_free(value);
    return found;
}

static void describe_types(unsigned types, char *text, size_t size)
{
    size_t length = 0;
    text[0] = '\0';
    for (size_t i = 0; i < sizeof type_names / sizeof type_names[0]; i++)
        if ((types & type_names[i].bit) != 0 && length < size)
            length +=
                (size_t)snprintf(text + length, size - length, "%s%s", length == 0 ? "" : " or ", type_names[i].name);
}

static void set(mcpclient_json *json, const char *pointer, const char *key, const char *value, unsigned types)
{
    mcpclient_error *error = NULL;
    unsigned given = json_type(value);
    bool is_json = types == ANY ? given != 0 && given != STRING : (given & types & ~(unsigned)STRING) != 0;
    mcpclient_status status;
    if (is_json)
        status = mcpclient_json_set_json(json, pointer, value, &error);
    else if (types == ANY || (types & STRING) != 0)
        status = mcpclient_json_set_string(json, pointer, value, &error);
    else {
        char names[96];
        describe_types(types, names, sizeof names);
        wrong_usage("%s=%s: the schema wants %s", key, value, names);
    }
    if (status != MCPCLIENT_OK)
        wrong_usage("%s: %s", key, mcpclient_error_message(error));
}

/* "/name" with "~" and "/" escaped (RFC 6901). A key that begins with "/" is a pointer already. */
static void make_pointer(const char *key, char *pointer, size_t size)
{
    size_t used = 0;
    if (key[0] == '/') {
        snprintf(pointer, size, "%s", key);
        return;
    }
    pointer[used++] = '/';
    for (; *key != '\0' && used + 3 < size; key++) {
        if (*key == '~' || *key == '/') {
            pointer[used++] = '~';
            pointer[used++] = *key == '~' ? '0' : '1';
        } else {
            pointer[used++] = *key;
        }
    }
    pointer[used] = '\0';
}

static void refuse_unknown_key(const char *owner, const char *key, const mcpclient_value *schema)
{
    enum { MOST = 256 };
    const char *names[MOST];
    const mcpclient_value *properties = mcpclient_value_at(schema, "/properties");
    size_t count = mcpclient_value_count(properties, "");
    mcpclient_type additional = mcpclient_value_type(schema, "/additionalProperties");
    bool allowed = additional == MCPCLIENT_TYPE_OBJECT;
    (void)mcpclient_value_bool(schema, "/additionalProperties", &allowed);
    if (allowed || properties == NULL)
        return;
    count = count > MOST ? MOST : count;
    fprintf(stderr, "mcpclient: %s has no argument \"%s\"", owner, key);
    for (size_t i = 0; i < count; i++)
        names[i] = mcpclient_value_key(properties, i);
    const char *nearest = options_nearest(key, names, count);
    if (nearest != NULL)
        fprintf(stderr, "; did you mean \"%s\"?", nearest);
    fputs(count == 0 ? "; it has none" : "\nIts arguments:", stderr);
    for (size_t i = 0; i < count; i++)
        fprintf(stderr, " %s", names[i]);
    fputc('\n', stderr);
    exit(EXIT_WRONG_USAGE);
}

static void require_all(const char *owner, const mcpclient_value *schema, const char *text)
{
    mcpclient_value *made = mcpclient_value_parse(text, NULL);
    const mcpclient_value *required = mcpclient_value_at(schema, "/required");
    for (size_t i = 0; i < mcpclient_value_count(required, ""); i++) {
        const char *name = text_at(mcpclient_value_element(required, i), "");
        char pointer[512];
        make_pointer(name, pointer, sizeof pointer);
        if (mcpclient_value_type(made, pointer) == MCPCLIENT_TYPE_ABSENT)
            wrong_usage("%s needs the argument %s: %s=VALUE", owner, name, name);
    }
    mcpclient_value_free(made);
}

static void add_word(mcpclient_json *json, const char *owner, const mcpclient_value *schema, const char *word)
{
    const char *equals = strchr(word, '=');
    if (equals == NULL || equals == word)
        wrong_usage("\"%s\" is not of the form KEY=VALUE", word);
    bool is_raw = equals[-1] == ':' && equals - word > 1; /* KEY:=JSON */
    char key[256], pointer[512], property[530];
    snprintf(key, sizeof key, "%.*s", (int)(equals - word - (is_raw ? 1 : 0)), word);
    make_pointer(key, pointer, sizeof pointer);
    snprintf(property, sizeof property, "/properties%s", pointer);
    const mcpclient_value *rule = mcpclient_value_at(schema, property);
    if (rule == NULL && key[0] != '/')
        refuse_unknown_key(owner, key, schema);
    if (!is_raw) {
        set(json, pointer, key, equals + 1, rule == NULL ? ANY : allowed_types(rule, schema, 0));
        return;
    }
    mcpclient_error *error = NULL;
    if (mcpclient_json_set_json(json, pointer, equals + 1, &error) != MCPCLIENT_OK)
        wrong_usage("%s: %s", key, mcpclient_error_message(error));
}

char *arguments_make(const struct options *options, const char *owner, const mcpclient_value *schema, char **words,
                     int count)
{
    if (options->args != NULL) {
        if (count > 0)
            wrong_usage("--args and KEY=VALUE exclude each other");
        return arguments_read_json(options->args);
    }
    mcpclient_json *json = mcpclient_json_new(NULL);
    for (int i = 0; i < count; i++)
        add_word(json, owner, schema, words[i]);
    require_all(owner, schema, mcpclient_json_text(json));
    char *text = strdup(mcpclient_json_text(json));
    mcpclient_json_free(json);
    return text;
}
