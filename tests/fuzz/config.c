/* config.c: any bytes as an ini file. It is accepted, or refused with messages that name a line of
 * it. An accepted one, written again from the config, yields the same config, and so does one with
 * other line ends.
 *
 * Input: the file.
 *
 * Covers: config/file.c, config/draft.c, config/value.c, config/check.c, config/load.c,
 *         config/fault.c, config/schema.c, config/config.c */
#include "base/text.h"
#include "config/load.h"
#include "config/schema.h"
#include "fuzz.h"

#include <stddef.h>

#define PATH "a.ini"

typedef struct messages {
    uint32_t lines; /* of the file */
    uint32_t count;
    uint32_t last; /* the line that the last message is about */
} messages;

/* "a.ini:LINE: TEXT" or "a.ini: TEXT". */
static void check_message(void *arg, const char *text) {
    messages *m = arg;
    char *rest = NULL;
    size_t size = strlen(text);
    CHECK(strncmp(text, PATH ":", sizeof PATH) == 0 && size < FAULT_TEXT_MAX + 32);
    CHECK(text_is_utf8(text, size));
    for (const char *at = text; *at != '\0'; at++) {
        CHECK((unsigned char)*at >= ' ' || *at == '\t');
    }
    if (text[sizeof PATH] != ' ') {
        unsigned long line = strtoul(text + sizeof PATH, &rest, 10);
        CHECK(line >= 1 && line <= m->lines && line >= m->last);
        m->last = (uint32_t)line;
    } else {
        CHECK(m->count == 0 || strstr(text, " more") != NULL);
        rest = (char *)(uintptr_t)(text + sizeof PATH - 1);
    }
    CHECK(rest[0] == ':' && rest[1] == ' ' && rest[2] != '\0');
    m->count++;
}

static uint32_t count_lines(const char *bytes, size_t size) {
    uint32_t lines = 1;
    for (size_t i = 0; i < size; i++) {
        lines += bytes[i] == '\n';
    }
    return lines;
}

static const config *parse(const char *bytes, size_t size, uint32_t *faults) {
    const config *c = NULL;
    messages m = {.lines = count_lines(bytes, size)};
    portico_status status = config_parse(PATH, bytes, size, check_message, &m, &c);
    CHECK_INT(status, m.count == 0 ? PORTICO_OK : PORTICO_E_INVALID);
    CHECK((c != NULL) == (m.count == 0));
    *faults = m.count;
    return c;
}

/* ---- writing a config ------------------------------------------------------------------------ */

typedef struct writer {
    char *text;
    size_t size;
    size_t capacity;
} writer;

static void write_text(writer *w, const char *text) {
    size_t size = strlen(text);
    if (w->size + size + 1 > w->capacity) {
        w->capacity = 2 * (w->size + size + 1);
        w->text = realloc(w->text, w->capacity);
        CHECK(w->text != NULL);
    }
    memcpy(w->text + w->size, text, size + 1);
    w->size += size;
}

static const char *value_text(const config_key *key, const void *base, char number[32]) {
    const void *field = (const char *)base + key->offset;
    switch (key->kind) {
    case CONFIG_BOOL: return *(const bool *)field ? "yes" : "no";
    case CONFIG_U16: (void)snprintf(number, 32, "%u", *(const uint16_t *)field); return number;
    case CONFIG_I32: (void)snprintf(number, 32, "%d", *(const int32_t *)field); return number;
    case CONFIG_WORD: return key->words[*(const int *)field - key->min];
    case CONFIG_BYTES64:
        (void)snprintf(number, 32, "%" PRIu64, *(const uint64_t *)field);
        return number;
    case CONFIG_U32:
    case CONFIG_BYTES: (void)snprintf(number, 32, "%u", *(const uint32_t *)field); return number;
    case CONFIG_PATH:
    case CONFIG_PATHS:
    case CONFIG_NAMES:
    case CONFIG_TEXT:
    case CONFIG_ADDRESS:
    case CONFIG_HOST:
    case CONFIG_TYPE:
    case CONFIG_TARGET:
    case CONFIG_ORIGINS:
    case CONFIG_SUBNETS:
    case CONFIG_SECRET: break;
    }
    const char *text = *(char *const *)field;
    return text != NULL ? text : "";
}

/* Keys that an ini must not have beside others. */
static bool is_out_of_place(config_section section, const char *key, const void *base) {
    if (section == CONFIG_SECTION_ADMIN) { /* a port that is set makes an address */
        return strcmp(key, "port") == 0 && ((const config *)base)->admin.address == NULL;
    }
    bool of_websocket = strcmp(key, "path") == 0 || strcmp(key, "origins") == 0 ||
                        strcmp(key, "ping_s") == 0 || strcmp(key, "files") == 0;
    if ((section != CONFIG_SECTION_LISTENER && section != CONFIG_SECTION_CONNECTOR) ||
        (!of_websocket && strcmp(key, "framing") != 0)) {
        return false;
    }
    bool websocket = ((const config_service *)base)->transport == CONFIG_TRANSPORT_WEBSOCKET;
    return of_websocket != websocket;
}

/* A required key that is there and every other one. */
static void write_section(writer *w, config_section section, const char *name, const void *base) {
    size_t count;
    const config_key *keys = config_keys(&count);
    const char *const header[] = {"[", schema_section_name(section), name[0] != '\0' ? " " : "",
                                  name, "]\n"};
    for (size_t i = 0; i < sizeof header / sizeof header[0]; i++) {
        write_text(w, header[i]);
    }
    for (size_t i = 0; i < count; i++) {
        char number[32];
        if (schema_in_section(i, section) && !is_out_of_place(section, keys[i].key, base)) {
            write_text(w, keys[i].key);
            write_text(w, "=");
            size_t begin = w->size;
            write_text(w, value_text(&keys[i], base, number));
            for (char *c = w->text + begin; *c != '\0'; c++) {
                *c = *c == '\n' ? ',' : *c; /* of a list */
            }
            write_text(w, "\n");
        }
    }
}

static char *write_config(const config *c, size_t *size) {
    writer w = {0};
    for (int i = CONFIG_SECTION_HOST; i <= CONFIG_SECTION_MODULES; i++) {
        write_section(&w, (config_section)i, "", c);
    }
    for (size_t i = 0; i < c->listener_count; i++) {
        write_section(&w, CONFIG_SECTION_LISTENER, c->listeners[i].name, &c->listeners[i]);
    }
    for (size_t i = 0; i < c->connector_count; i++) {
        write_section(&w, CONFIG_SECTION_CONNECTOR, c->connectors[i].name, &c->connectors[i]);
    }
    for (size_t i = 0; i < c->module_count; i++) {
        const config_module *m = &c->modules[i];
        write_section(&w, CONFIG_SECTION_MODULE, m->name, m);
        for (size_t k = 0; k < m->pair_count; k++) {
            write_text(&w, m->pairs[k].key);
            write_text(&w, "=");
            write_text(&w, m->pairs[k].value);
            write_text(&w, "\n");
        }
    }
    *size = w.size;
    return w.text;
}

/* ---- what is checked ------------------------------------------------------------------------- */

/* Every pair is on the line that it says. */
static void check_pairs(const config *c, const char *bytes, size_t size) {
    for (size_t i = 0; i < c->module_count; i++) {
        const config_module *m = &c->modules[i];
        CHECK(config_find_module(c, m->name) == m);
        const char *at = bytes;
        uint32_t line = 1;
        for (size_t k = 0; k < m->pair_count; k++) {
            const config_pair *p = &m->pairs[k];
            CHECK(config_find_pair(m, p->key) == p);
            CHECK(p->line >= line); /* the section's pairs are in the order of the file */
            for (; line < p->line; line++) {
                at = memchr(at, '\n', size - (size_t)(at - bytes));
                CHECK(at != NULL);
                at++;
            }
            const char *end = memchr(at, '\n', size - (size_t)(at - bytes));
            size_t length = end != NULL ? (size_t)(end - at) : size - (size_t)(at - bytes);
            char *text = text_copy(at, length);
            CHECK(text != NULL);
            const char *key = strstr(text, p->key);
            CHECK(key != NULL && strstr(key + strlen(p->key), p->value) != NULL);
            free(text);
        }
    }
}

/* Every line that is kept is one of the file. */
static void check_marks(const config *c, uint32_t lines) {
    CHECK(config_line(c, c) == 0 && config_find_module(c, "") == NULL);
    for (size_t i = 0; i < c->mark_count; i++) {
        CHECK(c->marks[i].line >= 2 && c->marks[i].line <= lines);
        CHECK_INT(config_line(c, c->marks[i].field), c->marks[i].line);
    }
}

static void check_rewritten(const config *c) {
    size_t size = 0;
    size_t again_size = 0;
    uint32_t faults = 0;
    char *text = write_config(c, &size);
    const config *again = parse(text, size, &faults);
    CHECK(again != NULL);
    char *again_text = write_config(again, &again_size);
    CHECK_TEXT(again_text, text);
    config_free(again);
    free(again_text);
    free(text);
}

/* The same file with CR LF at the ends of lines. */
static void check_line_ends(const config *c, const char *bytes, size_t size, uint32_t faults) {
    char *text = malloc(2 * size + 1);
    size_t used = 0;
    uint32_t found = 0;
    CHECK(text != NULL);
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] == '\n' && (i == 0 || bytes[i - 1] != '\r')) {
            text[used++] = '\r';
        }
        text[used++] = bytes[i];
    }
    const config *other = parse(text, used, &found);
    CHECK_INT(found, faults);
    CHECK((other != NULL) == (c != NULL));
    if (c != NULL) {
        size_t one = 0;
        size_t two = 0;
        char *right = write_config(c, &one);
        char *written = write_config(other, &two);
        CHECK_TEXT(written, right);
        free(right);
        free(written);
    }
    config_free(other);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    uint32_t faults = 0;
    char *exact = calloc(1, size > 0 ? size : 1); /* no zero after it */
    CHECK(exact != NULL);
    if (size > 0) {
        memcpy(exact, data, size);
    }
    const config *c = parse(exact, size, &faults);
    if (c != NULL) {
        check_pairs(c, exact, size);
        check_marks(c, count_lines(exact, size));
        check_rewritten(c);
    }
    if (size > 0 && data[size - 1] % 4 == 0) {
        check_line_ends(c, exact, size, faults);
    }
    config_free(c);
    free(exact);
    return 0;
}
