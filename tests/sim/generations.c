/* Swaps, as players see them, in situations that chance seldom brings about: each seed arranges all
 * of them, in an order of its own.
 *
 *   waits for settle    a second swap, while a turn has not ended since before the first
 *   a late arrival      a session that the new build cannot take over comes after the plan
 *   given up, followed  a session has followed a build whose `start` then fails
 *   given up, queued    a room has messages waiting while two swaps are given up
 *   under load          sessions always have packets waiting, and some handler always runs
 *   back and forth      roll-backs and swaps that fail follow each other without a pause
 *
 * Only what should fail does. The only faults are needless wakes, jumps of the wall clock and, in
 * the last situation, stalls. */
#include "sim/client.h"
#include "sim/generations_module.h"
#include "sim/ledger.h"
#include "sim/world.h"

#include "support/scenario.h"

#include <string.h>

enum { PORT = 7000, RARE_PORT = 7001, PATIENCE_MS = 600000, STEP_MS = 1 };
enum { CLOSE_MS = 1000, STAY_MS = 500, POSTS = 3, BUSY = 4, WORKS = 120, STORM = 12 };

static char answer[WORLD_ANSWER_BYTES];

/* ---- commands ----------------------------------------------------------------------------- */

/* Swaps to a build. True: it serves. */
static bool swap_to(const char *library) {
    world_build("land", library);
    return world_ctl("swap land", answer);
}

static void expect_swap(const char *library) {
    if (!swap_to(library)) {
        sim_fail("a swap to %s fails: %s", library, answer);
    }
}

/* The build does not serve, so nothing needs its library for long. */
static void wait_until_closed(const char *library) {
    for (uint32_t waited_ms = 0; sim_library_open_count(library) > 0; waited_ms += STEP_MS) {
        CHECK(waited_ms < CLOSE_MS);
        os_sleep(STEP_MS);
    }
}

/* The build with the failing `start` does not replace the one that serves, and is gone. */
static void expect_given_up(void) {
    CHECK(!swap_to(LAND_FAILS));
    if (strstr(answer, "its start failed") == NULL) {
        sim_fail("a swap that `start` should refuse: %s", answer);
    }
    wait_until_closed(LAND_FAILS);
}

static void wait_for(const uint32_t *count, uint32_t reached) {
    for (uint32_t waited_ms = 0; *count < reached; waited_ms += STEP_MS) {
        CHECK(waited_ms < PATIENCE_MS);
        os_sleep(STEP_MS);
    }
}

/* ---- clients ------------------------------------------------------------------------------ */

static client *open_client(uint16_t port) {
    client *c = client_open(port);
    CHECK(c != NULL);
    return c;
}

static void send(client *c, uint16_t opcode) {
    CHECK(client_send_frame(c, opcode, NULL, 0, PATIENCE_MS));
}

static land_answer receive(client *c, uint16_t of) {
    land_answer got = {0};
    uint16_t opcode = 0;
    CHECK(client_recv_frame(c, &opcode, &got, sizeof got, PATIENCE_MS) == sizeof got);
    CHECK(opcode == of);
    return got;
}

static land_answer ask(client *c) {
    send(c, LAND_ASK);
    return receive(c, LAND_ASK);
}

/* ---- waits for settle --------------------------------------------------------------------- */

/* The player's state passes through every generation, even the one that served only while its turn
 * was held up: a field that is missing there begins anew. */
static void waits_for_settle(void) {
    expect_swap(LAND_EXTRA);
    client *c = open_client(PORT);
    (void)ask(c);
    CHECK(ask(c).extra == LAND_EXTRA_SET);
    guide_stay_ms = STAY_MS;
    send(c, GUIDE_STAY);
    wait_for(&guide_inside, 1);
    expect_swap(LAND_PLAIN);
    expect_swap(LAND_EXTRA);
    (void)receive(c, GUIDE_STAY);
    guide_stay_ms = 0;
    land_answer got = ask(c);
    CHECK(got.calls == 3 && got.extra == 0);
    client_close(c, false);
}

/* ---- a late arrival ----------------------------------------------------------------------- */

static void arrive_main(void *arg) {
    client **c = arg;
    while (!guide_asked) {
        os_sleep(STEP_MS);
    }
    *c = open_client(RARE_PORT);
    send(*c, LAND_ASK);
    CHECK(receive(*c, LAND_ASK).calls == 1);
}

/* The guide lets the session in while it is asked whether the swap may be. */
static void late_arrival(void) {
    client *c = NULL;
    expect_swap(LAND_EXTRA);
    guide_asked = false;
    guide_meddles = true;
    os_thread *thread = world_thread("client", arrive_main, &c);
    CHECK(!swap_to(LAND_NARROW));
    guide_meddles = false;
    os_thread_join(thread);
    wait_until_closed(LAND_NARROW);
    send(c, LAND_ASK);
    CHECK(receive(c, LAND_ASK).calls == 2);
    client_close(c, false);
}

/* ---- given up, followed ------------------------------------------------------------------- */

static void follow_main(void *arg) {
    client *c = arg;
    while (!land_starting) {
        os_sleep(STEP_MS);
    }
    send(c, GUIDE_STAY);
    (void)receive(c, GUIDE_STAY);
    land_start_waits = false;
}

/* The session sees the types of the build while its `start` runs, then rests. It lets go of the
 * build, which is then closed. */
static void given_up_followed(void) {
    expect_swap(LAND_EXTRA);
    client *c = open_client(PORT);
    (void)ask(c);
    land_start_waits = true;
    os_thread *thread = world_thread("client", follow_main, c);
    expect_given_up();
    os_thread_join(thread);
    CHECK(ask(c).extra == LAND_EXTRA_SET);
    client_close(c, false);
}

/* ---- given up, queued --------------------------------------------------------------------- */

static void post_to_room(uint32_t *posted) {
    portico_entity room = portico_room_entity(land_rooms[0]);
    for (uint32_t i = 0; i < POSTS; i++) {
        ++*posted;
        CHECK(world_host->post(room, LAND_MESSAGE, posted, sizeof *posted) == PORTICO_OK);
    }
}

/* A member is in a handler, so the room can only queue what comes. */
static void given_up_queued(void) {
    uint32_t posted = 0;
    expect_swap(LAND_EXTRA);
    client *c = open_client(PORT);
    (void)ask(c);
    land_joins = 0;
    CHECK(world_host->session_join(land_player, land_rooms[0], 0) == PORTICO_OK);
    wait_for(&land_joins, 1);
    guide_stays = true;
    send(c, GUIDE_STAY);
    wait_for(&guide_inside, 1);
    land_messages = 0;
    post_to_room(&posted);
    expect_given_up();
    post_to_room(&posted);
    expect_given_up();
    post_to_room(&posted);
    guide_stays = false;
    (void)receive(c, GUIDE_STAY);
    wait_for(&land_messages, posted);
    client_close(c, false);
}

/* ---- under load --------------------------------------------------------------------------- */

static void work_main(void *arg) {
    client *c = open_client(PORT);
    (void)arg;
    for (uint32_t i = 0; i < WORKS; i++) {
        send(c, LAND_WORK);
    }
    CHECK(ask(c).calls == 1);
    client_close(c, false);
}

/* Callers make way for a swap after the packet that they handle. */
static void under_load(void) {
    os_thread *threads[BUSY] = {NULL};
    expect_swap(LAND_EXTRA);
    land_works = 0;
    for (uint32_t i = 0; i < BUSY; i++) {
        threads[i] = world_thread("client", work_main, NULL);
    }
    wait_for(&land_works, BUSY * WORKS / 10);
    expect_swap(LAND_PLAIN);
    land_hurries = true;
    for (uint32_t i = 0; i < BUSY; i++) {
        os_thread_join(threads[i]);
    }
    land_hurries = false;
    CHECK(land_works == BUSY * WORKS);
}

/* ---- back and forth ----------------------------------------------------------------------- */

/* While threads stall, a turn may take longer than a swap waits, and a command than its connection
 * lasts. */
static void storm_command(const char *command, char *said, const char *refusal) {
    bool ok = world_ctl(command, said);
    bool expected = refusal == NULL ? ok : !ok && strstr(said, refusal) != NULL;
    bool late = strstr(said, "turns have not ended") != NULL || world_answer_is_lost(said) ||
                said[0] == '\0'; /* it ended before the command was sent */
    if (!expected && (ok || !late)) {
        sim_fail("%s: %s", command, ok ? "ok" : said);
    }
}

static void fail_main(void *arg) {
    static char said[WORLD_ANSWER_BYTES];
    const char *command = arg;
    for (uint32_t i = 0; i < STORM; i++) {
        storm_command(command, said, "its start failed");
    }
}

/* Each room follows every swap, whatever its turn is doing when the swap ends. Workers stall, so
 * that a turn may last for a whole swap; the control thread does not (dependency_swaps). */
static void back_and_forth(void) {
    char path[1024];
    char command[1100];
    expect_swap(LAND_PLAIN);
    expect_swap(LAND_EXTRA);
    world_build("fails", LAND_FAILS);
    world_path(path, sizeof path, "fails");
    snprintf(command, sizeof command, "swap land %s%s", path, os_library_suffix);
    sim_fault_rate(SIM_FAULT_STALL, 5 + world_random(40));
    os_thread *thread = world_random(2) == 0 ? world_thread("admin", fail_main, command) : NULL;
    for (uint32_t i = 0; i < STORM; i++) {
        storm_command("rollback land", answer, NULL);
    }
    if (thread != NULL) {
        os_thread_join(thread);
    }
    sim_fault_rate(SIM_FAULT_STALL, 0);
    if (!world_ctl("rollback land", answer)) {
        sim_fail("a roll-back that nothing prevents: %s", answer);
    }
}

/* ---- the scenario ------------------------------------------------------------------------- */

static void act_all(void) {
    static void (*acts[])(void) = {waits_for_settle, late_arrival, given_up_followed,
                                   given_up_queued,  under_load,   back_and_forth};
    for (size_t left = sizeof acts / sizeof acts[0]; left > 0; left--) {
        uint32_t next = world_random(left);
        acts[next]();
        acts[next] = acts[left - 1];
    }
}

SCENARIO(generations) {
    ledger_is_partial();
    sim_calls_succeed();
    sim_fault_rate(SIM_FAULT_STALL, 0);
    generations_add_libraries();
    world_build("land", LAND_EXTRA);
    world_build("guide", GUIDE);
    CHECK(world_start("workers = 6", "swap_timeout_ms = 1500\n[module land]\n[module guide]\n"
                                     "[listener main]\naddress = 127.0.0.1\nport = 7000\n"
                                     "type = land.player\n"
                                     "[listener rare]\naddress = 127.0.0.1\nport = 7001\n"
                                     "type = land.rare\n"));
    act_all();
    CHECK(world_stop() == 0);
}
