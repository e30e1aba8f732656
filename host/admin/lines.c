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

void lines_add(lines *l, const char *format, ...) {
    char line[LINE_MAX_BYTES];
    va_list args;
    va_start(args, format);
    line[0] = '\0';
    (void)vsnprintf(line, sizeof line, format, args);
    va_end(args);
    text_make_plain(line);
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
