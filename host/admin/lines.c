/* lines.c: see lines.h. */
#include "admin/lines.h"

#include "base/status.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_MAX_BYTES = 2048 };

static bool lines_reserve(lines *l, size_t more) {
    if (l->size + more <= l->capacity) {
        return true;
    }
    size_t capacity = l->capacity == 0 ? 4096 : l->capacity;
    while (capacity < l->size + more) {
        capacity *= 2;
    }
    char *text = realloc(l->text, capacity);
    if (text == NULL) {
        l->failed = true;
        return false;
    }
    l->text = text;
    l->capacity = capacity;
    return true;
}

lines lines_like(const lines *l) {
    return (lines){.as_json = l->as_json, .bare = l->bare};
}

void lines_bytes(lines *l, const char *bytes, size_t size) {
    if (size > 0 && lines_reserve(l, size)) {
        memcpy(l->text + l->size, bytes, size);
        l->size += size;
    }
}

void lines_write(void *l, const char *bytes, size_t size) {
    lines_bytes(l, bytes, size);
}

/* ---- JSON ------------------------------------------------------------------------------------ */

/* Writes what json.c has for the object: it begins each line with a line feed. */
static void write_json(void *arg, const char *bytes, size_t size) {
    lines *l = arg;
    for (size_t at = 0; at < size;) {
        const char *feed = memchr(bytes + at, '\n', size - at);
        size_t part = feed != NULL ? (size_t)(feed - bytes) - at + 1 : size - at;
        if (!l->bare && (l->size == 0 || l->text[l->size - 1] == '\n')) {
            lines_bytes(l, "| ", 2);
        }
        lines_bytes(l, bytes + at, part);
        at += part;
    }
}

json *lines_object(lines *l) {
    if (!l->as_json) {
        return NULL;
    }
    l->out.write = write_json;
    l->out.arg = l; /* the answer may have been moved */
    if (!l->begun) {
        l->begun = true;
        json_begin(&l->out, NULL, '{');
    }
    return &l->out;
}

void lines_list(lines *l, const char *key) {
    json *j = lines_object(l);
    if (j != NULL) {
        json_begin(j, key, '[');
    }
}

void lines_list_end(lines *l) {
    json *j = lines_object(l);
    if (j != NULL) {
        json_end(j, ']');
    }
}

static void list_line(lines *l, const char *line) {
    json *j = lines_object(l);
    if (!l->listed) {
        l->listed = true;
        json_begin(j, "lines", '[');
    }
    json_text(j, NULL, line);
}

static void end_object(lines *l, portico_status status, const char *why) {
    json *j = lines_object(l);
    if (l->listed) {
        json_end(j, ']');
    }
    json_bool(j, "ok", status == PORTICO_OK);
    if (status != PORTICO_OK) {
        json_text(j, "status", status_name(status));
        json_text(j, "error", why[0] != '\0' ? why : status_text(status));
    }
    json_end(j, '}');
}

/* ---- lines ----------------------------------------------------------------------------------- */

void lines_add(lines *l, const char *format, ...) {
    char line[LINE_MAX_BYTES];
    va_list args;
    va_start(args, format);
    line[0] = '\0';
    (void)vsnprintf(line, sizeof line, format, args);
    va_end(args);
    text_make_plain(line);
    if (l->as_json) {
        list_line(l, line);
        return;
    }
    size_t used = strlen(line);
    if (lines_reserve(l, used + 3)) {
        memcpy(l->text + l->size, "| ", 2);
        memcpy(l->text + l->size + 2, line, used);
        l->text[l->size + 2 + used] = '\n';
        l->size += used + 3;
    }
}

/* Appends the text and a line feed. False: there is no memory. */
static bool lines_append(lines *l, const char *text) {
    size_t size = strlen(text);
    if (!lines_reserve(l, size + 1)) {
        return false;
    }
    memcpy(l->text + l->size, text, size);
    l->text[l->size + size] = '\n';
    l->size += size + 1;
    return true;
}

void lines_end(lines *l, portico_status status, const char *why) {
    char line[LINE_MAX_BYTES];
    l->status = status;
    if (l->as_json) {
        end_object(l, status, why);
    }
    if (l->as_json && l->bare) {
        return;
    }
    if (status == PORTICO_OK) {
        snprintf(line, sizeof line, "ok");
    } else {
        snprintf(line, sizeof line, "error %s", why[0] != '\0' ? why : status_text(status));
        text_make_plain(line);
    }
    if (l->failed) {
        l->size = 0; /* what was reserved has room for this */
        l->failed = false;
        if (status == PORTICO_OK) {
            snprintf(line, sizeof line,
                     "error the command has run, but there is no memory for its answer");
        }
    }
    l->failed = !lines_append(l, line);
}

void lines_free(lines *l) {
    free(l->text);
    memset(l, 0, sizeof *l);
}
