/* A hundred players idle, sometimes in rooms that send them a packet every minute.
 *
 *   Nothing is closed and no memory grows.
 *   Every minute has one tick in each room, and every member receives all of them in order.
 *   The clocks agree: the host's uptime is the time that has been simulated.
 *
 * Three minutes; with PORTICO_SIM_DAY=1 in the environment and calls_max=100000000, a day. Tolerates
 * stalls and waits that end for no reason. No other fault strikes: it could close sessions. */
#include "sim/client.h"
#include "sim/counters.h"
#include "sim/ledger.h"
#include "sim/witness.h"
#include "sim/world.h"

#include "support/scenario.h"

#include <stdlib.h>
#include <string.h>

enum {
    PLAYERS = 100,
    ROOMS = 5,
    MINUTES = 3,
    DAY_MINUTES = 24 * 60,
    MINUTE_MS = 60000,
    LATE_MS = 5000, /* stalls, and the latency of the network */
    PORT = 7000,
    TICK = 1,
    PATIENCE_MS = 60000
};

/* ---- the module -------------------------------------------------------------------------- */

typedef struct park_state {
    uint32_t ticks;
} park_state;

static const witness_code code = {0, "park", "park"};
static const portico_host *host;
static portico_room rooms[ROOMS];
static uint32_t ticks[ROOMS];
static bool with_rooms;
static uint32_t opened;
static uint32_t closed;

static portico_status PORTICO_CALL on_open(portico_session session, void *state) {
    (void)state;
    witness_entity *e = witness_open(&code, session, WITNESS_OWNER);
    if (with_rooms) {
        CHECK(host->room_join(rooms[opened % ROOMS], session) == PORTICO_OK);
    }
    opened++;
    witness_leave(e);
    return PORTICO_OK;
}

static void PORTICO_CALL on_close(portico_session session, void *state, portico_status reason) {
    (void)state;
    closed++;
    witness_leave(witness_close(&code, session, WITNESS_OWNER, reason));
}

static portico_status PORTICO_CALL on_room_open(portico_room room, void *state) {
    (void)state;
    witness_leave(witness_open(&code, room, WITNESS_ROOM));
    return PORTICO_OK;
}

static void PORTICO_CALL on_room_close(portico_room room, void *state, portico_status reason) {
    (void)state;
    witness_leave(witness_close(&code, room, WITNESS_ROOM, reason));
}

static portico_status PORTICO_CALL on_join(portico_room room, void *state,
                                           portico_session session) {
    (void)state;
    witness_entity *e = witness_join(&code, room, session);
    sim_yield();
    witness_joined(e, session, PORTICO_OK);
    witness_leave(e);
    return PORTICO_OK;
}

static void PORTICO_CALL on_leave(portico_room room, void *state, portico_session session,
                                  portico_status reason) {
    (void)state;
    witness_entity *e = witness_leave_room(&code, room, session);
    CHECK(reason != PORTICO_OK); /* nobody leaves before the end */
    witness_leave(e);
}

static void PORTICO_CALL on_tick(portico_entity room, void *state, const portico_message *message) {
    park_state *s = state;
    witness_entity *e = witness_enter(&code, room, "a tick");
    CHECK(message->missed == 0);
    s->ticks++;
    for (int i = 0; i < ROOMS; i++) {
        if (rooms[i] == room) {
            ticks[i] = s->ticks;
        }
    }
    (void)host->room_send(room, TICK, &s->ticks, sizeof s->ticks, 0);
    witness_leave(e);
}

static portico_status PORTICO_CALL load(const portico_host *from_host, void *state) {
    static const portico_session_type type = {
        .struct_size = sizeof type, .name = "session", .on_open = on_open, .on_close = on_close};
    static const portico_room_type room = {.struct_size = sizeof room,
                                           .state_size = sizeof(park_state),
                                           .name = "lawn",
                                           .on_open = on_room_open,
                                           .on_join = on_join,
                                           .on_leave = on_leave,
                                           .on_close = on_room_close};
    (void)state;
    host = ledger_host(from_host);
    witness_load(&code);
    CHECK(host->register_session_type(&type) == PORTICO_OK);
    CHECK(host->register_room_type(&room) == PORTICO_OK);
    return host->register_message("lawn", TICK, on_tick);
}

static portico_status PORTICO_CALL start(void *state) {
    (void)state;
    for (int i = 0; i < ROOMS && with_rooms; i++) {
        char name[16];
        snprintf(name, sizeof name, "%d", i);
        CHECK(host->room_create("park.lawn", name, &rooms[i]) == PORTICO_OK);
        CHECK(host->post_every(rooms[i], TICK, NULL, 0, MINUTE_MS, NULL) == PORTICO_OK);
    }
    return PORTICO_OK;
}

static void PORTICO_CALL unload(void *state) {
    (void)state;
    witness_unload(&code);
}

static const portico_module_info info = {PORTICO_MODULE_HEAD, .name = "park",   .version = "1",
                                         .load = load,        .unload = unload, .start = start};

static const portico_module_info *PORTICO_CALL describe(void) {
    return &info;
}

/* ---- the scenario ------------------------------------------------------------------------ */

static uint64_t now_ms(void) {
    sim_figures figures;
    sim_look(&figures);
    return figures.now_ns / 1000000;
}

/* The number of allocations once it is no more than `enough`, or after a while: those of packets
 * that wait for a thread which stalls do not count. */
static int64_t allocations(int64_t enough) {
    sim_figures figures;
    sim_look(&figures);
    for (int tries = 0; figures.allocations > enough && tries < 200; tries++) {
        os_sleep(10);
        sim_look(&figures);
    }
    return figures.allocations;
}

/* The player receives its room's ticks up to `least`, in order, or nothing. */
static void receive(client *c, uint32_t *received, uint32_t least) {
    while (*received < least) {
        uint32_t tick = 0;
        uint16_t opcode = 0;
        int32_t got = client_recv_frame(c, &opcode, &tick, sizeof tick, PATIENCE_MS);
        CHECK(got == sizeof tick && opcode == TICK);
        CHECK(*received == 0 || tick == *received + 1);
        *received = tick;
    }
}

static void check_minute(client **players, uint32_t *received, uint32_t count, uint64_t start_ms) {
    uint32_t least = (uint32_t)((now_ms() - start_ms - LATE_MS) / MINUTE_MS);
    CHECK(opened == count && closed == 0);
    for (int i = 0; i < ROOMS && with_rooms; i++) {
        CHECK(ticks[i] >= least && ticks[i] <= least + 1);
    }
    for (uint32_t i = 0; i < count && with_rooms; i++) {
        receive(players[i], &received[i], least);
    }
    CHECK(opened == count && closed == 0);
}

/* Idles for `minutes` with the players. */
static void idle(uint32_t minutes, client **players, uint32_t *received, uint32_t count,
                 uint64_t start_ms) {
    int64_t before = 0;
    for (uint32_t minute = 1; minute <= minutes; minute++) {
        uint64_t at_ms = start_ms + (uint64_t)minute * MINUTE_MS + 2 * LATE_MS;
        os_sleep(at_ms > now_ms() ? (uint32_t)(at_ms - now_ms()) : 0);
        check_minute(players, received, count, start_ms);
        if (minute == 2) {
            before = allocations(0);
        } else if (minute > 2) {
            int64_t after = allocations(before);
            if (after > before) {
                sim_fail("%lld allocations have become %lld in %u minutes", (long long)before,
                         (long long)after, minute);
            }
        }
    }
}

static void check_uptime(uint64_t start_ms) {
    int64_t least_s = (int64_t)(now_ms() - start_ms) / 1000;
    int64_t uptime_s = world_figure("uptime_s");
    CHECK(uptime_s >= least_s - 1);
    CHECK(uptime_s <= (int64_t)(now_ms() - start_ms + LATE_MS) / 1000);
}

SCENARIO(idle) {
    static client *players[PLAYERS];
    static uint32_t received[PLAYERS];
    sim_calls_succeed();
    with_rooms = sim_chance(SIM_WORLD, 2);
    sim_library_add("park", PORTICO_MODULE_SYMBOL, (void *)(uintptr_t)describe);
    world_build("park", "park");
    CHECK(world_start("workers = 2", "[module park]\n[listener main]\naddress = 127.0.0.1\n"
                                     "port = 7000\ntype = park.session\nidle_timeout_s = 0\n"));
    uint64_t start_ms = now_ms();
    uint32_t count = world_count("players", PLAYERS);
    for (uint32_t i = 0; i < count; i++) {
        players[i] = client_open(PORT);
        CHECK(players[i] != NULL);
    }
    bool day = getenv("PORTICO_SIM_DAY") != NULL;
    idle(world_count("minutes", day ? DAY_MINUTES : MINUTES), players, received, count, start_ms);
    check_uptime(start_ms);
    for (uint32_t i = 0; i < count; i++) {
        client_close(players[i], i % 3 == 0);
    }
    sim_faults_end();
    CHECK(world_ctl("unload park", NULL));
    if (!with_rooms) { /* a room's timer is there until its next minute, which takes long to await */
        counters_expect_timers(0);
    }
    witness_quiet();
    CHECK(world_stop() == 0);
    witness_end();
}
