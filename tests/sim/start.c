/* A start, three clients, a swap, a stop, or a stop while the host starts: short, so that
 * `test-sim nth start SEED KIND` can fail each of its fault points in turn, alone and with those
 * that follow.
 *
 *   A start is refused with exit code 1 and a reason in the log, or the host serves.
 *   A fault costs at most one client its connection.
 *   A swap that fails leaves the old generation serving, and succeeds when nothing fails any more.
 *   After the faults everything works for old clients and new ones, and the stop ends with code 0.
 *
 * Tolerates every kind of fault: that is what it is about. */
#include "os/sim/real.h"
#include "sim/echoes.h"
#include "sim/ledger.h"
#include "sim/player.h"
#include "sim/witness.h"
#include "sim/world.h"

#include "support/scenario.h"

#include <string.h>

enum { CLIENTS = 3, PORT = 7000, ECHO = 1, PATIENCE_MS = 600000, STOP_MS = 120000, TRIES = 10 };

/* ---- the module, in two builds ----------------------------------------------------------- */

typedef struct game_state {
    uint32_t packets;
} game_state;

static const witness_code codes[] = {{0, "game", "game 1"}, {0, "game", "game 2"}};

static void echo(const witness_code *code, portico_session session, game_state *state,
                 const portico_packet *packet) {
    witness_entity *e = witness_enter(code, session.id, "an opcode");
    witness_packet(e, packet);
    CHECK(++state->packets == e->packets); /* a swap keeps the state */
    (void)witness_send(e, session.id, ECHO, packet->size);
    witness_leave(e);
}

#define BUILD(n)                                                                                  \
    static portico_status on_open_##n(portico_session session, void *state) {                     \
        (void)state;                                                                              \
        witness_leave(witness_open(&codes[(n)-1], session.id, WITNESS_OWNER));                    \
        return PORTICO_OK;                                                                        \
    }                                                                                             \
    static void on_close_##n(portico_session session, void *state, portico_status reason) {       \
        (void)state;                                                                              \
        witness_leave(witness_close(&codes[(n)-1], session.id, WITNESS_OWNER, reason));           \
    }                                                                                             \
    static void on_echo_##n(portico_session session, void *state, const portico_packet *packet) { \
        echo(&codes[(n)-1], session, state, packet);                                              \
    }                                                                                             \
    static portico_status start_##n(void *state, uint32_t why) {                                  \
        (void)state;                                                                              \
        return echoes_start(&codes[(n)-1], why);                                                  \
    }                                                                                             \
    static void stop_##n(void *state, uint32_t why) {                                             \
        (void)state;                                                                              \
        witness_stop(&codes[(n)-1], why);                                                         \
    }                                                                                             \
    static const portico_opcode opcodes_##n[] = {                                                 \
        PORTICO_RAW(ECHO, 0, PORTICO_SIZE_ANY, on_echo_##n)};                                     \
    static const portico_session_type types_##n[] = {                                             \
        {.name = "session",                                                                       \
         .state = PORTICO_STATE_OPAQUE(game_state, 0),                                            \
         .on_open = on_open_##n,                                                                  \
         .on_close = on_close_##n,                                                                \
         .opcodes = PORTICO_TABLE(opcodes_##n)}};                                                 \
    static const portico_module game_##n = {.name = "game",                                       \
                                            .version = #n,                                        \
                                            .session_types = PORTICO_TABLE(types_##n),            \
                                            .start = start_##n,                                   \
                                            .stop = stop_##n};

BUILD(1)
BUILD(2)

/* ---- the scenario ------------------------------------------------------------------------ */

static uint64_t faults(void) {
    sim_figures figures;
    sim_look(&figures);
    return figures.faults;
}

/* Of the kinds that make the use of a file fail. */
static uint64_t file_faults(void) {
    sim_figures figures;
    sim_look(&figures);
    return figures.faults_of[SIM_FAULT_FILES] + figures.faults_of[SIM_FAULT_HANDLES] +
           figures.faults_of[SIM_FAULT_MEMORY];
}

static void count_name(void *arg, const char *name) {
    (void)name;
    ++*(uint32_t *)arg;
}

/* The host has deleted its copies of modules, so that the next start does not take it for one that
 * crashed. */
static void check_copies(void) {
    char path[1024];
    uint32_t left = 0;
    world_path(path, sizeof path, "run/copies");
    (void)os_folder_list(path, count_name, &left);
    CHECK(left == 0 || file_faults() > 0);
}

/* The log says why a start was refused, unless it could not be opened itself. One of several faults
 * may have struck the log, too. */
static void check_reason(void) {
    char path[1024];
    char line[4096];
    bool empty = true;
    bool reason = false;
    world_path(path, sizeof path, "host.log");
    FILE *file = real_fopen(path, "rb");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        empty = false;
        reason = reason || strstr(line, " error ") != NULL;
    }
    if (file != NULL) {
        fclose(file);
    }
    if (!empty && !reason && (faults() == 1 || file_faults() == 0)) {
        sim_fail("the start was refused, and the log does not say why");
    }
}

/* Whether a client is served. Its packet need not come back: the handler's send may have failed. */
static bool played(player *p) {
    (void)player_send(p, ECHO, WITNESS_PACKET_MIN, PATIENCE_MS);
    player_wait(p);
    return !player_is_over(p);
}

/* Sends a packet as each client that is connected, and closes those that no longer are. Returns how
 * many these were. */
static uint32_t play(player **players, uint32_t count) {
    uint32_t lost = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (players[i] != NULL && !played(players[i])) {
            player_close(players[i], PLAYER_CLOSE);
            players[i] = NULL;
            lost++;
        }
    }
    return lost;
}

static bool swap(const char *library) {
    world_build("game", library);
    witness_serves(0, NULL);
    bool swapped = world_ctl("swap game", NULL);
    /* Without an answer it is unknown: an earlier load may have come to its end only now. */
    witness_serves(0, swapped ? library : NULL);
    return swapped;
}

/* Everything works again. */
static void check_works(void) {
    static char answer[WORLD_ANSWER_BYTES];
    bool works = false;
    for (int i = 0; i < TRIES && !works; i++) {
        if (i > 0) {
            os_sleep(10000); /* a listener tries again after up to half a minute */
        }
        player *p = player_open(PORT);
        works = p != NULL && played(p);
        if (p != NULL) {
            player_close(p, PLAYER_HALF_CLOSE);
        }
    }
    CHECK(works);
    CHECK(world_ctl("status", answer));
    (void)swap("game 1"); /* an error if it serves already */
    CHECK(swap("game 2"));
}

static void serve(void) {
    player *players[CLIENTS] = {NULL};
    uint32_t clients = world_count("clients", CLIENTS);
    (void)world_ctl("load game", NULL); /* in case it was not */
    for (uint32_t i = 0; i < clients; i++) {
        players[i] = player_open(PORT);
        CHECK(players[i] != NULL || faults() > 0);
    }
    uint32_t lost = play(players, clients);
    CHECK(lost <= faults());
    bool swapped = swap("game 2");
    CHECK(swapped || faults() > 0);
    lost += play(players, clients);
    bool recovers = sim_chance(SIM_WORLD, 2); /* otherwise faults strike the stop, too */
    if (recovers) {
        sim_faults_end();
        CHECK(lost <= faults());
        (void)world_ctl("load game", NULL);
        check_works();
        CHECK(lost + play(players, clients) <= faults());
    }
    for (uint32_t i = 0; i < clients; i++) {
        if (players[i] != NULL) {
            player_close(players[i], (player_end)(i % PLAYER_ENDS));
        }
    }
    if (recovers) {
        witness_quiet();
    }
}

/* Sends the stop signal while the host starts, or a little later. */
static void stopper_main(void *arg) {
    (void)arg;
    for (uint64_t left = sim_random(SIM_WORLD, 300); left > 0; left--) {
        sim_yield();
    }
    sim_stop_signal();
}

/* A host that has been asked to stop ends soon. If the signal came before it listened to signals,
 * it serves. */
static void wait_for_end(void) {
    for (uint32_t waited_ms = 0; world_runs() && waited_ms < STOP_MS; waited_ms += 10) {
        os_sleep(10);
    }
}

static bool start(void) {
    (void)world_library("game 1", &game_1);
    (void)world_library("game 2", &game_2);
    world_build("game", "game 1");
    world_log("file = {dir}/host.log\nterminal = no");
    return world_start("workers = 2\nstop_timeout_ms = 600000",
                       "[module game]\n"
                       "[listener main]\naddress = 127.0.0.1\nport = 7000\ntype = game.session\n");
}

/* The stop comes while the host starts. */
static void start_and_stop(void) {
    os_thread *stopper = world_thread("stopper", stopper_main, NULL);
    (void)start();
    wait_for_end();
    CHECK(world_stop() == 0 || faults() > 0);
    os_thread_join(stopper); /* last: world_stop counts handles */
    witness_end();
    check_copies();
}

SCENARIO(start) {
    if (sim_chance(SIM_WORLD, 6)) {
        start_and_stop();
        return;
    }
    bool serves = start();
    if (serves) {
        serve();
    }
    int exit_code = world_stop();
    CHECK(exit_code == (serves ? 0 : 1));
    witness_end();
    check_copies();
    if (!serves) {
        check_reason();
    }
}
