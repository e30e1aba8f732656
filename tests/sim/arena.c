/* The modules that come with Portico, arena and chat, as real libraries: bots play and talk while
 * both modules are swapped. (Authors of modules test theirs with sdk/testing.)
 *
 * All kinds of faults may strike, and either module may be unloaded. After the last fault both
 * games run. Some seeds are strict: without faults and unloads no tick may be missing, for a
 * simulated minute, or with the variable PORTICO_SIM_HOUR for an hour (test-sim arena 7293
 * calls_max=100000000 count.seconds=3600).
 */
#include "sim/bot.h"
#include "sim/ledger.h"
#include "sim/world.h"

#include "support/scenario.h"

#include <stdlib.h>

enum { PLAYERS = 4, TALKERS = 3, SECONDS = 6, MINUTE_S = 60, HOUR_S = 3600, STRICT = 40 };
enum { STEP_MS = 50, PAUSE_MAX_MS = 60000 };

static uint32_t bots_left;

static void player_main(void *arg) {
    (void)arg;
    while (!bots_end) {
        bot_play();
    }
    bots_left--;
}

static void talker_main(void *arg) {
    (void)arg;
    while (!bots_end) {
        bot_talk();
    }
    bots_left--;
}

/* The ini for both modules, from the folder of the build. */
static const char *ini(void) {
    static char text[4096];
    const char *folder = getenv("PORTICO_MODULES_DIR");
    folder = folder != NULL ? folder : PORTICO_SIM_MODULES;
    snprintf(text, sizeof text,
             "[module arena]\nfile = %s/arena%s\ntick_ms = %d\nmax_players = %d\n"
             "[module chat]\nfile = %s/chat%s\n"
             "[listener arena]\naddress = 127.0.0.1\nport = %d\ntype = arena.player\n"
             "[listener chat]\naddress = 127.0.0.1\nport = %d\ntype = chat.user\nframing = line\n",
             folder, os_library_suffix, BOT_TICK_MS, BOT_FIELD_PLAYERS, folder, os_library_suffix,
             BOT_ARENA_PORT, BOT_CHAT_PORT);
    return text;
}

static void administrate(void) {
    const char *name = world_random(2) == 0 ? "arena" : "chat";
    char command[64];
    switch (world_random(bots_strict ? 100 : 20)) {
    case 0:
    case 1: snprintf(command, sizeof command, "swap --force %s", name); break;
    case 2: snprintf(command, sizeof command, "rollback %s", name); break;
    case 3:
        if (bots_strict) {
            return;
        }
        snprintf(command, sizeof command, "unload %s", name);
        (void)world_ctl(command, NULL);
        snprintf(command, sizeof command, "load %s", name);
        break;
    default: return;
    }
    (void)world_ctl(command, NULL);
}

/* Waits until the bots have received more, at most for the longest pause of a listener. */
static void wait_for_more(const uint64_t *received) {
    uint64_t before = *received;
    for (uint32_t waited_ms = 0; *received == before; waited_ms += STEP_MS) {
        CHECK(waited_ms < PAUSE_MAX_MS);
        os_sleep(STEP_MS);
    }
}

/* Faults have ended: both modules can be loaded, and both games run. */
static void recover(void) {
    (void)world_ctl("load arena", NULL);
    (void)world_ctl("load chat", NULL);
    if (world_count("players", PLAYERS) > 0) {
        wait_for_more(&bots_snapshots);
    }
    if (world_count("talkers", TALKERS) > 0) {
        wait_for_more(&bots_lines);
    }
}

SCENARIO(arena) {
    os_thread *threads[PLAYERS + TALKERS] = {NULL};
    ledger_is_partial();
    bool hour = getenv("PORTICO_SIM_HOUR") != NULL;
    bots_strict = world_random(STRICT) == 0 || hour;
    bots_timed = hour;
    uint32_t usual = hour ? HOUR_S : bots_strict ? MINUTE_S : 1 + world_random(SECONDS);
    uint32_t seconds = world_count("seconds", usual);
    sim_faults_pause(bots_strict);
    bool serves = world_start("workers = 2", ini());
    uint32_t players = serves ? world_count("players", PLAYERS) : 0;
    uint32_t count = serves ? players + world_count("talkers", TALKERS) : 0;
    bots_left = count;
    for (uint32_t i = 0; i < count; i++) {
        threads[i] = world_thread("bot", i < players ? player_main : talker_main, NULL);
    }
    for (uint32_t i = 0; serves && i < seconds * 1000 / STEP_MS; i++) {
        os_sleep(STEP_MS);
        administrate();
    }
    bool early = world_random(4) == 0;
    if (serves && early) {
        (void)world_signal_stop();
    }
    sim_faults_end();
    if (serves && !early) {
        recover();
    }
    bots_end = true;
    for (uint32_t i = 0; i < count; i++) {
        os_thread_join(threads[i]);
    }
    int code = world_stop();
    CHECK(code == 0 || !serves);
}
