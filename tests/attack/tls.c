/* tls.c: hostile clients of TLS and of a listener behind a balancer cost a bounded amount. Beside
 * the honest clients of siege.h there is one with TLS, and in each attack others connect with TLS.
 *
 *     test-attack tls                    a short run
 *     test-attack tls SECONDS [ATTACK]   so long for each attack, or for that one */
#include "bytes.h"
#include "siege.h"

#include "support/check.h"
#include "support/clock.h"
#include "support/scenario.h"
#include "support/tls.h"
#include "support/tls_keys.h"
#include "support/wire.h"

#include <stdio.h>
#include <string.h>

/* SESSION_BYTES: of one that has not sent a whole ClientHello. HANDSHAKE_BYTES: of one that has
 * been answered, of which tls_handshakes_max may wait. */
enum {
    HANDSHAKES_MAX = 64,
    SESSION_BYTES = 24 << 10,
    HANDSHAKE_BYTES = 160 << 10,
    GREETINGS = 2,
    ROOM = 70000
};

typedef struct given {
    const char *word;
    const char *sentence;
    const char *listener;
    bytes_way way;
    int clients;
    uint32_t rate;
    bool asks; /* its clients complete handshakes and ask for new ones */
    uint8_t bytes[ROOM];
    size_t size;
    bytes_attackers *there;
    attackers_figures seen;
} given;

static host *the_host;
static tls_client *before; /* connected before all attacks */
static int64_t sessions;

static given all[] = {
    {.word = "halves",
     .sentence = "send nothing, or half a ClientHello",
     .listener = "secure",
     .way = BYTES_PARTS,
     .clients = 800,
     .rate = 3000},
    {.word = "hellos",
     .sentence = "send a ClientHello, and no more",
     .listener = "secure",
     .way = BYTES_HOLD,
     .clients = 300,
     .rate = 600},
    {.word = "handshakes",
     .sentence = "begin handshakes without end",
     .listener = "secure",
     .way = BYTES_AGAIN,
     .clients = 20,
     .rate = 600},
    {.word = "drops",
     .sentence = "send a ClientHello a byte at a time",
     .listener = "secure",
     .way = BYTES_DRIBBLE,
     .clients = 100,
     .rate = 3000},
    {.word = "garbage",
     .sentence = "send what is no TLS",
     .listener = "secure",
     .way = BYTES_AGAIN,
     .clients = 50,
     .rate = 1000},
    {.word = "giants",
     .sentence = "send heads of records that are too large",
     .listener = "secure",
     .way = BYTES_HOLD,
     .clients = 50,
     .rate = 1000},
    {.word = "large",
     .sentence = "send records that never end, of the largest size",
     .listener = "secure",
     .way = BYTES_HOLD,
     .clients = 50,
     .rate = 1000},
    {.word = "again",
     .sentence = "ask for new handshakes and new keys",
     .listener = "secure",
     .way = BYTES_HOLD,
     .clients = 1,
     .rate = 20,
     .asks = true},
    {.word = "headers",
     .sentence = "send half a PROXY header",
     .listener = "balanced",
     .way = BYTES_PARTS,
     .clients = 800,
     .rate = 3000},
    {.word = "strangers",
     .sentence = "send PROXY headers from where none may come",
     .listener = "strange",
     .way = BYTES_HOLD,
     .clients = 100,
     .rate = 1000},
    {.word = "liars",
     .sentence = "send wrong PROXY headers",
     .listener = "balanced",
     .way = BYTES_HOLD,
     .clients = 50,
     .rate = 1000},
};
enum { KINDS = sizeof all / sizeof all[0] };

/* ---- what they send -------------------------------------------------------------------------- */

static void put(given *g, const void *bytes, size_t size) {
    CHECK(g->size + size <= sizeof g->bytes);
    memcpy(g->bytes + g->size, bytes, size);
    g->size += size;
}

static void put_noise(given *g, size_t size) {
    uint64_t random = 1;
    CHECK(g->size + size <= sizeof g->bytes);
    wire_random_bytes(&random, g->bytes + g->size, size);
    g->size += size;
}

static given *find(const char *word) {
    for (size_t i = 0; i < KINDS; i++) {
        if (strcmp(all[i].word, word) == 0) {
            return &all[i];
        }
    }
    CHECK(false);
    return NULL;
}

static void fill(void) {
    static const char v1[] = "PROXY TCP4 192.0.2.1 192.0.2.2 50000 443\r\n";
    static const char wrong[] = "PROXY TCP4 192.0.2.256 192.0.2.2 50000 443\r\n";
    static const char *const hellos[] = {"halves", "hellos", "handshakes", "drops"};
    uint8_t hello[4096];
    uint32_t size = tls_hello_bytes("game.test", hello, sizeof hello);
    for (size_t i = 0; i < sizeof hellos / sizeof hellos[0]; i++) {
        put(find(hellos[i]), hello, size);
    }
    put(find("garbage"), "\x16\x03\x01\x00\x80", 5);
    put_noise(find("garbage"), 4096);
    put(find("giants"), hello, size);
    put(find("giants"), "\x16\x03\x03\xff\xff", 5);
    put_noise(find("giants"), 65535);
    put(find("large"), "\x16\x03\x01\x40\x00\x01\x00\x3f\xfc", 9); /* a hello of 16 KiB, ... */
    put_noise(find("large"), 16000);                               /* almost */
    put(find("headers"), v1, sizeof v1 - 1);
    put(find("strangers"), v1, sizeof v1 - 1);
    put(find("liars"), wrong, sizeof wrong - 1);
}

/* ---- attacks --------------------------------------------------------------------------------- */

static void greet(int version) {
    const tls_options o = {.port = host_port(the_host, "secure"), .version = version};
    tls_client *c = tls_connect(&o);
    tls_expect_echo(c, 8, "connects in an attack");
    tls_close(c);
}

/* OpenSSL's client ends when its wish is refused. */
static void ask(given *g) {
    const tls_options o = {.port = host_port(the_host, "secure"),
                           .version = g->seen.acts % 2 == 0 ? 12 : 13};
    tls_client *c = tls_connect(&o);
    g->seen.connects++;
    g->seen.acts++;
    for (int i = 0; o.version == 13 && i < 20; i++) {
        tls_update_keys(c);
    }
    if (o.version == 12) {
        tls_renegotiate(c);
    }
    tls_cut(c);
}

static void begin(void *arg) {
    given *g = arg;
    const bytes_options options = {.port = host_port(the_host, g->listener),
                                   .clients = scale(g->clients, (g->clients + 9) / 10),
                                   .rate = (uint32_t)scale((int)g->rate, (int)g->rate / 10),
                                   .way = g->way,
                                   .bytes = g->bytes,
                                   .size = g->size};
    g->there = g->asks ? NULL : bytes_start(&options);
}

static void step(void *arg) {
    given *g = arg;
    tls_expect_echo(before, 7, "connected before");
    if (g->asks) {
        ask(g);
    }
}

/* Clients that connect during the attack are served. */
static void end(void *arg) {
    given *g = arg;
    for (int i = 0; i < GREETINGS; i++) {
        greet(12 + i % 2);
    }
    if (g->there != NULL) {
        attackers_add(&g->seen, bytes_stop(g->there));
    }
}

static void settle(void *arg, char *often, size_t size) {
    const given *g = arg;
    CHECK(g->seen.acts > 0 && g->seen.connects > 0);
    host_wait_figure(the_host, "sessions", sessions);
    attackers_say(&g->seen, often, size);
}

static int attacks(host *h, siege_attack found[SIEGE_ATTACKS_MAX]) {
    const tls_options o = {.port = host_port(h, "secure")};
    before = tls_connect(&o);
    tls_expect_echo(before, 7, "connected before");
    sessions = host_figure(h, "sessions");
    for (int i = 0; i < (int)KINDS; i++) {
        int64_t bound = (int64_t)all[i].clients * SESSION_BYTES +
                        (int64_t)HANDSHAKES_MAX * HANDSHAKE_BYTES +
                        (int64_t)GREETINGS * HANDSHAKE_BYTES;
        found[i] = (siege_attack){.word = all[i].word,
                                  .sentence = all[i].sentence,
                                  .by = "clients",
                                  .bound = bound,
                                  .arg = &all[i],
                                  .begin = begin,
                                  .step = step,
                                  .end = end,
                                  .settle = settle};
    }
    return (int)KINDS;
}

#define SECURE                                                               \
    "tls = yes\ncertificate = c.pem\nkey = k.pem\ntls_handshakes_max = 64\n" \
    "handshake_timeout_ms = 2000\nclose_timeout_ms = 500\nmax_sessions = 3000\n"

SCENARIO(tls) {
    const host_options options = {
        .name = "attack_tls",
        .modules = "faulty echo",
        .module_keys = "probation_s = 0\n",
        .listeners = {{"game", "faulty.session", "max_sessions = 1000\n"},
                      {"secure", "echo.session", SECURE},
                      {"balanced", "echo.session",
                       SECURE "proxy_protocol = any\nproxy_from = 127.0.0.0/8\n"},
                      {"strange", "echo.session",
                       SECURE "proxy_protocol = any\nproxy_from = 10.0.0.0/8, 2001:db8::/32\n"}},
    };
    tls_write_pair("attack_tls", TLS_KEY_A);
    fill();
    the_host = host_start(&options);
    siege_scenario(the_host, attacks);
    tls_cut(before);
}
