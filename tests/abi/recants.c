/* recants.c: a module whose second generation fails in its `start`, after creating a room.
 *
 *   opcode 1   echo, in generation 1 only
 *
 * The module's state has an allocation that `stop` frees: only generation 1's, and once. */
#include <portico/portico.h>

#include "system.h"

#include <stdlib.h>
#include <string.h>

#if !defined GENERATION
#define GENERATION 1
#endif

enum { START_MS = 300 };

typedef struct recants {
    char *kept;
} recants;

#if GENERATION == 1
static void on_one(portico_session session, void *state, const portico_packet *packet) {
    (void)state;
    (void)portico->session_send(session, packet->opcode, packet->data, packet->size);
}
#endif

static portico_status start(void *state, uint32_t why) {
    recants *r = state;
    if (GENERATION == 2) {
        portico_room room = {0};
        (void)portico->room_create("recants.room", "early", NULL, 0, &room);
        system_sleep_ms(START_MS);
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

static const portico_module module_recants = {
    .name = "recants",
    .version = "1",
    .state = PORTICO_STATE_OPAQUE(recants, 0),
    .session_types = PORTICO_TABLE(session_types),
    .room_types = PORTICO_TABLE(room_types),
    .start = start,
    .stop = stop,
};

PORTICO_MODULE(module_recants);
