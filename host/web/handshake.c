/* handshake.c: see handshake.h. */
#include "web/handshake.h"

#include "web/sha1.h"

#include <stdio.h>
#include <string.h>

enum { KEY_CHARS = 24 };

/* ---- keys ------------------------------------------------------------------------------------ */

static const char base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Writes the base64 of the bytes and a zero. */
static void base64_write(const uint8_t *bytes, size_t size, char *out) {
    for (size_t i = 0; i < size; i += 3) {
        uint32_t bits = (uint32_t)bytes[i] << 16;
        bits |= i + 1 < size ? (uint32_t)bytes[i + 1] << 8 : 0;
        bits |= i + 2 < size ? bytes[i + 2] : 0;
        *out++ = base64_digits[bits >> 18];
        *out++ = base64_digits[bits >> 12 & 63];
        *out++ = i + 1 < size ? base64_digits[bits >> 6 & 63] : '=';
        *out++ = i + 2 < size ? base64_digits[bits & 63] : '=';
    }
    *out = '\0';
}

/* Whether it is the base64 of 16 bytes. */
static bool is_key(http_text key) {
    bool good = key.size == KEY_CHARS && memcmp(key.at + KEY_CHARS - 2, "==", 2) == 0;
    for (uint32_t i = 0; good && i < KEY_CHARS - 2; i++) {
        good = key.at[i] != '\0' && strchr(base64_digits, key.at[i]) != NULL;
    }
    /* The last digit has four bits that are not part of the 16 bytes. */
    return good && strchr("AQgw", key.at[KEY_CHARS - 3]) != NULL;
}

/* Section 4.2.2: the proof that the key has been read. */
static void accept_of(const char *key, char accept[HANDSHAKE_ACCEPT_BYTES]) {
    static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    char text[KEY_CHARS + sizeof guid - 1];
    uint8_t digest[SHA1_BYTES];
    memcpy(text, key, KEY_CHARS);
    memcpy(text + KEY_CHARS, guid, sizeof guid - 1);
    sha1(text, sizeof text, digest);
    base64_write(digest, sizeof digest, accept);
}

/* ---- the server ------------------------------------------------------------------------------ */

static bool origin_allowed(http_text origin, const char *origins) {
    while (*origins != '\0') {
        http_text one = {origins, (uint32_t)strcspn(origins, " ,\t")};
        bool item = one.size > 0; /* else it is between two separators */
        if (item && (http_text_is(one, "*") || http_text_same_any_case(origin, one))) {
            return true;
        }
        origins += one.size;
        origins += *origins != '\0';
    }
    return false;
}

uint32_t handshake_judge(const http_head *request, const char *path, const char *origins,
                         const char **why) {
    const http_text *version = http_find(request, "sec-websocket-version");
    const http_text *key = http_find(request, "sec-websocket-key");
    const http_text *origin = http_find(request, "origin");
    if (!http_text_is(request->method, "GET")) {
        *why = "its method is not GET";
        return 405;
    }
    if (!http_text_is(request->path, path)) {
        *why = "no such path";
        return 404;
    }
    if (!http_has_token(request, "upgrade", "websocket") ||
        !http_has_token(request, "connection", "upgrade")) {
        *why = "it is not a request for a WebSocket";
        return 426;
    }
    if (version == NULL || !http_text_is(*version, "13")) {
        *why = "it asks for a version of WebSocket that is not 13";
        return 426;
    }
    if (key == NULL || !is_key(*key)) {
        *why = "its Sec-WebSocket-Key is not the base64 of 16 bytes";
        return 400;
    }
    if (origin != NULL && origins != NULL && !origin_allowed(*origin, origins)) {
        *why = "its Origin is not among the origins of the listener";
        return 403;
    }
    return HANDSHAKE_SWITCH;
}

uint32_t handshake_accept(const http_head *request, char answer[HANDSHAKE_ANSWER_BYTES]) {
    char accept[HANDSHAKE_ACCEPT_BYTES];
    accept_of(http_find(request, "sec-websocket-key")->at, accept);
    return (uint32_t)snprintf(answer, HANDSHAKE_ANSWER_BYTES,
                              "HTTP/1.1 101 Switching Protocols\r\n"
                              "Upgrade: websocket\r\n"
                              "Connection: Upgrade\r\n"
                              "Sec-WebSocket-Accept: %s\r\n"
                              "\r\n",
                              accept);
}

uint32_t handshake_refuse(uint32_t status, char answer[HANDSHAKE_ANSWER_BYTES]) {
    static const struct {
        uint32_t status;
        const char *name;
        const char *headers;
        const char *body;
    } refusals[] = {{400, "Bad Request", "", "This request is not understood.\n"},
                    {403, "Forbidden", "", "Pages of this origin may not connect here.\n"},
                    {404, "Not Found", "", "There is nothing here.\n"},
                    {405, "Method Not Allowed", "Allow: GET\r\n", "Only GET works here.\n"},
                    {426, "Upgrade Required", "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n",
                     "This is a WebSocket, version 13.\n"},
                    {431, "Request Header Fields Too Large", "", "The request is too large.\n"},
                    {505, "HTTP Version Not Supported", "", "Only HTTP/1.1 works here.\n"}};
    size_t i = 0;
    while (i + 1 < sizeof refusals / sizeof refusals[0] && refusals[i].status != status) {
        i++;
    }
    return (uint32_t)snprintf(answer, HANDSHAKE_ANSWER_BYTES,
                              "HTTP/1.1 %u %s\r\n%s"
                              "Connection: close\r\n"
                              "Content-Type: text/plain; charset=utf-8\r\n"
                              "X-Content-Type-Options: nosniff\r\n"
                              "Content-Length: %u\r\n"
                              "\r\n%s",
                              (unsigned)refusals[i].status, refusals[i].name, refusals[i].headers,
                              (unsigned)strlen(refusals[i].body), refusals[i].body);
}

/* ---- the client ------------------------------------------------------------------------------ */

uint32_t handshake_request(const char *host, uint16_t port, const char *path,
                           const uint8_t nonce[HANDSHAKE_NONCE_BYTES], char *request,
                           uint32_t capacity) {
    char key[KEY_CHARS + 1];
    bool v6 = strchr(host, ':') != NULL;
    base64_write(nonce, HANDSHAKE_NONCE_BYTES, key);
    int size = snprintf(request, capacity,
                        "GET %s HTTP/1.1\r\n"
                        "Host: %s%s%s:%u\r\n"
                        "Upgrade: websocket\r\n"
                        "Connection: Upgrade\r\n"
                        "Sec-WebSocket-Key: %s\r\n"
                        "Sec-WebSocket-Version: 13\r\n"
                        "\r\n",
                        path, v6 ? "[" : "", host, v6 ? "]" : "", port, key);
    return size > 0 && (uint32_t)size < capacity ? (uint32_t)size : 0;
}

const char *handshake_check(const http_head *answer, const uint8_t nonce[HANDSHAKE_NONCE_BYTES]) {
    char key[KEY_CHARS + 1];
    char accept[HANDSHAKE_ACCEPT_BYTES];
    const http_text *given = http_find(answer, "sec-websocket-accept");
    if (answer->status != HANDSHAKE_SWITCH) {
        return "the status is not 101";
    }
    if (!http_has_token(answer, "upgrade", "websocket") ||
        !http_has_token(answer, "connection", "upgrade")) {
        return "the headers Upgrade and Connection are not those of a WebSocket";
    }
    base64_write(nonce, HANDSHAKE_NONCE_BYTES, key);
    accept_of(key, accept);
    if (given == NULL || !http_text_is(*given, accept)) {
        return "Sec-WebSocket-Accept is wrong";
    }
    if (http_find(answer, "sec-websocket-extensions") != NULL ||
        http_find(answer, "sec-websocket-protocol") != NULL) {
        return "it has an extension or a subprotocol that was not asked for";
    }
    return NULL;
}
