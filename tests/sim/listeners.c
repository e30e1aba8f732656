/* Listeners whose address is taken at first, two on one port, one on a port that the system
 * chooses, two with small limits; and crowds that connect while handles are short, accepts fail
 * and the module is unloaded and loaded.
 *
 *   Nobody is served beyond max_sessions and max_per_address.
 *   A listener that cannot open is retried until it can. Of two that want one port, one has it.
 *   Port 0 stays what it became. The ready file names what listens.
 *   When the shortage is over, every listener serves again.
 *
 * Tolerates every kind of fault: a failed listen or accept is tried again, and a client that is
 * not served is not missed before the end. */
#include "os/sim/real.h"
#include "sim/counters.h"
#include "sim/echoes.h"
#include "sim/ledger.h"
#include "sim/player.h"
#include "sim/witness.h"
#include "sim/world.h"

#include "support/scenario.h"

#include <stdlib.h>
#include <string.h>

enum {
    CROWDS = 3,
    CONNECTS = 10,
    THOUSANDS = 40, /* times CONNECTS */
    KEPT = 6,
    STEPS = 6,
    PORT = 7000,
    FEW_PORT = 7001,
    FEW = 3,
    ALONE_PORT = 7002,
    ALONE = 2,
    ECHO = 1,
    PATIENCE_MS = 20000,
    BACK_MS = 600000
};

/* ---- the module -------------------------------------------------------------------------- */

typedef struct hall_state {
    uint32_t *of_service;
} hall_state;

static const witness_code code = {0, "hall", "hall"};
static uint32_t of_few;
static uint32_t of_alone;
static uint32_t of_others;

static portico_status on_open(portico_session session, void *state) {
    hall_state *s = state;
    portico_session_info info = {.struct_size = sizeof info};
    witness_entity *e = witness_open(&code, session.id, WITNESS_OWNER);
    CHECK(host->session_info(session, &info) == PORTICO_OK);
    CHECK(info.outgoing == 0);
    s->of_service = strcmp(info.service, "few") == 0     ? &of_few
                    : strcmp(info.service, "alone") == 0 ? &of_alone
                                                         : &of_others;
    ++*s->of_service;
    CHECK(of_few <= FEW && of_alone <= ALONE);
    witness_leave(e);
    return PORTICO_OK;
}

static void on_close(portico_session session, void *state, portico_status reason) {
    hall_state *s = state;
    witness_entity *e = witness_close(&code, session.id, WITNESS_OWNER, reason);
    --*s->of_service;
    witness_leave(e);
}

static void on_echo(portico_session session, void *state, const portico_packet *packet) {
    (void)state;
    echoes_answer(&code, session, packet);
}

static portico_status hall_start(void *state, uint32_t why) {
    (void)state;
    return echoes_start(&code, why);
}

static void hall_stop(void *state, uint32_t why) {
    (void)state;
    witness_stop(&code, why);
}

static const portico_opcode opcodes[] = {PORTICO_RAW(ECHO, 0, PORTICO_SIZE_ANY, on_echo)};

static const portico_session_type types[] = {{.name = "session",
                                              .state = PORTICO_STATE_OPAQUE(hall_state, 0),
                                              .on_open = on_open,
                                              .on_close = on_close,
                                              .opcodes = PORTICO_TABLE(opcodes)}};

static const portico_module hall = {.name = "hall",
                                    .version = "1",
                                    .session_types = PORTICO_TABLE(types),
                                    .start = hall_start,
                                    .stop = hall_stop};

/* ---- what the status says ---------------------------------------------------------------- */

typedef struct view {
    bool known;
    bool listens;
    uint16_t port;
    unsigned sessions;
} view;

static void look_at(const char *answer, const char *name, view *v) {
    char start[64];
    char address[OS_ADDRESS_TEXT];
    char state[16];
    unsigned most = 0;
    snprintf(start, sizeof start, "| listener %s ", name);
    const char *line = strstr(answer, start);
    CHECK(line != NULL);
    CHECK(sscanf(line + strlen(start), "%71s %15s sessions %u/%u", address, state, &v->sessions,
                 &most) == 4);
    CHECK(v->sessions <= most + CROWDS * 2); /* counted for a moment, then refused */
    const char *colon = strrchr(address, ':');
    v->port = colon != NULL ? (uint16_t)strtoul(colon + 1, NULL, 10) : 0;
    v->listens = strcmp(state, "listening") == 0;
    v->known = true;
}

static uint16_t free_port; /* what port 0 became; 0: not known yet */

/* Whether everything listens that can. */
static bool look(void) {
    static char answer[WORLD_ANSWER_BYTES];
    view main = {0};
    view wide = {0};
    view few = {0};
    view alone = {0};
    view chosen = {0};
    if (!world_ctl("status", answer)) {
        return false;
    }
    look_at(answer, "main", &main);
    look_at(answer, "wide", &wide);
    look_at(answer, "few", &few);
    look_at(answer, "alone", &alone);
    look_at(answer, "free", &chosen);
    CHECK(!main.listens || !wide.listens);
    if (chosen.listens) {
        CHECK(chosen.port != 0 && (free_port == 0 || free_port == chosen.port));
        free_port = chosen.port;
    }
    return (main.listens || wide.listens) && few.listens && alone.listens && chosen.listens;
}

/* The ready file names what listens, once the host has come to rest. */
static void check_ready_file(void) {
    static char text[WORLD_ANSWER_BYTES];
    char path[1024];
    char free_line[64];
    sim_figures figures;
    sim_look(&figures);
    world_path(path, sizeof path, "ready");
    FILE *file = real_fopen(path, "rb");
    CHECK(file != NULL);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    snprintf(free_line, sizeof free_line, "listener free 127.0.0.1:%u\n", free_port);
    bool main = strstr(text, "listener main ") != NULL;
    bool wide = strstr(text, "listener wide ") != NULL;
    bool whole = strstr(text, free_line) != NULL && strstr(text, "listener few ") != NULL &&
                 strstr(text, "listener alone ") != NULL && strstr(text, "admin ") != NULL &&
                 main != wide;
    uint64_t could_fail = figures.faults_of[SIM_FAULT_FILES] + figures.faults_of[SIM_FAULT_MEMORY] +
                          figures.faults_of[SIM_FAULT_HANDLES];
    if (!whole && could_fail == 0) {
        sim_fail("the ready file does not name what listens:\n%s", text);
    }
}

/* ---- the crowd --------------------------------------------------------------------------- */

static uint32_t crowds_left;
static uint32_t connects;

static uint16_t any_port(void) {
    static const uint16_t ports[] = {PORT, PORT, FEW_PORT, ALONE_PORT};
    uint64_t at = sim_random(SIM_WORLD, 5);
    return at < 4 ? ports[at] : free_port != 0 ? free_port : PORT;
}

static void visit(player **place) {
    if (*place == NULL) {
        *place = player_open(any_port());
        return;
    }
    if (player_send(*place, ECHO, WITNESS_PACKET_MIN, PATIENCE_MS) && sim_chance(SIM_WORLD, 2)) {
        player_wait(*place);
    }
    if (player_is_over(*place) || sim_chance(SIM_WORLD, 2)) {
        player_close(*place, (player_end)sim_random(SIM_WORLD, PLAYER_ENDS));
        *place = NULL;
    }
}

static void crowd_main(void *arg) {
    player *kept[KEPT] = {NULL};
    (void)arg;
    for (uint32_t i = 0; i < 2 * connects; i++) {
        visit(&kept[sim_random(SIM_WORLD, KEPT)]);
        if (sim_chance(SIM_WORLD, 3)) {
            os_sleep(world_random(200));
        }
    }
    for (int i = 0; i < KEPT; i++) {
        if (kept[i] != NULL) {
            player_close(kept[i], (player_end)sim_random(SIM_WORLD, PLAYER_ENDS));
        }
    }
    crowds_left--;
}

/* ---- the scenario ------------------------------------------------------------------------ */

/* Another program, which has the address of `main` and `wide`. */
typedef struct holder {
    os_port *port;
    os_socket *socket; /* NULL: the address is free */
} holder;

static void holder_take(holder *h) {
    static const os_listen_options options = {.backlog = 1};
    os_address at;
    CHECK(os_address_parse(sim_chance(SIM_WORLD, 2) ? "127.0.0.1" : "0.0.0.0", PORT, &at) ==
          PORTICO_OK);
    if (h->socket == NULL) {
        (void)os_listen(h->port, &at, &options, &h->socket); /* unless the host has it */
    }
}

static void holder_free(holder *h) {
    if (h->socket != NULL) {
        os_close(h->socket, false);
        h->socket = NULL;
    }
}

static void step(holder *h) {
    sim_figures now;
    switch (sim_random(SIM_WORLD, 5)) {
    case 0: holder_take(h); break;
    case 1: holder_free(h); break;
    case 2:
        sim_look(&now);
        sim_handles_limit((uint32_t)(now.handles + sim_random(SIM_WORLD, 4)));
        break;
    case 3: (void)world_ctl("unload hall", NULL); break;
    default: break;
    }
    os_sleep(world_random(4000));
    sim_handles_limit(0); /* the administrator needs some, too */
    (void)look();
    (void)world_ctl("load hall", NULL); /* an error if it is loaded, or if `main` cannot open */
}

/* Whether a new client is served. */
static bool serves(uint16_t port) {
    player *p = player_open(port);
    if (p == NULL) {
        return false;
    }
    (void)player_send(p, ECHO, WITNESS_PACKET_MIN, PATIENCE_MS);
    player_wait(p);
    bool served = !player_is_over(p);
    player_close(p, PLAYER_HALF_CLOSE);
    return served;
}

/* The shortage is over: all listeners open and serve. */
static void check_back(void) {
    uint64_t until_ms = os_monotonic_ms() + BACK_MS;
    sim_faults_end();
    (void)world_ctl("load hall", NULL);
    while (!look() || !serves(PORT) || !serves(FEW_PORT) || !serves(ALONE_PORT) ||
           !serves(free_port)) {
        if (os_monotonic_ms() > until_ms) {
            sim_fail("the listeners do not all serve %d ms after the shortage", BACK_MS);
        }
        os_sleep(1000);
    }
    check_ready_file();
}

static bool start(void) {
    (void)world_library("hall", &hall);
    world_build("hall", "hall");
    return world_start("workers = 3\nstop_timeout_ms = 600000",
                       "[module hall]\nload = no\n"
                       "[listener main]\naddress = 127.0.0.1\nport = 7000\ntype = hall.session\n"
                       "[listener wide]\naddress = 0.0.0.0\nport = 7000\ntype = hall.session\n"
                       "[listener few]\naddress = 127.0.0.1\nport = 7001\ntype = hall.session\n"
                       "max_sessions = 3\naccepts = 1\nlisten_backlog = 2\n"
                       "[listener alone]\naddress = 127.0.0.1\nport = 7002\ntype = hall.session\n"
                       "max_per_address = 2\naccepts = 2\n"
                       "[listener free]\naddress = 127.0.0.1\nport = 0\ntype = hall.session\n");
}

SCENARIO(listeners) {
    os_thread *threads[CROWDS] = {NULL};
    holder h = {0};
    bool runs = start();
    CHECK(os_port_create(&h.port) == PORTICO_OK);
    if (sim_chance(SIM_WORLD, 2)) {
        holder_take(&h);
    }
    (void)world_ctl("load hall", NULL);
    uint32_t crowds = runs ? world_count("crowds", CROWDS) : 0;
    connects = world_count("connects", CONNECTS * (sim_chance(SIM_WORLD, 64) ? THOUSANDS : 1));
    crowds_left = crowds;
    for (uint32_t i = 0; i < crowds; i++) {
        threads[i] = world_thread("crowd", crowd_main, NULL);
    }
    uint32_t steps = runs ? world_count("steps", STEPS) : 0;
    for (uint32_t i = 0; i < steps || crowds_left > 0; i++) {
        step(&h);
    }
    for (uint32_t i = 0; i < crowds; i++) {
        os_thread_join(threads[i]);
    }
    holder_free(&h);
    if (runs) {
        check_back();
        counters_expect_timers(0);
        witness_quiet();
    }
    os_port_destroy(h.port);
    int exit_code = world_stop();
    CHECK(exit_code == 0 || !runs);
    witness_end();
}
