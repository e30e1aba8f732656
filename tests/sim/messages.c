/* Sessions, rooms and two modules post to each other, start and cancel timers, run jobs, and send
 * to channels, while sessions move and end, one module is swapped and rolled back, and the other
 * one is unloaded and loaded, and perhaps the host is stopped. post.h knows what must arrive.
 *
 * All kinds of faults may strike. One build has states of another shape, which the host converts.
 * After the last fault everything arrives that was posted to anybody who is still there.
 */
#include "sim/client.h"
#include "sim/messages_module.h"
#include "sim/post.h"
#include "sim/world.h"

#include "support/scenario.h"

enum { CLIENTS = 4, COMMANDS = 10, LETTERS = 250, PORT = 7000 };
enum { PATIENCE_MS = 3600000, SETTLE_MS = 3000, STEP_MS = 20, FLOODS = 300 };

static bool finish;           /* clients end */
static uint32_t clients_busy; /* those that play */

/* ---- clients ------------------------------------------------------------------------------- */

typedef struct player {
    client *c;
    visitor *who; /* NULL: not welcomed yet */
    uint32_t commands;
} player;

/* Receives a packet. False: none has come in time, or the stream has ended: *end says how. */
static bool receive(player *p, uint32_t timeout_ms, int32_t *end) {
    uint64_t number = 0;
    uint16_t opcode = 0;
    *end = client_recv_frame(p->c, &opcode, &number, sizeof number, timeout_ms);
    if (*end < 0) {
        return false;
    }
    CHECK(*end == sizeof number && opcode == (p->who == NULL ? WELCOME : PACKET));
    if (p->who == NULL) {
        p->who = messages_visitor((uint32_t)number);
    } else {
        mail_arrived(&p->who->mail, number);
    }
    return true;
}

static void play(player *p) {
    int32_t end = CLIENT_TIMEOUT;
    uint32_t commands = world_count("commands", COMMANDS);
    for (uint32_t i = 0; i < commands && end == CLIENT_TIMEOUT; i++) {
        if (!client_send_frame(p->c, COMMAND, &p->commands, sizeof p->commands, PATIENCE_MS)) {
            return;
        }
        p->commands++;
        for (uint32_t wait_ms = world_random(3) * world_random(60); receive(p, wait_ms, &end);
             wait_ms /= 2) {
        }
    }
}

/* Ends the stream and reads what has been sent. */
static void part(player *p) {
    int32_t end = CLIENT_TIMEOUT;
    client_half_close(p->c);
    while (receive(p, PATIENCE_MS, &end)) {
    }
    CHECK(end == CLIENT_END || end == CLIENT_BROKEN);
    if (end == CLIENT_END && p->who != NULL) {
        mail_ended(&p->who->mail);
        while (p->who->reason == 0) {
            os_sleep(STEP_MS);
        }
        CHECK(p->who->reason != PORTICO_E_EOF || p->who->commands == p->commands);
    }
}

static void client_main(void *arg) {
    int32_t end = CLIENT_TIMEOUT;
    bool stays = world_random(3) != 0;
    player p = {.c = client_open(PORT)};
    (void)arg;
    if (p.c != NULL) {
        play(&p);
    }
    clients_busy--;
    while (p.c != NULL && stays && !finish) {
        if (end == CLIENT_TIMEOUT) {
            (void)receive(&p, STEP_MS, &end);
        } else {
            os_sleep(STEP_MS);
        }
    }
    if (p.c != NULL && world_random(3) != 0) {
        part(&p);
    }
    if (p.c != NULL) {
        client_close(p.c, world_random(2) == 0);
    }
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
    default: break;
    }
}

SCENARIO(messages) {
    os_thread *threads[CLIENTS] = {NULL};
    post_faults = world_random(3) != 0;
    for (int kind = 0; kind < SIM_FAULT_STALL && !post_faults; kind++) {
        sim_fault_rate((sim_fault_kind)kind, 0);
    }
    messages_libraries();
    messages_budget = world_count("letters", LETTERS);
    messages_flood = world_random(FLOODS) < world_count("flood", 1);
    world_build("messages", "messages 1");
    world_build("second", "second 1");
    bool serves = world_start("workers = 3\nblocking_threads = 2\nblocking_queue = 4",
                              "[module messages]\n[module second]\n[listener main]\n"
                              "address = 127.0.0.1\nport = 7000\ntype = messages.session\n");
    uint32_t clients = serves ? world_count("clients", CLIENTS) : 0;
    bool early = world_random(4) == 0;
    clients_busy = clients;
    for (uint32_t i = 0; i < clients; i++) {
        threads[i] = world_thread("client", client_main, NULL);
    }
    while (clients_busy > 0 && !(early && world_random(20) == 0)) {
        administrate();
        os_sleep(world_random(60));
    }
    if (serves && early) {
        sim_stop_signal();
    }
    while (clients_busy > 0) {
        os_sleep(STEP_MS);
    }
    messages_budget = 0;
    sim_faults_end();
    if (serves && !early) {
        os_sleep(SETTLE_MS);
        post_settled(SETTLE_MS / 2);
        (void)world_ctl("load messages", NULL);
        CHECK(world_ctl("swap --force messages", NULL));
    }
    finish = true;
    for (uint32_t i = 0; i < clients; i++) {
        os_thread_join(threads[i]);
    }
    while (serves && early && world_runs()) {
        os_sleep(STEP_MS); /* a second signal would end it at once */
    }
    int code = world_stop();
    CHECK(code == 0 || !serves);
    post_closed();
}
