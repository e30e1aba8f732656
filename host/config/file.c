/* file.c: see file.h. */
#include "config/file.h"

#include "base/system_text.h"
#include "base/text.h"
#include "os/os.h"

#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A character that no line of the file can contain: it marks our own lines. */
#define MARK "\x01"

typedef enum feed {
    FEED_LINE,   /* the next line of the file */
    FEED_HEADER, /* `header`, after "[MARK]" */
    FEED_MARK    /* "MARK = MARK": inih answers with the current section */
} feed;

typedef struct reader {
    config_faults *faults;
    const config_events *events;
    void *arg;
    const char *at;
    const char *end;
    const char *header; /* of `header_size` bytes */
    size_t header_size;
    uint32_t line; /* of the last line fed; 0 before the first */
    feed next;
    bool expects_pair; /* inih must answer the line that was fed with a pair */
} reader;

/* ---- the file ---- */

static void ignore_entry(void *arg, const char *name) {
    (void)arg;
    (void)name;
}

portico_status config_file_read(config_faults *faults, char **bytes, size_t *size) {
    if (os_folder_list(faults->path, ignore_entry, NULL) == PORTICO_OK) {
        fault_add(faults, 0, "is a folder, not an ini file");
        return PORTICO_E_NOT_FOUND;
    }
    portico_status status = PORTICO_E_NOT_FOUND;
    FILE *file = os_fopen(faults->path, "rb");
    if (file == NULL) {
        fault_add(faults, 0, "cannot be opened (%s)", system_text(os_error()));
        return status;
    }
    char *buffer = malloc(CONFIG_FILE_MAX_BYTES + 1);
    if (buffer == NULL) {
        status = PORTICO_E_NO_MEMORY;
        goto close_file;
    }
    *size = fread(buffer, 1, CONFIG_FILE_MAX_BYTES + 1, file);
    if (ferror(file) != 0) {
        fault_add(faults, 0, "cannot be read");
        goto free_buffer;
    }
    if (*size > CONFIG_FILE_MAX_BYTES) {
        fault_add(faults, 0, "is larger than 1 MiB; is it an ini file?");
        goto free_buffer;
    }
    (void)fclose(file);
    *bytes = buffer;
    return PORTICO_OK;

free_buffer:
    free(buffer);
close_file:
    (void)fclose(file);
    return status;
}

/* ---- lines ---- */

static const char *skip_blanks(const char *at, const char *end) {
    while (at < end && (*at == ' ' || *at == '\t')) {
        at++;
    }
    return at;
}

static bool is_comment(char c) {
    return c == ';' || c == '#';
}

/* Text after the ']' of a header, which inih ignores silently. */
static void check_after_header(reader *r) {
    const char *end = r->header + r->header_size;
    const char *close = memchr(r->header, ']', r->header_size);
    if (close == NULL) {
        return; /* inih refuses it, on_header reports */
    }
    const char *rest = skip_blanks(close + 1, end);
    if (rest < end && !is_comment(*rest)) {
        fault_add(r->faults, r->line, "text after the ']' of a section: begin a new line");
    }
}

/* Whether the line is printable UTF-8 text. */
static bool check_text(reader *r, const char *line, size_t size) {
    if (memchr(line, '\0', size) != NULL) {
        fault_add(r->faults, r->line, "a NUL byte; save the file as UTF-8 text");
        return false;
    }
    for (size_t at = 0; at < size;) {
        size_t length = text_character(line + at, size - at);
        if (length == 0) {
            fault_add(r->faults, r->line,
                      "not UTF-8: byte 0x%02X at column %zu; save the file as UTF-8",
                      (unsigned)(unsigned char)line[at], at + 1);
            return false;
        }
        if (line[at] != '\t' && text_is_control(line + at, length)) {
            fault_add(r->faults, r->line, "a control character at column %zu", at + 1);
            return false;
        }
        at += length;
    }
    return true;
}

/* Whether inih would read the line as it is meant. */
static bool check_shape(reader *r, const char *line, size_t size, size_t limit) {
    if (size > limit) {
        fault_add(r->faults, r->line, "the line is longer than %zu bytes", limit);
        return false;
    }
    if (line[0] == ' ' || line[0] == '\t') {
        fault_add(
            r->faults, r->line,
            "an indented line would continue the value above, but a value is one line: remove the "
            "blanks at its start");
        return false;
    }
    return true;
}

static void hand_out(char *buffer, const char *text, size_t size) {
    memcpy(buffer, text, size);
    memcpy(buffer + size, "\n", 2);
}

/* Gives inih the next line that is not empty or a comment. */
static char *feed_line(reader *r, char *buffer, size_t limit) {
    if (r->expects_pair) {
        fault_add(r->faults, r->line, "neither [section] nor key = value");
        r->events->lost(r->arg);
        r->expects_pair = false;
    }
    while (r->at < r->end) {
        const char *line = r->at;
        const char *end = memchr(line, '\n', (size_t)(r->end - line));
        r->at = end != NULL ? end + 1 : r->end;
        size_t size = (size_t)((end != NULL ? end : r->end) - line);
        size -= size > 0 && line[size - 1] == '\r';
        r->line++;
        const char *start = skip_blanks(line, line + size);
        bool empty = start == line + size || is_comment(*start); /* those may have any length */
        bool good = check_text(r, line, size) && (empty || check_shape(r, line, size, limit));
        if (!good && !empty) {
            r->events->lost(r->arg);
            if (*start == '[') {
                r->events->section(r->arg, r->line, NULL);
            }
        }
        if (!good || empty) {
            continue;
        }
        if (*start == '[') {
            r->header = line;
            r->header_size = size;
            r->next = FEED_HEADER;
            hand_out(buffer, "[" MARK "]", 3); /* shows whether inih refuses the header */
            return buffer;
        }
        r->expects_pair = true;
        hand_out(buffer, line, size);
        return buffer;
    }
    return NULL;
}

/* inih's reader, called once per line. */
static char *read_line(char *buffer, int capacity, void *stream) {
    reader *r = stream;
    size_t limit = (size_t)capacity - 2; /* room for the line end and the zero */
    limit = limit < CONFIG_LINE_MAX_BYTES ? limit : CONFIG_LINE_MAX_BYTES;
    switch (r->next) {
    case FEED_LINE: return feed_line(r, buffer, limit);
    case FEED_HEADER:
        r->next = FEED_MARK;
        hand_out(buffer, r->header, r->header_size);
        return buffer;
    case FEED_MARK: break;
    }
    r->next = FEED_LINE;
    hand_out(buffer, MARK "=" MARK, 3);
    return buffer;
}

/* ---- what inih answers ---- */

/* After the header that was fed, inih is in `section`. */
static void on_header(reader *r, const char *section) {
    const char *close = memchr(r->header, ']', r->header_size);
    size_t written = close != NULL ? (size_t)(close - r->header) - 1 : 0;
    if (strcmp(section, MARK) == 0) {
        fault_add(r->faults, r->line, "the section's name has no closing ']'");
        section = NULL;
    } else if (strlen(section) < written) {
        fault_add(r->faults, r->line, "the section's name is longer than %zu bytes",
                  strlen(section));
        section = NULL;
    } else {
        check_after_header(r);
    }
    r->events->section(r->arg, r->line, section);
}

/* inih's handler, called for every pair. */
static int on_pair(void *user, const char *section, const char *name, const char *value) {
    reader *r = user;
    if (strcmp(name, MARK) == 0) {
        on_header(r, section);
    } else {
        r->expects_pair = false;
        r->events->pair(r->arg, r->line, name, value);
    }
    return 1;
}

portico_status config_file_parse(config_faults *faults, const char *bytes, size_t size,
                                 const config_events *events, void *arg) {
    if (size >= 2 && (memcmp(bytes, "\xFF\xFE", 2) == 0 || memcmp(bytes, "\xFE\xFF", 2) == 0)) {
        fault_add(faults, 1, "the file is UTF-16 (\"Unicode\"); save it as UTF-8");
        return PORTICO_OK;
    }
    size_t mark = size >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0; /* a UTF-8 BOM */
    reader r = {
        .faults = faults, .events = events, .arg = arg, .at = bytes + mark, .end = bytes + size};
    int answer = ini_parse_stream(read_line, &r, on_pair, &r);
    if (answer == -2) {
        return PORTICO_E_NO_MEMORY;
    }
    if (answer != 0 && faults->found == 0) {
        fault_add(faults, 0, "is not an ini file"); /* never seen, but inih has refused it */
    }
    return PORTICO_OK;
}
