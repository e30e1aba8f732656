/* dawdles.c: handlers that take long, beside a timer of the module's own that must go on.
 *
 *   opcode 1   {uint32 ms}: sleeps in the handler, then echoes
 *   opcode 2   {uint32 ms}: echoes; the session's on_close will sleep that long
 *   opcode 3   answers {uint32 ticks, int32 pending}: how often the module's timer has fired, and
 *              how many jobs, and single messages with a delay, have not come yet
 *   opcode 4   {uint32 ms}: a message to the module after that time; echoes
 *   opcode 5   {uint32 ms}: a message to the module, whose handler sleeps that long; echoes
 *   opcode 6   {uint32 ms}: a job that takes that long; echoes */
#include "system.h"

#include <portico/portico.h>

#include <stdatomic.h>
#include <string.h>

enum { TICK = 1, ONCE = 2, SLEEP = 3, JOB = 4, PERIOD_MS = 20 };

typedef struct answer {
    uint32_t ticks;
    int32_t pending;
} answer;

typedef struct player {
    uint32_t close_ms;
} player;

static atomic_uint ticks;
static atomic_int pending;

static uint32_t figure_of(const void *data, uint32_t size) {
    uint32_t figure = 0;
    memcpy(&figure, data, size < sizeof figure ? size : sizeof figure);
    return figure;
}

static void sleep_long(uint32_t ms) {
    portico->log(PORTICO_LOG_INFO, "dawdles now");
    system_sleep_ms(ms);
}

static void on_packet(portico_session session, void *state, const portico_packet *packet) {
    uint32_t ms = figure_of(packet->data, packet->size);
    if (packet->opcode == 1) {
        sleep_long(ms);
    } else if (packet->opcode == 2) {
        ((player *)state)->close_ms = ms;
    } else if (packet->opcode == 3) {
        answer a = {.ticks = atomic_load(&ticks), .pending = atomic_load(&pending)};
        (void)portico->session_send(session, packet->opcode, &a, sizeof a);
        return;
    } else if (packet->opcode == 4) {
        atomic_fetch_add(&pending, 1);
        (void)portico->post_after(portico->self(), ONCE, NULL, 0, ms, NULL);
    } else if (packet->opcode == 5) {
        (void)portico->post(portico->self(), SLEEP, &ms, sizeof ms);
    } else if (packet->opcode == 6) {
        atomic_fetch_add(&pending, 1);
        (void)portico->run_job(JOB, &ms, sizeof ms, portico->self());
    }
    (void)portico->session_send(session, packet->opcode, packet->data, packet->size);
}

static void on_close(portico_session session, void *state, portico_status reason) {
    (void)session, (void)reason;
    system_sleep_ms(((player *)state)->close_ms);
}

static void on_tick(portico_entity module, void *state, const portico_message *message) {
    (void)module, (void)state, (void)message;
    atomic_fetch_add(&ticks, 1);
}

static void on_once(portico_entity module, void *state, const portico_message *message) {
    (void)module, (void)state, (void)message;
    atomic_fetch_sub(&pending, 1);
}

static void on_sleep(portico_entity module, void *state, const portico_message *message) {
    (void)module, (void)state;
    sleep_long(figure_of(message->data, message->size));
}

static uint32_t run_job(uint32_t id, const void *data, uint32_t size, void *reply,
                        uint32_t reply_capacity) {
    (void)id, (void)reply, (void)reply_capacity;
    sleep_long(figure_of(data, size));
    atomic_fetch_sub(&pending, 1);
    return 0;
}

static portico_status dawdles_start(void *state, uint32_t why) {
    (void)state, (void)why;
    return portico->post_every(portico->self(), TICK, NULL, 0, PERIOD_MS, NULL);
}

static const portico_session_type types[] = {
    {.name = "session",
     .state = PORTICO_STATE_OPAQUE(player, 0),
     .on_packet = on_packet,
     .on_close = on_close},
};
static const portico_module_message messages[] = {
    PORTICO_MESSAGE(TICK, on_tick),
    PORTICO_MESSAGE(ONCE, on_once),
    PORTICO_MESSAGE(SLEEP, on_sleep),
};
static const portico_job jobs[] = {PORTICO_JOB(JOB, run_job)};

static const portico_module dawdles = {
    .name = "dawdles",
    .version = "1",
    .session_types = PORTICO_TABLE(types),
    .messages = PORTICO_TABLE(messages),
    .jobs = PORTICO_TABLE(jobs),
    .start = dawdles_start,
};

PORTICO_MODULE(dawdles);
