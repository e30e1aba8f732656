/* Sessions that nothing orders talk to each other in one channel, and create rooms of a module that
 * is loaded and unloaded all the time. Their handlers, and the unload, wait for each other, so that
 * they do it at the same moment. Every packet arrives once, in its sender's order, and every unload
 * succeeds. Threads may stall, but no call fails. */
#include "sim/client.h"
#include "sim/ledger.h"
#include "sim/world.h"

#include "support/scenario.h"

#include <string.h>

enum { CLIENTS = 4, ROUNDS = 10, CREATES = 3, PORT = 7000, PATIENCE_MS = 3600000 };
enum { WELCOME = 1, SAY = 2, MEET_MS = 80, MEET_STEP_MS = 20 };
enum { OFTEN = 2 }; /* atomic operations hand on: one in this many */

typedef struct line {
    uint32_t who;
    uint32_t number;
} line;

static const portico_session nobody = {0};
static uint32_t clients;
static uint32_t rounds;
static uint32_t ready; /* clients that are in the channel */
static uint32_t rooms;

/* ---- all at once --------------------------------------------------------------------------- */

static os_mutex lock;
static os_cond met;
static uint32_t meetings;
static uint32_t here; /* handlers that wait for the next meeting */

/* Waits for the handlers of all clients, but not for long. `counts`: is one of them. */
static void meet(bool counts) {
    os_mutex_lock(&lock);
    uint32_t before = meetings;
    here += counts;
    if (here == clients) {
        here = 0;
        meetings++;
        os_cond_wake_all(&met);
    }
    for (uint32_t i = 0; meetings == before && i < MEET_MS; i += MEET_STEP_MS) {
        os_cond_wait(&met, &lock, MEET_STEP_MS);
    }
    here -= counts && meetings == before;
    os_mutex_unlock(&lock);
}

/* ---- the module that talks ----------------------------------------------------------------- */

static portico_status on_open(portico_session session, void *state) {
    (void)state;
    CHECK(host->channel_join("crowd", session) == PORTICO_OK);
    return host->session_send(session, WELCOME, NULL, 0);
}

static void say(const portico_packet *packet) {
    CHECK(host->channel_send("crowd", SAY, packet->data, packet->size, nobody) == clients);
}

static void create(void) {
    for (uint32_t i = 0; i < CREATES; i++) {
        char name[16];
        snprintf(name, sizeof name, "%u", rooms++);
        portico_status status = host->room_create("hall.room", name, NULL, 0, NULL);
        CHECK(status == PORTICO_OK || status == PORTICO_E_NOT_FOUND);
    }
}

static void on_packet(portico_session session, void *state, const portico_packet *packet) {
    (void)session, (void)state;
    ledger_packet();
    meet(true);
    if (world_random(2) == 0) {
        say(packet);
        create();
    } else {
        create();
        say(packet);
    }
}

static void on_close(portico_session session, void *state, portico_status reason) {
    (void)session, (void)state;
    ledger_closes(reason);
}

static const portico_session_type crowd_types[] = {
    {.name = "session", .on_open = on_open, .on_packet = on_packet, .on_close = on_close}};

static const portico_module crowd = {
    .name = "crowd", .version = "1", .session_types = PORTICO_TABLE(crowd_types)};

/* ---- the module whose rooms they create ---------------------------------------------------- */

static void stopping(void *state) {
    (void)state;
    meet(false);
}

static const portico_room_type hall_types[] = {{.name = "room"}};

static const portico_module hall = {
    .name = "hall", .version = "1", .room_types = PORTICO_TABLE(hall_types), .stopping = stopping};

/* ---- clients ------------------------------------------------------------------------------- */

static line receive(client *c, uint16_t expected, uint32_t size) {
    line l = {0};
    uint16_t opcode = 0;
    CHECK(client_recv_frame(c, &opcode, &l, sizeof l, PATIENCE_MS) == (int32_t)size);
    CHECK(opcode == expected);
    return l;
}

static void play(void) {
    uint32_t next[CLIENTS] = {0};
    client *c = client_open(PORT);
    CHECK(c != NULL);
    (void)receive(c, WELCOME, 0);
    line own = {.who = ready++};
    while (ready < clients) {
        os_sleep(1);
    }
    for (; own.number < rounds; own.number++) {
        CHECK(client_send_frame(c, SAY, &own, sizeof own, PATIENCE_MS));
        for (uint32_t i = 0; i < clients; i++) {
            while (next[i] <= own.number) {
                line l = receive(c, SAY, sizeof l);
                CHECK(l.who < clients && l.number == next[l.who]++);
            }
        }
    }
    client_close(c, false);
}

static void reload(void) {
    CHECK(world_ctl("load hall", NULL));
    CHECK(world_ctl("unload hall", NULL));
}

SCENARIO(crowd) {
    sim_calls_succeed();
    (void)world_library("crowd 1", &crowd);
    (void)world_library("hall 1", &hall);
    world_build("crowd", "crowd 1");
    world_build("hall", "hall 1");
    CHECK(world_start("workers = 4", "[module crowd]\n[listener main]\naddress = 127.0.0.1\n"
                                     "port = 7000\ntype = crowd.session\n"));
    clients = world_count("clients", CLIENTS);
    rounds = world_count("rounds", ROUNDS);
    sim_atomic_rate(OFTEN);
    world_play(clients, play, reload);
    CHECK(world_stop() == 0);
}
