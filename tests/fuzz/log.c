/* log.c: the two formats of a log line, whatever a module or a client has put into it: one line of
 * plain text, or one JSON object whose texts are those of the caller. Reaches the static functions
 * of log_line.c by including it.
 *
 * Input: level, bytes of the source (1 byte), the source, the text.
 *
 * Covers: base/log_line.c */
#include "fuzz.h"

#include "base/log_line.c" /* after the others */

/* The text as the log shows it, before it is cut to a line's length. */
static size_t slow_foreign(const char *text, bool as_json, char *right) {
    size_t used = 0;
    for (size_t at = 0; text[at] != '\0';) {
        size_t length = text_character(text + at, strlen(text + at));
        bool escaped =
            as_json && length == 1 && ((unsigned char)text[at] < 0x20 || text[at] == 0x7F);
        if (length == 0) {
            memcpy(right + used, "\xEF\xBF\xBD", 3);
            used += 3;
            at++;
            continue;
        }
        if (!escaped && text_is_control(text + at, length)) {
            right[used++] = '?';
        } else {
            memcpy(right + used, text + at, length);
            used += length;
        }
        at += length;
    }
    right[used] = '\0';
    return used;
}

/* Reads a JSON string up to its closing '"' and returns what follows. */
static const char *read_string(const char *at, char *text) {
    size_t used = 0;
    CHECK(*at++ == '"');
    for (; *at != '"'; at++) {
        CHECK((unsigned char)*at >= 0x20);
        if (*at == '\\' && at[1] == 'u') {
            unsigned code = 0;
            CHECK_INT(sscanf(at + 2, "%4x", &code), 1);
            CHECK(code > 0 && code < 0x80);
            text[used++] = (char)code;
            at += 5;
        } else {
            at += *at == '\\';
            text[used++] = *at;
        }
    }
    text[used] = '\0';
    return at + 1;
}

static const char *read_pair(const char *at, const char *name, char *value) {
    char found[LOG_LINE_MAX];
    CHECK(*at == '{' || *at == ',');
    at = read_string(at + 1, found);
    CHECK_TEXT(found, name);
    CHECK(*at == ':');
    return read_string(at + 1, value);
}

/* The text that was read is all of `right`, or its start and "…". */
static void check_text_read(const char *found, const char *right, bool cut) {
    size_t size = strlen(found);
    if (cut) {
        CHECK(size >= 3 && strcmp(found + size - 3, "\xE2\x80\xA6") == 0);
        CHECK(strncmp(found, right, size - 3) == 0);
    } else {
        CHECK_TEXT(found, right);
    }
}

static void check_json(log_text *l, log_level level, const char *source, const char *text) {
    static char right[3 * LOG_LINE_MAX];
    char found[LOG_LINE_MAX];
    l->bytes[l->size] = '\0';
    const char *at = read_pair(l->bytes, "time", found);
    at = read_pair(at, "level", found);
    CHECK_TEXT(found, log_level_name(level));
    at = read_pair(at, "source", found);
    (void)slow_foreign(source, true, right);
    CHECK_TEXT(found, right);
    at = read_pair(at, "text", found);
    CHECK_TEXT(at, "}\n");
    (void)slow_foreign(text, true, right);
    check_text_read(found, right, l->cut);
}

static void check_plain(log_text *l, const char *source, const char *text) {
    static char right[3 * LOG_LINE_MAX];
    enum { PREFIX_BYTES = 24 + 1 + 5 + 1 };
    l->bytes[l->size] = '\0';
    char *at = l->bytes + PREFIX_BYTES;
    size_t size = slow_foreign(source, false, right);
    CHECK(strncmp(at, right, size) == 0);
    at += size;
    CHECK(at[0] == ' ');
    size_t blanks = strlen(source) < 9 ? 10 - strlen(source) : 1;
    CHECK(strspn(at, " ") >= blanks);
    at += blanks;
    char *end = at + strlen(at);
    CHECK(end[-1] == '\n');
    end[-1] = '\0';
    (void)slow_foreign(text, false, right);
    check_text_read(at, right, l->cut);
    CHECK(text_is_plain(l->bytes, strlen(l->bytes)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static log_text l;
    input in = {data, size};
    log_level level = (log_level)(LOG_ERROR + input_u8(&in) % LOG_DEBUG);
    uint32_t source_bytes = input_u8(&in) % 64; /* "too short to be cut" */
    source_bytes = source_bytes < in.size ? source_bytes : (uint32_t)in.size;
    input first = {in.at, source_bytes};
    in.at += source_bytes;
    in.size -= source_bytes;
    /* log_line cuts the text before it is formatted. */
    in.size = in.size < LOG_RAW_MAX ? in.size : LOG_RAW_MAX - 1;
    char *source = input_rest(&first);
    char *text = input_rest(&in);
    log_format_json(&l, 1700000000000 + size, level, source, text);
    CHECK(l.size <= sizeof l.bytes - 1 && text_is_utf8(l.bytes, l.size));
    check_json(&l, level, source, text);
    log_format_text(&l, size, level, source, text, false);
    CHECK(l.size <= sizeof l.bytes - 1);
    check_plain(&l, source, text);
    free(source);
    free(text);
    return 0;
}
