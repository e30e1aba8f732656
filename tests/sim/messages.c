/* Sessions, rooms and two modules post to each other, ask and reply, start and cancel timers, run
 * jobs, and send to channels, while sessions move and end, one module is swapped and rolled back,
 * and the other one is unloaded and loaded, and perhaps the host is stopped. post.h and asks.h know
 * what must arrive.
 *
 * All kinds of faults may strike. One build has states of another shape, which the host converts.
 * After the last fault everything arrives that was posted to anybody who is still there.
 */
#include "os/compiler.h"
#include "sim/asks.h"
#include "sim/commander.h"
#include "sim/counters.h"
#include "sim/crash.h"
#include "sim/messages_module.h"
#include "sim/post.h"
#include "sim/world.h"

#include "support/scenario.h"

enum { CLIENTS = 4, COMMANDS = 10, LETTERS = 250, PORT = 7000 };
enum { STOP_CALLS = 5000 }; /* a run has some more */
enum { SETTLE_MS = 3000, STEP_MS = 20, FLOODS = 300 };

static bool finish;           /* clients end */
static uint32_t clients_busy; /* those that play */

/* ---- clients ------------------------------------------------------------------------------- */

typedef struct player {
    commander by;
    visitor *who; /* NULL: not welcomed yet */
} player;

static void take(commander *by, uint16_t opcode, const uint64_t *data, int32_t size) {
    player *p = container_of(by, player, by);
    CHECK(size == sizeof *data && opcode == (p->who == NULL ? WELCOME : PACKET));
    if (p->who == NULL) {
        p->who = messages_visitor((uint32_t)*data);
    } else {
        mail_arrived(&p->who->mail, *data);
    }
}

/* Ends the stream and reads what has been sent. */
static void part(player *p) {
    if (commander_part(&p->by) == CLIENT_END && p->who != NULL) {
        mail_ended(&p->who->mail);
        while (p->who->reason == 0) {
            os_sleep(STEP_MS);
        }
        CHECK(p->who->reason != PORTICO_E_EOF || p->who->commands == p->by.commands);
    }
}

static void client_main(void *arg) {
    int32_t end = CLIENT_TIMEOUT;
    bool stays = world_random(3) != 0;
    player p = {.by = {.c = client_open(PORT), .take = take}};
    (void)arg;
    if (p.by.c == NULL) {
        clients_busy--;
        return;
    }
    commander_play(&p.by, COMMAND, world_count("commands", COMMANDS));
    clients_busy--;
    if (stays) {
        commander_stay(&p.by, &finish, &end);
    }
    if (world_random(3) != 0) {
        part(&p);
    }
    client_close(p.by.c, world_random(2) == 0);
}

/* ---- the administrator --------------------------------------------------------------------- */

static void administrate(void) {
    static const char *const builds[] = {"messages 1", "messages 2", "messages 3"};
    switch (world_random(12)) {
    case 0:
    case 1:
    case 2:
    case 3:
        world_build("messages", builds[world_random(3)]);
        (void)world_ctl("swap messages", NULL);
        break;
    case 4:
    case 5: (void)world_ctl("rollback messages", NULL); break;
    case 6:
        (void)world_ctl("unload second", NULL);
        os_sleep(world_random(30));
        (void)world_ctl("load second", NULL);
        break;
    case 7:
        if (world_random(4) == 0) {
            (void)world_ctl("unload messages", NULL);
            (void)world_ctl("load messages", NULL);
        }
        break;
    case 8: (void)world_ctl("status", NULL); break;
    case 9:
        if (crash_was()) {
            (void)world_ctl(world_random(2) == 0 ? "thaw messages" : "thaw second", NULL);
        }
        break;
    default: break;
    }
}

SCENARIO(messages) {
    static const char *const modules[] = {"messages", "second", NULL};
    char ini[512];
    os_thread *threads[CLIENTS] = {NULL};
    post_faults = world_random(3) != 0;
    if (!post_faults) {
        sim_calls_succeed();
    }
    messages_libraries();
    messages_budget = world_count("letters", LETTERS);
    messages_flood = world_random(FLOODS) < world_count("flood", 1);
    world_build("messages", "messages 1");
    world_build("second", "second 1");
    snprintf(ini, sizeof ini,
             "%s[module messages]\n[module second]\n[listener main]\n"
             "address = 127.0.0.1\nport = 7000\ntype = messages.session\n",
             crash_policy());
    bool serves = world_start("workers = 3\nblocking_threads = 2\nblocking_queue = 4", ini);
    uint32_t clients = serves ? world_count("clients", CLIENTS) : 0;
    bool early = world_random(4) == 0;
    bool any_call = world_random(2) == 0; /* the stop comes within a command, a swap ... */
    clients_busy = clients;
    for (uint32_t i = 0; i < clients; i++) {
        threads[i] = world_thread("client", client_main, NULL);
    }
    if (serves && early && any_call) {
        world_stop_within(STOP_CALLS);
    }
    while (clients_busy > 0 && !(early && !any_call && world_random(20) == 0)) {
        administrate();
        os_sleep(world_random(60));
    }
    if (serves && early) {
        world_stop_now();
    }
    while (clients_busy > 0) {
        os_sleep(STEP_MS);
    }
    messages_budget = 0;
    sim_faults_end();
    crash_end(modules);
    if (serves && !early) {
        os_sleep(SETTLE_MS);
        post_settled(SETTLE_MS / 2);
        asks_settled(SETTLE_MS / 2);
        (void)world_ctl("load messages", NULL);
        CHECK(world_ctl("swap --force messages", NULL));
    }
    finish = true;
    for (uint32_t i = 0; i < clients; i++) {
        os_thread_join(threads[i]);
    }
    if (serves && !early) {
        CHECK(world_ctl("unload messages", NULL));
        (void)world_ctl("unload second", NULL);
        counters_expect_timers(0); /* all have ended with their entities or their module */
        counters_await_rest(NULL);
    }
    int code = world_stop();
    CHECK(code == 0 || !serves);
    post_closed();
}
