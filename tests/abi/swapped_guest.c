/* swapped_guest.c: joins swapped.session with a state of its own, and has a say when that module is
 * swapped. Compiled for several generations, like swapped.c; LONE joins nothing.
 *
 *   opcode 20  answers uint32 {GENERATION, packets with this opcode so far}
 *   opcode 21  sleeps for uint32 ms in the handler, then answers as 20
 *   opcode 22  from generation 2 on: answers as 20 */
#include "system.h"

#include <portico/portico.h>

#include <string.h>

#ifndef GENERATION
#define GENERATION 1
#endif
#ifndef LONE
#define LONE 0
#endif

#define VISITOR_1(S, F) F(S, FIELD, uint32_t, packets)
#if GENERATION > 1
#define VISITOR(S, F) F(S, FIELD, uint64_t, of_2) VISITOR_1(S, F)
#else
#define VISITOR(S, F) VISITOR_1(S, F)
#endif
PORTICO_STATE(visitor, VISITOR);

static void on_twenty(portico_session session, void *state, const portico_packet *packet) {
    visitor *v = state;
    v->packets++;
    uint32_t figures[] = {GENERATION, v->packets};
    (void)portico->session_send(session, packet->opcode, figures, sizeof figures);
}

static void on_block(portico_session session, void *state, const portico_packet *packet) {
    uint32_t ms = 0;
    memcpy(&ms, packet->data, packet->size < sizeof ms ? packet->size : sizeof ms);
    system_sleep_ms(ms);
    on_twenty(session, state, packet);
}

/* Tells the client, as opcode 120, that the session has been seen. */
static portico_status on_open(portico_session session, void *state) {
    (void)state;
    uint32_t mine = GENERATION;
    (void)portico->session_send(session, 120, &mine, sizeof mine);
    return PORTICO_OK;
}

static portico_status dependency_swaps(void *state, const char *name, const char *version) {
    (void)state;
    (void)name;
    return strncmp(version, "no", 2) == 0 ? PORTICO_E_INVALID : PORTICO_OK;
}

static const portico_opcode opcodes[] = {
    PORTICO_RAW(20, 0, PORTICO_SIZE_ANY, on_twenty),
    PORTICO_RAW(21, 0, PORTICO_SIZE_ANY, on_block),
#if GENERATION > 1
    PORTICO_RAW(22, 0, PORTICO_SIZE_ANY, on_twenty),
#endif
};
static const portico_session_type types[] = {
    {.name = "swapped.session",
     .state = PORTICO_STATE_OF(visitor, 0),
     .on_open = on_open,
     .opcodes = PORTICO_TABLE(opcodes)},
};

static const char *const required[] = {"swapped", NULL};

static const portico_module swapped_guest = {
    .name = "swapped_guest",
    .version = "1",
    .required = required,
    .session_types = {types, LONE ? 0 : 1, sizeof types[0]},
    .dependency_swaps = dependency_swaps,
};

PORTICO_MODULE(swapped_guest);
