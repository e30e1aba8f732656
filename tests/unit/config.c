/* config.c: whole ini files, good and bad. Every config/NAME.ini is loaded. If there is a NAME.txt,
 * exactly those messages must come, in that order; if not, the file must be accepted. A file that
 * ever broke something goes there and stays. */
#include "config/load.h"

#include "support/check.h"
#include "support/environment.h"

enum { NAMES_MAX = 256, TEXT_MAX = 65536, FILE_PATH_MAX = 1024 };

static const char *folder;
static char *names[NAMES_MAX];
static size_t name_count;

static void add_name(void *arg, const char *name) {
    (void)arg;
    size_t size = strlen(name);
    if (size > 4 && strcmp(name + size - 4, ".ini") == 0) {
        CHECK(name_count < NAMES_MAX);
        char *copy = calloc(1, size + 1);
        CHECK(copy != NULL);
        memcpy(copy, name, size - 4);
        names[name_count++] = copy;
    }
}

/* Collects the messages without the folder, which differs on every machine. */
static void add_message(void *arg, const char *text) {
    char *all = arg;
    size_t size = strlen(all);
    size_t before = strlen(folder) + 1;
    CHECK(strncmp(text, folder, before - 1) == 0);
    CHECK(strchr(text, '\n') == NULL);
    (void)snprintf(all + size, TEXT_MAX - size, "%s\n", text + before);
}

/* The file's text with LF line ends. False if there is no such file. */
static bool read_text(const char *path, char text[TEXT_MAX]) {
    FILE *file = os_fopen(path, "rb");
    if (file == NULL) {
        return false;
    }
    size_t used = 0;
    for (int c = fgetc(file); c != EOF && used < TEXT_MAX - 1; c = fgetc(file)) {
        if (c != '\r') {
            text[used++] = (char)c;
        }
    }
    text[used] = '\0';
    (void)fclose(file);
    return true;
}

static void check_file(const char *name) {
    static char found[TEXT_MAX];
    static char right[TEXT_MAX];
    char path[FILE_PATH_MAX];
    const config *c = NULL;
    found[0] = '\0';
    (void)snprintf(path, sizeof path, "%s/%s.txt", folder, name);
    bool bad = read_text(path, right);
    (void)snprintf(path, sizeof path, "%s/%s.ini", folder, name);
    portico_status status = config_load(path, add_message, found, &c);
    CHECK_TEXT(found, bad ? right : "");
    CHECK_INT(status, bad ? PORTICO_E_INVALID : PORTICO_OK);
    CHECK((c == NULL) == bad);
    config_free(c);
}

static void ignore(void *arg, const char *text) {
    *(int *)arg += text[0] != '\0';
}

static void unreadable(void) {
    char path[FILE_PATH_MAX];
    const config *c = NULL;
    int messages = 0;
    (void)snprintf(path, sizeof path, "%s/is-not-there.ini", folder);
    CHECK_INT(config_load(path, ignore, &messages, &c), PORTICO_E_NOT_FOUND);
    CHECK_INT(messages, 1);
    CHECK_INT(config_load(folder, ignore, &messages, &c), PORTICO_E_NOT_FOUND);
    CHECK_INT(messages, 2);
    FILE *file = os_fopen("large.ini", "wb");
    CHECK(file != NULL);
    for (int i = 0; i < 1024 * 1024; i++) {
        (void)fputc('\n', file);
    }
    (void)fclose(file);
    CHECK_INT(config_load("large.ini", ignore, &messages, &c), PORTICO_OK);
    config_free(c);
    file = os_fopen("large.ini", "ab");
    (void)fputc('\n', file);
    (void)fclose(file);
    CHECK_INT(config_load("large.ini", ignore, &messages, &c), PORTICO_E_NOT_FOUND);
    CHECK_INT(messages, 3);
    (void)os_file_remove("large.ini");
}

SCENARIO(config) {
    static char path[FILE_PATH_MAX];
    (void)snprintf(path, sizeof path, "%s/tests/unit/config", environment("PORTICO_SOURCE_DIR"));
    folder = path;
    CHECK_INT(os_folder_list(folder, add_name, NULL), PORTICO_OK);
    CHECK(name_count >= 10); /* else it is the wrong folder */
    for (size_t i = 0; i < name_count; i++) {
        check_file(names[i]);
        free(names[i]);
    }
    unreadable();
}
