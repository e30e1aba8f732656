/* json.c: see json.h. */
#include "base/json.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

enum { NUMBER_TEXT = 40 };

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

static void put_bytes(json *j, const char *bytes, size_t size) {
    j->write(j->arg, bytes, size);
}

static void put_string(json *j, const char *text) {
    put_bytes(j, text, strlen(text));
}

/* Begins a line with the indentation. */
static void put_line(json *j) {
    if (j->flat) {
        return;
    }
    put_string(j, "\n");
    for (uint32_t i = 0; i < j->depth; i++) {
        put_string(j, "  ");
    }
}

static void write_text(json *j, const char *text) {
    size_t size = strlen(text);
    put_string(j, "\"");
    for (size_t at = 0; at < size;) {
        char escaped[JSON_ESCAPED];
        size_t length = text_character(text + at, size - at);
        if (length == 0) {
            put_string(j, "\xEF\xBF\xBD");
            length = 1;
        } else if (length == 1 && json_escape(text[at], escaped)) {
            put_string(j, escaped);
        } else {
            put_bytes(j, text + at, length);
        }
        at += length;
    }
    put_string(j, "\"");
}

/* Begins a line: a comma after the member before, the indentation, the key. */
static void begin_member(json *j, const char *key) {
    if (j->depth > 0) {
        put_string(j, j->more ? "," : "");
        put_line(j);
    }
    j->more = true;
    if (key != NULL) {
        write_text(j, key);
        put_string(j, j->flat ? ":" : ": ");
    }
}

void json_begin(json *j, const char *key, char bracket) {
    begin_member(j, key);
    put_bytes(j, &bracket, 1);
    j->depth++;
    j->more = false;
}

void json_end(json *j, char bracket) {
    j->depth--;
    if (j->more) {
        put_line(j);
    }
    put_bytes(j, &bracket, 1);
    j->more = true;
    if (j->depth == 0) {
        put_string(j, "\n");
    }
}

void json_text(json *j, const char *key, const char *text) {
    begin_member(j, key);
    if (text != NULL) {
        write_text(j, text);
    } else {
        put_string(j, "null");
    }
}

void json_number(json *j, const char *key, int64_t number) {
    char text[NUMBER_TEXT];
    begin_member(j, key);
    (void)snprintf(text, sizeof text, "%lld", (long long)number);
    put_string(j, text);
}

void json_id(json *j, const char *key, uint64_t id) {
    char text[NUMBER_TEXT];
    (void)snprintf(text, sizeof text, "%llu", (unsigned long long)id);
    json_text(j, key, text);
}

void json_time(json *j, const char *key, uint64_t wall_ms) {
    char text[TEXT_TIME];
    text_time(wall_ms, 'T', text);
    json_text(j, key, text);
}

void json_real(json *j, const char *key, double number) {
    char text[NUMBER_TEXT];
    begin_member(j, key);
    (void)snprintf(text, sizeof text, "%.17g", number);
    put_string(j, text);
}

void json_figure(json *j, const char *key, const char *number) {
    begin_member(j, key);
    put_string(j, number);
}

void json_bool(json *j, const char *key, bool value) {
    begin_member(j, key);
    put_string(j, value ? "true" : "false");
}
