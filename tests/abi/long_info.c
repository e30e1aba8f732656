/* long_info.c: a module made with a later header, whose structures have grown at their ends. It
 * needs none of the new fields, so this host accepts it and does not read what it does not know. */
#include <portico/portico.h>

#include <stdint.h>

typedef struct later_info {
    portico_module_info known;
    uintptr_t later[8];
} later_info;

typedef struct later_type {
    portico_session_type known;
    uintptr_t later[8];
} later_type;

static const portico_host *host;

static void PORTICO_CALL on_packet(portico_session session, void *state,
                                   const portico_packet *packet) {
    (void)state;
    (void)host->session_send(session, packet->opcode, packet->data, packet->size);
}

static portico_status PORTICO_CALL module_load(const portico_host *from_host, void *state) {
    (void)state;
    host = from_host;
    const later_type type = {
        .known = {.struct_size = sizeof type, .name = "session", .on_packet = on_packet},
        .later = {1, 1, 1, 1, 1, 1, 1, 1}, /* not pointers: calling one crashes */
    };
    return host->register_session_type(&type.known);
}

static const later_info info = {
    .known =
        {
            .struct_size = sizeof info,
            .abi_major = PORTICO_ABI_MAJOR,
            .abi_minor = PORTICO_ABI_MINOR,
            .name = "long_info",
            .version = "1",
            .load = module_load,
        },
    .later = {1, 1, 1, 1, 1, 1, 1, 1},
};

PORTICO_MODULE(info.known);
