/* blocks.c: blocking work for its clients, and handlers that take too long.
 *
 *   opcode 1   {uint32 ms, uint32 tag}: sleeps on the pool. Refused: opcode 2 {tag, int32 status};
 *              done: opcode 101 {tag}
 *   opcode 3   {uint32 ms}: sleeps in the handler itself, on a worker; then echoes
 *   others     echo
 *
 * `stop` logs how many jobs began and how many ended. */
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

static atomic_uint begun;
static atomic_uint ended;

static order order_of(const void *data, uint32_t size) {
    order o = {0};
    memcpy(&o, data, size < sizeof o ? size : sizeof o);
    return o;
}

static uint32_t sleep_for(uint32_t id, const void *data, uint32_t size, void *reply,
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

static void on_reply(portico_session session, void *state, const portico_message *message) {
    (void)state;
    (void)portico->session_send(session, 101, message->data, message->size);
}

static void on_sleep(portico_session session, void *state, const portico_packet *packet) {
    (void)state;
    order o = order_of(packet->data, packet->size);
    int32_t refused[2] = {(int32_t)o.tag, portico->run_job(SLEEP, packet->data, packet->size,
                                                           portico_session_entity(session))};
    if (refused[1] != PORTICO_OK) {
        (void)portico->session_send(session, 2, refused, sizeof refused);
    }
}

static void on_dawdle(portico_session session, void *state, const portico_packet *packet) {
    (void)state;
    system_sleep_ms(order_of(packet->data, packet->size).ms);
    (void)portico->session_send(session, packet->opcode, packet->data, packet->size);
}

static void on_packet(portico_session session, void *state, const portico_packet *packet) {
    (void)state;
    (void)portico->session_send(session, packet->opcode, packet->data, packet->size);
}

static void blocks_stop(void *state, uint32_t why) {
    char text[80];
    (void)state, (void)why;
    (void)snprintf(text, sizeof text, "jobs begun %u ended %u", atomic_load(&begun),
                   atomic_load(&ended));
    portico->log(PORTICO_LOG_INFO, text);
}

static const portico_opcode opcodes[] = {
    PORTICO_RAW(1, 0, PORTICO_SIZE_ANY, on_sleep),
    PORTICO_RAW(3, 0, PORTICO_SIZE_ANY, on_dawdle),
};
static const portico_session_message messages[] = {PORTICO_MESSAGE(SLEEP, on_reply)};
static const portico_session_type types[] = {
    {.name = "session",
     .on_packet = on_packet,
     .opcodes = PORTICO_TABLE(opcodes),
     .messages = PORTICO_TABLE(messages)},
};
static const portico_job jobs[] = {PORTICO_JOB(SLEEP, sleep_for)};

static const portico_module blocks = {
    .name = "blocks",
    .version = "1",
    .session_types = PORTICO_TABLE(types),
    .jobs = PORTICO_TABLE(jobs),
    .stop = blocks_stop,
};

PORTICO_MODULE(blocks);
