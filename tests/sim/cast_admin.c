/* cast_admin.c: the administrator and the clients of the cast. See cast.h. */
#include "sim/cast.h"
#include "sim/cast_state.h"
#include "sim/counters.h"
#include "sim/crash.h"
#include "sim/ended.h"
#include "sim/player.h"
#include "sim/witness.h"

#include <string.h>

enum {
    SEND_PATIENCE_MS = 20000,
    RECOVERY_TRIES = 3600,
    RECOVERY_STEP_MS = 1000,
    SLOWEST_MS = 1000,
    FROZEN_STOP_MS = 20000
};

static const char *const names[] = {"game", "ally", "bank"};
static bool all_modules;
static bool watched;

/* The builds of each module, as far as the administrator knows; NULL: unknown. */
static struct {
    const char *built;    /* in its file */
    const char *previous; /* a roll-back goes there */
} known[CAST_MODULES];

static char answer[WORLD_ANSWER_BYTES];

static const char *name_of(uint32_t module) {
    return module < CAST_MODULES ? names[module] : "";
}

static uint32_t module_count(void) {
    return all_modules ? CAST_MODULES : CAST_GAME + 1;
}

static uint32_t any_module(void) {
    return world_random(module_count());
}

/* ---- builds ------------------------------------------------------------------------------- */

/* "game 3": the text outlives the run's worlds. */
static const char *library_name(uint32_t module, uint32_t build) {
    static char libraries[CAST_MODULES][CAST_BUILDS][16];
    char *name = libraries[module][build];
    snprintf(name, sizeof libraries[0][0], "%s %u", name_of(module), build);
    return name;
}

static const char *write_build(uint32_t module, uint32_t build) {
    const char *library = library_name(module, build);
    world_build(name_of(module), library);
    known[module].built = library;
    return library;
}

static uint32_t any_build(void) {
    bool good = sim_chance(SIM_WORLD, 2);
    return good ? CAST_PLAIN + world_random(4)
                : CAST_PLAIN + world_random(CAST_BUILDS - CAST_PLAIN);
}

/* Whether a swap to it can succeed at all. */
static bool may_serve(uint32_t build) {
    return build != CAST_MALFORMED && build != CAST_START_FAILS && build != CAST_OTHER_ABI &&
           build != CAST_NO_LIBRARY;
}

/* ---- commands ----------------------------------------------------------------------------- */

static bool command(const char *words, uint32_t module) {
    char line[64];
    snprintf(line, sizeof line, "%s %s", words, name_of(module));
    return world_ctl(line, answer);
}

/* A swap or roll-back has been answered. */
static void swap_ended(uint32_t module, bool ok, const char *from, const char *to) {
    if (ok && strstr(answer, "nothing has changed") == NULL) {
        known[module].previous = from;
        witness_serves(module, to);
    } else if (!ok && world_answer_is_lost(answer)) {
        known[module].previous = NULL;
        witness_serves(module, NULL);
    } else {
        witness_serves(module, from);
    }
}

static bool swap(uint32_t module, uint32_t build, bool force) {
    const char *from = witness_serving(module);
    bool writes = force || sim_chance(SIM_WORLD, 8) == 0 || known[module].built == NULL;
    const char *to = writes ? write_build(module, build) : known[module].built;
    if (from != NULL && (!writes || may_serve(build))) {
        witness_swaps(module, to);
    }
    bool ok = command(force ? "swap --force" : "swap", module);
    if (ok && writes && !may_serve(build)) {
        sim_fail("the swap to '%s' has succeeded", to);
    }
    swap_ended(module, ok, from, to);
    return ok;
}

static void roll_back(uint32_t module) {
    const char *from = witness_serving(module);
    const char *to = known[module].previous;
    if (from != NULL && to != NULL) {
        witness_swaps(module, to);
    } else {
        witness_serves(module, NULL);
    }
    bool ok = command("rollback", module);
    swap_ended(module, ok, from, to);
}

static void thaw(uint32_t module) {
    witness_thaws(module, false);
    (void)command("thaw", module);
    witness_thaws(module, true);
}

static void swap_something(uint32_t module) {
    switch (sim_random(SIM_WORLD, 8)) {
    case 0:
        (void)write_build(module, any_build());
        (void)command("swap --plan", module);
        break;
    case 1: roll_back(module); break;
    case 2: (void)swap(module, any_build(), true); break;
    case 3: (void)world_ctl("modules", answer); break;
    case 4:
        if (watched) {
            (void)write_build(module, any_build());
            break;
        }
        /* fall through */
    default: (void)swap(module, any_build(), false);
    }
}

static void load_something(uint32_t module) {
    if (sim_chance(SIM_WORLD, 2)) {
        (void)command("unload", module);
    } else {
        (void)write_build(module, any_build());
        (void)command("load", module);
    }
    known[module].previous = NULL;
}

static void kick_somebody(void) {
    char line[64];
    uint64_t ended = ended_some(ENDED_SESSION);
    if (ended != 0 && sim_chance(SIM_WORLD, 2)) {
        snprintf(line, sizeof line, "kick %llu", (unsigned long long)ended);
        CHECK(!world_ctl(line, answer));
        return;
    }
    snprintf(line, sizeof line, "kick %llu", (unsigned long long)cast_any_session());
    switch (sim_random(SIM_WORLD, 3)) {
    case 0:
        world_look("sessions 3 -age", "session");
        world_look("rooms 3 members", "room");
        break;
    case 1:
        if (world_ctl("status", answer)) {
            witness_status(answer);
        }
        break;
    default: (void)world_ctl(line, answer);
    }
}

static void administrate(uint32_t commands) {
    uint32_t one = 1u << sim_random(SIM_WORLD, 3);
    if (crash_was() && sim_chance(SIM_WORLD, 4)) {
        thaw(any_module());
    }
    if (one & commands & CAST_SWAPS) {
        swap_something(any_module());
    } else if (one & commands & CAST_LOADS) {
        load_something(any_module());
    } else if (one & commands & CAST_KICKS) {
        kick_somebody();
    }
}

/* ---- the beginning ------------------------------------------------------------------------ */

void cast_begin(bool all) {
    all_modules = all;
    cast_add_libraries();
    for (uint32_t m = 0; m < module_count(); m++) {
        (void)write_build(m, CAST_PLAIN + world_random(4));
    }
}

bool cast_start(bool watch, uint32_t stop_timeout_ms) {
    static const char *const timeouts[] = {"20", "200", "2000"};
    char host_keys[128];
    uint32_t timeout = (uint32_t)sim_random(SIM_WORLD, 3);
    char ini[1024];
    if (timeout < 2) {
        sim_fault_rate(SIM_FAULT_STALL, 0); /* a start or stop that is late would be given up */
    }
    watched = watch;
    const char *contains = crash_policy();
    if (contains[0] != '\0' && stop_timeout_ms > FROZEN_STOP_MS) {
        stop_timeout_ms =
            FROZEN_STOP_MS; /* an unload waits for sessions that wait for another one */
    }
    if (watch || contains[0] != '\0') {
        witness_watches();
    }
    snprintf(host_keys, sizeof host_keys,
             "workers = %u\nstop_timeout_ms = %u\nblocking_threads = %u", 1 + world_random(4),
             stop_timeout_ms, 1 + world_random(2));
    snprintf(ini, sizeof ini,
             "swap_timeout_ms = %s\nswap_check = %s\nwatch = %s\n%s"
             "[module game]\n%s"
             "[listener main]\naddress = 127.0.0.1\nport = %d\ntype = game.session\n"
             "close_timeout_ms = 2000\n",
             timeouts[timeout], sim_chance(SIM_WORLD, 2) ? "yes" : "no", watch ? "yes" : "no",
             contains, all_modules ? "[module ally]\n[module bank]\n" : "", CAST_PORT);
    return world_start(host_keys, ini);
}

/* ---- clients ------------------------------------------------------------------------------ */

static uint16_t any_opcode(void) {
    return (uint16_t)(10 * any_module() + 1 + sim_random(SIM_WORLD, 7));
}

static void play_once(void) {
    player *p = player_open(CAST_PORT);
    if (p == NULL) {
        return;
    }
    uint32_t bursts = 1 + world_random(6);
    for (uint32_t i = 0; i < bursts && !player_is_over(p); i++) {
        uint32_t packets = 1 + world_random(6);
        for (uint32_t k = 0; k < packets; k++) {
            uint32_t size = WITNESS_PACKET_MIN + world_random(60);
            (void)player_send(p, any_opcode(), size, SEND_PATIENCE_MS);
        }
        if (sim_chance(SIM_WORLD, 4)) {
            os_sleep(world_random(200));
        } else {
            player_wait(p);
        }
    }
    player_close(p, (player_end)sim_random(SIM_WORLD, PLAYER_ENDS));
}

/* ---- the end ------------------------------------------------------------------------------ */

/* Lets a build that can take over from every other one serve. */
static bool bring_back(uint32_t module) {
    (void)write_build(module, CAST_WIDE);
    if (command("load", module)) {
        return true;
    }
    return swap(module, CAST_WIDE, true);
}

static bool serves_all(void) {
    player *p = player_open(CAST_PORT);
    if (p == NULL) {
        return false;
    }
    for (uint32_t m = 0; m < module_count(); m++) {
        (void)player_send(p, (uint16_t)(10 * m + 1), WITNESS_PACKET_MIN, SEND_PATIENCE_MS);
    }
    player_wait(p);
    bool served = !player_is_over(p);
    player_close(p, PLAYER_HALF_CLOSE);
    return served;
}

static bool repeat(bool (*succeeds)(uint32_t module), uint32_t module) {
    for (uint32_t i = 0; i < RECOVERY_TRIES && world_runs(); i++) {
        if (succeeds(module)) {
            return true;
        }
        os_sleep(RECOVERY_STEP_MS);
    }
    return !world_runs();
}

static bool is_served(uint32_t module) {
    (void)module;
    return serves_all();
}

static void recover(void) {
    cast_hurry();
    crash_rate(0);
    os_sleep(SLOWEST_MS);
    for (uint32_t m = 0; m < module_count(); m++) {
        if (!repeat(bring_back, m)) {
            sim_fail("module %s cannot be brought back within an hour: %s", name_of(m), answer);
        }
    }
    if (!repeat(is_served, 0)) {
        sim_fail("no new client is served within an hour");
    }
}

/* ---- the scenario ------------------------------------------------------------------------- */

static uint32_t rounds_each;
static uint32_t commands_given;

static void client_main(void) {
    for (uint32_t i = 0; i < rounds_each; i++) {
        os_sleep(world_random(200));
        play_once();
    }
}

static void administrate_later(void) {
    os_sleep(1 + world_random(60));
    administrate(commands_given);
}

void cast_run(uint32_t clients, uint32_t rounds, uint32_t commands) {
    uint32_t count = clients > 0 ? world_count("clients", clients) : 0;
    rounds_each = world_count("rounds", rounds);
    commands_given = commands;
    world_play(count, client_main, administrate_later);
}

void cast_end(bool serves) {
    sim_faults_end();
    if (serves) {
        recover();
        counters_expect_timers(cast_timers());
        witness_quiet();
    }
    int code = world_stop();
    CHECK(code == (serves ? 0 : 1));
    witness_end();
}
