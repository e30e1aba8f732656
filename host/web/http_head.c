/* http_head.c: see http_head.h. */
#include "web/http_head.h"

#include "base/text.h"

#include <string.h>

enum { TLS_HANDSHAKE = 0x16 }; /* the first byte of a client of TLS */

enum {
    HTTP_BAD = 400,
    HTTP_NO_METHOD = 405,
    HTTP_NO_LENGTH = 411,
    HTTP_BODY_TOO_LARGE = 413,
    HTTP_TOO_LARGE = 431,
    HTTP_NO_VERSION = 505
};

static uint32_t refuse(const char **why, uint32_t status, const char *reason) {
    *why = reason;
    return status;
}

/* ---- bytes ----------------------------------------------------------------------------------- */

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/* RFC 9110 section 5.6.2: what names and methods consist of. */
static bool is_token_byte(char c) {
    return (text_lower(c) >= 'a' && text_lower(c) <= 'z') || is_digit(c) ||
           (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool is_visible(char c) {
    return c > 0x20 && c < 0x7F;
}

static bool is_control(char c) {
    return ((unsigned char)c < 0x20 && c != '\t') || c == 0x7F;
}

bool http_text_is(http_text text, const char *other) {
    return text.size == strlen(other) && memcmp(text.at, other, text.size) == 0;
}

bool http_text_same_any_case(http_text text, http_text other) {
    bool same = text.size == other.size;
    for (uint32_t i = 0; same && i < text.size; i++) {
        same = text_lower(text.at[i]) == text_lower(other.at[i]);
    }
    return same;
}

bool http_text_is_any_case(http_text text, const char *other) {
    return http_text_same_any_case(text, (http_text){other, (uint32_t)strlen(other)});
}

/* ---- the end of the head --------------------------------------------------------------------- */

uint32_t http_find_end(const char *bytes, uint32_t size, uint32_t *scanned, uint32_t *head_bytes,
                       const char **why) {
    for (uint32_t i = *scanned; i < size; i++) {
        char c = bytes[i];
        bool after_cr = i > 0 && bytes[i - 1] == '\r';
        if (i == 0 && c == TLS_HANDSHAKE) {
            return refuse(why, HTTP_BAD, "it begins like TLS, which is not on: see the key tls");
        }
        if (i == 0 && !is_token_byte(c)) {
            return refuse(why, HTTP_BAD, "it does not begin like HTTP");
        }
        if (i >= HTTP_HEAD_MAX) {
            return refuse(why, HTTP_TOO_LARGE, "its head is larger than 8192 bytes");
        }
        if ((c == '\n') != after_cr) {
            return refuse(why, HTTP_BAD, "a line does not end in CR LF");
        }
        if (c != '\n' && c != '\r' && is_control(c)) {
            return refuse(why, HTTP_BAD, "its head contains a control byte");
        }
        if (c == '\n' && i >= 3 && bytes[i - 2] == '\n') {
            *head_bytes = i + 1;
            *scanned = 0;
            return HTTP_OK;
        }
    }
    *scanned = size;
    return HTTP_MORE;
}

/* ---- lines ----------------------------------------------------------------------------------- */

/* Takes the next line without its end from the head. */
static http_text next_line(const char **at, const char *end) {
    const char *cr = memchr(*at, '\r', (size_t)(end - *at));
    http_text line = {*at, (uint32_t)(cr - *at)};
    *at = cr + 2;
    return line;
}

/* Takes what is in front of the next space of the line, and the space. */
static http_text next_word(http_text *line) {
    const char *space = memchr(line->at, ' ', line->size);
    http_text word = {line->at, space != NULL ? (uint32_t)(space - line->at) : line->size};
    uint32_t taken = space != NULL ? word.size + 1 : word.size;
    line->at += taken;
    line->size -= taken;
    return word;
}

static http_text trimmed(http_text text) {
    while (text.size > 0 && (text.at[0] == ' ' || text.at[0] == '\t')) {
        text.at++;
        text.size--;
    }
    while (text.size > 0 && (text.at[text.size - 1] == ' ' || text.at[text.size - 1] == '\t')) {
        text.size--;
    }
    return text;
}

static bool is_token(http_text text) {
    bool token = text.size > 0;
    for (uint32_t i = 0; token && i < text.size; i++) {
        token = is_token_byte(text.at[i]);
    }
    return token;
}

/* ---- the target ------------------------------------------------------------------------------ */

/* Only the form of a path (RFC 9112 section 3.2.1). */
static bool read_target(http_text target, http_head *head) {
    if (target.size == 0 || target.at[0] != '/') {
        return false;
    }
    for (uint32_t i = 0; i < target.size; i++) {
        if (!is_visible(target.at[i]) || target.at[i] == '#') {
            return false;
        }
    }
    const char *mark = memchr(target.at, '?', target.size);
    head->path = target;
    head->query = (http_text){target.at + target.size, 0};
    if (mark != NULL) {
        head->path.size = (uint32_t)(mark - target.at);
        head->query = (http_text){mark + 1, target.size - head->path.size - 1};
    }
    return true;
}

/* The form of Host (RFC 9110 section 7.2): a name or an address, and perhaps a port. A proxy before
 * the host may have read anything else in another way. */
static bool is_host(http_text host) {
    bool good = host.size > 0;
    for (uint32_t i = 0; good && i < host.size; i++) {
        char c = host.at[i];
        good = is_digit(c) || (text_lower(c) >= 'a' && text_lower(c) <= 'z') ||
               (c != '\0' && strchr("-._~%!$&'()*+,;=:[]", c) != NULL);
    }
    return good;
}

static uint32_t read_request_line(http_text line, http_head *head, const char **why) {
    head->method = next_word(&line);
    http_text target = next_word(&line);
    http_text version = line;
    if (!is_token(head->method) || !read_target(target, head)) {
        return refuse(why, HTTP_BAD, "its first line is not a method, a path and a version");
    }
    if (version.size != 8 || memcmp(version.at, "HTTP/", 5) != 0 || !is_digit(version.at[5]) ||
        version.at[6] != '.' || !is_digit(version.at[7])) {
        return refuse(why, HTTP_BAD, "its first line does not end in a version");
    }
    if (!http_text_is(version, "HTTP/1.1")) {
        return refuse(why, HTTP_NO_VERSION, "its version is not HTTP/1.1");
    }
    return HTTP_OK;
}

static uint32_t read_status_line(http_text line, http_head *head, const char **why) {
    http_text version = next_word(&line);
    http_text status = next_word(&line);
    bool digits = status.size == 3;
    for (uint32_t i = 0; digits && i < 3; i++) {
        digits = is_digit(status.at[i]);
        head->status = digits ? head->status * 10 + (uint32_t)(status.at[i] - '0') : 0;
    }
    if (!http_text_is(version, "HTTP/1.1") || !digits) {
        return refuse(why, HTTP_BAD, "its first line is not HTTP/1.1 and a status");
    }
    return HTTP_OK;
}

/* ---- headers --------------------------------------------------------------------------------- */

/* Those that a message has once at most. Two of them could be read in two ways. */
static bool is_unique(http_text name) {
    static const char *const unique[] = {
        "host",          "content-length",    "transfer-encoding",     "origin",
        "authorization", "sec-websocket-key", "sec-websocket-version", "sec-websocket-accept"};
    for (size_t i = 0; i < sizeof unique / sizeof unique[0]; i++) {
        if (http_text_is_any_case(name, unique[i])) {
            return true;
        }
    }
    return false;
}

static bool is_repeated(const http_head *head, http_text name) {
    for (uint32_t i = 0; i < head->header_count; i++) {
        if (http_text_same_any_case(head->headers[i].name, name)) {
            return true;
        }
    }
    return false;
}

static uint32_t read_header(http_text line, http_head *head, const char **why) {
    const char *colon = memchr(line.at, ':', line.size);
    http_text name = {line.at, colon != NULL ? (uint32_t)(colon - line.at) : 0};
    if (!is_token(name)) { /* a folded line begins with a space */
        return refuse(why, HTTP_BAD, "a header is not a name, a colon and a value");
    }
    if (head->header_count == HTTP_HEADERS_MAX) {
        return refuse(why, HTTP_TOO_LARGE, "it has more than 64 headers");
    }
    if (is_unique(name) && is_repeated(head, name)) {
        return refuse(why, HTTP_BAD, "a header that must be unique is repeated");
    }
    http_header *h = &head->headers[head->header_count++];
    h->name = name;
    h->value = trimmed((http_text){colon + 1, line.size - name.size - 1});
    return HTTP_OK;
}

static uint32_t read_headers(const char *at, const char *end, http_head *head, const char **why) {
    uint32_t result = HTTP_OK;
    while (result == HTTP_OK) {
        http_text line = next_line(&at, end);
        if (line.size == 0) {
            break;
        }
        result = read_header(line, head, why);
    }
    if (result == HTTP_OK && http_find(head, "transfer-encoding") != NULL) {
        return refuse(why, HTTP_BAD, "it has a Transfer-Encoding");
    }
    return result;
}

static uint32_t expect_no_body(const http_head *head, const char **why) {
    const http_text *length = http_find(head, "content-length");
    if (length != NULL && !http_text_is(*length, "0")) {
        return refuse(why, HTTP_BAD, "it has a body");
    }
    return HTTP_OK;
}

/* RFC 9112 section 6.2, digits only. */
static uint32_t read_length(const http_head *head, uint32_t most, uint32_t *bytes,
                            const char **why) {
    const http_text *length = http_find(head, "content-length");
    uint64_t value = 0;
    if (length == NULL) {
        return refuse(why, HTTP_NO_LENGTH, "it has no Content-Length");
    }
    for (uint32_t i = 0; i < length->size; i++) {
        if (!is_digit(length->at[i])) {
            return refuse(why, HTTP_BAD, "its Content-Length is not a number");
        }
        value = value * 10 + (uint64_t)(length->at[i] - '0');
        value = value > most ? (uint64_t)most + 1 : value;
    }
    if (length->size == 0) {
        return refuse(why, HTTP_BAD, "its Content-Length is not a number");
    }
    if (value > most) {
        return refuse(why, HTTP_BODY_TOO_LARGE, "its body is too large");
    }
    *bytes = (uint32_t)value;
    return HTTP_OK;
}

/* A whole head of a request with any method; its body is not looked at. */
static uint32_t read_request(const char *bytes, uint32_t head_bytes, http_head *head,
                             const char **why) {
    const char *at = bytes;
    const char *end = bytes + head_bytes;
    memset(head, 0, sizeof *head);
    uint32_t first = read_request_line(next_line(&at, end), head, why);
    if (first != HTTP_OK) {
        return first;
    }
    uint32_t result = read_headers(at, end, head, why);
    if (result != HTTP_OK) {
        return result;
    }
    const http_text *host = http_find(head, "host");
    if (host == NULL || !is_host(*host)) {
        return refuse(why, HTTP_BAD, "it has no Host, or not that of a URL");
    }
    return HTTP_OK;
}

uint32_t http_read_request(const char *bytes, uint32_t head_bytes, http_head *head,
                           const char **why) {
    uint32_t result = read_request(bytes, head_bytes, head, why);
    if (result != HTTP_OK) {
        return result;
    }
    if (!http_text_is(head->method, "GET") && !http_text_is(head->method, "HEAD")) {
        return refuse(why, HTTP_NO_METHOD, "its method is neither GET nor HEAD");
    }
    return expect_no_body(head, why);
}

uint32_t http_read_request_with_body(const char *bytes, uint32_t head_bytes, uint32_t body_most,
                                     http_head *head, uint32_t *body_bytes, const char **why) {
    uint32_t result = read_request(bytes, head_bytes, head, why);
    *body_bytes = 0;
    if (result != HTTP_OK) {
        return result;
    }
    if (http_text_is(head->method, "GET")) {
        return expect_no_body(head, why);
    }
    if (!http_text_is(head->method, "POST")) {
        return refuse(why, HTTP_NO_METHOD, "its method is neither GET nor POST");
    }
    return read_length(head, body_most, body_bytes, why);
}

uint32_t http_read_answer(const char *bytes, uint32_t head_bytes, http_head *head,
                          const char **why) {
    const char *at = bytes;
    const char *end = bytes + head_bytes;
    memset(head, 0, sizeof *head);
    uint32_t result = read_status_line(next_line(&at, end), head, why);
    if (result != HTTP_OK || head->status != 101) {
        return result;
    }
    result = read_headers(at, end, head, why);
    return result == HTTP_OK ? expect_no_body(head, why) : result;
}

const http_text *http_find(const http_head *head, const char *name) {
    for (uint32_t i = 0; i < head->header_count; i++) {
        if (http_text_is_any_case(head->headers[i].name, name)) {
            return &head->headers[i].value;
        }
    }
    return NULL;
}

static bool list_has(http_text list, const char *token) {
    while (list.size > 0) {
        const char *comma = memchr(list.at, ',', list.size);
        http_text part = {list.at, comma != NULL ? (uint32_t)(comma - list.at) : list.size};
        if (http_text_is_any_case(trimmed(part), token)) {
            return true;
        }
        uint32_t taken = comma != NULL ? part.size + 1 : part.size;
        list.at += taken;
        list.size -= taken;
    }
    return false;
}

bool http_has_token(const http_head *head, const char *name, const char *token) {
    for (uint32_t i = 0; i < head->header_count; i++) {
        const http_header *h = &head->headers[i];
        if (http_text_is_any_case(h->name, name) && list_has(h->value, token)) {
            return true;
        }
    }
    return false;
}
