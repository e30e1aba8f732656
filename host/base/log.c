/* log.c: see log.h.
 *
 * Any thread. A line is formatted twice: its text by the caller, on its stack; the rest by the
 * thread of the sink that writes it (log_sink.h). There are two sinks, the terminal and the file,
 * so that one that takes no bytes does not hold up the other. The level is atomic, so that a line
 * below it costs one load.
 */
#include "base/log.h"

#include "base/log_file.h"
#include "base/log_line.h"
#include "base/log_sink.h"
#include "base/log_tail.h"
#include "base/stats.h"
#include "base/text.h"
#include "os/fault.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum {
    LOG_PATH_MAX = 1024,
    STOP_STALL_MS = 2000,  /* how long one write may delay the end */
    REOPEN_STALL_MS = 2000 /* and log_reopen */
};

/* Under log_lock, or before there are other threads. */
static struct {
    bool started;
    bool terminal;                /* lines go there */
    bool file;                    /* and there */
    char file_path[LOG_PATH_MAX]; /* absolute, for log_last_line; "": none */
    log_kind *kinds;              /* those that were used */
    bool reopened;                /* the result of the errand */
    char reopen_why[LOG_FILE_WHY_MAX];
} the_log;

typedef enum style { STYLE_TEXT, STYLE_COLOURS, STYLE_JSON } style;

/* The look of lines, read without the lock. These values hold until log_start and after
 * log_stop. */
static atomic_int the_level = LOG_INFO;
static atomic_int the_style = STYLE_TEXT;

static void put_locked(log_level level, const char *source, const char *text);

/* ---- the sinks ------------------------------------------------------------------------------ */

static void format_record(log_text *l, const log_record *r, bool colours) {
    int look = atomic_load_explicit(&the_style, memory_order_relaxed);
    const char *source = log_record_source(r);
    const char *text = log_record_text(r);
    if (look == STYLE_JSON) {
        log_format_json(l, r->wall_ms, (log_level)r->level, source, text);
    } else {
        log_format_text(l, r->wall_ms, (log_level)r->level, source, text,
                        colours && look == STYLE_COLOURS);
    }
}

static void terminal_write(const log_record *r) {
    log_text l;
    format_record(&l, r, true);
    os_stderr_write(l.bytes, l.size);
}

static void file_note(const char *text) {
    log_text l;
    if (atomic_load_explicit(&the_style, memory_order_relaxed) == STYLE_JSON) {
        log_format_json(&l, os_wall_ms(), LOG_WARN, "log", text);
    } else {
        log_format_text(&l, os_wall_ms(), LOG_WARN, "log", text, false);
    }
    log_file_write(l.bytes, l.size, file_note);
}

static void file_write(const log_record *r) {
    log_text l;
    format_record(&l, r, false);
    log_file_write(l.bytes, l.size, file_note);
}

static void file_errand(void) {
    char why[LOG_FILE_WHY_MAX] = "";
    bool reopened = log_file_reopen(why);
    os_mutex_lock(&log_lock);
    the_log.reopened = reopened;
    memcpy(the_log.reopen_why, why, sizeof why);
    os_mutex_unlock(&log_lock);
}

/* Writes the summaries that are due; returns when the next one is. */
static uint64_t sum_up(uint64_t now_ms, bool all) {
    uint64_t next_ms = UINT64_MAX;
    for (log_kind *k = the_log.kinds; k != NULL; k = k->next) {
        char text[LOG_RAW_MAX];
        if (log_kind_due(k, now_ms, all)) {
            log_kind_sum(k, now_ms, text, sizeof text);
            put_locked((log_level)k->level, k->source, text);
        } else if (k->more > 0 && k->since_ms + LOG_KIND_MS < next_ms) {
            next_ms = k->since_ms + LOG_KIND_MS;
        }
    }
    return next_ms;
}

/* As if none had been used. */
static void forget_kinds(void) {
    while (the_log.kinds != NULL) {
        log_kind *k = the_log.kinds;
        the_log.kinds = k->next;
        *k = (log_kind){.name = k->name};
    }
}

static uint64_t tick(uint64_t now_ms) {
    return sum_up(now_ms, false);
}

static const log_sink_kind terminal_kind = {"log terminal", terminal_write, NULL, tick};
static const log_sink_kind file_kind = {"log file", file_write, file_errand, tick};

static log_sink terminal = {.kind = &terminal_kind};
static log_sink file = {.kind = &file_kind};

/* Reports what is wrong with the file, on the terminal even if no other lines go there. */
static void file_complain(const char *text) {
    os_mutex_lock(&log_lock);
    log_sink_put(&terminal, os_wall_ms(), LOG_WARN, "log", text);
    os_mutex_unlock(&log_lock);
}

/* ---- start and stop -------------------------------------------------------------------------- */

/* Colours by themselves only where a person looks on, and has not asked all programs for none
 * (NO_COLOR). */
static bool want_colours(const log_options *options) {
    if (!options->terminal || options->colour == LOG_COLOUR_NEVER) {
        return false;
    }
    bool shows = os_terminal(stderr);
    const char *none = getenv("NO_COLOR");
    return options->colour == LOG_COLOUR_ALWAYS || (shows && (none == NULL || none[0] == '\0'));
}

static bool open_file(const log_options *options) {
    char why[LOG_FILE_WHY_MAX];
    log_file_options how = {.path = options->file,
                            .limit_bytes = options->file_limit_bytes,
                            .keep = options->keep,
                            .complain = file_complain};
    if (!log_file_open(&how, why)) {
        (void)fprintf(stderr, "portico: log file %s: %s\n", options->file, why);
        return false;
    }
    if (os_path_absolute(options->file, the_log.file_path, sizeof the_log.file_path) !=
        PORTICO_OK) {
        the_log.file_path[0] = '\0';
    }
    return true;
}

static bool start_threads(void) {
    if (log_sink_start(&terminal) != PORTICO_OK ||
        (the_log.file && log_sink_start(&file) != PORTICO_OK)) {
        char why[256];
        os_error_text(os_error(), why, sizeof why);
        (void)fprintf(stderr, "portico: cannot start a thread of the log: %s\n", why);
        return false;
    }
    return true;
}

bool log_start(const log_options *options) {
    if (!log_stop()) {
        return false; /* a thread of the last one still writes */
    }
    the_log.file_path[0] = '\0';
    if (options->file != NULL && !open_file(options)) {
        return false;
    }
    style look = options->format == LOG_JSON ? STYLE_JSON
                 : want_colours(options)     ? STYLE_COLOURS
                                             : STYLE_TEXT;
    os_mutex_lock(&log_lock);
    the_log.started = true;
    the_log.terminal = options->terminal;
    the_log.file = options->file != NULL;
    atomic_store_explicit(&the_level, (int)options->level, memory_order_relaxed);
    atomic_store_explicit(&the_style, (int)look, memory_order_relaxed);
    bool started = start_threads();
    os_mutex_unlock(&log_lock);
    if (!started) {
        (void)log_stop();
    }
    return started;
}

bool log_stop(void) {
    os_mutex_lock(&log_lock);
    (void)sum_up(os_monotonic_ms(), true);
    bool file_ended = log_sink_stop(&file, STOP_STALL_MS);
    bool ended = log_sink_stop(&terminal, STOP_STALL_MS); /* the file may have complained */
    if (file_ended) {
        log_file_close();
    }
    if (ended && file_ended) {
        the_log.started = the_log.terminal = the_log.file = false;
        atomic_store_explicit(&the_level, LOG_INFO, memory_order_relaxed);
        atomic_store_explicit(&the_style, STYLE_TEXT, memory_order_relaxed);
        forget_kinds();
    }
    os_mutex_unlock(&log_lock);
    return ended && file_ended;
}

void log_flush(uint32_t stall_ms) {
    os_mutex_lock(&log_lock);
    (void)sum_up(os_monotonic_ms(), true);
    (void)log_sink_flush(&file, stall_ms);
    (void)log_sink_flush(&terminal, stall_ms);
    os_mutex_unlock(&log_lock);
}

portico_status log_reopen(char why[LOG_WHY_MAX]) {
    os_mutex_lock(&log_lock);
    if (!the_log.file) {
        os_mutex_unlock(&log_lock);
        (void)snprintf(why, LOG_WHY_MAX, "there is no log file: [log] file is not set");
        return PORTICO_E_NOT_FOUND;
    }
    bool asked = log_sink_ask(&file, REOPEN_STALL_MS);
    bool reopened = asked && the_log.reopened;
    (void)snprintf(why, LOG_WHY_MAX, "%s",
                   asked ? the_log.reopen_why
                         : "the log file takes no lines; it is opened again once it does");
    os_mutex_unlock(&log_lock);
    if (reopened) {
        log_info("log", "reopened the log file");
    }
    return reopened ? PORTICO_OK : PORTICO_E_SYSTEM;
}

/* ---- lines ----------------------------------------------------------------------------------- */

bool log_enabled(log_level level) {
    return (int)level <= atomic_load_explicit(&the_level, memory_order_relaxed);
}

static void put_locked(log_level level, const char *source, const char *text) {
    uint64_t wall_ms = os_wall_ms();
    log_tail_put(wall_ms, (int)level, source, text);
    if (!the_log.started || the_log.terminal) {
        log_sink_put(&terminal, wall_ms, (int)level, source, text);
    }
    if (the_log.file) {
        log_sink_put(&file, wall_ms, (int)level, source, text);
    }
}

static void put_out(log_level level, const char *source, const char *text) {
    os_mutex_lock(&log_lock);
    put_locked(level, source, text);
    os_mutex_unlock(&log_lock);
}

/* Replaces the last characters of a message that did not fit with "…". */
static void mark_cut(char text[LOG_RAW_MAX]) {
    size_t at = LOG_RAW_MAX - 4;
    while (at > LOG_RAW_MAX - 8 && ((unsigned char)text[at] & 0xC0) == 0x80) {
        at--; /* inside a character */
    }
    memcpy(text + at, "\xE2\x80\xA6", 4);
}

static void format_text(char text[LOG_RAW_MAX], const char *format, va_list arguments) {
    int size = vsnprintf(text, LOG_RAW_MAX, format, arguments);
    if (size < 0) {
        memcpy(text, "?", 2);
    } else if (size >= LOG_RAW_MAX) {
        mark_cut(text);
    }
}

void log_line(log_level level, const char *source, const char *format, ...) {
    if (level < LOG_ERROR || level > LOG_DEBUG || !log_enabled(level)) {
        return;
    }
    char text[LOG_RAW_MAX];
    va_list arguments;
    va_start(arguments, format);
    format_text(text, format, arguments);
    va_end(arguments);
    put_out(level, source, text);
}

static void copy_cut(char *to, size_t room, const char *text) {
    size_t size = strlen(text);
    size = size < room ? size : text_whole(text, room - 1);
    memcpy(to, text, size);
    to[size] = '\0';
}

/* Keeps the last line of a kind for the summary. */
static void keep_last(log_kind *k, log_level level, const char *source, const char *text) {
    k->level = (uint8_t)level;
    copy_cut(k->source, sizeof k->source, source);
    copy_cut(k->last, sizeof k->last, text);
    stats_add(STAT_log_lines_counted, 1);
}

void log_limited(log_kind *kind, log_level level, const char *source, const char *format, ...) {
    if (!log_enabled(level)) {
        return;
    }
    char text[LOG_RAW_MAX];
    va_list arguments;
    va_start(arguments, format);
    format_text(text, format, arguments);
    va_end(arguments);
    os_mutex_lock(&log_lock);
    if (!kind->listed) {
        kind->listed = true;
        kind->next = the_log.kinds;
        the_log.kinds = kind;
    }
    if (log_kind_admit(kind, os_monotonic_ms())) {
        put_locked(level, source, text);
    } else {
        keep_last(kind, level, source, text);
        if (kind->more == 1) { /* the threads learn that a summary will be due */
            log_sink_wake(&terminal);
            log_sink_wake(&file);
        }
    }
    os_mutex_unlock(&log_lock);
}

void log_lines(log_level level, const char *source, const char *text) {
    char one[LOG_RAW_MAX];
    if (!log_enabled(level)) {
        return;
    }
    os_mutex_lock(&log_lock);
    while (*text != '\0') {
        size_t size = strcspn(text, "\n");
        size_t kept = size < sizeof one ? size : sizeof one - 1;
        memcpy(one, text, kept);
        one[kept] = '\0';
        if (kept < size) {
            mark_cut(one);
        }
        put_locked(level, source, one);
        text += size + (text[size] == '\n');
    }
    os_mutex_unlock(&log_lock);
}

/* Has the sink's thread write the record, or else writes it here. */
static void last_of(log_sink *s, const log_record *r, const char *path, bool colours) {
    static log_text l; /* the thread may have little stack left */
    bool stuck = false;
    if (!log_sink_last(s, r, &stuck) && !stuck) {
        format_record(&l, r, colours);
        os_fault_write(path, l.bytes, l.size);
    }
}

void log_last_line(log_level level, const char *source, const char *text) {
    static uint64_t lines[2][LOG_RECORD_MAX / sizeof(uint64_t)];
    static uint32_t next; /* a sink that hangs may still have the line before */
    log_ring one = {.bytes = (uint8_t *)lines[next % 2], .size = sizeof lines[0]};
    next++;
    if (!log_ring_put(&one, 0, os_wall_ms(), (int)level, source, text)) {
        return;
    }
    const log_record *r = log_ring_first(&one);
    if (the_log.file && the_log.file_path[0] != '\0') {
        last_of(&file, r, the_log.file_path, false);
    }
    if (!the_log.started || the_log.terminal) {
        last_of(&terminal, r, NULL, true);
    }
}
