/* web_http.c: heads of HTTP: what is understood, and that everything unusual is refused. Requests
 * end at the same byte however they are cut. */
#include "support/check.h"
#include "web/http_head.h"

#include <stdio.h>

static http_head head;
static const char *why;

/* Reads the request, in one piece and then byte by byte. */
static uint32_t ask(const char *text) {
    uint32_t size = (uint32_t)strlen(text);
    uint32_t scanned = 0;
    uint32_t whole = 0;
    why = NULL;
    uint32_t result = http_find_end(text, size, &scanned, &whole, &why);
    uint32_t bytes = 0;
    uint32_t slow = HTTP_MORE;
    scanned = 0;
    for (uint32_t i = 1; i <= size && slow == HTTP_MORE; i++) {
        slow = http_find_end(text, i, &scanned, &bytes, &why);
        CHECK(slow != HTTP_OK || bytes == i);
    }
    CHECK_INT(slow, result);
    if (result != HTTP_OK) {
        return result;
    }
    CHECK_INT(bytes, whole);
    result = http_read_request(text, whole, &head, &why);
    CHECK((result == HTTP_OK) == (why == NULL));
    return result;
}

#define GET "GET / HTTP/1.1\r\n"
#define HOST "Host: a\r\n"

static void check_good(void) {
    CHECK_INT(ask(GET HOST "\r\nleft over"), HTTP_OK);
    CHECK(http_text_is(head.path, "/"));
    CHECK_INT(head.query.size, 0);
    CHECK_INT(ask("GET /play/x%20y?a=b?c HTTP/1.1\r\nhOsT:  a:80 \t\r\nX:\r\nY: a\t b\xE9\r\n\r\n"),
              HTTP_OK);
    CHECK(http_text_is(head.path, "/play/x%20y"));
    CHECK(http_text_is(head.query, "a=b?c"));
    CHECK(http_text_is(*http_find(&head, "host"), "a:80"));
    CHECK(http_text_is(*http_find(&head, "x"), ""));
    CHECK(http_text_is(*http_find(&head, "y"), "a\t b\xE9"));
    CHECK(http_find(&head, "z") == NULL);
    CHECK_INT(ask(GET HOST "Content-Length: 0\r\n\r\n"), HTTP_OK);
    CHECK_INT(ask(GET HOST "Connection: keep-alive\r\nConnection: Foo ,\tuPGRADE\r\n\r\n"),
              HTTP_OK);
    CHECK(http_has_token(&head, "connection", "upgrade"));
    CHECK(!http_has_token(&head, "connection", "keep"));
    CHECK_INT(ask(GET HOST), HTTP_MORE);
    CHECK_INT(ask(""), HTTP_MORE);
}

/* RFC 9112 sections 2.2, 3, 5 and 6: what must not be understood in two ways. */
static void check_bad(void) {
    static const char *const bad[] = {
        "\r\n" GET HOST "\r\n",
        " GET / HTTP/1.1\r\n" HOST "\r\n",
        "\x16\x03\x01",
        "GET / HTTP/1.1\n" HOST "\r\n",
        GET "Host: a\n\r\n",
        GET HOST "\n",
        GET "Host: a\rb\r\n\r\n",
        GET HOST "\r\r\n",
        GET HOST "X: a\x01\r\n\r\n",
        GET HOST "X: a\x7F\r\n\r\n",
        GET HOST "X: a\r\n b\r\n\r\n",
        GET HOST "X : a\r\n\r\n",
        GET HOST ": a\r\n\r\n",
        GET HOST "X\r\n\r\n",
        GET HOST "X y: a\r\n\r\n",
        GET HOST "X\xC3: a\r\n\r\n",
        GET HOST "Host: b\r\n\r\n",
        GET HOST "Origin: a\r\norigin: a\r\n\r\n",
        GET HOST "Content-Length: 0\r\nContent-Length: 0\r\n\r\n",
        GET HOST "Content-Length: 1\r\n\r\n",
        GET HOST "Content-Length: 00\r\n\r\n",
        GET HOST "Content-Length: +0\r\n\r\n",
        GET HOST "Content-Length: 0, 0\r\n\r\n",
        GET HOST "Content-Length:\r\n\r\n",
        GET HOST "Transfer-Encoding: chunked\r\n\r\n",
        GET HOST "Transfer-Encoding: identity\r\n\r\n",
        GET HOST "Sec-WebSocket-Key: a\r\nSec-WebSocket-Key: a\r\n\r\n",
        GET HOST "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Version: 13\r\n\r\n",
        GET "\r\n",
        GET "Host:\r\n\r\n",
        GET "Host: a b\r\n\r\n",
        GET "Host: a\tb\r\n\r\n",
        GET "Host: u@a\r\n\r\n",
        GET "Host: a/b\r\n\r\n",
        GET "Host: a\\b\r\n\r\n",
        GET "Host: a?b\r\n\r\n",
        GET "Host: a#b\r\n\r\n",
        GET "Host: \xC3\xA4.example\r\n\r\n",
        "GET http://a/ HTTP/1.1\r\n" HOST "\r\n",
        "GET a HTTP/1.1\r\n" HOST "\r\n",
        "GET * HTTP/1.1\r\n" HOST "\r\n",
        "GET  / HTTP/1.1\r\n" HOST "\r\n",
        "GET /  HTTP/1.1\r\n" HOST "\r\n",
        "GET /#a HTTP/1.1\r\n" HOST "\r\n",
        "GET /\xC3\xA9 HTTP/1.1\r\n" HOST "\r\n",
        "GET /\tHTTP/1.1\r\n" HOST "\r\n",
        "GET /\r\n" HOST "\r\n",
        "GET\r\n\r\n",
        "GET / HTTP/1.1 \r\n" HOST "\r\n",
        "GET / http/1.1\r\n" HOST "\r\n",
        "GET / HTTP/11.1\r\n" HOST "\r\n",
        "GET / HTTP/1.1 x\r\n" HOST "\r\n",
        "G(T / HTTP/1.1\r\n" HOST "\r\n"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (ask(bad[i]) != 400) {
            CHECK_TEXT(bad[i], "refused with 400");
        }
        CHECK(why != NULL);
    }
    CHECK_INT(ask("GET / HTTP/1.0\r\n" HOST "\r\n"), 505);
    CHECK_INT(ask("GET / HTTP/2.0\r\n" HOST "\r\n"), 505);
    CHECK_INT(ask("POST / HTTP/1.1\r\n" HOST "\r\n"), 405);
    CHECK_INT(ask("get / HTTP/1.1\r\n" HOST "\r\n"), 405);
    CHECK_INT(ask("HEAD / HTTP/1.1\r\n" HOST "\r\n"), 200);
    CHECK_INT(ask("head / HTTP/1.1\r\n" HOST "\r\n"), 405);
}

static void check_limits(void) {
    static char text[HTTP_HEAD_MAX + 10];
    size_t used = (size_t)snprintf(text, sizeof text, GET HOST "X: ");
    memset(text + used, 'x', HTTP_HEAD_MAX - used);
    memcpy(text + HTTP_HEAD_MAX - 4, "\r\n\r\n", 5);
    CHECK_INT(ask(text), HTTP_OK);
    memset(text + used, 'x', HTTP_HEAD_MAX + 1 - used);
    memcpy(text + HTTP_HEAD_MAX - 3, "\r\n\r\n", 5);
    CHECK_INT(ask(text), 431);
    for (uint32_t headers = HTTP_HEADERS_MAX; headers <= HTTP_HEADERS_MAX + 1; headers++) {
        used = (size_t)snprintf(text, sizeof text, GET HOST);
        for (uint32_t i = 1; i < headers; i++) {
            used += (size_t)snprintf(text + used, sizeof text - used, "X: a\r\n");
        }
        (void)snprintf(text + used, sizeof text - used, "\r\n");
        CHECK_INT(ask(text), headers == HTTP_HEADERS_MAX ? HTTP_OK : 431);
    }
}

static uint32_t answer(const char *text) {
    why = NULL;
    return http_read_answer(text, (uint32_t)strlen(text), &head, &why);
}

static void check_answers(void) {
    CHECK_INT(answer("HTTP/1.1 101 Switching Protocols\r\nA: b\r\n\r\n"), HTTP_OK);
    CHECK_INT(head.status, 101);
    CHECK_INT(answer("HTTP/1.1 101\r\n\r\n"), HTTP_OK);
    CHECK_INT(answer("HTTP/1.1 404 Not Found\r\nContent-Length: 10\r\n\r\n"), HTTP_OK);
    CHECK_INT(head.status, 404);
    CHECK_INT(answer("HTTP/1.0 101 a\r\n\r\n"), 400);
    CHECK_INT(answer("HTTP/1.1 1010 a\r\n\r\n"), 400);
    CHECK_INT(answer("HTTP/1.1 10x a\r\n\r\n"), 400);
    CHECK_INT(answer("HTTP/1.1 101 a\r\nContent-Length: 1\r\n\r\n"), 400);
}

/* Reads it as the admin side does. */
static uint32_t ask_with_body(const char *text, uint32_t *body) {
    uint32_t scanned = 0;
    uint32_t whole = 0;
    why = NULL;
    CHECK_INT(http_find_end(text, (uint32_t)strlen(text), &scanned, &whole, &why), HTTP_OK);
    return http_read_request_with_body(text, whole, 4096, &head, body, &why);
}

static void check_bodies(void) {
    uint32_t body = 9;
    CHECK_INT(ask_with_body(GET HOST "\r\n", &body), HTTP_OK);
    CHECK_INT(body, 0);
    CHECK_INT(ask_with_body("POST / HTTP/1.1\r\n" HOST "Content-Length: 4096\r\n\r\n", &body),
              HTTP_OK);
    CHECK_INT(body, 4096);
    CHECK_INT(ask_with_body("POST / HTTP/1.1\r\n" HOST "Content-Length: 0004\r\n\r\n", &body),
              HTTP_OK);
    CHECK_INT(body, 4);
    CHECK_INT(ask_with_body("POST / HTTP/1.1\r\n" HOST "Content-Length: 4097\r\n\r\n", &body), 413);
    CHECK_INT(ask_with_body(
                  "POST / HTTP/1.1\r\n" HOST "Content-Length: 18446744073709551617\r\n\r\n", &body),
              413);
    CHECK_INT(ask_with_body("POST / HTTP/1.1\r\n" HOST "\r\n", &body), 411);
    static const char *const lengths[] = {"", "-1", "+1", "1 ", "1,1", "0x1", "1.0", "one"};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        char text[256];
        snprintf(text, sizeof text, "POST / HTTP/1.1\r\n" HOST "Content-Length: %s.\r\n\r\n",
                 lengths[i]);
        CHECK_INT(ask_with_body(text, &body), 400);
    }
    CHECK_INT(ask_with_body("POST / HTTP/1.1\r\n" HOST "Content-Length: \r\n\r\n", &body), 400);
    CHECK_INT(ask_with_body("POST / HTTP/1.1\r\n" HOST
                            "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
                            &body),
              400);
    CHECK_INT(ask_with_body("POST / HTTP/1.1\r\n" HOST
                            "Content-Length: 1\r\nContent-Length: 1\r\n\r\n",
                            &body),
              400);
    CHECK_INT(ask_with_body(GET HOST "Content-Length: 1\r\n\r\n", &body), 400);
    CHECK_INT(ask_with_body("HEAD / HTTP/1.1\r\n" HOST "\r\n", &body), 405);
    CHECK_INT(ask_with_body("post / HTTP/1.1\r\n" HOST "Content-Length: 1\r\n\r\n", &body), 405);
}

SCENARIO(web_http) {
    check_bodies();
    check_good();
    check_bad();
    check_limits();
    check_answers();
}
