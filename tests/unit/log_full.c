/* log_full.c: the log's file cannot grow any more, as on a full disk: the process's limit of a
 * file's size stands in for that. The terminal gets one line with the reason; once the file can be
 * written again, it says how many lines are missing. */
#include "base/log.h"
#include "os/os.h"

#include "support/check.h"

#if defined(_WIN32)

SCENARIO(log_full) {
    printf("skipped: this system has no limit of a file's size\n");
}

#else
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { ROOM = 2000, LINES = 300, BYTES_MAX = 1 << 16 };

static void limit(rlim_t bytes) {
    struct rlimit size = {.rlim_cur = bytes, .rlim_max = RLIM_INFINITY};
    CHECK_INT(setrlimit(RLIMIT_FSIZE, &size), 0);
}

static char *text_of(const char *path) {
    static char bytes[BYTES_MAX];
    FILE *file = os_fopen(path, "rb");
    CHECK(file != NULL);
    bytes[fread(bytes, 1, sizeof bytes - 1, file)] = '\0';
    (void)fclose(file);
    return bytes;
}

SCENARIO(log_full) {
    char path[] = "full.log";
    log_options options = {.level = LOG_INFO, .file = path, .file_limit_bytes = 1 << 20, .keep = 1};
    int ends[2];
    char said[4096] = "";
    int terminal = dup(2);
    (void)os_file_remove(path);
    CHECK(signal(SIGXFSZ, SIG_IGN) != SIG_ERR); /* as os_init does */
    CHECK_INT(pipe(ends), 0);
    CHECK(dup2(ends[1], 2) == 2);
    CHECK(log_start(&options));
    limit(ROOM);
    for (int i = 0; i < LINES; i++) {
        log_info("test", "line %d", i);
    }
    log_flush(LOG_FLUSH_MS);
    limit(RLIM_INFINITY);
    log_info("test", "after");
    CHECK(log_stop());
    CHECK(dup2(terminal, 2) == 2);
    ssize_t size = read(ends[0], said, sizeof said - 1);
    CHECK(size > 0);
    CHECK(strstr(said, "log file full.log: cannot be written: File too large") != NULL);
    CHECK(strstr(said, "the host continues") != NULL);
    CHECK(strchr(said, '\n') == said + size - 1); /* one line */
    const char *text = text_of(path);
    const char *note = strstr(text, " could not be written when they came");
    CHECK(strstr(text, "line 0\n") != NULL && strstr(text, "after\n") != NULL && note != NULL);
    while (note > text && note[-1] != '\n') {
        note--;
    }
    note = strstr(note, "log       ");
    CHECK(note != NULL);
    long lost = strtol(note + 10, NULL, 10);
    CHECK(lost > LINES / 2 && lost < LINES);
    (void)os_file_remove(path);
}
#endif
