/* ticks.c: timers that report when they fire. All figures are uint32, times in microseconds.
 *
 *   opcode 1   after: delay_ms. Answered at once with its status, and with opcode 101 {elapsed_us}
 *              when it fires
 *   opcode 2   every: period_ms. Answered with its status; each tick is opcode 102 {elapsed_us,
 *              missed}
 *   opcode 3   cancels the last timer; answered with its status
 *   opcode 4   sleep_ms in the handler, so that timers of the session wait
 *   opcode 5   every, to the room "x": period_ms; creates and joins the room first
 *   opcode 6   closes the room
 *   opcode 7   every, to the module: period_ms
 *
 * Messages of rooms and of the module are only counted; `stop` logs how many. */
#include "system.h"

#include <portico/portico.h>

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum { AFTER = 1, EVERY = 2, COUNTED = 3 };

typedef struct player {
    uint64_t started_ns;
    portico_timer timer;
} player;

static portico_entity module_id;
static atomic_uint counted;

static uint32_t figure_of(const portico_packet *packet) {
    uint32_t figure = 0;
    memcpy(&figure, packet->data, packet->size < sizeof figure ? packet->size : sizeof figure);
    return figure;
}

static void answer(portico_session session, const portico_packet *packet, portico_status status) {
    int32_t value = status;
    (void)portico->session_send(session, packet->opcode, &value, sizeof value);
}

static uint32_t elapsed_us(const player *p) {
    return (uint32_t)((system_now_ns() - p->started_ns) / 1000);
}

static void on_due(portico_session session, void *state, const portico_message *message) {
    uint32_t figures[2] = {elapsed_us(state), message->missed};
    (void)portico->session_send(session, (uint16_t)(100 + message->id), figures,
                                message->id == AFTER ? sizeof figures[0] : sizeof figures);
}

static void room_on_counted(portico_room room, void *state, const portico_message *message) {
    (void)room, (void)state, (void)message;
    atomic_fetch_add(&counted, 1);
}

static void module_on_counted(portico_entity module, void *state, const portico_message *message) {
    (void)module, (void)state, (void)message;
    atomic_fetch_add(&counted, 1);
}

static void on_after(portico_session session, void *state, const portico_packet *packet) {
    player *p = state;
    p->started_ns = system_now_ns();
    answer(session, packet,
           portico->post_after(portico_session_entity(session), AFTER, NULL, 0, figure_of(packet),
                               &p->timer));
}

static void on_every(portico_session session, void *state, const portico_packet *packet) {
    player *p = state;
    p->started_ns = system_now_ns();
    answer(session, packet,
           portico->post_every(portico_session_entity(session), EVERY, NULL, 0, figure_of(packet),
                               &p->timer));
}

static void on_cancel(portico_session session, void *state, const portico_packet *packet) {
    const player *p = state;
    answer(session, packet, portico->timer_cancel(p->timer));
}

static void on_sleep(portico_session session, void *state, const portico_packet *packet) {
    (void)state;
    system_sleep_ms(figure_of(packet));
    answer(session, packet, PORTICO_OK);
}

static void on_every_room(portico_session session, void *state, const portico_packet *packet) {
    player *p = state;
    portico_room room = {0};
    portico_status status = portico->room_create("ticks.room", "x", NULL, 0, &room);
    status = status == PORTICO_OK ? portico->session_join(session, room, 0) : status;
    status = status == PORTICO_OK ? portico->post_every(portico_room_entity(room), COUNTED, NULL, 0,
                                                        figure_of(packet), &p->timer)
                                  : status;
    answer(session, packet, status);
}

static void on_close_room(portico_session session, void *state, const portico_packet *packet) {
    (void)state;
    answer(session, packet, portico->room_close(portico->session_room(session), PORTICO_E_CLOSED));
}

static void on_every_module(portico_session session, void *state, const portico_packet *packet) {
    player *p = state;
    answer(session, packet,
           portico->post_every(module_id, COUNTED, NULL, 0, figure_of(packet), &p->timer));
}

static portico_status ticks_start(void *state, uint32_t why) {
    (void)state, (void)why;
    module_id = portico->self();
    return PORTICO_OK;
}

static void ticks_stop(void *state, uint32_t why) {
    char text[60];
    (void)state, (void)why;
    (void)snprintf(text, sizeof text, "counted %u", atomic_load(&counted));
    portico->log(PORTICO_LOG_INFO, text);
}

static const portico_opcode opcodes[] = {
    PORTICO_RAW(1, 0, PORTICO_SIZE_ANY, on_after),
    PORTICO_RAW(2, 0, PORTICO_SIZE_ANY, on_every),
    PORTICO_RAW(3, 0, PORTICO_SIZE_ANY, on_cancel),
    PORTICO_RAW(4, 0, PORTICO_SIZE_ANY, on_sleep),
    PORTICO_RAW(5, 0, PORTICO_SIZE_ANY, on_every_room),
    PORTICO_RAW(6, 0, PORTICO_SIZE_ANY, on_close_room),
    PORTICO_RAW(7, 0, PORTICO_SIZE_ANY, on_every_module),
};
static const portico_session_message session_messages[] = {
    PORTICO_MESSAGE(AFTER, on_due),
    PORTICO_MESSAGE(EVERY, on_due),
};
static const portico_session_type session_types[] = {
    {.name = "session",
     .state = PORTICO_STATE_OPAQUE(player, 0),
     .opcodes = PORTICO_TABLE(opcodes),
     .messages = PORTICO_TABLE(session_messages)},
};

static const portico_room_message room_messages[] = {PORTICO_MESSAGE(COUNTED, room_on_counted)};
static const portico_room_type room_types[] = {
    {.name = "room", .messages = PORTICO_TABLE(room_messages)}};

static const portico_module_message messages[] = {PORTICO_MESSAGE(COUNTED, module_on_counted)};

static const portico_module ticks = {
    .name = "ticks",
    .version = "1",
    .session_types = PORTICO_TABLE(session_types),
    .room_types = PORTICO_TABLE(room_types),
    .messages = PORTICO_TABLE(messages),
    .start = ticks_start,
    .stop = ticks_stop,
};

PORTICO_MODULE(ticks);
