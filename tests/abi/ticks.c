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
 * Messages of rooms and of the module are only counted; `unload` logs how many. */
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

static const portico_host *host;
static portico_entity module_id;
static atomic_uint counted;

static uint32_t figure_of(const portico_packet *packet) {
    uint32_t figure = 0;
    memcpy(&figure, packet->data, packet->size < sizeof figure ? packet->size : sizeof figure);
    return figure;
}

static void answer(portico_session session, const portico_packet *packet, portico_status status) {
    int32_t value = status;
    (void)host->session_send(session, packet->opcode, &value, sizeof value);
}

static uint32_t elapsed_us(const player *p) {
    return (uint32_t)((system_now_ns() - p->started_ns) / 1000);
}

static void PORTICO_CALL on_due(portico_entity entity, void *state,
                                const portico_message *message) {
    uint32_t figures[2] = {elapsed_us(state), message->missed};
    (void)host->session_send(entity, (uint16_t)(100 + message->id), figures,
                             message->id == AFTER ? sizeof figures[0] : sizeof figures);
}

static void PORTICO_CALL on_counted(portico_entity entity, void *state,
                                    const portico_message *message) {
    (void)entity;
    (void)state;
    (void)message;
    atomic_fetch_add(&counted, 1);
}

static void PORTICO_CALL on_after(portico_session session, void *state,
                                  const portico_packet *packet) {
    player *p = state;
    p->started_ns = system_now_ns();
    answer(session, packet,
           host->post_after(session, AFTER, NULL, 0, figure_of(packet), &p->timer));
}

static void PORTICO_CALL on_every(portico_session session, void *state,
                                  const portico_packet *packet) {
    player *p = state;
    p->started_ns = system_now_ns();
    answer(session, packet,
           host->post_every(session, EVERY, NULL, 0, figure_of(packet), &p->timer));
}

static void PORTICO_CALL on_cancel(portico_session session, void *state,
                                   const portico_packet *packet) {
    const player *p = state;
    answer(session, packet, host->timer_cancel(p->timer));
}

static void PORTICO_CALL on_sleep(portico_session session, void *state,
                                  const portico_packet *packet) {
    (void)state;
    system_sleep_ms(figure_of(packet));
    answer(session, packet, PORTICO_OK);
}

static void PORTICO_CALL on_every_room(portico_session session, void *state,
                                       const portico_packet *packet) {
    player *p = state;
    portico_room room = 0;
    portico_status status = host->room_create("ticks.room", "x", &room);
    status = status == PORTICO_OK ? host->room_join(room, session) : status;
    status = status == PORTICO_OK
                 ? host->post_every(room, COUNTED, NULL, 0, figure_of(packet), &p->timer)
                 : status;
    answer(session, packet, status);
}

static void PORTICO_CALL on_close_room(portico_session session, void *state,
                                       const portico_packet *packet) {
    (void)state;
    answer(session, packet, host->room_close(host->session_room(session)));
}

static void PORTICO_CALL on_every_module(portico_session session, void *state,
                                         const portico_packet *packet) {
    player *p = state;
    answer(session, packet,
           host->post_every(module_id, COUNTED, NULL, 0, figure_of(packet), &p->timer));
}

static portico_status PORTICO_CALL module_load(const portico_host *from_host, void *state) {
    static const portico_on_packet handlers[] = {
        on_after, on_every, on_cancel, on_sleep, on_every_room, on_close_room, on_every_module,
    };
    (void)state;
    host = from_host;
    module_id = host->self();
    const portico_session_type type = {
        .struct_size = sizeof type, .state_size = sizeof(player), .name = "session"};
    const portico_room_type room = {.struct_size = sizeof room, .name = "room"};
    portico_status status = host->register_session_type(&type);
    status = status == PORTICO_OK ? host->register_room_type(&room) : status;
    for (uint16_t i = 0; status == PORTICO_OK && i < sizeof handlers / sizeof handlers[0]; i++) {
        status = host->register_handler("session", (uint16_t)(i + 1), handlers[i]);
    }
    status = status == PORTICO_OK ? host->register_message("session", AFTER, on_due) : status;
    status = status == PORTICO_OK ? host->register_message("session", EVERY, on_due) : status;
    status = status == PORTICO_OK ? host->register_message("room", COUNTED, on_counted) : status;
    return status == PORTICO_OK ? host->register_message(NULL, COUNTED, on_counted) : status;
}

static void PORTICO_CALL module_unload(void *state) {
    char text[60];
    (void)state;
    (void)snprintf(text, sizeof text, "counted %u", atomic_load(&counted));
    host->log(PORTICO_LOG_INFO, text);
}

static const portico_module_info info = {
    .struct_size = sizeof info,
    .abi_major = PORTICO_ABI_MAJOR,
    .abi_minor = PORTICO_ABI_MINOR,
    .name = "ticks",
    .version = "1",
    .load = module_load,
    .unload = module_unload,
};

PORTICO_MODULE(info);
