/* Results for people: clean, aligned, wrapped, with colour on a terminal only. */
#define _POSIX_C_SOURCE 200809L /* fileno, isatty, ioctl */
#define _DEFAULT_SOURCE         /* struct winsize */

#include "cli.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

bool output_is_terminal(FILE *to)
{
    return isatty(fileno(to)) != 0;
}

const char *style(FILE *to, const char *code)
{
    static char sequences[4][12];
    static const char *const codes[4] = {"0", "1", "2", "31"};
    const char *no_color = getenv("NO_COLOR");
    const char *terminal = getenv("TERM");
    if ((no_color != NULL && no_color[0] != '\0') || !output_is_terminal(to)
        || (terminal != NULL && strcmp(terminal, "dumb") == 0))
        return "";
    for (size_t i = 0; i < 4; i++) {
        if (strcmp(code, codes[i]) == 0) {
            snprintf(sequences[i], sizeof sequences[i], "\033[%sm", code);
            return sequences[i];
        }
    }
    return "";
}

static int width(FILE *to)
{
    struct winsize size;
    if (output_is_terminal(to) && ioctl(fileno(to), TIOCGWINSZ, &size) == 0 && size.ws_col >= 20)
        return size.ws_col;
    return 80;
}

/* Control characters except tab and line feed, and the C1 controls of UTF-8 (C2 80 to C2 9F), become '?'. */
static void put_clean(FILE *to, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        bool is_c1 = c == 0xC2 && i + 1 < length && (unsigned char)text[i + 1] < 0xA0;
        if (is_c1)
            i++;
        bool is_control = (c < 0x20 && c != '\t' && c != '\n') || c == 0x7F || is_c1;
        fputc(is_control ? '?' : c, to);
    }
}

void print_clean(FILE *to, const char *text)
{
    if (output_is_terminal(to))
        put_clean(to, text, strlen(text));
    else
        fputs(text, to);
}

static int columns(const char *text, size_t length)
{
    int count = 0;
    for (size_t i = 0; i < length; i++)
        count += ((unsigned char)text[i] & 0xC0) != 0x80;
    return count;
}

/* Fills lines up to the terminal's width; line ends of the text stay. */
void print_wrapped(FILE *to, const char *text, int indent)
{
    int limit = width(to), column = 0;
    while (*text != '\0') {
        if (*text == '\n') {
            fputc('\n', to);
            column = 0;
            text++;
            continue;
        }
        size_t spaces = strspn(text, " \t\r");
        size_t word = strcspn(text + spaces, " \t\r\n");
        int taken = columns(text + spaces, word);
        if (word == 0) {
            text += spaces;
            continue;
        }
        if (column > 0 && column + 1 + taken > limit) {
            fputc('\n', to);
            column = 0;
        }
        if (column == 0)
            column = fprintf(to, "%*s", indent, "");
        else
            column += fprintf(to, " ");
        put_clean(to, text + spaces, word);
        column += taken;
        text += spaces + word;
    }
    fputc('\n', to);
}

const char *text_at(const mcpclient_value *value, const char *pointer)
{
    return mcpclient_value_string_or(value, pointer, "");
}

static void print_string(FILE *to, const char *text)
{
    fputc('"', to);
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\')
            fprintf(to, "\\%c", c);
        else if (c == '\n')
            fputs("\\n", to);
        else if (c < 0x20 || c == 0x7F)
            fprintf(to, "\\u%04x", c);
        else
            fputc(c, to);
    }
    fputc('"', to);
}

static void print_members(FILE *to, const mcpclient_value *value, int indent, bool is_object)
{
    size_t count = mcpclient_value_count(value, "");
    fputc(is_object ? '{' : '[', to);
    for (size_t i = 0; i < count; i++) {
        fprintf(to, "%s\n%*s", i == 0 ? "" : ",", indent + 2, "");
        if (is_object) {
            print_string(to, mcpclient_value_key(value, i));
            fputs(": ", to);
        }
        print_value(to, mcpclient_value_element(value, i), indent + 2);
    }
    if (count > 0)
        fprintf(to, "\n%*s", indent, "");
    fputc(is_object ? '}' : ']', to);
}

void print_value(FILE *to, const mcpclient_value *value, int indent)
{
    mcpclient_type type = mcpclient_value_type(value, "");
    if (type == MCPCLIENT_TYPE_OBJECT || type == MCPCLIENT_TYPE_ARRAY)
        print_members(to, value, indent, type == MCPCLIENT_TYPE_OBJECT);
    else
        print_clean(to, mcpclient_value_json(value));
}

void print_line_json(const mcpclient_value *value)
{
    puts(mcpclient_value_json(value));
}

static void print_blob(const char *kind, const mcpclient_value *value, const char *data)
{
    printf("[%s", kind);
    if (text_at(value, "/mimeType")[0] != '\0') {
        putchar(' ');
        print_clean(stdout, text_at(value, "/mimeType"));
    }
    printf(", %zu bytes; --json prints it]\n", strlen(data) / 4 * 3);
}

/* A content block, or the contents of a resource: text is printed, anything else is named. */
static void print_content(const mcpclient_value *content)
{
    const char *type = text_at(content, "/type");
    const mcpclient_value *resource = mcpclient_value_at(content, "/resource");
    if (strcmp(type, "resource_link") == 0) {
        print_clean(stdout, text_at(content, "/name"));
        fputs(" <", stdout);
        print_clean(stdout, text_at(content, "/uri"));
        puts(">");
    } else if (resource != NULL) {
        print_content(resource);
    } else if (mcpclient_value_type(content, "/text") == MCPCLIENT_TYPE_STRING) {
        const char *text = text_at(content, "/text");
        print_clean(stdout, text);
        if (text[0] == '\0' || text[strlen(text) - 1] != '\n')
            putchar('\n');
    } else if (mcpclient_value_type(content, "/data") == MCPCLIENT_TYPE_STRING) {
        print_blob(type[0] == '\0' ? "data" : type, content, text_at(content, "/data"));
    } else if (mcpclient_value_type(content, "/blob") == MCPCLIENT_TYPE_STRING) {
        print_blob("blob", content, text_at(content, "/blob"));
    } else {
        print_value(stdout, content, 0);
        putchar('\n');
    }
}

void print_contents(const mcpclient_value *list)
{
    size_t count = mcpclient_value_count(list, "");
    for (size_t i = 0; i < count; i++)
        print_content(mcpclient_value_element(list, i));
}

/* A tool's result: its content, else its structured content. */
int print_result(const struct options *options, const mcpclient_value *result)
{
    bool is_error = false;
    (void)mcpclient_value_bool(result, "/isError", &is_error);
    if (options->json) {
        print_line_json(result);
    } else if (mcpclient_value_count(result, "/content") > 0) {
        if (is_error)
            fprintf(stderr, "%smcpclient: the tool reports an error%s\n", style(stderr, "31"), style(stderr, "0"));
        if (is_error || !options->quiet)
            print_contents(mcpclient_value_at(result, "/content"));
    } else if (!options->quiet || is_error) {
        const mcpclient_value *structured = mcpclient_value_at(result, "/structuredContent");
        print_value(stdout, structured != NULL ? structured : result, 0);
        putchar('\n');
    }
    return is_error ? EXIT_TOOL_ERROR : EXIT_OK;
}
