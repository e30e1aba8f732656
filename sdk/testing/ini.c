/* ini.c: completes the ini of a test: its sections are kept, and get the keys that they lack. */
#include "private.h"

#include <string.h>

enum { SECTIONS_MAX = 64, HEADER_BYTES = 160, BODY_BYTES = 8 * 1024 };

typedef struct section {
    char header[HEADER_BYTES]; /* "[listener lines]" */
    char body[BODY_BYTES];     /* lines */
} section;

static section sections[SECTIONS_MAX];
static uint32_t section_count;

static section *section_find(const char *header) {
    for (uint32_t i = 0; i < section_count; i++) {
        if (strcmp(sections[i].header, header) == 0) {
            return &sections[i];
        }
    }
    if (section_count == SECTIONS_MAX) {
        TESTING_FAIL("the ini has more than %d sections", SECTIONS_MAX);
    }
    section *s = &sections[section_count++];
    (void)snprintf(s->header, sizeof s->header, "%s", header);
    s->body[0] = '\0';
    return s;
}

static void line_add(section *s, const char *line) {
    size_t used = strlen(s->body);
    int size = snprintf(s->body + used, sizeof s->body - used, "%s\n", line);
    if (size < 0 || (size_t)size >= sizeof s->body - used) {
        TESTING_FAIL("the section %s of the ini is too long", s->header);
    }
}

/* The value of a key in the section, up to the end of its line; NULL: it is not set. */
static const char *value_find(const section *s, const char *key) {
    size_t size = strlen(key);
    for (const char *line = s->body; *line != '\0'; line += strcspn(line, "\n") + 1) {
        const char *after = line + size;
        if (strncmp(line, key, size) == 0) {
            after += strspn(after, " \t");
            if (*after == '=') {
                return after + 1 + strspn(after + 1, " \t");
            }
        }
    }
    return NULL;
}

static bool value_is(const section *s, const char *key, const char *text) {
    const char *value = value_find(s, key);
    size_t size = strlen(text);
    return value != NULL && strncmp(value, text, size) == 0 &&
           strchr(" \t;\r\n", value[size]) != NULL;
}

static void add(section *s, const char *key, const char *value) {
    char line[3 * TESTING_PATH_BYTES];
    if (value_find(s, key) == NULL) {
        (void)snprintf(line, sizeof line, "%s = %s", key, value);
        line_add(s, line);
    }
}

/* Copies a line, with {dir} expanded. */
static void expand(const portico_test *t, const char *from, size_t size,
                   char line[2 * TESTING_PATH_BYTES]) {
    size_t used = 0;
    for (size_t i = 0; i < size; i++) {
        if (used + TESTING_PATH_BYTES >= (size_t)2 * TESTING_PATH_BYTES) {
            TESTING_FAIL("a line of the ini is too long");
        }
        if (size - i >= 5 && strncmp(from + i, "{dir}", 5) == 0) {
            used += (size_t)snprintf(line + used, TESTING_PATH_BYTES, "%s", t->folder);
            i += 4;
        } else {
            line[used++] = from[i];
        }
    }
    line[used] = '\0';
}

static void read(const portico_test *t, const char *ini) {
    char line[2 * TESTING_PATH_BYTES];
    char header[HEADER_BYTES];
    (void)snprintf(header, sizeof header, "[module %s]", t->modules[0].name);
    section *s = section_find(header);
    while (ini != NULL && *ini != '\0') {
        ini += strspn(ini, " \t");
        size_t size = strcspn(ini, "\n");
        expand(t, ini, size, line);
        if (line[0] == '[') {
            s = section_find(line);
        } else if (line[0] != '\0') {
            line_add(s, line);
        }
        ini += size + (ini[size] == '\n');
    }
}

static bool has_listener(const char *type) {
    for (uint32_t i = 0; i < section_count; i++) {
        if (strncmp(sections[i].header, "[listener ", 10) == 0 &&
            value_is(&sections[i], "type", type)) {
            return true;
        }
    }
    return false;
}

/* "chat.user" becomes the listener chat-user. */
static void add_listener(const char *type) {
    char header[HEADER_BYTES];
    if (!has_listener(type)) {
        (void)snprintf(header, sizeof header, "[listener %s]", type);
        char *dot = strchr(header, '.');
        if (dot != NULL) {
            *dot = '-';
        }
        add(section_find(header), "type", type);
    }
}

static void add_addresses(void) {
    uint32_t port = TESTING_FIRST_PORT;
    char text[16];
    for (uint32_t i = 0; i < section_count; i++) {
        if (strncmp(sections[i].header, "[listener ", 10) == 0) {
            add(&sections[i], "address", "127.0.0.1");
            port += port == TESTING_ADMIN_PORT;
            (void)snprintf(text, sizeof text, "%u", (unsigned)port++);
            add(&sections[i], "port", text);
        }
    }
}

static void add_module(const portico_test *t, const testing_module *m) {
    char header[HEADER_BYTES];
    char path[2 * TESTING_PATH_BYTES];
    (void)snprintf(header, sizeof header, "[module %s]", m->name);
    (void)snprintf(path, sizeof path, "%s/modules/%s%s", t->folder, m->name, os_library_suffix);
    add(section_find(header), "file", path);
}

void testing_ini(const portico_test *t, const char *ini, char text[TESTING_INI_BYTES]) {
    char path[2 * TESTING_PATH_BYTES];
    size_t used = 0;
    section_count = 0;
    read(t, ini);
    section *host = section_find("[host]");
    add(host, "workers", "2");
    testing_path(t, path, "run");
    add(host, "run_dir", path);
    testing_path(t, path, "data");
    add(host, "data_dir", path);
    testing_path(t, path, "ready");
    add(host, "ready_file", path);
    section *log = section_find("[log]");
    testing_path(t, path, "host.log");
    add(log, "file", path);
    add(log, "level", "debug");
    add(log, "terminal", t->options->log ? "yes" : "no");
    section *admin = section_find("[admin]");
    add(admin, "port", "7779");
    add(admin, "token", TESTING_TOKEN);
    section *modules = section_find("[modules]");
    testing_path(t, path, "modules");
    add(modules, "dir", path);
    add(modules, "autoload", "no");
    for (uint32_t i = 0; i < t->module_count; i++) {
        add_module(t, &t->modules[i]);
    }
    for (uint32_t i = 0; i < t->type_count; i++) {
        add_listener(t->types[i]);
    }
    add_addresses();
    for (uint32_t i = 0; i < section_count; i++) {
        int size = snprintf(text + used, TESTING_INI_BYTES - used, "%s\n%s", sections[i].header,
                            sections[i].body);
        used += size > 0 ? (size_t)size : 0;
        if (used >= TESTING_INI_BYTES) {
            TESTING_FAIL("the ini is too long");
        }
    }
}
