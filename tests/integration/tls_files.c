/* tls_files.c: a page over TLS, and its WebSocket on the same port; also behind a balancer that
 * writes a PROXY header before TLS. */
#include "support/check.h"
#include "support/host.h"
#include "support/tls.h"
#include "support/tls_keys.h"
#include "support/web.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LARGE = 300000, CAPACITY = LARGE + 4096 };

static const char proxy_line[] = "PROXY TCP4 198.51.100.7 127.0.0.1 80 81\r\n";
static char *answer; /* to the last request */

static tls_client *connect_to(uint16_t port, int version, bool proxied) {
    tls_options o = {.port = port, .version = version, .connected = true};
    o.socket = net_connect(port);
    CHECK(!proxied || net_send_all(o.socket, proxy_line, sizeof proxy_line - 1));
    return tls_connect(&o);
}

/* Asks, and reads to the end of TLS. Returns the status; *body: what follows the head. */
static long get(tls_client *c, const char *path, const char *headers, const char **body) {
    char request[512];
    int size =
        snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: a\r\n%s\r\n", path, headers);
    CHECK(tls_send_all(c, request, (size_t)size));
    size_t used = 0;
    int got = 0;
    while ((got = tls_recv_some(c, answer + used, CAPACITY - used)) > 0) {
        used += (size_t)got;
    }
    CHECK_INT(got, NET_END);
    tls_close(c);
    answer[used] = '\0';
    *body = strstr(answer, "\r\n\r\n");
    CHECK(strncmp(answer, "HTTP/1.1 ", 9) == 0 && *body != NULL);
    *body += 4;
    return strtol(answer + 9, NULL, 10);
}

static void page(uint16_t port, int version, bool proxied) {
    const char *body = NULL;
    char tag[128] = "If-None-Match: ";
    CHECK_INT(get(connect_to(port, version, proxied), "/", "", &body), 200);
    CHECK(strcmp(body, "<h1>page</h1>") == 0);
    const char *found = strstr(answer, "\r\nETag: ");
    CHECK(found != NULL);
    size_t size = strcspn(found + 8, "\r");
    CHECK(size < sizeof tag - 20);
    memcpy(tag + 15, found + 8, size);
    memcpy(tag + 15 + size, "\r\n", 3);
    CHECK_INT(get(connect_to(port, version, proxied), "/", tag, &body), 304);
    CHECK_INT(get(connect_to(port, version, proxied), "/none.js", "", &body), 404);
    CHECK_INT(get(connect_to(port, version, proxied), "/large.txt", "", &body), 200);
    CHECK_INT(strlen(body), LARGE);
}

/* Sends a packet and expects an answer with the opcode 1. */
static void play(tls_client *c, const char *expected) {
    uint8_t bytes[512];
    size_t size = web_request("/", "", (char *)bytes, sizeof bytes);
    CHECK(tls_send_all(c, bytes, size));
    size = 0;
    do { /* the answer to the upgrade */
        CHECK(size < sizeof bytes && tls_recv_exactly(c, bytes + size, 1));
        size++;
    } while (size < 4 || memcmp(bytes + size - 4, "\r\n\r\n", 4) != 0);
    CHECK(memcmp(bytes, "HTTP/1.1 101 ", 13) == 0);
    CHECK(tls_send_all(c, bytes, web_frame(bytes, WEB_BINARY, "\1\0?", 3)));
    CHECK(tls_recv_exactly(c, bytes, 2));
    CHECK_INT(bytes[0], WEB_BINARY);
    size = bytes[1];
    CHECK(size >= 2 + strlen(expected) && tls_recv_exactly(c, bytes, size));
    CHECK(memcmp(bytes + 2, expected, strlen(expected)) == 0);
    tls_close(c);
}

static void write_pages(const char *folder) {
    char path[1200];
    char *large = malloc(LARGE);
    CHECK(large != NULL);
    memset(large, 'x', LARGE);
    snprintf(path, sizeof path, "%s/pages", folder);
    folder_make(path);
    snprintf(path, sizeof path, "%s/pages/index.html", folder);
    file_write(path, "<h1>page</h1>", 13);
    snprintf(path, sizeof path, "%s/pages/large.txt", folder);
    file_write(path, large, LARGE);
    free(large);
}

SCENARIO(tls_files) {
    tls_write_pair("tls_files", TLS_KEY_A);
    host_options options = {
        .name = "tls_files",
        .modules = "echo",
        .body = "[module peers]\nfile = {tests}/peers{so}\n",
        .listeners = {{"web", "echo.session",
                       "tls = yes\ncertificate = c.pem\nkey = k.pem\ntransport = websocket\n"
                       "files = pages\n"},
                      {"proxied", "peers.session",
                       "tls = yes\ncertificate = c.pem\nkey = k.pem\ntransport = websocket\n"
                       "files = pages\nproxy_protocol = any\nproxy_from = 127.0.0.1\n"}},
    };
    answer = malloc(CAPACITY + 1);
    CHECK(answer != NULL);
    host *h = host_start(&options);
    write_pages(host_folder(h));
    for (int version = 12; version <= 13; version++) {
        page(host_port(h, "web"), version, false);
        play(connect_to(host_port(h, "web"), version, false), "?");
        page(host_port(h, "proxied"), version, true);
        play(connect_to(host_port(h, "proxied"), version, true), "198.51.100.7:80");
    }
    host_wait_figure(h, "sessions", 0);
    free(answer);
    host_stop(h);
}
