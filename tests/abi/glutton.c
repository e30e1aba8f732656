/* glutton.c: a module that asks the host for as much as it is told to, see glutton.h. */
#include "glutton.h"
#include "system.h"

#include <portico/portico.h>

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum { MESSAGE_NOTHING = 1, MESSAGE_DUE = 2, JOB_NAP = 3, JOB_MS = 20, BYTES = 1000, MAX = 65536 };
enum { DUE_MS = 3600000, ROUNDS = 1 << 16 };

static const uint8_t filler[BYTES];
static atomic_uint made; /* of the names of rooms and channels */

static uint32_t figure_of(const portico_packet *packet) {
    uint32_t figure = 0;
    memcpy(&figure, packet->data, packet->size < sizeof figure ? packet->size : sizeof figure);
    return figure;
}

/* Takes one more of what the opcode is about. */
static portico_status take(portico_session session, uint16_t opcode) {
    char name[32];
    portico_entity me = portico_session_entity(session);
    (void)snprintf(name, sizeof name, "glutton.%u", atomic_fetch_add(&made, 1));
    switch (opcode) {
    case GLUTTON_JOBS: return portico->run_job(JOB_NAP, filler, BYTES, me);
    case GLUTTON_ROOMS: return portico->room_create("glutton.room", name, filler, BYTES, NULL);
    case GLUTTON_TIMERS: return portico->post_after(me, MESSAGE_DUE, filler, BYTES, DUE_MS, NULL);
    case GLUTTON_MESSAGES: return portico->post(me, MESSAGE_NOTHING, filler, BYTES);
    case GLUTTON_SENDS: return portico->session_send(session, GLUTTON_FILLER, filler, BYTES);
    default: return portico->channel_join(name, session);
    }
}

static void on_take(portico_session session, void *state, const portico_packet *packet) {
    (void)state;
    glutton_got got = {0};
    for (uint32_t i = 0; i < figure_of(packet); i++) {
        portico_status status = take(session, packet->opcode);
        got.taken += status == PORTICO_OK;
        got.refused = got.refused == PORTICO_OK ? status : got.refused;
    }
    (void)portico->session_send(session, packet->opcode, &got, sizeof got);
}

static void on_loop(portico_session session, void *state, const portico_packet *packet) {
    (void)session, (void)state;
    uint64_t end_ns = system_now_ns() + (uint64_t)figure_of(packet) * 1000000;
    while (system_now_ns() < end_ns) {
        for (volatile uint32_t i = 0; i < ROUNDS; i = i + 1) { /* mostly its own code */
        }
    }
}

static void on_release(portico_session session, void *state, const portico_packet *packet) {
    static portico_room rooms[MAX];
    (void)state;
    glutton_got got = {0};
    uint32_t there = portico->room_list("glutton.room", rooms, MAX);
    for (uint32_t i = 0; i < there && i < MAX; i++) {
        got.taken += portico->room_close(rooms[i], PORTICO_E_CLOSED) == PORTICO_OK;
    }
    (void)portico->session_send(session, packet->opcode, &got, sizeof got);
}

static void on_message(portico_session session, void *state, const portico_message *message) {
    (void)session, (void)state, (void)message;
}

static uint32_t on_job(uint32_t id, const void *data, uint32_t size, void *reply,
                       uint32_t capacity) {
    (void)id, (void)data, (void)size, (void)reply, (void)capacity;
    system_sleep_ms(JOB_MS);
    return 0;
}

#define TAKE(opcode) PORTICO_RAW(opcode, sizeof(uint32_t), sizeof(uint32_t), on_take)
static const portico_opcode opcodes[] = {
    PORTICO_RAW(GLUTTON_LOOP, sizeof(uint32_t), sizeof(uint32_t), on_loop),
    TAKE(GLUTTON_JOBS),
    TAKE(GLUTTON_ROOMS),
    TAKE(GLUTTON_TIMERS),
    TAKE(GLUTTON_MESSAGES),
    TAKE(GLUTTON_SENDS),
    TAKE(GLUTTON_CHANNELS),
    PORTICO_RAW(GLUTTON_RELEASE, sizeof(uint32_t), sizeof(uint32_t), on_release),
};
static const portico_session_message messages[] = {
    PORTICO_MESSAGE(MESSAGE_NOTHING, on_message),
    PORTICO_MESSAGE(MESSAGE_DUE, on_message),
    PORTICO_MESSAGE(JOB_NAP, on_message),
};
static const portico_session_type session_types[] = {
    {.name = "session", .opcodes = PORTICO_TABLE(opcodes), .messages = PORTICO_TABLE(messages)}};
static const portico_room_type room_types[] = {{.name = "room"}};
static const portico_job jobs[] = {PORTICO_JOB(JOB_NAP, on_job)};

static const portico_module glutton = {
    .name = "glutton",
    .version = "1",
    .session_types = PORTICO_TABLE(session_types),
    .room_types = PORTICO_TABLE(room_types),
    .jobs = PORTICO_TABLE(jobs),
};

PORTICO_MODULE(glutton);
