/* layers_module.c: see layers_module.h. */
#include "sim/layers_module.h"

#include "sim/crash.h"
#include "sim/ledger.h"
#include "sim/world.h"

#include <string.h>

enum { TICK = 1, TICK_MS = 1000, SLOW_MS = 60 };

bool layers_ticks;
bool layers_hangs;
uint32_t layers_own_back;

/* Longer than a gate holds its callers, but not for ever. */
static void may_take_time(void) {
    if (layers_hangs && world_random(8) == 0) {
        os_sleep(world_random(SLOW_MS));
    }
}

static void may_crash(void) {
    may_take_time();
    if (crash_due()) {
        crash(NULL, 0);
    }
}

static void echo(portico_session session, const portico_packet *packet) {
    if (host->session_send(session, packet->opcode, packet->data, packet->size) ==
        PORTICO_E_NO_MEMORY) {
        (void)host->session_close(session, PORTICO_E_NO_MEMORY); /* the client would wait for it */
    }
    may_crash();
}

/* ---- sessions of clients --------------------------------------------------------------------- */

static portico_status on_open(portico_session session, void *state) {
    portico_room hall = {0};
    (void)state;
    if (layers_ticks) {
        (void)host->post_every((portico_entity){session.id}, TICK, NULL, 0, TICK_MS, NULL);
        if (world_random(2) == 0) {
            (void)host->room_create("layers.hall", "hall", NULL, 0, &hall);
            (void)host->session_join(session, hall, 0);
        }
    }
    may_crash();
    return PORTICO_OK;
}

static void on_packet(portico_session session, void *state, const portico_packet *packet) {
    portico_session_info info = {.struct_size = sizeof info};
    const char *source = (const char *)packet->data + 1;
    (void)state;
    ledger_packet();
    CHECK(packet->size == LAYERS_MESSAGE_BYTES - 2 &&
          memchr(source, '\0', packet->size - 1) != NULL);
    if (source[0] != '\0' && host->session_info(session, &info) == PORTICO_OK) {
        CHECK(strcmp(info.peer, source) == 0);
    }
    echo(session, packet);
}

static void on_tick(portico_session session, void *state, const portico_message *message) {
    (void)session, (void)state, (void)message;
    may_crash();
}

static void on_close(portico_session session, void *state, portico_status reason) {
    (void)session;
    (void)state;
    ledger_closes(reason);
    may_crash();
}

/* ---- the connector's: one message after another ---------------------------------------------- */

static void send_own(portico_session session, uint8_t number) {
    const layers_message m = {{number}};
    (void)host->session_send(session, 1, m.bytes, LAYERS_MESSAGE_BYTES - 2);
}

static portico_status own_on_open(portico_session session, void *state) {
    (void)state;
    may_crash();
    send_own(session, 0);
    return PORTICO_OK;
}

static void own_on_packet(portico_session session, void *state, const portico_packet *packet) {
    uint8_t number = *(const uint8_t *)packet->data;
    (void)state;
    ledger_packet();
    CHECK(packet->size == LAYERS_MESSAGE_BYTES - 2);
    layers_own_back++;
    if (number + 1 < LAYERS_OWN_MESSAGES) {
        send_own(session, number + 1);
    }
    may_crash();
}

/* ---- the room -------------------------------------------------------------------------------- */

static portico_status on_room_open(portico_room room, void *state, const void *data,
                                   uint32_t size) {
    (void)state, (void)data, (void)size;
    may_crash();
    return host->post_every(portico_room_entity(room), TICK, NULL, 0, TICK_MS, NULL);
}

static portico_status on_join(portico_room room, void *state, portico_session session) {
    (void)room, (void)state, (void)session;
    may_crash();
    return PORTICO_OK;
}

static void on_leave(portico_room room, void *state, portico_session session,
                     portico_status reason) {
    (void)room, (void)state, (void)session, (void)reason;
    may_crash();
}

static void on_room_tick(portico_room room, void *state, const portico_message *message) {
    (void)room, (void)state, (void)message;
    may_crash();
}

/* ---- the module's life ----------------------------------------------------------------------- */

/* The host may give the call up before it returns. */
static void may_hang(void) {
    if (layers_hangs && world_random(6) == 0) {
        os_sleep(world_random(LAYERS_HANG_MS));
        (void)host->post(host->self(), TICK, NULL, 0);
    }
}

static portico_status start(void *state, uint32_t why) {
    (void)state;
    if (why != PORTICO_START_LOADED) {
        may_hang();
        may_crash();
    } else if (layers_ticks) {
        (void)host->post_every(host->self(), TICK, NULL, 0, TICK_MS, NULL);
    }
    return PORTICO_OK;
}

/* A library whose stop faults stays loaded. */
static void stop(void *state, uint32_t why) {
    (void)state, (void)why;
    may_hang();
}

static portico_status migrate(const portico_migration *migration, void *to) {
    (void)migration, (void)to;
    may_hang();
    may_crash();
    return PORTICO_OK;
}

static void on_module_tick(portico_entity module, void *state, const portico_message *message) {
    (void)module, (void)state, (void)message;
    may_crash();
}

static const portico_session_message session_messages[] = {PORTICO_MESSAGE(TICK, on_tick)};

static const portico_session_type types[] = {
    {.name = "session",
     .on_open = on_open,
     .on_packet = on_packet,
     .on_close = on_close,
     .messages = PORTICO_TABLE(session_messages)},
    {.name = "own", .on_open = own_on_open, .on_packet = own_on_packet, .on_close = on_close}};

static const portico_room_message room_messages[] = {PORTICO_MESSAGE(TICK, on_room_tick)};

static const portico_room_type halls[] = {{.name = "hall",
                                           .on_open = on_room_open,
                                           .on_join = on_join,
                                           .on_leave = on_leave,
                                           .messages = PORTICO_TABLE(room_messages)}};

static const portico_module_message messages[] = {PORTICO_MESSAGE(TICK, on_module_tick)};

#define LAYERS(VERSION, SIZE)                                                          \
    {                                                                                  \
        .name = "layers", .version = "1", .state = {(SIZE), (VERSION), NULL, migrate}, \
        .session_types = PORTICO_TABLE(types), .room_types = PORTICO_TABLE(halls),     \
        .messages = PORTICO_TABLE(messages), .start = start, .stop = stop,             \
    }
const portico_module layers_1 = LAYERS(1, 8);
const portico_module layers_2 = LAYERS(2, 16);
