/* Clients open WebSockets, some give up within the handshake, and send numbered messages in one to
 * three fragments with pings between, which come back in order while the module is swapped. Without
 * a fault, all come back, each ping has its pong, and the close frame is answered. Tolerates every
 * kind of fault: it may end a connection. */
#include "sim/client.h"
#include "sim/ledger.h"
#include "sim/world.h"

#include "support/scenario.h"

#include <string.h>

enum {
    CLIENTS = 4,
    MESSAGES = 12,
    PATIENCE_MS = 3600000,
    PORT = 7000,
    MESSAGE_BYTES = 10,
    CLOSE = 0x88
};

static void on_packet(portico_session session, void *state, const portico_packet *packet) {
    (void)state;
    ledger_packet();
    (void)host->session_send(session, packet->opcode, packet->data, packet->size);
}

static void on_close(portico_session session, void *state, portico_status reason) {
    (void)session;
    (void)state;
    ledger_closes(reason);
}

static const portico_session_type types[] = {
    {.name = "session", .on_packet = on_packet, .on_close = on_close}};

static const portico_module web = {
    .name = "web", .version = "1", .session_types = PORTICO_TABLE(types)};

static uint32_t messages;
static uint32_t clients_begun;
static uint32_t clients_whole; /* have all back, or gave up */

/* ---- the client ------------------------------------------------------------------------------ */

static bool recv_exactly(client *c, uint8_t *to, uint32_t size) {
    while (size > 0) {
        int32_t got = client_recv(c, to, size, PATIENCE_MS);
        if (got < 0) {
            CHECK(got != CLIENT_TIMEOUT);
            return false;
        }
        to += got;
        size -= (uint32_t)got;
    }
    return true;
}

/* Sends the bytes in two pieces, some time apart. */
static bool send_pieces(client *c, const void *bytes, uint32_t size) {
    uint32_t first = 1 + world_random(size - 1);
    if (!client_send(c, bytes, first, PATIENCE_MS)) {
        return false;
    }
    os_sleep(world_random(20));
    return client_send(c, (const uint8_t *)bytes + first, size - first, PATIENCE_MS);
}

/* False: the connection has ended. */
static bool upgrade(client *c) {
    static const char request[] =
        "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
    uint8_t last[4] = {0};
    bool begun = false;
    if (!send_pieces(c, request, sizeof request - 1)) {
        return false;
    }
    do {
        memmove(last, last + 1, 3);
        if (!recv_exactly(c, last + 3, 1)) {
            return false;
        }
        begun = begun || memcmp(last, " 101", 4) == 0;
    } while (memcmp(last, "\r\n\r\n", 4) != 0);
    CHECK(begun);
    return true;
}

/* A masked frame of at most 125 bytes. Returns its size. */
static uint32_t put_frame(uint8_t *to, uint8_t first, const uint8_t *payload, uint32_t size) {
    to[0] = first;
    to[1] = (uint8_t)(0x80 | size);
    for (uint32_t i = 0; i < 4; i++) {
        to[2 + i] = (uint8_t)world_random(256);
    }
    for (uint32_t i = 0; i < size; i++) {
        to[6 + i] = payload[i] ^ to[2 + i % 4];
    }
    return 6 + size;
}

static bool expect_frame(client *c, uint8_t first, const uint8_t *payload, uint32_t size) {
    uint8_t back[2 + 125];
    if (!recv_exactly(c, back, 2) || !recv_exactly(c, back + 2, back[1])) {
        return false;
    }
    if (back[0] == CLOSE && first != CLOSE) {
        return false; /* by a time limit, since the answer had no memory */
    }
    CHECK(back[0] == first && back[1] == size && memcmp(back + 2, payload, size) == 0);
    return true;
}

/* Sends one message, perhaps in fragments, and receives the pongs and the answer. */
static bool exchange(client *c, uint32_t number) {
    uint8_t frames[128];
    uint8_t message[MESSAGE_BYTES] = {7, 0, (uint8_t)number, 'm', 'e', 's', 's', 'a', 'g', 'e'};
    uint32_t used = 0;
    uint32_t pings = world_random(3);
    uint32_t cut = world_random(MESSAGE_BYTES + 1);
    bool whole = world_random(2) == 0;
    cut = whole ? 0 : cut;
    if (!whole) {
        used += put_frame(frames, 2, message, cut);
    }
    for (uint32_t i = 0; i < pings; i++) {
        used += put_frame(frames + used, 0x89, message, i);
    }
    used += put_frame(frames + used, whole ? 0x82 : 0x80, message + cut, MESSAGE_BYTES - cut);
    bool open = send_pieces(c, frames, used);
    for (uint32_t i = 0; open && i < pings; i++) {
        open = expect_frame(c, 0x8A, message, i);
    }
    return open && expect_frame(c, 0x82, message, MESSAGE_BYTES);
}

static void play(void) {
    static const uint8_t code[] = {3, 232};
    uint8_t frame[16];
    bool gives_up = sim_chance(SIM_WORLD, 8);
    client *c = client_open(PORT);
    clients_begun++;
    bool open = c != NULL;
    if (open && gives_up) {
        (void)client_send(c, "GET / HT", 1 + world_random(8), PATIENCE_MS);
        clients_whole++;
        open = false;
    }
    open = open && upgrade(c);
    for (uint32_t i = 0; open && i < messages; i++) {
        os_sleep(world_random(20));
        open = exchange(c, i);
    }
    if (open) {
        open = client_send(c, frame, put_frame(frame, CLOSE, code, 2), PATIENCE_MS) &&
               expect_frame(c, CLOSE, code, 2);
        clients_whole += open;
    }
    if (c != NULL) {
        client_close(c, sim_random(SIM_WORLD, 2) == 0);
    }
}

static void swap(void) {
    static bool second;
    second = !second;
    world_build("web", second ? "web 2" : "web 1");
    (void)world_ctl("swap web", NULL);
    os_sleep(10);
}

SCENARIO(websocket) {
    sim_figures figures;
    (void)world_library("web 1", &web);
    (void)world_library("web 2", &web);
    world_build("web", "web 1");
    bool serves = world_start("workers = 2", "[module web]\n[listener main]\naddress = 127.0.0.1\n"
                                             "port = 7000\ntype = web.session\n"
                                             "transport = websocket\nping_s = 0\n"
                                             "close_timeout_ms = 600000\n"
                                             "handshake_timeout_ms = 600000\n");
    uint32_t clients = serves ? world_count("clients", CLIENTS) : 0;
    messages = world_count("messages", MESSAGES);
    world_play(clients, play, swap);
    sim_look(&figures);
    CHECK(figures.faults > 0 || clients_whole == clients);
    int code = world_stop();
    CHECK(code == 0 || !serves);
}
