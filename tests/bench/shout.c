/* shout.c: one room for all; every packet goes to everybody in it, including its sender, as in
 * raw_epoll --broadcast. */
#include <portico/portico.h>

static const portico_host *host;

static portico_status PORTICO_CALL on_open(portico_session session, void *state) {
    portico_room room = 0;
    (void)state;
    portico_status status = host->room_create("shout.hall", "hall", &room);
    return status == PORTICO_OK || status == PORTICO_E_EXISTS ? host->room_join(room, session)
                                                              : status;
}

/* A packet that arrives before the join has ended is in no room and goes to nobody. */
static void PORTICO_CALL on_packet(portico_session session, void *state,
                                   const portico_packet *packet) {
    (void)state;
    (void)host->room_send(host->session_room(session), packet->opcode, packet->data, packet->size,
                          0);
}

static portico_status PORTICO_CALL module_load(const portico_host *from_host, void *state) {
    (void)state;
    host = from_host;
    const portico_session_type type = {
        .struct_size = sizeof type, .name = "session", .on_open = on_open, .on_packet = on_packet};
    const portico_room_type room = {.struct_size = sizeof room, .name = "hall"};
    portico_status status = host->register_room_type(&room);
    return status == PORTICO_OK ? host->register_session_type(&type) : status;
}

static const portico_module_info info = {
    .struct_size = sizeof info,
    .abi_major = PORTICO_ABI_MAJOR,
    .abi_minor = PORTICO_ABI_MINOR,
    .name = "shout",
    .version = "1",
    .description = "A room whose packets go to everybody in it.",
    .load = module_load,
};

PORTICO_MODULE(info);
