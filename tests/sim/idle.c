/* A hundred players idle, sometimes in rooms that send them a packet every minute.
 *
 *   Nothing is closed and no memory grows.
 *   Every minute has one tick in each room, and every member receives all of them in order.
 *   The clocks agree: the host's uptime is the time that has been simulated.
 *
 * Three minutes; with PORTICO_SIM_DAY=1 in the environment and calls_max=100000000, a day.
 * Tolerates stalls and waits that end for no reason. No other fault strikes: it could close
 * sessions. */
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
    THREADS =
        3, /* that run handlers: each keeps room for copies of states from its first call on */
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
static portico_room rooms[ROOMS];
static uint32_t ticks[ROOMS];
static bool with_rooms;
static uint32_t opened;
static uint32_t closed;

static portico_status on_open(portico_session session, void *state) {
    (void)state;
    witness_entity *e = witness_open(&code, session.id, WITNESS_OWNER);
    if (with_rooms) {
        CHECK(host->session_join(session, rooms[opened % ROOMS], 0) == PORTICO_OK);
    }
    opened++;
    witness_leave(e);
    return PORTICO_OK;
}

static void on_close(portico_session session, void *state, portico_status reason) {
    (void)state;
    closed++;
    witness_leave(witness_close(&code, session.id, WITNESS_OWNER, reason));
}

static portico_status on_room_open(portico_room room, void *state, const void *data,
                                   uint32_t size) {
    (void)state, (void)data;
    CHECK(size == 0);
    witness_leave(witness_open(&code, room.id, WITNESS_ROOM));
    return PORTICO_OK;
}

static void on_room_close(portico_room room, void *state, portico_status reason) {
    (void)state;
    witness_leave(witness_close(&code, room.id, WITNESS_ROOM, reason));
}

static portico_status on_join(portico_room room, void *state, portico_session session) {
    (void)state;
    witness_entity *e = witness_join(&code, room.id, session.id);
    sim_yield();
    witness_joined(e, session.id, PORTICO_OK);
    witness_leave(e);
    return PORTICO_OK;
}

static void on_leave(portico_room room, void *state, portico_session session,
                     portico_status reason) {
    (void)state;
    witness_entity *e = witness_leave_room(&code, room.id, session.id);
    CHECK(reason != PORTICO_OK); /* nobody leaves before the end */
    witness_leave(e);
}

static void on_tick(portico_room room, void *state, const portico_message *message) {
    park_state *s = state;
    witness_entity *e = witness_enter(&code, room.id, "a tick");
    CHECK(message->missed == 0);
    s->ticks++;
    for (int i = 0; i < ROOMS; i++) {
        if (rooms[i].id == room.id) {
            ticks[i] = s->ticks;
        }
    }
    (void)host->room_send(room, TICK, &s->ticks, sizeof s->ticks, (portico_session){0});
    witness_leave(e);
}

static portico_status park_start(void *state, uint32_t why) {
    (void)state;
    witness_start(&code, why);
    for (int i = 0; i < ROOMS && with_rooms; i++) {
        char name[16];
        snprintf(name, sizeof name, "%d", i);
        CHECK(host->room_create("park.lawn", name, NULL, 0, &rooms[i]) == PORTICO_OK);
        CHECK(host->post_every(portico_room_entity(rooms[i]), TICK, NULL, 0, MINUTE_MS, NULL) ==
              PORTICO_OK);
    }
    witness_started(&code, why, PORTICO_OK);
    return PORTICO_OK;
}

static void park_stop(void *state, uint32_t why) {
    (void)state;
    witness_stop(&code, why);
}

static const portico_session_type session_types[] = {
    {.name = "session", .on_open = on_open, .on_close = on_close}};

static const portico_room_message messages[] = {PORTICO_MESSAGE(TICK, on_tick)};

static const portico_room_type room_types[] = {{.name = "lawn",
                                                .state = PORTICO_STATE_OPAQUE(park_state, 0),
                                                .on_open = on_room_open,
                                                .on_join = on_join,
                                                .on_leave = on_leave,
                                                .on_close = on_room_close,
                                                .messages = PORTICO_TABLE(messages)}};

static const portico_module park = {.name = "park",
                                    .version = "1",
                                    .session_types = PORTICO_TABLE(session_types),
                                    .room_types = PORTICO_TABLE(room_types),
                                    .start = park_start,
                                    .stop = park_stop};

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
            int64_t after = allocations(before + THREADS);
            if (after > before + THREADS) {
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
    (void)world_library("park", &park);
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
