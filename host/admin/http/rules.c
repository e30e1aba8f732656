/* rules.c: see rules.h. */
#include "admin/http/rules.h"

#include "base/text.h"
#include "config/config.h"

#include <stdio.h>
#include <string.h>

static const char api[] = "/api/";
enum { API_SIZE = sizeof api - 1 };

/* ---- Host and Origin ------------------------------------------------------------------------- */

static bool is_port(http_text text) {
    bool good = text.size >= 1 && text.size <= 5;
    for (uint32_t i = 0; good && i < text.size; i++) {
        good = text.at[i] >= '0' && text.at[i] <= '9';
    }
    return good;
}

/* Host without its port; empty: that is none. */
static http_text host_of(http_text host) {
    const char *bracket = memchr(host.at, ']', host.size);
    const char *from = bracket != NULL ? bracket : host.at;
    const char *colon = memchr(from, ':', host.size - (uint32_t)(from - host.at));
    if (colon == NULL) {
        return host;
    }
    uint32_t size = (uint32_t)(colon - host.at);
    bool good = is_port((http_text){colon + 1, host.size - size - 1});
    return (http_text){host.at, good ? size : 0};
}

static bool is_listed(http_text host, const char *hosts) {
    char name[CONFIG_PATH_MAX];
    for (uint32_t i = 0; config_list_item(hosts, i, name, sizeof name); i++) {
        if (http_text_is_any_case(host, name)) {
            return true;
        }
    }
    return false;
}

/* Whether it is the numeric address that the site listens on. */
static bool is_address(http_text host, const os_address *own) {
    char text[OS_ADDRESS_TEXT];
    os_address found;
    bool v6 = host.size > 2 && host.at[0] == '[' && host.at[host.size - 1] == ']';
    uint32_t size = v6 ? host.size - 2 : host.size;
    if (size >= sizeof text) {
        return false;
    }
    memcpy(text, host.at + v6, size);
    text[size] = '\0';
    return os_address_parse(text, 0, &found) == PORTICO_OK && found.family == own->family &&
           v6 == (found.family == OS_ADDRESS_IPV6) &&
           memcmp(found.bytes, own->bytes, sizeof own->bytes) == 0;
}

bool http_host_is_own(const http_head *request, const http_site *site) {
    const http_text *given = http_find(request, "host");
    http_text host = given != NULL ? host_of(*given) : (http_text){0};
    if (host.size == 0) {
        return false;
    }
    return http_text_is(host, "127.0.0.1") || http_text_is(host, "[::1]") ||
           http_text_is_any_case(host, "localhost") || is_listed(host, site->hosts) ||
           is_address(host, &site->address);
}

static bool origin_is(http_text origin, const char *scheme, http_text host) {
    uint32_t size = (uint32_t)strlen(scheme);
    return origin.size == size + host.size && memcmp(origin.at, scheme, size) == 0 &&
           memcmp(origin.at + size, host.at, host.size) == 0;
}

bool http_origin_is_own(const http_head *request, const http_site *site) {
    const http_text *origin = http_find(request, "origin");
    const http_text *host = http_find(request, "host");
    if (origin == NULL) {
        return true;
    }
    return host != NULL && (origin_is(*origin, "https://", *host) ||
                            (!site->tls && origin_is(*origin, "http://", *host)));
}

bool http_origin_suffices(const http_head *request, http_page page) {
    bool reports = http_text_is(request->method, "GET") && page != HTTP_PAGE_LIVE;
    if (!reports) {
        return http_find(request, "origin") != NULL;
    }
    const http_text *site = http_find(request, "sec-fetch-site");
    return site == NULL || !http_page_is_secret(page) || http_text_is(*site, "same-origin") ||
           http_text_is(*site, "none");
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

/* ---- cookies and forms ----------------------------------------------------------------------- */

/* Takes what is in front of the next `mark` of the text, and the mark. */
static http_text next_part(http_text *text, char mark) {
    const char *end = memchr(text->at, mark, text->size);
    http_text part = {text->at, end != NULL ? (uint32_t)(end - text->at) : text->size};
    uint32_t taken = end != NULL ? part.size + 1 : part.size;
    text->at += taken;
    text->size -= taken;
    return part;
}

/* Whether the text is NAME=VALUE; it becomes the value. */
static bool take_name(http_text *text, const char *name) {
    uint32_t size = (uint32_t)strlen(name);
    if (text->size <= size || memcmp(text->at, name, size) != 0 || text->at[size] != '=') {
        return false;
    }
    text->at += size + 1;
    text->size -= size + 1;
    return true;
}

void http_cookie_name(const http_head *request, const http_site *site,
                      char name[HTTP_COOKIE_NAME]) {
    const http_text *given = http_find(request, "host");
    http_text host = given != NULL ? host_of(*given) : (http_text){0};
    uint32_t port = site->tls ? 443 : 80; /* a browser leaves these out */
    if (host.size > 0 && host.size < given->size) {
        port = 0;
        for (uint32_t i = host.size + 1; i < given->size; i++) {
            port = port * 10 + (uint32_t)(given->at[i] - '0');
        }
    }
    (void)snprintf(name, HTTP_COOKIE_NAME, "portico_%u", (unsigned)port);
}

http_text http_cookie(const http_head *request, const char *name) {
    http_text found = {0};
    uint32_t count = 0;
    for (uint32_t i = 0; i < request->header_count; i++) {
        http_text list = request->headers[i].value;
        if (!http_text_is_any_case(request->headers[i].name, "cookie")) {
            continue;
        }
        while (list.size > 0) {
            http_text one = next_part(&list, ';');
            while (one.size > 0 && one.at[0] == ' ') {
                one.at++;
                one.size--;
            }
            if (take_name(&one, name)) {
                found = one;
                count++;
            }
        }
    }
    return count == 1 ? found : (http_text){0};
}

static int hex_of(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = text_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Takes the byte at *at, and if it is a '%', what that encodes. -1: it is not encoded well. */
static int decoded(http_text text, uint32_t *at) {
    char c = text.at[(*at)++];
    if (c != '%') {
        return (unsigned char)c;
    }
    int high = *at + 1 < text.size ? hex_of(text.at[*at]) : -1;
    int low = high >= 0 ? hex_of(text.at[*at + 1]) : -1;
    *at += 2;
    return low >= 0 ? high * 16 + low : -1;
}

uint32_t http_form_token(http_text body, char token[HTTP_TOKEN_MAX]) {
    while (body.size > 0) {
        http_text field = next_part(&body, '&');
        uint32_t size = 0;
        if (!take_name(&field, "token")) {
            continue;
        }
        for (uint32_t at = 0; at < field.size;) {
            int c = field.at[at] == '+' ? (at++, ' ') : decoded(field, &at);
            if (c < 0 || size == HTTP_TOKEN_MAX) {
                return 0;
            }
            token[size++] = (char)c;
        }
        return size;
    }
    return 0;
}

/* ---- pages ----------------------------------------------------------------------------------- */

/* Appends the text, with %XX decoded. False: it does not fit, or is not encoded well. */
static bool append(char *to, size_t *used, http_text text, bool encoded) {
    for (uint32_t i = 0; i < text.size;) {
        int c = encoded ? decoded(text, &i) : (unsigned char)text.at[i++];
        if (c < 0 || *used + 1 >= HTTP_COMMAND_MAX) {
            return false;
        }
        to[(*used)++] = (char)c;
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

http_page http_page_of(const http_head *request) {
    bool get = http_text_is(request->method, "GET");
    if (http_text_is(request->path, "/metrics")) {
        return HTTP_PAGE_METRICS;
    }
    if (request->path.size >= API_SIZE && memcmp(request->path.at, api, API_SIZE) == 0) {
        http_text name = {request->path.at + API_SIZE, request->path.size - API_SIZE};
        return is_name(name) ? HTTP_PAGE_COMMAND : HTTP_PAGE_NONE;
    }
    if (!get) {
        return http_text_is(request->path, "/login")    ? HTTP_PAGE_LOGIN
               : http_text_is(request->path, "/logout") ? HTTP_PAGE_LOGOUT
                                                        : HTTP_PAGE_NONE;
    }
    return http_text_is(request->path, "/live") ? HTTP_PAGE_LIVE : HTTP_PAGE_FILE;
}

bool http_page_is_secret(http_page page) {
    return page == HTTP_PAGE_METRICS || page == HTTP_PAGE_COMMAND || page == HTTP_PAGE_LIVE ||
           page == HTTP_PAGE_LOGOUT;
}

bool http_command_of(const http_head *request, http_text body, char command[HTTP_COMMAND_MAX]) {
    bool get = http_text_is(request->method, "GET");
    size_t used = 0;
    http_text name = {request->path.at + API_SIZE, request->path.size - API_SIZE};
    if (!append(command, &used, name, false)) {
        return false;
    }
    http_text argument = get ? request->query : body;
    if (argument.size == 0) {
        return true;
    }
    return append(command, &used, (http_text){" ", 1}, false) &&
           append(command, &used, argument, get) && text_is_plain(command, used);
}
