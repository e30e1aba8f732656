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

#define VISITOR_1(S, FIELD) FIELD(S, uint32_t, packets)
#if GENERATION > 1
#define VISITOR(S, FIELD, ARRAY) FIELD(S, uint64_t, of_2) VISITOR_1(S, FIELD)
#else
#define VISITOR(S, FIELD, ARRAY) VISITOR_1(S, FIELD)
#endif
PORTICO_STATE(visitor, VISITOR);

static const portico_host *host;

static void PORTICO_CALL on_twenty(portico_session session, void *state,
                                   const portico_packet *packet) {
    visitor *v = state;
    v->packets++;
    uint32_t figures[] = {GENERATION, v->packets};
    (void)host->session_send(session, packet->opcode, figures, sizeof figures);
}

static void PORTICO_CALL on_block(portico_session session, void *state,
                                  const portico_packet *packet) {
    uint32_t ms = 0;
    memcpy(&ms, packet->data, packet->size < sizeof ms ? packet->size : sizeof ms);
    system_sleep_ms(ms);
    on_twenty(session, state, packet);
}

/* Tells the client, as opcode 120, that the session has been seen. */
static portico_status PORTICO_CALL on_open(portico_session session, void *state) {
    (void)state;
    uint32_t mine = GENERATION;
    (void)host->session_send(session, 120, &mine, sizeof mine);
    return PORTICO_OK;
}

static portico_status PORTICO_CALL dependency_swaps(void *state, const char *name,
                                                    const char *version) {
    (void)state;
    (void)name;
    return strncmp(version, "no", 2) == 0 ? PORTICO_E_INVALID : PORTICO_OK;
}

static portico_status register_all(void) {
    const portico_session_type type = {.struct_size = sizeof type,
                                       .state_size = sizeof(visitor),
                                       .name = "swapped.session",
                                       .on_open = on_open,
                                       .state_fields = &visitor_fields};
    portico_status status = host->register_session_type(&type);
    status =
        status == PORTICO_OK ? host->register_handler("swapped.session", 20, on_twenty) : status;
    status =
        status == PORTICO_OK ? host->register_handler("swapped.session", 21, on_block) : status;
    return GENERATION > 1 && status == PORTICO_OK
               ? host->register_handler("swapped.session", 22, on_twenty)
               : status;
}

static portico_status PORTICO_CALL module_load(const portico_host *from_host, void *state) {
    (void)state;
    host = from_host;
    return LONE ? PORTICO_OK : register_all();
}

static const char *const required[] = {"swapped", NULL};

static const portico_module_info info = {
    .struct_size = sizeof info,
    .abi_major = PORTICO_ABI_MAJOR,
    .abi_minor = PORTICO_ABI_MINOR,
    .name = "swapped_guest",
    .version = "1",
    .required = required,
    .load = module_load,
    .dependency_swaps = dependency_swaps,
};

PORTICO_MODULE(info);
