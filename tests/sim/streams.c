/* Clients send streams of bytes in pieces of any size, as lines or raw, and the module sends each
 * packet back while it is swapped. The stream that comes back begins like the one that was sent;
 * without a fault it is as long, also after the client has ended its sending direction. Tolerates
 * every kind of fault: it may end a connection. */
#include "sim/client.h"
#include "sim/ledger.h"
#include "sim/world.h"

#include "support/scenario.h"

#include <stdio.h>
#include <string.h>

enum { CLIENTS = 4, PIECES = 20, PIECE_MAX = 600, PATIENCE_MS = 3600000, PORT = 7000 };

static bool lines;
static uint32_t pieces;
static uint32_t clients_begun;
static uint32_t clients_whole; /* have everything back */

/* ---- the module -------------------------------------------------------------------------- */

static void on_packet(portico_session session, void *state, const portico_packet *packet) {
    (void)state;
    ledger_packet();
    CHECK(!lines || memchr(packet->data, '\n', packet->size) == NULL);
    CHECK(lines || packet->size > 0);
    if (host->session_send(session, packet->opcode, packet->data, packet->size) != PORTICO_OK) {
        (void)host->session_close(session,
                                  PORTICO_E_CLOSED); /* nothing may come back after a gap */
    }
}

static void on_close(portico_session session, void *state, portico_status reason) {
    (void)session;
    (void)state;
    ledger_closes(reason);
}

static const portico_session_type types[] = {
    {.name = "session", .on_packet = on_packet, .on_close = on_close}};

static const portico_module streams_module = {
    .name = "streams", .version = "1", .session_types = PORTICO_TABLE(types)};

/* ---- the clients ------------------------------------------------------------------------- */

typedef struct stream {
    client *client;
    uint8_t sent[(PIECES + 1) * PIECE_MAX];
    uint32_t sent_bytes;
    uint32_t back_bytes;
} stream;

/* False: it has ended or broken. */
static bool stream_receive(stream *s, uint32_t timeout_ms) {
    uint8_t bytes[PIECE_MAX];
    int32_t got = client_recv(s->client, bytes, 1 + world_random(sizeof bytes), timeout_ms);
    if (got < 0) {
        return got == CLIENT_TIMEOUT;
    }
    CHECK((uint32_t)got <= s->sent_bytes - s->back_bytes);
    CHECK(memcmp(bytes, s->sent + s->back_bytes, (uint32_t)got) == 0);
    s->back_bytes += (uint32_t)got;
    return true;
}

/* Adds a piece, which may end within a line, and sends it. */
static bool stream_send(stream *s) {
    uint32_t size = 1 + world_random(PIECE_MAX - 1);
    uint8_t *piece = s->sent + s->sent_bytes;
    for (uint32_t i = 0; i < size; i++) {
        uint8_t byte = (uint8_t)world_random(256);
        piece[i] = lines && byte == '\r' ? ' ' : byte;
    }
    s->sent_bytes += size;
    return client_send(s->client, piece, size, PATIENCE_MS);
}

/* After it, without a fault, all has come back. */
static void stream_end(stream *s) {
    if (lines) {
        s->sent[s->sent_bytes++] = '\n';
        if (!client_send(s->client, "\n", 1, PATIENCE_MS)) {
            return;
        }
    }
    client_half_close(s->client);
    while (stream_receive(s, PATIENCE_MS)) {
    }
    clients_whole += s->back_bytes == s->sent_bytes;
}

static void play(void) {
    static stream streams[CLIENTS];
    stream *s = &streams[clients_begun++];
    s->client = client_open(PORT);
    if (s->client == NULL) {
        return;
    }
    bool open = true;
    for (uint32_t i = 0; open && i < pieces; i++) {
        os_sleep(world_random(20));
        open = stream_send(s) && (world_random(2) == 0 || stream_receive(s, world_random(20)));
    }
    if (open) {
        stream_end(s);
    }
    client_close(s->client, sim_random(SIM_WORLD, 2) == 0);
}

static void swap(void) {
    static bool second;
    second = !second;
    world_build("streams", second ? "streams 2" : "streams 1");
    (void)world_ctl("swap streams", NULL);
    os_sleep(10);
}

/* Sessions that are slowed lose nothing either. Simulating the pauses takes long: not often. */
static const char *slow_keys(void) {
    switch (sim_random(SIM_WORLD, 16)) {
    case 0: return "over_rate = slow\nbyte_rate = 4K\n";
    case 1: return "over_rate = slow\npackets_per_second = 10\n";
    default: return "";
    }
}

SCENARIO(streams) {
    sim_figures figures;
    lines = sim_chance(SIM_WORLD, 2);
    (void)world_library("streams 1", &streams_module);
    (void)world_library("streams 2", &streams_module);
    world_build("streams", "streams 1");
    char ini[512];
    snprintf(ini, sizeof ini,
             "[module streams]\n[listener main]\naddress = 127.0.0.1\nport = 7000\n"
             "type = streams.session\nclose_timeout_ms = 600000\nframe_timeout_s = 0\n"
             "framing = %s\n%s",
             lines ? "line" : "raw", slow_keys());
    bool serves = world_start("workers = 2", ini);
    uint32_t clients = serves ? world_count("clients", CLIENTS) : 0;
    pieces = world_count("pieces", PIECES);
    world_play(clients, play, swap);
    sim_look(&figures);
    CHECK(figures.faults > 0 || clients_whole == clients);
    int code = world_stop();
    CHECK(code == 0 || !serves);
}
