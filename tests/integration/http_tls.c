/* http_tls.c: HTTP of the admin side with TLS, as other machines reach it: which names it answers
 * to, logging in, a live connection, handshakes that lead nowhere, and a new certificate without a
 * restart. */
#include "support/check.h"
#include "support/host.h"
#include "support/live.h"
#include "support/tls_keys.h"
#include "support/web_tls.h"

static char answer[1 << 20];
static uint16_t port;

static tls_client *open_to(int version) {
    const tls_options o = {.port = port, .version = version, .server_name = "admin.test"};
    return tls_connect(&o);
}

/* Reads to the end of TLS. Returns the status. */
static int read_answer(tls_client *c) {
    size_t used = 0;
    int got = 1;
    int status = 0;
    while (got > 0) {
        CHECK(used < sizeof answer - 1);
        got = tls_recv_some(c, answer + used, sizeof answer - 1 - used);
        used += got > 0 ? (size_t)got : 0;
    }
    CHECK_INT(got, NET_END);
    answer[used] = '\0';
    tls_close(c);
    CHECK_INT(sscanf(answer, "HTTP/1.1 %d ", &status), 1);
    return status;
}

static int ask(int version, const char *name, const char *start, const char *headers,
               const char *body) {
    char request[2048];
    int size = snprintf(request, sizeof request, "%s HTTP/1.1\r\nHost: %s\r\n%s\r\n%s", start, name,
                        headers, body);
    tls_client *c = open_to(version);
    CHECK(tls_send_all(c, request, (size_t)size));
    return read_answer(c);
}

static int get(const char *name, const char *headers) {
    return ask(0, name, "GET /api/status", headers, "");
}

/* An answer of many records. */
static void large(host *h) {
    enum { COUNT = 200 };
    net_socket players[COUNT];
    for (int i = 0; i < COUNT; i++) {
        players[i] = net_connect(host_port(h, "game"));
    }
    host_wait_figure(h, "sessions", COUNT);
    CHECK_INT(ask(0, "localhost", "GET /api/sessions", HTTP_RIGHT, ""), 200);
    CHECK(strlen(answer) > 2 * 16384);
    CHECK_TEXT(answer + strlen(answer) - 13, "\"ok\": true\n}\n");
    for (int i = 0; i < COUNT; i++) {
        net_close(players[i]);
    }
}

static void requests(void) {
    CHECK_INT(ask(13, "localhost", "GET /api/status", HTTP_RIGHT, ""), 200);
    CHECK_INT(ask(12, "localhost", "GET /metrics", HTTP_RIGHT, ""), 200);
    CHECK(strstr(answer, "\nportico_certificate_expiry_seconds{listener=\"admin:http\"} ") != NULL);
    CHECK_INT(get("localhost", ""), 401);
    static const char request[] =
        "GET /api/status HTTP/1.1\r\nHost: localhost\r\n" HTTP_RIGHT "\r\n";
    tls_client *c = open_to(0);
    for (size_t i = 0; i < sizeof request - 1; i++) { /* a record each */
        CHECK(tls_send_all(c, request + i, 1));
    }
    CHECK_INT(read_answer(c), 200);
    char plain[4096];
    CHECK_INT(http_ask(port, "GET", "/", HTTP_RIGHT, NULL, plain, sizeof plain), 0);
}

/* Names that this machine does not have are those of somebody else's page. */
static void names(void) {
    CHECK_INT(get("admin.test", HTTP_RIGHT), 200);
    CHECK_INT(get("ADMIN.TEST:7780", HTTP_RIGHT), 200);
    CHECK_INT(get("192.0.2.7", HTTP_RIGHT), 200);
    CHECK_INT(get("[2001:db8::7]:1", HTTP_RIGHT), 200);
    CHECK_INT(get("evil.test", HTTP_RIGHT), 403);
    CHECK_INT(get("xadmin.test", HTTP_RIGHT), 403);
    CHECK_INT(get("admin.test.evil.test", HTTP_RIGHT), 403);
    CHECK_INT(get("192.0.2.8", HTTP_RIGHT), 403);
    CHECK_INT(get("0.0.0.0", HTTP_RIGHT), 200); /* it is what http_address says */
    CHECK_INT(get("admin.test", HTTP_RIGHT "Origin: https://admin.test\r\n"), 200);
    CHECK_INT(get("admin.test", HTTP_RIGHT "Origin: http://admin.test\r\n"), 403);
    CHECK_INT(get("admin.test", HTTP_RIGHT "Origin: https://evil.test\r\n"), 403);
}

static void login(void) {
    char cookie[LIVE_COOKIE];
    char headers[LIVE_HEADERS];
    static const char form[] = "token=" HTTP_TOKEN;
    snprintf(headers, sizeof headers, "Origin: https://admin.test\r\nContent-Length: %u\r\n",
             (unsigned)strlen(form));
    CHECK_INT(ask(0, "admin.test", "POST /login", headers, form), 303);
    const char *set = live_cookie(answer, cookie);
    CHECK(set != NULL);
    CHECK(strstr(set, "; Path=/; HttpOnly; SameSite=Strict; Secure\r\n") != NULL);
    snprintf(headers, sizeof headers, "Cookie: %s\r\n", cookie);
    CHECK(strncmp(cookie, "portico_443=", 12) == 0); /* the Host has no port */
    CHECK_INT(get("admin.test", headers), 200);
}

static void say(const web_stream *w, const char *message) {
    CHECK(web_stream_send(w, WEB_TEXT, message, strlen(message)));
}

/* Receives one frame of text. */
static void hear(const web_stream *w, const char *begin) {
    uint8_t first = 0;
    int64_t size = web_stream_recv(w, &first, answer, sizeof answer - 1);
    CHECK(size > 0);
    CHECK_INT(first, WEB_TEXT);
    answer[size] = '\0';
    if (strncmp(answer, begin, strlen(begin)) != 0) {
        fprintf(stderr, "not %s:\n%s", begin, answer);
        exit(1);
    }
}

static void live(void) {
    tls_client *c = open_to(0);
    const web_stream w = web_stream_of_tls(c);
    web_stream_upgrade(&w, "/live", HTTP_RIGHT);
    for (int i = 0; i < 20; i++) {
        say(&w, "run status");
        hear(&w, "{\"command\":\"status\",\"ok\":true,\"answer\":{");
    }
    say(&w, "watch 250 top");
    for (int i = 0; i < 3; i++) {
        hear(&w, "{\"command\":\"top\",\"ok\":true,\"answer\":{");
    }
    tls_update_keys(c);
    say(&w, "unwatch top");
    say(&w, "run status");
    while (strstr(answer, "\"command\":\"status\"") == NULL) {
        hear(&w, "{\"command\":");
    }
    tls_cut(c);
}

/* Garbage, parts of a ClientHello, and a whole one without what follows. */
static void half_handshakes(void) {
    enum { CROWD = 120 };
    static uint8_t garbage[8192];
    uint8_t hello[2048];
    net_socket crowd[CROWD];
    uint32_t size = tls_hello_bytes("admin.test", hello, sizeof hello);
    memset(garbage, 0xFF, sizeof garbage);
    memcpy(garbage, "\x16\x03\x01\x3F\xFF\x01\x00\x3F\xFB\x03\x03", 11); /* a large one */
    for (uint32_t i = 0; i < CROWD; i++) {
        const void *bytes = i % 3 == 0 ? garbage : hello;
        uint32_t part = i % 3 == 0 ? (uint32_t)sizeof garbage : i % 3 == 1 ? i : size;
        crowd[i] = net_connect(port);
        (void)net_send_all(crowd[i], bytes, part); /* it may have made way */
        if (i % 20 == 19) {
            CHECK_INT(get("admin.test", HTTP_RIGHT), 200);
        }
    }
    net_wait_ends(crowd, CROWD);
}

static void reload(host *h) {
    char path[600];
    char name[64];
    const tls_made made = {.name = "new.test", .hosts = "DNS:admin.test", .key = TLS_KEY_B};
    snprintf(path, sizeof path, "%s/c.pem", host_folder(h));
    tls_write_certificate(path, &made);
    snprintf(path, sizeof path, "%s/k.pem", host_folder(h));
    tls_write_key(path, TLS_KEY_B);
    host_admin(h, "reload certificates", answer, sizeof answer);
    CHECK(strstr(answer, "to 1 listeners") != NULL);
    tls_client *c = open_to(0);
    tls_peer_name(c, name, sizeof name);
    CHECK_TEXT(name, "new.test");
    tls_close(c);
}

SCENARIO(http_tls) {
    tls_write_pair("http_tls", TLS_KEY_A);
    host_options options = {
        .name = "http_tls",
        .modules = "echo",
        .listeners = {{"game", "echo.session", NULL}},
        .admin_keys = "http_port = 0\nhttp_address = 0.0.0.0\nhttp_tls = yes\n"
                      "http_certificate = c.pem\nhttp_key = k.pem\n"
                      "http_hosts = admin.test, 192.0.2.7, [2001:db8::7]\n",
    };
    host *h = host_start(&options);
    port = host_port(h, "http");
    requests();
    large(h);
    names();
    login();
    live();
    half_handshakes();
    reload(h);
    host_stop(h);
}
