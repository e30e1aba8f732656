/* log_line.c: see log_line.h. */
#include "base/log_line.h"

#include "base/json.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

enum { RESERVE = 16 }; /* of a line, for the mark of a cut and the line end */

static const char *const level_colours[] = {"", "\x1b[1;31m", "\x1b[33m", "\x1b[32m", "\x1b[90m"};

const char *log_level_name(log_level level) {
    static const char *const names[] = {"", "error", "warn", "info", "debug"};
    return names[level];
}

/* Appends all of `text`. If there is no room: "…" once, and nothing after that. */
static void line_add(log_text *l, const char *text, size_t size) {
    if (l->cut || l->size + size > LOG_LINE_MAX - RESERVE) {
        if (!l->cut) {
            memcpy(l->bytes + l->size, "\xE2\x80\xA6", 3);
            l->size += 3;
        }
        l->cut = true;
        return;
    }
    memcpy(l->bytes + l->size, text, size);
    l->size += size;
}

static void line_add_text(log_text *l, const char *text) {
    line_add(l, text, strlen(text));
}

/* Appends the end of a line, whose room is reserved. */
static void line_end(log_text *l, const char *text) {
    size_t size = strlen(text);
    memcpy(l->bytes + l->size, text, size);
    l->size += size;
}

/* Appends what somebody else wrote: not UTF-8 becomes U+FFFD, control characters are escaped (JSON)
 * or become
 * '?' (text), so that no text can look like a line of ours or move a terminal's cursor. */
static void line_add_foreign(log_text *l, const char *text, log_format format) {
    size_t size = strlen(text);
    for (size_t at = 0; at < size;) {
        char escaped[JSON_ESCAPED];
        size_t length = text_character(text + at, size - at);
        if (length == 0) {
            line_add(l, "\xEF\xBF\xBD", 3);
            length = 1;
        } else if (format == LOG_JSON && length == 1 && json_escape(text[at], escaped)) {
            line_add_text(l, escaped);
        } else if (text_is_control(text + at, length)) {
            line_add(l, "?", 1);
        } else {
            line_add(l, text + at, length);
        }
        at += length;
    }
}

void log_format_text(log_text *l, uint64_t wall_ms, log_level level, const char *source,
                     const char *text, bool colours) {
    char time[40];
    char padded[16];
    text_time(wall_ms, ' ', time);
    l->size = 0;
    l->cut = false;
    line_add_text(l, time);
    line_add_text(l, " ");
    (void)snprintf(padded, sizeof padded, "%-5s", log_level_name(level));
    line_add_text(l, colours ? level_colours[level] : "");
    line_add_text(l, padded);
    line_add_text(l, colours ? "\x1b[0m " : " ");
    line_add_foreign(l, source, LOG_TEXT);
    for (size_t size = strlen(source); size < 9; size++) {
        line_add_text(l, " ");
    }
    line_add_text(l, " ");
    line_add_foreign(l, text, LOG_TEXT);
    line_end(l, "\n");
}

void log_format_json(log_text *l, uint64_t wall_ms, log_level level, const char *source,
                     const char *text) {
    char time[40];
    text_time(wall_ms, 'T', time);
    l->size = 0;
    l->cut = false;
    line_add_text(l, "{\"time\":\"");
    line_add_text(l, time);
    line_add_text(l, "\",\"level\":\"");
    line_add_text(l, log_level_name(level));
    line_add_text(l, "\",\"source\":\"");
    /* A source is a word of the host or a module's name: too short to be cut. */
    line_add_foreign(l, source, LOG_JSON);
    line_add_text(l, "\",\"text\":\"");
    line_add_foreign(l, text, LOG_JSON);
    line_end(l, "\"}\n");
}
