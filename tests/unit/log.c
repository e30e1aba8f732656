/* log.c: both formats, lines that others wrote, rotation, several threads. Files are made in the
 * working folder. */
#include "base/log.h"
#include "os/os.h"

#include "support/check.h"

enum { FILE_BYTES_MAX = 4 << 20, THREADS = 4, LINES = 2000 };

static char bytes[FILE_BYTES_MAX];

/* The whole file as text; "" if there is none. */
static size_t read_file(const char *path) {
    FILE *file = os_fopen(path, "rb");
    size_t size = 0;
    if (file != NULL) {
        size = fread(bytes, 1, sizeof bytes - 1, file);
        (void)fclose(file);
    }
    bytes[size] = '\0';
    return size;
}

static void start(char *path, log_format format, uint64_t limit, uint32_t keep) {
    log_options options = {.level = LOG_INFO,
                           .format = format,
                           .colour = LOG_COLOUR_ALWAYS,
                           .file = path,
                           .file_limit_bytes = limit,
                           .keep = keep};
    CHECK(log_start(&options));
}

/* Everything but the time, whose shape is checked. */
static const char *after_time(const char *line, char between) {
    static const char shape[] = "dddd-dd-dd?dd:dd:dd.dddZ";
    for (size_t i = 0; i < sizeof shape - 1; i++) {
        if (shape[i] == 'd') {
            CHECK(line[i] >= '0' && line[i] <= '9');
        } else {
            CHECK_INT(line[i], shape[i] == '?' ? between : shape[i]);
        }
    }
    CHECK(line[0] == '2' && line[1] == '0'); /* years of this century */
    return line + sizeof shape - 1;
}

static void text_lines(void) {
    char path[] = "text.log";
    (void)os_file_remove(path);
    start(path, LOG_TEXT, 1 << 20, 1);
    CHECK(log_enabled(LOG_INFO));
    CHECK(!log_enabled(LOG_DEBUG));
    log_debug("host", "not this");
    log_info("listener", "%s on %d", "game", 7777);
    log_warn("x", "one\r\n2026-01-01 00:00:00.000Z error  host      two\t\x1b[31m\x7f");
    log_error("y", "gr\xC3\xBC\xC3\x9F \xFF\xC3( \xC2\x9B \xE2\x80\xAE");
    CHECK(log_stop());
    (void)read_file(path);
    char *line = strtok(bytes, "\n");
    CHECK_TEXT(after_time(line, ' '), " info  listener  game on 7777"); /* no colours in a file */
    line = strtok(NULL, "\n");
    CHECK_TEXT(after_time(line, ' '),
               " warn  x         one??2026-01-01 00:00:00.000Z error  host      two??[31m?");
    line = strtok(NULL, "\n");
    CHECK_TEXT(after_time(line, ' '),
               " error y         gr\xC3\xBC\xC3\x9F \xEF\xBF\xBD\xEF\xBF\xBD( ? ?");
    CHECK(strtok(NULL, "\n") == NULL);
    (void)os_file_remove(path);
}

static void json_lines(void) {
    char path[] = "json.log";
    static const char head[] = "{\"time\":\"";
    (void)os_file_remove(path);
    start(path, LOG_JSON, 1 << 20, 1);
    log_info("echo", "a \"quote\", a \\, a\nline, \x1b, \x7f, gr\xC3\xBC\xC3\x9F, \xFF");
    CHECK(log_stop());
    (void)read_file(path);
    CHECK(strncmp(bytes, head, sizeof head - 1) == 0);
    CHECK_TEXT(after_time(bytes + sizeof head - 1, 'T'),
               "\",\"level\":\"info\",\"source\":\"echo\","
               "\"text\":\"a \\\"quote\\\", a \\\\, a\\u000aline, "
               "\\u001b, \\u007f, gr\xC3\xBC\xC3\x9F, \xEF\xBF\xBD\"}\n");
    (void)os_file_remove(path);
}

/* A text of any length gives one line of limited length, which ends in "…" and is valid UTF-8. */
static void long_lines(void) {
    char path[] = "long.log";
    static char text[20000];
    for (int json = 0; json < 2; json++) {
        for (size_t shift = 0; shift < 6; shift++) {
            (void)os_file_remove(path);
            for (size_t i = 0; i < sizeof text - 1; i++) {
                text[i] = i < shift                     ? 'a'
                          : json == 1 && shift % 2 == 0 ? '\x01'
                                                        : "\xE2\x82\xAC"[(i - shift) % 3];
            }
            start(path, json == 1 ? LOG_JSON : LOG_TEXT, 1 << 20, 1);
            log_info("echo", "%s", text);
            log_info("echo", "after");
            CHECK(log_stop());
            CHECK(read_file(path) < 4400);
            char *end = strchr(bytes, '\n');
            CHECK(end != NULL && strchr(end + 1, '\n') != NULL);
            const char *mark = json == 1 ? "\xE2\x80\xA6\"}" : "\xE2\x80\xA6";
            CHECK(strncmp(end - strlen(mark), mark, strlen(mark)) == 0);
            CHECK(strstr(bytes, "\xEF\xBF\xBD") == NULL); /* no character was cut in two */
        }
    }
    (void)os_file_remove(path);
}

static void rotation(void) {
    char path[] = "rotate.log";
    static const char *const files[] = {"rotate.log", "rotate.log.1", "rotate.log.2",
                                        "rotate.log.3"};
    for (int i = 0; i < 4; i++) {
        (void)os_file_remove(files[i]);
    }
    start(path, LOG_TEXT, 4096, 2);
    for (int i = 0; i < 400; i++) {
        log_info("test", "line %04d", i);
    }
    CHECK(log_stop());
    /* The three files hold the last lines without a gap, and none is above the limit. */
    int next = -1;
    for (int i = 2; i >= 0; i--) {
        size_t size = read_file(files[i]);
        CHECK(size > 0 && size <= 4096);
        for (char *line = strtok(bytes, "\n"); line != NULL; line = strtok(NULL, "\n")) {
            const char *number = strstr(line, "line ");
            CHECK(number != NULL);
            int found = (int)strtol(number + 5, NULL, 10);
            CHECK(next < 0 || found == next);
            next = found + 1;
        }
    }
    CHECK_INT(next, 400);
    CHECK_INT(read_file(files[3]), 0);
    /* An existing file is continued, and rotated when it is full. */
    size_t before = read_file(path);
    start(path, LOG_TEXT, 1 << 20, 2);
    log_info("test", "one more");
    CHECK(log_stop());
    CHECK(read_file(path) > before);
    /* keep = 0: the file starts over. */
    start(path, LOG_TEXT, 4096, 0);
    for (int i = 0; i < 400; i++) {
        log_info("test", "line %04d", i);
    }
    CHECK(log_stop());
    CHECK(read_file(path) <= 4096);
    CHECK(strstr(bytes, "line 0399") != NULL);
    for (int i = 0; i < 4; i++) {
        (void)os_file_remove(files[i]);
    }
}

/* The old file cannot be made room for: its name is a folder's. The lines still come. */
static void failed_rotation(void) {
    char path[] = "stuck.log";
    (void)os_file_remove(path);
    CHECK_INT(os_folder_create("stuck.log.1/inside"), PORTICO_OK);
    start(path, LOG_TEXT, 4096, 1);
    for (int i = 0; i < 400; i++) {
        log_info("test", "line %04d", i);
    }
    CHECK(log_stop());
    CHECK(read_file(path) > 4096);
    CHECK(strstr(bytes, "line 0000") != NULL);
    CHECK(strstr(bytes, "line 0399") != NULL);
    (void)os_file_remove(path);
    char nowhere[] = "no-such-folder/portico.log";
    log_options options = {.level = LOG_INFO, .file = nowhere};
    CHECK(!log_start(&options));
}

/* As logrotate does it. A file that cannot be opened again leaves the log in the old one. */
static void reopened(void) {
    char why[LOG_WHY_MAX] = "";
    char path[] = "moved/portico.log";
    CHECK_INT(os_folder_create("moved"), PORTICO_OK);
    (void)os_file_remove(path);
    (void)os_file_remove("moved/portico.log.old");
    start(path, LOG_TEXT, 1 << 20, 1);
    log_info("test", "line one");
    CHECK_INT(os_file_rename(path, "moved/portico.log.old"), PORTICO_OK);
    log_info("test", "line two");
    CHECK_INT(log_reopen(why), PORTICO_OK);
    log_info("test", "line three");
    log_flush(LOG_FLUSH_MS);
    CHECK(read_file("moved/portico.log.old") > 0);
    CHECK(strstr(bytes, "line one") != NULL && strstr(bytes, "line two") != NULL);
    CHECK(strstr(bytes, "line three") == NULL);
    CHECK(read_file(path) > 0);
    CHECK(strstr(bytes, "reopened the log file") != NULL);
    CHECK(strstr(bytes, "line three") != NULL);
    CHECK_INT(os_file_rename(path, "moved/portico.log.old"), PORTICO_OK);
    CHECK_INT(os_folder_create(path), PORTICO_OK);
    CHECK_INT(log_reopen(why), PORTICO_E_SYSTEM);
    CHECK(strstr(why, "cannot be opened") != NULL);
    log_info("test", "line four");
    log_flush(LOG_FLUSH_MS);
    CHECK(read_file("moved/portico.log.old") > 0);
    CHECK(strstr(bytes, "line four") != NULL);
    CHECK(log_stop());
    CHECK_INT(os_folder_remove(path), PORTICO_OK);
    start(NULL, LOG_TEXT, 1 << 20, 1);
    CHECK_INT(log_reopen(why), PORTICO_E_NOT_FOUND);
    CHECK(strstr(why, "[log] file") != NULL);
    CHECK(log_stop());
    (void)os_file_remove("moved/portico.log.old");
}

/* Ten lines of a kind are written, the others summed up: at the latest when the log stops. */
static void flood(void) {
    char path[] = "flood.log";
    static log_kind kind = LOG_KIND("bad frames");
    static log_kind quiet = LOG_KIND("quiet");
    enum { FLOOD = 5000 };
    uint64_t counted = 0;
    uint64_t single = 0;
    (void)os_file_remove(path);
    start(path, LOG_TEXT, 1 << 20, 1);
    uint64_t before_ms = os_monotonic_ms();
    for (int i = 0; i < FLOOD; i++) {
        log_limited(&kind, LOG_INFO, "game", "frame %d of somebody", i);
    }
    log_limited(&quiet, LOG_INFO, "game", "not one of them");
    log_limited(&quiet, LOG_DEBUG, "game", "below the level");
    CHECK(log_stop());
    uint64_t seconds = (os_monotonic_ms() - before_ms) / 1000;
    CHECK(read_file(path) < 8192);
    CHECK(strstr(bytes, "frame 9 of somebody") != NULL);
    CHECK(strstr(bytes, "game      not one of them\n") != NULL);
    CHECK(strstr(bytes, "quiet:") == NULL && strstr(bytes, "below") == NULL);
    for (char *line = strtok(bytes, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        const char *sum = strstr(line, "info  game      bad frames: ");
        for (const char *at = sum != NULL ? sum + 28 : ""; *at != '\0' && *at != ' '; at++) {
            CHECK((*at >= '0' && *at <= '9') || *at == ',');
        }
        if (sum != NULL) {
            unsigned thousands = 0;
            unsigned rest = 0;
            if (sscanf(sum + 28, "%u,%u more", &thousands, &rest) != 2) {
                thousands = 0;
                CHECK_INT(sscanf(sum + 28, "%u more", &rest), 1);
            }
            counted += thousands * 1000 + rest;
            CHECK(strstr(line, " more in the last ") != NULL);
            CHECK(strstr(line, "; the last one: frame ") != NULL);
        } else if (strstr(line, " of somebody") != NULL) {
            single++;
        }
    }
    CHECK_INT(single + counted, FLOOD);
    CHECK(single >= LOG_KIND_BURST && single <= LOG_KIND_BURST + seconds);
    (void)os_file_remove(path);
}

static void many_lines(void *arg) {
    for (int i = 0; i < LINES; i++) {
        log_info((const char *)arg, "line %04d of a thread that writes as fast as it can", i);
    }
}

/* The lines of `threads` in one file: whole, and in their thread's order. */
static void check_lines(const char *file, int next[THREADS]) {
    (void)read_file(file);
    for (char *line = strtok(bytes, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        const char *source = strstr(line, "\"source\":\"t");
        const char *number = strstr(line, "line ");
        if (strstr(line, "\"source\":\"log\"") != NULL) {
            continue; /* reopened */
        }
        CHECK(source != NULL && number != NULL && line[strlen(line) - 1] == '}');
        int thread = source[11] - '0';
        CHECK_INT(strtol(number + 5, NULL, 10), next[thread]++);
    }
    (void)os_file_remove(file);
}

/* No thread loses a line when the log rotates, or when somebody else keeps renaming the file. */
static void threads(bool others_rename) {
    char path[] = "threads.log";
    static char sources[THREADS][4] = {"t0", "t1", "t2", "t3"};
    enum { FILES = 8 };
    os_thread *running[THREADS];
    int next[THREADS] = {0};
    char file[32];
    char why[LOG_WHY_MAX];
    start(path, LOG_JSON, others_rename ? 64 << 20 : 256 * 1024, FILES);
    for (int i = 0; i < THREADS; i++) {
        CHECK_INT(os_thread_start(&running[i], "writer", many_lines, sources[i]), PORTICO_OK);
    }
    for (int i = FILES; others_rename && i > 0; i--) {
        (void)snprintf(file, sizeof file, "%s.%d", path, i);
        CHECK_INT(os_file_rename(path, file), PORTICO_OK);
        os_sleep(2); /* some lines are for the renamed file */
        CHECK_INT(log_reopen(why), PORTICO_OK);
    }
    for (int i = 0; i < THREADS; i++) {
        os_thread_join(running[i]);
    }
    CHECK(log_stop());
    for (int i = FILES; i >= 0; i--) {
        (void)snprintf(file, sizeof file, i > 0 ? "%s.%d" : "%s", path, i);
        check_lines(file, next);
    }
    for (int i = 0; i < THREADS; i++) {
        CHECK_INT(next[i], LINES);
    }
}

SCENARIO(log) {
    CHECK(log_enabled(LOG_INFO));
    log_info("test", "before log_start lines go to stderr");
    text_lines();
    json_lines();
    long_lines();
    rotation();
    failed_rotation();
    reopened();
    flood();
    threads(false);
    threads(true);
    log_info("test", "and after log_stop, too");
}
