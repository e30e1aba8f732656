/* http_login.c: the dashboard's files, and logging in to it: a cookie that replaces the token for
 * the pages of this host, and for no others. */
#include "support/check.h"
#include "support/host.h"
#include "support/live.h"

static char answer[1 << 20];
static uint16_t port;

static int ask(const char *method, const char *path, const char *headers, const char *body) {
    return http_ask(port, method, path, headers, body, answer, sizeof answer);
}

/* They hold no secret, so that the login page can show them. */
static void files(void) {
    CHECK_INT(ask("GET", "/", "", NULL), 200);
    CHECK_HAS(answer, "\r\nContent-Type: text/html; charset=utf-8\r\n");
    CHECK_HAS(answer, "\r\nX-Content-Type-Options: nosniff\r\n");
    CHECK_HAS(answer, "\r\nX-Frame-Options: DENY\r\n");
    CHECK_HAS(answer, "\r\nReferrer-Policy: same-origin\r\n");
    CHECK_HAS(answer, "\r\nCache-Control: no-store\r\n");
    CHECK_HAS(answer,
              "\r\nContent-Security-Policy: default-src 'none'; script-src 'self'; style-src "
              "'self'; img-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors "
              "'none'; base-uri 'none'\r\n");
    CHECK_HAS(answer, "action=\"/login\"");
    CHECK_INT(ask("GET", "/login.html", "", NULL), 200);
    CHECK_INT(ask("GET", "/index.html", "", NULL), 200);
    CHECK_HAS(answer, "action=\"/logout\"");
    CHECK_INT(ask("GET", "/nothing.html", "", NULL), 404);
    CHECK_INT(ask("GET", "/index.html/", "", NULL), 404);
    CHECK_INT(ask("GET", "/login", "", NULL), 404);
}

static void wrong(void) {
    char headers[LIVE_HEADERS];
    CHECK_INT(live_login(port, "token-of-the-testz", headers), 303);
    CHECK(strstr(headers, "Cookie") == NULL);
    CHECK_INT(live_login(port, "", headers), 303);
    CHECK_INT(ask("POST", "/login", headers, "tokens=" HTTP_TOKEN), 303);
    CHECK_HAS(answer, "\r\nLocation: /#wrong\r\n");
    CHECK_INT(ask("POST", "/login", headers, "token=%zz"), 303);
    CHECK_HAS(answer, "\r\nLocation: /#wrong\r\n");
    CHECK_INT(ask("POST", "/login", LIVE_OTHER, "token=" HTTP_TOKEN), 403);
    CHECK_INT(ask("POST", "/login", "Origin: null\r\n", "token=" HTTP_TOKEN), 403);
    CHECK_INT(ask("POST", "/login", "", "token=" HTTP_TOKEN), 403);
    CHECK(strstr(answer, "Set-Cookie") == NULL);
}

/* A page of the host may use the cookie for this; a page of another site may not. */
static void cookie(host *h) {
    char headers[LIVE_HEADERS];
    char own[LIVE_HEADERS];
    char other[LIVE_HEADERS];
    CHECK_INT(live_login(port, "%74oken-of-the-tests", headers), 303);
    const char *line = strstr(headers, "Cookie");
    CHECK(line != NULL);
    snprintf(own, sizeof own, "%s", line);
    snprintf(other, sizeof other, LIVE_OTHER "%s", line);
    host_wait_log(h, "HTTP login 1 from 127.0.0.1:", 1);
    CHECK_INT(ask("GET", "/", headers, NULL), 200);
    CHECK_HAS(answer, "action=\"/logout\"");
    CHECK_INT(ask("GET", "/api/status", headers, NULL), 200);
    CHECK_INT(ask("GET", "/api/status", own, NULL), 200); /* a browser sends no Origin with this */
    CHECK_INT(ask("GET", "/metrics", own, NULL), 200);
    CHECK_INT(ask("POST", "/api/kick", headers, "12"), 404);
    host_wait_log(h, "`kick 12` by HTTP login 1 at 127.0.0.1:", 1);
    CHECK_INT(ask("POST", "/api/kick", own, "12"), 403);
    CHECK_INT(ask("POST", "/api/kick", other, "12"), 403);
    CHECK_INT(ask("GET", "/api/status", other, NULL), 403);
    CHECK_INT(ask("POST", "/logout", own, ""), 403);
    CHECK_INT(ask("POST", "/logout", other, ""), 403);
    CHECK_INT(host_log_settled(h, "`kick 12`"), 1);

    CHECK_INT(ask("POST", "/logout", headers, ""), 303);
    snprintf(other, sizeof other, "\r\nSet-Cookie: portico_%u=; Max-Age=0", (unsigned)port);
    CHECK_HAS(answer, other);
    host_wait_log(h, "HTTP login 1 ends", 1);
    CHECK_INT(ask("GET", "/api/status", headers, NULL), 401);
    CHECK_INT(ask("POST", "/api/kick", headers, "12"), 401);
    CHECK_INT(ask("GET", "/", headers, NULL), 200);
    CHECK_HAS(answer, "action=\"/login\"");
}

/* Another cookie, or two of them, is none. */
static void odd_cookies(void) {
    char headers[LIVE_HEADERS];
    char twice[2 * LIVE_HEADERS];
    CHECK_INT(live_login(port, HTTP_TOKEN, headers), 303);
    const char *line = strstr(headers, "Cookie");
    snprintf(twice, sizeof twice, "%s%s", line, line);
    CHECK_INT(ask("GET", "/api/status", line, NULL), 200);
    CHECK_INT(ask("GET", "/api/status", twice, NULL), 401);
    snprintf(twice, sizeof twice, "Cookie: portico_%u=" HTTP_TOKEN "\r\n", (unsigned)port);
    CHECK_INT(ask("GET", "/api/status", twice, NULL), 401);
    snprintf(twice, sizeof twice, "Cookie: portico_%u=\r\n", (unsigned)port);
    CHECK_INT(ask("GET", "/api/status", twice, NULL), 401);
    snprintf(twice, sizeof twice, "Cookie: portico=%.64s\r\n", strchr(line, '=') + 1);
    CHECK_INT(ask("GET", "/api/status", twice, NULL), 401);
    snprintf(twice, sizeof twice, "Cookie: a=b; portico_%u=%.64s; c=portico_%u=d\r\n",
             (unsigned)port, strchr(line, '=') + 1, (unsigned)port);
    CHECK_INT(ask("GET", "/api/status", twice, NULL), 200);
}

/* There are places for 16: the one that was not used for longest makes way. */
static void many(void) {
    enum { MORE = 17 };
    static char all[MORE][LIVE_HEADERS];
    for (int i = 0; i < MORE; i++) {
        CHECK_INT(live_login(port, HTTP_TOKEN, all[i]), 303);
        CHECK_INT(ask("GET", "/api/status", all[0], NULL), 200);
    }
    CHECK_INT(ask("GET", "/api/status", all[MORE - 1], NULL), 200);
    CHECK_INT(ask("GET", "/api/status", all[1], NULL), 401);
}

SCENARIO(http_login) {
    host_options options = {
        .name = "http_login",
        .modules = "echo",
        .listeners = {{"game", "echo.session", NULL}},
        .admin_keys = "http_port = 0\n",
    };
    host *h = host_start(&options);
    port = host_port(h, "http");
    files();
    cookie(h);
    odd_cookies();
    many();
    wrong();
    host_stop(h);
}
