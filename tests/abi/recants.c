/* recants.c: a module whose second generation fails in its swap_in, after creating a room.
 *
 *   opcode 1   echo, in generation 1 only
 *
 * The module's state has an allocation that `unload` frees: only generation 1's, and once. */
#include <portico/portico.h>

#include "system.h"

#include <stdlib.h>
#include <string.h>

#if !defined GENERATION
#define GENERATION 1
#endif

enum { SWAP_IN_MS = 300 };

typedef struct recants {
    char *kept;
} recants;

static const portico_host *host;

static void PORTICO_CALL on_one(portico_session session, void *state,
                                const portico_packet *packet) {
    (void)state;
    (void)host->session_send(session, packet->opcode, packet->data, packet->size);
}

static portico_status PORTICO_CALL load(const portico_host *h, void *state) {
    (void)state;
    host = h;
    portico_session_type session = {.struct_size = sizeof session, .name = "session"};
    portico_room_type room = {.struct_size = sizeof room, .name = "room"};
    portico_status status = host->register_session_type(&session);
    if (status == PORTICO_OK) {
        status = host->register_room_type(&room);
    }
    return status == PORTICO_OK && GENERATION == 1 ? host->register_handler("session", 1, on_one)
                                                   : status;
}

static portico_status PORTICO_CALL start(void *state) {
    recants *r = state;
    r->kept = malloc(16);
    return r->kept != NULL ? PORTICO_OK : PORTICO_E_NO_MEMORY;
}

static void PORTICO_CALL unload(void *state) {
    recants *r = state;
    if (r->kept != NULL) {
        memset(r->kept, 0, 16);
        free(r->kept);
    }
}

static portico_status PORTICO_CALL swap_in(void *state) {
    (void)state;
    portico_room room = 0;
    if (GENERATION == 1) {
        return PORTICO_OK;
    }
    (void)host->room_create("recants.room", "early", &room);
    system_sleep_ms(SWAP_IN_MS);
    return PORTICO_E_STATE;
}

static const portico_module_info info = {
    PORTICO_MODULE_HEAD, .name = "recants", .version = "1", .state_size = sizeof(recants),
    .load = load,        .unload = unload,  .start = start, .swap_in = swap_in};
PORTICO_MODULE(info);
