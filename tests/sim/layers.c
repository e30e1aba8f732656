/* Clients pass the layers of a listener in any combination: a PROXY header of either version, TLS
 * by the real OpenSSL, WebSocket. Their bytes come in pieces of any size, and some reset the
 * connection after any byte. Messages come back in order, with the address of the header, while the
 * module is swapped, rolled back, faults in any handler, is frozen for minutes, thawed, and hangs
 * in the calls of a swap, while certificates are reloaded, and perhaps the host is stopped. With
 * WebSocket, pings are answered all the while. A connector of the host itself speaks TLS with a
 * listener of its own. Without a fault of the system everything comes back, and the host says in
 * each layer that nothing more comes. Tolerates every kind of fault, also of OpenSSL's allocations:
 * it may end a connection. */
#include "sim/crash.h"
#include "sim/layered.h"
#include "sim/layers_keys.h"
#include "sim/layers_module.h"
#include "sim/world.h"

#include "os/sim/real.h"
#include "support/scenario.h"
#include "support/tls_keys.h"

#include <stdio.h>
#include <string.h>

enum { CLIENTS = 4, MESSAGES = 8, PORT = 7000, BURST = 4, FROZEN_MS = 300000 };
enum { STOP_CALLS = 20000 }; /* a run has some more */

static uint32_t listener_proxy; /* 0: no; 1, 2; 3: any */
static bool with_tls;
static bool with_websocket;
static bool crowded; /* handshakes make way */
static bool stops;   /* at any call */
static uint32_t messages;
static uint32_t clients_begun;
static uint32_t clients_whole; /* have all back, or gave up */
static bool may_drop;          /* a client may be closed although the system has no fault */

/* ---- the clients ----------------------------------------------------------------------------- */

static layers choose(void) {
    layers l = {.port = PORT,
                .proxy = listener_proxy == 3 ? 1 + world_random(2) : listener_proxy,
                .tls = with_tls,
                .websocket = with_websocket,
                .cut_after = world_random(4) == 0 ? 1 + world_random(2500) : 0};
    l.odd_proxy = l.proxy != 0 && world_random(10) == 0;
    if (l.proxy != 0) {
        snprintf(l.source, sizeof l.source, "192.0.2.%u:%u", 1 + (unsigned)world_random(200),
                 1 + (unsigned)world_random(60000));
    }
    return l;
}

static layers_message message_of(const layers *of, uint32_t number) {
    layers_message m = {{1, 0, (uint8_t)number}};
    memcpy(m.bytes + 3, of->source, sizeof of->source);
    return m;
}

/* Some messages in a row, perhaps with a ping between them. False: the connection has ended. */
static bool exchange(layered *l, const layers *of, uint32_t first) {
    uint32_t count = 1 + world_random(BURST);
    for (uint32_t i = 0; i < count; i++) {
        layers_message m = message_of(of, first + i);
        if (!layered_send(l, m.bytes, sizeof m) ||
            (world_random(3) == 0 && !layered_ping(l, FROZEN_MS))) {
            return false;
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        layers_message m = message_of(of, first + i);
        if (!layered_expect(l, m.bytes, sizeof m)) {
            return false;
        }
    }
    return true;
}

static void play(void) {
    layers of = choose();
    bool cut = false;
    os_sleep(world_random(50));
    clients_begun++;
    layered *l = layered_open(&of, &cut);
    bool open = l != NULL;
    if (of.odd_proxy) {
        if (open && !of.tls && !of.websocket) {
            open = exchange(l, &of, 0); /* only now it notices the refusal */
        }
        CHECK(!open);
        clients_whole++;
    } else {
        for (uint32_t i = 0; open && i < messages; i++) {
            os_sleep(world_random(20));
            open = exchange(l, &of, i);
        }
        open = open && (world_random(2) == 0 || layered_end(l));
        clients_whole += open || cut || (l != NULL && layered_is_cut(l));
    }
    if (l != NULL) {
        layered_close(l, layered_is_cut(l) || sim_random(SIM_WORLD, 2) == 0);
    }
}

static void administrate(void) {
    switch (world_random(crash_was() ? 10 : 5)) {
    case 0: (void)world_ctl("reload certificates", NULL); break;
    case 1: (void)world_ctl("rollback layers", NULL); break;
    case 5:
    case 6: (void)world_ctl("thaw layers", NULL); break;
    case 7: os_sleep(world_random(FROZEN_MS)); break;
    case 8: break;
    default:
        world_build("layers", world_random(2) == 0 ? "layers 2" : "layers 1");
        (void)world_ctl("swap layers", NULL);
    }
    os_sleep(world_random(20));
}

/* Keys for [modules]. In half of all runs the module faults. In most of these the first fault rolls
 * it back or freezes it, and a frozen module is waited for: then nobody is dropped. */
static const char *contain(void) {
    if (world_random(4) == 0) {
        const char *keys = crash_policy();
        may_drop = keys[0] != '\0';
        return keys;
    }
    if (world_random(3) != 0) {
        crash_rate(5 + world_random(60));
    }
    return layers_hangs ? "swap_timeout_ms = 200\nprobation_s = 86400\nfrozen_timeout_s = 0\n"
                          "frozen_backlog = 100\n"
                        : "probation_s = 86400\nfrozen_timeout_s = 0\nfrozen_backlog = 100\n";
}

/* No module faults or hangs any more, and a build serves that has lost no call. */
static void end_crashes(void) {
    static char answer[WORLD_ANSWER_BYTES];
    static const char *const modules[] = {"layers", NULL};
    bool hung = layers_hangs;
    layers_hangs = false;
    crash_rate(0);
    for (uint32_t i = 0; hung && world_runs() && !stops; i++) {
        os_sleep(LAYERS_HANG_MS);
        world_build("layers", "layers 1");
        (void)world_ctl("load layers", NULL);
        if (world_ctl("swap --force layers", answer)) {
            break;
        }
        CHECK(i < 3600);
    }
    if (!hung) {
        crash_end(modules);
    }
}

/* ---- all of it ------------------------------------------------------------------------------- */

static void write_file(const char *name, const char *text) {
    char path[1024];
    world_path(path, sizeof path, name);
    (void)real_file_remove(path);
    FILE *file = real_fopen(path, "wx"); /* only this user may read it */
    CHECK(file != NULL);
    CHECK(fputs(text, file) >= 0 && fclose(file) == 0);
}

static const char *tls_keys_text(void) {
    return crowded ? "tls = yes\ncertificate = {dir}/c.pem\nkey = {dir}/k.pem\n"
                     "tls_handshakes_max = 1\n"
                   : "tls = yes\ncertificate = {dir}/c.pem\nkey = {dir}/k.pem\n";
}

/* Limits of the listener that the clients keep, unless they wait for the host. */
static void add_limits(char *to, size_t size) {
    /* Three of these are longer than an answer takes through a window of a byte. */
    static const char *const pings[] = {"0", "30", "60"};
    static const char *const frames[] = {"0", "120"};
    const char *frame_s = frames[world_random(2)];
    const char *ping_s = pings[world_random(3)];
    bool slow = world_random(4) == 0;
    int used = snprintf(to, size, "idle_timeout_s = 120\nframe_timeout_s = %s\n%s", frame_s,
                        slow ? "over_rate = slow\npackets_per_second = 5\nbyte_rate = 2K\n" : "");
    if (with_websocket) {
        used += snprintf(to + used, size - (size_t)used, "transport = websocket\nping_s = %s\n",
                         ping_s);
    }
    CHECK(used > 0 && (size_t)used < size);
}

static void write_ini(char *ini, size_t size) {
    static const char *const proxies[] = {
        "", "proxy_protocol = v1\nproxy_from = 127.0.0.1\n",
        "proxy_protocol = v2\nproxy_from = 127.0.0.0/8\n",
        "proxy_protocol = any\nproxy_from = 10.0.0.0/8, 127.0.0.1/32\n"};
    const char *tls = with_tls ? tls_keys_text() : "";
    char limits[256];
    add_limits(limits, sizeof limits);
    int used = snprintf(ini, size,
                        "%s[module layers]\n[listener main]\naddress = 127.0.0.1\nport = 7000\n"
                        "type = layers.session\nclose_timeout_ms = 600000\n"
                        "handshake_timeout_ms = 600000\n%s%s%s",
                        contain(), proxies[listener_proxy], tls, limits);
    CHECK(used > 0 && (size_t)used < size);
    if (with_tls) {
        const char *transport = world_random(2) == 0 ? "transport = websocket\nping_s = 5\n" : "";
        used += snprintf(ini + used, size - (size_t)used,
                         "[listener own]\naddress = 127.0.0.1\nport = 7001\n"
                         "type = layers.session\nclose_timeout_ms = 600000\n"
                         "handshake_timeout_ms = 600000\n%s%s"
                         "[connector out]\naddress = 127.0.0.1\nport = 7001\ntype = layers.own\n"
                         "tls = yes\ntls_verify = no\nhandshake_timeout_ms = 600000\n%s",
                         tls, transport, transport);
        CHECK((size_t)used < size);
    }
}

SCENARIO(layers) {
    static char ini[2048];
    sim_figures figures;
    layered_begin();
    listener_proxy = world_random(4);
#if defined(_WIN32)
    with_tls = false; /* see layered_begin */
#else
    with_tls = world_random(4) != 0;
#endif
    with_websocket = world_random(2) == 0;
    crowded = with_tls && world_random(8) == 0;
    layers_ticks = world_random(2) == 0;
    layers_hangs = world_random(3) == 0;
    (void)world_library("layers 1", &layers_1);
    (void)world_library("layers 2", &layers_2);
    world_build("layers", "layers 1");
    write_file("c.pem", layers_certificate);
    write_file("k.pem", tls_keys[TLS_KEY_RSA]);
    write_ini(ini, sizeof ini);
    bool serves = world_start("workers = 2", ini);
    uint32_t clients = serves ? world_count("clients", CLIENTS) : 0;
    messages = world_count("messages", MESSAGES);
    stops = serves && world_random(6) == 0;
    may_drop = may_drop || crowded || stops;
    world_may_exit(layers_hangs && stops); /* in a call that does not return in time */
    if (stops) {
        world_stop_within(STOP_CALLS);
    }
    world_play(clients, play, administrate);
    sim_look(&figures);
    CHECK(figures.faults > 0 || may_drop || clients_whole == clients);
    sim_faults_end();
    end_crashes();
    for (int i = 0; figures.faults == 0 && serves && !stops && with_tls &&
                    layers_own_back < LAYERS_OWN_MESSAGES;
         i++) {
        CHECK(i < 3600);
        os_sleep(1000);
        sim_look(&figures); /* what a fault has lost is not sent again */
    }
    if (stops) {
        world_stop_now();
    }
    int code = world_stop();
    CHECK(code == 0 || !serves);
}
