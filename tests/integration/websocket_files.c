/* websocket_files.c: a listener that also serves a page: files of one folder, and nothing else. */
#include "support/check.h"
#include "support/host.h"
#include "support/web.h"
#include "support/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#if !defined(_WIN32)
#include <unistd.h>
#endif

enum { LARGE = 3000000, FILE_LIMIT = 8 * 1024 * 1024 };

static host *h;
static char *answer; /* to the last request */
static size_t answer_bytes;

static void write_page(const char *name, const void *data, size_t size) {
    char path[1200];
    snprintf(path, sizeof path, "%s/%s", host_folder(h), name);
    file_write(path, data, size);
}

/* Asks, and reads to the end of the connection. Returns the status. */
static long ask(const char *listener, const char *method, const char *path, const char *headers) {
    char request[1024];
    int got = 0;
    net_socket s = net_connect(host_port(h, listener));
    int size = snprintf(request, sizeof request, "%s %s HTTP/1.1\r\nHost: a\r\n%s\r\n", method,
                        path, headers);
    CHECK(net_send_all(s, request, (size_t)size));
    answer_bytes = 0;
    while ((got = net_recv_some(s, answer + answer_bytes, FILE_LIMIT - answer_bytes)) > 0) {
        answer_bytes += (size_t)got;
    }
    CHECK_INT(got, NET_END);
    net_close(s);
    answer[answer_bytes] = '\0';
    CHECK(strncmp(answer, "HTTP/1.1 ", 9) == 0);
    return strtol(answer + 9, NULL, 10);
}

static long get(const char *listener, const char *path, const char *headers) {
    return ask(listener, "GET", path, headers);
}

/* The body of the answer, whose size is what its head says. */
static const char *body(size_t *size) {
    const char *end = strstr(answer, "\r\n\r\n");
    const char *length = strstr(answer, "\r\nContent-Length: ");
    CHECK(end != NULL && length != NULL && length < end);
    *size = answer_bytes - (size_t)(end + 4 - answer);
    CHECK_INT(strtoll(length + 18, NULL, 10), *size);
    return end + 4;
}

static void expect_body(const char *text) {
    size_t size = 0;
    const char *found = body(&size);
    CHECK_INT(size, strlen(text));
    CHECK(memcmp(found, text, size) == 0);
}

/* A page that is edited: a reload sees it, and what has not changed is not sent again. */
static void reloads(void) {
    char tag[128] = "If-None-Match: ";
    char list[256];
    CHECK_INT(get("web", "/", ""), 200);
    expect_body("<h1>one</h1>");
    CHECK(strstr(answer, "\r\nContent-Type: text/html; charset=utf-8\r\n") != NULL);
    CHECK(strstr(answer, "\r\nX-Content-Type-Options: nosniff\r\n") != NULL);
    CHECK(strstr(answer, "\r\nCache-Control: no-cache\r\n") != NULL);
    const char *at = strstr(answer, "\r\nETag: ");
    CHECK(at != NULL);
    size_t size = strcspn(at + 8, "\r");
    CHECK(size < 90);
    memcpy(tag + 15, at + 8, size);
    memcpy(tag + 15 + size, "\r\n", 3);
    CHECK_INT(get("web", "/index.html", tag), 304);
    CHECK(strstr(answer, "one") == NULL);
    snprintf(list, sizeof list, "If-None-Match: \"other\", W/%.*s\r\n", (int)size, at + 8);
    CHECK_INT(get("web", "/index.html", list), 304);
    CHECK_INT(get("web", "/index.html", "If-None-Match: \"other\"\r\n"), 200);
    write_page("pages/index.html", "<h1>two!</h1>", 13);
    CHECK_INT(get("web", "/?reload", tag), 200);
    expect_body("<h1>two!</h1>");
}

/* HEAD has the status and the head of GET, and no body. */
static void expect_same_head(const char *listener, const char *path, const char *headers,
                             long status) {
    char head[1024];
    CHECK_INT(get(listener, path, headers), status);
    const char *end = strstr(answer, "\r\n\r\n");
    CHECK(end != NULL && (size_t)(end + 4 - answer) < sizeof head);
    size_t size = (size_t)(end + 4 - answer);
    memcpy(head, answer, size);
    CHECK_INT(ask(listener, "HEAD", path, headers), status);
    CHECK_INT(answer_bytes, size);
    CHECK(memcmp(answer, head, size) == 0);
}

static void heads(void) {
    expect_same_head("web", "/", "", 200);
    expect_same_head("web", "/sub/large.txt", "", 200);
    expect_same_head("web", "/none.js", "", 404);
    expect_same_head("web", "/../host.ini", "", 404);
    expect_same_head("web", "/too_large.txt", "", 503);
    expect_same_head("web", "/", "If-None-Match: *\r\n", 304);
    CHECK_INT(ask("web", "HEAD", "/", "Connection: Upgrade\r\nUpgrade: websocket\r\n"), 405);
    CHECK(strcmp(strstr(answer, "\r\n\r\n"), "\r\n\r\n") == 0);
}

static void refusals(void) {
    static const char *const missing[] = {"/none.js",         "/../host.ini", "/secret.ini",
                                          "/.hidden.js",      "/sub",         "/sub/",
                                          "/%2e%2e/host.ini", "/folder.js"};
    for (size_t i = 0; i < sizeof missing / sizeof missing[0]; i++) {
        CHECK_INT(get("web", missing[i], ""), 404);
        expect_body("There is nothing here.\n");
    }
    CHECK_INT(get("web", "/too_large.txt", ""), 503);
    CHECK_INT(get("web", "/", "Upgrade: websocket\r\n"), 426);
    CHECK_INT(get("web", "/", "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"), 200);
}

static void expect_missing(const char *path) {
    CHECK_INT(get("web", path, ""), 404);
    expect_body("There is nothing here.\n");
}

/* A name has one meaning on both systems, and leads nowhere else. */
static void other_names(void) {
    expect_missing("/INDEX.html");
    expect_missing("/Sub/large.txt");
    expect_missing("/NUL.html"); /* a device, for some versions of Windows */
    expect_missing("/COM1.txt");
#if !defined(_WIN32)
    char path[1200];
    char inner[1200];
    snprintf(path, sizeof path, "%s/pages/link.txt", host_folder(h));
    snprintf(inner, sizeof inner, "%s/pages/inner", host_folder(h));
    CHECK_INT(symlink("../portico.ini", path), 0);
    CHECK_INT(symlink("..", inner), 0);
    write_page("outside.txt", "secret", 6);
    expect_missing("/link.txt");
    expect_missing("/inner/outside.txt");
    expect_missing("/inner/pages/index.html");
    CHECK_INT(unlink(path), 0);
    CHECK_INT(unlink(inner), 0);
#endif
}

/* Several requests that arrive together, and one that is followed by more than it may be. */
static void together(void) {
    enum { CLIENTS = 20 };
    static const char request[] = "GET /index.html HTTP/1.1\r\nHost: a\r\n\r\n"
                                  "GET /index.html HTTP/1.1\r\nHost: a\r\n\r\n";
    net_socket sockets[CLIENTS];
    for (int i = 0; i < CLIENTS; i++) {
        sockets[i] = net_connect(host_port(h, "web"));
        CHECK(net_send_all(sockets[i], request, sizeof request - 1));
    }
    for (int i = 0; i < CLIENTS; i++) {
        size_t used = 0;
        int got = 0;
        while ((got = net_recv_some(sockets[i], answer + used, 65536)) > 0) {
            used += (size_t)got;
        }
        answer[used] = '\0';
        CHECK(strncmp(answer, "HTTP/1.1 200 ", 13) == 0);
        CHECK(strstr(answer + 13, "HTTP/1.1") == NULL); /* one answer */
        net_close(sockets[i]);
    }
}

/* A client that reads a file slowly costs others nothing, and one that leaves costs nothing. */
static void large(void) {
    size_t size = 0;
    net_socket slow = net_connect_narrow(host_port(h, "web"));
    net_socket gone = net_connect_narrow(host_port(h, "web"));
    const char request[] = "GET /sub/large.txt HTTP/1.1\r\nHost: a\r\n\r\n";
    CHECK(net_send_all(slow, request, sizeof request - 1));
    CHECK(net_send_all(gone, request, sizeof request - 1));
    for (int i = 0; i < 3; i++) {
        CHECK_INT(get("web", "/sub/large.txt", ""), 200);
        const char *found = body(&size);
        CHECK_INT(size, LARGE);
        CHECK(found[0] == 'b' && found[LARGE - 1] == 'e');
    }
    net_reset(gone);
    size_t used = 0;
    int got = 0;
    while ((got = net_recv_some(slow, answer, 65536)) > 0) {
        used += (size_t)got;
    }
    CHECK_INT(got, NET_END);
    CHECK_INT(used, answer_bytes);
    net_close(slow);
}

SCENARIO(websocket_files) {
    host_options options = {
        .name = "websocket_files",
        .modules = "echo",
        .listeners = {{"web", "echo.session", "transport = websocket\nfiles = pages\n"},
                      {"empty", "echo.session", "transport = websocket\nfiles = not_there\n"}},
    };
    char path[1200];
    answer = calloc(1, FILE_LIMIT + 1);
    char *bytes = malloc(FILE_LIMIT + 1);
    CHECK(answer != NULL && bytes != NULL);
    h = host_start(&options);
    snprintf(path, sizeof path, "its page is http://127.0.0.1:%u/", (unsigned)host_port(h, "web"));
    host_wait_log(h, path, 1);
    CHECK_INT(get("empty", "/", ""), 404); /* there is no such folder */
    snprintf(path, sizeof path, "%s/pages", host_folder(h));
    folder_make(path);
    snprintf(path, sizeof path, "%s/pages/sub", host_folder(h));
    folder_make(path);
    snprintf(path, sizeof path, "%s/pages/folder.js", host_folder(h));
    folder_make(path);
    memset(bytes, 'x', FILE_LIMIT + 1);
    write_page("pages/too_large.txt", bytes, FILE_LIMIT + 1);
    bytes[0] = 'b';
    bytes[LARGE - 1] = 'e';
    write_page("pages/sub/large.txt", bytes, LARGE);
    write_page("pages/secret.ini", "secret", 6);
    write_page("pages/.hidden.js", "secret", 6);
    write_page("pages/index.html", "<h1>one</h1>", 12);
    reloads();
    heads();
    refusals();
    other_names();
    together();
    large();
    net_socket s = web_connect(host_port(h, "web")); /* at the same path as the page */
    web_expect_echo(s, 1, "and the game");
    net_close(s);
    host_wait_figure(h, "sessions", 0);
    free(answer);
    free(bytes);
    host_stop(h);
}
