/* dozes.c: a module whose start or stop takes long, compiled for several generations.
 *
 *   opcode 1  answers uint32 {GENERATION, packets of the session so far}
 *
 * START_MS, STOP_MS   how long the call sleeps in the system
 * LOOPS               in the state's migrate it never returns, without sleeping; its state is
 *                     another one
 * What it logs after it has slept is nobody's business any more if the host has given the call
 * up. */
#include "system.h"

#include <portico/portico.h>

#ifndef GENERATION
#define GENERATION 1
#endif
#ifndef START_MS
#define START_MS 0
#endif
#ifndef STOP_MS
#define STOP_MS 0
#endif
#ifndef LOOPS
#define LOOPS 0
#endif

#define GUEST_1(S, F) F(S, FIELD, uint32_t, packets)
#if LOOPS
#define GUEST(S, F) F(S, FIELD, uint64_t, of_another) GUEST_1(S, F)
#else
#define GUEST(S, F) GUEST_1(S, F)
#endif
PORTICO_STATE(guest, GUEST);

static void on_packet(portico_session session, void *state, const portico_packet *packet) {
    guest *g = state;
    g->packets++;
    uint32_t figures[] = {GENERATION, g->packets};
    (void)portico->session_send(session, packet->opcode, figures, sizeof figures);
}

static void sleep_and_say(uint32_t ms, const char *text) {
    if (ms > 0) {
        system_sleep_ms(ms);
    }
    portico->log(PORTICO_LOG_INFO, text);
}

static portico_status start(void *state, uint32_t why) {
    (void)state, (void)why;
    sleep_and_say(START_MS, "has started");
    return PORTICO_OK;
}

static void stop(void *state, uint32_t why) {
    (void)state, (void)why;
    portico->log(PORTICO_LOG_INFO, "begins to stop");
    sleep_and_say(STOP_MS, "has stopped");
}

#if LOOPS
static portico_status loop(const portico_migration *migration, void *to) {
    volatile uint64_t rounds = 0;
    (void)migration, (void)to;
    while (rounds < UINT64_MAX) {
        rounds = rounds + 1;
    }
    return PORTICO_OK;
}
#endif

static const portico_opcode opcodes[] = {PORTICO_RAW(1, 0, PORTICO_SIZE_ANY, on_packet)};
static const portico_session_type session_types[] = {
    {.name = "session",
#if LOOPS
     .state = PORTICO_STATE_MIGRATED(guest, 1, loop),
#else
     .state = PORTICO_STATE_OF(guest, 1),
#endif
     .opcodes = PORTICO_TABLE(opcodes)},
};

static const portico_module dozes = {
    .name = "dozes",
    .version = "1",
    .description = "Takes long to start or to stop.",
    .session_types = PORTICO_TABLE(session_types),
    .start = start,
    .stop = stop,
};

PORTICO_MODULE(dozes);
