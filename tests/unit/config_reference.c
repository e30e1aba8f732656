/* config_reference.c: conf/portico.ini is the reference: it documents every key of every section
 * with its default, and no key that the host does not know.
 *
 * A key is documented as `; key = default` or, if it is set, with "Default: TEXT" or "Required" in
 * the comment before it.
 *
 * Users own conf/: they may add sections and files, change values and uncomment keys. So a key that
 * is set needs no default in its comment unless it is in `shipped_set`. A key that the shipped file
 * sets belongs there.
 */
#include "config/load.h"
#include "config/schema.h"

#include "support/check.h"
#include "support/environment.h"

enum {
    LINE_MAX_BYTES = 256,
    COMMENT_MAX = 4096,
    KEYS_MAX = 256,
    FILE_MAX = 128 * 1024,
    FILE_PATH_MAX = 1024
};

/* Keys that the shipped portico.ini sets, as SECTION.KEY. */
static const char *const shipped_set[] = {
    "host.workers",  "listener.address", "listener.port",
    "listener.type", "listener.framing", "listener.max_sessions",
};

static const char *const shipped_files[] = {"portico", "arena", "client", "json-log"};

/* One reading of a reference. */
typedef struct reader {
    char section[LINE_MAX_BYTES]; /* the word after '[', such as "listener" */
    char comment[COMMENT_MAX];    /* the prose since the last empty line */
    bool documented[KEYS_MAX];    /* by the index in config_keys() */
    unsigned faults;
} reader;

static void unexpected(void *arg, const char *message) {
    (void)arg;
    CHECK_TEXT(message, NULL);
}

static int find_key(const char *section, const char *key) {
    size_t count;
    const config_key *keys = config_keys(&count);
    CHECK(count <= KEYS_MAX);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(keys[i].section, section) == 0 && strcmp(keys[i].key, key) == 0) {
            return (int)i;
        }
    }
    return -1;
}

static bool shipped_file_sets(const config_key *key) {
    char name[LINE_MAX_BYTES];
    (void)snprintf(name, sizeof name, "%s.%s", key->section, key->key);
    for (size_t i = 0; i < sizeof shipped_set / sizeof shipped_set[0]; i++) {
        if (strcmp(shipped_set[i], name) == 0) {
            return true;
        }
    }
    return false;
}

/* "Default: 1000" ends a line or a sentence of `comment`, or "Required" for a key without one. */
static bool comment_has_default(const char *comment, const config_key *key) {
    char right[LINE_MAX_BYTES] = "Required";
    if (!key->required) {
        (void)snprintf(right, sizeof right, "Default: %s", key->default_text);
    }
    size_t size = strlen(right);
    const char *found = strstr(comment, right);
    return found != NULL && (found[size] == '\0' || found[size] == '\n' || found[size] == '.');
}

/* One line `key = value`, set or in a comment. */
static void read_key(reader *r, const char *name, const char *value, bool set) {
    size_t count;
    int index = find_key(r->section, name);
    if (index < 0) {
        if (!set || strcmp(r->section, "module") != 0) { /* a module has keys of its own */
            (void)fprintf(stderr, "portico.ini: [%s] %s: no such key\n", r->section, name);
            r->faults++;
        }
        return;
    }
    const config_key *key = &config_keys(&count)[index];
    if (!set) {
        r->documented[index] |= strcmp(value, key->default_text) == 0;
    } else {
        r->documented[index] |= !shipped_file_sets(key) || comment_has_default(r->comment, key);
    }
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

/* The word after '[', if the line is a header. */
static bool split_section(const char *text, char *section) {
    if (text[0] != '[' || text[strlen(text) - 1] != ']') {
        return false;
    }
    size_t size = strspn(text + 1, "abcdefghijklmnopqrstuvwxyz");
    memcpy(section, text + 1, size);
    section[size] = '\0';
    return true;
}

static void read_line(reader *r, const char *line) {
    char key[LINE_MAX_BYTES];
    char value[LINE_MAX_BYTES];
    bool set = line[0] != ';';
    const char *text = set ? line : line + (line[1] == ' ' ? 2 : 1);
    if (line[0] == '\0' || split_section(text, r->section)) {
        r->comment[0] = '\0';
    } else if (r->section[0] != '\0' && split_pair(text, key, value)) {
        read_key(r, key, value, set);
    } else {
        size_t size = strlen(r->comment);
        (void)snprintf(r->comment + size, sizeof r->comment - size, "%s\n", text);
    }
}

/* How much is wrong with a reference; says what. */
static unsigned reference_faults(const char *reference) {
    static reader r;
    memset(&r, 0, sizeof r);
    for (const char *at = reference; *at != '\0';) {
        char line[LINE_MAX_BYTES];
        size_t size = strcspn(at, "\n");
        CHECK(size <= 198); /* inih's limit */
        memcpy(line, at, size);
        line[size] = '\0';
        line[strcspn(line, "\r")] = '\0';
        read_line(&r, line);
        at += size + (at[size] == '\n');
    }
    size_t count;
    const config_key *keys = config_keys(&count);
    for (size_t i = 0; i < count; i++) {
        CHECK(strlen(keys[i].help) > 4);
        if (!r.documented[i]) {
            (void)fprintf(stderr, "portico.ini: [%s] %s = %s is not documented\n", keys[i].section,
                          keys[i].key, keys[i].default_text);
            r.faults++;
        }
    }
    return r.faults;
}

/* Puts `with` in the place of the first `what`; a text without it, which its user edited, stays. */
static void replace(char *text, const char *what, const char *with) {
    char *at = strstr(text, what);
    if (at != NULL) {
        size_t size = strlen(with);
        memmove(at + size, at + strlen(what), strlen(at + strlen(what)) + 1);
        memcpy(at, with, size);
    }
}

/* Edits that the test accepts, and damage that it finds. */
static void check_edits(const char *reference) {
    static char edited[2 * FILE_MAX];
    (void)snprintf(edited, sizeof edited, "%s%s", reference,
                   "\n[module first]\ngreeting = hi\n"
                   "\n[listener first]\naddress = 127.0.0.1\nport = 7800\ntype = first.player\n");
    replace(edited, "\nworkers = 5\n", "\nworkers = 8\n");
    replace(edited, "\n; watch = no\n", "\nwatch = yes\n");
    CHECK_INT(reference_faults(edited), 0);

    (void)snprintf(edited, sizeof edited, "%s", reference);
    replace(edited, "\n; keep = ", "\n; keeps = ");
    CHECK_INT(reference_faults(edited), strstr(reference, "\n; keep = ") != NULL ? 2 : 0);

    (void)snprintf(edited, sizeof edited, "%s", reference);
    replace(edited, "Default: ", "By default ");
    CHECK_INT(reference_faults(edited), strstr(reference, "Default: ") != NULL ? 1 : 0);
}

static void check_loads(const char *folder, const char *name) {
    char path[FILE_PATH_MAX];
    const config *c = NULL;
    (void)snprintf(path, sizeof path, "%s/%s.ini", folder, name);
    CHECK_INT(config_load(path, unexpected, NULL, &c), PORTICO_OK);
    config_free(c);
}

SCENARIO(config_reference) {
    static char reference[FILE_MAX];
    char conf[FILE_PATH_MAX / 2];
    char path[FILE_PATH_MAX];
    (void)snprintf(conf, sizeof conf, "%s/conf", environment("PORTICO_SOURCE_DIR"));
    (void)snprintf(path, sizeof path, "%s/portico.ini", conf);
    FILE *file = os_fopen(path, "rb");
    CHECK(file != NULL);
    size_t size = fread(reference, 1, sizeof reference - 1, file);
    CHECK(size > 0 && size < sizeof reference - 1);
    (void)fclose(file);
    CHECK_INT(reference_faults(reference), 0);
    check_edits(reference);
    for (size_t i = 0; i < sizeof shipped_files / sizeof shipped_files[0]; i++) {
        check_loads(conf, shipped_files[i]);
    }
}
