/* Sessions create, join, leave and close rooms, move each other, and end at any moment, while the
 * module is swapped for a build with other states of rooms, unloaded and loaded, and perhaps the
 * host is stopped. rooms_book.h knows what may happen.
 *
 * All kinds of faults may strike. After the last one the host recovers: no message of
 * session_join is missing, the module can be swapped, and a new client is served.
 */
#include "os/compiler.h"
#include "sim/commander.h"
#include "sim/counters.h"
#include "sim/crash.h"
#include "sim/mail.h"
#include "sim/rooms_book.h"
#include "sim/rooms_module.h"
#include "sim/world.h"

#include "support/scenario.h"

enum { CLIENTS = 5, CONNECTIONS = 2, COMMANDS = 12, PORT = 7000 };
enum { STOP_CALLS = 5000 }; /* a run has some more */
enum { SETTLE_MS = 5000, STEP_MS = 20 };

static bool finish;           /* clients end their last connection */
static uint32_t clients_busy; /* those that play */
static bool stops;            /* the stop may come at any call */

/* ---- clients ------------------------------------------------------------------------------- */

typedef struct player {
    commander by;
    guest *g; /* NULL: not welcomed yet */
} player;

static void take(commander *by, uint16_t opcode, const uint64_t *data, int32_t size) {
    player *p = container_of(by, player, by);
    if (p->g == NULL) {
        CHECK(opcode == WELCOME && size == 2 * sizeof *data);
        p->g = guest_number((uint32_t)data[1]);
        CHECK(p->g != NULL);
    } else {
        CHECK(opcode == PACKET && size == sizeof *data);
    }
    mail_arrived(&p->g->mail, data[0]);
}

/* Ends the stream and reads what has been sent. */
static void part(player *p) {
    if (p->g != NULL) {
        p->g->ends = true;
    }
    if (commander_part(&p->by) == CLIENT_END && p->g != NULL) {
        mail_ended(&p->g->mail);
        while (!p->g->closed) {
            os_sleep(STEP_MS);
        }
        CHECK(p->g->reason != PORTICO_E_EOF || p->g->commands == p->by.commands);
    }
}

/* One connection. The last one of a client stays, and reads, until all have played. */
static void connect_and_play(bool last) {
    int32_t end = CLIENT_TIMEOUT;
    player p = {.by = {.c = client_open(PORT), .take = take}};
    if (p.by.c == NULL) {
        os_sleep(world_random(200));
        clients_busy -= last;
        return;
    }
    commander_play(&p.by, COMMAND, world_count("commands", COMMANDS));
    clients_busy -= last;
    if (last) {
        commander_stay(&p.by, &finish, &end);
    }
    while (p.g == NULL && !book_faults && commander_receive(&p.by, COMMANDER_PATIENCE_MS, &end)) {
        /* to know whose session is about to end */
    }
    if (world_random(3) != 0) {
        part(&p);
    } else if (p.g != NULL) {
        p.g->ends = true;
    }
    client_close(p.by.c, world_random(2) == 0);
}

static void client_main(void *arg) {
    uint32_t connections = world_count("connections", CONNECTIONS);
    (void)arg;
    for (uint32_t i = 1; i < connections; i++) {
        connect_and_play(false);
    }
    connect_and_play(true);
}

/* ---- the administrator --------------------------------------------------------------------- */

static void reload(void) {
    book_rooms_end = true;
    (void)world_ctl("unload rooms", NULL); /* closes rooms even if it then gives up */
    (void)world_ctl("load rooms", NULL);
    places_all_close();
    book_rooms_end = book_faults || stops; /* a load that failed closes rooms, too */
}

static void kick(void) {
    char command[64];
    guest *g = guest_number(world_random(guests_count() + 1));
    if (g != NULL) {
        g->ends = true;
        snprintf(command, sizeof command, "kick %llu", (unsigned long long)g->id);
        (void)world_ctl(command, NULL);
    }
}

static void administrate(void) {
    switch (world_random(10)) {
    case 0:
    case 1:
    case 2:
        world_build("rooms", world_random(2) == 0 ? "rooms 1" : "rooms 2");
        (void)world_ctl("swap rooms", NULL);
        break;
    case 3: (void)world_ctl("rollback rooms", NULL); break;
    case 4: kick(); break;
    case 5:
        if (crash_was()) {
            (void)world_ctl("thaw rooms", NULL);
        } else {
            world_look("rooms 3 -members", "room");
            world_look("sessions 3 -room", "session");
        }
        break;
    case 6:
        if (world_random(3) == 0) {
            reload();
        }
        break;
    default: break;
    }
}

/* Faults have ended: a new client joins a room and is told so. */
static void check_recovery(void) {
    int32_t end = 0;
    player p = {0};
    (void)world_ctl("load rooms", NULL);
    CHECK(world_ctl("swap --force rooms", NULL) || !world_runs());
    for (uint32_t i = 0; world_runs() && p.g == NULL; i++) {
        CHECK(i < 100);
        p = (player){.by = {.c = client_open(PORT), .take = take}};
        if (p.by.c != NULL && !commander_receive(&p.by, COMMANDER_PATIENCE_MS, &end)) {
            client_close(p.by.c, false);
            os_sleep(1000);
        } else if (p.by.c == NULL) {
            os_sleep(1000);
        }
    }
    if (p.g != NULL) {
        CHECK(client_send_frame(p.by.c, COMMAND, &p.by.commands, sizeof p.by.commands,
                                COMMANDER_PATIENCE_MS));
        CHECK(commander_receive(&p.by, COMMANDER_PATIENCE_MS, &end));
        client_close(p.by.c, false);
    }
}

/* Sessions that move while they are slowed. */
static const char slow[] = "over_rate = slow\npackets_per_second = 5\nbyte_rate = 2K\n";

SCENARIO(rooms) {
    static const char *const modules[] = {"rooms", NULL};
    os_thread *threads[CLIENTS] = {NULL};
    book_faults = world_random(3) != 0;
    if (!book_faults) {
        sim_calls_succeed();
    }
    (void)world_library("rooms 1", &rooms_1);
    (void)world_library("rooms 2", &rooms_2);
    world_build("rooms", "rooms 1");
    book_rooms_end = true; /* if the start fails */
    char ini[512];
    snprintf(ini, sizeof ini,
             "%s[module rooms]\n[listener main]\naddress = 127.0.0.1\nport = 7000\n"
             "type = rooms.session\n%s",
             crash_policy(), sim_chance(SIM_WORLD, 3) ? slow : "");
    bool serves = world_start("workers = 3", ini);
    book_rooms_end = !serves;
    uint32_t clients = serves ? world_count("clients", CLIENTS) : 0;
    bool early = world_random(4) == 0;
    bool any_call = world_random(2) == 0; /* the stop comes within a command, a swap ... */
    clients_busy = clients;
    for (uint32_t i = 0; i < clients; i++) {
        threads[i] = world_thread("client", client_main, NULL);
    }
    if (serves && early && any_call) {
        stops = true;
        book_rooms_end = true;
        world_stop_within(STOP_CALLS);
    }
    while (clients_busy > 0 && !(early && !any_call && world_random(20) == 0)) {
        administrate();
        os_sleep(world_random(50));
    }
    if (serves && early) {
        book_rooms_end = true;
        world_stop_now();
    }
    while (clients_busy > 0) {
        os_sleep(STEP_MS);
    }
    rooms_quiet = true;
    sim_faults_end();
    crash_end(modules);
    if (serves && !early) {
        os_sleep(SETTLE_MS);
        guests_settled();
    }
    finish = true;
    for (uint32_t i = 0; i < clients; i++) {
        os_thread_join(threads[i]);
    }
    if (serves && !early) {
        check_recovery();
    }
    book_rooms_end = true;
    if (serves && !early) {
        CHECK(world_ctl("unload rooms", NULL));
        counters_expect_timers(0); /* those of rooms and of the module have ended with them */
        counters_await_rest(NULL);
    }
    int code = world_stop();
    CHECK(code == 0 || !serves);
    CHECK(rooms_loads == 0);
    book_end();
}
