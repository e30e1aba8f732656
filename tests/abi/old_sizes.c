/* old_sizes.c: a module built with the headers of 0.2, whose structures were shorter. The host must
 * not read what follows them: calling or following it crashes. */
#include <portico/portico.h>

enum { SIZE_0_2_INFO = 72, SIZE_0_2_TYPE = 56 };

/* Not an address, as any type of pointer. */
#define NOWHERE (void *)(uintptr_t)1

static const portico_host *host;

static void PORTICO_CALL on_packet(portico_session session, void *state,
                                   const portico_packet *packet) {
    ++*(uint32_t *)state;
    (void)host->session_send(session, packet->opcode, packet->data, packet->size);
}

static portico_status PORTICO_CALL module_load(const portico_host *from_host, void *state) {
    (void)state;
    host = from_host;
    const portico_session_type session = {.struct_size = SIZE_0_2_TYPE,
                                          .state_size = sizeof(uint32_t),
                                          .name = "session",
                                          .on_packet = on_packet,
                                          .state_fields = NOWHERE};
    const portico_room_type room = {
        .struct_size = SIZE_0_2_TYPE, .state_size = 8, .name = "place", .state_fields = NOWHERE};
    portico_status status = host->register_session_type(&session);
    return status == PORTICO_OK ? host->register_room_type(&room) : status;
}

static const portico_module_info info = {
    .struct_size = SIZE_0_2_INFO,
    .abi_major = 0,
    .abi_minor = 2,
    .name = "old_sizes",
    .version = "1",
    .state_size = 8,
    .load = module_load,
    .state_fields = NOWHERE,
    .migrate = (portico_on_migrate)(uintptr_t)1,
    .start = (portico_status(PORTICO_CALL *)(void *))(uintptr_t)1,
    .swap_out = (void(PORTICO_CALL *)(void *))(uintptr_t)1,
    .swap_in = (portico_status(PORTICO_CALL *)(void *))(uintptr_t)1,
    .dependency_swaps =
        (portico_status(PORTICO_CALL *)(void *, const char *, const char *))(uintptr_t)1,
};

PORTICO_MODULE(info);
