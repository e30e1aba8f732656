/* tls_connector.c: connectors over TLS believe only whom they should; a listener lets only clients
 * with a certificate of its authority in; both agree on a protocol by ALPN. */
#include "support/check.h"
#include "support/clock.h"
#include "support/host.h"
#include "support/tls.h"
#include "support/tls_keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DAY_S = 24 * 3600, PATH_SIZE = 1024 };

static char folder[512];

static const char *at(const char *name) {
    static char path[PATH_SIZE];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

/* An authority, a server's and a client's certificate of it, and one of a stranger. The server's
 * file has the authority's as its chain. */
static void write_files(void) {
    const tls_made authority = {.name = "authority", .key = TLS_KEY_A, .authority = true};
    const tls_made server = {.name = "server.test",
                             .hosts = "DNS:server.test,IP:127.0.0.1",
                             .key = TLS_KEY_RSA,
                             .signer = "authority",
                             .signer_key = TLS_KEY_A};
    const tls_made client = {
        .name = "client", .key = TLS_KEY_B, .signer = "authority", .signer_key = TLS_KEY_A};
    const tls_made stranger = {.name = "stranger", .key = TLS_KEY_C, .authority = true};
    tls_write_certificate(at("authority.pem"), &authority);
    tls_write_certificate(at("server.pem"), &server);
    tls_append_certificate(at("server.pem"), &authority);
    tls_write_key(at("server.key"), TLS_KEY_RSA);
    tls_write_certificate(at("client.pem"), &client);
    tls_write_key(at("client.key"), TLS_KEY_B);
    tls_write_certificate(at("stranger.pem"), &stranger);
    tls_write_key(at("stranger.key"), TLS_KEY_C);
}

static host *start_server(void) {
    host_options options = {
        .name = "tls_connector",
        .modules = "echo",
        .listeners = {{"open", "echo.session",
                       "tls = yes\ncertificate = server.pem\nkey = server.key\n"},
                      {"mutual", "echo.session",
                       "tls = yes\ncertificate = server.pem\nkey = server.key\n"
                       "tls_client_ca = authority.pem\n"},
                      {"alpn", "echo.session",
                       "tls = yes\ncertificate = server.pem\nkey = server.key\n"
                       "tls_alpn = portico/2, portico/1\n"}},
    };
    return host_start(&options);
}

static void add_connector(char *body, size_t size, const char *name, uint16_t port,
                          const char *keys) {
    size_t used = strlen(body);
    snprintf(body + used, size - used,
             "[connector %s]\naddress = 127.0.0.1\nport = %u\ntype = greets.session\n"
             "reconnect_min_ms = 50\nreconnect_max_ms = 200\ntls = yes\n%s",
             name, port, keys);
}

static host *start_client(host *server) {
    static char body[4096];
    uint16_t open = host_port(server, "open");
    uint16_t mutual = host_port(server, "mutual");
    uint16_t alpn = host_port(server, "alpn");
    add_connector(body, sizeof body, "good", open,
                  "tls_ca = {dir}/../tls_connector/authority.pem\n");
    add_connector(body, sizeof body, "named", open,
                  "tls_ca = {dir}/../tls_connector/authority.pem\ntls_server_name = server.test\n");
    add_connector(body, sizeof body, "misnamed", open,
                  "tls_ca = {dir}/../tls_connector/authority.pem\ntls_server_name = other.test\n");
    add_connector(body, sizeof body, "doubting", open,
                  "tls_ca = {dir}/../tls_connector/stranger.pem\n");
    add_connector(body, sizeof body, "trusting", open, "tls_verify = no\n");
    add_connector(body, sizeof body, "known", mutual,
                  "tls_ca = {dir}/../tls_connector/authority.pem\n"
                  "certificate = {dir}/../tls_connector/client.pem\n"
                  "key = {dir}/../tls_connector/client.key\n");
    add_connector(body, sizeof body, "protocol", alpn, "tls_verify = no\ntls_alpn = portico/1\n");
    host_options options = {.name = "tls_connector-b", .modules = "greets", .body = body};
    return host_start(&options);
}

static long figure(host *h, const char *connector, const char *name) {
    char line[256];
    char start[64];
    char wanted[64];
    snprintf(start, sizeof start, "connector %s ", connector);
    host_status_line(h, start, line, sizeof line);
    snprintf(wanted, sizeof wanted, " %s ", name);
    const char *found = strstr(line, wanted);
    CHECK(found != NULL);
    return strtol(found + strlen(wanted), NULL, 10);
}

static void wait_figure(host *h, const char *connector, const char *name, long least) {
    uint64_t end_ms = clock_now_ms() + 30000;
    while (figure(h, connector, name) < least) {
        CHECK(clock_now_ms() < end_ms);
        clock_sleep_ms(10);
    }
}

static void check_connectors(host *b) {
    static const char *const good[] = {"good", "named", "trusting", "known", "protocol"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        wait_figure(b, good[i], "connected", 1);
        CHECK_INT(figure(b, good[i], "failures"), 0);
    }
    host_wait_log(b, "opcode 12 came back: good day", 5);
    wait_figure(b, "misnamed", "failures", 2);
    wait_figure(b, "doubting", "failures", 2);
    CHECK_INT(figure(b, "misnamed", "connected"), 0);
    CHECK_INT(figure(b, "doubting", "connected"), 0);
    host_wait_log_some(b, "the peer's certificate is refused: ", 2);
    host_wait_log_some(b, "hostname mismatch", 1);
}

/* A client of TLS 1.3 has finished its handshake before the server says no. */
static bool is_let_in(const tls_options *o) {
    tls_client *c = tls_try_connect(o);
    uint8_t frame[4] = {4, 0, 1, 0};
    bool in = c != NULL && tls_send_all(c, frame, 4) && tls_recv_exactly(c, frame, 4);
    if (c != NULL) {
        tls_cut(c);
    }
    return in;
}

static void check_clients(host *a) {
    static char client[PATH_SIZE];
    static char client_key[PATH_SIZE];
    static char stranger[PATH_SIZE];
    static char stranger_key[PATH_SIZE];
    snprintf(client, sizeof client, "%s", at("client.pem"));
    snprintf(client_key, sizeof client_key, "%s", at("client.key"));
    snprintf(stranger, sizeof stranger, "%s", at("stranger.pem"));
    snprintf(stranger_key, sizeof stranger_key, "%s", at("stranger.key"));
    for (int version = 12; version <= 13; version++) {
        tls_options o = {.port = host_port(a, "mutual"), .version = version};
        CHECK(!is_let_in(&o));
        o.certificate = stranger;
        o.key = stranger_key;
        CHECK(!is_let_in(&o));
        o.certificate = client;
        o.key = client_key;
        CHECK(is_let_in(&o));
    }
}

static void check_alpn(host *a) {
    tls_options o = {.port = host_port(a, "alpn"), .alpn = "portico/1"};
    tls_client *c = tls_connect(&o);
    CHECK_TEXT(tls_protocol(c), "portico/1");
    tls_close(c);
    o.alpn = "h2";
    CHECK(!is_let_in(&o));
    o.alpn = NULL; /* a client that says nothing is welcome */
    CHECK(is_let_in(&o));
    o.port = host_port(a, "open");
    o.alpn = "h2";
    CHECK(is_let_in(&o));
}

SCENARIO(tls_connector) {
    snprintf(folder, sizeof folder, "%s/tls_connector", host_test_folder());
    folder_make(host_test_folder());
    folder_make(folder);
    write_files();
    host *a = start_server();
    host *b = start_client(a);
    check_connectors(b);
    check_clients(a);
    check_alpn(a);
    host_stop(b);
    host_wait_figure(a, "sessions", 0);
    host_stop(a);
}
