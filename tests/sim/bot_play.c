/* bot_play.c: the player: see bot.h. The packets are those of plugins/arena.c. */
#include "sim/bot.h"

#include "sim/client.h"
#include "sim/world.h"

#include <stdlib.h>
#include <string.h>

enum { JOIN = 1, MOVE = 2, HIT = 3, WELCOME = 100, SNAPSHOT = 101, SCORES = 102, REFUSED = 103 };
enum { BAD_NAME = 1, FULL = 2, THERE_NOW = 3, NOT_NOW = 4 };
enum { SIZE = 1000, REACH = 50, STEP = 5, PACKET_MAX = 2048, ACTIONS = 100 };
enum { PATIENCE_MS = 3600000, MOMENT_MS = 1000, PAUSE_MS = 60, STRICT_PAUSE_MS = 1000 };

bool bots_end;
bool bots_strict;
bool bots_timed;
uint64_t bots_snapshots;

typedef struct player {
    client *c;
    char field[80];  /* asked for last */
    bool asks;       /* and not answered yet */
    bool is_bad;     /* the name */
    uint32_t number; /* in the field; 0: in none */
    uint32_t tick;   /* of the last snapshot; 0: none since the welcome */
    uint32_t score;
    uint32_t moves; /* sent that may count in the field, */
    uint32_t hits;
    uint32_t later_moves; /* and in the one that it asked for since */
    uint32_t later_hits;
    uint32_t first_tick; /* of the first snapshot, with when and where */
    uint64_t first_ms;
    int32_t first_x;
    int32_t first_y;
} player;

static uint32_t u16(const uint8_t *at) {
    return (uint32_t)(at[0] | at[1] << 8);
}

static uint32_t u32(const uint8_t *at) {
    return u16(at) | u16(at + 2) << 16;
}

/* ---- what it receives ---------------------------------------------------------------------- */

static void on_welcome(player *p, const uint8_t *at, uint32_t size) {
    CHECK(size == 8 && !p->is_bad);
    CHECK(u16(at) >= 1 && u16(at) <= BOT_FIELD_PLAYERS && u16(at + 2) == BOT_TICK_MS);
    CHECK(u16(at + 4) == SIZE && u16(at + 6) == REACH);
    p->asks = false;
    p->number = u16(at);
    p->moves = p->later_moves;
    p->hits = p->later_hits;
    p->tick = 0;
    p->score = 0;
}

/* The field's time is the clock's, but for the moment that a packet takes. */
static void check_time(const player *p) {
    int64_t passed_ms = (int64_t)(os_monotonic_ms() - p->first_ms);
    int64_t ticked_ms = (int64_t)(p->tick - p->first_tick) * BOT_TICK_MS;
    CHECK(!bots_timed || llabs(passed_ms - ticked_ms) <= MOMENT_MS);
}

/* It moves no further than it asked. */
static void on_place(player *p, uint32_t tick, int32_t x, int32_t y) {
    if (p->tick == 0) {
        p->first_tick = tick;
        p->first_ms = os_monotonic_ms();
        p->first_x = x;
        p->first_y = y;
    }
    CHECK(tick > p->tick && (!bots_strict || p->tick == 0 || tick == p->tick + 1));
    CHECK((uint32_t)abs(x - p->first_x) <= STEP * p->moves);
    CHECK((uint32_t)abs(y - p->first_y) <= STEP * p->moves);
    p->tick = tick;
    check_time(p);
}

static void on_snapshot(player *p, const uint8_t *at, uint32_t size) {
    uint32_t count = u16(at + 4);
    uint32_t before = 0;
    bool found = false;
    CHECK(p->number != 0 && size == 6 + 6 * count && count <= BOT_FIELD_PLAYERS);
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *one = at + 6 + (size_t)6 * i;
        CHECK(u16(one) > before && u16(one + 2) < SIZE && u16(one + 4) < SIZE);
        before = u16(one);
        if (before == p->number) {
            found = true;
            on_place(p, u32(at), (int32_t)u16(one + 2), (int32_t)u16(one + 4));
        }
    }
    CHECK(found);
    bots_snapshots++;
}

static void on_scores(player *p, const uint8_t *at, uint32_t size) {
    uint32_t count = u16(at);
    CHECK(p->number != 0 && size == 2 + 6 * count && count <= BOT_FIELD_PLAYERS);
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *one = at + 2 + (size_t)6 * i;
        if (u16(one) == p->number) {
            CHECK(u32(one + 2) >= p->score && u32(one + 2) <= p->hits);
            p->score = u32(one + 2);
        }
    }
}

static void on_refused(player *p, const uint8_t *at, uint32_t size) {
    CHECK(size == 2 && p->asks);
    CHECK((u16(at) == BAD_NAME) == p->is_bad || u16(at) == NOT_NOW);
    CHECK(u16(at) != NOT_NOW || !bots_strict);
    p->asks = false;
    if (u16(at) == FULL) {
        p->number = 0;
    }
}

/* Receives one packet. False: none has come in time, or the connection has ended: *end says how. */
static bool receive(player *p, uint32_t timeout_ms, int32_t *end) {
    uint8_t packet[PACKET_MAX];
    uint16_t opcode = 0;
    *end = client_recv_frame(p->c, &opcode, packet, sizeof packet, timeout_ms);
    if (*end < 0) {
        return false;
    }
    switch (opcode) {
    case WELCOME: on_welcome(p, packet, (uint32_t)*end); break;
    case SNAPSHOT: on_snapshot(p, packet, (uint32_t)*end); break;
    case SCORES: on_scores(p, packet, (uint32_t)*end); break;
    case REFUSED: on_refused(p, packet, (uint32_t)*end); break;
    default: sim_fail("the arena sends opcode %u", opcode);
    }
    return true;
}

/* ---- what it does -------------------------------------------------------------------------- */

static bool join(player *p) {
    p->asks = true;
    p->is_bad = world_random(20) == 0;
    p->later_moves = p->later_hits = 0;
    const char *field = p->is_bad ? "two\nlines" : world_random(2) == 0 ? "meadow" : "hill";
    snprintf(p->field, sizeof p->field, "%s", field);
    return client_send_frame(p->c, JOIN, p->field, (uint16_t)strlen(p->field), PATIENCE_MS);
}

static bool move(player *p) {
    int16_t to[2] = {(int16_t)((int32_t)world_random(2 * STEP + 1) - STEP),
                     (int16_t)((int32_t)world_random(2 * STEP + 1) - STEP)};
    p->moves++;
    p->later_moves++;
    return client_send_frame(p->c, MOVE, to, sizeof to, PATIENCE_MS);
}

static bool act(player *p) {
    if (!p->asks && (p->number == 0 || world_random(40) == 0)) {
        return join(p);
    }
    if (world_random(3) != 0) {
        return move(p);
    }
    p->hits++;
    p->later_hits++;
    return client_send_frame(p->c, HIT, NULL, 0, PATIENCE_MS);
}

/* A packet of a wrong size ends the session. */
static void cheat(player *p) {
    int32_t end = 0;
    if (client_send_frame(p->c, MOVE, "xyz", 3, PATIENCE_MS)) {
        while (receive(p, PATIENCE_MS, &end)) {
        }
        CHECK(end == CLIENT_END || end == CLIENT_BROKEN);
    }
}

void bot_play(void) {
    player p = {.c = client_open(BOT_ARENA_PORT)};
    uint32_t pause_ms = 1 + world_random(bots_strict ? STRICT_PAUSE_MS : PAUSE_MS);
    int32_t end = CLIENT_TIMEOUT;
    if (p.c == NULL) {
        os_sleep(1 + world_random(400));
        return;
    }
    for (uint32_t i = 0; i < ACTIONS && !bots_end && end == CLIENT_TIMEOUT && act(&p); i++) {
        uint64_t until_ms = os_monotonic_ms() + pause_ms;
        uint64_t now_ms = 0;
        do {
            now_ms = os_monotonic_ms();
        } while (now_ms < until_ms && receive(&p, (uint32_t)(until_ms - now_ms), &end));
    }
    if (end == CLIENT_TIMEOUT && world_random(4) == 0) {
        cheat(&p);
    }
    client_close(p.c, world_random(2) == 0);
}
