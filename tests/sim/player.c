/* player.c: see player.h. */
#include "sim/player.h"

#include "sim/client.h"
#include "sim/crash.h"
#include "sim/witness.h"
#include "sim/world.h"

#include <stdlib.h>

enum { STEP_MS = 200, FROZEN_MS = 120000 };

struct player {
    client *client;
    uint32_t number; /* the witness's */
    uint32_t sent;
    uint32_t received;
    bool over;
    bool whole; /* everything that it wanted to send has been taken */
};

bool players_use_u32;

player *player_open(uint16_t port) {
    client *c = client_open(port);
    if (c == NULL) {
        return NULL;
    }
    if (players_use_u32) {
        client_use_u32(c);
    }
    player *p = calloc(1, sizeof *p);
    CHECK(p != NULL);
    *p = (player){.client = c, .number = witness_client(), .whole = true};
    return p;
}

bool player_send(player *p, uint16_t opcode, uint32_t size, uint32_t timeout_ms) {
    uint8_t packet[WITNESS_PACKET_MAX];
    if (p->over) {
        return false;
    }
    witness_pack(p->number, packet, size);
    p->sent++;
    if (!client_send_frame(p->client, opcode, packet, (uint16_t)size, timeout_ms)) {
        p->over = true;
        p->whole = false;
    }
    return !p->over;
}

bool player_send_raw(player *p, const void *data, uint32_t size) {
    if (!p->over && !client_send(p->client, data, size, PLAYER_PATIENCE_MS)) {
        p->over = true;
    }
    p->whole = false;
    return !p->over;
}

bool player_receive(player *p, uint32_t timeout_ms) {
    uint8_t packet[WITNESS_PACKET_MAX];
    uint16_t opcode = 0;
    if (p->over) {
        return false;
    }
    int32_t got = client_recv_frame(p->client, &opcode, packet, sizeof packet, timeout_ms);
    if (got >= 0) {
        witness_receive(p->number, packet, (uint32_t)got);
        p->received++;
        return true;
    }
    p->over = got != CLIENT_TIMEOUT;
    if (got == CLIENT_END) {
        witness_received_all(p->number);
    }
    return false;
}

void player_wait(player *p) {
    uint64_t until_ms = os_monotonic_ms() + PLAYER_PATIENCE_MS;
    while (!p->over && witness_handled(p->number) < p->sent) {
        (void)player_receive(p, STEP_MS);
        if (crash_was() && os_monotonic_ms() + PLAYER_PATIENCE_MS >= until_ms + FROZEN_MS) {
            return; /* the last packets may have been ignored, see witness_packet */
        }
        if (os_monotonic_ms() >= until_ms) {
            sim_fail("client %u has sent %u packets; after an hour only %u have been handled and "
                     "its connection has not ended",
                     p->number, p->sent, witness_handled(p->number));
        }
    }
}

bool player_is_over(const player *p) {
    return p->over;
}

uint32_t player_received(const player *p) {
    return p->received;
}

static void read_to_end(player *p) {
    uint64_t until_ms = os_monotonic_ms() + PLAYER_PATIENCE_MS;
    while (!p->over) {
        (void)player_receive(p, STEP_MS);
        if (os_monotonic_ms() >= until_ms) {
            sim_fail("client %u has ended its stream; after an hour the host has not ended the "
                     "other direction",
                     p->number);
        }
    }
}

void player_close(player *p, player_end how) {
    if (!p->over && p->whole && how != PLAYER_RESET) {
        witness_packed_all(p->number);
    }
    if (!p->over && how == PLAYER_HALF_CLOSE) {
        client_half_close(p->client);
        read_to_end(p);
    }
    client_close(p->client, how == PLAYER_RESET);
    free(p);
}
