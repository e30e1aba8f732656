/* blocks.c: blocking work for its clients, and handlers that take too long.
 *
 *   opcode 1   {uint32 ms, uint32 tag}: sleeps on the pool. Refused: opcode 2 {tag, int32 status};
 *              done: opcode 101 {tag}
 *   opcode 3   {uint32 ms}: sleeps in the handler itself, on a worker; then echoes
 *   others     echo
 *
 * `unload` logs how many jobs began and how many ended. */
#include "system.h"

#include <portico/portico.h>

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum { SLEEP = 1 };

typedef struct order {
    uint32_t ms;
    uint32_t tag;
} order;

static const portico_host *host;
static atomic_uint begun;
static atomic_uint ended;

static order order_of(const void *data, uint32_t size) {
    order o = {0};
    memcpy(&o, data, size < sizeof o ? size : sizeof o);
    return o;
}

static uint32_t PORTICO_CALL sleep_for(uint32_t id, const void *data, uint32_t size, void *reply,
                                       uint32_t reply_capacity) {
    (void)id;
    (void)reply_capacity;
    order o = order_of(data, size);
    atomic_fetch_add(&begun, 1);
    system_sleep_ms(o.ms);
    memcpy(reply, &o.tag, sizeof o.tag);
    atomic_fetch_add(&ended, 1);
    return sizeof o.tag;
}

static void PORTICO_CALL on_reply(portico_entity entity, void *state,
                                  const portico_message *message) {
    (void)state;
    (void)host->session_send(entity, 101, message->data, message->size);
}

static void PORTICO_CALL on_sleep(portico_session session, void *state,
                                  const portico_packet *packet) {
    (void)state;
    order o = order_of(packet->data, packet->size);
    int32_t refused[2] = {(int32_t)o.tag,
                          host->run_blocking(SLEEP, packet->data, packet->size, session)};
    if (refused[1] != PORTICO_OK) {
        (void)host->session_send(session, 2, refused, sizeof refused);
    }
}

static void PORTICO_CALL on_dawdle(portico_session session, void *state,
                                   const portico_packet *packet) {
    (void)state;
    system_sleep_ms(order_of(packet->data, packet->size).ms);
    (void)host->session_send(session, packet->opcode, packet->data, packet->size);
}

static void PORTICO_CALL on_packet(portico_session session, void *state,
                                   const portico_packet *packet) {
    (void)state;
    (void)host->session_send(session, packet->opcode, packet->data, packet->size);
}

static portico_status PORTICO_CALL module_load(const portico_host *from_host, void *state) {
    (void)state;
    host = from_host;
    const portico_session_type type = {
        .struct_size = sizeof type, .name = "session", .on_packet = on_packet};
    portico_status status = host->register_session_type(&type);
    status = status == PORTICO_OK ? host->register_handler("session", 1, on_sleep) : status;
    status = status == PORTICO_OK ? host->register_handler("session", 3, on_dawdle) : status;
    status = status == PORTICO_OK ? host->register_message("session", SLEEP, on_reply) : status;
    return status == PORTICO_OK ? host->register_blocking(SLEEP, sleep_for) : status;
}

static void PORTICO_CALL module_unload(void *state) {
    char text[80];
    (void)state;
    (void)snprintf(text, sizeof text, "jobs begun %u ended %u", atomic_load(&begun),
                   atomic_load(&ended));
    host->log(PORTICO_LOG_INFO, text);
}

static const portico_module_info info = {
    .struct_size = sizeof info,
    .abi_major = PORTICO_ABI_MAJOR,
    .abi_minor = PORTICO_ABI_MINOR,
    .name = "blocks",
    .version = "1",
    .load = module_load,
    .unload = module_unload,
};

PORTICO_MODULE(info);
