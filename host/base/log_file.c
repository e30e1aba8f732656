/* log_file.c: see log_file.h. */
#include "base/log_file.h"

#include "base/log_line.h"
#include "base/text.h"
#include "os/os.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    PATH_BYTES = 1024,
    SUFFIX_BYTES = 16,
    REOPEN_NS = 1000000000 /* pause before a file that could not be opened is tried again */
};

static struct {
    char path[PATH_BYTES];
    uint64_t limit_bytes;
    uint32_t keep;
    void (*complain)(const char *text);
    FILE *file; /* NULL: none, or it could not be reopened */
    uint64_t bytes;
    uint64_t rotate_bytes; /* rotate when larger: the limit, or more after a failed rotation */
    uint64_t reopen_ns;
    uint64_t lost;   /* lines that could not be written */
    bool complained; /* until a line is written again */
} the_file;

static void complain(const char *what) {
    char system[256];
    char text[PATH_BYTES + 512];
    if (the_file.complained) {
        return;
    }
    the_file.complained = true;
    os_error_text(os_error(), system, sizeof system);
    snprintf(text, sizeof text, "log file %s: %s: %s (system error %d); the host continues",
             the_file.path, what, system, os_error());
    the_file.complain(text);
}

static bool file_open(void) {
    the_file.file = os_fopen(the_file.path, "ab");
    if (the_file.file == NULL) {
        the_file.reopen_ns = os_monotonic_ns() + REOPEN_NS;
        return false;
    }
    (void)setvbuf(the_file.file, NULL, _IOFBF, LOG_LINE_MAX);
    long at = fseek(the_file.file, 0, SEEK_END) == 0 ? ftell(the_file.file) : -1;
    /* A size beyond `long` is far above any sensible limit: rotate. */
    the_file.bytes = at >= 0 ? (uint64_t)at : UINT64_MAX / 2;
    return true;
}

/* NAME.4 to NAME.5, ..., NAME to NAME.1. Returns the status of the last step, the one that matters.
 */
static portico_status file_shift(void) {
    char from[PATH_BYTES + SUFFIX_BYTES];
    char to[PATH_BYTES + SUFFIX_BYTES];
    if (the_file.keep == 0) {
        return os_file_remove(the_file.path);
    }
    for (uint32_t i = the_file.keep; i > 1; i--) {
        (void)snprintf(from, sizeof from, "%s.%" PRIu32, the_file.path, i - 1);
        (void)snprintf(to, sizeof to, "%s.%" PRIu32, the_file.path, i);
        (void)os_file_rename(from, to); /* often it does not exist yet */
    }
    (void)snprintf(to, sizeof to, "%s.1", the_file.path);
    return os_file_rename(the_file.path, to);
}

static void file_rotate(void) {
    (void)fclose(the_file.file);
    the_file.file = NULL;
    portico_status status = file_shift();
    the_file.rotate_bytes = the_file.limit_bytes;
    if (status != PORTICO_OK && status != PORTICO_E_NOT_FOUND) { /* somebody else moved it */
        complain("cannot be rotated");
    }
    if (!file_open()) {
        complain("cannot be opened again after rotating");
    } else if (status != PORTICO_OK && status != PORTICO_E_NOT_FOUND) {
        the_file.rotate_bytes += the_file.bytes; /* so that not every line tries again */
    }
}

bool log_file_open(const log_file_options *options, char why[LOG_FILE_WHY_MAX]) {
    if (strlen(options->path) >= PATH_BYTES) {
        snprintf(why, LOG_FILE_WHY_MAX, "the path is longer than %d bytes", PATH_BYTES - 1);
        return false;
    }
    snprintf(the_file.path, sizeof the_file.path, "%s", options->path);
    the_file.limit_bytes = the_file.rotate_bytes = options->limit_bytes;
    the_file.keep = options->keep;
    the_file.complain = options->complain;
    the_file.complained = false;
    the_file.lost = 0;
    if (!file_open()) {
        snprintf(why, LOG_FILE_WHY_MAX, "cannot be opened: ");
        size_t size = strlen(why);
        os_error_text(os_error(), why + size, LOG_FILE_WHY_MAX - size);
        return false;
    }
    return true;
}

void log_file_close(void) {
    if (the_file.file != NULL) {
        (void)fclose(the_file.file);
        the_file.file = NULL;
    }
}

/* Writes a whole line, or counts it as lost. */
static bool write_line(const char *bytes, size_t size) {
    if (the_file.file == NULL && os_monotonic_ns() >= the_file.reopen_ns) {
        (void)file_open();
    }
    if (the_file.file != NULL && the_file.bytes > 0 &&
        the_file.bytes + size > the_file.rotate_bytes) {
        file_rotate();
    }
    if (the_file.file == NULL) {
        the_file.lost++;
        return false;
    }
    bool written = fwrite(bytes, 1, size, the_file.file) == size;
    if (!written || fflush(the_file.file) != 0) {
        (void)os_file_error();
        complain("cannot be written");
        clearerr(the_file.file);
        the_file.lost++;
        return false;
    }
    the_file.bytes += size;
    return true;
}

void log_file_write(const char *bytes, size_t size, void (*note)(const char *text)) {
    uint64_t lost = the_file.lost;
    if (!write_line(bytes, size) || lost == 0) {
        return;
    }
    char count[TEXT_COUNT];
    char text[128];
    text_count(lost, count);
    /* The C library may have kept some of them and written them now. */
    snprintf(text, sizeof text, "%s line%s before this could not be written when %s came", count,
             lost == 1 ? "" : "s", lost == 1 ? "it" : "they");
    the_file.lost = 0;
    the_file.complained = false;
    note(text);
}

bool log_file_reopen(char why[LOG_FILE_WHY_MAX]) {
    FILE *old = the_file.file;
    if (!file_open()) {
        char system[256];
        the_file.file = old;
        os_error_text(os_error(), system, sizeof system);
        snprintf(why, LOG_FILE_WHY_MAX, "the log file cannot be opened (%s); %s", system,
                 old != NULL ? "lines still go to the old one"
                             : "no lines go to a file until it can be");
        return false;
    }
    if (old != NULL) {
        (void)fclose(old);
    }
    the_file.rotate_bytes = the_file.limit_bytes;
    the_file.complained = false;
    return true;
}
