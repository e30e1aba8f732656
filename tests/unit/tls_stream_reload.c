/* tls_stream_reload.c: certificates are reloaded between a client's hello and its answer. The
 * connection keeps what it began with, also for its choice of a protocol. The address sanitizer
 * sees it if that is gone. */
#include "tls/stream.h"

#include "support/check.h"
#include "support/host.h"
#include "support/tls.h"
#include "support/tls_keys.h"

#include <string.h>

static char certificate_path[512];
static char key_path[512];

static void configure(config_service *c, const char *name, bool outgoing) {
    memset(c, 0, sizeof *c);
    memcpy(c->name, name, strlen(name) + 1);
    c->outgoing = outgoing;
    c->tls = (config_tls){.on = true, .alpn = "other\ngame", .min = CONFIG_TLS_1_2};
    if (outgoing) {
        c->tls.alpn = "game";
    } else {
        c->tls.certificate = certificate_path;
        c->tls.key = key_path;
    }
}

static void reload(tls_keeper *k) {
    char why[TLS_WHY_MAX];
    CHECK(tls_keeper_prepare(k, why));
    tls_keeper_exchange(k);
}

static void hand_over(tls_stream *from, tls_stream *to) {
    tls_sealed all = tls_stream_take(from);
    CHECK(all.size > 0);
    CHECK(tls_stream_feed(to, all.bytes, (uint32_t)all.size));
    tls_sealed_give(&all);
}

SCENARIO(tls_stream_reload) {
    config_service server_config;
    config_service client_config;
    tls_keeper server_keeper;
    tls_keeper client_keeper;
    tls_write_pair("tls_stream_reload", TLS_KEY_A);
    snprintf(certificate_path, sizeof certificate_path, "%s/tls_stream_reload/c.pem",
             host_test_folder());
    snprintf(key_path, sizeof key_path, "%s/tls_stream_reload/k.pem", host_test_folder());
    configure(&server_config, "server", false);
    configure(&client_config, "client", true);
    CHECK(tls_keeper_start(&server_keeper, &server_config));
    CHECK(tls_keeper_start(&client_keeper, &client_config));
    tls_stream *server = tls_stream_accept(&server_keeper);
    tls_stream *client = tls_stream_connect(&client_keeper, "game.test");
    CHECK(server != NULL && client != NULL);
    hand_over(client, server);
    reload(&server_keeper);
    reload(&client_keeper);
    CHECK_INT(tls_stream_handshake(server), TLS_MORE);
    hand_over(server, client);
    CHECK_INT(tls_stream_handshake(client), TLS_DONE);
    hand_over(client, server);
    reload(&server_keeper);
    CHECK_INT(tls_stream_handshake(server), TLS_DONE);
    tls_stream_destroy(server);
    tls_stream_destroy(client);
    tls_keeper_stop(&server_keeper);
    tls_keeper_stop(&client_keeper);
}
