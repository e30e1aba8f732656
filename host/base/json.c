/* json.c: see json.h. */
#include "base/json.h"

#include "base/text.h"

#include <string.h>

bool json_escape(char c, char escaped[JSON_ESCAPED]) {
    if (c == '"' || c == '\\') {
        escaped[0] = '\\';
        escaped[1] = c;
        escaped[2] = '\0';
        return true;
    }
    if ((unsigned char)c < 0x20 || c == 0x7F) {
        (void)snprintf(escaped, JSON_ESCAPED, "\\u%04x", (unsigned)(unsigned char)c);
        return true;
    }
    return false;
}

static void write_text(json *j, const char *text) {
    size_t size = strlen(text);
    fputc('"', j->to);
    for (size_t at = 0; at < size;) {
        char escaped[JSON_ESCAPED];
        size_t length = text_character(text + at, size - at);
        if (length == 0) {
            fputs("\xEF\xBF\xBD", j->to);
            length = 1;
        } else if (length == 1 && json_escape(text[at], escaped)) {
            fputs(escaped, j->to);
        } else {
            fwrite(text + at, 1, length, j->to);
        }
        at += length;
    }
    fputc('"', j->to);
}

/* Begins a line: a comma after the member before, the indentation, the key. */
static void begin_member(json *j, const char *key) {
    if (j->depth > 0) {
        fputs(j->more ? ",\n" : "\n", j->to);
        fprintf(j->to, "%*s", (int)(2 * j->depth), "");
    }
    j->more = true;
    if (key != NULL) {
        write_text(j, key);
        fputs(": ", j->to);
    }
}

void json_begin(json *j, const char *key, char bracket) {
    begin_member(j, key);
    fputc(bracket, j->to);
    j->depth++;
    j->more = false;
}

void json_end(json *j, char bracket) {
    j->depth--;
    if (j->more) {
        fprintf(j->to, "\n%*s", (int)(2 * j->depth), "");
    }
    fputc(bracket, j->to);
    j->more = true;
    if (j->depth == 0) {
        fputc('\n', j->to);
    }
}

void json_text(json *j, const char *key, const char *text) {
    begin_member(j, key);
    if (text != NULL) {
        write_text(j, text);
    } else {
        fputs("null", j->to);
    }
}

void json_number(json *j, const char *key, int64_t number) {
    begin_member(j, key);
    fprintf(j->to, "%lld", (long long)number);
}

void json_real(json *j, const char *key, double number) {
    begin_member(j, key);
    fprintf(j->to, "%.17g", number);
}

void json_bool(json *j, const char *key, bool value) {
    begin_member(j, key);
    fputs(value ? "true" : "false", j->to);
}
