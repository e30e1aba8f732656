/* conf/portico.ini is the reference: it names every key of every section with its default, and no other;
 * and every ini in conf/ is one that the host takes. The argument is that folder.
 *
 * A key stands there as `; key = default`. One that is set has its default in the comment before it, as
 * "Default: TEXT", or "Required".
 */
#include "config/load.h"
#include "config/schema.h"

#include "support/check.h"

enum { LINE_MAX_BYTES = 256, COMMENT_MAX = 4096, KEYS_SEEN_MAX = 256, FILE_PATH_MAX = 1024 };

static bool seen[KEYS_SEEN_MAX];
static const char *folder;

static void unexpected(void *arg, const char *message) {
    (void)arg;
    CHECK_TEXT(message, NULL);
}

static int find_key(const char *section, const char *key) {
    size_t count;
    const config_key *keys = config_keys(&count);
    CHECK(count <= KEYS_SEEN_MAX);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(keys[i].section, section) == 0 && strcmp(keys[i].key, key) == 0) {
            return (int)i;
        }
    }
    return -1;
}

/* "Default: 1000" at the end of `comment`, or "Required" for a key without one. */
static void check_comment(const config_key *key, const char *comment, unsigned line) {
    char right[LINE_MAX_BYTES];
    const char *found = strstr(comment, "Default: ");
    if (key->required) {
        found = strstr(comment, "Required");
        (void)snprintf(right, sizeof right, "Required");
    } else {
        (void)snprintf(right, sizeof right, "Default: %s", key->default_text);
    }
    size_t size = strlen(right);
    bool whole = found != NULL && strncmp(found, right, size) == 0 &&
                 (found[size] == '\0' || found[size] == '\n' || found[size] == '.');
    if (!whole) {
        (void)fprintf(stderr, "portico.ini:%u: %s: the comment before it must say \"%s\"\n", line,
                      key->key, right);
    }
    CHECK(whole);
}

/* One line `key = value`, set or in a comment. */
static void check_key(const char *section, const char *name, const char *value, bool set,
                      const char *comment, unsigned line) {
    size_t count;
    int index = find_key(section, name);
    if (index < 0) {
        (void)fprintf(stderr, "portico.ini:%u: [%s] has no key %s\n", line, section, name);
    }
    CHECK(index >= 0);
    const config_key *key = &config_keys(&count)[index];
    if (set) {
        if (!seen[index]) {
            check_comment(key, comment, line); /* a second listener explains nothing again */
        }
    } else {
        CHECK(!seen[index]);
        CHECK_TEXT(value, key->default_text);
    }
    seen[index] = true;
}

/* Splits "key = value" where the key is one word of a-z 0-9 _; false for prose. */
static bool split_pair(const char *text, char *key, char *value) {
    size_t size = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_");
    if (size == 0 || (strncmp(text + size, " = ", 3) != 0 && strcmp(text + size, " =") != 0)) {
        return false;
    }
    memcpy(key, text, size);
    key[size] = '\0';
    const char *rest = text + size + 2;
    (void)snprintf(value, LINE_MAX_BYTES, "%s", rest[0] == ' ' ? rest + 1 : rest);
    return true;
}

/* The word behind '[', when the line is a header. */
static bool split_section(const char *text, char *section) {
    if (text[0] != '[' || text[strlen(text) - 1] != ']') {
        return false;
    }
    size_t size = strspn(text + 1, "abcdefghijklmnopqrstuvwxyz");
    memcpy(section, text + 1, size);
    section[size] = '\0';
    return true;
}

static void check_reference(FILE *file) {
    char line[LINE_MAX_BYTES];
    char section[LINE_MAX_BYTES] = "";
    char key[LINE_MAX_BYTES];
    char value[LINE_MAX_BYTES];
    char comment[COMMENT_MAX] = "";
    for (unsigned number = 1; fgets(line, sizeof line, file) != NULL; number++) {
        line[strcspn(line, "\r\n")] = '\0';
        CHECK(strlen(line) <= 198); /* what inih takes */
        bool set = line[0] != ';';
        const char *text = set ? line : line + (line[1] == ' ' ? 2 : 1);
        if (line[0] == '\0' || split_section(text, section)) {
            comment[0] = '\0';
        } else if (section[0] != '\0' && split_pair(text, key, value)) {
            check_key(section, key, value, set, comment, number);
        } else {
            CHECK(!set);
            size_t size = strlen(comment);
            (void)snprintf(comment + size, sizeof comment - size, "%s\n", text);
        }
    }
}

static void check_all_seen(void) {
    size_t count;
    const config_key *keys = config_keys(&count);
    bool all = true;
    for (size_t i = 0; i < count; i++) {
        if (!seen[i]) {
            (void)fprintf(stderr, "portico.ini: [%s] %s is missing\n", keys[i].section,
                          keys[i].key);
            all = false;
        }
        CHECK(strlen(keys[i].help) > 4);
    }
    CHECK(all);
}

static void load_each(void *arg, const char *name) {
    size_t size = strlen(name);
    if (size > 4 && strcmp(name + size - 4, ".ini") == 0) {
        char path[FILE_PATH_MAX];
        const config *c = NULL;
        (void)snprintf(path, sizeof path, "%s/%s", folder, name);
        CHECK_INT(config_load(path, unexpected, NULL, &c), PORTICO_OK);
        config_free(c);
        (*(int *)arg)++;
    }
}

/* The notes' main, and what stands beside it. */
static void check_notes_main(void) {
    char path[FILE_PATH_MAX];
    const config *c = NULL;
    (void)snprintf(path, sizeof path, "%s/portico.ini", folder);
    CHECK_INT(config_load(path, unexpected, NULL, &c), PORTICO_OK);
    CHECK_INT(c->workers, 5);
    CHECK_INT(c->listener_count, 2);
    CHECK_TEXT(c->listeners[0].name, "game");
    CHECK_TEXT(c->listeners[0].address, "127.0.0.1");
    CHECK_INT(c->listeners[0].port, 7777);
    CHECK_TEXT(c->listeners[0].type, "echo.session");
    CHECK_INT(c->listeners[0].max_sessions, 100);
    CHECK_TEXT(c->listeners[1].name, "talk");
    CHECK_INT(c->listeners[1].port, 7778);
    CHECK_TEXT(c->listeners[1].type, "chat.user");
    CHECK_INT(c->listeners[1].framing, FRAME_LINE);
    CHECK_INT(c->admin.port, 7779);
    config_free(c);
}

int main(int argc, char **argv) {
    CHECK_INT(os_init(&argc, &argv), PORTICO_OK);
    CHECK_INT(argc, 2);
    folder = argv[1];
    char path[FILE_PATH_MAX];
    (void)snprintf(path, sizeof path, "%s/portico.ini", folder);
    FILE *file = os_fopen(path, "rb");
    CHECK(file != NULL);
    check_reference(file);
    (void)fclose(file);
    check_all_seen();
    check_notes_main();
    int files = 0;
    CHECK_INT(os_folder_list(folder, load_each, &files), PORTICO_OK);
    CHECK(files >= 3);
    return 0;
}
