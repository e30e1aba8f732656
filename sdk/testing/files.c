/* files.c: the folder of a run, and the host's log in it. Files are the real system's. */
#include "private.h"

#include "os/sim/real.h"

#include <stdlib.h>
#include <string.h>

enum { LOG_LINE_BYTES = 4096, LOG_LAST_LINES = 20, COPY_BYTES = 64 * 1024 };

#define MEMORY_FOLDER "/dev/shm"

/* In memory, if the system has such a folder. */
static const char *parent(void) {
    static const char *const names[] = {"PORTICO_TEST_DIR", "TMPDIR", "TEMP"};
    if (real_folder_check(MEMORY_FOLDER) == PORTICO_OK) {
        return MEMORY_FOLDER;
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *given = getenv(names[i]);
        if (given != NULL && given[0] != '\0') {
            return given;
        }
    }
    return ".";
}

/* Answers of the host contain paths, so their length decides how many bytes the network carries: it
 * is the same for each process. */
void testing_folder(char folder[TESTING_PATH_BYTES], uint32_t process) {
    char path[TESTING_PATH_BYTES];
    (void)snprintf(path, sizeof path, "%.*s/portico-test-%010u", TESTING_PATH_BYTES - 64, parent(),
                   (unsigned)process);
    if (real_path_absolute(path, folder, TESTING_PATH_BYTES) != PORTICO_OK) {
        TESTING_FAIL("the path %s is too long", path);
    }
}

static void entry_delete(void *arg, const char *name) {
    char path[2 * TESTING_PATH_BYTES];
    (void)snprintf(path, sizeof path, "%s/%s", (const char *)arg, name);
    if (real_file_remove(path) != PORTICO_OK) {
        testing_folder_delete(path);
    }
}

void testing_folder_delete(const char *folder) {
    char path[2 * TESTING_PATH_BYTES];
    (void)snprintf(path, sizeof path, "%s", folder);
    (void)real_folder_list(path, entry_delete, path);
    (void)real_folder_remove(path);
}

/* A process that had the same id may have been killed. */
void testing_folder_make(const char *folder) {
    char path[2 * TESTING_PATH_BYTES];
    testing_folder_delete(folder);
    (void)snprintf(path, sizeof path, "%s/modules", folder);
    if (real_folder_create(path) != PORTICO_OK) {
        TESTING_FAIL("the folder %s cannot be created", path);
    }
}

void testing_path(const portico_test *t, char path[2 * TESTING_PATH_BYTES], const char *name) {
    (void)snprintf(path, (size_t)2 * TESTING_PATH_BYTES, "%s/%s", t->folder, name);
}

const char *portico_test_path(portico_test *t, const char *file) {
    static char path[2 * TESTING_PATH_BYTES];
    testing_path(t, path, file);
    return path;
}

void testing_file_write(const portico_test *t, const char *name, const char *text) {
    char path[2 * TESTING_PATH_BYTES];
    testing_path(t, path, name);
    FILE *file = real_fopen(path, "wb");
    bool written = file != NULL && fwrite(text, 1, strlen(text), file) == strlen(text);
    if ((file != NULL && fclose(file) != 0) || !written) {
        TESTING_FAIL("%s cannot be written", path);
    }
}

static bool copy(FILE *from, FILE *to) {
    static char bytes[COPY_BYTES];
    size_t size = 0;
    while ((size = fread(bytes, 1, sizeof bytes, from)) > 0) {
        if (fwrite(bytes, 1, size, to) != size) {
            return false;
        }
    }
    return ferror(from) == 0;
}

bool testing_file_copy(const portico_test *t, const char *from, const char *name) {
    char path[2 * TESTING_PATH_BYTES];
    testing_path(t, path, name);
    FILE *source = real_fopen(from, "rb");
    if (source == NULL) {
        return false;
    }
    FILE *target = real_fopen(path, "wb");
    bool copied = target != NULL && copy(source, target);
    (void)fclose(source);
    if ((target != NULL && fclose(target) != 0) || !copied) {
        TESTING_FAIL("%s cannot be copied to %s", from, path);
    }
    return true;
}

/* ---- the log ----------------------------------------------------------------------------- */

void testing_log_each(const char *folder, void (*each)(void *arg, const char *line), void *arg) {
    char path[2 * TESTING_PATH_BYTES];
    static char line[LOG_LINE_BYTES];
    (void)snprintf(path, sizeof path, "%s/host.log", folder);
    FILE *file = real_fopen(path, "rb");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, "\r\n")] = '\0';
        each(arg, line);
    }
    if (file != NULL) {
        (void)fclose(file);
    }
}

typedef struct search {
    const char *text;
    uint32_t count;
} search;

static void count_line(void *arg, const char *line) {
    search *s = arg;
    s->count += strstr(line, s->text) != NULL;
}

uint32_t portico_test_logged(portico_test *t, const char *text) {
    search s = {.text = text};
    if (t->config != NULL) {
        portico_test_settle(t);
    }
    testing_log_each(t->folder, count_line, &s);
    return s.count;
}

static void count_all(void *arg, const char *line) {
    (void)line;
    ++*(uint32_t *)arg;
}

static void print_last(void *arg, const char *line) {
    uint32_t *skip = arg;
    if (*skip > 0) {
        --*skip;
    } else {
        fprintf(stderr, "  | %s\n", line);
    }
}

void testing_print_log(const char *folder) {
    uint32_t skip = 0;
    testing_log_each(folder, count_all, &skip);
    if (skip > 0) {
        fprintf(stderr, "  the last lines of the host's log:\n");
    }
    skip = skip > LOG_LAST_LINES ? skip - LOG_LAST_LINES : 0;
    testing_log_each(folder, print_last, &skip);
}
