/* value.c: see value.h. Each config_kind has one reader. */
#include "config/value.h"

#include "base/networks.h"
#include "base/suggest.h"
#include "base/text.h"
#include "config/number.h"
#include "config/origin.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HOST_NAME_MAX_BYTES = 253, TARGET_MAX_BYTES = 1024 };

_Static_assert(sizeof(frame_kind) == sizeof(int) && sizeof(log_level) == sizeof(int) &&
                   sizeof(config_backlog) == sizeof(int),
               "CONFIG_WORD writes an int into an enum");

/* ---- characters ---- */

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static bool is_lower(char c) {
    return c >= 'a' && c <= 'z';
}

static bool is_letter(char c) {
    return is_lower(c) || (c >= 'A' && c <= 'Z');
}

bool value_is_name(const char *text) {
    size_t size = strlen(text);
    for (size_t i = 0; i < size; i++) {
        if (!is_lower(text[i]) && !is_digit(text[i]) && text[i] != '_' && text[i] != '-') {
            return false;
        }
    }
    return size > 0 && size < CONFIG_NAME_MAX;
}

static bool is_type(const char *text) {
    char module[TEXT_IDENTIFIER_MAX];
    size_t size = strcspn(text, ".");
    if (text[size] == '\0' || size >= sizeof module) {
        return false;
    }
    memcpy(module, text, size);
    module[size] = '\0';
    return text_is_identifier(module) && text_is_identifier(text + size + 1);
}

static bool is_host_name(const char *text) {
    size_t size = strlen(text);
    bool letters = false; /* digits and dots alone are a mistyped address */
    for (size_t i = 0; i < size; i++) {
        bool inside = text[i] == '-' || text[i] == '.' || text[i] == '_';
        if (!is_letter(text[i]) && !is_digit(text[i]) && !inside) {
            return false;
        }
        if (inside && (i == 0 || text[i - 1] == '.')) {
            return false;
        }
        letters = letters || is_letter(text[i]);
    }
    return letters && size <= HOST_NAME_MAX_BYTES && text[size - 1] != '-';
}

static bool is_address(const char *text) {
    os_address address;
    return os_address_parse(text, 0, &address) == PORTICO_OK;
}

/* A path as it is written in a request; for a connector also a query. */
static bool is_target(const char *text) {
    size_t size = strlen(text);
    for (size_t i = 0; i < size; i++) {
        if (text[i] <= ' ' || text[i] > '~' || text[i] == '#') {
            return false;
        }
    }
    return text[0] == '/' && size <= TARGET_MAX_BYTES;
}

/* ---- numbers ---- */

static void store_integer(const config_key *key, void *field, int64_t value) {
    if (key->kind == CONFIG_U16) {
        *(uint16_t *)field = (uint16_t)value;
    } else if (key->kind == CONFIG_I32) {
        *(int32_t *)field = (int32_t)value;
    } else if (key->kind == CONFIG_BYTES64) {
        *(uint64_t *)field = (uint64_t)value;
    } else {
        *(uint32_t *)field = (uint32_t)value;
    }
}

static portico_status set_integer(const config_key *key, void *field, const char *text,
                                  char *allowed) {
    bool bytes = key->kind == CONFIG_BYTES || key->kind == CONFIG_BYTES64;
    int64_t value = 0;
    bool read = bytes ? number_bytes(text, &value) : number_integer(text, &value);
    if (read && value >= key->min && value <= key->max) {
        store_integer(key, field, value);
        return PORTICO_OK;
    }
    if (bytes) {
        char min[NUMBER_TEXT_MAX];
        char max[NUMBER_TEXT_MAX];
        number_format_bytes(key->min, min);
        number_format_bytes(key->max, max);
        (void)snprintf(allowed, VALUE_ALLOWED_MAX, "%s to %s bytes, also as 64K or 1M", min, max);
    } else {
        (void)snprintf(allowed, VALUE_ALLOWED_MAX, "%" PRId64 " to %" PRId64, key->min, key->max);
    }
    return PORTICO_E_INVALID;
}

/* ---- words ---- */

void value_list_words(const char *const *words, const char *text, char allowed[VALUE_ALLOWED_MAX]) {
    enum { LIST_MAX = VALUE_ALLOWED_MAX - SUGGEST_WORD_MAX - 32 }; /* room for the suggestion */
    suggest near = suggest_begin(text);
    size_t size = 0;
    bool cut = false;
    for (size_t i = 0; words[i] != NULL; i++) {
        const char *between = i == 0 ? "" : words[i + 1] != NULL ? ", " : " or ";
        suggest_offer(&near, words[i]);
        cut = cut || size + strlen(between) + strlen(words[i]) > LIST_MAX;
        if (!cut) {
            size += (size_t)snprintf(allowed + size, VALUE_ALLOWED_MAX - size, "%s%s", between,
                                     words[i]);
        }
    }
    const char *meant = suggest_result(&near);
    (void)snprintf(allowed + size, VALUE_ALLOWED_MAX - size, "%s%s%s%s", cut ? ", ..." : "",
                   meant != NULL ? "; did you mean " : "", meant != NULL ? meant : "",
                   meant != NULL ? "?" : "");
}

int value_find_word(const char *const *words, const char *text) {
    for (int i = 0; words[i] != NULL; i++) {
        if (strcmp(words[i], text) == 0) {
            return i;
        }
    }
    return -1;
}

/* The index of `text` in `words`; -1: `allowed` lists them. */
static int find_word(const char *const *words, const char *text, char *allowed) {
    int index = value_find_word(words, text);
    if (index < 0) {
        value_list_words(words, text, allowed);
    }
    return index;
}

static portico_status set_word(const config_key *key, void *field, const char *text,
                               char *allowed) {
    int index = find_word(key->words, text, allowed);
    if (index < 0) {
        return PORTICO_E_INVALID;
    }
    int value = (int)key->min + index;
    memcpy(field, &value, sizeof value);
    return PORTICO_OK;
}

static portico_status set_bool(void *field, const char *text, char *allowed) {
    static const char *const words[] = {"yes", "no", "true", "false", "on", "off", NULL};
    int index = find_word(words, text, allowed);
    if (index < 0) {
        return PORTICO_E_INVALID;
    }
    *(bool *)field = index % 2 == 0;
    return PORTICO_OK;
}

/* ---- texts ---- */

static bool is_absolute(const char *path) {
    bool drive = is_letter(path[0]) && path[1] == ':';
    return path[0] == '/' || path[0] == '\\' || drive;
}

/* Says what `text` should have been; NULL: it is right. Only required keys must not be empty. */
static const char *refuse_text(const config_key *key, const char *text) {
    if (text[0] == '\0' && !key->required && key->kind != CONFIG_TARGET) {
        return NULL;
    }
    switch (key->kind) {
    case CONFIG_ADDRESS:
        return is_address(text)
                   ? NULL
                   : "a numeric address such as 127.0.0.1 or ::1, 0.0.0.0 for all of IPv4, :: for all of "
                     "IPv6, without a port";
    case CONFIG_HOST:
        return is_address(text) || is_host_name(text)
                   ? NULL
                   : "a numeric address such as 127.0.0.1 or ::1, or a host name, without a port";
    case CONFIG_TYPE:
        return is_type(text) ? NULL
                             : "module.type such as echo.session, each part " TEXT_IDENTIFIER_RULE;
    case CONFIG_TARGET:
        return is_target(text)
                   ? NULL
                   : "a path such as / or /play: at most 1024 visible ASCII characters, "
                     "without #, the first one /";
    case CONFIG_ORIGINS: return origins_valid(text) ? NULL : origins_allowed;
    case CONFIG_SUBNETS:
        return networks_valid(text)
                   ? NULL
                   : "networks such as 10.0.0.0/8, 192.0.2.7 or 2001:db8::/32, "
                     "separated by spaces or commas, without bits after the prefix";
    case CONFIG_SECRET: {
        size_t size = strlen(text);
        return size >= (size_t)key->min && size <= (size_t)key->max ? NULL : "16 to 128 bytes";
    }
    default: return NULL;
    }
}

static portico_status set_text(const config_key *key, void *field, const char *text,
                               const char *folder, char *allowed) {
    const char *refused = refuse_text(key, text);
    if (refused != NULL) {
        (void)snprintf(allowed, VALUE_ALLOWED_MAX, "%s", refused);
        return PORTICO_E_INVALID;
    }
    char *copy = NULL;
    if (text[0] != '\0') {
        bool relative = key->kind == CONFIG_PATH && !is_absolute(text);
        size_t before = relative ? strlen(folder) : 0;
        size_t size = strlen(text);
        copy = malloc(before + size + 1);
        if (copy == NULL) {
            return PORTICO_E_NO_MEMORY;
        }
        memcpy(copy, folder, before);
        memcpy(copy + before, text, size + 1);
    }
    free(*(char **)field);
    *(char **)field = copy;
    return PORTICO_OK;
}

/* Copies a list with commas as one with newlines, and with the folder before relative paths. */
static portico_status set_list(const config_key *key, void *field, const char *text,
                               const char *folder, char *allowed) {
    static const char blanks[] = " \t";
    size_t before = key->kind == CONFIG_PATHS ? strlen(folder) : 0;
    size_t items = 1;
    for (const char *p = text; *p != '\0'; p++) {
        items += *p == ',';
    }
    char *list = malloc(strlen(text) + items * (before + 1) + 1);
    if (list == NULL) {
        return PORTICO_E_NO_MEMORY;
    }
    char *to = list;
    for (const char *at = text;; at++) {
        at += strspn(at, blanks);
        size_t size = strcspn(at, ",");
        size_t kept = size;
        while (kept > 0 && strchr(blanks, at[kept - 1]) != NULL) {
            kept--;
        }
        if (kept == 0 && items > 1) {
            (void)snprintf(allowed, VALUE_ALLOWED_MAX, "a list without empty places: a, b");
            free(list);
            return PORTICO_E_INVALID;
        }
        if (key->kind == CONFIG_NAMES && strcspn(at, blanks) < kept) {
            (void)snprintf(allowed, VALUE_ALLOWED_MAX,
                           "names separated by commas, without blanks in them: h2, http/1.1");
            free(list);
            return PORTICO_E_INVALID;
        }
        size_t more = before > 0 && !is_absolute(at) ? before : 0;
        memcpy(to, folder, more);
        memcpy(to + more, at, kept);
        to += more + kept;
        at += size;
        if (*at == '\0') {
            break;
        }
        *to++ = '\n';
    }
    *to = '\0';
    free(*(char **)field);
    *(char **)field = list;
    return PORTICO_OK;
}

portico_status value_set(const config_key *key, void *base, const char *text, const char *folder,
                         char allowed[VALUE_ALLOWED_MAX]) {
    void *field = (char *)base + key->offset;
    allowed[0] = '\0';
    switch (key->kind) {
    case CONFIG_BOOL: return set_bool(field, text, allowed);
    case CONFIG_U16:
    case CONFIG_U32:
    case CONFIG_I32:
    case CONFIG_BYTES:
    case CONFIG_BYTES64: return set_integer(key, field, text, allowed);
    case CONFIG_WORD: return set_word(key, field, text, allowed);
    case CONFIG_PATHS:
    case CONFIG_NAMES:
        if (text[0] != '\0') {
            return set_list(key, field, text, folder, allowed);
        }
        break;
    case CONFIG_PATH:
    case CONFIG_TEXT:
    case CONFIG_ADDRESS:
    case CONFIG_HOST:
    case CONFIG_TYPE:
    case CONFIG_TARGET:
    case CONFIG_ORIGINS:
    case CONFIG_SUBNETS:
    case CONFIG_SECRET: break;
    }
    return set_text(key, field, text, folder, allowed);
}

void value_free(const config_key *key, void *base) {
    if (key->kind >= CONFIG_PATH) {
        char **field = (char **)(void *)((char *)base + key->offset);
        free(*field);
        *field = NULL;
    }
}
