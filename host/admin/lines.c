/* lines.c: see lines.h. */
#include "admin/lines.h"

#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
    char line[1024];
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

void lines_free(lines *l) {
    free(l->text);
    memset(l, 0, sizeof *l);
}
