/* Clients connect, send bursts, half-close, break off, stop reading and come again, against every
 * limit that the ini sets, while handlers send to and close their own and other sessions, broadcast
 * in a channel, and an administrator kicks some.
 *
 * All kinds of faults strike. */
#include "sim/counters.h"
#include "sim/echoes.h"
#include "sim/ended.h"
#include "sim/ledger.h"
#include "sim/player.h"
#include "sim/witness.h"
#include "sim/world.h"

#include "support/scenario.h"

#include <stdlib.h>
#include <string.h>

enum { CLIENTS = 6, ROUNDS = 3, PORT = 7000, LATEST = 32, SEND_PATIENCE_MS = 20000 };

/* The requests in packets. */
enum {
    ECHO = 1,
    FORWARD,
    CLOSE_SELF,
    CLOSE_OTHER,
    SLOW,
    FLOOD,
    LATER,
    SHOUT,
    OPCODES,
    UNKNOWN = 99
};

typedef struct game_state {
    uint64_t calls;
    uint64_t sum;
} game_state;

static const char everybody[] = "game.everybody"; /* a channel */
static const witness_code code = {0, "game", "game"};
static uint64_t latest[LATEST]; /* sessions that opened last; most have closed */
static uint32_t opened;
static bool refuses;

/* ---- the module --------------------------------------------------------------------------- */

static uint64_t another(void) {
    return latest[sim_random(SIM_WORLD, LATEST)];
}

static uint32_t size_of_answer(void) {
    return WITNESS_PACKET_MIN + world_random(200);
}

/* A handler has been called: the state has what earlier ones wrote. */
static void count_call(witness_entity *e, game_state *state) {
    witness_part *part = &e->parts[code.module];
    if (state->calls != part->counts || state->sum != part->sum) {
        sim_fail("the state of session %llu has lost values", (unsigned long long)e->id);
    }
    part->counts++;
    part->sum += sim_random(SIM_WORLD, 1000);
    sim_yield();
    state->calls = part->counts;
    state->sum = part->sum;
}

static portico_status on_open(portico_session session, void *state) {
    static const portico_status refusals[] = {PORTICO_E_REFUSED, PORTICO_E_LIMIT,
                                              PORTICO_E_NO_MEMORY, PORTICO_E_EOF};
    witness_entity *e = witness_open(&code, session.id, WITNESS_OWNER);
    count_call(e, state);
    latest[opened++ % LATEST] = session.id;
    if (!sim_chance(SIM_WORLD, 4)) {
        (void)host->channel_join(everybody, session);
    }
    if (sim_chance(SIM_WORLD, 3)) {
        (void)witness_send(e, session.id, ECHO, size_of_answer());
    }
    if (sim_chance(SIM_WORLD, 4)) {
        (void)witness_send(e, another(), FORWARD, size_of_answer());
    }
    if (sim_chance(SIM_WORLD, 20)) {
        (void)host->session_close(session, PORTICO_E_CLOSED);
    }
    bool refuse = refuses && sim_chance(SIM_WORLD, 6);
    witness_leave(e);
    return refuse ? refusals[sim_random(SIM_WORLD, 4)] : PORTICO_OK;
}

static void on_close(portico_session session, void *state, portico_status reason) {
    witness_entity *e = witness_close(&code, session.id, WITNESS_OWNER, reason);
    count_call(e, state);
    if (host->session_send(session, ECHO, NULL, 0) == PORTICO_OK) {
        sim_fail("session_send to %llu succeeds in its on_close", (unsigned long long)session.id);
    }
    if (sim_chance(SIM_WORLD, 4)) {
        (void)witness_send(e, another(), FORWARD, size_of_answer());
    }
    witness_leave(e);
}

static void on_watermark(portico_session session, void *state, uint32_t queued_bytes,
                         uint32_t above) {
    witness_entity *e = witness_enter(&code, session.id, "on_watermark");
    (void)queued_bytes;
    (void)above;
    count_call(e, state);
    witness_leave(e);
}

/* To all; now and then more frames than one send of the system takes. */
static void shout(witness_entity *e) {
    uint32_t most = sim_chance(SIM_WORLD, 6) ? 150 : 4;
    uint32_t count = 1 + world_random(most);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t size = WITNESS_PACKET_MIN + world_random(120);
        (void)witness_broadcast(e, everybody, SHOUT, size);
    }
}

static void on_message(portico_session session, void *state, const portico_message *message) {
    witness_entity *e = witness_enter(&code, session.id, "a message");
    CHECK(message->size == sizeof session && memcmp(message->data, &session, sizeof session) == 0);
    count_call(e, state);
    (void)witness_send(e, session.id, LATER, size_of_answer());
    if (sim_chance(SIM_WORLD, 4)) {
        shout(e);
    }
    witness_leave(e);
}

static void flood(witness_entity *e) {
    uint32_t count = 1 + world_random(20);
    uint64_t to = sim_chance(SIM_WORLD, 4) ? another() : e->id;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t size = WITNESS_PACKET_MIN + world_random(2000);
        (void)witness_send(e, to, FLOOD, size);
    }
}

static void close_one(uint64_t id) {
    static const portico_status reasons[] = {PORTICO_E_CLOSED, PORTICO_E_KICKED, PORTICO_E_REFUSED,
                                             PORTICO_E_FLOOD};
    (void)host->session_close((portico_session){id}, reasons[sim_random(SIM_WORLD, 4)]);
}

static void answer(witness_entity *e, portico_session session, uint16_t opcode) {
    portico_session_info info = {.struct_size = sizeof info};
    portico_entity itself = portico_session_entity(session);
    portico_entity nobody = {0};
    switch (opcode) {
    case FORWARD: (void)witness_send(e, another(), opcode, size_of_answer()); break;
    case CLOSE_SELF: close_one(e->id); break;
    case CLOSE_OTHER: close_one(another()); break;
    case SLOW: os_sleep(world_random(50)); break;
    case FLOOD: flood(e); break;
    case SHOUT: shout(e); break;
    case LATER:
        (void)host->post_after(itself, 1, &e->id, sizeof e->id, world_random(40), NULL);
        (void)host->post(sim_chance(SIM_WORLD, 2) ? itself : nobody, 1, &e->id, sizeof e->id);
        break;
    default: (void)host->session_info(session, &info);
    }
    ended_use();
    (void)witness_send(e, e->id, opcode, size_of_answer());
}

static void on_opcode(portico_session session, void *state, const portico_packet *packet) {
    witness_entity *e = witness_enter(&code, session.id, "an opcode");
    witness_packet(e, packet);
    count_call(e, state);
    answer(e, session, packet->opcode);
    witness_leave(e);
}

static portico_status game_start(void *state, uint32_t why) {
    (void)state;
    return echoes_start(&code, why);
}

static void game_stopping(void *state) {
    (void)state;
    witness_call(&code, "stopping");
}

static void game_stop(void *state, uint32_t why) {
    (void)state;
    witness_stop(&code, why);
}

#define ROW(opcode) PORTICO_RAW(opcode, 0, PORTICO_SIZE_ANY, on_opcode)
static const portico_opcode opcodes[] = {ROW(ECHO), ROW(FORWARD), ROW(CLOSE_SELF), ROW(CLOSE_OTHER),
                                         ROW(SLOW), ROW(FLOOD),   ROW(LATER),      ROW(SHOUT)};
#undef ROW

static const portico_session_message messages[] = {PORTICO_MESSAGE(1, on_message)};

static const portico_session_type types[] = {{.name = "session",
                                              .state = PORTICO_STATE_OPAQUE(game_state, 0),
                                              .on_open = on_open,
                                              .on_close = on_close,
                                              .on_watermark = on_watermark,
                                              .opcodes = PORTICO_TABLE(opcodes),
                                              .messages = PORTICO_TABLE(messages)}};

static const portico_module game = {.name = "game",
                                    .version = "1",
                                    .session_types = PORTICO_TABLE(types),
                                    .start = game_start,
                                    .stopping = game_stopping,
                                    .stop = game_stop};

/* ---- the clients -------------------------------------------------------------------------- */

static uint32_t rounds;

static uint16_t any_opcode(void) {
    return (uint16_t)(sim_chance(SIM_WORLD, 2) ? ECHO : 1 + sim_random(SIM_WORLD, OPCODES - 1));
}

/* Bytes that are no packets of the witness's. */
static void misbehave(player *p) {
    static const uint8_t unknown[] = {6, 0, UNKNOWN, 0, 1, 2};
    static const uint8_t unknown_u32[] = {10, 0, 0, 0, UNKNOWN, 0, 0, 0, 1, 2};
    static const uint8_t too_small[] = {3, 0, 0, 0};
    static const uint8_t too_large[] = {0xff, 0xff, 1, 0};
    static const uint8_t part[] = {20, 0, 0};
    if (players_use_u32 && sim_chance(SIM_WORLD, 4)) {
        (void)player_send_raw(p, unknown_u32, sizeof unknown_u32);
        (void)player_receive(p, world_random(20000));
        return;
    }
    switch (sim_random(SIM_WORLD, 4)) {
    case 0: (void)player_send_raw(p, unknown, sizeof unknown); break;
    case 1: (void)player_send_raw(p, too_small, sizeof too_small); break;
    case 2: (void)player_send_raw(p, too_large, sizeof too_large); break;
    default: (void)player_send_raw(p, part, sizeof part);
    }
    (void)player_receive(p, world_random(20000));
}

static void play(player *p) {
    uint32_t bursts = 1 + world_random(4);
    for (uint32_t i = 0; i < bursts && !player_is_over(p); i++) {
        uint32_t packets = 1 + world_random(8);
        for (uint32_t k = 0; k < packets; k++) {
            uint32_t size = WITNESS_PACKET_MIN + world_random(300);
            (void)player_send(p, any_opcode(), size, SEND_PATIENCE_MS);
        }
        switch (sim_random(SIM_WORLD, 8)) {
        case 0: break; /* does not read */
        case 1: os_sleep(world_random(12000)); break;
        case 2: (void)player_receive(p, world_random(100)); break;
        default: player_wait(p);
        }
    }
    if (sim_chance(SIM_WORLD, 10)) {
        misbehave(p);
    }
}

static void client_main(void) {
    for (uint32_t i = 0; i < rounds; i++) {
        os_sleep(world_random(500));
        player *p = player_open(PORT);
        if (p != NULL) {
            play(p);
            player_close(p, (player_end)sim_random(SIM_WORLD, PLAYER_ENDS));
        }
    }
}

/* Kicks one of the sessions that are open. */
static void administrate(void) {
    static char answer[WORLD_ANSWER_BYTES];
    char command[64];
    snprintf(command, sizeof command, "kick %llu", (unsigned long long)another());
    switch (sim_random(SIM_WORLD, 4)) {
    case 0: (void)world_ctl("sessions", answer); break;
    case 1:
        if (world_ctl("status", answer)) {
            witness_status(answer);
        }
        break;
    case 2: (void)world_ctl("top", answer); break;
    default: (void)world_ctl(command, answer);
    }
}

/* ---- the scenario ------------------------------------------------------------------------- */

/* Adds "key = one of the values". */
static void ini_choose(char *ini, size_t size, const char *key, const char *const *values) {
    uint32_t count = 0;
    while (values[count] != NULL) {
        count++;
    }
    size_t used = strlen(ini);
    snprintf(ini + used, size - used, "%s = %s\n", key, values[sim_random(SIM_WORLD, count)]);
}

#define CHOOSE(key, ...) ini_choose(ini, sizeof ini, key, (const char *const[]){__VA_ARGS__, NULL})

static bool start(void) {
    char host_keys[64];
    static char ini[2048];
    snprintf(host_keys, sizeof host_keys, "workers = %u\nstop_timeout_ms = 600000",
             1 + world_random(4));
    snprintf(ini, sizeof ini,
             "[module game]\n[listener main]\naddress = 127.0.0.1\nport = %d\n"
             "type = game.session\n",
             PORT);
    players_use_u32 = sim_chance(SIM_WORLD, 3);
    snprintf(ini + strlen(ini), sizeof ini - strlen(ini), "framing = %s\n",
             players_use_u32 ? "u32" : "u16");
    CHOOSE("max_sessions", "1", "3", "1000", "1000");
    CHOOSE("max_per_address", "0", "0", "2", "5");
    CHOOSE("frame_limit_bytes", "500", "4000", "65535", "65535");
    CHOOSE("send_limit_bytes", "64K", "64K", "1M");
    CHOOSE("backlog", "close", "drop");
    CHOOSE("unknown_opcode", "ignore", "close");
    CHOOSE("packets_per_second", "0", "0", "0", "10", "200");
    if (sim_chance(SIM_WORLD, 3)) {
        CHOOSE("over_rate", "slow");
        CHOOSE("byte_rate", "0", "2K", "100K");
        CHOOSE("fanout_rate", "0", "100", "10K");
    }
    CHOOSE("first_packet_ms", "0", "0", "500", "10000");
    CHOOSE("connect_rate", "0", "0", "0", "1");
    CHOOSE("connect_burst", "1", "20");
    CHOOSE("idle_timeout_s", "0", "1", "10", "300");
    CHOOSE("frame_timeout_s", "0", "1", "30");
    CHOOSE("close_timeout_ms", "0", "10", "2000", "60000");
    CHOOSE("accepts", "1", "2", "16");
    CHOOSE("listen_backlog", "1", "512");
    CHOOSE("no_delay", "yes", "no");
    CHOOSE("linger_s", "-1", "-1", "0", "1");
    (void)world_library("game", &game);
    world_build("game", "game");
    refuses = sim_chance(SIM_WORLD, 2);
    return world_start(host_keys, ini);
}

/* The faults have ended: the host serves a new client within an hour. */
static void recover(void) {
    bool served = false;
    refuses = false;
    for (uint32_t i = 0; i < 3600 && !served && world_runs(); i++) {
        if (i > 0) {
            (void)world_ctl("load game", NULL);
            os_sleep(1000);
        }
        player *p = player_open(PORT);
        if (p != NULL) {
            (void)player_send(p, ECHO, WITNESS_PACKET_MIN, SEND_PATIENCE_MS);
            player_wait(p);
            served = !player_is_over(p);
            player_close(p, PLAYER_HALF_CLOSE);
        }
    }
    CHECK(served || !world_runs());
}

static void administrate_later(void) {
    os_sleep(1 + world_random(1000));
    administrate();
}

SCENARIO(sessions) {
    bool serves = start();
    uint32_t clients = serves ? world_count("clients", CLIENTS) : 0;
    rounds = world_count("rounds", ROUNDS);
    world_play(clients, client_main, administrate_later);
    sim_faults_end();
    if (serves) {
        recover();
        counters_expect_timers(0);
        witness_quiet();
    }
    int code_of_exit = world_stop();
    CHECK(code_of_exit == (serves ? 0 : 1));
    witness_end();
}
