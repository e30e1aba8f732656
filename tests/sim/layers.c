/* Clients pass the layers of a listener in any combination: a PROXY header of either version, TLS
 * by the real OpenSSL, WebSocket. Their bytes come in pieces of any size, and some reset the
 * connection after any byte. Messages come back in order, with the address of the header, while the
 * module is swapped and certificates are reloaded. A connector of the host itself speaks TLS with a
 * listener of its own. Without a fault everything comes back, and the host says in each layer that
 * nothing more comes. Tolerates every kind of fault, also of OpenSSL's allocations: it may end a
 * connection. */
#include "sim/layered.h"
#include "sim/layers_keys.h"
#include "sim/ledger.h"
#include "sim/world.h"

#include "os/sim/real.h"
#include "support/scenario.h"
#include "support/tls_keys.h"

#include <stdio.h>
#include <string.h>

enum { CLIENTS = 4, MESSAGES = 8, PORT = 7000, MESSAGE_BYTES = 32, OWN_MESSAGES = 5 };

/* 2 bytes of an opcode, one of a number, and the address as text. */
typedef struct message {
    uint8_t bytes[MESSAGE_BYTES];
} message;

static uint32_t listener_proxy; /* 0: no; 1, 2; 3: any */
static bool with_tls;
static bool with_websocket;
static bool crowded; /* handshakes make way */
static uint32_t messages;
static uint32_t clients_begun;
static uint32_t clients_whole; /* have all back, or gave up */
static uint32_t own_back;      /* messages that the connector has back */

/* ---- the module ------------------------------------------------------------------------------ */

static void on_packet(portico_session session, void *state, const portico_packet *packet) {
    portico_session_info info = {.struct_size = sizeof info};
    const char *source = (const char *)packet->data + 1;
    (void)state;
    ledger_packet();
    CHECK(packet->size == MESSAGE_BYTES - 2 && memchr(source, '\0', packet->size - 1) != NULL);
    if (source[0] != '\0' && host->session_info(session, &info) == PORTICO_OK) {
        CHECK(strcmp(info.peer, source) == 0);
    }
    (void)host->session_send(session, packet->opcode, packet->data, packet->size);
}

static void on_close(portico_session session, void *state, portico_status reason) {
    (void)session;
    (void)state;
    ledger_closes(reason);
}

/* The connector's side: one message after another. */
static portico_status own_on_open(portico_session session, void *state) {
    const message first = {{0}};
    (void)state;
    (void)host->session_send(session, 1, first.bytes, MESSAGE_BYTES - 2);
    return PORTICO_OK;
}

static void own_on_packet(portico_session session, void *state, const portico_packet *packet) {
    message next = {{0}};
    (void)state;
    ledger_packet();
    CHECK(packet->size == MESSAGE_BYTES - 2);
    memcpy(next.bytes, packet->data, packet->size);
    own_back++;
    if (++next.bytes[0] < OWN_MESSAGES) {
        (void)host->session_send(session, 1, next.bytes, MESSAGE_BYTES - 2);
    }
}

static const portico_session_type types[] = {
    {.name = "session", .on_packet = on_packet, .on_close = on_close},
    {.name = "own", .on_open = own_on_open, .on_packet = own_on_packet, .on_close = on_close}};

static const portico_module layers_module = {
    .name = "layers", .version = "1", .session_types = PORTICO_TABLE(types)};

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

/* False: the connection has ended. */
static bool exchange(layered *l, const layers *of, uint32_t number) {
    message m = {{1, 0, (uint8_t)number}};
    memcpy(m.bytes + 3, of->source, sizeof of->source);
    return layered_send(l, m.bytes, sizeof m) && layered_expect(l, m.bytes, sizeof m);
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

static void swap_or_reload(void) {
    static uint32_t turn;
    turn++;
    if (turn % 2 == 0 && with_tls) {
        (void)world_ctl("reload certificates", NULL);
    } else {
        world_build("layers", turn % 4 == 1 ? "layers 2" : "layers 1");
        (void)world_ctl("swap layers", NULL);
    }
    os_sleep(10);
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

static void write_ini(char *ini, size_t size) {
    static const char *const proxies[] = {
        "", "proxy_protocol = v1\nproxy_from = 127.0.0.1\n",
        "proxy_protocol = v2\nproxy_from = 127.0.0.0/8\n",
        "proxy_protocol = any\nproxy_from = 10.0.0.0/8, 127.0.0.1/32\n"};
    const char *tls = with_tls ? tls_keys_text() : "";
    int used = snprintf(ini, size,
                        "[module layers]\n[listener main]\naddress = 127.0.0.1\nport = 7000\n"
                        "type = layers.session\nclose_timeout_ms = 600000\n"
                        "handshake_timeout_ms = 600000\nframe_timeout_s = 0\n%s%s%s",
                        proxies[listener_proxy], tls,
                        with_websocket ? "transport = websocket\nping_s = 0\n" : "");
    CHECK(used > 0 && (size_t)used < size);
    if (with_tls) {
        used += snprintf(ini + used, size - (size_t)used,
                         "[listener own]\naddress = 127.0.0.1\nport = 7001\n"
                         "type = layers.session\nclose_timeout_ms = 600000\n"
                         "handshake_timeout_ms = 600000\n%s"
                         "[connector out]\naddress = 127.0.0.1\nport = 7001\ntype = layers.own\n"
                         "tls = yes\ntls_verify = no\nhandshake_timeout_ms = 600000\n",
                         tls);
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
    (void)world_library("layers 1", &layers_module);
    (void)world_library("layers 2", &layers_module);
    world_build("layers", "layers 1");
    write_file("c.pem", layers_certificate);
    write_file("k.pem", tls_keys[TLS_KEY_RSA]);
    write_ini(ini, sizeof ini);
    bool serves = world_start("workers = 2", ini);
    uint32_t clients = serves ? world_count("clients", CLIENTS) : 0;
    messages = world_count("messages", MESSAGES);
    world_play(clients, play, swap_or_reload);
    sim_look(&figures);
    CHECK(figures.faults > 0 || crowded || clients_whole == clients);
    for (int i = 0; figures.faults == 0 && serves && with_tls && own_back < OWN_MESSAGES; i++) {
        CHECK(i < 3600);
        os_sleep(1000);
        sim_look(&figures); /* what a fault has lost is not sent again */
    }
    int code = world_stop();
    CHECK(code == 0 || !serves);
}
