/* log.c: see log.h.
 *
 * Any thread. One lock, `the_log.lock`, is taken last of all locks and held for one write, or for
 * a rotation. The level is atomic, so that a line below it costs one load. A line is complete on
 * the caller's stack before it goes out in one write, so that the lines of several processes do not
 * mix.
 */
#include "base/log.h"

#include "base/log_line.h"
#include "base/text.h"
#include "os/fault.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LOG_PATH_MAX = 1024,
    LOG_REOPEN_NS = 1000000000 /* pause before a file that could not be opened is tried again */
};

static struct {
    os_mutex lock;
    log_options options;          /* `file` is ours */
    char file_path[LOG_PATH_MAX]; /* the same, absolute, for log_last_line; "": none */
    FILE *file;                   /* NULL: none, or it could not be reopened */
    uint64_t file_bytes;
    uint64_t rotate_bytes; /* rotate when larger: the limit, or more after a failed rotation */
    uint64_t reopen_ns;
    bool started;
    bool complained; /* about the file, which happens once */
} the_log;

typedef enum style { STYLE_TEXT, STYLE_COLOURS, STYLE_JSON } style;

/* What lines look like, read without the lock. These values hold until log_start and after
 * log_stop. */
static atomic_int the_level = LOG_INFO;
static atomic_int the_style = STYLE_TEXT;

/* ---- the file, under the lock ---- */

/* Reports once, on stderr, what is wrong with the file; the host continues. */
static void complain(const char *what, int code) {
    if (!the_log.complained) {
        the_log.complained = true;
        (void)fprintf(stderr, "portico: log file %s: %s (code %d); the host continues\n",
                      the_log.options.file, what, code);
    }
}

static bool file_open(void) {
    the_log.file = os_fopen(the_log.options.file, "ab");
    if (the_log.file == NULL) {
        the_log.reopen_ns = os_monotonic_ns() + LOG_REOPEN_NS;
        return false;
    }
    (void)setvbuf(the_log.file, NULL, _IOFBF, LOG_LINE_MAX);
    long at = fseek(the_log.file, 0, SEEK_END) == 0 ? ftell(the_log.file) : -1;
    /* A size beyond `long` is far above any sensible limit: rotate. */
    the_log.file_bytes = at >= 0 ? (uint64_t)at : UINT64_MAX / 2;
    return true;
}

/* NAME.4 to NAME.5, ..., NAME to NAME.1. Returns the status of the last step, the one that matters.
 */
static portico_status file_shift(void) {
    char from[LOG_PATH_MAX];
    char to[LOG_PATH_MAX];
    const log_options *options = &the_log.options;
    if (options->keep == 0) {
        return os_file_remove(options->file);
    }
    for (uint32_t i = options->keep; i > 1; i--) {
        (void)snprintf(from, sizeof from, "%s.%" PRIu32, options->file, i - 1);
        (void)snprintf(to, sizeof to, "%s.%" PRIu32, options->file, i);
        (void)os_file_rename(from, to); /* often it does not exist yet */
    }
    (void)snprintf(to, sizeof to, "%s.1", options->file);
    return os_file_rename(options->file, to);
}

static void file_rotate(void) {
    (void)fclose(the_log.file);
    the_log.file = NULL;
    portico_status status = file_shift();
    int code = (int)os_error();
    the_log.rotate_bytes = the_log.options.file_limit_bytes;
    if (!file_open()) {
        complain("cannot be opened again after rotating", (int)os_error());
    } else if (status != PORTICO_OK &&
               status != PORTICO_E_NOT_FOUND) { /* not found: somebody else moved it */
        complain("cannot be rotated", code);
        the_log.rotate_bytes += the_log.file_bytes; /* so that not every line tries again */
    }
}

static void file_write(const log_text *l) {
    if (the_log.file == NULL && os_monotonic_ns() >= the_log.reopen_ns) {
        (void)file_open();
    }
    if (the_log.file != NULL && the_log.file_bytes > 0 &&
        the_log.file_bytes + l->size > the_log.rotate_bytes) {
        file_rotate();
    }
    if (the_log.file == NULL) {
        return;
    }
    bool written = fwrite(l->bytes, 1, l->size, the_log.file) == l->size;
    if (fflush(the_log.file) != 0 || !written) {
        complain("cannot be written", errno);
        clearerr(the_log.file);
        return;
    }
    the_log.file_bytes += l->size;
}

/* ---- outside ---- */

/* Colours by themselves only where a person looks on, and has not asked all programs for none
 * (NO_COLOR). */
static bool want_colours(const log_options *options) {
    if (!options->terminal || options->colour == LOG_COLOUR_NEVER) {
        return false;
    }
    bool terminal = os_terminal(stderr);
    const char *none = getenv("NO_COLOR");
    return options->colour == LOG_COLOUR_ALWAYS || (terminal && (none == NULL || none[0] == '\0'));
}

bool log_start(const log_options *options) {
    log_stop();
    char *file = options->file != NULL ? text_copy(options->file, strlen(options->file)) : NULL;
    if (options->file != NULL && (file == NULL || strlen(file) > LOG_PATH_MAX - 16)) {
        (void)fprintf(stderr, "portico: log file %s: the path is too long\n", options->file);
        free(file);
        return false;
    }
    os_mutex_lock(&the_log.lock);
    the_log.options = *options;
    if (file == NULL ||
        os_path_absolute(file, the_log.file_path, sizeof the_log.file_path) != PORTICO_OK) {
        the_log.file_path[0] = '\0';
    }
    the_log.options.file = file;
    the_log.rotate_bytes = options->file_limit_bytes;
    the_log.complained = false;
    style look = options->format == LOG_JSON ? STYLE_JSON
                 : want_colours(options)     ? STYLE_COLOURS
                                             : STYLE_TEXT;
    bool opened = file == NULL || file_open();
    the_log.started = opened;
    if (opened) {
        atomic_store_explicit(&the_level, (int)options->level, memory_order_relaxed);
        atomic_store_explicit(&the_style, (int)look, memory_order_relaxed);
    } else {
        char why[256];
        os_error_text(os_error(), why, sizeof why);
        (void)fprintf(stderr, "portico: log file %s: cannot be opened: %s\n", file, why);
        the_log.options.file = NULL;
        free(file);
    }
    os_mutex_unlock(&the_log.lock);
    return opened;
}

void log_stop(void) {
    os_mutex_lock(&the_log.lock);
    if (the_log.file != NULL) {
        (void)fclose(the_log.file);
        the_log.file = NULL;
    }
    free(the_log.options.file);
    the_log.options.file = NULL;
    the_log.started = false;
    atomic_store_explicit(&the_level, LOG_INFO, memory_order_relaxed);
    atomic_store_explicit(&the_style, STYLE_TEXT, memory_order_relaxed);
    os_mutex_unlock(&the_log.lock);
}

bool log_enabled(log_level level) {
    return (int)level <= atomic_load_explicit(&the_level, memory_order_relaxed);
}

/* A line as it is written: to the file, and to the terminal, perhaps with colours. */
typedef struct written_line {
    log_text plain;
    log_text coloured;
    const log_text *shown; /* one of the two */
} written_line;

static void format_line(written_line *l, uint64_t wall_ms, log_level level, const char *source,
                        const char *text) {
    int look = atomic_load_explicit(&the_style, memory_order_relaxed);
    if (look == STYLE_JSON) {
        log_format_json(&l->plain, wall_ms, level, source, text);
    } else {
        log_format_text(&l->plain, wall_ms, level, source, text, false);
    }
    if (look == STYLE_COLOURS) {
        log_format_text(&l->coloured, wall_ms, level, source, text, true);
    }
    l->shown = look == STYLE_COLOURS ? &l->coloured : &l->plain;
}

/* [the log's lock] */
static void write_line(const written_line *l) {
    if (!the_log.started || the_log.options.terminal) {
        (void)fwrite(l->shown->bytes, 1, l->shown->size, stderr);
        (void)fflush(stderr); /* some C libraries buffer it unless it is a terminal */
    }
    if (the_log.started && the_log.options.file != NULL) {
        file_write(&l->plain);
    }
}

static void put_out(log_level level, const char *source, const char *text) {
    written_line l;
    format_line(&l, os_wall_ms(), level, source, text);
    os_mutex_lock(&the_log.lock);
    write_line(&l);
    os_mutex_unlock(&the_log.lock);
}

/* Replaces the last characters of a message that did not fit with "…". */
static void mark_cut(char text[LOG_RAW_MAX]) {
    size_t at = LOG_RAW_MAX - 4;
    while (at > LOG_RAW_MAX - 8 && ((unsigned char)text[at] & 0xC0) == 0x80) {
        at--; /* inside a character */
    }
    memcpy(text + at, "\xE2\x80\xA6", 4);
}

void log_line(log_level level, const char *source, const char *format, ...) {
    if (level < LOG_ERROR || level > LOG_DEBUG || !log_enabled(level)) {
        return;
    }
    char text[LOG_RAW_MAX];
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (size < 0) {
        memcpy(text, "?", 2);
    } else if (size >= (int)sizeof text) {
        mark_cut(text);
    }
    put_out(level, source, text);
}

void log_lines(log_level level, const char *source, const char *text) {
    char one[LOG_RAW_MAX];
    written_line l;
    uint64_t wall_ms = os_wall_ms();
    if (!log_enabled(level)) {
        return;
    }
    os_mutex_lock(&the_log.lock);
    while (*text != '\0') {
        size_t size = strcspn(text, "\n");
        size_t kept = size < sizeof one ? size : sizeof one - 1;
        memcpy(one, text, kept);
        one[kept] = '\0';
        if (kept < size) {
            mark_cut(one);
        }
        format_line(&l, wall_ms, level, source, one);
        write_line(&l);
        text += size + (text[size] == '\n');
    }
    os_mutex_unlock(&the_log.lock);
}

void log_last_line(log_level level, const char *source, const char *text) {
    static written_line l; /* the thread may have little stack left */
    format_line(&l, os_wall_ms(), level, source, text);
    if (!the_log.started || the_log.options.terminal) {
        os_fault_write(NULL, l.shown->bytes, l.shown->size);
    }
    if (the_log.started && the_log.file_path[0] != '\0') {
        os_fault_write(the_log.file_path, l.plain.bytes, l.plain.size);
    }
}

portico_status log_reopen(char why[LOG_WHY_MAX]) {
    os_mutex_lock(&the_log.lock);
    if (the_log.options.file == NULL) {
        os_mutex_unlock(&the_log.lock);
        (void)snprintf(why, LOG_WHY_MAX, "there is no log file: [log] file is not set");
        return PORTICO_E_NOT_FOUND;
    }
    FILE *old = the_log.file;
    if (!file_open()) {
        the_log.file = old;
        os_mutex_unlock(&the_log.lock);
        char system[256];
        os_error_text(os_error(), system, sizeof system);
        (void)snprintf(why, LOG_WHY_MAX, "the log file cannot be opened (%s); %s", system,
                       old != NULL ? "lines still go to the old one"
                                   : "no lines go to a file until it can be");
        return PORTICO_E_SYSTEM;
    }
    if (old != NULL) {
        (void)fclose(old);
    }
    the_log.rotate_bytes = the_log.options.file_limit_bytes;
    the_log.complained = false;
    os_mutex_unlock(&the_log.lock);
    log_info("log", "reopened the log file");
    return PORTICO_OK;
}
