/* file_name.c: see file_name.h. */
#include "web/file_name.h"

#include "base/text.h"

#include <string.h>

/* The kinds of files that pages consist of. */
static const struct {
    const char *suffix;
    const char *type;
} types[] = {{"html", "text/html; charset=utf-8"},
             {"js", "text/javascript; charset=utf-8"},
             {"mjs", "text/javascript; charset=utf-8"},
             {"css", "text/css; charset=utf-8"},
             {"svg", "image/svg+xml"},
             {"png", "image/png"},
             {"ico", "image/x-icon"},
             {"json", "application/json"},
             {"map", "application/json"},
             {"woff2", "font/woff2"},
             {"wasm", "application/wasm"},
             {"txt", "text/plain; charset=utf-8"}};

static bool is_name_byte(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
}

static bool is_part(const char *at, size_t size) {
    bool good = size > 0 && at[0] != '.' && at[size - 1] != '.' && !text_is_device(at);
    for (size_t i = 0; good && i < size; i++) {
        good = is_name_byte(at[i]);
    }
    return good;
}

static const char *type_of(const char *name) {
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; dot != NULL && i < sizeof types / sizeof types[0]; i++) {
        if (strcmp(dot + 1, types[i].suffix) == 0) {
            return types[i].type;
        }
    }
    return NULL;
}

const char *file_name_of(http_text path, char name[FILE_NAME_BYTES]) {
    static const char index[] = "index.html";
    if (http_text_is(path, "/")) {
        memcpy(name, index, sizeof index);
        return type_of(name);
    }
    if (path.size < 2 || path.size > FILE_NAME_BYTES || path.at[0] != '/') {
        return NULL;
    }
    memcpy(name, path.at + 1, path.size - 1);
    name[path.size - 1] = '\0';
    for (const char *part = name; *part != '\0';) {
        size_t size = strcspn(part, "/");
        if (!is_part(part, size) || (part[size] == '/' && part[size + 1] == '\0')) {
            return NULL;
        }
        part += size;
        part += *part == '/';
    }
    return type_of(name);
}
