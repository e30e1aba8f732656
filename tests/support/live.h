/* live.h: a browser that is logged in to the admin side of the host: its cookie, and its live
 * connection. Header only, one thread. */
#ifndef TEST_LIVE_H
#define TEST_LIVE_H

#include "support/http.h"
#include "support/web.h"

#include <stdlib.h>
#include <string.h>

enum { LIVE_HEADERS = 256 };
#define LIVE_OTHER "Origin: http://evil.example\r\n"

enum { LIVE_COOKIE = 96 };

/* Takes the cookie that an answer sets, as NAME=VALUE, and returns where; NULL: it sets none. */
static inline const char *live_cookie(const char *answer, char cookie[LIVE_COOKIE]) {
    const char *set = strstr(answer, "\r\nSet-Cookie: ");
    if (set != NULL) {
        CHECK_INT(sscanf(set, "\r\nSet-Cookie: %95[0-9a-z_=]", cookie), 1);
    }
    return set;
}

/* Logs in with the token, and writes the headers that a page of the host then sends. Returns the
 * status. */
static inline int live_login(uint16_t port, const char *token, char headers[LIVE_HEADERS]) {
    char answer[8192];
    char own[80];
    char body[128];
    char cookie[LIVE_COOKIE] = "";
    snprintf(own, sizeof own, "Origin: http://127.0.0.1:%u\r\n", (unsigned)port);
    snprintf(body, sizeof body, "token=%s", token);
    int status = http_ask(port, "POST", "/login", own, body, answer, sizeof answer);
    const char *set = live_cookie(answer, cookie);
    if (set != NULL) {
        CHECK(strstr(set, "; Path=/; HttpOnly; SameSite=Strict") != NULL);
    }
    snprintf(headers, LIVE_HEADERS, "%s%s%s%s", own, set != NULL ? "Cookie: " : "", cookie,
             set != NULL ? "\r\n" : "");
    return status;
}

/* Asks for a live connection that the host refuses. Returns the status. */
static inline int live_refused(uint16_t port, const char *headers, char *answer, size_t capacity) {
    char request[1024];
    size_t size = web_request("/live", headers, request, sizeof request);
    return http_send(port, request, size, answer, capacity);
}

/* Opens a live connection with the token. */
static inline net_socket live_open(uint16_t port) {
    net_socket s = net_connect(port);
    web_upgrade_with(s, "/live", HTTP_RIGHT);
    return s;
}

static inline void live_say(net_socket s, const char *message) {
    CHECK(web_send(s, WEB_TEXT, message, strlen(message)));
}

/* Receives the next answer, which must be to `command`. Returns whether it is ok. */
static inline bool live_hear(net_socket s, const char *command, char *answer, size_t size) {
    char begin[512];
    uint8_t kind = 0;
    int64_t got = web_recv(s, &kind, answer, size - 1);
    CHECK(got >= 0);
    CHECK_INT(kind, WEB_TEXT);
    answer[got] = '\0';
    int used = snprintf(begin, sizeof begin, "{\"command\":\"%s\",\"ok\":", command);
    CHECK_INT(answer[got - 1], '}');
    if (strncmp(answer, begin, (size_t)used) != 0) {
        fprintf(stderr, "no answer to %s:\n%s\n", command, answer);
        exit(1);
    }
    bool ok = strncmp(answer + used, "true,\"answer\":{", 15) == 0;
    CHECK(ok || strncmp(answer + used, "false,\"answer\":{", 16) == 0);
    return ok;
}

#endif
