/* http_attacks.c: what reaches [admin] http_port from elsewhere gains nothing: wrong tokens, pages
 * of other sites, other names, odd paths, giant and slow requests, a thousand connections. The
 * operator is served all the time, and players notice nothing. */
#include "support/check.h"
#include "support/clock.h"
#include "support/faults.h"
#include "support/honest.h"
#include "support/live.h"

#include <stdlib.h>

static char answer[1 << 16];
static uint16_t port;

static int get(const char *path, const char *headers) {
    return http_ask(port, "GET", path, headers, NULL, answer, sizeof answer);
}

static int raw(const char *bytes) {
    return http_send(port, bytes, strlen(bytes), answer, sizeof answer);
}

/* The operator gets in, whatever goes on. A wait after wrong tokens is at most two seconds. */
static void expect_served(void) {
    CHECK_INT(get("/api/status", HTTP_RIGHT), 200);
}

static void no_token(void) {
    CHECK_INT(get("/metrics", ""), 401);
    CHECK(strstr(answer, "\r\nWWW-Authenticate: Bearer") != NULL);
    CHECK(strstr(answer, "portico_") == NULL);
    CHECK_INT(get("/api/status", ""), 401);
    CHECK_INT(get("/api/status", "Authorization: Basic dG9rZW4=\r\n"), 401);
    CHECK_INT(get("/api/status", "Authorization: Bearer\r\n"), 401);
    CHECK_INT(http_ask(port, "POST", "/api/stop", "", "", answer, sizeof answer), 401);
}

/* Pages of other sites, and names that resolve to this machine. */
static void foreign(void) {
    CHECK_INT(get("/api/status", HTTP_RIGHT "Origin: http://evil.example\r\n"), 403);
    CHECK_INT(get("/api/status", HTTP_RIGHT "Origin: null\r\n"), 403);
    CHECK_INT(get("/api/status", HTTP_RIGHT "Origin: http://127.0.0.1\r\n"), 403);
    char own[128];
    snprintf(own, sizeof own, HTTP_RIGHT "Origin: http://127.0.0.1:%u\r\n", (unsigned)port);
    CHECK_INT(get("/api/status", own), 200);
    static const char *const hosts[] = {
        "evil.example", "127.0.0.1.evil.example", "localhost.evil:80", "127.0.0.1:80@evil.example",
        "127.0.0.1:",   "127.0.0.1:123456",       "localhostevil",     "0.0.0.0:80"};
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
        char request[512];
        snprintf(request, sizeof request, "GET /api/status HTTP/1.1\r\nHost: %s\r\n%s\r\n",
                 hosts[i], HTTP_RIGHT);
        int status = raw(request);
        CHECK(status == 403 || status == 400); /* 400: it is no Host at all */
    }
    CHECK_INT(raw("GET /api/status HTTP/1.1\r\nHost: LOCALHOST\r\n" HTTP_RIGHT "\r\n"), 200);
    CHECK_INT(raw("GET /api/status HTTP/1.1\r\nHost: [::1]:7780\r\n" HTTP_RIGHT "\r\n"), 200);
}

static void odd_paths(void) {
    static const char *const paths[] = {
        "/../run/admin.token", "/api/../metrics",   "/api/%2e%2e/status", "/api//status",
        "/metrics/",           "/api/status/",      "/api/STATUS",        "/api/status%20x",
        "/%6detrics",          "/api/reopen_log",   "/../index.html",     "/%2e%2e/index.html",
        "/..%2findex.html",    "/..%5cindex.html",  "/..\\index.html",    "/index.html%00",
        "/index.html%00.css",  "//index.html",      "/./index.html",      "/web/index.html",
        "/index.html.",        "/INDEX.HTML",       "/%69ndex.html",      "/../../run/admin.token",
        "/con.html",           "/index.html::$DATA"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        CHECK_INT(get(paths[i], HTTP_RIGHT), 404);
        CHECK_INT(get(paths[i], ""), 404);
    }
    CHECK_INT(get("/api/faults?%0", HTTP_RIGHT), 400);
    CHECK_INT(get("/api/faults?%00", HTTP_RIGHT), 400);
    CHECK_INT(get("/api/faults?1%0akick%201", HTTP_RIGHT), 400);
}

/* Two ways to read one request: refused. */
static void smuggling(void) {
#define HEAD "POST /api/kick HTTP/1.1\r\nHost: localhost\r\n" HTTP_RIGHT
    CHECK_INT(raw(HEAD "Content-Length: 1\r\nContent-Length: 2\r\n\r\n1"), 400);
    CHECK_INT(raw(HEAD "Content-Length: 1, 1\r\n\r\n1"), 400);
    CHECK_INT(raw(HEAD "Content-Length: +1\r\n\r\n1"), 400);
    CHECK_INT(raw(HEAD "Content-Length: 0x1\r\n\r\n1"), 400);
    CHECK_INT(raw(HEAD "Content-Length: \r\n\r\n1"), 400);
    CHECK_INT(raw(HEAD "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 400);
    CHECK_INT(raw(HEAD "\r\n"), 411);
    CHECK_INT(raw("GET /api/status HTTP/1.1\r\nHost: localhost\r\n" HTTP_RIGHT
                  "Content-Length: 1\r\n\r\n1"),
              400);
    CHECK_INT(raw("PUT /api/kick HTTP/1.1\r\nHost: localhost\r\n" HTTP_RIGHT
                  "Content-Length: 1\r\n\r\n1"),
              405);
#undef HEAD
    /* What comes after a request is dropped, not run. */
    CHECK_INT(
        raw("POST /api/kick HTTP/1.1\r\nHost: localhost\r\n" HTTP_RIGHT
            "Content-Length: 1\r\n\r\n1POST /api/stop HTTP/1.1\r\nHost: localhost\r\n" HTTP_RIGHT
            "Content-Length: 0\r\n\r\n"),
        404);
}

static void giant(void) {
    enum { SIZE = 1 << 20 };
    char *bytes = malloc(SIZE);
    CHECK(bytes != NULL);
    memset(bytes, 'a', SIZE);
    int status = http_send(port, bytes, SIZE, answer, sizeof answer);
    CHECK(status == 431 || status == 400 || status == 0); /* 0: it was reset while sending */
    int used = snprintf(bytes, SIZE, "GET /api/status HTTP/1.1\r\nHost: localhost\r\nX: ");
    bytes[used] = 'a';
    status = http_send(port, bytes, SIZE, answer, sizeof answer);
    CHECK(status == 431 || status == 0);
    free(bytes);
    CHECK_INT(raw("POST /api/kick HTTP/1.1\r\nHost: localhost\r\n" HTTP_RIGHT
                  "Content-Length: 4097\r\n\r\n"),
              413);
    CHECK_INT(raw("POST /api/kick HTTP/1.1\r\nHost: localhost\r\n" HTTP_RIGHT
                  "Content-Length: 99999999999999999999999\r\n\r\n"),
              413);
}

/* More connections than there are places, which say nothing or little. */
static void slow(void) {
    enum { CROWD = 1000 };
    static net_socket crowd[CROWD];
    const int size = scale(CROWD, 200);
    for (int i = 0; i < size; i++) {
        crowd[i] = net_connect(port);
        (void)net_send_all(crowd[i], "GET /", i % 2 == 0 ? 5 : 0); /* it may have made way */
        if (i % (size / 5) == size / 10) {
            expect_served();
        }
    }
    net_wait_ends(crowd, size); /* after five seconds at the latest */
}

/* A request to log in, or to see something, with a wrong token. */
static int wrong_token(int i, char *request, size_t size) {
    char body[64];
    snprintf(body, sizeof body, "token=token-of-the-test%d", i);
    if (i % 2 == 0) {
        return snprintf(request, size,
                        "GET /api/status HTTP/1.1\r\nHost: localhost\r\n"
                        "Authorization: Bearer token-of-the-test%d\r\n\r\n",
                        i);
    }
    return snprintf(request, size,
                    "POST /login HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost\r\n"
                    "Content-Length: %u\r\n\r\n%s",
                    (unsigned)strlen(body), body);
}

/* Each connection sends a wrong token and does not wait for the answer. */
static void guess(host *h) {
    const int guesses = scale(10000, 500);
    char request[512];
    char headers[LIVE_HEADERS];
    int64_t before = host_figure(h, "resident_memory_bytes");
    for (int i = 0; i < guesses; i++) {
        net_socket s = net_connect(port);
        int size = wrong_token(i, request, sizeof request);
        (void)net_send_all(s, request, (size_t)size);
        net_close(s);
        if (i % (guesses / 4) == guesses / 8) {
            expect_served();
            CHECK_INT(live_login(port, HTTP_TOKEN, headers), 303);
            CHECK(strstr(headers, "Cookie") != NULL);
        }
    }
    expect_served();
    uint64_t begin_ms = clock_now_ms();
    CHECK_INT(get("/api/status", "Authorization: Bearer token-of-the-testsx\r\n"), 401);
    CHECK(clock_now_ms() - begin_ms >= 1500); /* after so many wrong ones */
    begin_ms = clock_now_ms();
    CHECK_INT(live_login(port, "token-of-the-testsx", headers), 303);
    CHECK(strstr(headers, "Cookie") == NULL);
    CHECK(clock_now_ms() - begin_ms >= 1500);
    host_wait_log_some(h, "sent a wrong token", 1);
    int64_t grown = host_figure(h, "resident_memory_bytes") - before;
    CHECK(scale_sanitized() || grown < 16 * 1024 * 1024);
}

SCENARIO(http_attacks) {
    const faults_options options = {.name = "http_attacks", .admin_keys = "http_port = 0\n"};
    host *h = faults_host(&options);
    port = host_port(h, "http");
    const honest_options clients = {.port = host_port(h, "game"), .clients = 5, .rate = 20};
    honest *players = honest_start(&clients);
    no_token();
    foreign();
    odd_paths();
    smuggling();
    giant();
    slow();
    guess(h);
    CHECK(host_alive(h));
    CHECK_INT(host_log_settled(h, "stopping"), 0);
    honest_stop_well(players);
    host_stop(h);
}
