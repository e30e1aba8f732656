/* tls_stream.c: a server's and a client's stream that talk to each other in memory: every size
 * comes through in every version, in pieces of any size; the end, damage and limits are noticed. */
#include "tls/stream.h"

#include "support/check.h"
#include "support/clock.h"
#include "support/host.h"
#include "support/tls.h"
#include "support/tls_keys.h"
#include "support/wire.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

enum { LARGEST = 200 * 1024, PIECE_MAX = 16 * 1024 };

static char certificate_path[512];
static char key_path[512];
static uint8_t sent[LARGEST];
static uint8_t received[2 * LARGEST];
static uint32_t received_bytes;

typedef struct pair {
    config_service server_config;
    config_service client_config;
    tls_keeper server_keeper;
    tls_keeper client_keeper;
    tls_stream *server;
    tls_stream *client;
    uint32_t piece;     /* the most bytes that are handed over at once */
    tls_result last[2]; /* of opening, by side */
    uint64_t random;
    bool fails_elsewhere; /* the thread's queue of errors is never empty */
} pair;

static void pair_begin(pair *p, config_tls_min min, const char *server_name, uint32_t piece) {
    memset(p, 0, sizeof *p);
    p->piece = piece;
    p->random = 5;
    memcpy(p->server_config.name, "server", 7);
    p->server_config.tls =
        (config_tls){.on = true, .certificate = certificate_path, .key = key_path, .min = min};
    memcpy(p->client_config.name, "client", 7);
    p->client_config.outgoing = true;
    p->client_config.tls =
        (config_tls){.on = true, .ca = certificate_path, .verify = true, .min = min};
    CHECK(tls_keeper_start(&p->server_keeper, &p->server_config));
    CHECK(tls_keeper_start(&p->client_keeper, &p->client_config));
    p->server = tls_stream_accept(&p->server_keeper);
    p->client = tls_stream_connect(&p->client_keeper, server_name);
    CHECK(p->server != NULL && p->client != NULL);
}

static void pair_end(pair *p) {
    tls_stream_destroy(p->server);
    tls_stream_destroy(p->client);
    tls_keeper_stop(&p->server_keeper);
    tls_keeper_stop(&p->client_keeper);
}

/* Leaves an error in this thread's queue. */
static void fail_elsewhere(void) {
    BIO *nothing = BIO_new_mem_buf("nothing", 7);
    CHECK(PEM_read_bio_X509(nothing, NULL, NULL, NULL) == NULL);
    CHECK(ERR_peek_last_error() != 0);
    BIO_free(nothing);
}

/* Hands over what waits on one side, in pieces; the other side then opens it or continues its
 * handshake. A piece is overwritten as soon as it may be. */
static tls_result hand_over(pair *p, tls_stream *from, tls_stream *to, bool *done) {
    static uint8_t piece[PIECE_MAX];
    tls_result result = TLS_MORE;
    uint32_t most = p->piece != 0 ? p->piece : 1 + (uint32_t)(wire_random(&p->random) % PIECE_MAX);
    tls_sealed all = tls_stream_take(from);
    for (uint32_t at = 0, size; at < all.size; at += size) {
        uint32_t left = (uint32_t)all.size - at;
        size = left < most ? left : most;
        memcpy(piece, all.bytes + at, size);
        uint32_t plain_most = tls_stream_plain_most(to, size);
        uint32_t opened = 0;
        CHECK(tls_stream_feed(to, piece, size));
        if (!*done) {
            result = tls_stream_handshake(to);
            *done = result == TLS_DONE;
        }
        if (*done) {
            CHECK(received_bytes + plain_most <= sizeof received);
            if (p->fails_elsewhere) {
                fail_elsewhere();
            }
            result = tls_stream_open(to, received + received_bytes, plain_most, &opened);
            received_bytes += opened;
        }
        memset(piece, 0xA5, size);
        if (result == TLS_FAILED || result == TLS_ENDED) {
            break;
        }
    }
    tls_sealed_give(&all);
    return result;
}

/* Returns the server's last result. */
static tls_result pair_handshake(pair *p, tls_result *client_result) {
    bool server_done = false;
    bool client_done = false;
    tls_result server_result = TLS_MORE;
    received_bytes = 0;
    for (int i = 0; i < 10 && server_result != TLS_FAILED && *client_result != TLS_FAILED; i++) {
        server_result = hand_over(p, p->client, p->server, &server_done);
        *client_result = hand_over(p, p->server, p->client, &client_done);
        if (server_done && client_done) {
            CHECK_INT(received_bytes, 0);
            return TLS_DONE;
        }
    }
    return server_result;
}

static void pair_meet(pair *p) {
    tls_result client = TLS_MORE;
    CHECK_INT(pair_handshake(p, &client), TLS_DONE);
}

static void send_size(pair *p, tls_stream *from, tls_stream *to, uint32_t size) {
    bool done = true;
    received_bytes = 0;
    for (uint32_t at = 0; at < size; at += TLS_SEAL_BYTES) {
        uint32_t part = size - at < TLS_SEAL_BYTES ? size - at : TLS_SEAL_BYTES;
        CHECK(tls_stream_seal(from, sent + at, part));
    }
    CHECK_INT(hand_over(p, from, to, &done), TLS_DONE);
    CHECK_INT(received_bytes, size);
    CHECK(memcmp(sent, received, size) == 0);
    CHECK_INT(tls_stream_waiting(from), 0);
}

static void check_sizes(config_tls_min min, const char *version, uint32_t piece) {
    pair p;
    pair_begin(&p, min, "game.test", piece);
    pair_meet(&p);
    CHECK_TEXT(tls_stream_version(p.server), version);
    CHECK_TEXT(tls_stream_version(p.client), version);
    uint32_t largest = piece == 1 ? 20000 : LARGEST;
    for (uint32_t size = 1; size <= largest; size = size * 2 + size / 3 + 1) {
        send_size(&p, p.client, p.server, size);
        send_size(&p, p.server, p.client, size);
    }
    for (uint32_t size = TLS_SEAL_BYTES - 2; size < TLS_SEAL_BYTES + 3; size++) {
        send_size(&p, p.client, p.server, size);
    }
    pair_end(&p);
}

/* The end in order, from either side, after the last bytes. */
static void check_end(bool client_first) {
    pair p;
    pair_begin(&p, CONFIG_TLS_1_3, "game.test", 0);
    pair_meet(&p);
    tls_stream *first = client_first ? p.client : p.server;
    tls_stream *second = client_first ? p.server : p.client;
    bool done = true;
    received_bytes = 0;
    CHECK(tls_stream_seal(first, sent, 1000));
    tls_stream_close(first);
    tls_stream_close(first);
    CHECK_INT(hand_over(&p, first, second, &done), TLS_ENDED);
    CHECK_INT(received_bytes, 1000);
    CHECK(tls_stream_seal(second, sent, 500)); /* that direction is open */
    received_bytes = 0;
    CHECK_INT(hand_over(&p, second, first, &done), TLS_DONE);
    CHECK_INT(received_bytes, 500);
    pair_end(&p);
}

/* Each bit of a record that turns over ends the session, and nothing false comes out. */
static void check_damage(void) {
    for (uint32_t at = 0; at < 40; at++) {
        pair p;
        static uint8_t record[1024];
        uint32_t opened = 0;
        pair_begin(&p, CONFIG_TLS_1_3, "game.test", 0);
        pair_meet(&p);
        CHECK(tls_stream_seal(p.client, sent, 20));
        tls_sealed all = tls_stream_take(p.client);
        uint32_t size = (uint32_t)all.size;
        CHECK(size >= 40 && size <= sizeof record);
        memcpy(record, all.bytes, size);
        tls_sealed_give(&all);
        record[at] ^= 0x10;
        CHECK(tls_stream_feed(p.server, record, size));
        tls_result result = tls_stream_open(p.server, received, sizeof received, &opened);
        bool waits = at == 3 || at == 4; /* a longer record would follow */
        CHECK(result == TLS_FAILED || (waits && result == TLS_DONE));
        CHECK_INT(opened, 0);
        CHECK(result != TLS_FAILED || tls_stream_why(p.server)[0] != '\0');
        CHECK(result != TLS_FAILED || tls_stream_waiting(p.server) > 0); /* an alert */
        pair_end(&p);
    }
}

static void check_garbage(void) {
    pair p;
    pair_begin(&p, CONFIG_TLS_1_2, "game.test", 0);
    static const char request[] = "GET / HTTP/1.1\r\nHost: game.test\r\n\r\n";
    CHECK(tls_stream_feed(p.server, request, sizeof request - 1));
    CHECK(tls_stream_is_dear(p.server));
    CHECK_INT(tls_stream_handshake(p.server), TLS_FAILED);
    CHECK_TEXT(tls_stream_why(p.server), "http request");
    pair_end(&p);
    pair_begin(&p, CONFIG_TLS_1_2, "game.test", 0);
    CHECK(!tls_stream_is_dear(p.server));
    CHECK(tls_stream_feed(p.server, "\x16\x03\x01", 3));
    CHECK(!tls_stream_is_dear(p.server)); /* half a hello costs next to nothing */
    CHECK_INT(tls_stream_handshake(p.server), TLS_MORE);
    pair_end(&p);
}

static tls_result open_bytes(pair *p, const void *bytes, uint32_t size) {
    uint32_t opened = 0;
    CHECK(tls_stream_feed(p->server, bytes, size));
    return tls_stream_open(p->server, received, sizeof received, &opened);
}

/* What no record can be is refused at once: nothing waits for the rest of it. */
static void check_impossible(void) {
    pair p;
    pair_begin(&p, CONFIG_TLS_1_2, "game.test", 0);
    CHECK(tls_stream_feed(p.server, "\x80\x2e\x01\x03\x03\x00\x03", 7));
    CHECK_INT(tls_stream_handshake(p.server), TLS_FAILED);
    CHECK_TEXT(tls_stream_why(p.server), "a ClientHello of SSL 2.0");
    pair_end(&p);
    for (uint32_t at = 0; at < 2; at++) { /* the head in one piece and in two */
        pair_begin(&p, CONFIG_TLS_1_2, "game.test", 0);
        pair_meet(&p);
        CHECK_INT(at == 0 ? TLS_DONE : open_bytes(&p, "\x17\x03", 2), TLS_DONE);
        CHECK_INT(open_bytes(&p, &"\x17\x03\x03\xff\xff"[2 * at], 5 - 2 * at), TLS_FAILED);
        pair_end(&p);
    }
}

/* An error of something else ends no session, and does not look like one when the peer ends it. */
static void check_stale(config_tls_min min) {
    pair p;
    bool done = true;
    pair_begin(&p, min, "game.test", 0);
    p.fails_elsewhere = true;
    pair_meet(&p);
    send_size(&p, p.client, p.server, 10);
    send_size(&p, p.server, p.client, 10);
    tls_stream_close(p.client);
    CHECK_INT(hand_over(&p, p.client, p.server, &done), TLS_ENDED);
    ERR_clear_error();
    pair_end(&p);
}

/* A client believes nobody who is not the server that it wants. */
static void check_names(void) {
    pair p;
    tls_result client = TLS_MORE;
    pair_begin(&p, CONFIG_TLS_1_3, "other.test", 0);
    (void)pair_handshake(&p, &client);
    CHECK_INT(client, TLS_FAILED);
    CHECK(strstr(tls_stream_why(p.client), "hostname mismatch") != NULL);
    pair_end(&p);
    client = TLS_MORE;
    pair_begin(&p, CONFIG_TLS_1_3, "127.0.0.1", 0);
    CHECK_INT(pair_handshake(&p, &client), TLS_DONE);
    pair_end(&p);
}

SCENARIO(tls_stream) {
    char folder[400];
    uint64_t random = 3;
    snprintf(folder, sizeof folder, "%s/tls_stream", host_test_folder());
    folder_make(host_test_folder());
    folder_make(folder);
    snprintf(certificate_path, sizeof certificate_path, "%s/certificate.pem", folder);
    snprintf(key_path, sizeof key_path, "%s/key.pem", folder);
    const tls_made made = {.name = "game.test",
                           .hosts = "DNS:game.test,IP:127.0.0.1",
                           .key = TLS_KEY_A,
                           .authority = true};
    tls_write_certificate(certificate_path, &made);
    tls_write_key(key_path, TLS_KEY_A);
    wire_random_bytes(&random, sent, sizeof sent);
    static const uint32_t pieces[] = {0, 1, 5, 1000, PIECE_MAX};
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        check_sizes(CONFIG_TLS_1_3, "TLSv1.3", pieces[i]);
    }
    check_end(true);
    check_end(false);
    check_damage();
    check_garbage();
    check_impossible();
    check_stale(CONFIG_TLS_1_2);
    check_stale(CONFIG_TLS_1_3);
    check_names();
}
