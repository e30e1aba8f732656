/* rules.c: see rules.h. */
#include "admin/http/rules.h"

#include "base/text.h"

#include <string.h>

/* ---- Host and Origin ------------------------------------------------------------------------- */

static bool is_port(http_text text) {
    bool good = text.size >= 1 && text.size <= 5;
    for (uint32_t i = 0; good && i < text.size; i++) {
        good = text.at[i] >= '0' && text.at[i] <= '9';
    }
    return good;
}

bool http_host_is_own(const http_head *request) {
    static const char *const own[] = {"127.0.0.1", "localhost", "[::1]"};
    const http_text *host = http_find(request, "host");
    for (size_t i = 0; host != NULL && i < sizeof own / sizeof own[0]; i++) {
        uint32_t size = (uint32_t)strlen(own[i]);
        if (host->size < size || !http_text_is_any_case((http_text){host->at, size}, own[i])) {
            continue;
        }
        http_text rest = {host->at + size, host->size - size};
        if (rest.size == 0 ||
            (rest.at[0] == ':' && is_port((http_text){rest.at + 1, rest.size - 1}))) {
            return true;
        }
    }
    return false;
}

bool http_origin_is_own(const http_head *request) {
    static const char scheme[] = "http://";
    const uint32_t size = sizeof scheme - 1;
    const http_text *origin = http_find(request, "origin");
    const http_text *host = http_find(request, "host");
    if (origin == NULL) {
        return true;
    }
    return host != NULL && origin->size == size + host->size &&
           memcmp(origin->at, scheme, size) == 0 &&
           memcmp(origin->at + size, host->at, host->size) == 0;
}

/* ---- the token ------------------------------------------------------------------------------- */

http_text http_bearer(const http_head *request) {
    static const char scheme[] = "bearer ";
    const uint32_t size = sizeof scheme - 1;
    const http_text *value = http_find(request, "authorization");
    if (value == NULL || value->size <= size ||
        !http_text_is_any_case((http_text){value->at, size}, scheme)) {
        return (http_text){0};
    }
    return (http_text){value->at + size, value->size - size};
}

/* ---- pages ----------------------------------------------------------------------------------- */

static int hex_of(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = c >= 'A' && c <= 'F' ? (char)(c - 'A' + 'a') : c;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Appends the text, with %XX decoded. False: it does not fit, or is not encoded well. */
static bool append(char *to, size_t *used, http_text text, bool encoded) {
    for (uint32_t i = 0; i < text.size; i++) {
        char c = text.at[i];
        if (encoded && c == '%') {
            int high = i + 2 < text.size ? hex_of(text.at[i + 1]) : -1;
            int low = high >= 0 ? hex_of(text.at[i + 2]) : -1;
            if (low < 0) {
                return false;
            }
            c = (char)(high * 16 + low);
            i += 2;
        }
        if (*used + 1 >= HTTP_COMMAND_MAX) {
            return false;
        }
        to[(*used)++] = c;
    }
    to[*used] = '\0';
    return true;
}

/* Lower-case letters and '-': nothing that could be taken for two words or another path. */
static bool is_name(http_text text) {
    bool good = text.size > 0;
    for (uint32_t i = 0; good && i < text.size; i++) {
        good = (text.at[i] >= 'a' && text.at[i] <= 'z') || text.at[i] == '-';
    }
    return good;
}

http_page http_page_of(const http_head *request, http_text body, char command[HTTP_COMMAND_MAX],
                       bool *bad) {
    static const char api[] = "/api/";
    const uint32_t size = sizeof api - 1;
    bool get = http_text_is(request->method, "GET");
    size_t used = 0;
    *bad = false;
    if (http_text_is(request->path, "/metrics")) {
        return HTTP_PAGE_METRICS;
    }
    if (request->path.size <= size || memcmp(request->path.at, api, size) != 0) {
        return HTTP_PAGE_NONE;
    }
    http_text name = {request->path.at + size, request->path.size - size};
    if (!is_name(name)) {
        return HTTP_PAGE_NONE;
    }
    (void)append(command, &used, name, false);
    http_text argument = get ? request->query : body;
    if (argument.size > 0) {
        command[used++] = ' ';
        *bad = !append(command, &used, argument, get) || !text_is_plain(command, used);
    }
    return HTTP_PAGE_COMMAND;
}
