/* recants.c: a module whose second generation fails in its `start`, after it has created a room,
 * started timers, posted a message to itself and asked for a job; the third one faults there.
 *
 *   opcode 1   echo, in generation 1 only
 *
 * Generation 1 would log such a message or job. The module's state has an allocation that `stop`
 * frees: only generation 1's, and once. */
#include <portico/portico.h>

#include "system.h"

#include <stdlib.h>
#include <string.h>

#if !defined GENERATION
#define GENERATION 1
#endif

enum { START_MS = 300, PERIOD_MS = 7 };

typedef struct recants {
    char *kept;
} recants;

#if GENERATION == 1
static void on_one(portico_session session, void *state, const portico_packet *packet) {
    (void)state;
    (void)portico->session_send(session, packet->opcode, packet->data, packet->size);
}
#endif

#if GENERATION > 2
static volatile uintptr_t nowhere = 64; /* at 0 a sanitizer would look first */
#endif

static void begin_much(void) {
    portico_room room = {0};
    (void)portico->room_create("recants.room", "early", NULL, 0, &room);
    (void)portico->post(portico->self(), 1, NULL, 0);
    (void)portico->post_every(portico->self(), 1, NULL, 0, PERIOD_MS, NULL);
    (void)portico->post_after(portico->self(), 1, NULL, 0, 2 * START_MS, NULL);
    (void)portico->run_job(1, NULL, 0, portico->self());
}

static void on_message(portico_entity self, void *state, const portico_message *message) {
    (void)self, (void)state, (void)message;
    portico->log(PORTICO_LOG_INFO, "a message arrives from a start that has failed");
}

static uint32_t on_job(uint32_t id, const void *data, uint32_t size, void *reply,
                       uint32_t capacity) {
    (void)id, (void)data, (void)size, (void)reply, (void)capacity;
    portico->log(PORTICO_LOG_INFO, "a job runs for a start that has failed");
    return 0;
}

static portico_status start(void *state, uint32_t why) {
    recants *r = state;
    if (GENERATION > 1) {
        begin_much();
        system_sleep_ms(START_MS);
#if GENERATION > 2
        *(volatile int *)nowhere = 1; /* NOLINT(performance-no-int-to-ptr) */
#endif
        return PORTICO_E_STATE;
    }
    if (why == PORTICO_START_LOADED) {
        r->kept = malloc(16);
    }
    return r->kept != NULL ? PORTICO_OK : PORTICO_E_NO_MEMORY;
}

static void stop(void *state, uint32_t why) {
    recants *r = state;
    if (why != PORTICO_STOP_REPLACED) {
        memset(r->kept, 0, 16);
        free(r->kept);
    }
}

#if GENERATION == 1
static const portico_opcode opcodes[] = {PORTICO_RAW(1, 0, PORTICO_SIZE_ANY, on_one)};
static const portico_session_type session_types[] = {
    {.name = "session", .opcodes = PORTICO_TABLE(opcodes)}};
#else
static const portico_session_type session_types[] = {{.name = "session"}};
#endif
static const portico_room_type room_types[] = {{.name = "room"}};
static const portico_module_message messages[] = {PORTICO_MESSAGE(1, on_message)};
static const portico_job jobs[] = {PORTICO_MESSAGE(1, on_job)};

static const portico_module module_recants = {
    .name = "recants",
    .version = "1",
    .state = PORTICO_STATE_OPAQUE(recants, 0),
    .session_types = PORTICO_TABLE(session_types),
    .room_types = PORTICO_TABLE(room_types),
    .messages = PORTICO_TABLE(messages),
    .jobs = PORTICO_TABLE(jobs),
    .start = start,
    .stop = stop,
};

PORTICO_MODULE(module_recants);
